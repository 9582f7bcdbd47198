import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { NewRecord, RecordContent } from '../../ports/records.ts';
import { checkIdentity, contentOf, MAX_SECRET_BYTES, packRecord, recordJsonOf, repackRecord, secretValueOf, withMember, withStatus } from './record-codec.ts';

const address = { namespace: 'apps', releaseName: 'web' };
const content: RecordContent = {
  chart: '{"metadata":{"name":"web","version":"1.0.0"},"values":{"big":9223372036854775807,"10":1,"9":"\\u003c"}}',
  config: '{"id":12345678901234567890}',
  hooks: '[{"name":"h","weight":-5}]',
  manifest: '---\n# Source: web/templates/a.yaml\nkind: ConfigMap\nx: "ß\\n😀"\n',
  helmNotes: 'Hello',
  description: 'Install complete',
  firstDeployed: '2026-01-02T03:04:05Z',
  lastDeployed: '2026-01-02T03:04:06Z',
};
/** The same as it is read. */
const read = { ...content, applyMethod: 'csa' };
const notes = {
  uid: 'u',
  chartRelease: 'apps/web',
  generation: 1,
  reference: 'r/a:1',
  chartDigest: 'sha256:a',
  valuesDigest: 'sha256:b',
  chartName: 'web',
  chartVersion: '1.0.0',
  appVersion: '',
  action: 'install',
  trigger: 'Created',
  attempt: 1,
  request: '',
  returns: undefined,
} as const;
const record = (changed: Partial<RecordContent> = {}): NewRecord => ({ revision: 3, status: 'pending-install', notes, content: { ...content, ...changed } });

const packedJson = async (value: Parameters<typeof secretValueOf>[0]) => recordJsonOf(await secretValueOf(value));

describe('record codec', () => {
  it('writes the JSON that Helm reads', async () => {
    expect(JSON.parse(await packedJson(await packRecord(address, record())))).toMatchObject({
      name: 'web',
      namespace: 'apps',
      version: 3,
      apply_method: 'csa',
      manifest: content.manifest,
      info: { first_deployed: content.firstDeployed, last_deployed: content.lastDeployed, deleted: '', description: 'Install complete', status: 'pending-install', notes: 'Hello' },
    });
  });

  it('gives back what it was given, byte for byte', async () => {
    expect(contentOf(await packedJson(await packRecord(address, record())))).toEqual(read);
  });

  it('writes one gzip stream in base64 in base64', async () => {
    const value = await secretValueOf(await packRecord(address, record()));
    const gz = Buffer.from(Buffer.from(value, 'base64').toString(), 'base64');
    expect(contentOf(gunzipSync(gz).toString())).toEqual(read);
  });

  it('changes nothing but info when the status changes', async () => {
    const before = await packRecord(address, record());
    const after = await packedJson(withStatus(before, 'deployed', 'Upgrade complete'));
    expect(after).toBe((await packedJson(before)).replace('"status":"pending-install"', '"status":"deployed"').replace('Install complete', 'Upgrade complete'));
  });

  it('changes nothing but the hooks when they change', async () => {
    const before = await packRecord(address, record());
    const hooks = '[{"name":"h","weight":9223372036854775807}]';
    const after = await withMember(before, 'hooks', hooks);
    expect(await packedJson(after)).toBe((await packedJson(before)).replace(content.hooks, hooks));
    expect(contentOf(await packedJson(withStatus(after, 'deployed')))).toEqual({ ...read, hooks });
  });

  it('changes nothing but how it was applied', async () => {
    const before = await packRecord(address, record());
    const byServer = await withMember(before, 'apply_method', '"ssa"');
    expect(contentOf(await packedJson(byServer))).toEqual({ ...read, applyMethod: 'ssa' });
    expect(await packedJson(await withMember(byServer, 'apply_method', '"csa"'))).toBe(await packedJson(before));
  });

  it('gives hooks to a record that has none', async () => {
    const packed = await repackRecord('{"name":"web","info":{},"version":1}');
    expect(await packedJson(await withMember(packed, 'hooks', '[]'))).toBe('{"hooks":[],"name":"web","info":{},"version":1}');
  });

  it('changes nothing but info of a record that Helm wrote', async () => {
    const helm =
      '{"name":"web","info":{"first_deployed":"x","description":"d","status":"deployed","rollback_revision":2},"chart":{"a":1.0,"b":"\\u003e"},"config":{"10":1,"9":18446744073709551615},"version":1}';
    const packed = await repackRecord(await recordJsonOf(Buffer.from(gzipSync(helm).toString('base64')).toString('base64')));
    expect(await packedJson(withStatus(packed, 'superseded', 'old'))).toBe(helm.replace('"description":"d","status":"deployed"', '"description":"old","status":"superseded"'));
  });

  it('reads a record that is not compressed, as very old ones are', async () => {
    const value = Buffer.from(Buffer.from('{"info":{}}').toString('base64')).toString('base64');
    expect(contentOf(await recordJsonOf(value))).toMatchObject({ chart: 'null', config: 'null', hooks: 'null', manifest: '' });
  });

  it.each([
    ['no JSON', 'hello'],
    ['no info', '{"name":"web"}'],
  ])('refuses what has %s', async (_, json) => {
    expect(() => contentOf(json)).toThrow(/no JSON|no info/);
    await expect(repackRecord(json)).rejects.toThrow(/no JSON|no info/);
  });

  it.each([
    ['another release', '{"name":"other","info":{},"version":3}', 'it is of revision 3 of other'],
    ['another revision', '{"name":"web","info":{},"version":4}', 'it is of revision 4 of web'],
    ['nobody', '{"info":{}}', 'it is of revision undefined of undefined'],
  ])('refuses the record of %s', (_, json, words) => {
    expect(() => checkIdentity(json, address, 3)).toThrow(words);
    expect(() => checkIdentity('{"name":"web","info":{},"version":3}', address, 3)).not.toThrow();
  });

  it('refuses a damaged stream', async () => {
    const gz = gzipSync('{"info":{}}').subarray(0, 15).toString('base64');
    await expect(recordJsonOf(Buffer.from(gz).toString('base64'))).rejects.toMatchObject({ name: 'RecordInvalidError' });
  });

  it('takes what a Secret just holds, and not a byte more', async () => {
    const packed = { before: Buffer.alloc(0), info: '{}', after: Buffer.alloc(0) };
    const info = Buffer.from(Buffer.from(await secretValueOf(packed), 'base64').toString(), 'base64').length;
    const room = (MAX_SECRET_BYTES / 4) * 3 - info;
    expect(Buffer.from(await secretValueOf({ ...packed, before: Buffer.alloc(room) }), 'base64')).toHaveLength(MAX_SECRET_BYTES);
    await expect(secretValueOf({ ...packed, before: Buffer.alloc(room + 1) })).rejects.toMatchObject({ name: 'RecordTooLargeError', message: expect.stringContaining('1048576') });
  });
});
