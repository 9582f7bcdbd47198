import { compare, compareBuild, parse, type SemVer } from 'semver';
import { isInRange, isInRangeAsPrerelease, type VersionRange } from './version-range.ts';

/** A tag that is a version. */
export interface VersionTag {
  readonly tag: string;
  readonly version: SemVer;
}

/** The tags of a repository, as far as ranges are concerned. */
export interface TagList {
  /** How many tags there are in all. */
  readonly count: number;
  /** Those that are versions, highest first. */
  readonly versions: readonly VersionTag[];
}

export type Choice = { readonly kind: 'Chosen'; readonly tag: string } | { readonly kind: 'None'; readonly message: string };

/**
 * The version that a tag is, with `+` for `_`, which tags cannot hold; undefined where it is none. As for Helm and Flux it must be whole: `1.2` is a tag that
 * moves along with the versions, and would be followed in their place.
 */
export const versionOf = (tag: string): SemVer | undefined => parse(tag.replaceAll('_', '+')) ?? undefined;

/** Sorts tags out. */
export const tagListOf = (tags: readonly string[]): TagList => {
  const versions = tags.flatMap((tag) => {
    const version = versionOf(tag);
    return version === undefined ? [] : [{ tag, version }];
  });
  return { count: tags.length, versions: versions.toSorted(byHeight) };
};

/** Whether two lists are of the same versions. */
export const isSameList = (one: TagList, other: TagList): boolean =>
  one.count === other.count && one.versions.length === other.versions.length && one.versions.every(({ tag }, at) => tag === other.versions[at]?.tag);

/** The highest tag in the range; one that is written just as the range is, where there is one: Helm takes builds of the same version so. */
export const chooseTag = (range: VersionRange, list: TagList): Choice => {
  const written = range.text.trim();
  const chosen = list.versions.find(({ version }) => printed(version) === written) ?? list.versions.find(({ version }) => isInRange(version, range));
  return chosen === undefined ? { kind: 'None', message: describeNone(range, list) } : { kind: 'Chosen', tag: chosen.tag };
};

/** Whether the one tag is a lower version than the other; false where one of them is no version. */
export const isLowerTag = (tag: string, than: string): boolean => {
  const [one, other] = [versionOf(tag), versionOf(than)];
  return one !== undefined && other !== undefined && compare(one, other) < 0;
};

/** Of equal versions the one with the higher build, and of the same one without a `v`. */
const byHeight = (one: VersionTag, other: VersionTag): number => compareBuild(other.version, one.version) || (one.tag < other.tag ? -1 : 1);

const printed = ({ version, build }: SemVer): string => (build.length === 0 ? version : `${version}+${build.join('.')}`);

const describeNone = (range: VersionRange, { count, versions }: TagList): string => {
  const none = `no version in the range ${range.text} among ${count === 1 ? '1 tag' : `${count} tags`}, of which ${versions.length === 1 ? '1 is a version' : `${versions.length} are versions`}`;
  const prerelease = versions.find(({ version }) => isInRangeAsPrerelease(version, range));
  if (prerelease !== undefined)
    return `${none}; ${prerelease.tag} would be, but is a prerelease, which a range takes only where it names one, as ">=${prerelease.version.version}" does`;
  const nearest = nearestTo(range, versions);
  return nearest === undefined ? none : `${none}; the nearest is ${nearest.tag}`;
};

/** The highest version below the first one that the range names, or the lowest above it. */
const nearestTo = ({ groups }: VersionRange, versions: readonly VersionTag[]): VersionTag | undefined => {
  const named = groups[0]?.terms[0]?.version;
  return named === undefined ? undefined : (versions.find(({ version }) => compare(version, named) <= 0) ?? versions.at(-1));
};
