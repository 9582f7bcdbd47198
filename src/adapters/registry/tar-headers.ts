import { type ArchiveBudget, ArchiveFault } from './archive-limits.ts';
import { quote } from './entry-path.ts';
import { isZero } from './gunzip.ts';
import { checkGlobalPax, decodeName, type PaxRecords, readPax } from './pax.ts';
import { BLOCK, readBlock, type TarBlock } from './tar-block.ts';

/** A file or directory that the headers announce, in the order of the archive. */
export interface TarEntry {
  readonly name: string;
  readonly kind: 'file' | 'directory';
  readonly size: number;
}

export interface TarListing {
  readonly entries: readonly TarEntry[];
  /** Bytes up to and with the end-of-archive marker. */
  readonly length: number;
}

const MAX_EXTENSION_BYTES = 64 * 1024;

/**
 * Walks over all headers of a tar file and refuses, with ArchiveFault, whatever two readers could take differently: only
 * plain files and empty directories, at most one extension before each, and zeros alone after the end marker.
 */
export const listTar = (tar: Buffer, budget: ArchiveBudget): TarListing => {
  const entries: TarEntry[] = [];
  let offset = 0;
  let extension: Extension = {};
  for (let header = nextHeader(tar, offset); header !== undefined; header = nextHeader(tar, offset)) {
    budget.takeEntry();
    const body = bodyAt(tar, offset + BLOCK, header);
    if (header.type === 'file' || header.type === 'directory') {
      entries.push(entryOf(header, header.type, extension, budget));
      extension = {};
    } else {
      extension = extend(extension, header, body);
    }
    offset += BLOCK + padded(header.size);
  }
  if (isExtended(extension)) throw new ArchiveFault('an extended header has no entry after it');
  return { entries, length: offset + 2 * BLOCK };
};

interface Extension {
  readonly pax?: PaxRecords;
  readonly longName?: string;
}

const isExtended = (extension: Extension): boolean => extension.pax !== undefined || extension.longName !== undefined;

// Undefined at the end marker, two blocks of zeros (POSIX ustar, "ustar Interchange Format").
const nextHeader = (tar: Buffer, offset: number): TarBlock | undefined => {
  const block = tar.subarray(offset, offset + BLOCK);
  if (block.length < BLOCK) throw new ArchiveFault('it ends without an end-of-archive marker');
  if (!isZero(block)) return readBlock(block);
  if (tar.length < offset + 2 * BLOCK) throw new ArchiveFault('it ends in the middle of its end-of-archive marker');
  if (!isZero(tar.subarray(offset))) throw new ArchiveFault('something follows after its end, or a block of zeros stands between its entries');
  return undefined;
};

const bodyAt = (tar: Buffer, start: number, { name, size }: TarBlock): Buffer => {
  if (start + padded(size) > tar.length) throw new ArchiveFault(`it ends within its entry ${quote(name)}`);
  return tar.subarray(start, start + size);
};

const padded = (size: number): number => Math.ceil(size / BLOCK) * BLOCK;

const extend = (extension: Extension, { type, size }: TarBlock, body: Buffer): Extension => {
  if (size > MAX_EXTENSION_BYTES) throw new ArchiveFault(`an extended header has more than ${MAX_EXTENSION_BYTES} bytes`);
  // Readers differ in what belongs to what when several stand in a row.
  if (isExtended(extension)) throw new ArchiveFault('two extended headers stand before one entry');
  if (type === 'pax') return { pax: readPax(body) };
  if (type === 'longName') return { longName: readLongName(body) };
  checkGlobalPax(body);
  return extension;
};

const readLongName = (body: Buffer): string => {
  const end = body.indexOf(0);
  if (end >= 0 && !isZero(body.subarray(end))) throw new ArchiveFault('a long name has bytes after its end');
  return decodeName(end < 0 ? body : body.subarray(0, end));
};

const entryOf = (header: TarBlock, kind: TarEntry['kind'], { pax, longName }: Extension, { limits }: ArchiveBudget): TarEntry => {
  const name = longName ?? pax?.path ?? header.name;
  const { size } = header;
  if (pax?.size !== undefined && pax.size !== size) throw new ArchiveFault(`its entry ${quote(name)} has two sizes`);
  if (kind === 'directory' && size > 0) throw new ArchiveFault(`its directory ${quote(name)} has content`);
  if (size > limits.fileBytes) throw new ArchiveFault(`its entry ${quote(name)} has ${size} bytes, more than ${limits.fileBytes}`);
  return { name, kind, size };
};
