import { crc32, inflateRaw, type InflateRaw } from 'node:zlib';
import { type ArchiveBudget, ArchiveFault } from './archive-limits.ts';
import { headerLength, isMember, notGzip } from './gzip-header.ts';

/** As many as bgzip makes of the largest archive, and some. */
const MAX_MEMBERS = 2_000;

/**
 * Expands a gzip file, no further than the budget and the ratio allow. Truncation, a wrong checksum and bytes after the
 * end are refused (zeros are padding, RFC 1952 2.2 leaves them open and tools write them). Rejects with the reason of `signal`.
 */
export const gunzip = async (compressed: Uint8Array, budget: ArchiveBudget, signal: AbortSignal): Promise<Buffer> => {
  const { limits, remainingBytes } = budget;
  if (compressed.length > limits.compressedBytes) throw new ArchiveFault(`it has ${compressed.length} bytes, more than ${limits.compressedBytes}`);
  const byRatio = Math.max(limits.ratioFloorBytes, limits.ratio * compressed.length);
  const maxBytes = Math.min(remainingBytes, byRatio);
  const onTooLarge = tooLarge(byRatio < remainingBytes, budget);
  const members: Buffer[] = [];
  let expanded = 0;
  let rest = compressed;
  do {
    signal.throwIfAborted();
    if (members.length === MAX_MEMBERS) throw new ArchiveFault(`it has more than ${MAX_MEMBERS} gzip members`);
    const chunkBytes = members.length === 0 ? announcedBytes(compressed) : 0;
    const { bytes, length } = await expandMember(rest, { maxBytes: maxBytes - expanded, chunkBytes, onTooLarge });
    members.push(bytes);
    expanded += bytes.length;
    rest = rest.subarray(length);
  } while (isMember(rest));
  if (!isZero(rest)) throw new ArchiveFault('bytes follow after the end of its gzip stream');
  budget.takeBytes(expanded);
  return members.length === 1 ? (members[0] ?? Buffer.alloc(0)) : Buffer.concat(members);
};

const tooLarge = (isByRatio: boolean, { limits }: ArchiveBudget): ArchiveFault =>
  new ArchiveFault(isByRatio ? `it expands to more than ${limits.ratio} times its size` : `it expands to more than ${limits.expandedBytes} bytes`);

/** What the end of a file says of the size of its last member, mostly the only one: expanded in pieces it would be there twice for a moment. */
const announcedBytes = (compressed: Uint8Array): number => (compressed.length < 4 ? 0 : Buffer.from(compressed.subarray(-4)).readUInt32LE(0) + 1);

interface Bound {
  readonly maxBytes: number;
  /** Bytes to expand at a time; within limits. */
  readonly chunkBytes: number;
  readonly onTooLarge: ArchiveFault;
}

const TRAILER_BYTES = 8;

/** The member that `compressed` begins with, and how long it is. */
const expandMember = async (compressed: Uint8Array, bound: Bound): Promise<{ readonly bytes: Buffer; readonly length: number }> => {
  const start = headerLength(compressed);
  const { bytes, consumed } = await inflate(compressed.subarray(start), bound);
  const end = start + consumed;
  if (end + TRAILER_BYTES > compressed.length) throw notGzip('unexpected end of file');
  const trailer = Buffer.from(compressed.buffer, compressed.byteOffset + end, TRAILER_BYTES);
  if (trailer.readUInt32LE(0) !== crc32(bytes)) throw notGzip('incorrect data check');
  if (trailer.readUInt32LE(4) !== bytes.length) throw notGzip('incorrect length check');
  return { bytes, length: end + TRAILER_BYTES };
};

const LEAST_CHUNK_BYTES = 16 * 1024;

const inflate = (compressed: Uint8Array, { maxBytes, chunkBytes, onTooLarge }: Bound): Promise<{ readonly bytes: Buffer; readonly consumed: number }> =>
  new Promise((resolve, reject) => {
    // With `info` the callback gets the engine too, which knows how much of the input it took.
    const options = { maxOutputLength: Math.max(1, maxBytes), chunkSize: Math.max(LEAST_CHUNK_BYTES, Math.min(maxBytes + 1, chunkBytes)), info: true };
    inflateRaw(compressed, options, (error, result) => {
      if (error !== null) return reject('code' in error && error.code === 'ERR_BUFFER_TOO_LARGE' ? onTooLarge : notGzip(error.message, error));
      const { buffer, engine } = result as unknown as { readonly buffer: Buffer; readonly engine: InflateRaw };
      resolve({ bytes: buffer, consumed: engine.bytesWritten });
    });
  });

const ZEROS = Buffer.alloc(64 * 1024);

/** True when there is nothing but zeros, or nothing at all. */
export const isZero = (bytes: Uint8Array): boolean => {
  for (let start = 0; start < bytes.length; start += ZEROS.length) {
    const part = bytes.subarray(start, start + ZEROS.length);
    if (ZEROS.compare(part, 0, part.length, 0, part.length) !== 0) return false;
  }
  return true;
};
