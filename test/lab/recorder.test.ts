import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ScriptedServer, startScripted } from '../kube/scripted-server.ts';
import { type Recorder, startRecorder } from './recorder.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const put = (at: number, key: string, value: string) => ({ kv: { key: base64(key), value: base64(value), mod_revision: String(at) } });
const removal = (at: number, key: string) => ({ type: 'DELETE', kv: { key: base64(key), mod_revision: String(at) } });
const LONG_MS = 60_000;

describe('a recorder', () => {
  let etcd: ScriptedServer;
  let recorder: Recorder;
  let answers: ServerResponse[] = [];
  const happen = (...events: object[]): void => answers.forEach((answer) => void answer.write(`${JSON.stringify({ result: { events } })}\n`));
  beforeEach(async () => {
    answers = [];
    etcd = await startScripted((_, response) => {
      response.write(`${JSON.stringify({ result: { created: true } })}\n`);
      answers.push(response);
    });
    recorder = startRecorder(etcd.url);
  });
  afterEach(async () => {
    await recorder.close();
    await etcd.close();
  });

  it('asks for everything from the first revision on, and tells of the keys that are meant', async () => {
    const track = recorder.track((key) => key.startsWith('/registry/a/'));
    const heard: string[] = [];
    track.onChange(({ at, key, value }) => heard.push(`${at} ${key} ${value}`));
    await expect.poll(() => answers.length).toBe(1);
    happen(put(3, '/registry/a/one', '1'), put(4, '/registry/b/one', '1'));
    happen(put(5, '/registry/a/one', '2'), removal(6, '/registry/a/one'), put(7, '/registry/a/two', '3'));
    expect(await track.until(() => track.now('/registry/a/two') === '3', LONG_MS)).toBe(true);
    expect(heard).toEqual(['3 /registry/a/one 1', '5 /registry/a/one 2', '6 /registry/a/one undefined', '7 /registry/a/two 3']);
    expect(track.now('/registry/a/one')).toBeUndefined();
    expect(JSON.parse(etcd.seen[0]?.body ?? '')).toMatchObject({ create_request: { key: base64('/registry/'), start_revision: '1' } });
  });

  it('looks after every single change, so that none is overlooked', async () => {
    const track = recorder.track(() => true);
    const isOne = track.until(() => track.now('/registry/a') === '1', LONG_MS);
    await expect.poll(() => answers.length).toBe(1);
    happen(put(3, '/registry/a', '1'), put(4, '/registry/a', '2'));
    expect(await isOne).toBe(true);
  });

  it('says no when the time is over, and when its track ends', async () => {
    const track = recorder.track(() => true);
    expect(await track.until(() => false, 1)).toBe(false);
    const waiting = track.until(() => false, LONG_MS);
    track.end();
    expect(await waiting).toBe(false);
  });

  it('tells who waits when etcd ends the watch', async () => {
    const waiting = recorder.track(() => true).until(() => false, LONG_MS);
    const refused = expect(waiting).rejects.toThrow('the watch of etcd ended');
    await expect.poll(() => answers.length).toBe(1);
    for (const answer of answers) answer.end();
    await refused;
  });
});
