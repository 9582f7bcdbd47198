import { type Random, pick, seeded, shuffled } from '../seeded.ts';
import { type Place, placeOf } from './places.ts';
import type { Blow, Trap } from '../lab/api-proxy.ts';

/** A failure is an upgrade that never becomes ready, and is undone. */
export type Change = 'install' | 'upgrade' | 'failure' | 'uninstall';

/** When an operator is killed: about the n-th write of a place (from 0) while it carries out a change. */
export interface Moment {
  readonly change: Change;
  readonly place: Place;
  readonly nth: number;
  readonly blow: Blow;
  /** How long after the answer. */
  readonly delayMs: number;
}

/** How many objects every chart of these tests has; an upgrade drops one and brings another. */
export const OBJECTS = 5;

type Side = 'before' | 'after' | 'either';

/** Which moments there must be, whatever the seed: both sides of each write that the order of writes is about. */
const STRATA: Readonly<Record<Change, readonly (readonly [Place, Side])[]>> = {
  install: [
    ['finalizer', 'either'],
    ['admit', 'either'],
    ['crd', 'either'],
    ['open', 'before'],
    ['open', 'after'],
    ['apply', 'either'],
    ['deployed', 'before'],
    ['deployed', 'after'],
    ['report', 'before'],
  ],
  upgrade: [
    ['open', 'before'],
    ['open', 'after'],
    ['apply', 'before'],
    ['apply', 'after'],
    ['prune', 'either'],
    ['deployed', 'before'],
    ['deployed', 'after'],
    ['superseded', 'before'],
    ['superseded', 'after'],
    ['remove record', 'either'],
    ['report', 'before'],
    ['report', 'after'],
  ],
  // From where it failed on: what comes before is as in an upgrade.
  failure: [
    ['failed', 'before'],
    ['failed', 'after'],
    ['open', 'before'],
    ['open', 'after'],
    ['apply', 'either'],
    ['prune', 'either'],
    ['deployed', 'before'],
    ['deployed', 'after'],
    ['superseded', 'either'],
  ],
  uninstall: [
    ['uninstalling', 'before'],
    ['uninstalling', 'after'],
    ['prune', 'before'],
    ['prune', 'after'],
    ['prune', 'either'],
    ['remove record', 'before'],
    ['remove record', 'after'],
    ['finalizer', 'before'],
    ['finalizer', 'after'],
  ],
};

/** The life of one release: an install, upgrades, a failure, an uninstall, with a kill in each. */
export type Life = readonly Moment[];

/**
 * Lives with 39 moments in all, the same for the same seed. Which place and which side is given, so that none is
 * left out; which of several like writes, the very moment, and what comes after what is left to chance.
 */
export const livesOf = (seed: number): readonly Life[] => {
  const random = seeded(seed);
  const momentsOf = (change: Change) => shuffled(random, STRATA[change]).map(([place, side]) => momentOf(random, change, place, side));
  const [installs, upgrades, failures, uninstalls] = [momentsOf('install'), momentsOf('upgrade'), momentsOf('failure'), momentsOf('uninstall')];
  return installs.map((install, at) => [install, ...upgrades.filter((_, of) => of % installs.length === at), ...failures.slice(at, at + 1), ...uninstalls.slice(at, at + 1)]);
};

const momentOf = (random: Random, change: Change, place: Place, side: Side): Moment => ({
  change,
  place,
  nth: firstAt(change, place) + Math.floor(random() * writesAt(change, place)),
  blow: pick(random, BLOWS[side]),
  delayMs: Math.floor(random() * MAX_DELAY_MS),
});

const BLOWS = {
  before: ['BeforeSend'],
  after: ['AfterCommit', 'AfterAnswer'],
  either: ['BeforeSend', 'AfterCommit', 'AfterAnswer'],
} as const satisfies Record<Side, readonly Blow[]>;

const MAX_DELAY_MS = 30;

/** How many writes of a place are passed over: a failure opens and applies a revision before the one that undoes it. */
const firstAt = (change: Change, place: Place): number => {
  if (change !== 'failure') return 0;
  return place === 'apply' ? OBJECTS : Number(place === 'open');
};

/** How many writes a change has at a place, at least. */
const writesAt = (change: Change, place: Place): number => (place === 'apply' || (place === 'prune' && change === 'uninstall') ? OBJECTS : 1);

/** The trap that strikes at the moment; for one change alone, since it counts. */
export const trapOf = ({ place, nth, blow, delayMs }: Moment, strike: () => void): Trap => {
  let seen = 0;
  return {
    blow,
    delayMs,
    strike,
    isMeant: (write) => {
      if (placeOf(write) !== place) return false;
      seen += 1;
      return seen > nth;
    },
  };
};

/** How often a revision may be rendered after the operator was killed: what was stored never again, else once, and anew while its CRD is not served. */
export const mostRenders = ({ change, place, blow }: Moment, hasCrd: boolean): number => {
  const isStored = !['finalizer', 'admit', 'crd'].includes(place) && !(place === 'open' && blow === 'BeforeSend');
  if (isStored || !['install', 'upgrade'].includes(change)) return 0;
  return hasCrd ? Number.POSITIVE_INFINITY : 1;
};

/** As a table of the moments has it, and a failure. */
export const printMoment = ({ change, place, nth, blow, delayMs }: Moment): string => {
  const when = { BeforeSend: 'before it is sent', AfterCommit: 'when it is done, unanswered', AfterAnswer: `${delayMs} ms after its answer` }[blow];
  return `${change}: ${place} #${nth + 1}, ${when}`;
};
