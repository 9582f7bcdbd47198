import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse, Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Write } from './places.ts';

/** When about a write to strike: before the API server gets it, when it is done but not answered, or after the answer was passed on. */
export type Blow = 'BeforeSend' | 'AfterCommit' | 'AfterAnswer';

/** Waits for one write. */
export interface Trap {
  /** Asked once for every write, in the order in which they come. */
  isMeant(write: Write): boolean;
  readonly blow: Blow;
  /** For AfterAnswer: how long after it. */
  readonly delayMs: number;
  /** Kills the client at once. */
  strike(): void;
}

/** A way to an API server by plain HTTP, which sees every write. */
export interface WriteProxy {
  /** http://127.0.0.1:<port> */
  readonly server: string;
  /** Sets a trap in place of any other; resolves when it has struck. From then on nothing passes until `mend`. */
  arm(trap: Trap): Promise<void>;
  mend(): void;
  /** From now on reads of such a path have no answer. */
  hide(isHidden: (path: string) => boolean): void;
  close(): Promise<void>;
}

/** Starts a proxy on loopback to an API server whose certificate `ca` vouches for, where it has one. */
export const startWriteProxy = async ({ server: target, ca }: { readonly server: string; readonly ca: string }): Promise<WriteProxy> => {
  const passage = new Passage(target, target.startsWith('https:') ? new Agent({ ca, keepAlive: true }) : new PlainAgent({ keepAlive: true }));
  // As long as Go's server: the client must be the first to close a connection that idles.
  const server = createServer({ keepAliveTimeout: 90_000 }, (incoming, outgoing) => {
    passage.pass(incoming, outgoing).catch(() => outgoing.destroy()); // no answer is what a broken connection is to the client
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on TCP
  return {
    server: `http://127.0.0.1:${port}`,
    arm: (trap) => passage.arm(trap),
    mend: () => passage.mend(),
    hide: (isHidden) => passage.hide(isHidden),
    close: async () => {
      passage.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};

class Passage {
  readonly #target: string;
  readonly #agent: PlainAgent;
  #trap: (Trap & { readonly struck: () => void }) | undefined;
  #isCut = false;
  #isHidden: (path: string) => boolean = () => false;

  constructor(target: string, agent: PlainAgent) {
    this.#target = target;
    this.#agent = agent;
  }

  arm(trap: Trap): Promise<void> {
    return new Promise((struck) => {
      this.#trap = { ...trap, struck };
    });
  }

  mend(): void {
    this.#isCut = false;
  }

  hide(isHidden: (path: string) => boolean): void {
    this.#isHidden = isHidden;
  }

  close(): void {
    this.#isCut = true;
    this.#agent.destroy();
  }

  async pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    if (incoming.method === 'GET') return this.#passRead(incoming, outgoing);
    const body = await contentOf(incoming);
    const { method = '', url: path = '' } = incoming;
    const isMeant = this.#isCut ? false : (this.#trap?.isMeant({ method, path, body: body.toString() }) ?? false);
    if (isMeant) this.#strikeAt('BeforeSend');
    this.#refuseWhenCut();
    const answer = await this.#send(incoming, body);
    const answered = await contentOf(answer);
    // What was refused is not done; the client will come again.
    if (isMeant && isDone(answer)) this.#strikeAt('AfterCommit');
    this.#refuseWhenCut();
    outgoing.writeHead(answer.statusCode ?? 502, { 'content-type': answer.headers['content-type'] ?? 'application/json', 'content-length': answered.length });
    await new Promise<void>((passed) => outgoing.end(answered, passed));
    if (!isMeant || !isDone(answer) || this.#trap?.blow !== 'AfterAnswer') return;
    await delay(this.#trap.delayMs);
    this.#strikeAt('AfterAnswer');
  }

  async #passRead(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    this.#refuseWhenCut();
    if (this.#isHidden(incoming.url ?? '')) throw new Error('hidden');
    const answer = await this.#send(incoming, Buffer.alloc(0));
    outgoing.on('close', () => answer.destroy());
    answer.on('error', () => outgoing.destroy());
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    outgoing.flushHeaders();
    answer.pipe(outgoing);
  }

  #send({ method, url, headers }: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    const { host: _, connection: __, 'transfer-encoding': ___, ...rest } = headers;
    return new Promise((resolve, reject) => {
      const start = this.#agent instanceof Agent ? request : plainRequest;
      const onward = start(`${this.#target}${url}`, { method, headers: { ...rest, 'content-length': body.length }, agent: this.#agent }, resolve);
      onward.once('error', reject);
      onward.end(body);
    });
  }

  #strikeAt(blow: Blow): void {
    const trap = this.#trap;
    if (trap?.blow !== blow) return;
    this.#trap = undefined;
    this.#isCut = true;
    trap.strike();
    trap.struck();
  }

  #refuseWhenCut(): void {
    if (this.#isCut) throw new Error('cut');
  }
}

const contentOf = async (message: IncomingMessage): Promise<Buffer> => Buffer.concat(await message.toArray());

const isDone = ({ statusCode = 0 }: IncomingMessage): boolean => statusCode >= 200 && statusCode < 300;
