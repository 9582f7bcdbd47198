import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import type { RegistryView } from '../ports/registry.ts';
import { ListenError, type Routes, type RunningServer, serve } from './http-server.ts';
import { metricsRoutes, probeRoutes, registriesRoutes } from './routes.ts';

const LOOPBACK = { kind: 'Listen', host: '127.0.0.1', port: 0 } as const;

let server: RunningServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const ask = async (routes: Routes, at: string, init?: RequestInit): Promise<{ readonly status: number; readonly body: string; readonly headers: Headers }> => {
  server = await serve(LOOPBACK, routes);
  const answer = await fetch(`http://${server.address}${at}`, init);
  return { status: answer.status, body: await answer.text(), headers: answer.headers };
};

const check = (name: string, problem?: string) => ({ name, problem: () => problem });

describe('the probes', () => {
  const routes = probeRoutes({ alive: [check('event-loop')], ready: [check('releases', 'the ChartReleases are not listed yet'), check('helm-engine')] });

  it('says that it is not ready, and line by line why, while a cache is not in', async () => {
    const { status, body } = await ask(routes, '/readyz');
    expect(status).toBe(503);
    expect(body).toBe('[-]releases failed: the ChartReleases are not listed yet\n[+]helm-engine ok\nreadyz check failed\n');
  });

  it('is alive all the same', async () => {
    expect(await ask(routes, '/healthz')).toMatchObject({ status: 200, body: 'ok' });
  });

  it('names what is well too when it is asked to', async () => {
    expect((await ask(routes, '/healthz?verbose')).body).toBe('[+]event-loop ok\nhealthz check passed\n');
  });

  it('says what else there is to say of a part', async () => {
    const election = { name: 'election', problem: () => undefined, remark: () => 'standby' };
    expect((await ask(probeRoutes({ alive: [], ready: [election] }), '/readyz?verbose')).body).toBe('[+]election ok: standby\nreadyz check passed\n');
  });

  it('looks anew at every request', async () => {
    let problem: string | undefined = 'no engine runs';
    server = await serve(LOOPBACK, probeRoutes({ alive: [], ready: [{ name: 'helm-engine', problem: () => problem }] }));
    const status = async () => (await fetch(`http://${server?.address}/readyz`)).status;
    expect(await status()).toBe(503);
    problem = undefined;
    expect(await status()).toBe(200);
  });
});

describe('the server', () => {
  const routes = metricsRoutes({ contentType: 'text/plain; version=0.0.4', text: async () => 'up 1\n' });

  it('shows metrics in their media type, and nothing is kept by a cache', async () => {
    const { body, headers } = await ask(routes, '/metrics');
    expect(body).toBe('up 1\n');
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('answers HEAD without a body', async () => {
    expect(await ask(routes, '/metrics', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
  });

  it.each(['/', '/metrics/', '/constructor', '/__proto__'])('has nothing at %s', async (at) => {
    expect(await ask(routes, at)).toMatchObject({ status: 404, body: 'there is only /metrics\n' });
  });

  it('takes no writes', async () => {
    const { status, headers } = await ask(routes, '/metrics', { method: 'POST', body: 'x' });
    expect(status).toBe(405);
    expect(headers.get('allow')).toBe('GET, HEAD');
  });

  it('answers 500 where a route fails, and goes on', async () => {
    const failing = metricsRoutes({ contentType: 'text/plain', text: () => Promise.reject(new Error('no numbers')) });
    expect(await ask(failing, '/metrics')).toMatchObject({ status: 500, body: 'no numbers\n' });
  });

  it('says where it cannot listen', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { readonly port: number }; // a TCP server's
    const refused = serve({ kind: 'Listen', host: '127.0.0.1', port }, routes);
    await expect(refused).rejects.toThrow(ListenError);
    await expect(refused).rejects.toThrow(`cannot listen on 127.0.0.1:${port}: `);
    other.close();
    await once(other, 'close');
  });

  it('ends with requests under way', async () => {
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    const never = metricsRoutes({
      contentType: 'text/plain',
      text: () => {
        resolve();
        return new Promise(() => undefined);
      },
    });
    server = await serve(LOOPBACK, never);
    const answer = fetch(`http://${server.address}/metrics`);
    await asked;
    await server.close();
    server = undefined;
    await expect(answer).rejects.toThrow();
  });
});

describe('/api/registries', () => {
  const view = (registry: string, polls: number): RegistryView => ({
    registry,
    polls,
    pollsPerMinute: polls / 3,
    stretch: 1,
    budget: undefined,
    failures: 0,
    heldUntil: undefined,
    nextPollAt: undefined,
  });

  it('says how each fares, those with the most polls first', async () => {
    const busy: RegistryView = {
      ...view('busy.example', 7),
      stretch: 2.345,
      budget: { limit: 100, remaining: 7, until: 60_000 },
      failures: 2,
      heldUntil: 90_000,
      nextPollAt: 120_000,
    };
    const { body, headers } = await ask(
      registriesRoutes(() => [view('idle.example', 1), busy]),
      '/api/registries',
    );
    expect(headers.get('content-type')).toBe('application/json');
    expect(JSON.parse(body)).toEqual({
      registries: [
        {
          registry: 'busy.example',
          polls: 7,
          pollsPerMinute: 2.33,
          stretch: 2.35,
          budget: { limit: 100, remaining: 7, until: '1970-01-01T00:01:00Z' },
          failures: 2,
          heldUntil: '1970-01-01T00:01:30Z',
          nextPoll: '1970-01-01T00:02:00Z',
        },
        { registry: 'idle.example', polls: 1, pollsPerMinute: 0.33, stretch: 1, budget: null, failures: 0, heldUntil: null, nextPoll: null },
      ],
    });
  });

  it('says it in words where nothing is left', async () => {
    const { body } = await ask(
      registriesRoutes(() => [{ ...view('r.example', 1), stretch: Number.POSITIVE_INFINITY }]),
      '/api/registries',
    );
    expect(JSON.parse(body)).toMatchObject({ registries: [{ stretch: 'until the budget is filled up again' }] });
  });
});
