import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { extract } from 'tar-stream';
import { ArchiveFault } from './archive-limits.ts';
import type { TarEntry, TarListing } from './tar-headers.ts';

/**
 * Bytes of every entry of a tar file whose headers `listTar` found unobjectionable, read by tar-stream. Both readings have to
 * agree on each name, kind and size, else ArchiveFault. Rejects with the reason of `signal` when that aborts.
 */
export const readTar = async (tar: Uint8Array, { entries, length }: TarListing, signal: AbortSignal): Promise<readonly Uint8Array[]> => {
  signal.throwIfAborted();
  const reader = extract();
  const stop = (): void => reader.destroy(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
  signal.addEventListener('abort', stop, { once: true });
  try {
    reader.end(tar.subarray(0, length));
    return await collect(reader, entries);
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof ArchiveFault ? error : new ArchiveFault('its tar stream is damaged', { cause: error });
  } finally {
    signal.removeEventListener('abort', stop);
  }
};

// Reading goes on without a turn of the event loop, some 50 us an entry: without these pauses nobody else would run, nor the deadline.
const ENTRIES_A_TURN = 200;

const collect = async (reader: ReturnType<typeof extract>, entries: readonly TarEntry[]): Promise<readonly Uint8Array[]> => {
  const bodies: Uint8Array[] = [];
  for await (const entry of reader) {
    const announced = entries[bodies.length];
    const { name, type, size } = entry.header;
    const body = await readAll(entry);
    const agrees = announced !== undefined && name === announced.name && type === announced.kind && size === announced.size && body.length === size;
    if (!agrees) throw new ArchiveFault('its headers can be read in two ways');
    bodies.push(body);
    if (bodies.length % ENTRIES_A_TURN === 0) await yieldToOthers();
  }
  if (bodies.length !== entries.length) throw new ArchiveFault('its headers can be read in two ways');
  return bodies;
};

const readAll = async (stream: AsyncIterable<unknown>): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) if (chunk instanceof Uint8Array) chunks.push(chunk);
  const [only, ...others] = chunks;
  // Mostly a part of the tar itself, which needs no copy.
  return only !== undefined && others.length === 0 ? only : Buffer.concat(chunks);
};
