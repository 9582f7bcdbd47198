import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { realClock } from '../../../test/kube/real-clock.ts';
import { json, type ScriptedServer, startScripted } from '../../../test/kube/scripted-server.ts';
import { Api } from './api.ts';
import { type ApiRequest, Transport } from './transport.ts';

const signal = new AbortController().signal;
const anonymous = { tls: {}, headers: async () => ({}), renew: async () => undefined };
const at = (path: string, method: ApiRequest['method'] = 'PATCH'): ApiRequest => ({ method, path, ...(method !== 'GET' && { body: '{}' }) });

describe('a request to the API server, when it is about to leave', () => {
  let server: ScriptedServer;
  let transport: Transport;
  let isOpen: boolean;

  beforeEach(async () => {
    isOpen = true;
    server = await startScripted((_, response) => json(response, 200, {}));
    transport = new Transport({ server: server.url, credentials: anonymous, clock: realClock(50), connections: 1, fence: { isOpen: () => isOpen } });
  });
  afterEach(async () => {
    await transport.close();
    await server.close();
  });

  /** Sends one that the server keeps waiting. Returns what has it answered, once the server has it. */
  const occupy = async (): Promise<() => Promise<unknown>> => {
    const asked = new Promise<ServerResponse>((resolve) => {
      server.script = (_, response) => resolve(response);
    });
    const sent = transport.send(at('/first'), signal);
    const response = await asked;
    server.script = (_, other) => json(other, 200, {});
    return () => {
      json(response, 200, {});
      return sent;
    };
  };

  it('is held back where it changes something and the fence has closed while it waited for a connection', async () => {
    const free = await occupy();
    const waiting = new Api(transport).ask('apply ConfigMap a', at('/second'), signal);
    isOpen = false;
    await free();
    await expect(waiting).rejects.toThrow('cannot apply ConfigMap a: this replica does not lead, or cannot know that it still does');
    expect(server.seen.map(({ url }) => url)).toEqual(['/first']);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'] as const)('is held back where it is a %s', async (method) => {
    isOpen = false;
    await expect(transport.send(at('/a', method), signal)).rejects.toThrow('does not lead');
    expect(server.seen).toEqual([]);
  });

  it.each<readonly [string, ApiRequest]>([
    ['a read', at('/a', 'GET')],
    ['a dry run', { ...at('/a?dryRun=All'), isSafe: true }],
    ['about the Lease', { ...at('/lease'), isLease: true }],
  ])('passes where it is %s', async (_, request) => {
    isOpen = false;
    expect((await transport.send(request, signal)).status).toBe(200);
  });

  it('is held back when it would be sent again', async () => {
    server.script = (_, response) => {
      isOpen = false;
      response.writeHead(429, { 'retry-after': '1' }).end();
    };
    await expect(transport.send(at('/a'), signal)).rejects.toThrow('does not lead');
    expect(server.seen).toHaveLength(1);
  });

  it('about the Lease waits for no other, and is sent once', async () => {
    const free = await occupy();
    server.script = (_, response) => response.writeHead(429, { 'retry-after': '1' }).end();
    expect((await transport.send({ ...at('/lease'), isLease: true }, signal)).status).toBe(429);
    expect(server.seen.map(({ url }) => url)).toEqual(['/first', '/lease']);
    await free();
  });

  it('that is under way is cut when the connection is closed, at once', async () => {
    const closed = vi.fn();
    server.script = (_, response) => void once(response, 'close').then(closed);
    const sent = expect(transport.send(at('/a'), signal)).rejects.toThrow();
    await vi.waitFor(() => expect(server.seen).toHaveLength(1));
    void transport.close();
    await sent;
    await vi.waitFor(() => expect(closed).toHaveBeenCalled());
  });
});
