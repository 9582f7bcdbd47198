import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { json, type ScriptedServer, startScripted } from '../kube/scripted-server.ts';
import { type Blow, startWriteProxy, type WriteProxy } from './write-proxy.ts';

describe('a proxy with a trap', () => {
  let target: ScriptedServer;
  let proxy: WriteProxy;
  beforeEach(async () => {
    target = await startScripted((_, response) => json(response, 200, { ok: true }));
    proxy = await startWriteProxy({ server: target.url, ca: '' });
  });
  afterEach(async () => {
    await proxy.close();
    await target.close();
  });

  const ask = async (method: string, path: string): Promise<number | 'no answer'> => {
    try {
      const answer = await fetch(proxy.server + path, { method, ...(method !== 'GET' && { body: '{"x":1}' }) });
      await answer.text();
      return answer.status;
    } catch {
      return 'no answer';
    }
  };
  const arm = (blow: Blow) => {
    const strikes: number[] = [];
    const struck = proxy.arm({ blow, delayMs: 0, isMeant: ({ path }) => path === '/meant', strike: () => strikes.push(target.seen.length) });
    return { strikes, struck };
  };

  const blows: readonly (readonly [Blow, number | 'no answer', number])[] = [
    ['BeforeSend', 'no answer', 0],
    ['AfterCommit', 'no answer', 1],
    ['AfterAnswer', 200, 1],
  ];
  it.each(blows)('%s: the client has %s, the server %i request', async (blow, answer, seen) => {
    const { strikes, struck } = arm(blow);
    expect(await ask('PATCH', '/meant')).toBe(answer);
    await struck;
    expect(strikes).toEqual([seen]);
    expect(target.seen.map(({ body }) => body)).toEqual(Array.from({ length: seen }, () => '{"x":1}'));
  });

  it('lets nothing through once it has struck, until it is mended; and strikes once', async () => {
    const { strikes, struck } = arm('BeforeSend');
    await ask('POST', '/meant');
    await struck;
    expect([await ask('GET', '/'), await ask('PATCH', '/other')]).toEqual(['no answer', 'no answer']);
    proxy.mend();
    expect([await ask('GET', '/'), await ask('POST', '/meant')]).toEqual([200, 200]);
    expect(strikes).toHaveLength(1);
  });

  it('passes on what is not meant, and waits on where the write was refused', async () => {
    const { strikes, struck } = arm('AfterCommit');
    target.script = (_, response) => json(response, 409, {});
    expect([await ask('DELETE', '/other'), await ask('PATCH', '/meant')]).toEqual([409, 409]);
    expect(strikes).toEqual([]);
    target.script = (_, response) => json(response, 200, {});
    expect(await ask('PATCH', '/meant')).toBe('no answer');
    await struck;
    expect(strikes).toHaveLength(1);
  });
});
