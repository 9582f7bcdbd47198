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
  for (const field of isPosix ? NUMBERS : [...NUMBERS, ...GNU_TIMES]) checkNumber(block, field);
  const name = text(block, 0, 100);
  const prefix = isPosix ? text(block, 345, 155) : '';
  const type = readType(block, name);
  checkMode(block, name, type);
  return { name: prefix === '' ? name : `${prefix}/${name}`, size: readSize(block), type };
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

/** A number that nothing here needs, and for which other readers refuse the header, or take it for another. */
interface NumberField {
  readonly name: string;
  readonly offset: number;
  readonly width: number;
  /** Whether tools write large ones in binary (GNU tar, for users of directories with millions of people). */
  readonly mayBeBinary?: boolean;
}

const NUMBERS: readonly NumberField[] = [
  { name: 'a mode', offset: 100, width: 8 },
  { name: 'a user', offset: 108, width: 8, mayBeBinary: true },
  { name: 'a group', offset: 116, width: 8, mayBeBinary: true },
  { name: 'a time', offset: 136, width: 12 },
  { name: 'a device', offset: 329, width: 8 },
  { name: 'a device', offset: 337, width: 8 },
];

// Where archive/tar cannot read these, it takes their bytes for a prefix of the name, as programs made with old versions of it wrote.
const GNU_TIMES: readonly NumberField[] = [
  { name: 'a time', offset: 345, width: 12 },
  { name: 'a time', offset: 357, width: 12 },
];

const EMPTY_OR_OCTAL = /^[ \0]*[0-7]*[ \0]*$/;

const checkNumber = (block: Buffer, { name, offset, width, mayBeBinary = false }: NumberField): void => {
  const isBinary = mayBeBinary && ((block[offset] ?? 0) & 0x80) !== 0;
  if (!isBinary && !EMPTY_OR_OCTAL.test(block.toString('latin1', offset, offset + width))) throw new ArchiveFault(`a tar header has ${name} that is no octal number`);
};

// The kind of file that stands in a mode, beside the type: Helm passes over a file that its mode calls a directory.
const KIND_IN_MODE = 0o170000;
const KINDS_IN_MODE: Readonly<Partial<Record<TarType, number>>> = { file: 0o100000, directory: 0o040000 };

const checkMode = (block: Buffer, name: string, type: TarType): void => {
  const kind = Number.parseInt(`0${block.toString('latin1', 100, 108).replaceAll(/[ \0]/g, '')}`, 8) & KIND_IN_MODE;
  const expected = KINDS_IN_MODE[type];
  if (expected !== undefined && kind !== 0 && kind !== expected) throw new ArchiveFault(`its entry ${JSON.stringify(name)} is a ${type}, and something else by its mode`);
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
