import { createHash } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fakes/clock.ts';
import { makeAuthority } from '../../../test/registry/certificates.ts';
import { CONFIG_TYPE, CONTENT_TYPE, MANIFEST_TYPE, smallChart } from '../../../test/registry/push.ts';
import { chartTgz } from '../../../test/registry/tar.ts';
import { TEST_CERTIFICATE } from '../../../test/registry/test-certificate.ts';
import { type Respond, send, startServer, type TestServer } from '../../../test/registry/test-server.ts';
import { credentialFor } from '../../core/docker-config.ts';
import { parseReference, printReference, type Reference } from '../../core/reference.ts';
import type { Credential } from '../../ports/registry.ts';
import { RegistryCharts } from './registry-charts.ts';
import { RegistryClient } from './registry-client.ts';

const signal = AbortSignal.timeout(30_000);
const hasIpv6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1'));
if (!hasIpv6) console.log('registries by IPv6 are not tried: this machine has no ::1');

const digestOf = (bytes: string | Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const ARCHIVE = chartTgz('app', smallChart('app', '1.0.0'));
const MANIFEST = JSON.stringify({
  schemaVersion: 2,
  mediaType: MANIFEST_TYPE,
  config: { mediaType: CONFIG_TYPE, digest: digestOf('{}'), size: 2 },
  layers: [{ mediaType: CONTENT_TYPE, digest: digestOf(ARCHIVE), size: ARCHIVE.length }],
});
const DIGEST = digestOf(MANIFEST);

const open: AsyncDisposable[] = [];
let hosts: Set<string | undefined>;
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

/** A registry of one chart on ::1, with a token server of its own that knows `me`; nothing of it is there without a token. */
const startRegistry = async (tls?: { readonly key: string; readonly cert: string }): Promise<TestServer> => {
  hosts = new Set();
  const respond: Respond = ({ url = '', headers }, response) => {
    hosts.add(headers.host);
    if (url.startsWith('/token')) {
      const isMe = headers.authorization === `Basic ${Buffer.from('me:s3cret').toString('base64')}`;
      return send(response, isMe ? 200 : 401, { 'content-type': 'application/json' }, '{"token":"t1"}');
    }
    const realm = `${tls === undefined ? 'http' : 'https'}://${server.host}/token`;
    if (headers.authorization !== 'Bearer t1') return send(response, 401, { 'www-authenticate': `Bearer realm="${realm}",service="r"` });
    if (url.includes('/blobs/')) return send(response, 200, {}, ARCHIVE);
    send(response, 200, { 'content-type': MANIFEST_TYPE, 'docker-content-digest': DIGEST }, MANIFEST);
  };
  const server = await startServer(respond, tls, '::1');
  open.push(server);
  return server;
};

const clientOf = (plainHttpHosts: readonly string[]): RegistryClient => {
  const client = new RegistryClient({ clock: new FakeClock(), plainHttpHosts });
  open.push({ [Symbol.asyncDispose]: () => client.close() });
  return client;
};

/** As a ChartRelease and its pull secret write them. */
const referenceOf = ({ host }: TestServer): Reference & { readonly tag: string } => {
  const parsed = parseReference(`oci://${host}/ns/app:1`);
  if (parsed.kind === 'Invalid') throw new Error(parsed.message);
  return { ...parsed.reference, tag: parsed.reference.tag ?? '' };
};
const credentialOf = (reference: Reference): Credential | undefined => {
  const config = JSON.stringify({ auths: { [reference.registry]: { username: 'me', password: 's3cret' } } });
  const choice = credentialFor([config], reference);
  return choice.kind === 'Found' ? choice.credential : undefined;
};

describe.skipIf(!hasIpv6)('a registry that has an IPv6 address alone', () => {
  it.each([
    ['TLS', TEST_CERTIFICATE],
    ['plain HTTP', undefined],
  ])('is pulled from by %s, with its own credential', async (_name, identity) => {
    const registry = await startRegistry(identity);
    const reference = referenceOf(registry);
    expect(printReference(reference)).toBe(`${registry.host}/ns/app:1`);
    const access = { credential: credentialOf(reference), tls: identity && { ca: identity.cert, client: undefined } };
    const client = clientOf(identity === undefined ? [registry.host] : []);
    expect(await client.resolve({ ...access, reference }, signal)).toBe(DIGEST);
    const { files } = await new RegistryCharts({ client }).pull(reference, DIGEST, access, signal);
    expect(files.map(({ name }) => name)).toContain('Chart.yaml');
    expect(hosts).toEqual(new Set([registry.host]));
  });

  it('is not trusted with a certificate of another name', async () => {
    const authority = makeAuthority();
    const registry = await startRegistry(authority.issue({ names: ['127.0.0.1', 'registry.test'] }));
    const asked = clientOf([]).resolve({ reference: referenceOf(registry), credential: undefined, tls: { ca: authority.cert, client: undefined } }, signal);
    await expect(asked).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringContaining(`the certificate of ${registry.host}`) });
    expect(hosts.size).toBe(0);
  });
});
