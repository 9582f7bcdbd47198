import { describe, expect, it } from 'vitest';
import { readRelease } from '../adapters/kube/release-reader.ts';
import type { ChartSummary } from '../api/chart-release.ts';
import type { Source } from '../ports/registry.ts';
import type { Run } from './run.ts';
import { targetOf } from './target.ts';

const runOf = (version: string | undefined, chart: Partial<ChartSummary> | undefined): Run => {
  const spec = { chart: version === undefined ? 'r.example/ns/app:1' : 'r.example/ns/app', ...(version !== undefined && { version }) };
  const read = readRelease({ metadata: { name: 'app', namespace: 'team' }, spec, status: { ...(chart !== undefined && { chart: { name: 'app', version: '0', ...chart } }) } });
  if (read.kind === 'Unreadable') throw new Error(read.message);
  const { release } = read;
  return {
    release,
    key: 'team/app',
    address: { namespace: 'team', releaseName: 'app' },
    names: { namespace: 'team', name: 'app' },
    request: undefined,
    signal: AbortSignal.timeout(1000),
  };
};

const targetFor = (version: string | undefined, tag: string | undefined, chart?: Partial<ChartSummary>) => {
  const source: Source = {
    reference: { registry: 'r.example', repository: 'ns/app', ...(tag !== undefined && { tag }) },
    credential: undefined,
    digest: undefined,
    trouble: undefined,
    expiries: [],
  };
  return targetOf(runOf(version, chart), source, { digest: 'v', documents: [] });
};

describe('targetOf', () => {
  it.each<readonly [string, string | undefined, string | undefined, { readonly reference: string; readonly tag: string | undefined }]>([
    ['names the tag that is written', undefined, '1', { reference: 'r.example/ns/app:1', tag: undefined }],
    ['names the range, and which tag it has chosen', '^1', '1.2.0', { reference: 'r.example/ns/app ^1', tag: '1.2.0' }],
    ['names the range while nothing is chosen', '^1', undefined, { reference: 'r.example/ns/app ^1', tag: undefined }],
  ])('%s', (_name, version, tag, expected) => {
    expect(targetFor(version, tag)).toMatchObject(expected);
  });

  it.each<readonly [string, string | undefined, string | undefined, Partial<ChartSummary> | undefined, boolean]>([
    ['a lower version than the same range had', '^1', '1.1.0', { tag: '1.2.0', range: '^1' }, true],
    ['a higher one', '^1', '1.3.0', { tag: '1.2.0', range: '^1' }, false],
    ['the same one', '^1', '1.2.0', { tag: '1.2.0', range: '^1' }, false],
    ['a lower version than another range had', '~1.1', '1.1.0', { tag: '1.2.0', range: '^1' }, false],
    ['a lower tag than was written before', '^1', '1.1.0', { tag: '1.2.0' }, false],
    ['the first version', '^1', '1.1.0', undefined, false],
    ['no version', '^1', undefined, { tag: '1.2.0', range: '^1' }, false],
    ['a tag that is written', undefined, '1', { tag: '1.2.0', range: '^1' }, false],
  ])('knows whether somebody took a version away, with %s', (_name, version, tag, chart, expected) => {
    expect(targetFor(version, tag, chart).isWithdrawn).toBe(expected);
  });
});
