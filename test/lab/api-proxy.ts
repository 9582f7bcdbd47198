import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse, Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type ApiCall, type Verb, verbOf } from './api-call.ts';
import { type Fault, type Rule, type SeenCall, type Steered, Steering } from './steering.ts';
import { type Edit, pipeWatch } from './watch-pipe.ts';
import { answer, contentOf, isDone, type Whole, wholeOf } from './whole-answer.ts';

/** When about a write to strike: before the API server gets it, when it is done but not answered, or after the answer was passed on. */
export type Blow = 'BeforeSend' | 'AfterCommit' | 'AfterAnswer';

/** Waits for one write. */
export interface Trap {
  /** Asked once for every write, in the order in which they come. */
  isMeant(write: ApiCall): boolean;
  readonly blow: Blow;
  /** For AfterAnswer: how long after it. */
  readonly delayMs: number;
  /** Kills the client at once. */
  strike(): void;
}

/** A request that came by, and how it was answered. */
export interface Passed {
  /** When it came, in ms. */
  readonly at: number;
  readonly verb: Verb;
  readonly path: string;
  /** Undefined where there was no answer, or not yet. */
  readonly status: number | undefined;
}

/** A way to an API server by plain HTTP, which sees every request and does to it what it is told. */
export interface ApiProxy {
  /** http://127.0.0.1:<port> */
  readonly server: string;
  /** Every request so far, in the order in which they came. */
  readonly passed: readonly Passed[];
  /** Sets a trap in place of any other; resolves when it has struck. From then on nothing passes until `mend`. */
  arm(trap: Trap): Promise<void>;
  /** Breaks all connections, and lets nothing pass until `mend`. */
  cut(): void;
  mend(): void;
  /** From now on reads of such a path have no answer. */
  hide(isHidden: (path: string) => boolean): void;
  /** From now on this is what becomes of such requests. */
  steer(rule: Rule): Steered;
  /** From now on events of watches, those that are open too, go by this; the first edit that has something to say has its way. Returns what takes it back. */
  edit(edit: Edit): () => void;
  /** Ends the watches that are open, as the API server does from time to time. Returns how many. */
  endWatches(isMeant?: (call: SeenCall) => boolean): number;
  close(): Promise<void>;
}

/** Starts a proxy on loopback to an API server whose certificate `ca` vouches for, where it has one. */
export const startApiProxy = async ({ server: target, ca }: { readonly server: string; readonly ca: string }): Promise<ApiProxy> => {
  const passage = new Passage(target, target.startsWith('https:') ? new Agent({ ca, keepAlive: true }) : new PlainAgent({ keepAlive: true }));
  // As long as Go's server: the client must be the first to close a connection that idles.
  const server = createServer({ keepAliveTimeout: 90_000 }, (incoming, outgoing) => {
    passage.pass(incoming, outgoing).catch(() => outgoing.destroy()); // no answer is what a broken connection is to the client
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on TCP
  let unhide: () => void = () => undefined;
  return {
    server: `http://127.0.0.1:${port}`,
    passed: passage.passed,
    arm: (trap) => passage.arm(trap),
    cut: () => {
      passage.cut();
      server.closeAllConnections();
    },
    mend: () => passage.mend(),
    hide: (isHidden) => {
      unhide();
      unhide = passage.steering.add({ isMeant: ({ method, path }) => method === 'GET' && isHidden(path), fault: { kind: 'Reset' } }).lift;
    },
    steer: (rule) => passage.steering.add(rule),
    edit: (edit) => passage.edit(edit),
    endWatches: (isMeant) => passage.endWatches(isMeant),
    close: async () => {
      passage.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};

class Passage {
  readonly passed: { at: number; verb: Verb; path: string; status: number | undefined }[] = [];
  readonly steering = new Steering();
  readonly #target: string;
  readonly #agent: PlainAgent;
  readonly #edits = new Set<{ readonly edit: Edit }>();
  readonly #watches = new Map<ServerResponse, SeenCall>();
  /** First answers of reads that are to be stale, by path. */
  readonly #first = new Map<string, Whole>();
  #trap: (Trap & { readonly struck: () => void }) | undefined;
  #isCut = false;

  constructor(target: string, agent: PlainAgent) {
    this.#target = target;
    this.#agent = agent;
  }

  arm(trap: Trap): Promise<void> {
    return new Promise((struck) => {
      this.#trap = { ...trap, struck };
    });
  }

  cut(): void {
    this.#isCut = true;
  }

  mend(): void {
    this.#isCut = false;
  }

  edit(edit: Edit): () => void {
    const one = { edit };
    this.#edits.add(one);
    return () => this.#edits.delete(one);
  }

  endWatches(isMeant: (call: SeenCall) => boolean = () => true): number {
    const open = [...this.#watches].filter(([outgoing, call]) => !outgoing.writableEnded && isMeant(call));
    for (const [outgoing] of open) outgoing.end();
    return open.length;
  }

  close(): void {
    this.#isCut = true;
    this.#agent.destroy();
  }

  async pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = '', url: path = '' } = incoming;
    const verb = verbOf(method, path, incoming.headers['content-type']);
    const passed = { at: Date.now(), verb, path, status: undefined as number | undefined };
    this.passed.push(passed);
    outgoing.on('close', () => {
      if (outgoing.headersSent) passed.status = outgoing.statusCode;
    });
    const body = await contentOf(incoming);
    this.#refuseWhenCut();
    const call: SeenCall = { method, verb, path, body: body.toString() };
    const fault = this.steering.faultOf(call);
    if (fault?.kind === 'Delay') await delay(fault.ms);
    if (fault?.kind === 'Answer')
      return answer(outgoing, { status: fault.status, headers: { 'content-type': 'application/json', ...fault.headers }, body: JSON.stringify(fault.body) });
    if (fault?.kind === 'Reset') throw new Error('reset');
    this.#refuseWhenCut();
    if (method === 'GET' || method === 'HEAD') return this.#passRead(incoming, outgoing, call, fault);
    return this.#passWrite(incoming, outgoing, { call, body, fault });
  }

  async #passWrite(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    { call, body, fault }: { readonly call: SeenCall; readonly body: Buffer; readonly fault: Fault | undefined },
  ): Promise<void> {
    const isMeant = this.#trap?.isMeant(call) ?? false;
    if (isMeant) this.#strikeAt('BeforeSend');
    this.#refuseWhenCut();
    const whole = await wholeOf(await this.#send(incoming, body));
    // What was refused is not done; the client will come again.
    if (isMeant && isDone(whole)) this.#strikeAt('AfterCommit');
    this.#refuseWhenCut();
    if (fault?.kind === 'DropAnswer') throw new Error('the answer is dropped');
    await answer(outgoing, whole);
    if (!isMeant || !isDone(whole) || this.#trap?.blow !== 'AfterAnswer') return;
    await delay(this.#trap.delayMs);
    this.#strikeAt('AfterAnswer');
  }

  async #passRead(incoming: IncomingMessage, outgoing: ServerResponse, call: SeenCall, fault: Fault | undefined): Promise<void> {
    if (fault?.kind === 'Stale') return answer(outgoing, await this.#firstAnswer(incoming, call.path));
    const source = await this.#send(incoming, Buffer.alloc(0));
    if (fault?.kind === 'DropAnswer') {
      source.destroy();
      throw new Error('the answer is dropped');
    }
    if (call.verb === 'watch' && source.statusCode === 200) return this.#passWatch(source, outgoing, call);
    outgoing.on('close', () => source.destroy());
    source.on('error', () => outgoing.destroy());
    outgoing.writeHead(source.statusCode ?? 502, source.headers);
    outgoing.flushHeaders();
    source.pipe(outgoing);
  }

  async #passWatch(source: IncomingMessage, outgoing: ServerResponse, call: SeenCall): Promise<void> {
    outgoing.writeHead(200, { 'content-type': source.headers['content-type'] ?? 'application/json' });
    outgoing.flushHeaders();
    this.#watches.set(outgoing, call);
    outgoing.on('close', () => this.#watches.delete(outgoing));
    await pipeWatch(source, outgoing, (event) => {
      for (const { edit } of this.#edits) {
        const passing = edit(event, call);
        if (passing !== undefined) return passing;
      }
      return undefined;
    });
  }

  async #firstAnswer(incoming: IncomingMessage, path: string): Promise<Whole> {
    const known = this.#first.get(path) ?? (await wholeOf(await this.#send(incoming, Buffer.alloc(0))));
    this.#first.set(path, known);
    return known;
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
