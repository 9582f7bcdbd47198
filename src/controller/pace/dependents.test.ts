import { expect, it } from 'vitest';
import { Dependents } from './dependents.ts';

it('wakes those who wait for the release that has changed, and nobody else', () => {
  const woken: string[] = [];
  const dependents = new Dependents((key) => woken.push(key));
  dependents.wait('n/one', ['n/base', 'n/other']);
  dependents.wait('n/two', ['n/base']);
  dependents.wait('n/three', ['n/base']);
  dependents.wait('n/three', ['n/other']);
  dependents.wait('n/four', ['n/base']);
  dependents.forget('n/four');
  dependents.changed('n/base');
  dependents.changed('n/unknown');
  expect(woken).toEqual(['n/one', 'n/two']);
});
