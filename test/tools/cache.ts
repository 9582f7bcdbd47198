import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { ldflags } from './build.ts';
import type { Tool } from './catalog.ts';
import { isRunning, ownPid } from './pid.ts';

/** The user's cache folder of this project: outside the clone, so that a second clone is warm. */
export function defaultCacheDir(env: NodeJS.ProcessEnv): string {
  if (env.TAGALONG_CACHE) return env.TAGALONG_CACHE;
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tagalong');
}

/** Where a tool's program stands once it is there. A changed version, go.mod, build flag or download makes another path. */
export function entryPath(cacheDir: string, modulesDir: string, name: string, tool: Tool): string {
  const madeFrom = createHash('sha256');
  for (const file of ['go.mod', 'go.sum', 'tools.go']) madeFrom.update(readOrEmpty(join(modulesDir, tool.module, file)));
  madeFrom.update(JSON.stringify([tool.goPackage, ldflags(tool), tool.downloads]));
  const folder = `${name}-${tool.version}-${madeFrom.digest('hex').slice(0, 12)}`;
  return join(platformDir(cacheDir), folder, name);
}

/** Where a program of a Debian package stands once it is there. */
export function debianEntryPath(cacheDir: string, name: string, version: string): string {
  return join(platformDir(cacheDir), `${name}-debian-${version}`, name);
}

/** The lock that guards an entry while it is being made. */
export function lockPath(entry: string): string {
  return `${dirname(entry)}.lock`;
}

/** A fresh folder on the cache's file system, for files that are renamed into place; remove it when done. */
export function makeScratch(cacheDir: string, purpose: string): string {
  const { pid, start } = ownPid();
  const dir = join(platformDir(cacheDir), `tmp.${pid}.${start.replaceAll(/\W/g, '-')}.${purpose}`);
  mkdirSync(dir, { recursive: true });
  return dir;
}

/** Puts a finished program in its place: it appears whole or not at all. */
export function publish(file: string, entry: string): void {
  chmodSync(file, 0o755);
  mkdirSync(dirname(entry), { recursive: true });
  renameSync(file, entry);
}

/** Removes what programs that were killed have left in the cache. */
export function sweepScratch(cacheDir: string): void {
  const dir = platformDir(cacheDir);
  if (!existsSync(dir)) return;
  for (const name of readdirSync(dir)) {
    const [kind, pid, start] = basename(name).split('.');
    if (kind === 'tmp' && !isRunning({ pid: Number(pid), start: String(start) })) rmSync(join(dir, name), { recursive: true, force: true });
  }
}

function platformDir(cacheDir: string): string {
  return join(cacheDir, 'tools', `${process.platform}-${process.arch}`);
}

function readOrEmpty(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
