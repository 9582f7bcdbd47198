import { describe, expect, it } from 'vitest';
import { parseExact } from '../../core/exact-json.ts';
import { readRelease } from './release-reader.ts';

const metadata = '"metadata":{"name":"web","namespace":"apps","uid":"u","resourceVersion":"5","generation":2}';
const read = (spec: string, status = '{}') => readRelease(parseExact(`{"apiVersion":"tagalong.dev/v1beta1","kind":"ChartRelease",${metadata},"spec":${spec},"status":${status}}`));

describe('readRelease', () => {
  it('fills in defaults', () => {
    expect(read('{"chart":"r/a:1","timeout":"1m"}')).toMatchObject({
      kind: 'Readable',
      release: {
        metadata: { name: 'web', generation: 2 },
        spec: {
          chart: 'r/a:1',
          interval: '1m',
          createNamespace: false,
          skipSchemaValidation: false,
          suspend: false,
          wait: true,
          waitForJobs: true,
          timeout: '1m',
          install: { crds: 'Create' },
          upgrade: { crds: 'CreateReplace' },
          force: false,
          deletionPolicy: 'Uninstall',
          historyLimit: 10,
        },
        status: {},
      },
    });
  });

  it('keeps every digit of values', () => {
    const seen = read('{"chart":"r/a:1","values":{"id":9223372036854775807,"list":[12345678901234567890]}}');
    expect(seen.kind === 'Readable' && JSON.stringify(seen.release.spec.values)).toBe('{"id":9223372036854775807,"list":[12345678901234567890]}');
  });

  it.each([
    ['{}', /^spec.chart is missing$/],
    ['{"chart":"r/a:1","interval":"soon"}', /^spec.interval /],
    ['{"chart":"r/a:1","historyLimit":0}', /^spec.historyLimit /],
    ['{"chart":"r/a:1","values":[1]}', /^spec.values /],
    ['{"chart":"r/a:1","pullSecrets":[{"name":"a"},{}]}', /^spec.pullSecrets.1.name is missing$/],
    ['null', /^spec /],
  ])('names the field that it cannot read in %s', (spec, message) => {
    expect(read(spec)).toMatchObject({ kind: 'Unreadable', message: expect.stringMatching(message), release: { metadata: { uid: 'u' } } });
  });

  it.each([
    ['{"deletionPolicy":"Orphan"}', 'Orphan'],
    ['{"deletionPolicy":"Something"}', 'Uninstall'],
    ['null', 'Uninstall'],
  ])('knows what is to become of the release of one that it cannot read: %s', (spec, deletionPolicy) => {
    expect(read(spec)).toMatchObject({ kind: 'Unreadable', deletionPolicy });
  });

  it('reads a status that was written by this version, and leaves another one out', () => {
    expect(read('{"chart":"a"}', '{"revision":3}').release.status).toEqual({ revision: 3 });
    expect(read('{"chart":"a"}', '{"revision":"three"}').release.status).toEqual({});
  });
});
