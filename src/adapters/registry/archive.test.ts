import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { chartTgz, directory, END, file, longName, padded, pax, rawHeader, tgz, withChecksum } from '../../../test/registry/tar.ts';
import type { ChartFile } from '../../ports/registry.ts';
import { unpackChart } from './archive.ts';
import { ARCHIVE_LIMITS, ArchiveFault, type ArchiveLimits } from './archive-limits.ts';

const CHART_YAML = 'apiVersion: v2\nname: c\nversion: 1.0.0\n';
const CHART = file('c/Chart.yaml', CHART_YAML);
const HIDDEN = file('c/values.schema.json', '{"$ref":"http://evil.example/"}');
const signal = new AbortController().signal;

const unpack = (bytes: Uint8Array, limits: Partial<ArchiveLimits> = {}): Promise<readonly ChartFile[]> => unpackChart(bytes, signal, { ...ARCHIVE_LIMITS, ...limits });
const asText = (files: readonly ChartFile[]): Record<string, string> => Object.fromEntries(files.map(({ name, bytes }) => [name, Buffer.from(bytes).toString()]));
/** An empty file c/a whose header has these bytes there. */
const patched = (offset: number, bytes: string | Uint8Array, magic?: string): Buffer => {
  const block = rawHeader({ name: 'c/a', ...(magic !== undefined && { magic }) });
  block.set(Buffer.from(bytes), offset);
  return withChecksum(block);
};
const GNU = 'ustar  \0';
const MODE = 100;
const USER = 108;
const GNU_TIMES = 345;
const long = `${'n'.repeat(60)}/${'m'.repeat(80)}.yaml`;

const gnuSize = (bytes: readonly number[]): Uint8Array => Uint8Array.from(bytes);
const whole = tgz(CHART);
const flagged = (flags: number): Buffer => {
  const bytes = Buffer.from(whole);
  bytes[3] = flags;
  return bytes;
};
/** The archive under a name in the header of gzip. */
const named = (length: number): Buffer => Buffer.concat([flagged(8).subarray(0, 10), Buffer.alloc(length, 'n'), Buffer.of(0), whole.subarray(10)]);
const badChecksum = Buffer.from(whole);
badChecksum[badChecksum.length - 8] = (badChecksum[badChecksum.length - 8] ?? 0) ^ 0xff;

describe('unpackChart takes', () => {
  it.each([
    ['files and directories', tgz(directory('c/'), CHART, directory('c/templates/'), file('c/templates/a.yaml', 'a')), { 'templates/a.yaml': 'a' }],
    ['an empty file', tgz(CHART, file('c/values.yaml', '')), { 'values.yaml': '' }],
    ['Chart.yaml anywhere in the order', tgz(file('c/values.yaml', 'a: 1'), CHART), { 'values.yaml': 'a: 1' }],
    ['a name split into prefix and name', tgz(CHART, Buffer.concat([rawHeader({ name: 'a.yaml', prefix: 'c/templates', size: 1 }), padded('a')])), { 'templates/a.yaml': 'a' }],
    ['a long name in a PAX header', tgz(CHART, pax([['path', `c/${long}`]]), file('c/short', 'a')), { [long]: 'a' }],
    ['a long name as GNU writes it', tgz(CHART, longName(`c/${long}`), file('c/short', 'a')), { [long]: 'a' }],
    ['a mode that says that a file is one', tgz(CHART, patched(MODE, '0100644\0')), { a: '' }],
    ['a user with a large number, as GNU writes it', tgz(CHART, patched(USER, Uint8Array.of(0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff))), { a: '' }],
    ['times in a GNU header', tgz(CHART, patched(GNU_TIMES, '15105246530\x0015105246530\0', GNU)), { a: '' }],
    ['GNU headers', tgz(CHART, Buffer.concat([rawHeader({ name: 'c/a', size: 1, magic: 'ustar  \0' }), padded('a')])), { a: 'a' }],
    [
      'harmless PAX keys',
      tgz(
        CHART,
        pax([
          ['mtime', '1.5'],
          ['uname', 'ü'],
          ['size', '1'],
        ]),
        file('c/a', 'a'),
      ),
      { a: 'a' },
    ],
    [
      'PAX keys of vendors',
      tgz(
        CHART,
        pax([
          ['LIBARCHIVE.creationtime', '1'],
          ['SCHILY.xattr.com.apple.provenance', '\x01\x02'],
        ]),
        file('c/a', 'a'),
      ),
      { a: 'a' },
    ],
    ['the comment of git archive', tgz(pax([['comment', 'f'.repeat(40)]], 'g'), CHART, file('c/a', 'a')), { a: 'a' }],
    ['a name with a dot component', tgz(CHART, file('c/./a', 'a')), { a: 'a' }],
    ['the top folder .', tgz(directory('./'), file('./Chart.yaml', CHART_YAML), file('./a', 'a')), { a: 'a' }],
    ['the top folder - of old charts', tgz(file('-/Chart.yaml', CHART_YAML), file('-/a', 'a')), { a: 'a' }],
    ['names that differ in case only', tgz(CHART, file('c/a', 'a'), file('c/A', 'b')), { a: 'a', A: 'b' }],
    ['names outside ASCII', tgz(CHART, file('c/ä', 'a')), { ä: 'a' }],
    ['more zeros after the end', gzipSync(Buffer.concat([CHART, END, Buffer.alloc(10_240)])), {}],
    ['two gzip members', Buffer.concat([gzipSync(CHART), gzipSync(Buffer.concat([file('c/a', 'a'), END]))]), { a: 'a' }],
    ['a gzip file with a name', named(511), {}],
    ['zeros after the gzip stream', Buffer.concat([tgz(CHART), Buffer.alloc(100)]), {}],
    ['files that .helmignore names, as Helm does', tgz(CHART, file('c/.helmignore', 'a\n'), file('c/a', 'a')), { a: 'a', '.helmignore': 'a\n' }],
  ])('%s', async (_name, bytes, files) => {
    expect(asText(await unpack(bytes))).toEqual({ 'Chart.yaml': CHART_YAML, ...files });
  });

  it('files without the byte order mark that they begin with', async () => {
    expect(asText(await unpack(tgz(file('c/Chart.yaml', `\ufeff${CHART_YAML}`), file('c/a', '\ufeff\ufeffa'))))).toEqual({ 'Chart.yaml': CHART_YAML, a: '\ufeffa' });
  });

  it('bytes as they are', async () => {
    const bytes = randomBytes(100_000);
    const files = await unpack(tgz(CHART, file('c/a', bytes)));
    expect(Buffer.from(files[1]?.bytes ?? []).equals(bytes)).toBe(true);
  });
});

describe('unpackChart refuses', () => {
  it.each([
    ['what is no gzip', Buffer.from('<html>'), /not a whole gzip file/],
    ['nothing', Buffer.alloc(0), /not a whole gzip file/],
    ['gzip of something else', gzipSync('hello'), /without an end-of-archive marker/],
    ['a truncated gzip stream', whole.subarray(0, whole.length - 4), /not a whole gzip file/],
    ['a wrong gzip checksum', badChecksum, /not a whole gzip file/],
    ['garbage after gzip', Buffer.concat([whole, Buffer.from('garbage garbage')]), /not a whole gzip file|bytes follow/],
    ['garbage after zeros after gzip', Buffer.concat([whole, Buffer.alloc(8), Buffer.from('garbage')]), /bytes follow/],
    ['a symbolic link', tgz(CHART, rawHeader({ name: 'c/a', type: '2', link: '/etc/passwd' })), /"c\/a" is a symbolic link/],
    ['a symbolic link with a body', tgz(CHART, rawHeader({ name: 'c/a', type: '2', link: 'x', size: HIDDEN.length }), HIDDEN), /symbolic link/],
    ['a hard link', tgz(CHART, rawHeader({ name: 'c/a', type: '1', link: 'c/Chart.yaml' })), /hard link/],
    ['a named pipe', tgz(CHART, rawHeader({ name: 'c/a', type: '6' })), /named pipe/],
    ['a device', tgz(CHART, rawHeader({ name: 'c/a', type: '3' })), /character device/],
    ['a contiguous file', tgz(CHART, rawHeader({ name: 'c/a', type: '7' })), /unknown type "7"/],
    ['a GNU sparse file', tgz(CHART, rawHeader({ name: 'c/a', type: 'S' }), HIDDEN), /sparse file/],
    ['a long link name', tgz(CHART, rawHeader({ name: 'x', type: 'K', size: 2 }), padded('a')), /long link name/],
    [
      'a sparse file in PAX',
      tgz(
        CHART,
        pax([
          ['GNU.sparse.major', '1'],
          ['GNU.sparse.minor', '0'],
          ['GNU.sparse.name', 'c/templates/x.yaml'],
          ['GNU.sparse.realsize', '5'],
        ]),
        file('c/a', '1\n0\n5\n'),
      ),
      /sets "GNU.sparse.major"/,
    ],
    ['a PAX link path', tgz(CHART, pax([['linkpath', '/etc']]), file('c/a', 'a')), /sets "linkpath"/],
    ['a PAX character set', tgz(CHART, pax([['hdrcharset', 'BINARY']]), file('c/a', 'a')), /sets "hdrcharset"/],
    ['a smaller size in PAX', tgz(CHART, pax([['size', '0']]), rawHeader({ name: 'c/a', size: HIDDEN.length }), HIDDEN), /two sizes/],
    ['a larger size in PAX', tgz(CHART, pax([['size', String(HIDDEN.length)]]), rawHeader({ name: 'c/a' }), HIDDEN), /two sizes/],
    [
      'a PAX key named twice',
      tgz(
        CHART,
        pax([
          ['path', 'c/a'],
          ['path', 'c/b'],
        ]),
        file('c/c', 'a'),
      ),
      /path twice/,
    ],
    ['an empty PAX path', tgz(CHART, pax([['path', '']]), file('c/c', 'a')), /empty path/],
    ['a PAX size for a long name', tgz(CHART, pax([['size', '1024']]), longName('c/long'), rawHeader({ name: 'c/a' }), HIDDEN), /two extended headers/],
    ['a global PAX path', tgz(pax([['path', 'c/evil']], 'g'), CHART), /global PAX header sets "path"/],
    ['a damaged PAX record', tgz(CHART, rawHeader({ name: 'x', type: 'x', size: 12 }), padded('99 path=c/a\n'), file('c/b', 'b')), /PAX header is damaged/],
    ['a PAX record without an end', tgz(CHART, rawHeader({ name: 'x', type: 'x', size: 11 }), padded('11 path=c/a'), file('c/b', 'b')), /PAX header is damaged/],
    ['a PAX header without an entry', tgz(CHART, pax([['path', 'c/a']])), /no entry after it/],
    ['a huge PAX header', tgz(CHART, rawHeader({ name: 'x', type: 'x', size: 70_000 }), padded('x'.repeat(70_000)), file('c/b', 'b')), /more than 65536 bytes/],
    ['a directory with a body', tgz(CHART, rawHeader({ name: 'c/d/', type: '5', size: HIDDEN.length }), HIDDEN), /directory "c\/d\/" has content/],
    ['entries after the end', gzipSync(Buffer.concat([CHART, END, HIDDEN, END])), /something follows after its end/],
    ['a single block of zeros', gzipSync(Buffer.concat([CHART, Buffer.alloc(512), HIDDEN, END])), /block of zeros/],
    ['half an end marker', gzipSync(Buffer.concat([CHART, Buffer.alloc(512)])), /middle of its end-of-archive marker/],
    ['no end marker', gzipSync(Buffer.concat([CHART, HIDDEN])), /without an end-of-archive marker/],
    ['an end within a file', gzipSync(Buffer.concat([CHART, HIDDEN.subarray(0, 520)])), /ends within its entry/],
    ['an end within a header', gzipSync(Buffer.concat([CHART, HIDDEN.subarray(0, 300)])), /without an end-of-archive marker/],
    ['a header without magic', tgz(CHART, rawHeader({ name: 'c/a', magic: '\0'.repeat(8) })), /neither POSIX nor GNU/],
    ['a wrong header checksum', tgz(CHART, rawHeader({ name: 'c/a', checksum: 7 })), /checksum/],
    ['a negative size', tgz(CHART, rawHeader({ name: 'c/a', sizeField: gnuSize([255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 254, 0]) }), HIDDEN), /no octal number/],
    ['a binary size', tgz(CHART, rawHeader({ name: 'c/a', sizeField: gnuSize([128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) })), /no octal number/],
    ['a size with other letters', tgz(CHART, rawHeader({ name: 'c/a', sizeField: Buffer.from('0000000001x\0') })), /no octal number/],
    ['a file that is a directory by its mode', tgz(CHART, patched(MODE, '0040644\0')), /"c\/a" is a file, and something else by its mode/],
    ['a mode that is no number', tgz(CHART, patched(MODE, 'rw-r--r-')), /a mode that is no octal number/],
    ['a user that is no number', tgz(CHART, patched(USER, 'nobody\0\0')), /a user that is no octal number/],
    ['a prefix where GNU has times', tgz(CHART, patched(GNU_TIMES, 'c/templates', GNU)), /a time that is no octal number/],
    ['a PAX user that is no number', tgz(CHART, pax([['uid', 'nobody']]), file('c/a', 'a')), /a value of uid that cannot be read/],
    ['a PAX time that is none', tgz(CHART, pax([['mtime', '1.x']]), file('c/a', 'a')), /a value of mtime that cannot be read/],
    ['a NUL in a PAX user name', tgz(CHART, pax([['uname', 'a\0b']]), file('c/a', 'a')), /a value of uname that cannot be read/],
    ['a gzip file with a name of 512 bytes', named(512), /a name or comment of more than 511 bytes/],
    ['a gzip file of other flags', flagged(0x20), /unknown header flags/],
    ['a gzip file of many members', Buffer.concat([...Array<Buffer>(2000).fill(gzipSync('')), tgz(CHART)]), /more than 2000 gzip members/],
    ['an absolute name', tgz(CHART, file('/c/a', 'a')), /absolute path/],
    ['a name with ..', tgz(CHART, file('c/../../a', 'a')), /leads out of its folder/],
    ['a name that begins with two dots', tgz(CHART, file('c/..a', 'a')), /begins with .. below its top folder/],
    ['a name with a backslash', tgz(CHART, file('c\\a', 'a')), /backslash/],
    ['a drive letter', tgz(CHART, file('c/c:/a', 'a')), /drive letter/],
    ['a control character', tgz(CHART, file('c/a\nb', 'a')), /control characters/],
    ['a NUL in a PAX path', tgz(CHART, pax([['path', 'c/a\0b']]), file('c/a', 'a')), /control characters/],
    ['an empty component', tgz(CHART, file('c//a', 'a')), /empty path component/],
    ['a file named as a directory', tgz(CHART, file('c/a/', 'a')), /empty path component/],
    ['a name that is no UTF-8', tgz(CHART, pax([['comment', 'x']]), Buffer.concat([withName(Buffer.from([0x63, 0x2f, 0xff]))])), /not UTF-8/],
    ['a file beside the top folder', tgz(CHART, file('a', 'a')), /not inside of one top folder/],
    ['two top folders', tgz(CHART, file('d/a', 'a')), /several top folders \("c", "d"\)/],
    ['a second file of the same name', tgz(CHART, file('c/a', 'a'), file('c/a', 'b')), /file "a" twice/],
    ['a second file of the same name once cleaned', tgz(CHART, file('c/values.yaml', 'a'), file('c/./values.yaml', 'b')), /file "values.yaml" twice/],
    ['no Chart.yaml', tgz(file('c/values.yaml', 'a')), /no Chart.yaml/],
    ['a Chart.yaml that is too deep', tgz(file('./c/Chart.yaml', 'a')), /no Chart.yaml/],
    ['no entries', tgz(), /no Chart.yaml/],
  ])('%s', async (_name, bytes, message) => {
    const error: unknown = await unpack(bytes).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ArchiveFault);
    expect(error).toHaveProperty('message', expect.stringMatching(message));
  });
});

function withName(name: Buffer): Buffer {
  const block = rawHeader({ name: 'c/xxx' });
  block.fill(0, 0, 100).set(name);
  block.fill(0x20, 148, 156);
  block.write(
    `${block
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  return block;
}

describe('unpackChart bounds', () => {
  const noise = (name: string, size: number): Buffer => file(name, randomBytes(size));

  it.each([
    ['the compressed size', tgz(CHART, noise('c/a', 3000)), { compressedBytes: 2000 }, /bytes, more than 2000/],
    ['the expanded size', tgz(CHART, noise('c/a', 3000), noise('c/b', 3000)), { expandedBytes: 4096 }, /expands to more than 4096 bytes/],
    ['a file', tgz(CHART, noise('c/a', 3000)), { fileBytes: 2000 }, /has 3000 bytes, more than 2000/],
    ['the entries', tgz(CHART, noise('c/a', 1), noise('c/b', 1)), { entries: 2 }, /more than 2 entries/],
    ['the ratio', tgz(CHART, file('c/a', Buffer.alloc(4 * 1024 * 1024))), {}, /more than 100 times its size/],
    [
      'subcharts with the same totals',
      tgz(CHART, file('c/charts/d.tgz', chartTgz('d', { 'Chart.yaml': 'x', a: randomBytes(3000) }))),
      { expandedBytes: 8000 },
      /charts\/d.tgz: it expands to more than 8000/,
    ],
    ['entries of subcharts with the same totals', tgz(CHART, file('c/charts/d.tgz', chartTgz('d', { 'Chart.yaml': 'x', a: 'a' }))), { entries: 3 }, /more than 3 entries/],
  ])('%s', async (_name, bytes, limits, message) => {
    await expect(unpack(bytes, limits)).rejects.toThrow(message);
  });

  it('does not mind a high ratio of a small chart', async () => {
    await expect(unpack(tgz(CHART, file('c/a', Buffer.alloc(500_000))))).resolves.toHaveLength(2);
  });

  it('a bomb of gigabytes without expanding it', async () => {
    const bomb = Buffer.concat(Array<Buffer>(300).fill(gzipSync(Buffer.alloc(10 * 1024 * 1024))));
    await expect(unpack(bomb)).rejects.toThrow(/expands to more than/);
  });

  it('its time', async () => {
    const many = Array.from({ length: 3000 }, (_, index) => file(`c/${index}`, 'x'));
    await expect(unpack(tgz(CHART, ...many), { deadlineMs: 1 })).rejects.toThrow(/not unpacked within 1 ms/);
  });

  it('itself to the signal', async () => {
    await expect(unpackChart(tgz(CHART), AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });
});

describe('unpackChart and packed subcharts', () => {
  const sub = (name: string, files: Record<string, string | Uint8Array> = {}): Buffer => chartTgz(name, { 'Chart.yaml': `name: ${name}`, ...files });
  const names = async (bytes: Uint8Array): Promise<readonly string[]> => (await unpack(bytes)).map(({ name }) => name);

  it('puts them in place under their own top folder', async () => {
    expect(asText(await unpack(chartTgz('c', { 'Chart.yaml': 'c', 'charts/d-1.2.3.tgz': sub('d', { 'values.yaml': '\ufeffa: 1' }) })))).toEqual({
      'Chart.yaml': 'c',
      'charts/d/Chart.yaml': 'name: d',
      'charts/d/values.yaml': 'a: 1',
    });
  });

  it('unpacks those of subcharts, packed or not', async () => {
    const chart = chartTgz('c', { 'Chart.yaml': 'c', 'charts/d.tgz': sub('d', { 'charts/e.tgz': sub('e') }), 'charts/f/Chart.yaml': 'f', 'charts/f/charts/g.tgz': sub('g') });
    expect(await names(chart)).toEqual(['Chart.yaml', 'charts/f/Chart.yaml', 'charts/d/Chart.yaml', 'charts/d/charts/e/Chart.yaml', 'charts/f/charts/g/Chart.yaml']);
  });

  it('keeps one chart in two versions apart', async () => {
    const chart = chartTgz('c', { 'Chart.yaml': 'c', 'charts/d-1.0.0.tgz': sub('d'), 'charts/d-2.0.0.tgz': sub('d') });
    expect(await names(chart)).toEqual(['Chart.yaml', 'charts/d/Chart.yaml', 'charts/d-2.0.0/Chart.yaml']);
  });

  it('leaves out archives that Helm passes over, and keeps those that are plain files', async () => {
    const chart = chartTgz('c', { 'Chart.yaml': 'c', 'charts/_d.tgz': 'x', 'charts/.d.tgz': 'x', 'files/d.tgz': 'x', 'charts/f/Chart.yaml': 'f', 'charts/f/x/g.tgz': 'x' });
    expect(await names(chart)).toEqual(['Chart.yaml', 'files/d.tgz', 'charts/f/Chart.yaml', 'charts/f/x/g.tgz']);
  });

  it('refuses the unsafe in them and says where', async () => {
    const chart = chartTgz('c', { 'Chart.yaml': 'c', 'charts/d.tgz': sub('d', { 'charts/e.tgz': tgz(rawHeader({ name: 'e/x', type: '2' })) }) });
    await expect(unpack(chart)).rejects.toThrow(/^in charts\/d.tgz: in charts\/e.tgz: its entry "e\/x" is a symbolic link/);
  });

  it('refuses more than eight in one another', async () => {
    const nest = (depth: number): Buffer => sub(`d${depth}`, depth === 0 ? {} : { [`charts/d${depth - 1}.tgz`]: nest(depth - 1) });
    await expect(unpack(nest(8))).resolves.toHaveLength(9);
    await expect(unpack(nest(9))).rejects.toThrow(/packed more than 8 deep/);
  });
});
