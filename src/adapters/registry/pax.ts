import { ArchiveFault } from './archive-limits.ts';

/** Records of a PAX extended header that bear on what is read; the harmless ones are left out. */
export interface PaxRecords {
  readonly path?: string;
  readonly size?: number;
}

// What they say bears on nothing, but readers refuse the header where it is not of this form.
const HARMLESS: Readonly<Record<string, RegExp>> = {
  mtime: /^-?[0-9]{1,18}(?:\.[0-9]*)?$/,
  atime: /^-?[0-9]{1,18}(?:\.[0-9]*)?$/,
  ctime: /^-?[0-9]{1,18}(?:\.[0-9]*)?$/,
  uid: /^[0-9]{1,18}$/,
  gid: /^[0-9]{1,18}$/,
  uname: /^[^\0]*$/,
  gname: /^[^\0]*$/,
  comment: /^/,
};
// POSIX pax, "pax Extended Header Keyword/Value Pairs": vendor keys begin with the vendor's name in capitals and a dot.
const VENDOR = /^[A-Z][A-Za-z0-9_-]*\./;

/** Reads a header for one entry (type x). Throws ArchiveFault for records that change what an entry is. */
export const readPax = (body: Uint8Array): PaxRecords => {
  const records: { path?: string; size?: number } = {};
  for (const [key, value] of parseRecords(body)) {
    if (key in records) throw new ArchiveFault(`a PAX header names ${key} twice`);
    if (key === 'path') records.path = readPath(value);
    else if (key === 'size') records.size = parseSize(value);
    else refuseMeaning(key, value);
  }
  return records;
};

/** Checks a header for all entries (type g), as `git archive` writes it: a comment and nothing else. */
export const checkGlobalPax = (body: Uint8Array): void => {
  for (const [key] of parseRecords(body)) {
    if (key !== 'comment') throw new ArchiveFault(`a global PAX header sets ${JSON.stringify(key)}`);
  }
};

// A GNU.sparse key gives the entry another name and other bytes in some readers (archive/tar) and not in others.
const refuseMeaning = (key: string, value: string): void => {
  const form = Object.hasOwn(HARMLESS, key) ? HARMLESS[key] : undefined;
  const isVendors = VENDOR.test(key) && !key.startsWith('GNU.sparse.');
  if (form === undefined && !isVendors) throw new ArchiveFault(`a PAX header sets ${JSON.stringify(key)}`);
  if (form?.test(value) === false) throw new ArchiveFault(`a PAX header has a value of ${key} that cannot be read`);
};

// An empty path takes the header's back in some readers.
const readPath = (value: string): string => {
  if (value === '') throw new ArchiveFault('a PAX header has an empty path');
  return value;
};

const parseSize = (value: string): number => {
  if (!/^(?:0|[1-9][0-9]{0,14})$/.test(value)) throw new ArchiveFault('a PAX header has a size that is no number');
  return Number(value);
};

const SPACE = 0x20;
const NEWLINE = 0x0a;

/** Records are `<length> <key>=<value>\n`, the length in bytes and of the whole record. */
const parseRecords = function* (body: Uint8Array): Generator<readonly [string, string]> {
  for (let start = 0; start < body.length; ) {
    const space = body.indexOf(SPACE, start);
    const digits = space < 0 || space - start > 8 ? '' : Buffer.from(body.subarray(start, space)).toString('latin1');
    const end = /^[1-9][0-9]*$/.test(digits) ? start + Number(digits) : 0;
    if (end <= space + 1 || end > body.length || body[end - 1] !== NEWLINE) throw new ArchiveFault('a PAX header is damaged');
    yield splitRecord(body.subarray(space + 1, end - 1));
    start = end;
  }
};

const splitRecord = (record: Uint8Array): readonly [string, string] => {
  const text = decodeName(record);
  const equals = text.indexOf('=');
  if (equals < 1 || text.slice(0, equals).includes('\0')) throw new ArchiveFault('a PAX header is damaged');
  return [text.slice(0, equals), text.slice(equals + 1)];
};

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8 or ArchiveFault: readers differ in what they make of other bytes. */
export const decodeName = (bytes: Uint8Array): string => {
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw new ArchiveFault('it has a name that is not UTF-8', { cause });
  }
};
