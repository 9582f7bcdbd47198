import { afterEach, describe, expect, it } from 'vitest';
import type { EngineMode } from '../../../test/fakes/engine.ts';
import { contractChart, contractRequest, valuesOf } from '../../../test/fakes/engine-contract.ts';
import { fakeEngine } from '../../../test/fakes/launch-engine.ts';
import { realClock } from '../../../test/kube/real-clock.ts';
import type { Logger } from '../../ports/logger.ts';
import type { LookUp } from '../../ports/renderer.ts';
import type { EnginesLimits } from './engines.ts';
import { HelmRenderer } from './renderer.ts';

const NEVER = new AbortController().signal;
const SHORT = { replyMs: 1_000, closeMs: 200, firstPauseMs: 1, longestPauseMs: 4, slowMs: 60_000, patienceMs: 60_000 };

const clock = realClock(1, () => 0.5);

/** Notes the engines that were started. */
const counter = (pids: unknown[], bound: unknown): Logger => {
  const ignore = (): void => undefined;
  const info = (_: unknown, message: string): void => void (message === 'helm engine is ready' && pids.push(bound));
  return { debug: ignore, info, warn: ignore, error: ignore, with: ({ pid }) => counter(pids, pid) };
};

type Files = Readonly<Record<string, string>>;

const opened: HelmRenderer[] = [];

const open = (limits: Partial<EnginesLimits> = {}, engines = 1, mode: EngineMode = 'by-release') => {
  const pids: unknown[] = [];
  const renderer = new HelmRenderer({ launch: fakeEngine(mode), engines, clock, logger: counter(pids, undefined), limits: { ...SHORT, ...limits } });
  opened.push(renderer);
  return { renderer, pids };
};

afterEach(async () => {
  await Promise.all(opened.splice(0).map((renderer) => renderer.close()));
});

/** Renders for a release of that name, with a chart of its own. */
const render = (
  renderer: HelmRenderer,
  name: string,
  request: { digest?: string; values?: readonly string[]; skipSchemaValidation?: boolean; signal?: AbortSignal; revision?: number; lookUp?: LookUp; files?: Files } = {},
) =>
  renderer.render(
    contractRequest({
      chart: contractChart(request.digest ?? `sha256:${name}`, request.files),
      values: (request.values ?? []).map(valuesOf),
      skipSchemaValidation: request.skipSchemaValidation ?? false,
      release: { name, namespace: 'shop', revision: request.revision ?? 1, action: 'install' },
      lookUp: request.lookUp,
    }),
    request.signal ?? NEVER,
  );

const codeOf = async (rendering: Promise<unknown>): Promise<string> => rendering.then(() => 'rendered').catch(({ code }) => code);

// Each case starts engines, which takes a busy machine its time.
describe('a render that breaks limits', { timeout: 60_000 }, () => {
  it.each([
    ['brings its engine down', 'crash', 'sha256:crash: the engine is gone: exited with 2: panic: out of luck'],
    ['makes its engine end for its memory', 'oom', 'sha256:oom: the engine is gone: exited with 137: helm-engine: 9 bytes of memory'],
  ])('ends in quarantine at once when it %s twice', async (_, name, message) => {
    const { renderer, pids } = open();
    await expect(render(renderer, name)).rejects.toMatchObject({
      code: 'ResourceExceeded',
      message: expect.stringMatching(`^cannot render ${message}.*not rendered again before digest, values or spec change$`),
    });
    expect(pids.length).toBeGreaterThanOrEqual(2);
  });

  it('is tried again after it has taken too long, and ends in quarantine the second time', async () => {
    const { renderer } = open();
    await expect(render(renderer, 'hang')).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringContaining('sha256:hang: it took longer than the 1000 ms') });
    await expect(render(renderer, 'hang', { revision: 2 })).rejects.toMatchObject({ code: 'ResourceExceeded', message: expect.stringContaining('took longer than the 1000 ms') });
  });

  it.skipIf(process.platform !== 'linux')('is killed when its engine takes too much memory and does not notice', async () => {
    const { renderer } = open({ replyMs: 30_000, memoryBytes: 64 * 1024 * 1024 });
    await expect(render(renderer, 'greedy')).rejects.toMatchObject({
      code: 'ResourceExceeded',
      message: expect.stringMatching(/the engine grew by \d+ MiB of memory, and a render may take 64 MiB/),
    });
  });

  it('is not given to an engine while it is in quarantine, and is when values, release, digest or the check of the schema have changed', async () => {
    const { renderer, pids } = open();
    await render(renderer, 'crash').catch(() => undefined);
    const before = pids.length;
    expect(await codeOf(render(renderer, 'crash', { revision: 7 }))).toBe('ResourceExceeded');
    expect(pids).toHaveLength(before);
    expect(await codeOf(render(renderer, 'crash', { values: ['{"name":"x"}'] }))).toBe('ResourceExceeded');
    expect(pids.length).toBeGreaterThan(before);
    const unchecked = pids.length;
    expect(await codeOf(render(renderer, 'crash', { skipSchemaValidation: true }))).toBe('ResourceExceeded');
    expect(pids.length).toBeGreaterThan(unchecked);
    expect(await codeOf(render(renderer, 'fine', { digest: 'sha256:crash' }))).toBe('rendered');
    const between = pids.length;
    expect(await codeOf(render(renderer, 'crash', { digest: 'sha256:other' }))).toBe('ResourceExceeded');
    expect(pids.length).toBeGreaterThan(between);
  });

  it.each(['garbage', 'over'])('is no reason for quarantine when the engine sends %s', async (name) => {
    const { renderer } = open();
    for (let turn = 0; turn < 3; turn += 1) expect(await codeOf(render(renderer, name))).toBe('Unavailable');
  });
});

describe('others than a render that is slow', { timeout: 60_000 }, () => {
  const names = Array.from({ length: 50 }, (_, index) => `good-${index}`);

  it('are served by one more engine', async () => {
    const { renderer, pids } = open({ replyMs: 60_000, slowMs: 1_000 });
    const stop = new AbortController();
    const bomb = render(renderer, 'hang', { signal: stop.signal });
    await Promise.all(names.map((name) => render(renderer, name, { digest: 'sha256:good' })));
    expect(pids.length).toBeLessThanOrEqual(3);
    stop.abort(new Error('enough'));
    await expect(bomb).rejects.toThrow('enough');
    expect(await codeOf(render(renderer, 'good'))).toBe('rendered');
  });

  it('are not held up by more bombs than there are engines', async () => {
    const { renderer } = open({ replyMs: 60_000, slowMs: 500 }, 2);
    const stop = new AbortController();
    const bombs = Array.from({ length: 8 }, (_, index) => codeOf(render(renderer, `hang-${index}`, { signal: stop.signal })));
    const good = await Promise.all(names.map((name) => codeOf(render(renderer, name, { digest: 'sha256:good' }))));
    expect(new Set(good)).toEqual(new Set(['rendered']));
    stop.abort(new Error('enough'));
    await Promise.all(bombs);
  });

  it('lets what is slow end where nobody waits, however many there are', async () => {
    const { renderer } = open({ slowMs: 50, replyMs: 30_000 }, 2);
    const slow = ['slow-1', 'slow-2', 'slow-3'].map((name) => codeOf(render(renderer, name)));
    expect(await Promise.all(slow)).toEqual(['rendered', 'rendered', 'rendered']);
  });

  it('do not wait for a suspect, but another suspect does, and is turned away', async () => {
    const { renderer } = open({ replyMs: 3_000, patienceMs: 100 }, 2);
    const stop = new AbortController();
    await Promise.all(['hang-1', 'hang-2'].map((name) => codeOf(render(renderer, name))));
    const first = codeOf(render(renderer, 'hang-1', { signal: stop.signal }));
    const second = render(renderer, 'hang-2');
    await expect(second).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringContaining('it is rendered apart from others') });
    expect(await codeOf(render(renderer, 'good'))).toBe('rendered');
    stop.abort(new Error('enough'));
    await first;
  });
});

describe('a render that waits for what its templates look up', { timeout: 60_000 }, () => {
  const files = { 'templates/lookup.yaml': 'apiVersion: v1\nkind: {{ (lookup "v1" "Secret" "shop" "db").kind }}\nmetadata:\n  name: found\n' };
  const found = { kind: 'Found', pages: [Buffer.from('{"kind":"Secret"}')] } as const;
  const within =
    (ms: number): LookUp =>
    () =>
      new Promise((resolve) => setTimeout(() => resolve(found), ms));
  const never: LookUp = () => new Promise(() => undefined);

  it('has its whole time besides', async () => {
    const { renderer } = open({ replyMs: 600 });
    expect(await codeOf(render(renderer, 'waits', { files, lookUp: within(1_500) }))).toBe('rendered');
  });

  it('is nobody to blame when the answers take too long, however often', async () => {
    const { renderer } = open({ replyMs: 5_000, answersMs: 100 });
    for (let turn = 0; turn < 3; turn += 1) {
      await expect(render(renderer, 'waits', { files, lookUp: never })).rejects.toMatchObject({
        code: 'Unavailable',
        message: 'cannot render sha256:waits: the answers to what its templates look up took longer than 100 ms',
      });
    }
    expect(await codeOf(render(renderer, 'waits', { files, lookUp: within(0) }))).toBe('rendered');
  });

  it('is not slow on that account, until the answers take very long', async () => {
    const { renderer, pids } = open({ slowMs: 500, longAnswersMs: 60_000 });
    await Promise.all(['one', 'two', 'three'].map((name) => render(renderer, name, { files, lookUp: within(800) })));
    expect(pids).toHaveLength(1);
    const hasty = open({ slowMs: 100, longAnswersMs: 150 });
    const stop = new AbortController();
    const waiting = codeOf(render(hasty.renderer, 'waits', { files, lookUp: never, signal: stop.signal }));
    expect(await codeOf(render(hasty.renderer, 'good'))).toBe('rendered');
    stop.abort(new Error('enough'));
    await waiting;
  });

  it('gives way to others, and its chart is no suspect', async () => {
    const { renderer } = open({ slowMs: 60_000, longAnswersMs: 50, replyMs: 60_000, answersMs: 60_000 });
    const stop = new AbortController();
    const options = { digest: 'sha256:shared', files, lookUp: never, signal: stop.signal };
    const waiting = ['w-1', 'w-2', 'w-3'].map((name) => codeOf(render(renderer, name, options)));
    const good = Array.from({ length: 10 }, (_, index) => codeOf(render(renderer, `good-${index}`)));
    expect(new Set(await Promise.all(good))).toEqual(new Set(['rendered']));
    expect(await codeOf(render(renderer, 'good', { ...options, lookUp: within(0) }))).toBe('rendered');
    stop.abort(new Error('enough'));
    await Promise.all(waiting);
  });

  it('ends at once with its engine, without an answer', async () => {
    const { renderer } = open({ answersMs: 60_000 }, 1, 'ask-and-end');
    let ends = 0;
    const lookUp: LookUp = (_, signal) =>
      new Promise((__, reject) => {
        signal.addEventListener('abort', () => {
          ends += 1;
          reject(signal.reason);
        });
      });
    await expect(render(renderer, 'gone', { lookUp })).rejects.toMatchObject({ code: 'ResourceExceeded', message: expect.stringContaining('the engine is gone: exited with 1') });
    expect(ends).toBe(2);
  });

  it('fails with an engine that does not wait for the answer, or asks where nobody answers', async () => {
    const { renderer } = open({}, 1, 'ask-and-go-on');
    await expect(render(renderer, 'rude', { lookUp: never })).rejects.toMatchObject({
      code: 'Unavailable',
      message: expect.stringContaining('the engine spoke without being asked'),
    });
    await expect(render(renderer, 'rude')).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringContaining('the reply.kind is not rendered') });
  });
});
