import { expect, it } from 'vitest';
import { FakeClock } from '../../test/fakes/clock.ts';
import { contractChart } from '../../test/fakes/engine-contract.ts';
import type { ChartRelease } from '../api/chart-release.ts';
import type { LookupQuestion } from '../core/lookup.ts';
import { type Cluster, ClusterError, type ClusterErrorCode } from '../ports/cluster.ts';
import { type Found, type Lookups, LookupTooLargeError } from '../ports/lookups.ts';
import { type LookUp, type LookupAnswer, type Rendered, RenderError, type Renderer } from '../ports/renderer.ts';
import { render } from './render.ts';

const MEBIBYTE = 1024 * 1024;
const NEVER = new AbortController().signal;
const RENDERED = { objects: [], hooks: [] } as unknown as Rendered; // no more of it is looked at
const RELEASE = { metadata: { name: 'web', namespace: 'shop', uid: 'u' }, spec: { skipSchemaValidation: false } } as unknown as ChartRelease; // nor of this
const CLUSTER = { capabilities: async () => ({ kubeVersion: 'v1.36.3', apiVersions: [] }) } as unknown as Cluster;

const question = (name = 'db'): LookupQuestion => ({ apiVersion: 'v1', kind: 'Secret', namespace: 'shop', name });

const object = (bytes: number): Found => ({ pages: [new Uint8Array(bytes)], finding: { kind: 'Object', uid: 'u', resourceVersion: '7' } });

/** Renders a chart whose templates do this, as an engine would: an answer that cannot be had fails them. */
const renderWith = (act: (ask: (name?: string) => Promise<LookupAnswer>, lookUp: LookUp) => Promise<void>, find: Lookups['find'], clock = new FakeClock()) => {
  const renderer: Renderer = {
    render: async ({ lookUp }, signal) => {
      if (lookUp === undefined) throw new Error('nobody answers');
      const ask = async (name?: string): Promise<LookupAnswer> => {
        const answer = await lookUp(question(name), signal);
        if (answer.kind === 'Failed') throw new RenderError('TemplateFailed', `a.yaml:1: ${answer.message}`);
        return answer;
      };
      await act(ask, lookUp);
      return RENDERED;
    },
    read: async () => [],
  };
  const input = { release: RELEASE, address: { namespace: 'shop', releaseName: 'web' }, chart: contractChart('sha256:a'), values: [], revision: 1, action: 'install' } as const;
  return render({ renderer, cluster: CLUSTER, lookups: { find }, clock }, input, NEVER);
};

const failing = (code: ClusterErrorCode) => () => Promise.reject(new ClusterError(code, `cannot look up: ${code}`));

it('tells what the chart was rendered for, and what was looked up, each once', async () => {
  const { renderedFor } = await renderWith(
    async (ask) => {
      await ask('b');
      await ask('a');
      await ask('b');
    },
    async () => object(1),
  );
  expect(renderedFor.kubeVersion).toBe('v1.36.3');
  expect(renderedFor.lookups.map((one) => one.question.name).toSorted()).toEqual(['a', 'b']);
});

it.each<[string, Lookups['find'], object]>([
  ['what the API server forbids', failing('Forbidden'), { name: 'RenderError', code: 'TemplateFailed', message: 'a.yaml:1: cannot look up: Forbidden' }],
  ['what it will not have', failing('Rejected'), { name: 'RenderError', message: 'a.yaml:1: cannot look up: Rejected' }],
  ['what is too large', () => Promise.reject(new LookupTooLargeError('x')), { name: 'RenderError', message: expect.stringContaining('more than 4 MiB') }],
])('fails the template for %s', async (_, find, error) => {
  await expect(renderWith(async (ask) => void (await ask()), find)).rejects.toMatchObject(error);
});

it('blames the API server, and not the chart, when it does not answer', async () => {
  await expect(renderWith(async (ask) => void (await ask()), failing('Unavailable'))).rejects.toMatchObject({ name: 'ClusterError', code: 'Unavailable' });
});

it('leaves a fault of the chart to the chart when the API server was away before, and the engine began anew', async () => {
  let turns = 0;
  const find = async (): Promise<Found> => {
    turns += 1;
    return turns === 1 ? failing('Unavailable')() : object(1);
  };
  const rendering = renderWith(async (ask) => {
    await ask().catch(() => undefined);
    await ask();
    throw new RenderError('TemplateFailed', 'no luck');
  }, find);
  await expect(rendering).rejects.toMatchObject({ name: 'RenderError', message: 'no luck' });
});

it('gives all answers 4 MiB and 64 questions, of which one that comes again is none', async () => {
  const limits: number[] = [];
  const find = async (_: LookupQuestion, limitBytes: number): Promise<Found> => {
    limits.push(limitBytes);
    return object(MEBIBYTE);
  };
  await renderWith(async (ask) => {
    for (const name of ['a', 'b', 'a', 'c']) await ask(name);
  }, find);
  expect(limits.map((bytes) => bytes / MEBIBYTE)).toEqual([4, 3, 3, 2]);
  const many = renderWith(
    async (ask) => {
      for (let index = 0; index < 65; index += 1) await ask(`n-${index}`);
    },
    async () => object(0),
  );
  await expect(many).rejects.toMatchObject({ message: expect.stringContaining('cannot look up Secret shop/n-64') });
});

it('gives all answers 30 s', async () => {
  const clock = new FakeClock();
  let turns = 0;
  const find: Lookups['find'] = async (_, __, signal) => {
    turns += 1;
    if (turns > 1) return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    await clock.advance(20_000);
    return object(1);
  };
  const rendering = renderWith(
    async (ask) => {
      await ask('a');
      await ask('b');
    },
    find,
    clock,
  );
  const failed = expect(rendering).rejects.toMatchObject({ name: 'ClusterError', code: 'Unavailable', message: expect.stringContaining('longer than 30 s') });
  await clock.advance(29_999);
  await clock.advance(1);
  await failed;
  expect(clock.now()).toBeLessThanOrEqual(50_000);
  expect(clock.pending).toBe(0);
});

it('hands on that nobody waits any more, and does not call that an answer', async () => {
  const stop = new AbortController();
  const find: Lookups['find'] = (_, __, signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      stop.abort(new Error('enough'));
    });
  await expect(renderWith(async (_, lookUp) => void (await lookUp(question(), stop.signal)), find)).rejects.toThrow('enough');
});
