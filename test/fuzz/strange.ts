import { END, file, longName, pax, rawHeader } from '../registry/tar.ts';

/** Parts that archives are spoilt with, by hand (made-archives.ts) and by chance (mutate-archive.ts). */

const latin = (...bytes: readonly number[]): string => Buffer.from(bytes).toString('latin1');

/** Names of entries, each letter a byte. */
// biome-ignore format: short values, many a line
export const NAMES: readonly string[] = [
  'c/a', 'c/templates/a.yaml', 'c/values.yaml', 'c/Chart.yaml', 'Chart.yaml', 'c', 'c/', 'c/.', 'c/./a', './c/a', '././a', './Chart.yaml', 'c//a', '//c/a', '/c/a', '/',
  'c/..', 'c/../a', 'c/a/..', 'c/a/../b', 'c/..a', 'c/...', 'c/a/.', '../c/a', '..', '.', '', 'c\\a', 'c\\templates\\a.yaml', '\\c\\a', 'c/a\\b', 'c\\..\\a', 'c\\Chart.yaml',
  'c/c:/a', 'c:/a', 'c/C:/Chart.yaml', 'c:\\a', 'd/a', 'd/values.yaml', 'C/values.yaml', 'c/VALUES.yaml', 'c/a/', 'c/a/b/', ' c/a', 'c/ a', 'c/a ', 'c /a', 'c/a\n', 'c/\ta',
  'c/a\0b', 'c\0/a', '\0c/a', 'c/\x7f', 'c/\x1b[31m', 'c/GNUSparseFile.0/a', 'c/.helmignore', 'c/charts/x.tgz', 'c/charts/_x.tgz', 'c/charts/.x.tgz', 'c/charts/x.tgz/a',
  'c/charts/x/Chart.yaml', 'c/charts/x.prov', 'c/charts/x', 'c/crds/a.yaml', 'c/requirements.yaml', 'c/Chart.lock', 'c/values.schema.json', '-/a', '-', '@PaxHeader', '././@LongLink',
  // UTF-8: ä in one letter and in two, a zero-width space, a full-width slash and dots; a byte order mark; a surrogate; what is no UTF-8.
  latin(0x63, 0x2f, 0xc3, 0xa4), latin(0x63, 0x2f, 0x61, 0xcc, 0x88), latin(0x63, 0x2f, 0xe2, 0x80, 0x8b), latin(0x63, 0xef, 0xbc, 0x8f, 0x61), latin(0x63, 0x2f, 0xef, 0xbc, 0x8e, 0x2f, 0x61),
  latin(0x63, 0x2f, 0xef, 0xbb, 0xbf, 0x61), latin(0x63, 0x2f, 0xed, 0xa0, 0x80), latin(0x63, 0x2f, 0xff), latin(0x63, 0xc0, 0xaf, 0x61), latin(0x63, 0x2f, 0xc2, 0x85), latin(0x63, 0x2f, 0xe2, 0x80, 0xa8),
  `c/${'n'.repeat(98)}`, `c/${'n'.repeat(97)}`, `c/${'deep/'.repeat(19)}a`, `c/${'deep/'.repeat(60)}a`, `c/${'n'.repeat(1_100)}`,
];

// biome-ignore format: short values, many a line
export const TYPES: readonly string[] = ['0', '\0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'D', 'K', 'L', 'M', 'N', 'S', 'V', 'X', 'Z', 'g', 'x', ' ', '\xff'];

/** Ways to write a number into a field of a header; `width` is that of the field. */
export const NUMBERS: readonly ((width: number) => Buffer)[] = [
  '',
  '0',
  '7',
  '1000',
  '0000644',
  '0040755',
  '0100644',
  '0120777',
  '0010644',
  '0160000',
  '777777777777',
  ' 12 ',
  '  7',
  '7 \0 ',
  '1\x007',
  '1 7',
  '-1',
  '+1',
  '0x1',
  '8',
  '9',
  'abc',
  '1e3',
  '٣',
  '\0\x001',
  ' \0 1',
]
  .map(
    (text) =>
      (width: number): Buffer =>
        Buffer.concat([Buffer.from(text, 'latin1'), Buffer.alloc(width)]).subarray(0, width),
  )
  .concat([
    (width) => Buffer.alloc(width, 0xff),
    (width) => Buffer.alloc(width, ' '),
    (width) => Buffer.alloc(width, '7'),
    (width) => Buffer.from([0x80, ...Buffer.alloc(width - 2), 5]),
    (width) => Buffer.from([0x80, ...Buffer.alloc(width - 1, 0xff)]),
    (width) => Buffer.from([0xff, ...Buffer.alloc(width - 2, 0xff), 0xfe]),
    (width) => Buffer.from([0xc0, ...Buffer.alloc(width - 1)]),
    (width) => Buffer.from([0x80, ...Buffer.alloc(3), 0x80, ...Buffer.alloc(width - 5)]),
  ]);

/** Numeric fields of a header by their offset and width (POSIX ustar; the last four are times and offset of GNU's form). */
export const NUMBER_FIELDS = {
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  devmajor: [329, 8],
  devminor: [337, 8],
  gnuAtime: [345, 12],
  gnuCtime: [357, 12],
  gnuOffset: [369, 12],
  gnuRealSize: [483, 12],
} as const satisfies Record<string, readonly [number, number]>;

export const MAGICS: readonly string[] = [
  'ustar\x0000',
  'ustar\x0000',
  'ustar  \0',
  'ustar  \0',
  'ustar\0  ',
  'ustar\x0001',
  'ustar 00',
  'ustar\0\0\0',
  '\0\0\0\0\0\0\0\0',
  'USTAR\x0000',
  'GNUtar \0',
  'ustar   ',
];

// biome-ignore format: short values, many a line
export const PAX_KEYS: readonly string[] = [
  'path', 'size', 'linkpath', 'uid', 'gid', 'uname', 'gname', 'mtime', 'atime', 'ctime', 'comment', 'charset', 'hdrcharset', 'GNU.sparse.major', 'GNU.sparse.minor', 'GNU.sparse.name',
  'GNU.sparse.realsize', 'GNU.sparse.size', 'GNU.sparse.map', 'GNU.sparse.offset', 'GNU.sparse.numbytes', 'GNU.sparse.numblocks', 'GNU.volume.label', 'SCHILY.xattr.user.a', 'SCHILY.realsize',
  'LIBARCHIVE.creationtime', 'VENDOR.x', 'vendor.x', 'PATH', ' path', 'path ', 'pa\0th', '', 'x=path',
];

// biome-ignore format: short values, many a line
export const PAX_VALUES: readonly string[] = [
  '', '0', '1', '4', '512', '-1', '+4', '04', '1.5', '-1.5', '.5', '1.', '1.x', '1e3', 'abc', '9223372036854775807', '9223372036854775808', '18446744073709551616', 'c/a', 'c/templates/hidden.yaml',
  'c/', '/c/a', '../a', 'c\\a', 'c/a\0b', 'a\nb', 'c/ä', 'UTF-8', 'BINARY', '0,4', '0\n4\n',
];

/** A PAX header whose records are this very text. */
export const rawPax = (body: string, type: 'x' | 'g' = 'x'): Buffer => {
  const bytes = Buffer.from(body, 'latin1');
  return Buffer.concat([rawHeader({ name: 'PaxHeader', size: bytes.length, type }), bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
};

// biome-ignore format: short values, many a line
export const RAW_PAX: readonly string[] = [
  '', '\0', '9 path=c/a\n', '99 path=c/a\n', '12 path=c/a', '12 path=c/a\0', '012 path=c/a\n', '+12 path=c/a\n', ' 12 path=c/a\n', '12  path=c/a\n', '12 path=c/a\n\0', '12 path=c/a\n12 path=c/b\n',
  '4 =\n', '5 a=\n', '6 =ab\n', '3 a\n', '10 path c\n', '12 path=c/a\n garbage', '-1 a=b\n', '0 a=b\n', '6 a=b\n6 a=c\n', '2147483648 a=b\n', '18446744073709551628 path=c/a\n',
];

/** What may stand at the end of a tar. */
export const ENDS: readonly Buffer[] = [
  END,
  Buffer.alloc(0),
  Buffer.alloc(512),
  Buffer.alloc(100),
  Buffer.alloc(1536),
  Buffer.alloc(10_240),
  Buffer.concat([END, file('c/hidden.yaml', 'a: 1'), END]),
  Buffer.concat([Buffer.alloc(512), file('c/hidden.yaml', 'a: 1'), END]),
  Buffer.concat([END, Buffer.from('garbage')]),
  Buffer.concat([pax([['path', 'c/a']]), END]),
  Buffer.concat([longName('c/a'), END]),
];
