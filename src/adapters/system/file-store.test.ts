import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingLogger } from '../../../test/kube/recording-logger.ts';
import { FileStore, type FileStoreOptions, type WriteSteps } from './file-store.ts';

const MIB = 1024 * 1024;
const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

let folder: string;
let logger: RecordingLogger;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tagalong-store-'));
  logger = new RecordingLogger();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (options: Partial<FileStoreOptions> = {}): Promise<FileStore> => FileStore.open({ folder, maxBytes: MIB, logger, ...options });
const filesIn = async (): Promise<readonly string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
const content = (length = 100): Buffer => randomBytes(length);

describe('FileStore', () => {
  it('has what was kept, also for who opens the folder later', async () => {
    const bytes = content();
    const store = await open();
    await store.keep('r.example/ns/app', bytes);
    expect(await store.read('r.example/ns/app', digestOf(bytes))).toEqual(bytes);
    const later = await open();
    expect(later.has('r.example/ns/app', digestOf(bytes))).toBe(true);
    expect(await later.read('r.example/ns/app', digestOf(bytes))).toEqual(bytes);
  });

  it('has nothing of another shelf, and nothing that was not kept', async () => {
    const bytes = content();
    const store = await open();
    await store.keep('r.example/ns/app', bytes);
    expect(await store.read('r.example/ns/other', digestOf(bytes))).toBeUndefined();
    expect(store.has('r.example/ns/other', digestOf(bytes))).toBe(false);
    expect(await store.read('r.example/ns/app', digestOf(content()))).toBeUndefined();
  });

  it.each(['../../escape', '/etc', '', 'a\0b', 'x'.repeat(5_000)])('is not led out of its folder by the shelf %j', async (shelf) => {
    const bytes = content();
    const store = await open();
    await store.keep(shelf, bytes);
    expect(await store.read(shelf, digestOf(bytes))).toEqual(bytes);
    expect(await store.read(shelf, '../../../etc/passwd')).toBeUndefined();
    expect(await filesIn()).toHaveLength(1);
  });

  it('lets nobody else read it', async () => {
    await (await open()).keep('s', content());
    const [file = ''] = await filesIn();
    expect((await stat(file)).mode & 0o077).toBe(0);
    expect((await stat(path.dirname(file))).mode & 0o077).toBe(0);
  });

  it.each<readonly [string, (bytes: Buffer) => Buffer]>([
    ['a part of the bytes', (bytes) => bytes.subarray(0, 50)],
    ['nothing', () => Buffer.alloc(0)],
    ['other bytes', (bytes) => Buffer.from(bytes).fill(0, 20, 21)],
    ['more bytes', (bytes) => Buffer.concat([bytes, Buffer.from('x')])],
  ])('does not give out a file with %s, and removes it', async (_name, spoil) => {
    const bytes = Buffer.from('x'.repeat(100));
    const store = await open();
    await store.keep('s', bytes);
    const [file = ''] = await filesIn();
    await writeFile(file, spoil(bytes));
    expect(await store.read('s', digestOf(bytes))).toBeUndefined();
    expect(await filesIn()).toEqual([]);
    await store.keep('s', bytes);
    expect(await store.read('s', digestOf(bytes))).toEqual(bytes);
  });

  it('keeps no more than its bytes, and lets go of the shelf that was used longest ago', async () => {
    const store = await open({ maxBytes: 300 });
    const [first, second, third, fourth] = [content(), content(), content(), content()];
    for (const bytes of [first, second, third]) await store.keep(digestOf(bytes), bytes);
    expect(await store.read(digestOf(first), digestOf(first))).toEqual(first);
    await store.keep('fourth', fourth);
    expect(await store.read(digestOf(second), digestOf(second))).toBeUndefined();
    for (const bytes of [first, third]) expect(await store.read(digestOf(bytes), digestOf(bytes))).toEqual(bytes);
    expect(await filesIn()).toHaveLength(3);
    // Neither what is too large on its own, nor what an earlier process was allowed.
    await store.keep('s', content(301));
    expect(await filesIn()).toHaveLength(3);
    await (await open({ maxBytes: 150 })).keep('s', content(10));
    expect(await filesIn()).toHaveLength(2);
    expect(await readdir(folder)).toHaveLength(2);
  });

  it('lets what is furthest back in history go, never what runs, and says so once', async () => {
    const ages = new Map([
      ['runs', 0],
      ['before', 1],
      ['long ago', 2],
    ]);
    const store = await open({ maxBytes: 300, ages: () => ages });
    const [runs, before, longAgo] = [content(), content(), content()];
    await store.keep('long ago', longAgo);
    await store.keep('runs', runs);
    await store.keep('before', before);
    await store.keep('new', content(50));
    expect(await store.read('long ago', digestOf(longAgo))).toBeUndefined();
    expect(await store.read('before', digestOf(before))).toEqual(before);
    await store.keep('newer', content(150));
    await store.keep('newest', content(201));
    expect(await store.read('runs', digestOf(runs))).toEqual(runs);
    expect(logger.lines).toMatchObject([{ level: 'warn', message: expect.stringContaining('raise --chart-store-size'), fields: { maxBytes: 300, charts: 3 } }]);
  });

  it('lets nothing go while the history of releases is not known', async () => {
    let ages: ReadonlyMap<string, number> | undefined;
    const store = await open({ maxBytes: 150, ages: () => ages });
    const [one, other] = [content(), content()];
    await store.keep('one', one);
    await store.keep('other', other);
    expect(await store.read('one', digestOf(one))).toEqual(one);
    expect(await store.read('other', digestOf(other))).toBeUndefined();
    ages = new Map();
    await store.keep('other', other);
    expect(await store.read('other', digestOf(other))).toEqual(other);
    expect(logger.lines).toEqual([]);
  });

  it('writes nothing twice', async () => {
    const store = await open();
    const bytes = content();
    await store.keep('s', bytes);
    const [file = ''] = await filesIn();
    const { ino } = await stat(file);
    await store.keep('s', bytes);
    expect((await stat(file)).ino).toBe(ino);
  });

  it('has what many keep at once', async () => {
    const store = await open();
    const all = Array.from({ length: 20 }, () => content());
    await Promise.all([...all, ...all].map((bytes) => store.keep('s', bytes)));
    for (const bytes of all) expect(await store.read('s', digestOf(bytes))).toEqual(bytes);
    expect(await filesIn()).toHaveLength(20);
  });

  it('removes what a process was writing when it ended, and leaves other files alone', async () => {
    const store = await open();
    await store.keep('s', content());
    const [file = ''] = await filesIn();
    await writeFile(path.join(path.dirname(file), '0123456789abcdef.tmp'), 'half');
    await writeFile(path.join(folder, 'README'), 'somebody else');
    await open();
    expect(new Set(await filesIn())).toEqual(new Set([path.join(folder, 'README'), file]));
  });

  it('says so when its folder cannot be used', async () => {
    const file = path.join(folder, 'file');
    await writeFile(file, '');
    await expect(FileStore.open({ folder: file, maxBytes: MIB, logger })).rejects.toThrow(/EEXIST|ENOTDIR/);
  });
});

/** Does the steps up to one, and half of that one; then the process is gone. */
const endingAt = (last: 'write' | 'rename' | 'settle'): WriteSteps => ({
  write: async (file, bytes) => {
    await writeFile(file, last === 'write' ? bytes.subarray(0, bytes.length / 2) : bytes);
    if (last === 'write') await ended();
  },
  rename: async (from, to) => {
    if (last === 'rename') await ended();
    await rename(from, to);
  },
  settle: () => ended(),
});

/** A process that is killed does not go on, not even to tidy up. */
const ended = (): Promise<never> => new Promise(() => undefined);

describe('FileStore, killed while it writes,', () => {
  it.each(['write', 'rename', 'settle'] as const)('has all or nothing afterwards (%s)', async (step) => {
    const bytes = content(10_000);
    const killed = await open({ steps: endingAt(step) });
    void killed.keep('s', bytes);
    await expect.poll(async () => (await filesIn()).filter((file) => (step === 'settle' ? !file.endsWith('.tmp') : file.endsWith('.tmp')))).toHaveLength(1);
    const store = await open();
    expect(await store.read('s', digestOf(bytes))).toEqual(step === 'settle' ? bytes : undefined);
    expect((await filesIn()).filter((file) => file.endsWith('.tmp'))).toEqual([]);
    await store.keep('s', bytes);
    expect(await store.read('s', digestOf(bytes))).toEqual(bytes);
  });
});

describe('FileStore on a disk that is of no help', () => {
  it('goes on without, says so once, and keeps again when there is room', async () => {
    let isFull = true;
    const full = async (file: string, bytes: Uint8Array): Promise<void> => {
      await writeFile(file, isFull ? bytes.subarray(0, 10) : bytes);
      if (isFull) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    };
    const store = await open({ steps: { write: full, rename, settle: async () => undefined } });
    const [one, other] = [content(), content()];
    await store.keep('s', one);
    await store.keep('s', other);
    expect(await store.read('s', digestOf(one))).toBeUndefined();
    expect(await filesIn()).toEqual([]);
    expect(logger.lines.filter(({ message }) => message.startsWith('cannot write to the chart store'))).toHaveLength(1);
    isFull = false;
    await store.keep('s', one);
    expect(await store.read('s', digestOf(one))).toEqual(one);
  });

  it('reads a folder that cannot be written to', async () => {
    const bytes = content();
    await (await open()).keep('s', bytes);
    const [file = ''] = await filesIn();
    await chmod(path.dirname(file), 0o500);
    const store = await open();
    expect(await store.read('s', digestOf(bytes))).toEqual(bytes);
    await chmod(path.dirname(file), 0o700);
    expect(await readFile(file)).toEqual(bytes);
  });
});
