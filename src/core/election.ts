/** A Lease as the API server has it. What it says of time is for people: clocks differ. */
export interface Lease {
  /** Who holds it; empty where nobody does. */
  readonly holder: string;
  /** For how long after the last renewal he may be taken to be there. */
  readonly durationMs: number;
  /** How many times it has gone to another holder. */
  readonly transitions: number;
  /** All that a holder writes, as text: while it stays the same, nobody has renewed it. */
  readonly content: string;
  /** What the API server compares before it lets anybody write over it. */
  readonly resourceVersion: string;
}

/** What was seen of the Lease last, and since when it has been so, by a clock of our own that only goes forward. */
export interface Sighting {
  /** Undefined: there is none. */
  readonly lease: Lease | undefined;
  readonly sinceMs: number;
}

/** The sighting after another look: what has not changed keeps its age. */
export const sight = (before: Sighting | undefined, lease: Lease | undefined, nowMs: number): Sighting =>
  before !== undefined && before.lease?.content === lease?.content ? { lease, sinceMs: before.sinceMs } : { lease, sinceMs: nowMs };

/** A replica that looks at the Lease. */
export interface Replica {
  readonly identity: string;
  /** For how long it would hold the Lease. */
  readonly durationMs: number;
  /** The epoch in which it leads; undefined while it does not. */
  readonly epoch: number | undefined;
  /** The highest epoch that it has heard of, by a Lease or a record; undefined where there is none. */
  readonly highestEpoch: number | undefined;
}

/** What a replica does about a Lease. `over` is what it writes over; undefined where it makes a new one. */
export type Step =
  | { readonly kind: 'Take'; readonly over: Lease | undefined; readonly epoch: number }
  | { readonly kind: 'Renew'; readonly over: Lease | undefined }
  /** Somebody may still be at work, for so long at least. */
  | { readonly kind: 'Wait'; readonly forMs: number }
  | { readonly kind: 'Lost'; readonly holder: string };

/**
 * Decides as client-go's leader election does, by how long the Lease was seen unchanged. What it does not: a Lease that is deleted, emptied
 * or shortened by hand frees nobody's way, since whoever held it may be at work until his time is up.
 */
export const decideElection = ({ lease, sinceMs }: Sighting, replica: Replica, nowMs: number): Step => {
  if (replica.epoch !== undefined) return isOurs(lease, replica.identity, replica.epoch) ? { kind: 'Renew', over: lease } : { kind: 'Lost', holder: lease?.holder ?? '' };
  const leftMs = isFree(lease, replica) ? 0 : sinceMs + Math.max(lease?.durationMs ?? 0, replica.durationMs) - nowMs;
  return leftMs > 0 ? { kind: 'Wait', forMs: leftMs } : { kind: 'Take', over: lease, epoch: nextEpoch(lease, replica) };
};

/** Whoever takes the Lease writes his name there, and a higher count, which stays when he releases it: without either it is still the leader's. */
const isOurs = (lease: Lease | undefined, identity: string, epoch: number): boolean =>
  lease === undefined || lease.holder === identity || (lease.holder === '' && lease.transitions <= epoch);

/** Released by its holder, or never there: where there was an epoch there was a Lease once. */
const isFree = (lease: Lease | undefined, { highestEpoch }: Replica): boolean =>
  lease === undefined ? highestEpoch === undefined : lease.holder === '' && lease.durationMs <= RELEASED_MS;

/** `leaseDurationSeconds` of a Lease that its holder has released; client-go's too. */
export const RELEASED_MS = 1_000;

/** Higher than any before, also where the Lease that knew them was deleted. */
const nextEpoch = (lease: Lease | undefined, { highestEpoch }: Replica): number => Math.max((lease?.transitions ?? -1) + 1, (highestEpoch ?? -1) + 1);
