import { expect, it } from 'vitest';
import { Contenders } from './contenders.ts';

const WEB = { namespace: 'apps', releaseName: 'web' };
const API = { namespace: 'apps', releaseName: 'api' };

it('wakes those who wait for the address that is given up, and nobody else', () => {
  const woken: string[] = [];
  const contenders = new Contenders((key) => woken.push(key));
  contenders.wait('apps/one', WEB);
  contenders.wait('test/two', WEB);
  contenders.wait('apps/three', API);
  contenders.wait('apps/four', WEB);
  contenders.wait('apps/four', API);
  contenders.wait('apps/five', WEB);
  contenders.forget('apps/five');
  contenders.wakeAt(WEB);
  expect(woken).toEqual(['apps/one', 'test/two']);
});
