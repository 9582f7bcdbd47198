import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { json, type ScriptedServer, startScripted } from '../kube/scripted-server.ts';
import { type ApiProxy, startApiProxy } from '../lab/api-proxy.ts';
import type { Operator } from '../lab/operator.ts';
import { watchLife } from './life.ts';
import type { Mode } from './points.ts';

const OWN = '/api/v1/namespaces/n/configmaps/r0007-random';
const OTHER = '/api/v1/namespaces/n/configmaps/r0008-random';

describe('the life of an operator', () => {
  let target: ScriptedServer;
  let proxy: ApiProxy;
  let ends: string[] = [];
  beforeEach(async () => {
    ends = [];
    target = await startScripted((_, response) => json(response, 200, {}));
    proxy = await startApiProxy({ server: target.url, ca: '' });
  });
  afterEach(async () => {
    await proxy.close();
    await target.close();
  });

  const end = (how: string) => async (): Promise<void> => void ends.push(`${how}, ${target.seen.length} writes done`);
  const operator: Pick<Operator, 'stop' | 'kill'> = { stop: end('SIGTERM'), kill: end('SIGKILL') };
  const watch = (mode: Mode) => watchLife({ proxy, operator }, 'r0007', { write: 2, mode });
  const write = (path: string, body = '{}'): Promise<number | 'no answer'> =>
    fetch(proxy.server + path, { method: 'PATCH', body }).then(
      ({ status }) => status,
      () => 'no answer',
    );

  const modes: readonly (readonly [Mode, string, number | 'no answer', number | 'no answer'])[] = [
    ['Unsent', 'SIGKILL, 1 writes done', 'no answer', 'no answer'],
    ['Unanswered', 'SIGKILL, 2 writes done', 'no answer', 'no answer'],
    ['Answered', 'SIGKILL, 2 writes done', 200, 'no answer'],
    ['Terminated', 'SIGTERM, 1 writes done', 200, 200],
  ];
  it.each(modes)('%s at the second write: %s', async (mode, how, second, third) => {
    const life = watch(mode);
    expect([await write(OWN), life.isStruck()]).toEqual([200, false]);
    expect(await write(OWN)).toBe(second);
    await life.over;
    expect([ends, life.isStruck()]).toEqual([[how], true]);
    expect(await write(OWN)).toBe(third);
  });

  it('is counted by writes that bear on the release, by path or by content; dry runs and other releases are not', async () => {
    const life = watch('Unsent');
    for (const path of [OTHER, `${OWN}?dryRun=All`, '/apis/apps/v1/namespaces/n/deployments/other0007']) expect(await write(path)).toBe(200);
    expect(await write('/api/v1/namespaces/n/events', '{"regarding":{"name":"r0007"}}')).toBe(200);
    expect(await write('/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.r0007.n')).toBe('no answer');
    await life.over;
    expect(life.own).toHaveLength(2);
    expect(life.others).toEqual([['r0008', `PATCH ${OTHER}`]]);
  });
});
