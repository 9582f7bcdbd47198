import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { stepOf, type StoredRecord } from './steps.ts';

const KEY = '/registry/secrets/a/sh.helm.release.v1.web.v2';
const BEFORE =
  '{"name":"web","version":2,"chart":{"metadata":{"version":"1.0.0"}},"config":{"id":9007199254740993},"manifest":"---\\nkind: ConfigMap\\nmetadata: {name: web}\\n","info":';
const hooksOf = (lastRun: object): string => `,"hooks":[${JSON.stringify({ name: 'web-hook', manifest: 'kind: Pod\nmetadata: {name: web-hook}\n', last_run: lastRun })}]}`;

/** A record's Secret; its JSON is compressed in as many parts as there are. */
const secret = (parts: readonly string[], labels: object = {}): string =>
  JSON.stringify({
    kind: 'Secret',
    metadata: {
      name: 'sh.helm.release.v1.web.v2',
      labels: { name: 'web', version: '2', status: 'deployed', ...labels },
      annotations: { 'tagalong.dev/chart-digest': 'sha256:one' },
    },
    data: { release: Buffer.from(Buffer.concat(parts.map((part) => gzipSync(part))).toString('base64')).toString('base64') },
  });
const info = (status: string): string => JSON.stringify({ status, description: 'x' });

describe('a change in etcd', () => {
  it('of a record is what is in it, also when it is of several gzip members; another status is the same content', () => {
    const step = (parts: readonly string[], labels: object = {}) => stepOf({ at: 7, key: KEY, value: secret(parts, labels) })?.now as StoredRecord; // of the key
    const deployed = step([BEFORE, info('deployed'), '}']);
    const said = { release: 'web', revision: 2, status: 'deployed', chartVersion: '1.0.0', chartDigest: 'sha256:one', manifest: '---\nkind: ConfigMap\nmetadata: {name: web}\n' };
    expect(deployed).toMatchObject({ ...said, objects: [{ kind: 'ConfigMap', metadata: { name: 'web' } }], hooks: [], returns: undefined, term: undefined });
    expect(step([`${BEFORE}${info('superseded')}}`], { status: 'superseded' }).content).toBe(deployed.content);
    const others = [BEFORE.replace('40993', '40992'), BEFORE.replace('1.0.0', '1.0.1'), BEFORE.replace('name: web', 'name: wab')];
    for (const other of others) expect(step([`${other}${info('deployed')}}`]).content).not.toBe(deployed.content);
    expect(step([`${others[0]}${info('deployed')}}`]).body).not.toBe(deployed.body);
    expect(step([`${others[1]}${info('deployed')}}`]).body).toBe(deployed.body);
  });

  it('of a record has its hooks; what they have come to is no other content', () => {
    const step = (end: string) => stepOf({ at: 7, key: KEY, value: secret([BEFORE, info('deployed'), end]) })?.now as StoredRecord; // of the key
    const withHook = (lastRun: object) => step(hooksOf(lastRun));
    expect(withHook({ phase: '' })).toMatchObject({ hooks: [{ kind: 'Pod', metadata: { name: 'web-hook' } }] });
    expect(withHook({ phase: 'Succeeded' }).content).toBe(withHook({ phase: '' }).content);
    expect(withHook({}).content).not.toBe(step('}').content);
  });

  it('of a record says which revision it brings back', () => {
    const value = secret([BEFORE, info('deployed'), '}']).replace('"annotations":{', '"annotations":{"tagalong.dev/returns":"{\\"kind\\":\\"Failed\\",\\"to\\":1}",');
    expect(stepOf({ at: 7, key: KEY, value })?.now).toMatchObject({ returns: { kind: 'Failed', to: 1 } });
  });

  it('of a record says under which Lease it was made, and when', () => {
    const value = secret([BEFORE, info('deployed'), '}']).replace('"annotations":{', '"annotations":{"tagalong.dev/lease":"system/tagalong","tagalong.dev/epoch":"3",');
    expect(stepOf({ at: 7, key: KEY, value })?.now).toMatchObject({ term: { lease: 'system/tagalong', epoch: 3 } });
  });

  it('of a record whose labels say something else is an error', () => {
    expect(() => stepOf({ at: 7, key: KEY, value: secret([BEFORE, info('failed'), '}']) })).toThrow('is labelled web 2 deployed, and has web 2 failed in it');
  });

  it('of a ChartRelease is what its status claims', () => {
    const status = {
      conditions: [{ type: 'Ready', status: 'True', reason: 'UpgradeSucceeded' }],
      observedGeneration: 3,
      revision: 2,
      chart: { digest: 'sha256:one' },
      history: [{ revision: 2 }, { revision: 1 }],
    };
    const value = JSON.stringify({ kind: 'ChartRelease', metadata: { name: 'web', generation: 4, deletionTimestamp: 'now' }, spec: { historyLimit: 10 }, status });
    expect(stepOf({ at: 7, key: '/registry/tagalong.dev/chartreleases/a/web', value })).toMatchObject({
      kind: 'Release',
      now: {
        isReady: true,
        reason: 'UpgradeSucceeded',
        isDeleting: true,
        generation: 4,
        observedGeneration: 3,
        isAnswered: true,
        revision: 2,
        digest: 'sha256:one',
        history: [2, 1],
        historyLimit: 10,
      },
    });
  });

  it('of a ChartRelease is whether a request to look at it is open', () => {
    const value = (handled: string) =>
      JSON.stringify({
        kind: 'ChartRelease',
        metadata: { name: 'web', generation: 1, annotations: { 'tagalong.dev/reconcile-at': 'two' } },
        spec: {},
        status: { lastHandledReconcileAt: handled },
      });
    const key = '/registry/tagalong.dev/chartreleases/a/web';
    expect([value('one'), value('two')].map((one) => stepOf({ at: 7, key, value: one })?.now)).toMatchObject([{ isAnswered: false }, { isAnswered: true }]);
  });

  it('of an object is its release, where it has one', () => {
    const configMap = (labels: object): string => JSON.stringify({ kind: 'ConfigMap', metadata: { name: 'web', labels } });
    const key = '/registry/configmaps/a/web';
    expect(stepOf({ at: 7, key, value: configMap({ 'tagalong.dev/name': 'web' }) })).toMatchObject({ kind: 'Object', now: { release: 'web', isTerminating: false } });
    expect(stepOf({ at: 7, key: '/registry/pods/a/web', value: configMap({}) })).toBeUndefined();
    expect(stepOf({ at: 8, key, value: undefined })).toEqual({ at: 8, key, kind: 'Object', now: undefined });
  });

  it('of an object that is of no release says whether we wrote it; what stock helm made is left out', () => {
    const configMap = (manager: string, annotations: object = {}): string =>
      JSON.stringify({ kind: 'ConfigMap', metadata: { name: 'web', annotations, managedFields: [{ manager }] } });
    const key = '/registry/configmaps/a/web';
    expect(stepOf({ at: 7, key, value: configMap('kubectl') })).toMatchObject({ kind: 'Foreigner', now: { name: 'ConfigMap web', isOurs: false } });
    expect(stepOf({ at: 7, key, value: configMap('tagalong') })).toMatchObject({ kind: 'Foreigner', now: { isOurs: true } });
    expect(stepOf({ at: 7, key, value: configMap('helm', { 'meta.helm.sh/release-name': 'web' }) })).toBeUndefined();
  });
});
