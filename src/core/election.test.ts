import { describe, expect, it } from 'vitest';
import { decideElection, type Lease, type Replica, sight, type Sighting, type Step } from './election.ts';

const NOW = 1_000_000;
const HELD: Lease = { holder: 'other', durationMs: 15_000, transitions: 4, content: 'other 1', resourceVersion: '7' };
const RELEASED: Lease = { ...HELD, holder: '', durationMs: 1_000 };
const OURS: Lease = { ...HELD, holder: 'me' };
const STANDBY: Replica = { identity: 'me', durationMs: 15_000, epoch: undefined, highestEpoch: undefined };
const LEADER: Replica = { ...STANDBY, epoch: 4, highestEpoch: 4 };

const seen = (lease: Lease | undefined, ageMs = 0): Sighting => ({ lease, sinceMs: NOW - ageMs });

describe('what a standby does', () => {
  it.each<readonly [string, Sighting, Replica, Step]>([
    ['takes it where there never was one', seen(undefined), STANDBY, { kind: 'Take', over: undefined, epoch: 0 }],
    ['waits while it was seen renewed a moment ago', seen(HELD), STANDBY, { kind: 'Wait', forMs: 15_000 }],
    ['waits while less than its duration has gone by', seen(HELD, 14_999), STANDBY, { kind: 'Wait', forMs: 1 }],
    ['takes it when nobody has renewed it for its duration', seen(HELD, 15_000), STANDBY, { kind: 'Take', over: HELD, epoch: 5 }],
    ['takes one that was released, at once', seen(RELEASED), STANDBY, { kind: 'Take', over: RELEASED, epoch: 5 }],
    ['takes one that was made for it and never held', seen({ ...RELEASED, durationMs: 0, transitions: 0 }), STANDBY, { kind: 'Take', over: expect.anything(), epoch: 1 }],
    ['waits as long as a holder with a longer duration asks for', seen({ ...HELD, durationMs: 60_000 }, 15_000), STANDBY, { kind: 'Wait', forMs: 45_000 }],
    ['does not trust a duration that somebody has shortened', seen({ ...HELD, durationMs: 1_000 }, 1_000), STANDBY, { kind: 'Wait', forMs: 14_000 }],
    ['does not trust a holder whom somebody has taken out', seen({ ...HELD, holder: '' }, 14_000), STANDBY, { kind: 'Wait', forMs: 1_000 }],
    ['waits where somebody has deleted one that there was', seen(undefined, 14_000), { ...STANDBY, highestEpoch: 9 }, { kind: 'Wait', forMs: 1_000 }],
    ['makes it anew then, with an epoch above all that it has heard of', seen(undefined, 15_000), { ...STANDBY, highestEpoch: 9 }, { kind: 'Take', over: undefined, epoch: 10 }],
    ['keeps above it also where somebody has set the count back', seen(RELEASED), { ...STANDBY, highestEpoch: 9 }, { kind: 'Take', over: RELEASED, epoch: 10 }],
    ['does not believe that it holds it because it says so', seen(OURS), STANDBY, { kind: 'Wait', forMs: 15_000 }],
  ])('%s', (_, sighting, replica, step) => {
    expect(decideElection(sighting, replica, NOW)).toEqual(step);
  });
});

describe('what a leader does', () => {
  it.each<readonly [string, Lease | undefined, Step]>([
    ['renews what is his, however old', OURS, { kind: 'Renew', over: OURS }],
    ['makes one that was deleted anew', undefined, { kind: 'Renew', over: undefined }],
    ['writes his name where somebody has taken it out', { ...HELD, holder: '' }, { kind: 'Renew', over: expect.anything() }],
    ['sets a count right that somebody has changed', { ...OURS, transitions: 0 }, { kind: 'Renew', over: expect.anything() }],
    ['has lost it to another', HELD, { kind: 'Lost', holder: 'other' }],
    ['has lost it where another has taken and released it meanwhile', { ...RELEASED, transitions: 5 }, { kind: 'Lost', holder: '' }],
  ])('%s', (_, lease, step) => {
    expect(decideElection(seen(lease, 100_000), LEADER, NOW)).toEqual(step);
  });
});

describe('since when a Lease is as it is', () => {
  const first = sight(undefined, HELD, 1_000);

  it('counts from the first look', () => {
    expect(first).toEqual({ lease: HELD, sinceMs: 1_000 });
  });

  it('goes on counting where nobody has renewed it, though somebody has labelled it', () => {
    const labelled = { ...HELD, resourceVersion: '8' };
    expect(sight(first, labelled, 9_000)).toEqual({ lease: labelled, sinceMs: 1_000 });
  });

  it.each([{ ...HELD, content: 'other 2' }, undefined])('begins anew where it is another, or gone', (lease) => {
    expect(sight(first, lease, 9_000)).toEqual({ lease, sinceMs: 9_000 });
  });
});

/** The whole of it, by hand: a leader, a standby and the Lease, with clocks that have nothing in common. */
describe('two replicas whose clocks differ', () => {
  const HOUR = 3_600_000;
  const RENEW_DEADLINE = 10_000;

  it.each([0, HOUR, -HOUR])('never write at the same time, with clocks %d ms apart', (skewMs) => {
    // What the leader wrote of time is an hour wrong; the standby looks at whether it changes, and at its own clock.
    const renewals = [0, 2_000, 4_000];
    const leaseAt = (ms: number): Lease => {
      const last = renewals.findLast((at) => at <= ms) ?? 0;
      return { ...HELD, content: `renewed at ${new Date(HOUR + last).toISOString()}`, resourceVersion: String(last) };
    };
    let sighting: Sighting | undefined;
    let takenAt: number | undefined;
    for (let at = 0; takenAt === undefined; at += 500) {
      const standbyClock = at + skewMs;
      sighting = sight(sighting, leaseAt(at), standbyClock);
      if (decideElection(sighting, STANDBY, standbyClock).kind === 'Take') takenAt = at;
    }
    const lastRenewal = renewals.at(-1) ?? 0;
    expect(takenAt).toBeGreaterThan(lastRenewal + RENEW_DEADLINE);
    expect(takenAt).toBe(lastRenewal + 15_000);
  });
});
