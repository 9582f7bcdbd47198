import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { EngineMode } from '../../../test/fakes/engine.ts';
import { contractChart, contractRequest } from '../../../test/fakes/engine-contract.ts';
import { fakeEngine } from '../../../test/fakes/launch-engine.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import type { EnginesLimits } from './engines.ts';
import { HelmRenderer } from './renderer.ts';

const NEVER = new AbortController().signal;
// Nothing is slow here: a busy machine would decide how many engines run. bombs.test.ts is about that.
const SHORT = { replyMs: 800, closeMs: 200, firstPauseMs: 1, longestPauseMs: 4, slowMs: 60_000, patienceMs: 30_000 };

interface Line {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

const recorder = (lines: Line[], bound: Line['fields'] = {}): Logger => {
  const write = (fields: Line['fields'], message: string): void => void lines.push({ fields: { ...bound, ...fields }, message });
  return { debug: write, info: write, warn: write, error: write, with: (more) => recorder(lines, { ...bound, ...more }) };
};

/** The real time, which notes every timer that somebody asks for. */
const watchedClock = (asked: number[]): Clock => ({
  now: () => Date.now(),
  elapsed: () => performance.now(),
  random: () => 0.5,
  after: (delayMs, callback) => {
    asked.push(delayMs);
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
});

interface Opened {
  readonly renderer: HelmRenderer;
  readonly lines: readonly Line[];
  readonly timers: readonly number[];
}

const opened: Opened[] = [];

const open = (mode: EngineMode, options: { engines?: number; marker?: string; limits?: Partial<EnginesLimits>; command?: string } = {}): Opened => {
  const lines: Line[] = [];
  const timers: number[] = [];
  const launch = { ...fakeEngine(mode, options.marker), ...(options.command !== undefined && { command: options.command }) };
  const limits = { ...SHORT, ...options.limits };
  const renderer = new HelmRenderer({ launch, engines: options.engines ?? 1, clock: watchedClock(timers), logger: recorder(lines), limits });
  const made = { renderer, lines, timers };
  opened.push(made);
  return made;
};

const pidsOf = (lines: readonly Line[]): readonly number[] => lines.filter(({ message }) => message === 'helm engine is ready').map(({ fields }) => Number(fields['pid']));

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

afterEach(async () => {
  const ended = opened.splice(0);
  await Promise.all(ended.map(({ renderer }) => renderer.close()));
  expect(ended.flatMap(({ lines }) => pidsOf(lines)).filter(isAlive)).toEqual([]);
});

const renderAs = (renderer: HelmRenderer, name: string, signal = NEVER) =>
  renderer.render(contractRequest({ release: { name, namespace: 'shop', revision: 1, action: 'install' } }), signal);

// Each case starts engines, which takes a busy machine its time.
describe('HelmRenderer', { timeout: 30_000 }, () => {
  it.each<[string, EngineMode, string]>([
    ['writes what is no frame', 'garbage', 'sent what is no frame'],
    ['answers another request', 'wrong-id', 'the reply is to request 2, the request was 1'],
    ['asks for a chart that it was just given', 'wrong-kind', 'the reply.kind is not rendered or failed'],
    ['writes a frame that is too large', 'over-cap', 'a frame of 33554433 bytes'],
    ['does not read its requests', 'deaf', 'it took longer than the 800 ms that a render may take'],
    ['hangs', 'hang', 'it took longer than the 800 ms that a render may take'],
  ])('fails as Unavailable when the engine %s', async (_, mode, message) => {
    await expect(open(mode).renderer.render(contractRequest(), NEVER)).rejects.toMatchObject({
      name: 'RenderError',
      code: 'Unavailable',
      message: expect.stringMatching(new RegExp(`^cannot render sha256:a: .*${message}`)),
    });
  });

  it('fails as Unavailable when a span is out of range', async () => {
    await expect(open('bad-span').renderer.read('a: 1', contractRequest().stamp, NEVER)).rejects.toMatchObject({
      code: 'Unavailable',
      message: expect.stringContaining('the reply.objects[0].json is not a span within the attachment'),
    });
  });

  it('gives the reply that was asked for when the engine adds another, and ends that engine', async () => {
    const { renderer, lines } = open('chatty');
    await renderAs(renderer, 'one');
    await renderAs(renderer, 'two');
    expect(pidsOf(lines)).toHaveLength(2);
  });

  it.each<[string, EngineMode, string]>([
    ['speaks another protocol', 'other-protocol', 'the engine speaks protocol 7 and the operator 3'],
    ['ends at once', 'exit-at-start', 'exited with 3: no luck today'],
    ['is never ready', 'never-ready', 'the engine said nothing for 150 ms'],
  ])('turns work away when every engine %s, after three starts', async (_, mode, message) => {
    const { renderer, lines } = open(mode, mode === 'never-ready' ? { limits: { readyMs: 150 } } : {});
    await expect(renderAs(renderer, 'one')).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringContaining(message) });
    expect(lines.filter(({ message: said }) => said === 'cannot start a helm engine').length).toBeGreaterThanOrEqual(3);
  });

  it('turns work away when there is no such command', async () => {
    const { renderer } = open('good', { command: join(import.meta.dirname, 'no-such-engine') });
    await expect(renderAs(renderer, 'one')).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringContaining('ENOENT') });
  });

  it('does the work again on a fresh engine after one crash', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'engine-'));
    try {
      const { renderer, lines } = open('crash-once', { marker: join(folder, 'crashed') });
      const all = await Promise.all(['one', 'two', 'three'].map((name) => renderAs(renderer, name)));
      expect(all.map(({ objects }) => objects[0]?.name)).toEqual(['one', 'two', 'three']);
      // The one that crashed has an engine to itself.
      expect(pidsOf(lines).length).toBeLessThanOrEqual(3);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('loses nothing that waits behind work that crashes engines or hangs', async () => {
    const { renderer } = open('by-release', { engines: 2 });
    const names = ['crash', 'one', 'hang', 'two', 'crash', 'three', 'four'];
    const all = await Promise.allSettled(names.map((name) => renderAs(renderer, name)));
    expect(all.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  });

  it('pauses longer with every start that failed, up to a limit', async () => {
    const { renderer, timers } = open('exit-at-start', { limits: { firstPauseMs: 3, longestPauseMs: 11 } });
    for (const name of ['a', 'b']) await renderAs(renderer, name).catch(() => undefined);
    expect(timers.filter((delayMs) => delayMs <= 12).slice(0, 3)).toEqual([3, 6, 11]);
  });

  it('pauses shortly when an engine that had started is lost', async () => {
    const { renderer, timers } = open('by-release', { limits: { firstPauseMs: 3, longestPauseMs: 11 } });
    for (const name of ['crash', 'hang', 'fine']) await renderAs(renderer, name).catch(() => undefined);
    expect(new Set(timers.filter((delayMs) => delayMs <= 12))).toEqual(new Set([3]));
  });

  it('kills the engine of an aborted request, and rejects with the reason at once', async () => {
    const { renderer, lines } = open('by-release', { limits: { replyMs: 60_000 } });
    await renderAs(renderer, 'fine');
    const stop = new AbortController();
    const hanging = renderAs(renderer, 'hang', stop.signal);
    stop.abort(new Error('not the leader any more'));
    await expect(hanging).rejects.toThrow('not the leader any more');
    await renderAs(renderer, 'fine');
    expect(pidsOf(lines).map(isAlive)).toEqual([false, true]);
  });

  it('takes aborted work out of the queue without touching the engine', async () => {
    const { renderer, lines } = open('by-release');
    const stop = new AbortController();
    const hanging = renderAs(renderer, 'hang');
    const waiting = renderAs(renderer, 'fine', stop.signal);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(hanging).rejects.toMatchObject({ code: 'Unavailable' });
    expect(pidsOf(lines)).toHaveLength(1);
  });

  it('starts no more engines than it has work for, and no more than it may', async () => {
    const { renderer, lines } = open('by-release', { engines: 2, limits: { replyMs: 60_000 } });
    await renderAs(renderer, 'one');
    await renderAs(renderer, 'two');
    expect(pidsOf(lines)).toHaveLength(1);
    const stop = new AbortController();
    const hanging = renderAs(renderer, 'hang', stop.signal);
    await Promise.all(['a', 'b', 'c'].map((name) => renderAs(renderer, name)));
    expect(pidsOf(lines)).toHaveLength(2);
    stop.abort(new Error('enough'));
    await expect(hanging).rejects.toThrow('enough');
  });

  it('prefers an idle engine that holds the chart', async () => {
    const { renderer, lines } = open('by-release', { engines: 2, limits: { replyMs: 60_000 } });
    const stop = new AbortController();
    const hanging = renderAs(renderer, 'hang', stop.signal);
    await renderer.render(contractRequest({ chart: contractChart('sha256:b') }), NEVER);
    stop.abort(new Error('enough'));
    await expect(hanging).rejects.toThrow('enough');
    await expect.poll(() => pidsOf(lines).length, { timeout: 20_000 }).toBe(3);
    const bare = { ...contractChart('sha256:b'), files: [{ name: 'README.md', bytes: Buffer.from('no chart at all') }] };
    await expect(renderer.render(contractRequest({ chart: bare }), NEVER)).resolves.toMatchObject({ chart: { name: 'hello' } });
  });

  it('serves first come first served', async () => {
    const { renderer } = open('good');
    const order: string[] = [];
    const names = ['a', 'b', 'c', 'd', 'e'];
    await Promise.all(names.map((name) => renderAs(renderer, name).then(() => order.push(name))));
    expect(order).toEqual(names);
  });

  it('refuses a chart that is too large for a frame, and works on', async () => {
    const { renderer, lines } = open('good');
    const chart = { ...contractChart('sha256:large'), files: [{ name: 'big', bytes: new Uint8Array(96 * 1024 * 1024) }] };
    await expect(renderer.render(contractRequest({ chart }), NEVER)).rejects.toMatchObject({ code: 'ChartInvalid' });
    await renderAs(renderer, 'fine');
    expect(pidsOf(lines)).toHaveLength(1);
  });

  it('starts nothing and accepts nothing once it is closed', async () => {
    const { renderer, lines } = open('good');
    await renderer.close();
    renderer.warmUp();
    await expect(renderAs(renderer, 'one')).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringContaining('the renderer is closed') });
    expect(lines).toEqual([]);
  });

  it('lets an engine finish what it is at when it is closed, and turns away what waits', async () => {
    const { renderer } = open('drip', { limits: { replyMs: 10_000, closeMs: 10_000 } });
    await renderAs(renderer, 'warm');
    const working = renderAs(renderer, 'one');
    const waiting = renderAs(renderer, 'two');
    const closing = renderer.close();
    await expect(waiting).rejects.toMatchObject({ code: 'Unavailable' });
    await expect(working).resolves.toMatchObject({ notes: 'Say hello.' });
    await closing;
  });

  it('kills an engine that does not end by itself', async () => {
    const { renderer, lines } = open('stubborn');
    await renderAs(renderer, 'one');
    await renderer.close();
    expect(pidsOf(lines).map(isAlive)).toEqual([false]);
  });

  it('leaves no child when it is closed while engines start', async () => {
    const { renderer, lines } = open('never-ready', { engines: 3 });
    renderer.warmUp();
    await renderer.close();
    expect(lines.filter(({ message }) => message === 'helm engine is gone')).toHaveLength(3);
  });
});
