import type { RegistryError } from '../../ports/registry.ts';

/** What one look came to. */
export type LookOutcome<T> =
  | { readonly kind: 'Seen'; readonly seen: T }
  | { readonly kind: 'Failed'; readonly error: RegistryError }
  /** The registry was not asked, because it asked to be left alone. */
  | { readonly kind: 'Postponed'; readonly error: RegistryError };

/** What is known of what is looked at: what was seen last, and what is wrong at present. */
export interface View<T> {
  readonly seen: T | undefined;
  readonly trouble: RegistryError | undefined;
}

/** What is followed, between two looks. */
export interface PollState<T> {
  readonly view: View<T>;
  /** Looks that failed since the last that did not, those out of turn left out. A tag that is not there is an answer like any other. */
  readonly failures: number;
  /** Those out of turn. */
  readonly retries: number;
}

export const UNKNOWN = { view: { seen: undefined, trouble: undefined }, failures: 0, retries: 0 } as const satisfies PollState<never>;

/** True before the first look. */
export const isUnknown = ({ seen, trouble }: View<unknown>): boolean => seen === undefined && trouble === undefined;

/** The state after a look. What was once seen is kept through trouble; a postponed look tells nothing, unless nothing is known. */
export const afterLook = <T>(state: PollState<T>, outcome: LookOutcome<T>, isOutOfTurn: boolean): PollState<T> => {
  const { view, failures, retries } = state;
  switch (outcome.kind) {
    case 'Seen':
      return { view: { seen: outcome.seen, trouble: undefined }, failures: 0, retries: 0 };
    case 'Failed': {
      const failed = { seen: view.seen, trouble: outcome.error };
      if (outcome.error.code === 'NotFound') return { view: failed, failures: 0, retries: 0 };
      return isOutOfTurn ? { view: failed, failures, retries: retries + 1 } : { view: failed, failures: failures + 1, retries };
    }
    case 'Postponed':
      return { ...state, view: isUnknown(view) ? { seen: undefined, trouble: outcome.error } : view };
  }
};

/** True while the registry does not answer as one that works: what is wrong may be over any moment. */
export const isFailing = ({ view }: PollState<unknown>): boolean => view.trouble?.code === 'Unavailable';

/** Whether a look is news: something else was seen, or trouble began, ended or became another. */
export const isNews = <T>(before: View<T>, after: View<T>, isSame: (one: T, other: T) => boolean): boolean => {
  const isSeen = before.seen === undefined || after.seen === undefined ? before.seen === after.seen : isSame(before.seen, after.seen);
  return !isSeen || before.trouble?.code !== after.trouble?.code;
};

/** Pauses differ by so much from what they are to be, one way or the other. */
const JITTER = 0.1;
const MAX_PAUSE_MS = 10 * 60_000;
/** So many failures are taken for a short outage, which should not be overslept. */
const SHORT_OUTAGE_FAILURES = 3;
const SHORT_OUTAGE_PAUSE_MS = 60_000;

/** How long the pause between two looks is to be: the interval, longer with failures, and so much longer that the registry's budget lasts. */
export const periodMs = ({ intervalMs, failures, stretch, budgetMs }: PeriodInputs): number => {
  const pauseMs = pauseBefore(intervalMs, failures);
  // When the budget is filled up again there is no need to save any longer.
  return Math.min(pauseMs * stretch, Math.max(pauseMs, budgetMs));
};

export interface PeriodInputs {
  readonly intervalMs: number;
  readonly failures: number;
  /** From 1 on. */
  readonly stretch: number;
  /** For how long what is left of the budget has to last. */
  readonly budgetMs: number;
}

export interface LookTiming {
  readonly periodMs: number;
  /** The turn that the last look had, or any other: the next are whole periods away from it, in ms since the epoch as all times here. */
  readonly turn: number;
  readonly lookedAt: number;
  readonly now: number;
  /** For how long the registry wants to be left alone. */
  readonly holdMs: number;
  /** From 0 up to 1. */
  readonly random: number;
}

/**
 * The next turn, and when to look for it. Turns stay whole periods apart whatever comes between, so that polls that were spread over the interval
 * remain so, also after a time in which nobody looked; the jitter is about the turn and does not add up.
 */
export const nextLook = ({ periodMs, turn, lookedAt, now, holdMs, random }: LookTiming): { readonly turn: number; readonly delayMs: number } => {
  // Who has looked for this turn a little early does not look for it again.
  const earliest = Math.max(lookedAt + JITTER * periodMs, now + holdMs);
  const next = turn + Math.ceil((earliest - turn) / periodMs) * periodMs;
  const at = next + JITTER * (random - 0.5) * periodMs;
  return { turn: next, delayMs: Math.round(Math.max(holdMs, at - now)) };
};

const FIRST_RETRY_MS = 1_000;

/** How soon what could not be looked at may be tried out of turn: after a second or so, doubling with each such try that failed. */
export const retryPauseMs = (retries: number, random: number): number => Math.round(FIRST_RETRY_MS * 2 ** Math.min(30, retries) * (0.5 + 0.5 * random));

const pauseBefore = (intervalMs: number, failures: number): number => {
  // 2 ** 30 is over any pause; more would overflow to Infinity, which is no harm but no number for a timer either.
  const grown = intervalMs * 2 ** Math.min(30, Math.max(0, failures - 1));
  const limit = failures <= SHORT_OUTAGE_FAILURES ? SHORT_OUTAGE_PAUSE_MS : MAX_PAUSE_MS;
  return Math.min(grown, Math.max(intervalMs, limit));
};
