import { describe, expect, it } from 'vitest';
import { parseAudit } from './audit.ts';
import { parseCpuMs, parseRssMiB } from './proc.ts';
import { parseReads, parseRuns } from './counters.ts';
import { placesOf } from './releases.ts';
import { disguised, standIn } from './stand-in.ts';
import { table } from './table.ts';

const audited = (fields: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({
    verb: 'patch',
    requestURI: '/api/v1/namespaces/a/services/b?force=true',
    userAgent: 'tagalong',
    objectRef: { resource: 'services' },
    responseStatus: { code: 200 },
    requestReceivedTimestamp: '2026-01-01T00:00:00.100000Z',
    stageTimestamp: '2026-01-01T00:00:00.350000Z',
    ...fields,
  });

describe('parseAudit', () => {
  it('reads who sent what, when, and how it was answered', () => {
    const at = Date.parse('2026-01-01T00:00:00Z');
    expect(parseAudit(`${audited({})}\n`)).toEqual([{ what: 'patch services', kind: 'Write', userAgent: 'tagalong', receivedAt: at + 100, answeredAt: at + 350, status: 200 }]);
  });

  it.each([
    ['a dry run', { requestURI: '/api/v1/namespaces/a/services/b?force=true&dryRun=All' }, 'DryRun'],
    ['a Lease', { objectRef: { resource: 'leases' } }, 'Lease'],
    ['a review', { verb: 'create', objectRef: { resource: 'selfsubjectaccessreviews' } }, 'Review'],
    ['any other write', { objectRef: { resource: 'secrets' } }, 'Write'],
  ])('knows %s', (_, fields, kind) => {
    expect(parseAudit(`${audited(fields)}\n`)[0]?.kind).toBe(kind);
  });

  it('names a subresource', () => {
    expect(parseAudit(`${audited({ objectRef: { resource: 'chartreleases', subresource: 'status' } })}\n`)[0]?.what).toBe('patch chartreleases/status');
  });

  it('leaves out a line that is being written', () => {
    expect(parseAudit(`${audited({})}\n${audited({}).slice(0, 40)}`)).toHaveLength(1);
    expect(parseAudit(audited({}).slice(0, 40))).toEqual([]);
  });
});

describe('readings of /proc', () => {
  it('adds user and system time, also behind a command with brackets in its name', () => {
    expect(parseCpuMs('12 (odd) name)) S 1 12 12 0 -1 4194560 100 0 0 0 25 17 0 0 20 0 1 0 99 1 1')).toBe(420);
  });

  it('reads resident memory in MiB, and none of a program without any', () => {
    expect(parseRssMiB('Name:\tnode\nVmRSS:\t  102400 kB\nRssAnon:\t 1 kB\n')).toBe(100);
    expect(parseRssMiB('Name:\tgone\n')).toBe(0);
  });
});

it('adds up reads by verb and resource, and leaves out writes, watches and requests for no resource', () => {
  const metrics = [
    '# TYPE apiserver_request_total counter',
    'apiserver_request_total{code="200",component="apiserver",resource="secrets",verb="LIST",version="v1"} 5',
    'apiserver_request_total{code="404",component="apiserver",resource="secrets",verb="LIST",version="v1"} 1',
    'apiserver_request_total{code="0",resource="secrets",verb="WATCH"} 7',
    'apiserver_request_total{code="200",resource="secrets",verb="PATCH"} 9',
    'apiserver_request_total{code="200",resource="",subresource="/readyz",verb="GET"} 3',
  ];
  expect(parseReads(metrics.join('\n'))).toEqual(new Map([['LIST secrets', 6]]));
});

it('adds up runs, whatever came of them', () => {
  const metrics = ['success', 'error'].map((result) => `controller_runtime_reconcile_total{controller="chartrelease",result="${result}"} 2`);
  expect(parseRuns(metrics.join('\n'))).toBe(4);
});

describe('placesOf', () => {
  it('spreads releases over namespaces of equal size', () => {
    const places = placesOf(250);
    expect(places.at(-1)).toEqual({ namespace: 'bench-02', floorNamespace: 'floor-02', name: 'r0249' });
    expect(new Set(places.map(({ namespace }) => namespace)).size).toBe(3);
  });

  it.each([0, 1.5, 10_000, Number.NaN])('refuses %s releases', (count) => {
    expect(() => placesOf(count)).toThrow(/N=/);
  });
});

describe('standIn', () => {
  const [first, last] = [placesOf(1)[0], placesOf(150).at(-1)];
  const write = { method: 'PATCH', path: '/api/v1/namespaces/bench-00/services/r0000-web', body: '{"tagalong.dev/name":"r0000","tagalong.dev/namespace":"bench-00"}' } as const;

  it('gives every write the names of another release, and keeps its size', () => {
    if (first === undefined || last === undefined) throw new Error('there are no places');
    const sample = { place: first, pending: write, objects: [write], deployed: write, superseded: undefined, status: write, event: write };
    const { objects } = standIn(sample, last);
    expect(objects).toEqual([
      { method: 'PATCH', path: '/api/v1/namespaces/floor-01/services/r0149-web', body: '{"standsin.dev/name":"r0149","standsin.dev/namespace":"floor-01"}' },
    ]);
  });

  it('hides what an operator looks for behind words of the same length', () => {
    const text = 'apiVersion: tagalong.dev/v1beta1 type: helm.sh/release.v1 {"owner":"helm"}';
    expect(disguised(text)).toHaveLength(text.length);
    expect(disguised(text)).not.toMatch(/tagalong|helm/);
  });
});

it('lines up a table, the first column to the left', () => {
  expect(table(['', 'seconds'], [['install', '1.2'], ['x']])).toBe('         seconds\ninstall      1.2\nx');
});
