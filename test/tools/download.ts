import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import tar from 'tar-stream';
import type { Download } from './catalog.ts';

const STALL_MS = 30_000;

export interface DownloadOptions {
  /** Address of a mirror that serves <base>/<host>/<path>; the official hosts without it. */
  readonly base?: string | undefined;
  /** A folder for files on the way. */
  readonly scratch: string;
}

/**
 * Fetches a release file, checks its sha256 and returns the path of the program in it, inside `scratch`. Rejects with
 * the address and the reason: status, cut or stalled connection, wrong sha256, missing member.
 */
export async function download(wanted: Download, options: DownloadOptions): Promise<string> {
  const address = mirrored(wanted.url, options.base);
  const file = join(options.scratch, 'download');
  try {
    const sha256 = await save(address, file);
    if (sha256 !== wanted.sha256) throw new Error(`sha256 is ${sha256}, expected ${wanted.sha256} (${wanted.source})`);
    return wanted.member === undefined ? file : await extract(file, wanted.member, join(options.scratch, 'member'));
  } catch (cause) {
    throw new Error(`download ${address}: ${reason(cause)}`, { cause });
  }
}

function mirrored(url: string, base: string | undefined): string {
  return base === undefined ? url : url.replace(/^https:\/\//, `${base.replace(/\/+$/, '')}/`);
}

async function save(address: string, file: string): Promise<string> {
  const watchdog = new AbortController();
  const timer = setTimeout(() => watchdog.abort(new Error(`nothing came for ${STALL_MS / 1000} s`)), STALL_MS);
  try {
    const response = await fetch(address, { signal: watchdog.signal });
    if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
    const hash = createHash('sha256');
    const tap = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        timer.refresh();
        hash.update(chunk);
        done(null, chunk);
      },
    });
    await pipeline(response.body, tap, createWriteStream(file), { signal: watchdog.signal });
    return hash.digest('hex');
  } finally {
    clearTimeout(timer);
  }
}

async function extract(archive: string, member: string, target: string): Promise<string> {
  const entries = tar.extract();
  // A failure of the first two streams ends `entries`, which the loop below then throws.
  const unpacking = pipeline(createReadStream(archive), createGunzip(), entries);
  unpacking.catch(() => undefined);
  for await (const entry of entries) {
    if (entry.header.type === 'file' && entry.header.name.replace(/^\.\//, '') === member) {
      await pipeline(entry, createWriteStream(target));
      return target;
    }
    entry.resume();
  }
  await unpacking;
  throw new Error(`no file ${member} in the archive`);
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // fetch says only "fetch failed" or "terminated"; what happened is its cause.
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
