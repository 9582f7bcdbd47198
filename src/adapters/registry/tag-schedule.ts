import type { RegistryError, TagView } from '../../ports/registry.ts';

/** What one look at a tag came to. */
export type LookOutcome =
  | { readonly kind: 'Seen'; readonly digest: string }
  | { readonly kind: 'Failed'; readonly error: RegistryError }
  /** The registry was not asked, because it asked to be left alone. */
  | { readonly kind: 'Postponed'; readonly error: RegistryError };

/** A tag between two looks. */
export interface TagState {
  readonly view: TagView;
  /** Looks that failed since the last that did not. A tag that is not there is an answer like any other. */
  readonly failures: number;
}

export const UNKNOWN: TagState = { view: { digest: undefined, trouble: undefined }, failures: 0 };

/** True before the first look. */
export const isUnknown = ({ digest, trouble }: TagView): boolean => digest === undefined && trouble === undefined;

/** The state after a look. A digest once known is kept through trouble; a postponed look tells nothing, unless nothing is known. */
export const afterLook = ({ view, failures }: TagState, outcome: LookOutcome): TagState => {
  switch (outcome.kind) {
    case 'Seen':
      return { view: { digest: outcome.digest, trouble: undefined }, failures: 0 };
    case 'Failed':
      return { view: { digest: view.digest, trouble: outcome.error }, failures: outcome.error.code === 'NotFound' ? 0 : failures + 1 };
    case 'Postponed':
      return { view: isUnknown(view) ? { digest: undefined, trouble: outcome.error } : view, failures };
  }
};

/** Whom a look wakes: nobody, unless the digest changed or trouble began, ended or became another; never those who wait for the look. */
export const followersToWake = (before: TagView, after: TagView, followers: Iterable<string>, waiting: ReadonlySet<string>): readonly string[] => {
  const isNews = before.digest !== after.digest || before.trouble?.code !== after.trouble?.code;
  return isNews ? [...followers].filter((follower) => !waiting.has(follower)) : [];
};

const JITTER = 0.1;
const MAX_PAUSE_MS = 10 * 60_000;
/** So many failures are taken for a short outage, which should not be overslept. */
const SHORT_OUTAGE_FAILURES = 3;
const SHORT_OUTAGE_PAUSE_MS = 60_000;

export interface LookTiming {
  readonly intervalMs: number;
  readonly failures: number;
  /** Time since the last look. */
  readonly sinceLookMs: number;
  /** For how long the registry wants to be left alone. */
  readonly holdMs: number;
  /** From 0 up to 1. */
  readonly random: number;
}

/** Milliseconds from now to the next look: the interval +-10 % after the last, growing with failures, and never before the registry's own time. */
export const nextLookMs = ({ intervalMs, failures, sinceLookMs, holdMs, random }: LookTiming): number => {
  const pauseMs = pauseBefore(intervalMs, failures) * (1 - JITTER + 2 * JITTER * random);
  return Math.round(Math.max(0, pauseMs - sinceLookMs, holdMs * (1 + JITTER * random)));
};

const pauseBefore = (intervalMs: number, failures: number): number => {
  // 2 ** 30 is over any pause; more would overflow to Infinity, which is no harm but no number for a timer either.
  const grown = intervalMs * 2 ** Math.min(30, Math.max(0, failures - 1));
  const limit = failures <= SHORT_OUTAGE_FAILURES ? SHORT_OUTAGE_PAUSE_MS : MAX_PAUSE_MS;
  return Math.min(grown, Math.max(intervalMs, limit));
};
