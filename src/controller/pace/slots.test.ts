import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../core/evidence.ts';
import { Slots } from './slots.ts';

const evidence = (key: string, isRolling: boolean): Evidence => ({ key, isRolling, triesOut: undefined, failure: undefined, readyOn: [] });

const setUp = (most: number) => {
  const woken: string[] = [];
  const slots = new Slots({ most, isThere: () => true, wake: (key) => woken.push(key) });
  /** A run that asks for a slot and does not open anything with it yet. */
  const asks = (key: string, now = 0) => {
    slots.begin(key);
    return slots.take(key, now);
  };
  const opens = (key: string) => slots.changed(undefined, evidence(key, true));
  const closes = (key: string) => slots.changed(evidence(key, true), evidence(key, false));
  return { slots, woken, asks, opens, closes };
};

describe('Slots', () => {
  it('let go as many as there are, and the next when one is done', () => {
    const { slots, woken, asks, opens, closes } = setUp(1);
    expect(asks('n/a')).toBeUndefined();
    opens('n/a');
    slots.end('n/a', { reason: 'Progressing' });
    expect(asks('n/b', 5)).toEqual({ waitingSince: 5 });
    slots.end('n/b', { reason: 'RolloutQueued' });
    expect([slots.rolling, slots.waiting, woken]).toEqual([1, 1, []]);
    closes('n/a');
    expect([slots.rolling, slots.waiting, woken]).toEqual([1, 0, ['n/b']]);
    expect(asks('n/b', 9)).toBeUndefined();
  });

  it('remember since when a release waits, however often it is looked at', () => {
    const { slots, asks } = setUp(1);
    asks('n/a');
    for (const now of [5, 7]) {
      expect(asks('n/b', now)).toEqual({ waitingSince: 5 });
      slots.end('n/b', { reason: 'RolloutQueued' });
    }
  });

  it('keep the place of a release that is looked at just when it is its turn, and forget one that does not want to go any more', () => {
    const { slots, woken, asks } = setUp(1);
    for (const key of ['n/a', 'n/b', 'n/c']) asks(key);
    for (const key of ['n/b', 'n/c']) slots.end(key, { reason: 'RolloutQueued' });
    slots.begin('n/b');
    slots.end('n/a', { reason: 'RenderFailed' });
    expect([woken, slots.waiting]).toEqual([['n/c'], 1]);
    slots.end('n/b', { reason: 'UpgradeSucceeded' });
    expect(slots.waiting).toBe(0);
  });

  it('never hold up a revision that is under way, and count it', () => {
    const { slots, asks, opens } = setUp(1);
    for (const key of ['n/a', 'n/b']) opens(key);
    expect(slots.rolling).toBe(2);
    expect(asks('n/b')).toBeUndefined();
    expect(asks('n/c')).toBeDefined();
  });

  it('stay with a release that closes its revision to open another one', () => {
    const { slots, woken, asks, opens, closes } = setUp(1);
    opens('n/a');
    asks('n/b');
    slots.end('n/b', { reason: 'RolloutQueued' });
    expect(asks('n/a')).toBeUndefined();
    closes('n/a');
    expect([slots.rolling, woken]).toEqual([1, []]);
    opens('n/a');
    slots.end('n/a', { reason: 'Progressing' });
    expect([slots.rolling, woken]).toEqual([1, []]);
    closes('n/a');
    expect(woken).toEqual(['n/b']);
  });

  it('go on to the next when a run has not used its slot', () => {
    const { slots, woken, asks } = setUp(1);
    asks('n/a');
    asks('n/b');
    slots.end('n/b', { reason: 'RolloutQueued' });
    slots.end('n/a', { reason: 'RenderFailed' });
    expect(woken).toEqual(['n/b']);
  });

  it('go on to the next when the one whose turn it was does not want it any more', () => {
    const { slots, woken, asks } = setUp(1);
    for (const key of ['n/a', 'n/b', 'n/c']) asks(key);
    for (const key of ['n/b', 'n/c']) slots.end(key, { reason: 'RolloutQueued' });
    slots.end('n/a', undefined);
    slots.begin('n/b');
    slots.end('n/b', { reason: 'UpgradeSucceeded' });
    expect(woken).toEqual(['n/b', 'n/c']);
  });

  it('stay with what has failed until it is undone, and go to the next where it is not', () => {
    const { slots, woken, asks, opens } = setUp(1);
    asks('n/a');
    opens('n/a');
    slots.end('n/a', { reason: 'UpgradeFailed', lookAgainAfterMs: 0 });
    asks('n/b');
    slots.end('n/b', { reason: 'RolloutQueued' });
    expect([slots.rolling, slots.waiting]).toEqual([1, 1]);
    slots.begin('n/a');
    slots.end('n/a', { reason: 'UpgradeFailed' });
    expect(woken).toEqual(['n/b']);
    expect(asks('n/a')).toBeDefined();
  });

  it('do not wait for a revision that stands still until a person does something', () => {
    const { slots, asks, opens } = setUp(1);
    asks('n/a');
    opens('n/a');
    slots.end('n/a', { reason: 'RecordInvalid' });
    expect([slots.rolling, asks('n/b')]).toEqual([0, undefined]);
    slots.end('n/b', { reason: 'RenderFailed' });
    slots.begin('n/a');
    slots.end('n/a', { reason: 'Progressing' });
    expect(slots.rolling).toBe(1);
  });
});

const KEYS = ['a/1', 'a/2', 'a/3', 'a/4', 'b/1', 'b/2', 'c/1'] as const;
type Key = (typeof KEYS)[number];
/** What is Undoing is on its way back and cannot fail once more. */
type State = 'Current' | 'Wanted' | 'Open' | 'ToUndo' | 'Undoing' | 'Gone';

const ROLLING: readonly (State | undefined)[] = ['Open', 'ToUndo', 'Undoing'];
/** What may happen, and how often: a restart has everybody looked at, and would hide that somebody was forgotten. */
const STEPS = { Move: 20, Work: 40, Ask: 40, Open: 30, Replace: 10, GetReady: 10, Fail: 5, RaceOnce: 3, CannotRender: 3, Break: 5, Remove: 5, Restart: 1 } as const;
type Step = keyof typeof STEPS;

/** A cluster of releases with the operator's queue and workers, as far as slots are concerned. Each run may stop between any two of its steps. */
class World {
  readonly states = new Map<Key, State>(KEYS.map((key) => [key, 'Current']));
  readonly broken = new Set<Key>();
  readonly queue = new Set<Key>();
  /** What each run that is under way has come to. */
  readonly runs = new Map<Key, 'Begun' | 'MayOpen'>();
  readonly most: number;
  slots: Slots;

  constructor(most: number) {
    this.most = most;
    this.slots = this.#newSlots();
  }

  /** Open revisions that go on by themselves. */
  get rolling(): number {
    return KEYS.filter((key) => ROLLING.includes(this.states.get(key)) && !this.broken.has(key)).length;
  }

  do(step: Step, key: Key): void {
    const [state, run] = [this.states.get(key), this.runs.get(key)];
    switch (step) {
      case 'Move':
        if (state === 'Current' || state === 'Wanted') this.#move(key);
        return;
      case 'Work':
        if (run === undefined && this.queue.delete(key)) this.#begin(key);
        return;
      case 'Ask':
        if (run === 'Begun') this.#ask(key, state);
        return;
      case 'Open':
        if (run === 'MayOpen') this.#open(key);
        return;
      case 'Replace':
        if (run === 'Begun' && state === 'Open') this.#replace(key);
        return;
      case 'RaceOnce':
        if (run !== undefined) this.#endAndRepeat(key, undefined);
        return;
      case 'CannotRender':
        if (run === 'MayOpen') this.#endAndRepeat(key, { reason: 'RenderFailed' });
        return;
      case 'GetReady':
        if (run === 'Begun' && (state === 'Open' || state === 'Undoing')) this.#close(key, 'Current', { reason: 'UpgradeSucceeded' });
        return;
      case 'Fail':
        if (run === 'Begun' && state === 'Open') this.#close(key, 'ToUndo', { reason: 'UpgradeFailed', lookAgainAfterMs: 0 });
        return;
      case 'Break':
        if (run === 'Begun' && ROLLING.includes(state)) this.#break(key);
        return;
      case 'Remove':
        if (run === undefined) this.#move(key, 'Gone'); // its records, if there are any, are left behind
        return;
      case 'Restart':
        this.runs.clear();
        this.broken.clear();
        this.slots = this.#newSlots();
        for (const [one, its] of this.states) if (ROLLING.includes(its)) this.slots.changed(undefined, evidence(one, true));
        for (const one of KEYS) this.queue.add(one);
    }
  }

  #move(key: Key, to: State = 'Wanted'): void {
    this.states.set(key, to);
    this.queue.add(key);
  }

  #begin(key: Key): void {
    this.runs.set(key, 'Begun');
    this.slots.begin(key);
    if (this.states.get(key) === 'Gone') this.#end(key, undefined);
  }

  #ask(key: Key, state: State | undefined): void {
    if (ROLLING.includes(state)) {
      this.broken.delete(key);
      if (state === 'ToUndo') this.#become(key, 'Undoing');
      this.#end(key, { reason: 'Progressing' });
    } else if (state !== 'Wanted') this.#end(key, { reason: 'UpgradeSucceeded' });
    else if (this.slots.take(key, 0) === undefined) this.runs.set(key, 'MayOpen');
    else this.#end(key, { reason: 'RolloutQueued' });
  }

  #open(key: Key): void {
    this.#become(key, 'Open');
    expect(this.rolling).toBeLessThanOrEqual(this.most);
    this.#end(key, { reason: 'Progressing' });
  }

  /** Another revision is asked for in place of the one that is open. */
  #replace(key: Key): void {
    if (this.slots.take(key, 0) !== undefined) {
      this.#end(key, { reason: 'RolloutQueued' });
      return;
    }
    this.broken.delete(key);
    this.#become(key, 'Wanted');
    this.runs.set(key, 'MayOpen');
  }

  #break(key: Key): void {
    this.broken.add(key);
    this.#end(key, { reason: 'RecordInvalid' });
  }

  #close(key: Key, state: State, outcome: Parameters<Slots['end']>[1]): void {
    this.broken.delete(key);
    this.#become(key, state);
    this.#end(key, outcome);
    if (outcome?.lookAgainAfterMs === 0) this.queue.add(key);
  }

  #become(key: Key, state: State): void {
    const before = this.states.get(key);
    this.states.set(key, state);
    this.slots.changed(evidence(key, ROLLING.includes(before)), evidence(key, ROLLING.includes(state)));
  }

  #end(key: Key, outcome: Parameters<Slots['end']>[1]): void {
    this.slots.end(key, outcome);
    this.runs.delete(key);
  }

  #endAndRepeat(key: Key, outcome: Parameters<Slots['end']>[1]): void {
    this.#end(key, outcome);
    this.queue.add(key);
  }

  #newSlots(): Slots {
    const known = new Set<string>(KEYS);
    const wake = (key: string) => {
      if (known.has(key)) this.queue.add(key as Key); // known
    };
    return new Slots({ most: this.most, isThere: (key) => this.states.get(key as Key) !== 'Gone', wake });
  }
}

/** All that is under way ends well; nobody is looked at who was not woken, but for open revisions, whose objects get ready. */
const settle = (world: World): void => {
  for (let round = 0; round < 10 * KEYS.length; round += 1) {
    for (const key of KEYS) {
      if (ROLLING.includes(world.states.get(key)) && !world.broken.has(key)) world.queue.add(key);
      for (const step of ['Work', 'GetReady', 'Ask', 'Open'] as const) world.do(step, key);
    }
  }
};

describe('Slots, in whatever order things happen', () => {
  const step = fc.oneof(...Object.entries(STEPS).map(([one, weight]) => ({ arbitrary: fc.constant(one as Step), weight }))); // a key of STEPS
  const steps = fc.array(fc.tuple(step, fc.constantFrom(...KEYS)), { maxLength: 120, size: 'max' });

  it('are never taken by more than there are, and nobody waits for ever', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), steps, (most, all) => {
        const world = new World(most);
        for (const [step, key] of all) world.do(step, key);
        settle(world);
        expect([...world.states].filter(([key, state]) => state === 'Wanted' || (ROLLING.includes(state) && !world.broken.has(key)))).toEqual([]);
        expect([world.slots.rolling, world.slots.waiting, world.runs.size]).toEqual([0, 0, 0]);
      }),
      { numRuns: 2_000 },
    );
  });
});
