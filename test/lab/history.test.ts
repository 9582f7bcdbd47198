import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ScriptedServer, startScripted } from '../kube/scripted-server.ts';
import { changesUnder, inOrder } from './history.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const put = (at: number, key: string, value: string) => ({ kv: { key: base64(key), value: base64(value), mod_revision: String(at) } });
const removal = (at: number, key: string) => ({ type: 'DELETE', kv: { key: base64(key), mod_revision: String(at) } });
const line = (result: object): string => `${JSON.stringify({ result })}\n`;

describe('the history of a prefix', () => {
  let etcd: ScriptedServer;
  let chunks: readonly string[] = [];
  beforeEach(async () => {
    etcd = await startScripted((_, response) => {
      for (const chunk of chunks) response.write(chunk);
      response.end();
    });
  });
  afterEach(() => etcd.close());

  it('is asked for from the first revision, and read up to its last key, wherever lines are cut', async () => {
    const text = [{ created: true }, { events: [put(3, '/a/one', '1'), removal(5, '/a/one')] }, { events: [put(6, '/a/last', '{}'), put(7, '/a/later', '2')] }].map(line).join('');
    chunks = [text.slice(0, 30), text.slice(30, 100), text.slice(100)];
    expect(await changesUnder(etcd.url, '/a/', '/a/last')).toEqual([
      { at: 3, key: '/a/one', value: '1' },
      { at: 5, key: '/a/one', value: undefined },
      { at: 6, key: '/a/last', value: '{}' },
    ]);
    expect(JSON.parse(etcd.seen[0]?.body ?? '')).toEqual({ create_request: { key: base64('/a/'), range_end: base64('/a0'), start_revision: '1' } });
  });

  it('is refused where something was compacted away', async () => {
    chunks = [line({ created: true }), line({ canceled: true, compact_revision: '90', cancel_reason: 'required revision has been compacted' })];
    await expect(changesUnder(etcd.url, '/a/', '/a/last')).rejects.toThrow('no history of /a/: "required revision has been compacted", compacted at 90');
  });

  it('is refused where its end did not come', async () => {
    chunks = [line({ events: [put(3, '/a/one', '1')] })];
    await expect(changesUnder(etcd.url, '/a/', '/a/last')).rejects.toThrow('ended before /a/last');
  });
});

it('histories of several prefixes are one, in the order of revisions', () => {
  const change = (at: number) => ({ at, key: `/k${at}`, value: '' });
  expect(inOrder([[change(1), change(4)], [change(2)], []]).map(({ at }) => at)).toEqual([1, 2, 4]);
});
