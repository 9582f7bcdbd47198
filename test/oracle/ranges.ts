import { type Random, pick } from '../seeded.ts';

/** A range, and tags to be held against it. */
export interface RangeQuestion {
  readonly range: string;
  readonly tags: readonly string[];
}

/** A range, mostly one that Helm can read, and tags, mostly versions near the numbers that the range has. */
export const rangeQuestion = (random: Random): RangeQuestion => {
  const range = random() < 0.05 ? garbled(random) : rangeText(random);
  return { range, tags: Array.from({ length: 12 }, () => tag(random)) };
};

const among = (random: Random, most: number): number => Math.floor(random() * (most + 1));

const OPERATORS = ['', '', '=', '!=', '>', '<', '>=', '=>', '<=', '=<', '~', '~>', '^', '^'] as const;
const GAPS = ['', '', '', ' ', '  ', '\t'] as const;
const PRERELEASES = ['0', 'alpha', 'alpha.1', 'alpha.2', 'alpha.beta', 'beta.11', 'beta.2', 'rc.1', 'rc-1', '1', '10', '-', 'x'] as const;
const BUILDS = ['1', '2', 'build.7', 'abc-d'] as const;

const number = (random: Random): string => pick(random, ['0', '0', '1', '1', '2', '3', '10', '11']);

const prerelease = (random: Random, share: number): string => (random() < share ? `-${pick(random, PRERELEASES)}` : '');

const partial = (random: Random): string => {
  const open = (): string => (random() < 0.15 ? pick(random, ['x', 'X', '*']) : random() < 0.03 ? `0${number(random)}` : number(random));
  const numbers = Array.from({ length: 1 + among(random, 2) }, open).join('.');
  return `${random() < 0.1 ? 'v' : ''}${numbers}${prerelease(random, 0.25)}${random() < 0.05 ? `+${pick(random, BUILDS)}` : ''}`;
};

const term = (random: Random): string => (random() < 0.1 ? `${partial(random)} - ${partial(random)}` : `${pick(random, OPERATORS)}${pick(random, GAPS)}${partial(random)}`);

const group = (random: Random): string =>
  Array.from({ length: 1 + (random() < 0.5 ? 0 : among(random, 2)) }, () => term(random)).reduce((text, one) => `${text}${pick(random, [' ', ',', ', ', ' , '])}${one}`);

const rangeText = (random: Random): string => Array.from({ length: random() < 0.7 ? 1 : 2 + among(random, 1) }, () => group(random)).join(pick(random, ['||', ' || ']));

/** A range in which a character was dropped, doubled or put in. */
const garbled = (random: Random): string => {
  const text = rangeText(random);
  const at = among(random, text.length);
  const extra = pick(random, ['', '', '|', '.', '-', ',', '>', ' ', '!', 'v', 'a', '||', '\u00a0']);
  return `${text.slice(0, at)}${extra}${text.slice(at + among(random, 1))}`;
};

const tag = (random: Random): string => {
  if (random() < 0.05) return pick(random, ['latest', '1', '1.2', '01.2.3', '1.2.3-01', '1.2.3.4', '1.2.3-', '1.2.3_', 'stable-1.2.3']);
  const build = random() < 0.1 ? `_${pick(random, BUILDS)}` : '';
  return `${number(random)}.${number(random)}.${number(random)}${prerelease(random, 0.3)}${build}`;
};
