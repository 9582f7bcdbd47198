import { afterEach, beforeEach, expect, it } from 'vitest';
import { realClock } from '../../../test/kube/real-clock.ts';
import { json, type ScriptedServer, startScripted } from '../../../test/kube/scripted-server.ts';
import { Transport } from './transport.ts';

const signal = new AbortController().signal;
let server: ScriptedServer;
let transport: Transport;
let counted: string[];
let retried: string[];

beforeEach(async () => {
  counted = [];
  retried = [];
  server = await startScripted((_, response) => json(response, 200, {}));
  const credentials = { tls: {}, headers: async () => ({}), renew: async () => undefined };
  const to = (host: string) => ({
    begin: (method: string) => (status: number | undefined) => counted.push(`${host} ${method} ${status}`),
    retried: (method: string, status: number | undefined) => retried.push(`${host} ${method} ${status}`),
  });
  transport = new Transport({ server: server.url, credentials, clock: realClock(50), metrics: { to } });
});

afterEach(async () => {
  await transport.close();
  await server.close();
});

const host = (): string => new URL(server.url).host;

it('counts every try of a request', async () => {
  server.script = (_, response) => json(response, server.seen.length === 1 ? 429 : 200, {});
  await transport.send({ method: 'PATCH', path: '/version', body: '{}' }, signal);
  expect(counted).toEqual([`${host()} PATCH 429`, `${host()} PATCH 200`]);
  expect(retried).toEqual([`${host()} PATCH 429`]);
});

it('counts a request that has no answer', async () => {
  server.script = (_, response) => response.destroy();
  await expect(transport.send({ method: 'POST', path: '/version', body: '{}' }, signal)).rejects.toThrow();
  expect(counted).toEqual([`${host()} POST undefined`]);
});

it('counts a watch when it begins, once', async () => {
  const { body } = await transport.open({ method: 'GET', path: '/version' }, signal);
  expect(counted).toEqual([`${host()} GET 200`]);
  for await (const _ of body);
  expect(counted).toHaveLength(1);
});
