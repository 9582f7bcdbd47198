import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/fakes/clock.ts';
import type { Cause } from '../core/cause.ts';
import { WEIGHT } from '../core/pod-state.ts';
import type { AppliedObject } from '../core/readiness.ts';
import type { Causes, Scrutiny } from '../ports/causes.ts';
import { explain } from './explain.ts';

const signal = new AbortController().signal;
const object = (name: string): AppliedObject => ({
  ref: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'prod', name },
  uid: name,
  resourceVersion: '1',
  ownFields: '',
  change: 'Created',
});
const cause = (weight: keyof typeof WEIGHT, isHopeless = false): Cause => ({ text: weight, weight: WEIGHT[weight], isHopeless });

class KnownCauses implements Causes {
  readonly asked: (Scrutiny & { readonly name: string })[] = [];
  readonly #known: Readonly<Record<string, Cause>>;

  constructor(known: Readonly<Record<string, Cause>>) {
    this.#known = known;
  }

  of(_key: string, { uid }: { readonly uid: string }, scrutiny: Scrutiny): Promise<Cause | undefined> {
    this.asked.push({ name: uid, ...scrutiny });
    return Promise.resolve(this.#known[uid]);
  }

  forget(): void {}
}

describe('explain', () => {
  const of = async (known: Readonly<Record<string, Cause>>, more: { readonly ageMs?: number; readonly kind?: 'Waiting' | 'Failed'; readonly isOver?: boolean } = {}) => {
    const { ageMs = 3_000, kind = 'Waiting', isOver = false } = more;
    const causes = new KnownCauses(known);
    const verdict = { kind, message: 'Deployment prod/a: 0 of 1', laggards: [object('a'), object('b'), object('c')] };
    const told = await explain({ causes, clock: new FakeClock(10_000) }, { releaseKey: 'k', verdict, since: 10_000 - ageMs, isOver }, signal);
    return { told: told.message, kind: told.kind, asked: causes.asked.map(({ name }) => name).join(), isWatched: causes.asked[0]?.isWatched };
  };

  it.each<readonly [string, Readonly<Record<string, Cause>>, Parameters<typeof of>[1], Partial<Awaited<ReturnType<typeof of>>>]>([
    ['asks nobody while the wait is young', { a: cause('ended') }, { ageMs: 1_999 }, { told: 'Deployment prod/a: 0 of 1', asked: '' }],
    ['asks of what has failed, however young', { a: cause('ended') }, { ageMs: 0, kind: 'Failed' }, { told: 'Deployment prod/a: 0 of 1; ended', isWatched: false }],
    ['names the cause of the first', { a: cause('refused'), b: cause('ended') }, {}, { told: 'Deployment prod/a: refused', asked: 'a', isWatched: true }],
    ['names the second where the first may just be slow', { a: cause('pending'), b: cause('ended') }, {}, { told: 'Deployment prod/b: ended', asked: 'a,b' }],
    ['stays with the first where the second says no more', { a: cause('pending'), b: cause('pending') }, {}, { told: 'Deployment prod/a: pending', asked: 'a,b' }],
    ['leaves the words as they are where nothing is known', {}, {}, { told: 'Deployment prod/a: 0 of 1', asked: 'a,b' }],
    ['looks for the last time when the time is over', { a: cause('ended') }, { isOver: true }, { told: 'Deployment prod/a: ended', kind: 'Waiting', isWatched: false }],
    ['ends what waiting cannot help', { a: cause('hopeless', true) }, {}, { told: 'Deployment prod/a: hopeless', kind: 'Failed' }],
  ])('%s', async (_, known, more, expected) => {
    expect(await of(known, more)).toMatchObject(expected);
  });
});
