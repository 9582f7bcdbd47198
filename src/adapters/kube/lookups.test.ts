import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realClock } from '../../../test/kube/real-clock.ts';
import { RecordingLogger } from '../../../test/kube/recording-logger.ts';
import { json, type ScriptedServer, startScripted } from '../../../test/kube/scripted-server.ts';
import type { LookupQuestion } from '../../core/lookup.ts';
import { LookupTooLargeError } from '../../ports/lookups.ts';
import { Api } from './api.ts';
import { Discovery } from './discovery.ts';
import { KubeLookups } from './lookups.ts';
import { Transport } from './transport.ts';

const signal = new AbortController().signal;
const MEBIBYTE = 1024 * 1024;
const clock = realClock(50);

const KINDS = {
  '/version': { gitVersion: 'v1.36.3' },
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/api/v1': {
    resources: [
      { name: 'secrets', kind: 'Secret', namespaced: true },
      { name: 'nodes', kind: 'Node', namespaced: false },
    ],
  },
  '/apis': { kind: 'APIGroupList', groups: [] },
} as const satisfies Readonly<Record<string, unknown>>;

const status = (code: number, reason: string, details: unknown = { name: 'db', kind: 'secrets' }) => ({ kind: 'Status', code, reason, message: `${reason}!`, details });

let server: ScriptedServer;
let transport: Transport;
let lookups: KubeLookups;
/** What is answered by path and query; a function may answer otherwise every time. */
let answers: Record<string, readonly [number, unknown] | (() => readonly [number, unknown])>;

beforeEach(async () => {
  answers = {};
  server = await startScripted(({ url }, response) => {
    const known = url in KINDS ? ([200, KINDS[url as keyof typeof KINDS]] as const) : answers[url];
    const [code, body] = (typeof known === 'function' ? known() : known) ?? [404, status(404, 'NotFound')];
    json(response, code, body);
  });
  transport = new Transport({ server: server.url, credentials: { tls: {}, headers: async () => ({}), renew: async () => undefined }, clock });
  const api = new Api(transport);
  lookups = new KubeLookups({ api, discovery: new Discovery(api, clock), clock, logger: new RecordingLogger(), namespace: '', close: async () => undefined });
});

afterEach(async () => {
  await transport.close();
  await server.close();
});

const find = (question: Partial<LookupQuestion> = {}, limitBytes = MEBIBYTE) =>
  lookups.find({ apiVersion: 'v1', kind: 'Secret', namespace: 'shop', name: 'db', ...question }, limitBytes, signal);

const asked = () => server.seen.map(({ url }) => url).filter((url) => !(url in KINDS));

const NOTHING = { pages: [], finding: { kind: 'Nothing' } };

describe('KubeLookups', () => {
  it('gives the bytes of an object as they came, and says what it was', async () => {
    const object = { kind: 'Secret', metadata: { name: 'db', uid: 'u', resourceVersion: '7' } };
    answers['/api/v1/namespaces/shop/secrets/db'] = [200, object];
    const { pages, finding } = await find();
    expect(finding).toEqual({ kind: 'Object', uid: 'u', resourceVersion: '7' });
    expect(pages.map((page) => JSON.parse(Buffer.from(page).toString()))).toEqual([object]);
  });

  it.each<[string, Partial<LookupQuestion>, readonly string[]]>([
    ['an object that is not there', {}, ['/api/v1/namespaces/shop/secrets/db']],
    ['an object of the cluster, whatever the namespace', { kind: 'Node' }, ['/api/v1/nodes/db']],
    ['an object without its namespace', { namespace: '' }, []],
    ['a kind that is not served', { kind: 'Bell' }, []],
    ['a version that is not served', { apiVersion: 'example.com/v1' }, []],
  ])('finds nothing for %s', async (_, question, paths) => {
    expect(await find(question)).toEqual(NOTHING);
    expect(asked()).toEqual(paths);
  });

  it('looks again at what is served when a path is not, and finds nothing', async () => {
    answers['/api/v1/namespaces/shop/secrets/db'] = [404, 'page not found'];
    expect(await find()).toEqual(NOTHING);
    expect(asked()).toHaveLength(2);
    expect(server.seen.filter(({ url }) => url === '/version')).toHaveLength(2);
  });

  const page = (names: readonly string[], metadata: Readonly<Record<string, string>>) =>
    [200, { kind: 'SecretList', metadata, items: names.map((name) => ({ metadata: { name } })) }] as const;
  const [ALL, NEXT] = ['/api/v1/namespaces/shop/secrets?limit=500', '/api/v1/namespaces/shop/secrets?limit=500&continue=a%2Fb'];

  it('lists in pages', async () => {
    answers[ALL] = page(['a', 'b'], { continue: 'a/b', resourceVersion: '8' });
    answers[NEXT] = page(['c'], { resourceVersion: '9' });
    const { pages, finding } = await find({ name: '' });
    expect(finding).toEqual({ kind: 'List', count: 3, resourceVersion: '9' });
    expect(pages).toHaveLength(2);
  });

  it('lists all namespaces where none is given', async () => {
    answers['/api/v1/secrets?limit=500'] = page([], { resourceVersion: '8' });
    expect((await find({ name: '', namespace: '' })).finding).toEqual({ kind: 'List', count: 0, resourceVersion: '8' });
  });

  it('begins anew when the list expires before its last page, and mixes no two', async () => {
    answers[ALL] = page(['a'], { continue: 'a/b', resourceVersion: '8' });
    let turns = 0;
    answers[NEXT] = () => {
      turns += 1;
      return turns === 1 ? [410, status(410, 'Expired')] : page(['c'], { resourceVersion: '9' });
    };
    expect((await find({ name: '' })).pages).toHaveLength(2);
    answers[NEXT] = [410, status(410, 'Expired')];
    await expect(find({ name: '' })).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringContaining('the list expired before its last page, 3 times') });
  });

  it('asks once for what is too large, and says so: an object, and pages in all', async () => {
    answers['/api/v1/namespaces/shop/secrets/db'] = [200, { data: 'x'.repeat(2000) }];
    await expect(find({}, 1000)).rejects.toThrow(LookupTooLargeError);
    expect(asked()).toHaveLength(1);
    answers[ALL] = page(['a'.repeat(600)], { continue: 'a/b', resourceVersion: '8' });
    answers[NEXT] = page(['b'.repeat(600)], { resourceVersion: '8' });
    await expect(find({ name: '' }, 1000)).rejects.toThrow(LookupTooLargeError);
    expect((await find({ name: '' }, 2000)).pages).toHaveLength(2);
  });

  it.each([
    [403, 'Forbidden', 'Forbidden', 'cannot look up Secret shop/db: the API server does not allow it: Forbidden!'],
    [500, 'InternalError', 'Unavailable', 'cannot look up Secret shop/db: the API server fails with 500'],
    [405, 'MethodNotAllowed', 'Rejected', 'cannot look up Secret shop/db: the API server refuses it'],
  ])('says what it tried when the answer is %s', async (code, reason, expected, message) => {
    answers['/api/v1/namespaces/shop/secrets/db'] = [code, status(code, reason)];
    await expect(find()).rejects.toMatchObject({ code: expected, message: expect.stringContaining(message) });
  });
});
