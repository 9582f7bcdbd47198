import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { makeAuthority } from '../registry/certificates.ts';
import { type CncfRegistry, startCncfRegistry } from '../registry/cncf-registry.ts';
import { startConnectProxy } from '../registry/connect-proxy.ts';
import { helmPush } from '../registry/helm-push.ts';
import { smallChart } from '../registry/push.ts';
import { conditionIn, openSite, type Site } from './site.ts';

const ours = makeAuthority('ours');
const theirs = makeAuthority('theirs');
const someone = ours.issue({ names: ['someone'] });

let site: Site;
let registry: CncfRegistry;
beforeAll(async () => {
  registry = await startCncfRegistry(inject('lab').tools['registry'] ?? '', { tls: { identity: ours.issue({ names: ['127.0.0.1', 'registry.test'] }), clientCa: ours.cert } });
  site = await openSite('registry-tls');
});
afterAll(async () => {
  await site.close();
  await registry.close();
});

const push = (name: string, note: string): Promise<string> =>
  helmPush({
    helm: inject('lab').tools['helm'] ?? '',
    to: `${registry.host}/ns`,
    name,
    version: '1.0.0',
    files: smallChart(name, '1.0.0', { 'templates/NOTES.txt': note }),
    flags: ['--ca-file', 'ca.crt', '--cert-file', 'tls.crt', '--key-file', 'tls.key'],
    beside: { 'ca.crt': ours.cert, 'tls.crt': someone.cert, 'tls.key': someone.key },
  });

const putSecret = async (name: string, stringData: Readonly<Record<string, string>>, place = site): Promise<void> => {
  const at = `/api/v1/namespaces/${place.namespace}/secrets/${name}?fieldManager=test&force=true`;
  await place.ask('PATCH', at, { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData }, 'application/apply-patch+yaml');
};

describe('a registry that asks for a client certificate, with a private CA', () => {
  it('is followed with spec.tls, as soon as its Secrets are right', async () => {
    await push('app', 'first');
    await putSecret('ca', { 'ca.crt': theirs.cert });
    await site.release('app', { chart: `${registry.host}/ns/app:1.0.0`, tls: { caSecret: 'ca', clientCertSecret: 'client' } });
    expect(await site.fails('app', 'TlsSecretInvalid')).toContain(`spec.tls.clientCertSecret: Secret ${site.namespace}/client does not exist`);
    await putSecret('client', { 'tls.crt': someone.cert, 'tls.key': someone.key });
    expect(await site.fails('app', 'RegistryUnavailable')).toMatch(/the certificate of 127\.0\.0\.1:\d+ is signed by nobody that is trusted/);
    // Nobody asks for a look: the Secret is watched.
    await putSecret('ca', { 'ca.crt': ours.cert });
    await site.ready('app', 1);
    const moved = await push('app', 'second');
    await site.lookNow('app');
    expect((await site.ready('app', 2)).chart?.digest).toBe(moved);
  });

  it('says what is missing, and leaves what runs alone', async () => {
    await push('kept', 'first');
    await putSecret('right', { 'ca.crt': ours.cert, 'tls.crt': someone.cert, 'tls.key': someone.key });
    const chart = `${registry.host}/ns/kept:1.0.0`;
    await site.release('kept', { chart, tls: { caSecret: 'right', clientCertSecret: 'right' } });
    await site.ready('kept', 1);
    await site.release('kept', { chart, tls: { caSecret: 'right' } });
    const status = await site.reaches('kept', 'in trouble with its registry', (seen) => conditionIn(seen, 'FetchFailed')?.status === 'True');
    expect(conditionIn(status, 'FetchFailed')).toMatchObject({
      reason: 'AuthenticationFailed',
      message: expect.stringMatching(/asks for a client certificate, and there is none: give one in spec.tls.clientCertSecret$/),
    });
    expect(await site.configMap('kept')).toMatchObject({ version: '1.0.0' });
    await site.release('kept', { chart, tls: { caSecret: 'right', clientCertSecret: 'right' } });
    await site.reaches('kept', 'out of trouble', (seen) => conditionIn(seen, 'FetchFailed')?.status !== 'True' && seen.revision === 1);
  });
});

describe('an operator whose environment names a proxy', () => {
  it('reaches registries by way of it, and the API server without', async () => {
    await using proxy = await startConnectProxy();
    const proxied = await openSite('proxied', { env: { HTTPS_PROXY: `http://${proxy.host}`, NO_PROXY: 'elsewhere.test' } });
    try {
      await push('proxied', 'first');
      await putSecret('right', { 'ca.crt': ours.cert, 'tls.crt': someone.cert, 'tls.key': someone.key }, proxied);
      // A name that the proxy alone can find.
      const named = registry.host.replace('127.0.0.1', 'registry.test');
      await proxied.release('app', { chart: `${named}/ns/proxied:1.0.0`, tls: { caSecret: 'right', clientCertSecret: 'right' } });
      await proxied.ready('app', 1);
      expect(new Set(proxy.asked)).toEqual(new Set([`CONNECT ${named}`]));
    } finally {
      await proxied.close();
    }
  });
});

describe('an operator whose configuration has a mirror', () => {
  it('follows and pulls from it, with the certificates of its entry, where the registry itself is not there', async () => {
    await push('mirrored', 'first');
    const folder = await mkdtemp(path.join(tmpdir(), 'tagalong-mirror-'));
    const files = { caFile: ours.cert, clientCertFile: someone.cert, clientKeyFile: someone.key };
    const paths = Object.fromEntries(Object.keys(files).map((name) => [name, path.join(folder, name)]));
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
    const registryHosts = { 'upstream.invalid': { mirrors: [{ host: registry.host, capabilities: ['pull', 'resolve'] }] }, [registry.host]: paths };
    const mirrored = await openSite('mirrored', { settings: { registryHosts } });
    try {
      await mirrored.release('app', { chart: 'upstream.invalid/ns/mirrored:1.0.0' });
      await mirrored.ready('app', 1);
      await mirrored.release('none', { chart: 'upstream.invalid/ns/none:1.0.0' });
      expect(await mirrored.fails('none', 'RegistryUnavailable')).toContain(`; before it the mirror ${registry.host}: the registry answered 404`);
    } finally {
      await mirrored.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
