import { crc32 } from 'node:zlib';
import { ArchiveFault } from './archive-limits.ts';

// RFC 1952 2.3.1.
const FIXED_BYTES = 10;
const DEFLATE = 8;
const FHCRC = 2;
const FEXTRA = 4;
const FNAME = 8;
const FCOMMENT = 16;
const RESERVED = 0xe0;

/** Go's reader takes no more, so that Helm refuses what has more. */
const MAX_TEXT_BYTES = 511;

/** True where a gzip member begins. */
export const isMember = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** Length of the header that a gzip member begins with. Throws ArchiveFault for one that is damaged, cut, or that other readers refuse. */
export const headerLength = (member: Uint8Array): number => {
  const flags = member[3] ?? 0;
  if (!isMember(member) || member.length < FIXED_BYTES) throw notGzip('incorrect header');
  if (member[2] !== DEFLATE) throw notGzip('unknown compression method');
  if ((flags & RESERVED) !== 0) throw notGzip('unknown header flags');
  let length = FIXED_BYTES;
  if ((flags & FEXTRA) !== 0) length += 2 + wordAt(member, length);
  if ((flags & FNAME) !== 0) length += textLength(member, length);
  if ((flags & FCOMMENT) !== 0) length += textLength(member, length);
  if ((flags & FHCRC) !== 0) {
    if (wordAt(member, length) !== (crc32(member.subarray(0, length)) & 0xffff)) throw notGzip('incorrect header checksum');
    length += 2;
  }
  if (length > member.length) throw notGzip('unexpected end of file');
  return length;
};

/** The message has the form of zlib's, whatever found it out. */
export const notGzip = (why: string, cause?: unknown): ArchiveFault => new ArchiveFault(`it is not a whole gzip file (${why})`, cause === undefined ? {} : { cause });

const wordAt = (bytes: Uint8Array, offset: number): number => (bytes[offset] ?? 0) | ((bytes[offset + 1] ?? 0) << 8);

/** Of a text with the zero that ends it. */
const textLength = (bytes: Uint8Array, offset: number): number => {
  const end = bytes.indexOf(0, offset);
  if (end < 0) throw notGzip('unexpected end of file');
  if (end - offset > MAX_TEXT_BYTES) throw notGzip(`a name or comment of more than ${MAX_TEXT_BYTES} bytes`);
  return end + 1 - offset;
};
