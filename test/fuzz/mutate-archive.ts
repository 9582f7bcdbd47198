import { chartTgz, END, file, longName, padded, pax, rawHeader, withChecksum } from '../registry/tar.ts';
import { pick, type Random, seeded } from '../seeded.ts';
import { member, WRAPPINGS } from './gzip.ts';
import { ENDS, MAGICS, NAMES, NUMBER_FIELDS, NUMBERS, PAX_KEYS, PAX_VALUES, RAW_PAX, rawPax, TYPES } from './strange.ts';

/** One entry of an archive in the making. */
interface Draft {
  /** Extended headers before it. */
  before: Buffer[];
  header: Buffer;
  body: Buffer;
}

const CHART_YAML = 'apiVersion: v2\nname: c\nversion: 1.0.0\n';

/** An archive of a small chart with one to three things changed; the same for the same seed. */
export const mutatedArchive = (seed: number): Buffer => {
  const random = seeded(seed);
  const drafts = sound(random);
  for (let changes = pick(random, [1, 1, 1, 2, 2, 3]); changes > 0; changes -= 1) pick(random, CHANGES)(random, drafts);
  const entries = Buffer.concat(drafts.flatMap(({ before, header, body }) => [...before, header, body]));
  const tar = Buffer.concat([entries, random() < 0.92 ? END : pick(random, ENDS)]);
  const spoilt = random() < 0.08 ? pick(random, SPOILS)(random, tar) : tar;
  const archive = random() < 0.85 ? member(spoilt, { level: 1 }) : pick(random, WRAPPINGS)[1](spoilt);
  if (random() < 0.05) return spoil(random, archive);
  return random() < 0.05 ? chartTgz('outer', { 'Chart.yaml': CHART_YAML, 'charts/c-1.0.0.tgz': archive }) : archive;
};

const below = (random: Random, limit: number): number => Math.floor(random() * limit);

const draft = (name: string, content: string, type = '0'): Draft => ({ before: [], header: rawHeader({ name, size: content.length, type }), body: padded(content) });

const sound = (random: Random): Draft[] => {
  const drafts = [
    draft('c/Chart.yaml', CHART_YAML),
    draft('c/values.yaml', 'a: 1\n'),
    draft('c/templates/', '', '5'),
    draft('c/templates/a.yaml', 'x'.repeat(below(random, 1200))),
  ];
  return drafts.slice(0, 1 + below(random, drafts.length)).concat(random() < 0.3 ? [draft('c/last', '\ufeffb')] : []);
};

type Change = (random: Random, drafts: Draft[]) => void;

/** A change of any one entry. */
const of = (change: (random: Random, draft: Draft) => void): Change => {
  return (random, drafts) => {
    if (drafts.length > 0) change(random, pick(random, drafts));
  };
};

/** A change of bytes in the header, whose checksum is set right. */
const inHeader = (change: (random: Random, header: Buffer) => void): Change =>
  of((random, one) => {
    const header = Buffer.from(one.header);
    change(random, header);
    one.header = withChecksum(header);
  });

const put = (header: Buffer, text: string | Uint8Array, offset: number, width: number): void => {
  header.fill(0, offset, offset + width);
  header.set((typeof text === 'string' ? Buffer.from(text, 'latin1') : text).subarray(0, width), offset);
};

const numberField = (random: Random, header: Buffer, name: keyof typeof NUMBER_FIELDS): void => {
  const [offset, width] = NUMBER_FIELDS[name];
  put(header, pick(random, NUMBERS)(width), offset, width);
};

const FIELDS = Object.keys(NUMBER_FIELDS) as (keyof typeof NUMBER_FIELDS)[];

const CHANGES: readonly Change[] = [
  () => undefined,
  inHeader((random, header) => put(header, pick(random, NAMES), 0, 100)),
  inHeader((random, header) => put(header, pick(random, NAMES), 0, 100)),
  inHeader((random, header) => put(header, pick(random, [...NAMES, 'c', 'evil', 'c/templates']), 345, 155)),
  inHeader((random, header) => put(header, pick(random, TYPES), 156, 1)),
  inHeader((random, header) => numberField(random, header, pick(random, FIELDS))),
  inHeader((random, header) => numberField(random, header, pick(random, FIELDS))),
  inHeader((random, header) => numberField(random, header, 'size')),
  inHeader((random, header) => put(header, pick(random, MAGICS), 257, 8)),
  inHeader((random, header) => put(header, pick(random, NAMES), 157, 100)),
  inHeader((_, header) => put(header, 'tar\0', 508, 4)),
  inHeader((random, header) => header.writeUInt8(below(random, 256), below(random, 512))),
  // GNU's form has times where POSIX has the prefix.
  inHeader((random, header) => {
    put(header, 'ustar  \0', 257, 8);
    if (random() < 0.5) put(header, pick(random, ['evil', '0', '00000000017', 'x/y', '\0evil', '777 ', '٣']), 345, 155);
    else numberField(random, header, pick(random, ['gnuAtime', 'gnuCtime']));
  }),
  // Signed bytes, as old programs summed them up; and other ways to write the sum.
  of((random, one) => {
    const header = Buffer.from(one.header);
    const sum = Number.parseInt(header.toString('latin1', 148, 154), 8);
    header.write(
      pick(random, [`${sum.toString(8)} \0`, `${sum.toString(8).padStart(7, '0')}\0`, `${sum.toString(8).padStart(8, ' ')}`, '0000000\0', `${sum + 1}\0 `]),
      148,
      8,
      'latin1',
    );
    one.header = header;
  }),
  of((random, one) => {
    const header = Buffer.from(one.header);
    const at = below(random, 512);
    header[at] = (header[at] ?? 0) ^ (1 << below(random, 8));
    one.header = header;
  }),
  of((random, one) => one.before.push(pax(records(random, 1 + below(random, 3)), random() < 0.85 ? 'x' : 'g'))),
  of((random, one) => one.before.push(pax(records(random, 1 + below(random, 3)), random() < 0.85 ? 'x' : 'g'))),
  of((random, one) => one.before.push(pax([['path', pick(random, NAMES)]]))),
  of((random, one) => one.before.push(rawPax(pick(random, RAW_PAX), random() < 0.8 ? 'x' : 'g'))),
  of((random, one) => one.before.push(longName(Buffer.from(pick(random, NAMES), 'latin1').toString('utf8')))),
  of((random, one) => {
    const name = pick(random, ['c/link\0', 'c/link', '', '\0', 'c/a\0b\0', `c/${'n'.repeat(300)}\0`]);
    one.before.push(Buffer.concat([rawHeader({ name: '././@LongLink', size: name.length, type: pick(random, ['L', 'K']), magic: pick(random, MAGICS) }), padded(name)]));
  }),
  of((random, one) => {
    const block = Buffer.alloc(512 * pick(random, [1, 1, 1, 2, 4]));
    one.body = random() < 0.5 ? Buffer.concat([one.body, block]) : Buffer.concat([block, one.body]);
  }),
  of((random, one) => one.before.push(Buffer.alloc(512 * pick(random, [1, 2, 3])))),
  // A file inside of what calls itself a body, and a body that calls itself none.
  of((random, one) => {
    one.header = rawHeader({ name: pick(random, ['c/x', 'c/x/', 'c/values.yaml']), type: pick(random, TYPES), size: pick(random, [0, 512, 1024]), link: 'c/Chart.yaml' });
    one.body = file('c/inside.yaml', 'hidden: true\n');
  }),
  (random, drafts) => void drafts.splice(below(random, drafts.length + 1), 0, ...structured(pick(random, drafts))),
  (random, drafts) => void drafts.splice(below(random, drafts.length), 1),
  (_, drafts) => void drafts.reverse(),
  (random, drafts) => void drafts.push(draft('c/x', 'y'.repeat(below(random, 600)))),
  (random, drafts) => void drafts.push(draft('d/x', 'y'), draft(pick(random, ['c/templates', 'c/values.yaml/x', 'c/x']), '', pick(random, ['0', '5']))),
];

const structured = (one: Draft | undefined): readonly Draft[] => (one === undefined ? [] : [{ ...one, before: [...one.before] }]);

const records = (random: Random, count: number): readonly (readonly [string, string])[] =>
  Array.from({ length: count }, () => [pick(random, PAX_KEYS), random() < 0.8 ? pick(random, PAX_VALUES) : pick(random, NAMES)]);

type Spoil = (random: Random, bytes: Buffer) => Buffer;

const flip: Spoil = (random, bytes) => {
  const flipped = Buffer.from(bytes);
  const at = below(random, bytes.length);
  flipped[at] = (flipped[at] ?? 0) ^ (1 << below(random, 8));
  return flipped;
};
const cut: Spoil = (random, bytes) => bytes.subarray(0, below(random, bytes.length + 1));
const insert: Spoil = (random, bytes) => {
  const at = below(random, bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), Buffer.alloc(1 + below(random, 600), below(random, 256)), bytes.subarray(at)]);
};
const drop: Spoil = (random, bytes) => {
  const at = below(random, bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(random, 600))]);
};

const SPOILS: readonly Spoil[] = [flip, cut, insert, drop];

const spoil: Spoil = (random, bytes) => pick(random, SPOILS)(random, bytes);
