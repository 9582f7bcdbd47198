import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createGzip } from 'node:zlib';
import tar from 'tar-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { entryPath, lockPath } from './cache.ts';
import { CATALOG, type Catalog, type Download } from './catalog.ts';
import { type EnsureOptions, ensureTools } from './ensure.ts';
import { type Files, type FileServer, serveFiles } from './file-server.fixture.ts';

const PROGRAM = Buffer.from('#!/bin/sh\necho kwok version v0.8.0\n');
const PLATFORM = `${process.platform}-${process.arch}`;

let dir = '';
let server: FileServer | undefined;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tools-'));
});

afterEach(async () => {
  await server?.close();
  server = undefined;
  rmSync(dir, { recursive: true, force: true });
});

describe('a download', () => {
  test('that is the program itself ends in the cache, executable', async () => {
    const options = await offering({ url: 'https://files.test/v1/kwok', sha256: sha256(PROGRAM) }, { '/files.test/v1/kwok': { bytes: PROGRAM } });
    const { kwok } = await ensureTools(['kwok'], options);
    expect(readFileSync(kwok)).toEqual(PROGRAM);
    expect(statSync(kwok).mode & 0o111).toBe(0o111);
    expect(leftovers()).toEqual([]);
  });

  test('that is a tar.gz gives its one wanted member', async () => {
    const archive = await tarGz({ 'kwok/README': Buffer.from('no'), 'kwok/bin/kwok': PROGRAM });
    const options = await offering({ url: 'https://files.test/kwok.tar.gz', sha256: sha256(archive), member: 'kwok/bin/kwok' }, { '/files.test/kwok.tar.gz': { bytes: archive } });
    const { kwok } = await ensureTools(['kwok'], options);
    expect(readFileSync(kwok)).toEqual(PROGRAM);
  });

  test('is made once and found in the cache afterwards', async () => {
    const options = await offering({ url: 'https://files.test/kwok', sha256: sha256(PROGRAM) }, { '/files.test/kwok': { bytes: PROGRAM } });
    const first = await ensureTools(['kwok'], options);
    expect(await ensureTools(['kwok'], options)).toEqual(first);
    expect(server?.asked).toHaveLength(1);
  });

  test('is made once by two that want it side by side', async () => {
    const options = await offering({ url: 'https://files.test/kwok', sha256: sha256(PROGRAM) }, { '/files.test/kwok': { bytes: PROGRAM } });
    const [one, two] = await Promise.all([ensureTools(['kwok'], options), ensureTools(['kwok'], options)]);
    expect(one).toEqual(two);
    expect(server?.asked).toHaveLength(1);
  });

  test('goes on when the lock is of a program that was killed', async () => {
    const options = await offering({ url: 'https://files.test/kwok', sha256: sha256(PROGRAM) }, { '/files.test/kwok': { bytes: PROGRAM } });
    const lock = lockPath(entryPath(options.cacheDir, options.modulesDir, 'kwok', options.catalog.kwok));
    mkdirSync(dirname(lock), { recursive: true });
    writeFileSync(lock, JSON.stringify({ pid: spawnSync('true').pid, start: '1' }));
    const { kwok } = await ensureTools(['kwok'], options);
    expect(readFileSync(kwok)).toEqual(PROGRAM);
    expect(existsSync(lock)).toBe(false);
  });

  test.each([
    {
      bad: 'with another sha256',
      sha: sha256(Buffer.from('other')),
      files: { '/files.test/kwok': { bytes: PROGRAM } },
      says: `sha256 is ${sha256(PROGRAM)}, expected ${sha256(Buffer.from('other'))} (a test)`,
    },
    { bad: 'that is not there', sha: sha256(PROGRAM), files: {}, says: 'status 404' },
    {
      bad: 'that is cut off',
      sha: sha256(PROGRAM),
      files: { '/files.test/kwok': { bytes: PROGRAM, cut: true } },
      says: 'terminated',
    },
  ])('$bad is refused by name and leaves nothing', async ({ sha, files, says }) => {
    const options = await offering({ url: 'https://files.test/kwok', sha256: sha }, files);
    const refusal = ensureTools(['kwok'], options);
    await expect(refusal).rejects.toThrow(`download ${server?.base}/files.test/kwok: `);
    await expect(refusal).rejects.toThrow(says);
    expect(leftovers()).toEqual([]);
  });

  test('without the wanted member is refused', async () => {
    const archive = await tarGz({ other: PROGRAM });
    const options = await offering({ url: 'https://files.test/kwok.tgz', sha256: sha256(archive), member: 'kwok' }, { '/files.test/kwok.tgz': { bytes: archive } });
    await expect(ensureTools(['kwok'], options)).rejects.toThrow('no file kwok in the archive');
  });
});

describe('PATH', () => {
  test('gives a program that says it is the wanted version', async () => {
    const options = await offering(undefined, {});
    expect(await ensureTools(['kwok'], { ...options, path: onPath('kwok', 'kwok version v0.8.0 go1.26') })).toEqual({
      kwok: join(dir, 'bin', 'kwok'),
    });
  });

  test.each(['v0.8.01', 'v0.8.0-rc.1', 'v0.7.0'])('gives none that says %s', async (version) => {
    const options = await offering(undefined, {});
    await expect(ensureTools(['kwok'], { ...options, path: onPath('kwok', `kwok version ${version}`) })).rejects.toThrow(`another version: kwok version ${version}`);
  });

  test.each([
    { printed: 'Client Version: v1.32.4-dispatcher', fits: true },
    { printed: 'Client Version: v1.30.0', fits: true },
    { printed: 'Client Version: v1.29.9', fits: false },
  ])('kubectl that prints $printed: $fits', ({ printed, fits }) => {
    expect(CATALOG.kubectl.accepts(printed)).toBe(fits);
  });
});

test('a tool that can be had in no way is named, with all that was tried and what to do', async () => {
  const options = await offering(undefined, {});
  const message = await ensureTools(['kwok'], options).catch((error: Error) => error.message);
  expect(message).toContain('cannot get kwok 0.8.0:');
  expect(message).toContain('no kwok on PATH');
  expect(message).toContain(`no download with a known sha256 for ${PLATFORM}`);
  expect(message).toContain('cannot run go: spawn go ENOENT');
  expect(message).toContain('Install Go 1.26 or later');
});

test('an old Go is refused with its version', async () => {
  const options = await offering(undefined, {});
  await expect(ensureTools(['kwok'], { ...options, path: onPath('go', 'go1.25.4') })).rejects.toThrow('go is go1.25.4, Go 1.26 or later is needed');
});

type Offer = Required<Pick<EnsureOptions, 'cacheDir' | 'downloadBase' | 'path' | 'catalog' | 'modulesDir'>>;

/** Options under which kwok can come only from the given download: no PATH, no Go, an empty cache. */
async function offering(wanted: Omit<Download, 'source'> | undefined, files: Files): Promise<Offer> {
  server = await serveFiles(files);
  const downloads = wanted === undefined ? {} : { [PLATFORM]: { ...wanted, source: 'a test' } };
  const catalog: Catalog = { ...CATALOG, kwok: { ...CATALOG.kwok, downloads } };
  return { cacheDir: join(dir, 'cache'), downloadBase: server.base, path: join(dir, 'bin'), catalog, modulesDir: dir };
}

function onPath(name: string, prints: string): string {
  const file = join(dir, 'bin', name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\necho '${prints}'\n`);
  chmodSync(file, 0o755);
  return dirname(file);
}

/** What is in the cache beside finished tools. */
function leftovers(): string[] {
  return readdirSync(join(dir, 'cache', 'tools', PLATFORM)).filter((name) => !name.startsWith('kwok-0.8.0-') || name.endsWith('.lock'));
}

function tarGz(files: Readonly<Record<string, Buffer>>): Promise<Buffer> {
  const pack = tar.pack();
  for (const [name, bytes] of Object.entries(files)) pack.entry({ name }, bytes);
  pack.finalize();
  return buffer(pack.pipe(createGzip()));
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
