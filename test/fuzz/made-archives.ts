import { gzipSync } from 'node:zlib';
import { chartTgz, directory, END, file, longName, padded, pax, rawHeader, tgz, withChecksum } from '../registry/tar.ts';
import { seeded } from '../seeded.ts';
import { member, WRAPPINGS } from './gzip.ts';
import { ENDS, MAGICS, NAMES, NUMBER_FIELDS, NUMBERS, PAX_KEYS, RAW_PAX, rawPax, TYPES } from './strange.ts';

/** An archive that was thought out rather than found. */
export interface MadeArchive {
  readonly name: string;
  bytes(): Buffer;
}

const MIB = 1024 * 1024;
const CHART = file('c/Chart.yaml', 'apiVersion: v2\nname: c\nversion: 1.0.0\n');
const HIDDEN = file('c/templates/hidden.yaml', 'a: 1\n');

const made = (name: string, bytes: () => Buffer): MadeArchive => ({ name, bytes });
const parts = (name: string, ...entries: readonly Buffer[]): MadeArchive => made(name, () => tgz(CHART, ...entries));

/** A file called c/a whose header has these bytes there, and its checksum. */
const patched = (patches: readonly (readonly [number, string | Uint8Array])[], body: Buffer = padded('a'), size = 1): Buffer => {
  const header = rawHeader({ name: 'c/a', size });
  for (const [offset, bytes] of patches) header.set(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, offset);
  return Buffer.concat([withChecksum(header), body]);
};

const nameField = (name: string): Buffer => Buffer.concat([Buffer.from(name, 'latin1'), Buffer.alloc(100)]).subarray(0, 100);

const GNU = 'ustar  \0';

const quoted = (text: string | Uint8Array): string => JSON.stringify(Buffer.from(text).toString('latin1').slice(0, 40));

const BY_NAME = NAMES.map((name) => parts(`the name ${quoted(name)}`, patched([[0, nameField(name)]])));
const BY_LONG_NAME = NAMES.slice(0, 40).map((name) => parts(`the long name ${quoted(name)}`, longName(name), patched([])));
const BY_PAX_NAME = NAMES.slice(0, 40).map((name) => parts(`the PAX path ${quoted(name)}`, pax([['path', name]]), patched([])));
const BY_TYPE = TYPES.map((type) => parts(`the type ${quoted(type)} with a body`, rawHeader({ name: 'c/x', type, link: 'c/Chart.yaml', size: HIDDEN.length }), HIDDEN));
const BY_NUMBER = Object.entries(NUMBER_FIELDS).flatMap(([field, [offset, width]]) =>
  NUMBERS.map((number) => parts(`${field} ${quoted(number(width))}`, patched([[offset, number(width)], ...(field.startsWith('gnu') ? [[257, GNU] as const] : [])]))),
);
const BY_MAGIC = MAGICS.map((magic) =>
  parts(
    `the magic ${quoted(magic)} with a prefix`,
    patched([
      [257, magic],
      [345, 'c/pre'],
    ]),
  ),
);
const BY_PAX = PAX_KEYS.map((key) => parts(`the PAX key ${quoted(key)}`, pax([[key, 'c/templates/x.yaml']]), file('c/a', 'a')));
const BY_RAW_PAX = RAW_PAX.flatMap((text) => [
  parts(`the PAX text ${quoted(text)}`, rawPax(text), file('c/z', 'z')),
  parts(`the global PAX text ${quoted(text)}`, rawPax(text, 'g')),
]);
const BY_END = ENDS.map((end, index) => made(`end ${index}`, () => gzipSync(Buffer.concat([CHART, HIDDEN, end]))));
const BY_WRAPPING = WRAPPINGS.map(([name, wrap]) => made(`gzip ${name}`, () => wrap(Buffer.concat([CHART, HIDDEN, END]))));

const sparse = (records: readonly (readonly [string, string])[], body: string): Buffer => Buffer.concat([pax(records), file('c/docs/GNUSparseFile.0/readme.txt', body)]);

const SMUGGLED: readonly MadeArchive[] = [
  parts(
    'a sparse file of PAX 1.0 under another name',
    sparse(
      [
        ['GNU.sparse.major', '1'],
        ['GNU.sparse.minor', '0'],
        ['GNU.sparse.name', 'c/templates/hidden.yaml'],
        ['GNU.sparse.realsize', '5'],
      ],
      `1\n0\n5\n${'\0'.repeat(506)}a: 1\n`,
    ),
  ),
  parts(
    'a sparse file of PAX 0.1',
    sparse(
      [
        ['GNU.sparse.map', '0,5'],
        ['GNU.sparse.numblocks', '1'],
        ['GNU.sparse.size', '5'],
      ],
      'a: 1\n',
    ),
  ),
  parts(
    'a sparse file of 5 MB in 512 bytes',
    sparse(
      [
        ['GNU.sparse.major', '1'],
        ['GNU.sparse.minor', '0'],
        ['GNU.sparse.realsize', '5000000'],
      ],
      `0\n${'\0'.repeat(510)}`,
    ),
  ),
  parts("a file that its mode calls a directory, which Helm's loader passes over", patched([[100, '0040644\0']])),
  parts(
    'a prefix in the form of GNU, where buggy programs put it',
    patched([
      [257, GNU],
      [345, 'c/templates'],
    ]),
  ),
  parts('a PAX size before a long name', pax([['size', '1024']]), longName('c/long'), rawHeader({ name: 'c/x' }), HIDDEN),
  parts('a PAX path before a long name', pax([['path', 'c/one']]), longName('c/other'), file('c/x', 'x')),
  parts('a long name before a PAX path', longName('c/other'), pax([['path', 'c/one']]), file('c/x', 'x')),
  parts('two PAX headers', pax([['path', 'c/one']]), pax([['path', 'c/other']]), file('c/x', 'x')),
  parts('a PAX header before a global one', pax([['path', 'c/one']]), pax([['comment', 'x']], 'g'), file('c/x', 'x')),
  parts('a header inside of a body', Buffer.concat([rawHeader({ name: 'c/x', size: HIDDEN.length }), HIDDEN])),
  parts('a PAX size beyond the end', pax([['size', '99999999']]), file('c/x', 'x')),
  parts('a file and a directory of one name', file('c/x', 'x'), directory('c/x')),
  parts('a file below a file', file('c/x', 'x'), file('c/x/y', 'y')),
  parts('a byte order mark in Chart.yaml', file('c/values.yaml', '\ufeffa: 1')),
];

const nested = (depth: number): Buffer => (depth === 0 ? chartTgz('d', { 'Chart.yaml': 'd' }) : chartTgz('d', { 'Chart.yaml': 'd', 'charts/d.tgz': nested(depth - 1) }));

const SUBCHARTS: readonly MadeArchive[] = [
  ...[0, 1, 7, 8, 9, 12].map((depth) => made(`subcharts ${depth} deep`, () => nested(depth))),
  made('a subchart that is no archive', () => chartTgz('c', { 'Chart.yaml': 'c', 'charts/d.tgz': 'd' })),
  made('a subchart passed over', () => chartTgz('c', { 'Chart.yaml': 'c', 'charts/_d.tgz': 'd', 'charts/.e.tgz': 'e' })),
  made('a subchart in a subchart', () => chartTgz('c', { 'Chart.yaml': 'c', 'charts/e/Chart.yaml': 'e', 'charts/e/charts/d.tgz': nested(0) })),
  made('a subchart under a folder that is passed over', () => chartTgz('c', { 'Chart.yaml': 'c', 'charts/_e/Chart.yaml': 'e', 'charts/_e/charts/d.tgz': nested(0) })),
];

/** Bytes that compress to some fortieth of their size: less than the reader's ratio allows. */
const dense = (length: number): Buffer => {
  const random = seeded(1);
  const bytes = Buffer.alloc(length);
  for (let at = 0; at + 8 < length; at += 512) bytes.writeDoubleLE(random(), at);
  return bytes;
};

export const BOMBS: readonly MadeArchive[] = [
  made('64 MiB of zeros', () => gzipSync(Buffer.alloc(64 * MIB))),
  made('3 GB of zeros in members', () => Buffer.concat(Array<Buffer>(300).fill(gzipSync(Buffer.alloc(10 * MIB))))),
  made('a file of 5 MiB and one byte', () => tgz(CHART, file('c/a', dense(5 * MIB + 1)))),
  made('the largest file', () => tgz(CHART, file('c/a', dense(5 * MIB)))),
  made('the most that is taken', () => tgz(CHART, ...Array.from({ length: 12 }, (_, index) => file(`c/${index}`, dense(5 * MIB))))),
  made('the most that is taken, in a subchart', () =>
    tgz(CHART, file('c/charts/d.tgz', tgz(file('d/Chart.yaml', 'd'), ...Array.from({ length: 11 }, (_, index) => file(`d/${index}`, dense(5 * MIB)))))),
  ),
  made('more than is taken', () => tgz(CHART, ...Array.from({ length: 13 }, (_, index) => file(`c/${index}`, dense(5 * MIB))))),
  made('10000 entries', () => tgz(CHART, ...Array.from({ length: 9_999 }, (_, index) => file(`c/${index}`, 'x')))),
  made('10001 entries', () => tgz(CHART, ...Array.from({ length: 10_000 }, (_, index) => file(`c/${index}`, 'x')))),
  made('10000 subcharts of nothing', () => tgz(CHART, ...Array.from({ length: 9_000 }, (_, index) => file(`c/charts/${index}.tgz`, member(Buffer.alloc(0)))))),
  made('a header that announces 8 GiB', () => tgz(CHART, rawHeader({ name: 'c/a', size: 8 * 1024 * MIB - 1 }))),
  made('a PAX header of 1 MiB', () => tgz(CHART, rawPax('x'.repeat(MIB)), file('c/a', 'a'))),
  made('a long name of 1 MiB', () => tgz(CHART, longName('n'.repeat(MIB)), file('c/a', 'a'))),
];

export const MADE_ARCHIVES: readonly MadeArchive[] = [
  parts('a plain chart', directory('c/'), file('c/values.yaml', 'a: 1'), HIDDEN),
  ...BY_NAME,
  ...BY_LONG_NAME,
  ...BY_PAX_NAME,
  ...BY_TYPE,
  ...BY_NUMBER,
  ...BY_MAGIC,
  ...BY_PAX,
  ...BY_RAW_PAX,
  ...BY_END,
  ...BY_WRAPPING,
  ...SMUGGLED,
  ...SUBCHARTS,
  ...BOMBS,
];
