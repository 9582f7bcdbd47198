import { crc32, deflateRawSync } from 'node:zlib';

/** One member of a gzip file (RFC 1952); nothing is checked, so that broken ones can be made. */
export interface Member {
  readonly flags?: number;
  /** Bytes of the optional parts, which stand there where the flags say so or not. */
  readonly optional?: Uint8Array;
  readonly level?: number;
  readonly crc?: number;
  readonly size?: number;
  readonly head?: Uint8Array;
}

export const FTEXT = 1;
export const FHCRC = 2;
export const FEXTRA = 4;
export const FNAME = 8;
export const FCOMMENT = 16;

export const member = (content: Uint8Array, { flags = 0, optional = Buffer.alloc(0), level = 1, crc = crc32(content), size = content.length, head }: Member = {}): Buffer => {
  const start = Buffer.concat([head ?? Buffer.from([0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3]), optional]);
  const end = Buffer.alloc(8);
  end.writeUInt32LE(crc >>> 0, 0);
  end.writeUInt32LE(size >>> 0, 4);
  return Buffer.concat([start, deflateRawSync(content, { level }), end]);
};

/** Header with a name or comment of that length. */
export const named = (content: Uint8Array, flag: number, length: number): Buffer =>
  member(content, { flags: flag, optional: Buffer.concat([Buffer.alloc(length, 'n'), Buffer.alloc(1)]) });

/** Header with its own checksum, right or not. */
export const checked = (content: Uint8Array, isRight: boolean): Buffer => {
  const head = Buffer.from([0x1f, 0x8b, 8, FHCRC, 0, 0, 0, 0, 0, 3]);
  const sum = Buffer.alloc(2);
  sum.writeUInt16LE((crc32(head) & 0xffff) ^ (isRight ? 0 : 1));
  return member(content, { head, optional: sum });
};

export const extra = (content: Uint8Array, announced: number, length: number): Buffer => {
  const size = Buffer.alloc(2);
  size.writeUInt16LE(announced);
  return member(content, { flags: FEXTRA, optional: Buffer.concat([size, Buffer.alloc(length, 'e')]) });
};

/** Ways to wrap a tar in gzip. */
export const WRAPPINGS: readonly (readonly [string, (tar: Buffer) => Buffer])[] = [
  ['stored', (tar) => member(tar, { level: 0 })],
  ['well compressed', (tar) => member(tar, { level: 9 })],
  ['with the flag for text', (tar) => member(tar, { flags: FTEXT })],
  ['with a reserved flag', (tar) => member(tar, { flags: 0x20 })],
  ['with its header checked', (tar) => checked(tar, true)],
  ['with a wrong checksum of its header', (tar) => checked(tar, false)],
  ['with a name', (tar) => named(tar, FNAME, 7)],
  ['with a name of 511 bytes', (tar) => named(tar, FNAME, 511)],
  ['with a name of 512 bytes', (tar) => named(tar, FNAME, 512)],
  ['with a name of 70000 bytes', (tar) => named(tar, FNAME, 70_000)],
  ['with a comment of 512 bytes', (tar) => named(tar, FCOMMENT, 512)],
  ['with a name without an end', (tar) => member(tar, { flags: FNAME, optional: Buffer.from('name') })],
  ['with an extra field', (tar) => extra(tar, 5, 5)],
  ['with an extra field that is too long', (tar) => extra(tar, 60_000, 5)],
  ['of another method', (tar) => member(tar, { head: Buffer.from([0x1f, 0x8b, 7, 0, 0, 0, 0, 0, 0, 3]) })],
  ['with another magic', (tar) => member(tar, { head: Buffer.from([0x1f, 0x8c, 8, 0, 0, 0, 0, 0, 0, 3]) })],
  ['with a wrong checksum', (tar) => member(tar, { crc: 1 })],
  ['with a wrong size', (tar) => member(tar, { size: tar.length + 1 })],
  ['in two members', (tar) => Buffer.concat([member(tar.subarray(0, 512)), member(tar.subarray(512))])],
  ['in two members, cut in a header', (tar) => Buffer.concat([member(tar.subarray(0, 100)), member(tar.subarray(100))])],
  ['with an empty member before', (tar) => Buffer.concat([member(Buffer.alloc(0)), member(tar)])],
  ['with an empty member behind', (tar) => Buffer.concat([member(tar), member(Buffer.alloc(0))])],
  ['with a second member of other content', (tar) => Buffer.concat([member(tar), member(tar)])],
  ['with a second member under a long name', (tar) => Buffer.concat([member(tar.subarray(0, 512)), named(tar.subarray(512), FNAME, 600)])],
  ['with a second member that is damaged', (tar) => Buffer.concat([member(tar.subarray(0, 512)), member(tar.subarray(512), { crc: 1 })])],
  ['with zeros behind', (tar) => Buffer.concat([member(tar), Buffer.alloc(100)])],
  ['with zeros between two members', (tar) => Buffer.concat([member(tar.subarray(0, 512)), Buffer.alloc(10), member(tar.subarray(512))])],
  ['with garbage behind', (tar) => Buffer.concat([member(tar), Buffer.from('garbage')])],
  ['with half a magic behind', (tar) => Buffer.concat([member(tar), Buffer.from([0x1f])])],
  ['without its trailer', (tar) => member(tar).subarray(0, -8)],
  ['without half of its trailer', (tar) => member(tar).subarray(0, -4)],
  ['cut in half', (tar) => member(tar).subarray(0, member(tar).length / 2)],
  ['cut within its header', (tar) => member(tar).subarray(0, 5)],
  ['packed twice', (tar) => member(member(tar))],
  ['as it is', (tar) => tar],
];
