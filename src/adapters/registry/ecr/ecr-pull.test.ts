import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FakeClock } from '../../../../test/fakes/clock.ts';
import { resolve } from '../../../stages/resolve.ts';
import { readRelease } from '../../kube/release-reader.ts';
import { RegistryClient } from '../registry-client.ts';
import { EcrIdentities } from './ecr-identities.ts';

const HOST = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const DIGEST = `sha256:${'a'.repeat(64)}`;
const LOGIN = Buffer.from('AWS:ecr-p4ss').toString('base64');
const signal = AbortSignal.timeout(20_000);
const clock = new FakeClock(Date.parse('2026-01-01T00:00:00Z'));

/** ECR, and a proxy that has the registry behind it: so it may have its real name. */
const asked: string[] = [];
const server = createServer(({ method = '', url = '', headers: { authorization = 'nobody' } }, response) => {
  asked.push(`${method} ${url} ${authorization.replace(/ Credential=.*/, '')}`);
  if (url === '/ecr') response.end(JSON.stringify({ authorizationData: [{ authorizationToken: LOGIN, expiresAt: clock.now() / 1000 + 43_200 }] }));
  else if (authorization !== `Basic ${LOGIN}`) response.writeHead(401, { 'www-authenticate': `Basic realm="https://${HOST}/",service="ecr.amazonaws.com"` }).end();
  else response.writeHead(200, { 'content-type': 'application/vnd.oci.image.manifest.v1+json', 'docker-content-digest': DIGEST }).end();
});
let client: RegistryClient;
let identities: EcrIdentities;
beforeAll(async () => {
  await new Promise<void>((listening) => {
    server.listen(0, '127.0.0.1', listening);
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens at a port
  client = new RegistryClient({ clock, plainHttpHosts: [HOST], proxies: { http: origin, https: undefined, except: '' } });
  identities = new EcrIdentities({ clock, env: { AWS_ACCESS_KEY_ID: 'ENVKEY', AWS_SECRET_ACCESS_KEY: 'k3y-secret', AWS_ENDPOINT_URL_ECR: `${origin}/ecr` } });
});
afterAll(async () => {
  await Promise.all([client.close(), identities.close()]);
  await new Promise((closed) => {
    server.close(closed);
  });
});

it('follows a tag of ECR with the password that AWS lends, which the registry alone is shown', async () => {
  const read = readRelease({ metadata: { name: 'app', namespace: 'team' }, spec: { chart: `${HOST}/charts/app:1` } });
  if (read.kind === 'Unreadable') throw new Error(read.message);
  const deps: Parameters<typeof resolve>[0] = {
    tags: {
      follow: async (_follower, tag) => ({ digest: await client.resolve(tag, signal), trouble: undefined }),
      followRange: () => Promise.reject(new Error('no range is followed')),
      unfollow: () => undefined,
    },
    sources: { read: async () => [], forget: () => undefined },
    secrets: { read: async () => undefined },
    serviceAccounts: { imagePullSecrets: async () => [] },
    defaultCredentials: { name: 'the file', read: async () => undefined },
    cloudIdentities: identities,
    mirrors: { of: () => [] },
    clock,
  };
  expect(await resolve(deps, read.release, { fresh: true }, signal)).toMatchObject({ digest: DIGEST, trouble: undefined, renewedAt: clock.now() + 43_200_000 * 0.8 });
  const manifest = `HEAD http://${HOST}/v2/charts/app/manifests/1`;
  expect(asked).toEqual(['POST /ecr AWS4-HMAC-SHA256', `${manifest} nobody`, `${manifest} Basic ${LOGIN}`]);
});
