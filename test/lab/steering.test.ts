import { describe, expect, it } from 'vitest';
import { type SeenCall, Steering } from './steering.ts';

const call = (path: string): SeenCall => ({ method: 'GET', verb: 'get', path, body: '' });
const RESET = { kind: 'Reset' } as const;

describe('the rules of a proxy', () => {
  it('strike what they mean, from the n-th on, so many times', () => {
    const steering = new Steering();
    const steered = steering.add({ isMeant: ({ path }) => path === '/a', after: 1, times: 2, fault: RESET });
    const faults = ['/a', '/b', '/a', '/a', '/a'].map((path) => steering.faultOf(call(path)));
    expect(faults).toEqual([undefined, undefined, RESET, RESET, undefined]);
    expect(steered.strikes()).toBe(2);
  });

  it('have their way in the order in which they were added, until they are lifted', () => {
    const steering = new Steering();
    const first = steering.add({ isMeant: () => true, fault: RESET });
    steering.add({ isMeant: () => true, fault: { kind: 'Delay', ms: 1 } });
    expect(steering.faultOf(call('/a'))).toEqual(RESET);
    first.lift();
    expect(steering.faultOf(call('/a'))).toEqual({ kind: 'Delay', ms: 1 });
  });
});
