import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fakes/clock.ts';
import { type MemoryRegistry, startMemoryRegistry } from '../../../test/registry/memory-registry.ts';
import { pushChart, smallChart } from '../../../test/registry/push.ts';
import { send, startServer, type TestServer } from '../../../test/registry/test-server.ts';
import type { Chart, Credential } from '../../ports/registry.ts';
import { RegistryCharts } from './registry-charts.ts';
import { RegistryClient } from './registry-client.ts';

const me: Credential = { kind: 'Password', username: 'me', password: 's3cret' };
const signal = AbortSignal.timeout(30_000);
const LIFE_S = 300;

/** Takes a request that comes with a good token; true where it has answered it. */
type Course = (request: IncomingMessage, response: ServerResponse) => boolean;

let registry: MemoryRegistry;
let tokens: TestServer;
let clock: FakeClock;
let client: RegistryClient;
let digest: string;
let good: string | undefined;
let course: Course;
let seen: string[];

beforeEach(async () => {
  registry = await startMemoryRegistry();
  let given = 0;
  tokens = await startServer((_, response) => {
    given += 1;
    good = `t${given}`;
    send(response, 200, { 'content-type': 'application/json' }, JSON.stringify({ token: good, expires_in: LIFE_S }));
  });
  clock = new FakeClock();
  client = new RegistryClient({ clock, plainHttpHosts: [registry.host, tokens.host] });
  digest = await pushChart(registry.host, 'ns/app', '1', smallChart('app', '1.0.0'));
  good = undefined;
  course = () => false;
  seen = [];
  registry.intercept = (request, response) => {
    const { url = '', headers } = request;
    const token = headers.authorization?.replace('Bearer ', '');
    const what = url.startsWith('/moved/') ? 'moved' : url.includes('/blobs/') ? 'blob' : 'manifest';
    seen.push(`${what} ${token ?? 'nobody'}`);
    if (token === undefined || token !== good) {
      const challenge = `Bearer realm="http://${tokens.host}/token",service="r",scope="repository:ns/app:pull"`;
      return response.writeHead(401, { 'www-authenticate': challenge }).end().writableEnded;
    }
    return course(request, response);
  };
});
afterEach(async () => {
  for (const one of [client, registry, tokens]) await one.close();
});

const reference = () => ({ registry: registry.host, repository: 'ns/app', tag: '1' });
const resolve = (): Promise<string> => client.resolve({ reference: reference(), credential: me }, signal);
const pull = (): Promise<Chart> => new RegistryCharts({ client }).pull(reference(), digest, { credential: me }, signal);
const isBlob = ({ url = '' }: IncomingMessage): boolean => url.includes('/blobs/');

describe('a token that is spent in the middle of a pull', () => {
  it('is replaced by one that is asked for once, where it ends between tag and manifest', async () => {
    expect(await resolve()).toBe(digest);
    good = 'another';
    expect(await pull()).toMatchObject({ digest });
    expect(seen).toEqual(['manifest nobody', 'manifest t1', 'manifest t1', 'manifest t2', 'blob t2']);
    expect(tokens.requests).toHaveLength(2);
  });

  it('is replaced by one that is asked for once, where it ends between manifest and blob', async () => {
    course = (request) => {
      // The manifest is the last that it is good for.
      if (!isBlob(request) && good === 't1') good = 'another';
      return false;
    };
    expect(await pull()).toMatchObject({ digest });
    expect(seen).toEqual(['manifest nobody', 'manifest t1', 'blob t1', 'blob t2']);
    expect(tokens.requests).toHaveLength(2);
  });

  it('is replaced by one that is asked for once, where it ends between the blob and the place on the same host that it is in', async () => {
    course = (request, response) => {
      if (!isBlob(request)) return false;
      if (request.url?.startsWith('/moved/') === true) return send(response, 200, {}, registry.content.get(`ns/app@${request.url.split('/').at(-1)}`)?.bytes) === undefined;
      if (good === 't1') good = 'another';
      return response.writeHead(307, { location: `/moved/${request.url?.slice(1)}` }).end().writableEnded;
    };
    expect(await pull()).toMatchObject({ digest });
    expect(seen).toEqual(['manifest nobody', 'manifest t1', 'blob t1', 'moved t1', 'blob t2', 'moved t2']);
    expect(tokens.requests).toHaveLength(2);
  });

  it('is replaced before it ends, without a request that is refused', async () => {
    await resolve();
    await clock.advance(LIFE_S * 800);
    expect(await pull()).toMatchObject({ digest });
    expect(seen.slice(2)).toEqual(['manifest t2', 'blob t2']);
    expect(tokens.requests).toHaveLength(2);
  });

  it('is replaced once for all pulls that are under way', async () => {
    await resolve();
    good = 'another';
    const charts = new RegistryCharts({ client });
    const other = await pushOther();
    await Promise.all([charts.pull(reference(), digest, { credential: me }, signal), charts.pull(reference(), other, { credential: me }, signal)]);
    expect(tokens.requests).toHaveLength(2);
  });

  it('ends the pull where the new one is refused too, in words', async () => {
    course = (request, response) => {
      if (!isBlob(request)) return false;
      return response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${tokens.host}/token",service="r"` }).end().writableEnded;
    };
    await expect(pull()).rejects.toMatchObject({ code: 'Unauthorized', message: expect.stringContaining('it refuses the token of') });
    expect(tokens.requests).toHaveLength(2);
  });
});

const pushOther = async (): Promise<string> => {
  const { intercept } = registry;
  registry.intercept = undefined;
  const other = await pushChart(registry.host, 'ns/app', '2', smallChart('app', '2.0.0'));
  registry.intercept = intercept;
  return other;
};
