import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { json, type ScriptedServer, startScripted } from '../kube/scripted-server.ts';
import { type Blow, startApiProxy, type ApiProxy } from './api-proxy.ts';
import type { Fault } from './steering.ts';
import type { Passing, WatchEvent } from './watch-pipe.ts';

let target: ScriptedServer;
let proxy: ApiProxy;
beforeEach(async () => {
  target = await startScripted((_, response) => json(response, 200, { ok: true }));
  proxy = await startApiProxy({ server: target.url, ca: '' });
});
afterEach(async () => {
  await proxy.close();
  await target.close();
});

describe('a proxy with a trap', () => {
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

  it('when it is cut breaks what is under way, and lets nothing through until it is mended', async () => {
    target.script = () => proxy.cut();
    expect([await ask('GET', '/'), await ask('GET', '/')]).toEqual(['no answer', 'no answer']);
    expect(target.seen).toHaveLength(1);
    target.script = (_, response) => json(response, 200, {});
    proxy.mend();
    expect(await ask('GET', '/')).toBe(200);
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

describe('a proxy with rules', () => {
  const ask = async (method: string): Promise<string> => {
    const answer = await fetch(`${proxy.server}/api/v1/namespaces/a/configmaps/b`, { method });
    return `${answer.status} ${await answer.text()}`;
  };

  const faults: readonly (readonly [string, Fault, string, number])[] = [
    ['answers in place of the API server', { kind: 'Answer', status: 429, body: { message: 'no' } }, '429 {"message":"no"}', 0],
    ['breaks the connection before the request is sent', { kind: 'Reset' }, 'no answer', 0],
    ['drops the answer', { kind: 'DropAnswer' }, 'no answer', 1],
    ['only delays', { kind: 'Delay', ms: 1 }, '200 {"ok":true}', 1],
  ];
  it.each(faults)('%s', async (_, fault, expected, seen) => {
    const steered = proxy.steer({ isMeant: ({ verb }) => verb === 'get' || verb === 'patch', fault });
    for (const method of ['GET', 'PATCH']) expect(await ask(method).catch(() => 'no answer')).toBe(expected);
    expect(steered.strikes()).toBe(2);
    expect(target.seen).toHaveLength(2 * seen);
    const status = expected === 'no answer' ? undefined : Number(expected.slice(0, 3));
    expect(proxy.passed).toMatchObject([
      { verb: 'get', status },
      { verb: 'patch', status },
    ]);
  });

  it('answers a read as it was the first time, until the rule is lifted', async () => {
    target.script = (_, response) => json(response, 200, { answers: target.seen.length });
    const steered = proxy.steer({ isMeant: ({ method }) => method === 'GET', fault: { kind: 'Stale' } });
    expect([await ask('GET'), await ask('PATCH'), await ask('GET')]).toEqual(['200 {"answers":1}', '200 {"answers":2}', '200 {"answers":1}']);
    steered.lift();
    expect(await ask('GET')).toBe('200 {"answers":3}');
  });
});

describe('a proxy of watches', () => {
  let stream: ServerResponse | undefined;
  beforeEach(() => {
    target.script = (_, response) => {
      stream = response.writeHead(200);
      stream.flushHeaders();
    };
  });

  const eventOf = (name: string) => JSON.stringify({ type: 'ADDED', object: { kind: 'X', metadata: { name, resourceVersion: '1' } } });
  const [one, two, three] = ['one', 'two', 'three'].map(eventOf) as [string, string, string];

  /** Everything that comes by a watch, and how it ended. */
  const watched = async (edit: (event: WatchEvent) => Passing | undefined, during: () => void = () => stream?.end()): Promise<string> => {
    const end = proxy.edit(edit);
    const response = await fetch(`${proxy.server}/api/v1/xs?watch=true`);
    let text = '';
    stream?.write(`${one}\n${two}\n${three}\n`);
    during();
    try {
      for await (const chunk of (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) text += chunk;
      return text;
    } catch {
      return `${text}!`;
    } finally {
      end();
    }
  };
  const at =
    (name: string, passing: Passing) =>
    ({ object }: WatchEvent) =>
      object.metadata.name === name ? passing : undefined;

  it.each<readonly [string, Passing, string]>([
    ['drops an event', { text: '' }, `${one}\n${three}\n`],
    ['repeats one', { text: `${two}\n${two}\n` }, `${one}\n${two}\n${two}\n${three}\n`],
    ['delays one, and what comes behind it', { text: `${two}\n`, delayMs: 5 }, `${one}\n${two}\n${three}\n`],
    ['ends a watch', { text: `${two}\n`, ends: 'Ended' }, `${one}\n${two}\n`],
    ['breaks it within a line', { text: two.slice(0, 9), ends: 'Reset' }, `${one}\n${two.slice(0, 9)}!`],
  ])('%s', async (_, passing, expected) => {
    expect(await watched(at('two', passing))).toBe(expected);
  });

  it('lets one fall silent, and says when an event was passed', async () => {
    const seen: string[] = [];
    const passed = () => {
      seen.push('two');
      setImmediate(() => proxy.endWatches());
    };
    expect(await watched(at('two', { text: '', passed, ends: 'Silent' }), () => undefined)).toBe(`${one}\n`);
    expect(seen).toEqual(['two']);
  });

  it('passes on that the API server breaks it', async () => {
    expect(await watched(at('three', { text: '', passed: () => stream?.destroy() }), () => undefined)).toBe(`${one}\n${two}\n!`);
  });
});
