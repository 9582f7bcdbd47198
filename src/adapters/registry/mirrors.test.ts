import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fakes/clock.ts';
import { RecordingLogger } from '../../../test/kube/recording-logger.ts';
import { type MemoryRegistry, startMemoryRegistry } from '../../../test/registry/memory-registry.ts';
import { pushChart, smallChart } from '../../../test/registry/push.ts';
import { send } from '../../../test/registry/test-server.ts';
import type { Access, Chart } from '../../ports/registry.ts';
import type { Mirror, RegistryHost } from './places.ts';
import { RegistryCharts } from './registry-charts.ts';
import { RegistryClient } from './registry-client.ts';

const signal = AbortSignal.timeout(60_000);
const FILES = smallChart('app', '1.0.0');
const UPSTREAM = { kind: 'Password', username: 'up', password: 's3cret-up' } as const;
const OF_MIRROR = { kind: 'Password', username: 'mirror', password: 's3cret-mirror' } as const;

let upstream: MemoryRegistry;
let near: MemoryRegistry;
let far: MemoryRegistry;
let digest: string;
let clock: FakeClock;
let logger: RecordingLogger;
let client: RegistryClient;

beforeEach(async () => {
  clock = new FakeClock();
  logger = new RecordingLogger();
  [upstream, near, far] = await Promise.all([startMemoryRegistry(), startMemoryRegistry(), startMemoryRegistry()]);
  const digests = await Promise.all([upstream, near, far].map(({ host }) => pushChart(host, 'ns/app', '1', FILES)));
  digest = digests[0] ?? '';
  for (const registry of [upstream, near, far]) registry.requests.length = 0;
});
afterEach(async () => {
  await client.close();
  await Promise.all([upstream.close(), near.close(), far.close()]);
});

/** A client whose configuration gives the upstream registry these mirrors. */
const withMirrors = (mirrors: readonly Mirror[], more: Partial<RegistryHost> = {}): void => {
  const hosts = new Map([[upstream.host, { mirrors, mirrorsOnly: false, ...more }]]);
  client = new RegistryClient({ clock, logger, plainHttpHosts: [upstream.host, near.host, far.host], hosts, timeouts: { connectMs: 1_000 } });
};
const bothMirrors = (mayResolve = false): readonly Mirror[] => [
  { host: near.host, mayResolve },
  { host: far.host, mayResolve },
];

const resolve = (access: Access = { credential: undefined }): Promise<string> =>
  client.resolve({ ...access, reference: { registry: upstream.host, repository: 'ns/app', tag: '1' } }, signal);
const pull = (access: Access = { credential: undefined }): Promise<Chart> =>
  new RegistryCharts({ client }).pull({ registry: upstream.host, repository: 'ns/app' }, digest, access, signal);

/** How often each was asked. */
const asked = () => ({ near: near.requests.length, far: far.requests.length, upstream: upstream.requests.length });

const breakDown = (registry: MemoryRegistry, how: number | 'hangs up'): void => {
  registry.intercept = (_, response) => {
    if (how === 'hangs up') response.destroy();
    else send(response, how);
    return true;
  };
};

const spoilBytes = ({ content }: MemoryRegistry, spoil: (bytes: Buffer) => Buffer): void => {
  for (const [key, stored] of content) content.set(key, { ...stored, bytes: spoil(stored.bytes) });
};

describe('RegistryClient with mirrors', () => {
  it('pulls from the first that has it, with the name of the registry that is meant', async () => {
    withMirrors(bothMirrors());
    expect(await pull()).toMatchObject({ digest });
    expect(asked()).toEqual({ near: 2, far: 0, upstream: 0 });
    expect(near.requests.map(({ url }) => new URL(url, 'http://mirror').searchParams.get('ns'))).toEqual([upstream.host, upstream.host]);
  });

  it('takes the word of the registry itself for what a tag points at, and that of a mirror only where it may say so', async () => {
    await pushChart(near.host, 'ns/app', '1', smallChart('app', '0.0.1'));
    near.requests.length = 0;
    withMirrors(bothMirrors());
    expect(await resolve()).toBe(digest);
    expect(asked()).toEqual({ near: 0, far: 0, upstream: 1 });
    await client.close();
    withMirrors(bothMirrors(true));
    expect(await resolve()).not.toBe(digest);
    expect(asked()).toEqual({ near: 1, far: 0, upstream: 1 });
  });

  it.each<[string, (mirror: MemoryRegistry) => void]>([
    ['is not there', (mirror) => breakDown(mirror, 'hangs up')],
    ['answers 404', (mirror) => breakDown(mirror, 404)],
    ['answers 401', (mirror) => breakDown(mirror, 401)],
    ['answers 500', (mirror) => breakDown(mirror, 500)],
    ['answers 429', (mirror) => breakDown(mirror, 429)],
    ['gives other bytes', (mirror) => spoilBytes(mirror, ({ length }) => Buffer.alloc(length, 'x'))],
    ['gives half of the bytes', (mirror) => spoilBytes(mirror, (bytes) => bytes.subarray(1))],
  ])('asks the next when one %s', async (_name, spoil) => {
    withMirrors(bothMirrors());
    spoil(near);
    expect((await pull()).files).toHaveLength(Object.keys(FILES).length);
    expect(asked()).toMatchObject({ far: 2, upstream: 0 });
    spoil(far);
    await client.close();
    withMirrors(bothMirrors());
    expect((await pull()).files).toHaveLength(Object.keys(FILES).length);
    expect(asked()).toMatchObject({ upstream: 2 });
  });

  it('says what came of each when nobody has it', async () => {
    withMirrors(bothMirrors());
    breakDown(near, 503);
    breakDown(far, 404);
    breakDown(upstream, 404);
    await expect(pull()).rejects.toMatchObject({
      code: 'NotFound',
      message: `cannot pull ${upstream.host}/ns/app@${digest}: the registry answered 404 (no such repository, tag or digest); before it the mirror ${near.host}: the registry answered 503; before it the mirror ${far.host}: the registry answered 404 (no such repository, tag or digest)`,
    });
  });

  it('never asks the registry itself where the configuration says so', async () => {
    withMirrors(bothMirrors(true), { mirrorsOnly: true });
    breakDown(near, 404);
    expect(await resolve()).toBe(digest);
    breakDown(far, 500);
    await expect(resolve()).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringContaining(`from the mirror ${far.host}`) });
    expect(asked().upstream).toBe(0);
  });
});

describe('RegistryClient, and a mirror that is down', () => {
  it('does not ask it again for a while, which grows; then once, for all', async () => {
    withMirrors(bothMirrors(true));
    breakDown(near, 503);
    const looks = async (times: number): Promise<number> => {
      near.requests.length = 0;
      for (let look = 0; look < times; look += 1) expect(await resolve()).toBe(digest);
      return near.requests.length;
    };
    expect(await looks(5)).toBe(1);
    await clock.advance(9_999);
    expect(await looks(2)).toBe(0);
    await clock.advance(1_002);
    expect(await looks(2)).toBe(1);
    await clock.advance(12_000);
    expect(await looks(1)).toBe(0);
    await clock.advance(10_000);
    near.intercept = undefined;
    expect(await looks(3)).toBe(3);
    expect(logger.lines.map(({ message }) => message)).toEqual(['the mirror is passed over for now: the registry answered 503', 'the mirror answers again']);
  });

  it('leaves one alone for as long as that asks for', async () => {
    withMirrors(bothMirrors(true));
    near.intercept = (_, response) => {
      send(response, 429, { 'retry-after': '120' });
      return true;
    };
    await resolve();
    await clock.advance(119_000);
    await resolve();
    expect(near.requests).toHaveLength(1);
  });

  it('asks one that merely lacks something each time', async () => {
    withMirrors(bothMirrors(true));
    breakDown(near, 404);
    for (let look = 0; look < 3; look += 1) await resolve();
    expect(asked()).toEqual({ near: 3, far: 3, upstream: 0 });
  });

  it('is asked all the same where nobody else may be', async () => {
    withMirrors([{ host: near.host, mayResolve: true }], { mirrorsOnly: true });
    breakDown(near, 503);
    for (let look = 0; look < 3; look += 1) await expect(resolve()).rejects.toMatchObject({ code: 'Unavailable' });
    expect(near.requests).toHaveLength(3);
  });
});

describe('RegistryClient, and what a mirror gets to see', () => {
  const basic = ({ username, password }: typeof UPSTREAM | typeof OF_MIRROR): string => `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const askForPassword = (registry: MemoryRegistry): void => {
    registry.intercept = ({ headers }, response) => {
      if (headers.authorization !== undefined) return false;
      send(response, 401, { 'www-authenticate': 'Basic realm="r"' });
      return true;
    };
  };
  const seenBy = (registry: MemoryRegistry) => [...new Set(registry.requests.map(({ authorization }) => authorization))];

  it('is the credential for its own host, never that of the registry', async () => {
    for (const registry of [near, far, upstream]) askForPassword(registry);
    withMirrors(bothMirrors(true));
    breakDown(near, 404);
    expect(await resolve({ credential: UPSTREAM, mirrorCredentials: { [far.host]: OF_MIRROR } })).toBe(digest);
    expect(seenBy(far)).toEqual([undefined, basic(OF_MIRROR)]);
    expect(await resolve({ credential: UPSTREAM })).toBe(digest);
    expect(seenBy(far)).toEqual([undefined, basic(OF_MIRROR)]);
    expect(seenBy(near)).toEqual([undefined]);
    expect(seenBy(upstream)).toEqual([undefined, basic(UPSTREAM)]);
  });
});
