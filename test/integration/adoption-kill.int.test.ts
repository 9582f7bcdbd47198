import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { ApiCall } from '../lab/api-call.ts';
import { startApiProxy, type ApiProxy } from '../lab/api-proxy.ts';
import { smallChart } from '../registry/push.ts';
import { openSite, type Site } from './site.ts';

let proxy: ApiProxy;
let site: Site;
beforeAll(async () => {
  const { server, caFile } = inject('lab');
  proxy = await startApiProxy({ server, ca: await readFile(caFile, 'utf8') });
  site = await openSite('adoption-kill', { server: proxy.server, args: ['--takeover-after', '1s'] });
});
// The operator first: without an API server it would wait.
afterAll(async () => {
  await site.close();
  await proxy.close();
});

const isTo =
  (resource: string) =>
  ({ path }: ApiCall) =>
    path.includes(`/${resource}`) && !path.includes('dryRun');

/** Kills the operator when the write was done, and starts another one. */
const killAfter = async (isMeant: (write: ApiCall) => boolean, begin: () => Promise<void>): Promise<void> => {
  const { operator } = site;
  let isStruck = false;
  void proxy.arm({ isMeant, blow: 'AfterCommit', delayMs: 0, strike: () => void operator.kill() }).then(() => {
    isStruck = true;
  });
  await begin();
  await site.eventually('the moment comes', async () => isStruck);
  await operator.kill();
  proxy.mend();
  await site.startOperator();
};

it('an operator that is killed between the revision that takes over from a dead helm and the end of that one closes both', async () => {
  await site.pushSmall('dead', 'stable', '1.0.0');
  await site.release('dead', { chart: site.reference('dead', 'stable'), timeout: '2s' });
  await site.ready('dead', 1);
  const pod =
    'apiVersion: v1\nkind: Pod\nmetadata:\n  name: dead\n  annotations: {lab.tagalong.dev/play: not-ready}\nspec:\n  containers: [{name: web, image: registry.invalid/web}]\n';
  const dir = await site.folder(smallChart('dead', '1.5.0', { 'templates/pod.yaml': pod }));
  const helm = new AbortController();
  const run = site.helm(['upgrade', 'dead', dir, '--wait'], { signal: helm.signal });
  await killAfter(
    (write) => isTo('secrets?')(write) && write.method === 'POST',
    async () => {
      await Promise.all([expect(run).rejects.toThrow(), site.eventually('helm waits', async () => (await site.object('pods/dead')) !== undefined).then(() => helm.abort())]);
    },
  );
  await site.ready('dead', 3);
  expect(JSON.parse((await site.helm(['history', 'dead', '-o', 'json'])).stdout)).toMatchObject([{ status: 'superseded' }, { status: 'failed' }, { status: 'deployed' }]);
});
