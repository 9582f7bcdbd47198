import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fakes/clock.ts';
import { type MemoryRegistry, startMemoryRegistry } from '../../../test/registry/memory-registry.ts';
import { pushChart, smallChart } from '../../../test/registry/push.ts';
import { send } from '../../../test/registry/test-server.ts';
import { OriginGates } from './origin-gates.ts';
import { RegistryCharts } from './registry-charts.ts';
import { RegistryClient } from './registry-client.ts';

const signal = AbortSignal.timeout(30_000);
const HOUR = 3_600_000;
let clock: FakeClock;
let registry: MemoryRegistry;
let gates: OriginGates;
let client: RegistryClient;
let digest: string;

beforeEach(async () => {
  clock = new FakeClock(1_000_000);
  registry = await startMemoryRegistry();
  gates = new OriginGates(clock);
  client = new RegistryClient({ clock, plainHttpHosts: [registry.host], gates });
  digest = await pushChart(registry.host, 'ns/app', '1', smallChart('app', '1.0.0'));
  registry.requests.length = 0;
});

afterEach(async () => {
  await client.close();
  await registry.close();
});

const reference = () => ({ registry: registry.host, repository: 'ns/app', tag: '1' });
const resolve = (password?: string) =>
  client.resolve({ reference: reference(), credential: password === undefined ? undefined : { kind: 'Password', username: 'me', password } }, signal);

describe('a registry that marks its answers', () => {
  /** What was asked, and with which mark. */
  let asked: string[];
  let isHeadKnown: boolean;
  let etag: string;

  beforeEach(() => {
    asked = [];
    isHeadKnown = true;
    etag = '"one"';
    registry.intercept = (request, response) => {
      const mark = request.headers['if-none-match'];
      asked.push(`${request.method} ${mark}`);
      if (request.method === 'HEAD' && !isHeadKnown) return response.writeHead(405).end().writableEnded;
      if (mark === etag) return response.writeHead(304, { etag }).end().writableEnded;
      response.setHeader('etag', etag);
      return false;
    };
  });

  it('is asked whether anything has changed', async () => {
    expect([await resolve(), await resolve()]).toEqual([digest, digest]);
    expect(asked).toEqual(['HEAD undefined', 'HEAD "one"']);
  });

  it('sends no manifest again where it does not take HEAD', async () => {
    isHeadKnown = false;
    expect([await resolve(), await resolve()]).toEqual([digest, digest]);
    expect(asked).toEqual(['HEAD undefined', 'GET undefined', 'HEAD "one"', 'GET "one"']);
  });

  it('says so when the tag moves', async () => {
    await resolve();
    const moved = await pushChart(registry.host, 'ns/app', '1', smallChart('app', '2.0.0'));
    etag = '"two"';
    expect([await resolve(), await resolve()]).toEqual([moved, moved]);
  });

  it('is believed for an hour', async () => {
    await resolve();
    const moved = await pushChart(registry.host, 'ns/app', '1', smallChart('app', '2.0.0'));
    for (let minute = 0; minute < 59; minute += 1) {
      await clock.advance(HOUR / 60);
      expect(await resolve()).toBe(digest);
    }
    await clock.advance(HOUR / 60 + 1);
    expect(await resolve()).toBe(moved);
  });

  it('is not asked about what another credential has seen', async () => {
    await resolve('a');
    await resolve('b');
    expect(asked).toEqual(['HEAD undefined', 'HEAD undefined']);
  });

  it('may not say that nothing has changed to who knows nothing', async () => {
    registry.intercept = (_, response) => response.writeHead(304).end().writableEnded;
    await expect(resolve()).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringContaining('the registry answered 304') });
  });
});

describe('a registry that has limits', () => {
  it('is heard when it says what is left', async () => {
    registry.intercept = (_, response) => {
      response.setHeader('ratelimit-limit', '100;w=21600');
      response.setHeader('ratelimit-remaining', '76;w=21600');
      return false;
    };
    await resolve();
    expect(gates.at(registry.host).budgetAt(clock.now())).toEqual({ limit: 100, remaining: 76, until: clock.now() + 6 * HOUR });
  });

  it('is left alone by pulls as by polls while it asks for that, and probed once', async () => {
    const charts = new RegistryCharts({ client });
    const pull = () => charts.pull(reference(), digest, { credential: undefined }, signal);
    registry.intercept = (_, response) => {
      send(response, 429, { 'retry-after': '120' });
      return true;
    };
    await expect(pull()).rejects.toMatchObject({ code: 'Throttled', retryAfterMs: 120_000 });
    await clock.advance(119_000);
    await expect(pull()).rejects.toThrow(`cannot pull ${registry.host}/ns/app@${digest}: the registry asked to be left alone for now`);
    expect(gates.at(registry.host).holdMs(clock.now())).toBe(1000);
    expect(registry.requests).toHaveLength(1);
    await clock.advance(1000);
    const refused = await Promise.allSettled([pull(), charts.pull({ ...reference(), repository: 'ns/other' }, digest, { credential: undefined }, signal)]);
    expect(refused.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(registry.requests).toHaveLength(2);
    registry.intercept = undefined;
    await clock.advance(120_000);
    expect(await pull()).toMatchObject({ digest });
    expect(gates.at(registry.host).heldUntil).toBeUndefined();
  });

  it('is forgotten once nothing is to be remembered of it', async () => {
    await new RegistryCharts({ client }).pull(reference(), digest, { credential: undefined }, signal);
    expect([...gates.entries()]).toEqual([]);
  });
});
