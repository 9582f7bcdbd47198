import { ArchiveFault } from './archive-limits.ts';
import { decodeName } from './pax.ts';

/** Tar works in blocks of this many bytes. */
export const BLOCK = 512;

/** The fields of one tar header that decide what is read. */
export interface TarBlock {
  readonly name: string;
  readonly size: number;
  readonly type: TarType;
}

export type TarType = 'file' | 'directory' | 'pax' | 'globalPax' | 'longName';

/** Reads one header block, POSIX ustar or GNU. Throws ArchiveFault for a damaged block and for every other kind of entry. */
export const readBlock = (block: Buffer): TarBlock => {
  if (!hasChecksum(block)) throw new ArchiveFault('a tar header is damaged (checksum)');
  const isPosix = magicOf(block) === USTAR;
  const name = text(block, 0, 100);
  const prefix = isPosix ? text(block, 345, 155) : '';
  return { name: prefix === '' ? name : `${prefix}/${name}`, size: readSize(block), type: readType(block, name) };
};

// POSIX ustar: magic "ustar\0", version "00". GNU: "ustar  \0". Older forms and star's have other fields in these places.
const USTAR = 'ustar\x0000';
const GNU = 'ustar  \x00';

const magicOf = (block: Buffer): string => {
  const magic = block.toString('latin1', 257, 265);
  const isStar = block.toString('latin1', 508, 512) === 'tar\0';
  if ((magic !== USTAR && magic !== GNU) || isStar) throw new ArchiveFault('a tar header is neither POSIX nor GNU');
  return magic;
};

const KINDS: Readonly<Record<string, string>> = {
  '1': 'a hard link',
  '2': 'a symbolic link',
  '3': 'a character device',
  '4': 'a block device',
  '6': 'a named pipe',
  K: 'a long link name',
  S: 'a sparse file',
};

const readType = (block: Buffer, name: string): TarType => {
  const flag = block.toString('latin1', 156, 157);
  switch (flag) {
    case '0':
    case '\0':
      return 'file';
    case '5':
      return 'directory';
    case 'x':
      return 'pax';
    case 'g':
      return 'globalPax';
    case 'L':
      return 'longName';
    default:
      throw new ArchiveFault(`its entry ${JSON.stringify(name)} is ${KINDS[flag] ?? `of the unknown type ${JSON.stringify(flag)}`}; only files and directories are taken`);
  }
};

// Octal digits ended by a space or NUL. The binary form is for files beyond 8 GiB and is refused with them.
const SIZE = /^ *([0-7]{1,11})[ \0]*$/;

const readSize = (block: Buffer): number => {
  const digits = SIZE.exec(block.toString('latin1', 124, 136))?.[1];
  if (digits === undefined) throw new ArchiveFault('a tar header has a size that is no octal number');
  return Number.parseInt(digits, 8);
};

const hasChecksum = (block: Buffer): boolean => {
  const digits = /^ *([0-7]{1,7})[ \0]*$/.exec(block.toString('latin1', 148, 156))?.[1];
  // The checksum field itself counts as eight spaces.
  let sum = 8 * 0x20;
  for (let index = 0; index < BLOCK; index += 1) if (index < 148 || index >= 156) sum += block[index] ?? 0;
  return digits !== undefined && Number.parseInt(digits, 8) === sum;
};

const text = (block: Buffer, start: number, length: number): string => {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return decodeName(end < 0 ? field : field.subarray(0, end));
};
