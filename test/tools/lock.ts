import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isRunning, ownPid, type Pid } from './pid.ts';

const POLL_MS = 100;

/**
 * Runs `work` while this program alone holds the lock file at `path`. The lock of a program that was killed is taken
 * over. `onWait` is called once with the holder when another one has it.
 *
 * Two programs that find the same dead holder in the same instant may, very rarely, both go on; so what is
 * guarded must be published by an atomic rename, and a double holder is only double work.
 */
export async function withLock<T>(path: string, work: () => Promise<T>, onWait: (holder: Pid) => void = () => undefined): Promise<T> {
  await acquire(path, onWait);
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

/** `withLock` over several files, always taken in the order of their names so that two callers can't block each other. */
export async function withLocks<T>(paths: readonly string[], work: () => Promise<T>, onWait?: (holder: Pid) => void): Promise<T> {
  const [first, ...rest] = [...paths].sort();
  return first === undefined ? work() : withLock(first, () => withLocks(rest, work, onWait), onWait);
}

async function acquire(path: string, onWait: (holder: Pid) => void): Promise<void> {
  let waiting = false;
  while (!tryAcquire(path)) {
    const holder = readHolder(path);
    if (holder === undefined || !isRunning(holder)) {
      evict(path, holder);
      continue;
    }
    if (!waiting) onWait(holder);
    waiting = true;
    await delay(POLL_MS);
  }
}

/** A link appears with its whole content or not at all, unlike a file that is created and then written. */
function tryAcquire(path: string): boolean {
  mkdirSync(dirname(path), { recursive: true });
  const own = `${path}.${randomUUID()}`;
  writeFileSync(own, JSON.stringify(ownPid()));
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

/** Moves the dead holder's lock aside; puts it back when somebody alive had taken it in the meantime. */
function evict(path: string, dead: Pid | undefined): void {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return;
    throw error;
  }
  const moved = readHolder(aside);
  if (moved !== undefined && moved.start !== dead?.start && isRunning(moved)) restore(aside, path);
  rmSync(aside, { force: true });
}

function restore(aside: string, path: string): void {
  try {
    linkSync(aside, path);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  }
}

function readHolder(path: string): Pid | undefined {
  try {
    const holder: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isPid(holder) ? holder : undefined;
  } catch {
    return undefined;
  }
}

function isPid(value: unknown): value is Pid {
  return typeof value === 'object' && value !== null && 'pid' in value && typeof value.pid === 'number' && 'start' in value && typeof value.start === 'string';
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
