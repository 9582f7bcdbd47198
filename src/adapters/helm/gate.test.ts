import { describe, expect, it } from 'vitest';
import { settle } from '../../../test/fakes/clock.ts';
import { Gate } from './gate.ts';

const NEVER = new AbortController().signal;

describe('Gate', () => {
  it('lets so many in and then one for each that leaves, in their order', async () => {
    const gate = new Gate(2);
    const order: string[] = [];
    const [first] = await Promise.all([gate.enter(NEVER), gate.enter(NEVER)]);
    for (const name of ['a', 'b']) void gate.enter(NEVER).then(() => order.push(name));
    await settle();
    expect(order).toEqual([]);
    first();
    await settle();
    expect(order).toEqual(['a']);
  });

  it('forgets who gives up waiting', async () => {
    const gate = new Gate(1);
    const leave = await gate.enter(NEVER);
    const stop = new AbortController();
    const waiting = gate.enter(stop.signal);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    leave();
    await gate.enter(NEVER);
  });
});
