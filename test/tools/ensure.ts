import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { builtName, GO_WANTED, goBuild, goUnfit } from './build.ts';
import { defaultCacheDir, entryPath, lockPath, makeScratch, publish, sweepScratch } from './cache.ts';
import { CATALOG, type Catalog, type Tool, TOOL_NAMES, type ToolName } from './catalog.ts';
import { download } from './download.ts';
import { withLock, withLocks } from './lock.ts';
import { findOnPath } from './on-path.ts';
import { type Progress, SILENT } from './progress.ts';

export interface EnsureOptions {
  /** Default: TAGALONG_CACHE, else tagalong in the user's cache folder. */
  readonly cacheDir?: string;
  /** Default: TAGALONG_DOWNLOADS; the address of a mirror serving <base>/<host>/<path>. */
  readonly downloadBase?: string;
  /** Default: PATH. */
  readonly path?: string;
  readonly progress?: Progress;
  readonly catalog?: Catalog;
  /** Folder of the go.mod folders. */
  readonly modulesDir?: string;
}

/** One or more tools could be had in no way; the message has everything that was tried and what to do. */
export class ToolsUnobtainable extends Error {}

/**
 * Returns the absolute path of each named tool (all of them without names), getting those that are missing: from the cache,
 * PATH, an official download, or built with Go; the first build takes minutes. Safe to run side by side.
 * Rejects with ToolsUnobtainable.
 */
export async function ensureTools<N extends ToolName = ToolName>(
  names: readonly N[] = TOOL_NAMES as readonly ToolName[] as readonly N[],
  options: EnsureOptions = {},
): Promise<Readonly<Record<N, string>>> {
  const search = newSearch(options);
  sweepScratch(search.cacheDir);
  for (const group of byModule(names, search.catalog)) await ensureGroup(search, group);
  const missing = names.filter((name) => !search.paths.has(name));
  if (missing.length > 0) throw new ToolsUnobtainable(missing.map((name) => explain(search, name)).join('\n\n'));
  return Object.fromEntries(names.map((name) => [name, search.paths.get(name)])) as Record<N, string>;
}

interface Search {
  readonly cacheDir: string;
  readonly downloadBase: string | undefined;
  readonly path: string;
  readonly progress: Progress;
  readonly catalog: Catalog;
  readonly modulesDir: string;
  readonly paths: Map<ToolName, string>;
  readonly tried: Map<ToolName, string[]>;
}

function newSearch(options: EnsureOptions): Search {
  return {
    cacheDir: options.cacheDir ?? defaultCacheDir(process.env),
    downloadBase: options.downloadBase ?? (process.env.TAGALONG_DOWNLOADS || undefined),
    path: options.path ?? process.env.PATH ?? '',
    progress: options.progress ?? SILENT,
    catalog: options.catalog ?? CATALOG,
    modulesDir: options.modulesDir ?? import.meta.dirname,
    paths: new Map(),
    tried: new Map(),
  };
}

function byModule(names: readonly ToolName[], catalog: Catalog): readonly ToolName[][] {
  return [...Map.groupBy(names, (name) => catalog[name].module).values()];
}

/** Tools of one module go together because one build makes all that are missing. */
async function ensureGroup(search: Search, names: readonly ToolName[]): Promise<void> {
  for (const name of names) fromCache(search, name);
  for (const name of missingOf(search, names)) await fromPath(search, name);
  const missing = missingOf(search, names);
  const locks = missing.map((name) => lockPath(entryOf(search, name)));
  await withLocks(
    locks,
    () => obtain(search, missing),
    ({ pid }) => search.progress.note(`waiting for ${missing.join(', ')}: being made by pid ${pid}`),
  );
}

async function obtain(search: Search, names: readonly ToolName[]): Promise<void> {
  for (const name of names) fromCache(search, name); // somebody else may have made them while we waited
  for (const name of missingOf(search, names)) await fromDownload(search, name);
  const missing = missingOf(search, names);
  if (missing.length > 0) await fromBuild(search, missing);
}

function fromCache(search: Search, name: ToolName): void {
  const entry = entryOf(search, name);
  if (existsSync(entry)) search.paths.set(name, entry);
}

async function fromPath(search: Search, name: ToolName): Promise<void> {
  const found = await findOnPath(name, search.catalog[name], search.path);
  if (found.kind === 'found') search.paths.set(name, found.path);
  else failed(search, name, found.reason);
}

async function fromDownload(search: Search, name: ToolName): Promise<void> {
  const tool = search.catalog[name];
  const wanted = tool.downloads[`${process.platform}-${process.arch}`];
  if (wanted === undefined) return failed(search, name, `no download with a known sha256 for ${process.platform}-${process.arch}`);
  const scratch = makeScratch(search.cacheDir, name);
  try {
    const fetching = () => download(wanted, { base: search.downloadBase, scratch });
    place(search, name, await search.progress.during(`downloading ${name} ${tool.version}`, fetching));
  } catch (error) {
    failed(search, name, messageOf(error));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function fromBuild(search: Search, names: readonly ToolName[]): Promise<void> {
  const unfit = await goUnfit(search.path);
  if (unfit !== undefined) return failedAll(search, names, `build: ${unfit}`);
  const scratch = makeScratch(search.cacheDir, names.join('-'));
  const building = () => search.progress.during(`building ${names.join(', ')} with Go`, () => goBuild(toolsOf(search, names), search.modulesDir, scratch, search.path));
  try {
    // One build at a time on this machine: two only make each other slow.
    await withLock(join(search.cacheDir, 'build.lock'), building, ({ pid }) => search.progress.note(`waiting for another build to end (pid ${pid})`));
    for (const name of names) place(search, name, join(scratch, builtName(search.catalog[name])));
  } catch (error) {
    failedAll(search, names, messageOf(error));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function place(search: Search, name: ToolName, file: string): void {
  const entry = entryOf(search, name);
  publish(file, entry);
  search.paths.set(name, entry);
}

function explain(search: Search, name: ToolName): string {
  const tried = [`${entryOf(search, name)} is not there`, ...(search.tried.get(name) ?? [])];
  const cure = `Install ${GO_WANTED} (https://go.dev/dl) and run this again, or put ${name} ${search.catalog[name].version} on PATH.`;
  return [`cannot get ${name} ${search.catalog[name].version}:`, ...tried.map((line) => `  - ${line}`), cure].join('\n');
}

function failed(search: Search, name: ToolName, reason: string): void {
  search.tried.set(name, [...(search.tried.get(name) ?? []), reason]);
}

function failedAll(search: Search, names: readonly ToolName[], reason: string): void {
  for (const name of names) failed(search, name, reason);
}

function entryOf(search: Search, name: ToolName): string {
  return entryPath(search.cacheDir, search.modulesDir, name, search.catalog[name]);
}

function toolsOf(search: Search, names: readonly ToolName[]): readonly Tool[] {
  return names.map((name) => search.catalog[name]);
}

function missingOf(search: Search, names: readonly ToolName[]): readonly ToolName[] {
  return names.filter((name) => !search.paths.has(name));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
