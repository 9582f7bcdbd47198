import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingLogger } from '../../../test/kube/recording-logger.ts';
import { makeAuthority } from '../../../test/registry/certificates.ts';
import { readTlsFiles, TlsFiles, type TlsPaths } from './tls-files.ts';

const NOW = Date.now();
const authority = makeAuthority();
const [first, second] = [authority.issue(), authority.issue()];
const expired = authority.issue({ notBefore: new Date('2019-01-01T00:00:00Z'), notAfter: new Date('2020-01-01T00:00:00Z') });

let folder: string;
let paths: TlsPaths & { readonly ca: string; readonly client: NonNullable<TlsPaths['client']> };
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tagalong-tls-'));
  paths = { ca: path.join(folder, 'ca.crt'), client: { certificate: path.join(folder, 'tls.crt'), key: path.join(folder, 'tls.key') } };
  await write({ ca: authority.cert, cert: first.cert, key: first.key });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const write = async ({ ca, cert, key }: { ca?: string; cert?: string; key?: string }): Promise<void> => {
  if (ca !== undefined) await writeFile(paths.ca, ca);
  if (cert !== undefined) await writeFile(paths.client.certificate, cert);
  if (key !== undefined) await writeFile(paths.client.key, key);
};

describe('readTlsFiles', () => {
  it.each<[string, Parameters<typeof write>[0], RegExp]>([
    ['a CA that is none', { ca: 's3cret' }, /ca.crt has no certificate in PEM$/],
    ['a certificate that has expired', { cert: expired.cert, key: expired.key }, /tls.crt has expired at 2020-01-01T00:00:00Z$/],
    ['the key of another', { key: second.key }, /tls.key is not the key of the certificate beside it$/],
  ])('names the file of %s', async (_name, files, trouble) => {
    await write(files);
    expect(await readTlsFiles(paths, NOW)).toEqual({ tls: undefined, trouble: expect.stringMatching(trouble) });
  });

  it('reads what there is', async () => {
    expect(await readTlsFiles({ ca: paths.ca, client: undefined }, NOW)).toEqual({ tls: { ca: authority.cert, client: undefined }, trouble: undefined });
  });
});

describe('TlsFiles', () => {
  it('follow the files, and keep what they held while one of them is not right', async () => {
    const logger = new RecordingLogger();
    const files = new TlsFiles(paths, { clock: { now: () => NOW }, logger });
    const shown = async () => (await files.read()).client?.certificate;
    expect(await shown()).toBe(first.cert);
    await write({ cert: second.cert });
    expect(await shown()).toBe(first.cert);
    expect(await shown()).toBe(first.cert);
    await write({ key: second.key });
    expect(await shown()).toBe(second.cert);
    expect(logger.lines.map(({ message }) => message)).toEqual([expect.stringMatching(/^cannot use the certificates of registryHosts: .*tls.key is not the key/)]);
  });
});
