import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contractChart, contractRequest } from '../../../test/fakes/engine-contract.ts';
import { realClock } from '../../../test/kube/real-clock.ts';
import type { Logger } from '../../ports/logger.ts';
import { type LookUp, type LookupAnswer, type Rendered, RenderError, type Renderer, type RenderRequest } from '../../ports/renderer.ts';
import { encodeFrame, FrameDecoder, REQUEST_LIMIT } from './frames.ts';
import { type SocketLimits, SocketRenderer } from './socket-renderer.ts';
import { serveRenderer } from './socket-server.ts';

const NEVER = new AbortController().signal;
const SHORT = { helloMs: 300, replyMs: 300, patienceMs: 300, firstPauseMs: 5, longestPauseMs: 20 };

const clock = realClock(1, () => 0.5);

let folder: string;
let path: string;
let said: string[];
const closings: (() => Promise<void>)[] = [];

const logger: Logger = (() => {
  const write = (_: unknown, message: string): void => void said.push(message);
  const made: Logger = { debug: write, info: write, warn: write, error: write, with: () => made };
  return made;
})();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'renderer-'));
  path = join(folder, 's');
  said = [];
});

afterEach(async () => {
  for (const close of closings.splice(0)) await close();
  await rm(folder, { recursive: true });
});

const open = (limits: Partial<SocketLimits> = {}, onBack = (): void => undefined): SocketRenderer => {
  const renderer = new SocketRenderer({ path, clock, logger, onBack, limits: { ...SHORT, ...limits } });
  closings.push(() => renderer.close());
  return renderer;
};

const RENDERED: Rendered = {
  chart: { name: 'hello', version: '1', appVersion: '' },
  notes: '',
  manifest: '',
  objects: [],
  crds: [],
  hooks: [],
  recordParts: { chart: '{}', hooks: '[]', config: '{}' },
};

/** A renderer behind the real server, that does what it is given. */
const serve = async (render: (request: RenderRequest, signal: AbortSignal) => Promise<Rendered>): Promise<() => Promise<void>> => {
  const renderer: Renderer = { render, read: async () => [] };
  const server = await serveRenderer({ path, version: '1', renderer, logger });
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (isOpen) await server.close();
    isOpen = false;
  };
  closings.push(close);
  return close;
};

/** A server that speaks by hand, and what ends it. */
const pretend = async (onConnection: (socket: Socket) => void): Promise<() => Promise<void>> => {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  closings.push(close);
  return close;
};

const send = (socket: Socket, header: unknown): void => void socket.write(Buffer.concat(encodeFrame(header, [], REQUEST_LIMIT)));

const HELLO = { kind: 'hello', protocol: 3, version: '1' };

/** Says hello, and answers each request by hand. */
const answering = (answer: (socket: Socket, header: Readonly<Record<string, unknown>>) => void, onGreeting = (): void => undefined): Promise<() => Promise<void>> =>
  pretend((socket) => {
    const decoder = new FrameDecoder(REQUEST_LIMIT);
    send(socket, HELLO);
    onGreeting();
    socket.on('data', (chunk: Buffer) => {
      for (const { header } of decoder.push(chunk)) answer(socket, header as Readonly<Record<string, unknown>>);
    });
  });

const QUESTION = { apiVersion: 'v1', kind: 'Secret', namespace: 'shop', name: 'db' };
const OTHER = { ...QUESTION, name: 'other' };
const found = (text: string): LookupAnswer => ({ kind: 'Found', pages: [Buffer.from(text)] });
const textOf = (answer: LookupAnswer | undefined): string => (answer?.kind === 'Found' ? Buffer.concat(answer.pages).toString() : '');

const hangUntil = (signal: AbortSignal): Promise<never> => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

describe('SocketRenderer', { timeout: 30_000 }, () => {
  it('says that nobody is there, within its patience', async () => {
    await expect(open().render(contractRequest(), NEVER)).rejects.toMatchObject({
      code: 'Unavailable',
      message: expect.stringContaining(`cannot render sha256:a: the renderer at ${path} does not answer: is the sidecar container running? (connect ENOENT`),
    });
  });

  it('waits for a renderer that starts after it', async () => {
    const renderer = open({ patienceMs: 10_000 });
    const rendering = renderer.render(contractRequest(), NEVER);
    expect(renderer.isUp).toBe(false);
    await expect.poll(() => said).toContain('the renderer does not answer');
    await serve(async () => RENDERED);
    await expect(rendering).resolves.toEqual(RENDERED);
    expect(renderer.isUp).toBe(true);
    expect(renderer.describe()).toBe(`the renderer at ${path} answers`);
  });

  it('tells that the renderer has gone, once, and that it is back', async () => {
    const renderer = open({ patienceMs: 10_000 });
    const close = await serve(async () => RENDERED);
    renderer.warmUp();
    await expect.poll(() => renderer.isUp).toBe(true);
    await close();
    await expect.poll(() => renderer.describe()).toContain('does not answer');
    expect(renderer.isUp).toBe(false);
    await serve(async () => RENDERED);
    await expect.poll(() => renderer.isUp).toBe(true);
    expect(said.filter((message) => message === 'the renderer answers')).toHaveLength(2);
  });

  it('sends a request once more when its connection breaks', async () => {
    const renderer = open({ patienceMs: 10_000, replyMs: 10_000 });
    const close = await serve(async (_, signal) => hangUntil(signal));
    const rendering = renderer.render(contractRequest(), NEVER);
    await expect.poll(() => renderer.isUp).toBe(true);
    await close();
    await serve(async () => RENDERED);
    await expect(rendering).resolves.toEqual(RENDERED);
  });

  it('takes a request away from a renderer that does not greet any more, and gives it to the next one', async () => {
    const renderer = open({ patienceMs: 10_000, replyMs: 60_000, probeEveryMs: 20 });
    let isHanging = false;
    const close = await pretend((socket) => {
      if (!isHanging) send(socket, HELLO);
      socket.on('data', () => {
        isHanging = true;
      });
    });
    const rendering = renderer.render(contractRequest(), NEVER);
    await expect.poll(() => renderer.describe()).toContain('said nothing for 300 ms: see whether the sidecar container hangs');
    expect(renderer.isUp).toBe(false);
    await close();
    await serve(async () => RENDERED);
    await expect(rendering).resolves.toEqual(RENDERED);
  });

  it('leaves a renderer alone that greets, however long a request takes', async () => {
    const renderer = open({ replyMs: 60_000, probeEveryMs: 5, helloMs: 10_000 });
    const [begun, finish] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let greetings = 0;
    await answering(
      (socket, { id }) => {
        begun.resolve();
        void finish.promise.then(() => send(socket, { id, kind: 'failed', code: 'TooLarge', message: 'late', template: '', line: 0 }));
      },
      () => {
        greetings += 1;
      },
    );
    const rendering = renderer.render(contractRequest(), NEVER);
    await begun.promise;
    await expect.poll(() => greetings).toBeGreaterThan(5);
    finish.resolve();
    await expect(rendering).rejects.toMatchObject({ code: 'ResourceExceeded', message: expect.stringContaining('late') });
    expect(said.filter((message) => message === 'the renderer answers')).toHaveLength(1);
  });

  it('tells that the renderer is back after requests have failed for it, and not after a blink', async () => {
    let backs = 0;
    const renderer = open({}, () => {
      backs += 1;
    });
    await expect(renderer.render(contractRequest(), NEVER)).rejects.toMatchObject({ code: 'Unavailable' });
    const close = await serve(async () => RENDERED);
    await expect.poll(() => backs).toBe(1);
    await renderer.close();
    await close();
    const patient = open({ patienceMs: 60_000 }, () => {
      backs += 1;
    });
    patient.warmUp();
    await serve(async () => RENDERED);
    await expect.poll(() => patient.isUp).toBe(true);
    expect(backs).toBe(1);
  });

  it('fails when the connection breaks twice', async () => {
    await answering((socket) => socket.destroy());
    await expect(open({ patienceMs: 5_000 }).render(contractRequest(), NEVER)).rejects.toMatchObject({ code: 'Unavailable' });
  });

  it.each<[string, () => Promise<unknown>, string]>([
    [
      'speaks another protocol',
      () => pretend((socket) => send(socket, { ...HELLO, protocol: 7, version: '9.9' })),
      'it is version "9.9" and speaks protocol 7, the operator protocol 3: run both from the same image',
    ],
    ['accepts and says nothing', () => pretend(() => undefined), 'said nothing for 300 ms'],
    ['writes what is no frame', () => pretend((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')), 'what came is no frame'],
    ['says something else first', () => pretend((socket) => send(socket, { kind: 'ready' })), 'its hello.kind is not hello'],
    ['never answers', () => answering(() => undefined), 'said nothing for 300 ms'],
    ['answers another request', () => answering((socket) => send(socket, { id: 9, kind: 'chartNeeded' })), 'the reply is to request 9, the request was 1'],
    ['asks for a chart that it was just given', () => answering((socket, { id }) => send(socket, { id, kind: 'chartNeeded' })), 'the reply.kind is not rendered or failed'],
    ['claims a frame beyond the cap', () => answering((socket) => void socket.write(Buffer.from([0x7f, 0xff, 0xff, 0xff]))), 'what came is no frame'],
    ['sends half a reply', () => answering((socket, { id }) => send(socket, { id, kind: 'rendered' })), 'the reply.chart is no object'],
  ])('fails as Unavailable when the renderer %s', async (_, start, message) => {
    await start();
    await expect(open({ patienceMs: 1_000 }).render(contractRequest(), NEVER)).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringContaining(message) });
  });

  it('hands on what the renderer says went wrong, in its words', async () => {
    await serve(async () => {
      throw new RenderError('ResourceExceeded', 'cannot render sha256:a: too much');
    });
    await expect(open().render(contractRequest(), NEVER)).rejects.toMatchObject({ code: 'ResourceExceeded', message: 'cannot render sha256:a: too much' });
  });

  it.each([true, false])('hands on whether the schema is passed over: %s', async (skipSchemaValidation) => {
    const asked: boolean[] = [];
    await serve(async (request) => {
      asked.push(request.skipSchemaValidation);
      return RENDERED;
    });
    await open({ replyMs: 10_000, helloMs: 10_000, patienceMs: 10_000 }).render(contractRequest({ skipSchemaValidation }), NEVER);
    expect(asked).toEqual([skipSchemaValidation]);
  });

  it('takes a request back that its caller gives up', async () => {
    const renderer = open({ replyMs: 10_000 });
    const begun = Promise.withResolvers<AbortSignal>();
    await serve(async (_, signal) => {
      begun.resolve(signal);
      return await hangUntil(signal);
    });
    const stop = new AbortController();
    const rendering = renderer.render(contractRequest(), stop.signal);
    const signal = await begun.promise;
    stop.abort(new Error('enough'));
    await expect(rendering).rejects.toThrow('enough');
    await expect.poll(() => signal.aborted).toBe(true);
  });

  it('sends the files of a chart once, and again to another renderer', async () => {
    const sizes: number[] = [];
    const seen: (readonly string[])[] = [];
    const start = () =>
      serve(async ({ chart }) => {
        seen.push(chart.files.map(({ name }) => name));
        sizes.push(chart.files.length);
        return RENDERED;
      });
    const renderer = open({ patienceMs: 10_000 });
    const close = await start();
    const whole = contractRequest();
    const bare = contractRequest({ chart: { ...contractChart('sha256:a'), files: [{ name: 'odd', bytes: Buffer.from('') }] } });
    await renderer.render(whole, NEVER);
    await renderer.render(bare, NEVER);
    expect(sizes).toEqual([whole.chart.files.length, whole.chart.files.length]);
    await close();
    await expect.poll(() => renderer.isUp).toBe(false);
    await start();
    await renderer.render(bare, NEVER);
    expect(seen.at(-1)).toEqual(['odd']);
  });

  it('has more requests under way than a renderer takes connections, one behind the other', async () => {
    const renderer = open({ replyMs: 10_000, helloMs: 10_000 });
    await serve(async () => RENDERED);
    const done = await Promise.all(Array.from({ length: 300 }, () => renderer.render(contractRequest(), NEVER)));
    expect(done).toHaveLength(300);
  });

  it('has many requests under way at once', async () => {
    const renderer = open({ replyMs: 10_000, helloMs: 10_000 });
    const all = Promise.withResolvers<void>();
    let begun = 0;
    await serve(async () => {
      begun += 1;
      if (begun === 40) all.resolve();
      await all.promise;
      return RENDERED;
    });
    const done = await Promise.all(Array.from({ length: 40 }, () => renderer.render(contractRequest(), NEVER)));
    expect(done).toHaveLength(40);
  });

  it('is closed for what waits and for what comes', async () => {
    const renderer = open({ replyMs: 10_000 });
    const begun = Promise.withResolvers<void>();
    await serve(async (_, signal) => {
      begun.resolve();
      return await hangUntil(signal);
    });
    const rendering = renderer.render(contractRequest(), NEVER);
    await begun.promise;
    const closing = renderer.close();
    await expect(rendering).rejects.toMatchObject({ code: 'Unavailable' });
    await closing;
    await expect(renderer.render(contractRequest(), NEVER)).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringContaining('the renderer is closed') });
  });
});

describe('lookups over a socket', { timeout: 30_000 }, () => {
  /** Finds the other object at once, and the first never. */
  const hanging: LookUp = (question, signal) => (question.name === OTHER.name ? Promise.resolve(found('other')) : hangUntil(signal));

  it('are answered, however long that takes', async () => {
    const renderer = open({ patienceMs: 10_000 });
    const answers: (LookupAnswer | undefined)[] = [];
    await serve(async ({ lookUp }, signal) => {
      for (const question of [QUESTION, OTHER]) answers.push(await lookUp?.(question, signal));
      return RENDERED;
    });
    const lookUp: LookUp = async ({ name }) => {
      await new Promise((resolve) => setTimeout(resolve, 2 * SHORT.replyMs));
      return name === OTHER.name ? { kind: 'Failed', message: 'no' } : found('one');
    };
    await expect(renderer.render(contractRequest({ lookUp }), NEVER)).resolves.toEqual(RENDERED);
    expect(answers.map(textOf)).toEqual(['one', '']);
    expect(answers[1]).toEqual({ kind: 'Failed', message: 'no' });
  });

  it('are not asked where nobody answers', async () => {
    let asked: unknown = 'not rendered';
    await serve(async ({ lookUp }) => {
      asked = lookUp;
      return RENDERED;
    });
    await open({ patienceMs: 10_000 }).render(contractRequest(), NEVER);
    expect(asked).toBeUndefined();
  });

  it('may be given up by the renderer, and what is asked next has its own answer', async () => {
    let second: LookupAnswer | undefined;
    await serve(async ({ lookUp }, signal) => {
      const stop = new AbortController();
      const first = lookUp?.(QUESTION, stop.signal);
      stop.abort(new Error('the engine is gone'));
      await expect(first).rejects.toThrow('the engine is gone');
      second = await lookUp?.(OTHER, signal);
      return RENDERED;
    });
    await expect(open({ patienceMs: 10_000 }).render(contractRequest({ lookUp: hanging }), NEVER)).resolves.toEqual(RENDERED);
    expect(textOf(second)).toBe('other');
  });

  it('end when the reply comes without them', async () => {
    await answering((socket, { id, op }) => {
      if (op !== 'render') return;
      send(socket, { id, kind: 'lookup', number: 1, question: QUESTION });
      send(socket, { id, kind: 'failed', code: 'TooLarge', message: 'late', template: '', line: 0 });
    });
    const renderer = open({ patienceMs: 10_000 });
    await expect(renderer.render(contractRequest({ lookUp: hanging }), NEVER)).rejects.toMatchObject({ code: 'ResourceExceeded', message: expect.stringContaining('late') });
    expect(renderer.isUp).toBe(true);
  });

  it('drop an answer that nobody waits for', async () => {
    await serve(async () => RENDERED);
    const answer = { id: 1, op: 'answer', number: 1, pages: [], failure: '' };
    const socket = createConnection(path);
    closings.push(async () => void socket.destroy());
    const decoder = new FrameDecoder(REQUEST_LIMIT);
    const kinds: unknown[] = [];
    socket.on('data', (chunk: Buffer) => kinds.push(...decoder.push(chunk).map(({ header }) => (header as { readonly kind?: unknown }).kind)));
    send(socket, answer);
    send(socket, { id: 2, op: 'read', manifest: [0, 0], labels: {}, annotations: {} });
    await expect.poll(() => kinds).toEqual(['hello', 'read']);
  });

  it('end with the renderer that asks, and its successor asks anew', async () => {
    const renderer = open({ patienceMs: 10_000 });
    const asked = Promise.withResolvers<void>();
    const close = await serve(async ({ lookUp }, signal) => {
      await lookUp?.(QUESTION, signal);
      return RENDERED;
    });
    const lookUp: LookUp = (question, signal) => {
      asked.resolve();
      return hanging(question, signal);
    };
    const rendering = renderer.render(contractRequest({ lookUp }), NEVER);
    await asked.promise;
    await close();
    let answer: LookupAnswer | undefined;
    await serve(async ({ lookUp: again }, signal) => {
      answer = await again?.(OTHER, signal);
      return RENDERED;
    });
    await expect(rendering).resolves.toEqual(RENDERED);
    expect(textOf(answer)).toBe('other');
  });

  it('end with the operator that answers', async () => {
    const over = Promise.withResolvers<unknown>();
    const asked = Promise.withResolvers<void>();
    await serve(async ({ lookUp }, signal) => {
      const answer = lookUp?.(QUESTION, signal);
      asked.resolve();
      await answer?.catch((reason: unknown) => over.resolve(reason));
      return RENDERED;
    });
    const stop = new AbortController();
    const rendering = open({ patienceMs: 10_000 }).render(contractRequest({ lookUp: hanging }), stop.signal);
    await asked.promise;
    stop.abort(new Error('enough'));
    await expect(rendering).rejects.toThrow('enough');
    await expect(over.promise).resolves.toMatchObject({ message: 'the operator has left' });
  });
});
