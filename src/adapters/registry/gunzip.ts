import { gunzip as gunzipWithCallback, type Gunzip } from 'node:zlib';
import { type ArchiveBudget, ArchiveFault } from './archive-limits.ts';

/**
 * Expands a gzip file, no further than the budget and the ratio allow. Truncation, a wrong checksum and bytes after the
 * end are refused (zeros are padding, RFC 1952 2.2 leaves them open and tools write them).
 */
export const gunzip = async (compressed: Uint8Array, budget: ArchiveBudget): Promise<Buffer> => {
  const { limits, remainingBytes } = budget;
  if (compressed.length > limits.compressedBytes) throw new ArchiveFault(`it has ${compressed.length} bytes, more than ${limits.compressedBytes}`);
  const byRatio = Math.max(limits.ratioFloorBytes, limits.ratio * compressed.length);
  const { bytes, consumed } = await expand(compressed, Math.min(remainingBytes, byRatio), tooLarge(byRatio < remainingBytes, budget));
  if (!isZero(compressed.subarray(consumed))) throw new ArchiveFault('bytes follow after the end of its gzip stream');
  budget.takeBytes(bytes.length);
  return bytes;
};

const tooLarge = (isByRatio: boolean, { limits }: ArchiveBudget): ArchiveFault =>
  new ArchiveFault(isByRatio ? `it expands to more than ${limits.ratio} times its size` : `it expands to more than ${limits.expandedBytes} bytes`);

interface Expanded {
  readonly bytes: Buffer;
  readonly consumed: number;
}

const expand = (compressed: Uint8Array, maxBytes: number, onTooLarge: ArchiveFault): Promise<Expanded> =>
  new Promise((resolve, reject) => {
    // With `info` the callback gets the engine too, which knows how much of the input it took.
    const options = { maxOutputLength: Math.max(1, maxBytes), info: true };
    gunzipWithCallback(compressed, options, (error, result) => {
      if (error !== null) return reject('code' in error && error.code === 'ERR_BUFFER_TOO_LARGE' ? onTooLarge : notGzip(error));
      const { buffer, engine } = result as unknown as { readonly buffer: Buffer; readonly engine: Gunzip };
      resolve({ bytes: buffer, consumed: engine.bytesWritten });
    });
  });

const notGzip = (cause: Error): ArchiveFault => new ArchiveFault(`it is not a whole gzip file (${cause.message})`, { cause });

const ZEROS = Buffer.alloc(64 * 1024);

/** True when there is nothing but zeros, or nothing at all. */
export const isZero = (bytes: Uint8Array): boolean => {
  for (let start = 0; start < bytes.length; start += ZEROS.length) {
    const part = bytes.subarray(start, start + ZEROS.length);
    if (ZEROS.compare(part, 0, part.length, 0, part.length) !== 0) return false;
  }
  return true;
};
