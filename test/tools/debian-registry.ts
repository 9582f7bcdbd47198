import { execFile } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { debianEntryPath, defaultCacheDir, lockPath, makeScratch, publish } from './cache.ts';
import { withLock } from './lock.ts';

const PACKAGE = 'docker-registry';
const VERSION = '2.8.2';
const PATIENCE_MS = 120_000;
const run = promisify(execFile);

export interface DebianOptions {
  /** Default: as of the other tools. */
  readonly cacheDir?: string;
  /** Default: PATH. */
  readonly path?: string;
}

export type DebianRegistry = { readonly kind: 'Found'; readonly path: string } | { readonly kind: 'Missing'; readonly why: string };

/**
 * The registry of the generation before, as Debian builds it: fetched by apt from wherever this machine has its packages from, unpacked
 * into the cache and not installed. Missing where there is no apt, or another version: then the tests that need it are skipped.
 */
export async function ensureDebianRegistry({ cacheDir = defaultCacheDir(process.env), path = process.env.PATH ?? '' }: DebianOptions = {}): Promise<DebianRegistry> {
  const entry = debianEntryPath(cacheDir, PACKAGE, VERSION);
  try {
    if (!existsSync(entry)) await withLock(lockPath(entry), () => obtain(cacheDir, entry, path));
    return { kind: 'Found', path: entry };
  } catch (error) {
    return {
      kind: 'Missing',
      why: `cannot get ${PACKAGE} ${VERSION} by apt-get download: ${error instanceof Error ? error.message.trim().replaceAll(/\s+/g, ' ') : String(error)}`,
    };
  }
}

async function obtain(cacheDir: string, entry: string, path: string): Promise<void> {
  if (existsSync(entry)) return; // somebody else has made it while we waited
  const scratch = makeScratch(cacheDir, PACKAGE);
  const options = { cwd: scratch, timeout: PATIENCE_MS, env: { ...process.env, PATH: path } };
  try {
    await run('apt-get', ['download', PACKAGE], options);
    const file = readdirSync(scratch).find((name) => name.startsWith(`${PACKAGE}_${VERSION}`));
    if (file === undefined) throw new Error(`apt has another version, ${readdirSync(scratch).join(', ')}`);
    await run('dpkg-deb', ['-x', file, 'unpacked'], options);
    publish(join(scratch, 'unpacked/usr/bin', PACKAGE), entry);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
