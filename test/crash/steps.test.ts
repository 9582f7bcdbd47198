import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { stepOf } from './steps.ts';

const KEY = '/registry/secrets/a/sh.helm.release.v1.web.v2';
const BEFORE =
  '{"name":"web","version":2,"chart":{"metadata":{"version":"1.0.0"}},"config":{"id":9007199254740993},"manifest":"---\\nkind: ConfigMap\\nmetadata: {name: web}\\n","info":';

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
    const deployed = stepOf({ at: 7, key: KEY, value: secret([BEFORE, info('deployed'), '}']) });
    const now = { release: 'web', revision: 2, status: 'deployed', chartVersion: '1.0.0', chartDigest: 'sha256:one', objects: [{ kind: 'ConfigMap', metadata: { name: 'web' } }] };
    expect(deployed).toMatchObject({ at: 7, kind: 'Record', now: { ...now, content: `${BEFORE}}` } });
    expect(stepOf({ at: 8, key: KEY, value: secret([`${BEFORE}${info('superseded')}}`], { status: 'superseded' }) })).toMatchObject({ now: { content: `${BEFORE}}` } });
    expect(stepOf({ at: 8, key: KEY, value: secret([`${BEFORE.replace('40993', '40992')}${info('deployed')}}`]) })?.now).not.toMatchObject({ content: `${BEFORE}}` });
  });

  it('of a record whose labels say something else is an error', () => {
    expect(() => stepOf({ at: 7, key: KEY, value: secret([BEFORE, info('failed'), '}']) })).toThrow('is labelled web 2 deployed, and has web 2 failed in it');
  });

  it('of a ChartRelease is what its status claims', () => {
    const status = { conditions: [{ type: 'Ready', status: 'True' }], revision: 2, chart: { digest: 'sha256:one' } };
    const value = JSON.stringify({ kind: 'ChartRelease', metadata: { name: 'web', deletionTimestamp: 'now' }, status });
    expect(stepOf({ at: 7, key: '/registry/tagalong.dev/chartreleases/a/web', value })).toMatchObject({
      kind: 'Release',
      now: { isReady: true, isDeleting: true, revision: 2, digest: 'sha256:one' },
    });
  });

  it('of an object is its release, where it has one', () => {
    const configMap = (labels: object): string => JSON.stringify({ kind: 'ConfigMap', metadata: { name: 'web', labels } });
    const key = '/registry/configmaps/a/web';
    expect(stepOf({ at: 7, key, value: configMap({ 'tagalong.dev/name': 'web' }) })).toMatchObject({ kind: 'Object', now: { release: 'web', isTerminating: false } });
    expect(stepOf({ at: 7, key, value: configMap({}) })).toBeUndefined();
    expect(stepOf({ at: 8, key, value: undefined })).toEqual({ at: 8, key, kind: 'Object', now: undefined });
  });
});
