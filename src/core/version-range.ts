import { compare, parse, type SemVer } from 'semver';

/**
 * A range of versions as Helm reads it: the rules are those of Masterminds' semver 3.5 (constraints.go), which differ from npm's in what is a
 * prerelease, in `,` and space, in `>1.2`, `~0` and `!=1.x`. npm's semver parses and compares single versions only.
 */
export interface VersionRange {
  readonly text: string;
  /** The range holds where all terms of one of these groups do. */
  readonly groups: readonly Group[];
}

export type ParsedRange = { readonly kind: 'Range'; readonly range: VersionRange } | { readonly kind: 'Invalid'; readonly message: string };

interface Group {
  readonly terms: readonly Term[];
  /** One of the terms names a prerelease: prereleases count for all of them. */
  readonly takesPrereleases: boolean;
}

/** One comparison, `>=1.2`. */
interface Term {
  readonly operator: Operator;
  readonly version: SemVer;
  /** The first of its numbers that is open (missing, `x` or `*`); `*` alone is open as a whole, and reads 0.0.0. */
  readonly open: 'Major' | 'Minor' | 'Patch' | undefined;
}

type Operator = keyof typeof CHECKS;

const MAX_LENGTH = 512;
const MAX_GROUPS = 32;

// Go's \s; JavaScript's takes more.
const SPACE = '[\\t\\n\\f\\r ]';
const PARTIAL = 'v?([0-9|xX*]+)(\\.[0-9|xX*]+)?(\\.[0-9|xX*]+)?(-[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?';
const WHOLE = PARTIAL.replaceAll(/\((?!\?)/g, '(?:');
const HYPHEN = new RegExp(`${SPACE}*(${WHOLE})${SPACE}+-${SPACE}+(${WHOLE})${SPACE}*`, 'g');
const TERM = new RegExp(`${SPACE}*(!=|>=|=>|<=|=<|~>|=|>|<|~|\\^|)${SPACE}*${PARTIAL}`, 'y');
const BETWEEN = new RegExp(`${SPACE}*,|${SPACE}+`, 'y');
const BLANK = new RegExp(`^${SPACE}*$`);

/** Reads a range. Never throws: what is wrong is in the message. */
export const parseRange = (text: string): ParsedRange => {
  const invalid = (why: string): ParsedRange => ({
    kind: 'Invalid',
    message: `${JSON.stringify(text)} is not a range of versions: ${why}; write one as Helm reads it, ^1.2, ~1.2.3 or ">=1.2, <2"`,
  });
  if (text.length > MAX_LENGTH) return invalid(`it has over ${MAX_LENGTH} characters`);
  const parts = (text === '' ? '*' : text).replaceAll(HYPHEN, (_whole: string, from: string, to: string) => `>= ${from}, <= ${to} `).split('||');
  if (parts.length > MAX_GROUPS) return invalid(`it has over ${MAX_GROUPS} parts`);
  const groups: Group[] = [];
  for (const part of parts) {
    const terms = termsOf(part);
    if (terms === undefined) return invalid(part.trim() === '' ? 'a part of it is empty' : `${JSON.stringify(part.trim())} cannot be read`);
    groups.push({ terms, takesPrereleases: terms.some(({ version }) => version.prerelease.length > 0) });
  }
  return { kind: 'Range', range: { text, groups } };
};

/** Whether the version is in the range. */
export const isInRange = (version: SemVer, { groups }: VersionRange): boolean => groups.some((group) => isInGroup(version, group, group.takesPrereleases));

/** Whether it would be, if the range took prereleases. */
export const isInRangeAsPrerelease = (version: SemVer, { groups }: VersionRange): boolean => groups.some((group) => isInGroup(version, group, true));

const isInGroup = (version: SemVer, { terms }: Group, takesPrereleases: boolean): boolean =>
  (version.prerelease.length === 0 || takesPrereleases) && terms.every((term) => CHECKS[term.operator](version, term));

/** Undefined where a part cannot be read. Goes along the text once: an expression that tries one split after the other would take for ever on some. */
const termsOf = (part: string): readonly Term[] | undefined => {
  const terms: Term[] = [];
  TERM.lastIndex = 0;
  for (;;) {
    const found = TERM.exec(part);
    const term = found === null ? undefined : termOf(found);
    if (term === undefined) return undefined;
    terms.push(term);
    BETWEEN.lastIndex = TERM.lastIndex;
    if (BLANK.test(part.slice(TERM.lastIndex))) return terms;
    if (BETWEEN.exec(part) === null) return undefined;
    TERM.lastIndex = BETWEEN.lastIndex;
  }
};

const termOf = ([, operator = '', major = '', minor = '', patch = '', prerelease = '']: RegExpExecArray): Term | undefined => {
  const numbers = [major, minor.slice(1), patch.slice(1)];
  const firstOpen = numbers.findIndex((number) => number === '' || isAny(number));
  const known = firstOpen === -1 ? numbers : numbers.slice(0, firstOpen);
  if (!known.every((number) => /^[0-9]+$/.test(number))) return undefined;
  const [x = 0, y = 0, z = 0] = known.map(Number);
  const version = parse(`${x}.${y}.${z}${prerelease}`);
  return version === null ? undefined : { operator: operator as Operator, version, open: OPEN[firstOpen] }; // TERM knows no other
};

const isAny = (number: string): boolean => number === 'x' || number === 'X' || number === '*';

const OPEN = ['Major', 'Minor', 'Patch'] as const;

const isEqual = (version: SemVer, term: Term): boolean => compare(version, term.version) === 0;

const isNotEqual = (version: SemVer, term: Term): boolean => {
  const { open, version: than } = term;
  // An open whole is 0.0.0 here, as it is in Helm.
  if (open === undefined || open === 'Major') return !isEqual(version, term);
  if (version.major !== than.major) return true;
  if (open === 'Minor') return false;
  return version.minor !== than.minor || version.comparePre(than) !== 0;
};

const isGreater = (version: SemVer, { open, version: than }: Term): boolean => {
  if (open === undefined || open === 'Major') return compare(version, than) > 0;
  if (version.major !== than.major) return version.major > than.major;
  // 11.1.0 is not greater than 11, and 11.1.1 is not greater than 11.1.
  return open === 'Patch' && version.minor > than.minor;
};

const isLess = (version: SemVer, { version: than }: Term): boolean => compare(version, than) < 0;

const isAtLeast = (version: SemVer, { version: than }: Term): boolean => compare(version, than) >= 0;

const isAtMost = (version: SemVer, { open, version: than }: Term): boolean => {
  if (open === undefined) return compare(version, than) <= 0;
  if (version.major !== than.major) return version.major < than.major;
  return open === 'Minor' || version.minor <= than.minor;
};

const isAbout = (version: SemVer, { open, version: than }: Term): boolean => {
  if (compare(version, than) < 0) return false;
  // ~0.0.0 takes everything, as ~* does.
  if (than.major === 0 && than.minor === 0 && than.patch === 0 && open !== 'Minor' && open !== 'Patch') return true;
  return version.major === than.major && (version.minor === than.minor || open === 'Minor');
};

const isAboutOrEqual = (version: SemVer, term: Term): boolean => (term.open === undefined ? isEqual(version, term) : isAbout(version, term));

const isCompatible = (version: SemVer, { open, version: than }: Term): boolean => {
  if (compare(version, than) < 0) return false;
  if (version.major !== than.major) return false;
  if (than.major > 0 || open === 'Minor') return true;
  if (than.minor > 0 || open === 'Patch') return version.minor === than.minor;
  return version.minor === 0 && version.patch === than.patch;
};

const CHECKS = {
  '': isAboutOrEqual,
  '=': isAboutOrEqual,
  '!=': isNotEqual,
  '>': isGreater,
  '<': isLess,
  '>=': isAtLeast,
  '=>': isAtLeast,
  '<=': isAtMost,
  '=<': isAtMost,
  '~': isAbout,
  '~>': isAbout,
  '^': isCompatible,
} as const satisfies Readonly<Record<string, (version: SemVer, term: Term) => boolean>>;
