import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { conditionIn, openSite, type Site } from './site.ts';

/** A test as charts have them: a Pod, played by kwok (test/lab/kwok.yaml), whose log has three lines. */
const pod = (name: string, play = '', weight = 0): string => `---
apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  annotations: {helm.sh/hook: test, helm.sh/hook-weight: "${weight}", lab.tagalong.dev/play: "${play}"}
spec: {restartPolicy: Never, containers: [{name: main, image: registry.invalid/main}]}
`;

/** Events are written after the status. */
const PATIENT = { timeout: 30_000, interval: 100 };

describe.concurrent('tests of a chart', () => {
  let site: Site;
  beforeAll(async () => {
    site = await openSite('tests');
  });
  afterAll(() => site.close());

  const install = async (name: string, tests: string, spec: Readonly<Record<string, unknown>>) => {
    await site.pushSmall(name, 'stable', '1.0.0', { 'templates/tests.yaml': tests });
    await site.release(name, { chart: site.reference(name, 'stable'), ...spec });
  };
  const upgrade = async (name: string, version: string, tests: string) => {
    await site.pushSmall(name, 'stable', version, { 'templates/tests.yaml': tests });
    await site.lookNow(name);
  };
  const eventsOf = async (name: string) => {
    const events = JSON.parse((await site.kubectl(['events', '--for', `chartrelease/${name}`, '-o', 'json'])).stdout) as {
      readonly items: readonly { readonly reason: string; readonly message: string }[];
    }; // the API's own shape
    return events.items.map(({ reason, message }) => `${reason}: ${message}`);
  };

  it('do not run unless the spec asks', async () => {
    await install('quiet', pod('quiet-test'), {});
    expect((await site.ready('quiet', 1)).test).toBeUndefined();
    expect(await site.object('pods/quiet-test')).toBeUndefined();
  });

  it('run in their order after the install and after each upgrade, and their results, pods and logs are in status', async () => {
    await install('good', pod('good-b') + pod('good-a', '', 5), { test: { enabled: true } });
    const { test } = await site.ready('good', 1);
    const run = (name: string) => ({
      name,
      phase: 'Succeeded',
      startedAt: expect.any(String),
      completedAt: expect.any(String),
      pod: `${site.namespace}/${name}`,
      log: ['begins', 'works', 'ends'],
    });
    expect(test).toEqual({ revision: 1, outcome: 'Succeeded', runs: [run('good-b'), run('good-a')] });
    const [first, second] = test?.runs ?? [];
    expect(Date.parse(second?.startedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(first?.completedAt ?? ''));
    await upgrade('good', '1.1.0', pod('good-b'));
    expect((await site.ready('good', 2)).test).toEqual({ revision: 2, outcome: 'Succeeded', runs: [run('good-b')] });
    await vi.waitFor(async () => expect(await eventsOf('good')).toContainEqual('TestSucceeded: 2 tests succeeded: good-b, good-a'), PATIENT);
    const stock = JSON.parse((await site.helm(['status', 'good', '-o', 'json'])).stdout) as { readonly hooks: readonly { readonly last_run: unknown }[] }; // Helm's own shape
    expect(stock.hooks).toMatchObject([{ last_run: { phase: 'Succeeded' } }]);
  });

  it('that fail are told, and nothing else, unless the spec says more', async () => {
    await install('told', pod('told-test', 'fail') + pod('told-never', '', 1), { test: { enabled: true } });
    const status = await site.ready('told', 1);
    expect(status.test).toMatchObject({
      revision: 1,
      outcome: 'Failed',
      message: expect.stringMatching(/^test hook Pod told-test \(.*\) failed: .*exited with 1/),
      runs: [{ name: 'told-test', phase: 'Failed', pod: `${site.namespace}/told-test`, log: ['begins', 'works', 'ends'] }],
    });
    expect(status.history).toMatchObject([{ outcome: 'deployed' }]);
    expect(await site.object('pods/told-never')).toBeUndefined();
    const failures = async (): Promise<number> => (await eventsOf('told')).filter((event) => event.startsWith('TestFailed: test hook Pod told-test')).length;
    await vi.waitFor(async () => expect(await failures()).toBe(1), PATIENT);
  });

  it('that fail, or do not end, fail the revision where the spec says so, and what ran before comes back', async () => {
    const play = (name: string, how: string) => site.reaches(name, how, (status) => conditionIn(status, 'Ready')?.reason === 'RolledBack');
    await Promise.all(
      ['fail', 'hang'].map(async (how) => {
        const name = `strict-${how}`;
        await install(name, pod(`${name}-test`), { test: { enabled: true, failRelease: true }, timeout: '4s' });
        await site.ready(name, 1);
        await upgrade(name, '1.1.0', pod(`${name}-test`, how));
        const status = await play(name, 'undone');
        expect(conditionIn(status, 'Ready')?.message).toMatch(
          how === 'fail' ? /failed and was undone: test hook Pod .* failed: / : /failed and was undone: test hook Pod .* did not end within 4s: /,
        );
        expect(status).toMatchObject({
          revision: 3,
          chart: { version: '1.0.0' },
          test: { revision: 2, outcome: 'Failed' },
          history: [{ outcome: 'deployed' }, { outcome: 'failed' }, { outcome: 'superseded' }],
        });
        await vi.waitFor(async () => expect((await eventsOf(name)).filter((event) => event.startsWith('TestFailed: '))).toHaveLength(1), PATIENT);
      }),
    );
  });
});
