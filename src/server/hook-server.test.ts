import { connect } from 'node:net';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveHooks } from './hook-server.ts';
import type { RunningServer } from './http-server.ts';
import type { Notification } from './receivers.ts';

const LOOPBACK = { kind: 'Listen', host: '127.0.0.1', port: 0 } as const;
let server: RunningServer;
let came: Notification[];

beforeEach(async () => {
  came = [];
  const answer = async (notification: Notification) => {
    came.push(notification);
    return { status: 202, contentType: 'text/plain', body: 'thank you\n' };
  };
  server = await serveHooks(LOOPBACK, answer, { patienceMs: 300, bodyBytes: 1024 });
});
afterEach(() => server.close());

/** What is answered to bytes of a connection that stays open. */
const raw = async (...parts: readonly string[]): Promise<string> => {
  const [host, port] = server.address.split(':');
  const socket = connect(Number(port), host);
  await once(socket, 'connect');
  for (const part of parts) socket.write(part);
  return text(socket);
};

describe('the server of receivers', () => {
  it('hands on a whole body, as it came', async () => {
    const body = '{"a": "ß"}';
    const answer = await fetch(`http://${server.address}/hook/here?x=1`, { method: 'POST', body, headers: { 'x-signature': 's' } });
    expect(answer.status).toBe(202);
    expect(came).toEqual([{ path: '/hook/here', headers: expect.objectContaining({ 'x-signature': 's' }), body: Buffer.from(body) }]);
  });

  it('takes a body of the most bytes, and none of one more', async () => {
    const post = async (bytes: number) => (await fetch(`http://${server.address}/hook/here`, { method: 'POST', body: 'x'.repeat(bytes) })).status;
    expect([await post(1024), await post(1025)]).toEqual([202, 413]);
    expect(came).toHaveLength(1);
  });

  it('counts bytes where nobody says how many will come', async () => {
    const chunk = `${(512).toString(16)}\r\n${'x'.repeat(512)}\r\n`;
    const answer = await raw('POST /hook/here HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n', chunk, chunk, chunk);
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
    expect(came).toEqual([]);
  });

  it.each<readonly [string, string]>([
    ['a head that does not end', 'POST /hook/here HTTP/1.1\r\nhost: h\r\n'],
    ['a body that does not end', 'POST /hook/here HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\nx'],
  ])('does not wait for %s', async (_name, bytes) => {
    expect(await raw(bytes)).toMatch(/^HTTP\/1.1 408 /);
    expect(came).toEqual([]);
  });

  it('answers to POST alone', async () => {
    const answer = await fetch(`http://${server.address}/hook/here`);
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('goes on after a sender who has gone', async () => {
    const [host, port] = server.address.split(':');
    const socket = connect(Number(port), host);
    await once(socket, 'connect');
    socket.end('POST /hook/here HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\nx');
    await text(socket);
    expect((await fetch(`http://${server.address}/hook/here`, { method: 'POST', body: 'x' })).status).toBe(202);
  });
});
