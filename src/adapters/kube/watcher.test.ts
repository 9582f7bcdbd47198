import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { realClock } from '../../../test/kube/real-clock.ts';
import { RecordingLogger } from '../../../test/kube/recording-logger.ts';
import { json, type ScriptedServer, type SeenRequest, startScripted } from '../../../test/kube/scripted-server.ts';
import type { Clock } from '../../ports/clock.ts';
import { Api } from './api.ts';
import type { Connection } from './connection.ts';
import { Discovery } from './discovery.ts';
import { fieldsOf, metadataOf } from './kube-object.ts';
import { Transport } from './transport.ts';
import { Watcher } from './watcher.ts';

const signal = new AbortController().signal;
const object = (name: string, resourceVersion: number, extra: Readonly<Record<string, unknown>> = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: String(resourceVersion), managedFields: [{ manager: 'x' }] },
  ...extra,
});
const list = (resourceVersion: number, items: readonly unknown[], continueToken = '') => ({
  kind: 'ConfigMapList',
  metadata: { resourceVersion: String(resourceVersion), continue: continueToken },
  items,
});
const event = (type: string, what: unknown) => `${JSON.stringify({ type, object: what })}\n`;
const expired = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
const isWatch = ({ url }: SeenRequest) => url.includes('watch=true');
const versionOf = ({ url }: SeenRequest) => new URL(url, 'http://x').searchParams.get('resourceVersion');

describe('Watcher', () => {
  let server: ScriptedServer;
  let transport: Transport;
  let logger: RecordingLogger;
  const open: ServerResponse[] = [];

  /** Answers lists one after the other, and leaves watches open for `send`. */
  const serve = (lists: unknown[], onWatch: (request: SeenRequest, response: ServerResponse) => void = (_, response) => hold(response)) => {
    server.script = (request, response) => (isWatch(request) ? onWatch(request, response) : json(response, 200, lists.length > 1 ? lists.shift() : lists[0]));
  };

  const hold = (response: ServerResponse) => {
    response.writeHead(200);
    response.flushHeaders();
    open.push(response);
  };

  const watches = () => server.seen.filter(isWatch);

  const start = (clock: Clock = realClock(100), changed: (text: string) => void = () => undefined, onBack: () => void = () => undefined) => {
    transport = new Transport({ server: server.url, credentials: { tls: {}, headers: async () => ({}), renew: async () => undefined }, clock });
    const api = new Api(transport);
    const connection: Connection = { api, discovery: new Discovery(api, clock), clock, logger, namespace: 'default', close: () => transport.close() };
    const watcher = new Watcher<unknown>(connection, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      selection: { path: '/api/v1/configmaps', labelSelector: 'a=b', isMetadataOnly: false },
      keep: (kept) => kept,
      changed: (change) => changed(`${change.kind} ${change.kind === 'Deleted' ? change.before.key : `${change.now.key}@${change.now.resourceVersion}`}`),
      onBack,
    });
    watcher.start();
    return watcher;
  };

  beforeEach(async () => {
    open.length = 0;
    logger = new RecordingLogger();
    server = await startScripted(() => undefined);
  });

  afterEach(async () => {
    await transport.close();
    await server.close();
  });

  it('lists in pages, then watches from where the list ends', async () => {
    serve([list(9, [object('a', 1)], 't1'), list(9, [object('b', 2)])]);
    const watcher = start();
    await watcher.ready(signal);
    expect(watcher.keys()).toEqual(['default/a', 'default/b']);
    await vi.waitFor(() => expect(watches()).toHaveLength(1));
    expect(server.seen.map(({ url }) => url)).toEqual([
      '/api/v1/configmaps?limit=500&labelSelector=a%3Db',
      '/api/v1/configmaps?limit=500&labelSelector=a%3Db&continue=t1',
      expect.stringMatching(/^\/api\/v1\/configmaps\?watch=true&allowWatchBookmarks=true&timeoutSeconds=(2[4-9]\d|3[0-5]\d)&resourceVersion=9&labelSelector=a%3Db$/),
    ]);
  });

  it('keeps objects without managedFields, and with the kind that lists leave out', async () => {
    const { apiVersion: _a, kind: _k, ...bare } = object('a', 1);
    serve([list(9, [bare])]);
    const watcher = start();
    await watcher.ready(signal);
    const kept = watcher.get('default/a')?.value;
    expect(fieldsOf(kept)).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
    expect(metadataOf(kept).name).toBe('a');
    expect(fieldsOf(kept)['metadata']).not.toHaveProperty('managedFields');
  });

  it('tells events, and resumes from the last of them when the stream ends', async () => {
    const told: string[] = [];
    serve([list(9, [object('a', 1)])]);
    start(realClock(100), (text) => told.push(text));
    await vi.waitFor(() => expect(open).toHaveLength(1));
    open[0]?.write(event('ADDED', object('b', 10)) + event('MODIFIED', object('a', 11)));
    open[0]?.write(event('DELETED', object('b', 12)) + event('BOOKMARK', { metadata: { resourceVersion: '20' } }));
    open[0]?.end();
    await vi.waitFor(() => expect(watches()).toHaveLength(2));
    expect(told).toEqual(['Added default/a@1', 'Added default/b@10', 'Updated default/a@11', 'Deleted default/b']);
    expect(watches().map(versionOf)).toEqual(['9', '20']);
  });

  it.each(['as an event', 'as a status'])('lists anew after 410 %s, with the old objects there until then, and tells the difference', async (how) => {
    const told: string[] = [];
    serve([list(9, [object('a', 1), object('b', 1)]), list(30, [object('b', 25), object('c', 26)])], (request, response) => {
      if (versionOf(request) === '30') hold(response);
      else if (how === 'as a status') json(response, 410, expired);
      else response.end(event('ERROR', expired));
    });
    const watcher = start(realClock(100), (text) => told.push(text));
    await watcher.ready(signal);
    expect(watcher.keys()).toEqual(['default/a', 'default/b']);
    await vi.waitFor(() => expect(watches().map(versionOf)).toEqual(['9', '30']));
    expect(told.slice(2)).toEqual(['Deleted default/a', 'Updated default/b@25', 'Added default/c@26']);
    expect(logger.lines).toEqual([]);
  });

  it('lists anew when it is asked to, and is not ready until that is in', async () => {
    const told: string[] = [];
    const { promise: late, resolve: answerIt } = Promise.withResolvers<void>();
    let lists = 0;
    server.script = (request, response) => {
      if (isWatch(request)) return hold(response);
      lists += 1;
      if (lists === 1) return json(response, 200, list(9, [object('a', 1)]));
      void late.then(() => json(response, 200, list(30, [object('b', 25)])));
    };
    const watcher = start(realClock(100), (text) => told.push(text));
    await vi.waitFor(() => expect(open).toHaveLength(1));
    watcher.refresh();
    expect(watcher.isReady).toBe(false);
    await vi.waitFor(() => expect(lists).toBe(2));
    expect(watcher.get('default/a')).toBeDefined();
    answerIt();
    await watcher.ready(signal);
    expect(watcher.keys()).toEqual(['default/b']);
    expect(told).toEqual(['Added default/a@1', 'Deleted default/a', 'Added default/b@25']);
    await vi.waitFor(() => expect(watches().map(versionOf)).toEqual(['9', '30']));
    expect(logger.lines).toEqual([]);
  });

  it('does not take a list that was begun before for the one that it is asked for', async () => {
    const { promise: late, resolve: answerIt } = Promise.withResolvers<void>();
    let lists = 0;
    server.script = (request, response) => {
      if (isWatch(request)) return hold(response);
      lists += 1;
      if (lists === 1) void late.then(() => json(response, 200, list(9, [object('a', 1)])));
      else json(response, 200, list(30, [object('b', 25)]));
    };
    const watcher = start();
    await vi.waitFor(() => expect(lists).toBe(1));
    watcher.refresh();
    answerIt();
    await watcher.ready(signal);
    expect(watcher.keys()).toEqual(['default/b']);
  });

  it('waits for the list that it was asked for, whatever stood in the way of the watch before', async () => {
    let lists = 0;
    server.script = (request, response) => {
      if (isWatch(request)) return json(response, 500, { kind: 'Status', message: 'not now' });
      lists += 1;
      json(response, 200, list(9 * lists, [object('a', lists)]));
    };
    const watcher = start();
    await vi.waitFor(() => expect(watcher.trouble).toBeDefined());
    watcher.refresh();
    await watcher.readyOrTrouble(signal);
    expect(watcher.get('default/a')?.resourceVersion).toBe('2');
  });

  it('begins the list again when its token expired', async () => {
    let lists = 0;
    server.script = (request, response) => {
      if (isWatch(request)) return hold(response);
      lists += 1;
      if (request.url.includes('continue=')) return json(response, 410, expired);
      json(response, 200, lists === 1 ? list(9, [object('a', 1)], 't1') : list(12, [object('b', 1)]));
    };
    const watcher = start();
    await watcher.ready(signal);
    expect(watcher.keys()).toEqual(['default/b']);
  });

  it.each([
    ['a line that is cut', event('MODIFIED', object('a', 10)) + event('MODIFIED', object('a', 11)).slice(0, 40)],
    ['a line that is no JSON', `${event('MODIFIED', object('a', 10))}{"type":\n${event('MODIFIED', object('a', 11))}`],
    ['an error that is not 410', event('MODIFIED', object('a', 10)) + event('ERROR', { kind: 'Status', code: 500, message: 'etcd' })],
    ['an event of an unknown type', `${event('MODIFIED', object('a', 10))}${event('CHANGED', object('a', 11))}`],
  ])('resumes after %s from what it has read before, and skips nothing', async (_, stream) => {
    serve([list(9, [object('a', 1)])], (request, response) => (versionOf(request) === '9' ? response.end(stream) : hold(response)));
    const watcher = start();
    await vi.waitFor(() => expect(watches().map(versionOf)).toEqual(['9', '10']));
    expect(watcher.get('default/a')?.resourceVersion).toBe('10');
    expect(logger.lines.map(({ level }) => level)).toEqual(['warn']);
  });

  it('resumes when the connection is cut or the server refuses to watch', async () => {
    serve([list(9, [object('a', 1)])], (_, response) => {
      const tries = watches().length;
      if (tries === 1) response.socket?.destroy();
      else if (tries === 2) json(response, 500, { kind: 'Status', message: 'not now' });
      else hold(response);
    });
    let backs = 0;
    start(realClock(100), undefined, () => {
      backs += 1;
    });
    await vi.waitFor(() => expect(watches()).toHaveLength(3));
    // A watch that is taken has nothing to tell yet, and says by that that the server is back.
    await vi.waitFor(() => expect(backs).toBe(1));
    expect(watches().map(versionOf)).toEqual(['9', '9', '9']);
    expect(logger.lines.map(({ fields }) => fields['error'])).toEqual([expect.stringContaining('does not answer'), expect.stringContaining('not now')]);
  });

  it('says that it follows from the list on, not while it is cut off, and again when something comes in', async () => {
    serve([list(9, [object('a', 1)])], (_, response) => {
      if (watches().length === 2) json(response, 500, { kind: 'Status', message: 'not now' });
      else hold(response);
    });
    const watcher = start();
    expect(watcher.isFollowing).toBe(false);
    await watcher.ready(signal);
    expect(watcher.isFollowing).toBe(true);
    await vi.waitFor(() => expect(open).toHaveLength(1));
    open[0]?.destroy();
    await vi.waitFor(() => expect(open).toHaveLength(2));
    expect(watcher.isFollowing).toBe(false);
    open[1]?.write(event('MODIFIED', object('a', 10)));
    await vi.waitFor(() => expect(watcher.isFollowing).toBe(true));
  });

  it('does not say so while it lists anew', async () => {
    serve([list(9, [object('a', 1)])], (_, response) => hold(response));
    const watcher = start();
    await watcher.ready(signal);
    await vi.waitFor(() => expect(open).toHaveLength(1));
    server.script = () => undefined;
    open[0]?.write(event('ERROR', expired));
    await vi.waitFor(() => expect(watcher.isFollowing).toBe(false));
    expect(watcher.trouble).toBeUndefined();
  });

  it('reconnects when no byte comes for 100 s', async () => {
    serve([list(9, [])]);
    start(realClock(1000));
    await vi.waitFor(() => expect(watches().length).toBeGreaterThan(1), { timeout: 3000 });
    expect(logger.lines[0]?.fields['error']).toContain('no byte for 100 s');
  });

  it('goes on when whoever is told of a change throws', async () => {
    serve([list(9, [object('a', 1), object('b', 1)])]);
    const watcher = start(realClock(100), () => {
      throw new Error('oops');
    });
    await watcher.ready(signal);
    await vi.waitFor(() => expect(open).toHaveLength(1));
    open[0]?.write(event('ADDED', object('c', 10)));
    await vi.waitFor(() => expect(watcher.keys()).toHaveLength(3));
    expect(logger.lines.map(({ level }) => level)).toEqual(['error', 'error', 'error']);
  });

  it('tells what keeps the first list from coming in, and goes on trying', async () => {
    let isAllowed = false;
    server.script = (request, response) => {
      if (isWatch(request)) hold(response);
      else json(response, isAllowed ? 200 : 403, isAllowed ? list(9, []) : { kind: 'Status', message: 'no list for you' });
    };
    const watcher = start();
    await expect(watcher.readyOrTrouble(signal)).rejects.toMatchObject({ code: 'Forbidden', message: expect.stringContaining('no list for you') });
    isAllowed = true;
    await watcher.ready(signal);
    expect(watcher.trouble).toBeUndefined();
  });

  it('takes no list that is older than what it has seen, unless that stays so', async () => {
    const old = list(8, [object('a', 1)]);
    serve([list(9, [object('a', 1)]), old, old, list(11, [object('a', 1), object('b', 10)])], (_, response) => hold(response));
    const watcher = start();
    await watcher.ready(signal);
    await vi.waitFor(() => expect(open).toHaveLength(1));
    open[0]?.write(event('ADDED', object('b', 10)));
    await vi.waitFor(() => expect(watcher.keys()).toHaveLength(2));
    watcher.refresh();
    await expect(watcher.readyOrTrouble(signal)).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringContaining('behind, at 8, and was at 10 before') });
    await watcher.ready(signal);
    expect(watcher.keys()).toHaveLength(2);
    serve([...Array.from({ length: 10 }, () => old), list(8, [object('a', 1)], 'more'), list(8, [])]);
    watcher.refresh();
    await watcher.ready(signal);
    expect(watcher.keys()).toHaveLength(1);
    expect(server.seen.filter((request) => !isWatch(request))).toHaveLength(4 + 12);
  });

  it('takes none after an outage either, however long it was', async () => {
    let answers = 0;
    serve([list(9, [object('a', 1)])], (_, response) => hold(response));
    const watcher = start();
    await watcher.ready(signal);
    await vi.waitFor(() => expect(open).toHaveLength(1));
    server.script = (request, response) => {
      if (isWatch(request)) return hold(response);
      answers += 1;
      if (answers <= 12) json(response, 500, { kind: 'Status', message: 'no list' });
      else json(response, 200, answers === 13 ? list(8, []) : list(10, [object('a', 1), object('b', 10)]));
    };
    open[0]?.write(event('ERROR', expired));
    await vi.waitFor(() => expect(watcher.keys()).toHaveLength(2), { timeout: 20_000 });
    expect(logger.lines.filter(({ fields }) => String(fields['error']).includes('is behind'))).toHaveLength(1);
  });

  it('ends without a word when the connection is closed', async () => {
    serve([list(9, [])]);
    start();
    await vi.waitFor(() => expect(open).toHaveLength(1));
    await transport.close();
    await vi.waitFor(() => expect(open[0]?.destroyed).toBe(true));
    expect(logger.lines).toEqual([]);
  });
});
