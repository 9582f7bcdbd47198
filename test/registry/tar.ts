import { gzipSync } from 'node:zlib';

/** Files by name, as tests write them. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** Fields of a raw tar header; nothing is checked, so that broken archives can be made. */
export interface RawHeader {
  readonly name: string;
  readonly size?: number;
  /** The twelve bytes of the size field, in place of `size`. */
  readonly sizeField?: Uint8Array;
  readonly type?: string;
  readonly link?: string;
  readonly prefix?: string;
  /** The eight bytes of magic and version. */
  readonly magic?: string;
  readonly checksum?: number;
}

const BLOCK = 512;

/** The end-of-archive marker: two blocks of zeros. */
export const END: Buffer = Buffer.alloc(2 * BLOCK);

/** One 512-byte header block. */
export const rawHeader = ({ name, size = 0, sizeField, type = '0', link = '', prefix = '', magic = 'ustar\x0000', checksum }: RawHeader): Buffer => {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, 100);
  block.write('0000644\0'.concat('0000000\0', '0000000\0'), 100, 'latin1');
  block.write(`${octal(size, 11)}\0`, 124, 'latin1');
  if (sizeField !== undefined) block.set(sizeField, 124);
  block.write(`${octal(0, 11)}\0`, 136, 'latin1');
  block.write(type, 156, 1, 'latin1');
  block.write(link, 157, 100);
  block.write(magic, 257, 8, 'latin1');
  block.write(prefix, 345, 155);
  return withChecksum(block, checksum);
};

/** The block with its own checksum, or that one. */
export const withChecksum = (block: Buffer, checksum?: number): Buffer => {
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(checksum ?? sum, 6)}\0 `, 148, 'latin1');
  return block;
};

const octal = (value: number, width: number): string => value.toString(8).padStart(width, '0');

/** Content filled up to whole blocks. */
export const padded = (content: string | Uint8Array): Buffer => {
  const bytes = Buffer.from(content);
  return Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)]);
};

export const file = (name: string, content: string | Uint8Array): Buffer => Buffer.concat([rawHeader({ name, size: Buffer.from(content).length }), padded(content)]);

export const directory = (name: string): Buffer => rawHeader({ name, type: '5' });

/** A PAX header with these records, for the next entry (x) or all (g). */
export const pax = (records: readonly (readonly [string, string])[], type: 'x' | 'g' = 'x'): Buffer => {
  const body = Buffer.concat(records.map(([key, value]) => paxRecord(key, value)));
  return Buffer.concat([rawHeader({ name: 'PaxHeader', size: body.length, type }), padded(body)]);
};

// The length that starts a record counts itself too.
const paxRecord = (key: string, value: string): Buffer => {
  const rest = Buffer.from(` ${key}=${value}\n`);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length += 1;
  return Buffer.concat([Buffer.from(String(length)), rest]);
};

/** GNU's header for a name too long for the field. */
export const longName = (name: string): Buffer =>
  Buffer.concat([rawHeader({ name: '././@LongLink', size: Buffer.byteLength(name) + 1, type: 'L', magic: 'ustar  \0' }), padded(`${name}\0`)]);

/** A gzipped tar of the parts, with end marker. */
export const tgz = (...parts: readonly Buffer[]): Buffer => gzipSync(Buffer.concat([...parts, END]), { level: 6 });

/** A packed chart: the files below one folder. */
export const chartTgz = (folder: string, files: Files): Buffer => tgz(...Object.entries(files).map(([name, content]) => named(`${folder}/${name}`, content)));

const named = (name: string, content: string | Uint8Array): Buffer =>
  Buffer.byteLength(name) <= 100 ? file(name, content) : Buffer.concat([pax([['path', name]]), file(name.slice(0, 50), content)]);
