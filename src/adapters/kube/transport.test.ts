import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../../test/fakes/clock.ts';
import { realClock } from '../../../test/kube/real-clock.ts';
import { json, type ScriptedServer, startScripted } from '../../../test/kube/scripted-server.ts';
import type { Clock } from '../../ports/clock.ts';
import { ServiceAccountCredentials } from './credentials.ts';
import { NoReply } from './exchange.ts';
import { type ApiRequest, type ReadRequest, Transport } from './transport.ts';

const signal = new AbortController().signal;
const anonymous = { tls: {}, headers: async () => ({}), renew: async () => undefined };
const GET: ReadRequest = { method: 'GET', path: '/version' };
const PATCH: ApiRequest = { method: 'PATCH', path: '/api/v1/namespaces/default/configmaps/a', body: '{}' };

/** Counts waits of half a second. */
class PausingClock extends FakeClock {
  pauses = 0;

  override after(delayMs: number, callback: () => void): () => void {
    if (delayMs === 500) this.pauses += 1;
    return super.after(delayMs, callback);
  }
}

describe('Transport', () => {
  let server: ScriptedServer;
  let transport: Transport | undefined;

  const open = (options: { readonly clock?: Clock; readonly timeoutMs?: number; readonly url?: string } = {}) => {
    transport = new Transport({ server: options.url ?? server.url, credentials: anonymous, clock: options.clock ?? realClock(50), timeoutMs: options.timeoutMs ?? 60_000 });
    return transport;
  };

  beforeEach(async () => {
    server = await startScripted((_, response) => json(response, 200, { ok: true }));
  });

  afterEach(async () => {
    await transport?.close();
    await server.close();
  });

  it('puts the path of the server before that of the request', async () => {
    await open({ url: `${server.url}/k8s/clusters/c-1/` }).send(GET, signal);
    expect(server.seen[0]?.url).toBe('/k8s/clusters/c-1/version');
  });

  it.each([GET, PATCH])('waits as long as a 429 in plain text says, and sends $method again', async (request) => {
    server.script = (_, response) => {
      if (server.seen.length < 3) response.writeHead(429, { 'retry-after': '2' }).end('Too many requests, please try again later.\n');
      else json(response, 200, {});
    };
    const waits: number[] = [];
    const clock: Clock = {
      ...realClock(50),
      after: (delayMs, callback) => {
        waits.push(delayMs);
        return realClock(50).after(delayMs, callback);
      },
    };
    expect((await open({ clock }).send(request, signal)).status).toBe(200);
    expect(server.seen).toHaveLength(3);
    expect(waits.filter((ms) => ms >= 2000 && ms <= 2500)).toHaveLength(2);
  });

  it('takes a 429 as the answer when it would have to wait beyond its bound', async () => {
    server.script = (_, response) => response.writeHead(429, { 'retry-after': '100' }).end('later');
    expect((await open().send(GET, signal)).status).toBe(429);
    expect(server.seen).toHaveLength(1);
  });

  it('takes a 429 as the answer that does not end', async () => {
    server.script = (_, response) => response.writeHead(429, { 'retry-after': '0' }).end('later');
    expect((await open().send(GET, signal)).status).toBe(429);
    expect(server.seen).toHaveLength(5);
  });

  it('repeats a GET after 503, and never a write: nobody knows whether it was done', async () => {
    server.script = (_, response) => (server.seen.length < 2 ? response.writeHead(503).end() : json(response, 200, {}));
    expect((await open().send(GET, signal)).status).toBe(200);
    server.seen.length = 0;
    expect((await open().send(PATCH, signal)).status).toBe(503);
  });

  it('repeats a GET after a reset, and never a write', async () => {
    server.script = (_, response) => (server.seen.length < 2 ? response.socket?.destroy() : json(response, 200, {}));
    expect((await open().send(GET, signal)).status).toBe(200);
    server.seen.length = 0;
    await expect(open().send(PATCH, signal)).rejects.toMatchObject({ name: 'NoReply', wasSent: true });
    expect(server.seen).toHaveLength(1);
  });

  it('repeats a write whose connection was refused', async () => {
    // Nobody is there, and a port that was just given up may be another test's by now.
    const sent = open({ url: 'http://127.0.0.1:1' }).send(PATCH, signal);
    await expect(sent).rejects.toMatchObject({ name: 'NoReply', wasSent: false, message: expect.stringContaining('ECONNREFUSED') });
  });

  it.each([GET, PATCH])('takes no 403 for an answer to $method before the server has said that it is ready', async (request) => {
    server.readyz = 403;
    server.script = (_, response) => json(response, server.readyz === 200 ? 200 : 403, {});
    const sent = open().send(request, signal);
    await vi.waitFor(() => expect(server.seen).toHaveLength(1));
    server.readyz = 200;
    expect((await sent).status).toBe(200);
    expect(server.seen).toHaveLength(2);
  });

  it('asks the very server that has said that it is ready', async () => {
    server.script = (_, response) => json(response, 403, {});
    expect((await open().send(PATCH, signal)).status).toBe(403);
    const [first, second] = server.seen;
    expect(server.seen).toHaveLength(2);
    expect(second?.port).not.toBe(first?.port);
    expect(second?.port).toBe(server.readyzPorts[0]);
    expect(server.readyzPorts).toHaveLength(1);
  });

  it('takes no 403 of one that has been started anew since it said so', async () => {
    server.script = (_, response) => {
      // The second request meets the end of one server, the third the start of the next.
      if (server.seen.length === 2) response.socket?.destroy();
      else json(response, server.seen.length === 4 ? 200 : 403, {});
      if (server.seen.length === 2) server.readyz = 403;
    };
    const sent = open().send(GET, signal);
    await vi.waitFor(() => expect(server.readyzPorts.length).toBeGreaterThan(1));
    expect(server.seen).toHaveLength(2);
    server.readyz = 200;
    expect((await sent).status).toBe(403);
    expect(server.seen).toHaveLength(3);
  });

  /** What comes of a request when the server has been asked for 15 s, each half second, whether it is ready. */
  const patiently = async <T>(clock: PausingClock, sent: Promise<T>): Promise<T> => {
    sent.catch(() => undefined);
    for (let pauses = 1; pauses < 30; pauses += 1) {
      await vi.waitFor(() => expect(clock.pauses).toBe(pauses));
      await clock.advance(500);
    }
    return sent;
  };

  it('takes the 403 of a server that does not say for 15 s whether it is ready, and does not ask it again for 10 min', async () => {
    server.readyz = 403;
    server.script = (_, response) => json(response, 403, {});
    const clock = new PausingClock();
    expect((await patiently(clock, open({ clock }).send(PATCH, signal))).status).toBe(403);
    expect(server.seen).toHaveLength(2);
    const asked = server.readyzPorts.length;
    expect((await transport?.send(PATCH, signal))?.status).toBe(403);
    expect(server.readyzPorts).toHaveLength(asked);
    server.readyz = 200;
    await clock.advance(600_000);
    expect((await transport?.send(PATCH, signal))?.status).toBe(403);
    expect(server.readyzPorts).toHaveLength(asked + 1);
  });

  it('takes nothing for an answer of a server that says for 15 s that it is not ready', async () => {
    server.readyz = 500;
    server.script = (_, response) => json(response, 403, {});
    const clock = new PausingClock();
    await expect(patiently(clock, open({ clock }).send(PATCH, signal))).rejects.toMatchObject({ name: 'NotReady', message: 'the API server is not ready: it answers 500' });
    expect(server.seen).toHaveLength(1);
  });

  it('takes no 403 of a server that has said before that it is ready, and does not say so any more', async () => {
    server.script = (_, response) => json(response, 403, {});
    const clock = new PausingClock();
    expect((await open({ clock }).send(PATCH, signal)).status).toBe(403);
    server.readyz = 403;
    const sent = transport?.send(PATCH, signal) ?? Promise.reject(new Error('it was not opened'));
    await expect(patiently(clock, sent)).rejects.toMatchObject({ name: 'NotReady', message: 'the API server is not ready: it answers 403' });
  });

  it('asks at most 8 at once whether they are ready', async () => {
    server.readyz = 403;
    server.script = (_, response) => json(response, 403, {});
    const one = open();
    const sent = Promise.all(Array.from({ length: 50 }, () => one.send(PATCH, signal)));
    await vi.waitFor(() => expect(server.readyzPorts.length).toBeGreaterThan(20));
    expect(new Set(server.readyzPorts).size).toBe(8);
    server.readyz = 200;
    expect(new Set((await sent).map(({ status }) => status))).toEqual(new Set([403]));
  });

  it('asks none any more when it is closed', async () => {
    server.readyz = 500;
    server.script = (_, response) => json(response, 403, {});
    const sent = open().send(PATCH, signal);
    await vi.waitFor(() => expect(server.readyzPorts.length).toBeGreaterThan(1));
    await transport?.close();
    await expect(sent).rejects.toMatchObject({ name: 'NoReply' });
  });

  it('asks nothing that only a ready server knows before it has said that it is', async () => {
    server.readyz = 500;
    const sent = open().send({ ...GET, isToReady: true }, signal);
    await vi.waitFor(() => expect(server.readyzPorts.length).toBeGreaterThan(1));
    expect(server.seen).toHaveLength(0);
    server.readyz = 200;
    expect((await sent).status).toBe(200);
  });

  it('ends a question of a ready server when it is closed', async () => {
    server.script = () => undefined;
    const sent = open().send({ ...PATCH, isToReady: true }, signal);
    await vi.waitFor(() => expect(server.seen).toHaveLength(1));
    await transport?.close();
    await expect(sent).rejects.toMatchObject({ name: 'NoReply', wasSent: true });
  });

  it('takes the 403 to a request for the Lease at once', async () => {
    server.readyz = 403;
    server.script = (_, response) => json(response, 403, {});
    expect((await open().send({ ...PATCH, isLease: true }, signal)).status).toBe(403);
    expect(server.seen).toHaveLength(1);
  });

  it('gives up a server that accepts and says nothing', async () => {
    server.script = () => undefined;
    await expect(open({ timeoutMs: 1000 }).send(GET, signal)).rejects.toThrow(new NoReply(true, new Error('no answer in 1 s')).message);
  });

  it('ends with the reason of the signal', async () => {
    server.script = () => undefined;
    const abort = new AbortController();
    const sent = open({ clock: new FakeClock() }).send(GET, abort.signal);
    await vi.waitFor(() => expect(server.seen).toHaveLength(1));
    abort.abort(new Error('enough'));
    await expect(sent).rejects.toThrow('enough');
  });

  it('refuses an answer that is longer than it may be', async () => {
    server.script = (_, response) => response.end('x'.repeat(1001));
    await expect(open().send({ ...PATCH, limitBytes: 1000 }, signal)).rejects.toThrow('longer than 1000 bytes');
    expect((await open().send({ ...PATCH, limitBytes: 1001 }, signal)).body).toHaveLength(1001);
  });

  it('ends a stream when it is closed', async () => {
    server.script = (_, response) => response.write('{"a":1}\n');
    const stream = await open().open(GET, signal);
    const read = (async () => {
      for await (const _ of stream.body) void transport?.close();
    })();
    await expect(read).rejects.toThrow();
    expect(transport?.closing.aborted).toBe(true);
  });
});

describe('ServiceAccountCredentials', () => {
  let dir: string;
  let server: ScriptedServer;
  let transport: Transport;
  const clock = new FakeClock();

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tagalong-kube-'));
    await Promise.all([writeFile(join(dir, 'token'), 'one\n'), writeFile(join(dir, 'ca.crt'), 'ca')]);
    server = await startScripted((request, response) => json(response, request.headers.authorization === 'Bearer expired' ? 401 : 200, {}));
    const credentials = new ServiceAccountCredentials({ tokenFile: join(dir, 'token'), caFile: join(dir, 'ca.crt') }, clock);
    transport = new Transport({ server: server.url, credentials, clock });
  });

  afterEach(async () => {
    await transport.close();
    await server.close();
    await rm(dir, { recursive: true });
  });

  const tokens = () => server.seen.map(({ headers }) => headers.authorization);

  it('reads the token again after a minute, and no sooner', async () => {
    await transport.send(GET, signal);
    await writeFile(join(dir, 'token'), 'two');
    await clock.advance(59_999);
    await transport.send(GET, signal);
    await clock.advance(1);
    await transport.send(GET, signal);
    expect(tokens()).toEqual(['Bearer one', 'Bearer one', 'Bearer two']);
  });

  it('reads the token at once after a 401 and sends the request again, a write too', async () => {
    await writeFile(join(dir, 'token'), 'expired');
    server.script = (request, response) => {
      void writeFile(join(dir, 'token'), 'two').then(() => json(response, request.headers.authorization === 'Bearer expired' ? 401 : 200, {}));
    };
    expect((await transport.send(PATCH, signal)).status).toBe(200);
    expect(tokens()).toEqual(['Bearer expired', 'Bearer two']);
  });

  it('sends requests again that a 401 meets while the token is being read for another', async () => {
    await transport.send(GET, signal);
    await writeFile(join(dir, 'token'), 'two');
    server.script = (request, response) => json(response, request.headers.authorization === 'Bearer one' ? 401 : 200, {});
    const replies = await Promise.all(Array.from({ length: 20 }, () => transport.send(PATCH, signal)));
    expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
  });

  it('opens a stream again that met a 401', async () => {
    await transport.send(GET, signal);
    await writeFile(join(dir, 'token'), 'two');
    server.script = (request, response) => json(response, request.headers.authorization === 'Bearer one' ? 401 : 200, {});
    expect((await transport.open(GET, signal)).status).toBe(200);
  });

  it('takes a 401 as the answer where the token is the same', async () => {
    await writeFile(join(dir, 'token'), 'expired');
    expect((await transport.send(GET, signal)).status).toBe(401);
    expect(server.seen).toHaveLength(1);
  });

  it('says which file cannot be read', async () => {
    await rm(join(dir, 'token'));
    await expect(transport.send(GET, signal)).rejects.toThrow(/cannot read the credentials in .*token: ENOENT/);
  });
});
