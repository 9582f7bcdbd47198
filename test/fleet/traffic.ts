import type { AuditedWrite } from '../bench/audit.ts';

/** What an operator has asked of the API server in a while. */
export interface Traffic {
  readonly requests: number;
  /** In the busiest second. */
  readonly peak: number;
  /** In the second of the middle, of those in which there was one at all. */
  readonly median: number;
  /** By `patch secrets`, most first. */
  readonly kinds: readonly (readonly [string, number])[];
  /** Those that were answered with 429 or 5xx. */
  readonly refused: number;
}

/** Counts requests by the second in which they came; watches are not among them. */
export const trafficIn = (requests: readonly AuditedWrite[]): Traffic => {
  const seconds = countsOf(requests.map(({ receivedAt }) => Math.floor(receivedAt / 1000)));
  const loads = [...seconds.values()].toSorted((one, other) => one - other);
  const kinds = countsOf(requests.map(({ what }) => what));
  return {
    requests: requests.length,
    peak: loads.at(-1) ?? 0,
    median: loads[Math.floor(loads.length / 2)] ?? 0,
    kinds: [...kinds].toSorted(([, one], [, other]) => other - one),
    refused: requests.filter(({ status }) => status === 429 || status >= 500).length,
  };
};

const countsOf = <T>(all: readonly T[]): ReadonlyMap<T, number> => {
  const counts = new Map<T, number>();
  for (const one of all) counts.set(one, (counts.get(one) ?? 0) + 1);
  return counts;
};
