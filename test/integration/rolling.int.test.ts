import { randomBytes } from 'node:crypto';
import { describe, expect, it, type TestContext } from 'vitest';
import { STUCK } from '../fleet/chart.ts';
import { type Move, moveIn } from '../fleet/moves.ts';
import { changesUnder, inOrder } from '../lab/history.ts';
import { conditionIn, openSite, type Site } from './site.ts';

/** A site that is closed when the test ends. */
const opened = async (test: TestContext, name: string, args: readonly string[], namespaces: readonly string[] = []): Promise<Site> => {
  const site = await openSite(name, { args, namespaces });
  test.onTestFinished(() => site.close());
  return site;
};

/** Many releases take a busy machine a while. */
const TEST_MS = 180_000;

const named = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => `r${String(at).padStart(2, '0')}`);
const all = <T>(names: readonly string[], act: (name: string) => Promise<T>): Promise<readonly T[]> => Promise.all(names.map(act));

const readyOf = async (site: Site, name: string) => conditionIn((await site.seen(name))?.status ?? {}, 'Ready');
const is = (site: Site, name: string, reason: string) => site.reaches(name, reason, (status) => conditionIn(status, 'Ready')?.reason === reason);
const allReady = (site: Site, names: readonly string[], revision: number) => all(names, (name) => site.ready(name, revision));

const patch = (site: Site, name: string, spec: Readonly<Record<string, unknown>>) => site.kubectl(['patch', 'crel', name, '--type=merge', '--patch', JSON.stringify({ spec })]);

const shows = (site: Site, line: string) => site.eventually(line, async () => (await (await fetch(`${site.operator.url('metrics')}/metrics`)).text()).includes(`\n${line}\n`));

/** What etcd has seen of a move to the digest in these namespaces. */
const moveOf = async (site: Site, digest: string, isUndone: boolean, namespaces: readonly string[] = [site.namespace]): Promise<Move> => {
  const last = `last-${randomBytes(3).toString('hex')}`;
  const parts = namespaces.map(async (namespace) => {
    await site.ask('POST', `/api/v1/namespaces/${namespace}/secrets`, { apiVersion: 'v1', kind: 'Secret', metadata: { name: last } });
    return changesUnder(site.lab.etcd, `/registry/secrets/${namespace}/`, `/registry/secrets/${namespace}/${last}`);
  });
  return moveIn(inOrder(await Promise.all(parts)), digest, { isUndone });
};

describe.concurrent('a move of many releases', { timeout: TEST_MS }, () => {
  it('goes so many at a time, and namespaces take turns, also after a kill', async (test) => {
    const second = `turns-second-${randomBytes(3).toString('hex')}`;
    const site = await opened(test, 'turns', ['--max-rolling', '2'], [second]);
    await site.addNamespace(second);
    const other = site.beside(second);
    await site.pushSmall('good', 'stable', '1.0.0');
    const good = { chart: site.reference('good', 'stable') };
    await site.release('standing', good);
    await site.ready('standing', 1);
    await site.pushSmall('stuck', 'stable', '1.0.0', STUCK);
    const stuck = { chart: site.reference('stuck', 'stable') };
    for (const name of ['stuck-1', 'stuck-2']) await site.release(name, stuck);
    await all(['stuck-1', 'stuck-2'], (name) => is(site, name, 'Progressing'));

    for (const name of ['one', 'two', 'three']) await site.release(name, good);
    await shows(site, 'tagalong_rollouts{state="queued"} 3');
    await other.release('one', good);
    const queued = await is(other, 'one', 'RolloutQueued');
    expect(queued.conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason}`)).toEqual(['Ready=False RolloutQueued', 'Reconciling=True RolloutQueued']);
    expect(conditionIn(queued, 'Ready')?.message).toBe('waits for its turn: at most 2 roll out at a time (--max-rolling)');
    for (const [state, count] of Object.entries({ rolling: 2, queued: 4, held: 0 })) await shows(site, `tagalong_rollouts{state="${state}"} ${count}`);

    await site.pushSmall('good', 'stable', '2.0.0');
    await site.lookNow('standing');
    const standing = await is(site, 'standing', 'RolloutQueued');
    expect(conditionIn(standing, 'Ready')).toMatchObject({ status: 'True', message: expect.stringMatching(/^waits for its turn: .*; revision 1 \(good 1\.0\.0\) keeps running$/) });
    expect([standing.revision, standing.lastHandledReconcileAt]).toEqual([1, undefined]);

    await site.operator.kill();
    const before = await site.seen('one');
    await site.startOperator();
    await shows(site, 'tagalong_rollouts{state="queued"} 5');
    expect((await site.seen('one'))?.status).toEqual(before?.status);
    // Who is under way is held up by nobody: another spec goes into the slot that it has.
    await patch(site, 'stuck-1', { values: { claim: false } });
    await site.ready('stuck-1', 2);
    await allReady(site, ['one', 'two', 'three'], 1);
    await other.ready('one', 1);
    await site.ready('standing', 2);
    const { mostAtOnce, order } = await moveOf(site, '', false, [site.namespace, second]);
    expect(mostAtOnce).toBe(2);
    expect(order.indexOf(`${second}/one`)).toBeLessThan(order.length - 2);
    await is(site, 'stuck-2', 'Progressing');
  });

  it('to what fails comes back byte for byte, and no more are out at any moment than may be', async (test) => {
    const names = named(24);
    const site = await opened(test, 'undone', ['--max-rolling', '8', '--suspect-after', '0']);
    await site.pushSmall('app', 'stable', '1.0.0');
    await all(names, (name) => site.release(name, { chart: site.reference('app', 'stable'), timeout: '1s' }));
    await allReady(site, names, 1);
    const good = await all(names, (name) => manifestOf(site, name, 1));
    const bad = await site.pushSmall('app', 'stable', '2.0.0', STUCK);
    await site.lookNow('r00');
    await all(names, (name) => is(site, name, 'RolledBack'));
    expect(await all(names, (name) => manifestOf(site, name, 3))).toEqual(good);
    expect(await all(names, async (name) => (await site.configMap(name))?.['version'])).toEqual(names.map(() => '1.0.0'));
    const { mostAtOnce, opened: tried } = await moveOf(site, bad, true);
    expect([mostAtOnce, tried.size]).toEqual([8, 24]);
    await shows(site, 'tagalong_rollouts{state="rolling"} 0');
  });

  it('stops where several have failed and none has become ready, until one does', async (test) => {
    const names = named(16);
    const site = await opened(test, 'suspect', ['--max-rolling', '4', '--suspect-after', '3']);
    await site.pushSmall('app', 'stable', '1.0.0');
    await all(names, (name) => site.release(name, { chart: site.reference('app', 'stable'), timeout: '1s' }));
    await allReady(site, names, 1);
    const bad = await site.pushSmall('app', 'stable', '2.0.0', STUCK);
    await site.lookNow('r00');
    const ends = await all(names, async (name) => {
      await site.reaches(name, 'back, or held', (status) => ['RolledBack', 'DigestSuspect'].includes(conditionIn(status, 'Ready')?.reason ?? ''));
      return { name, ready: await readyOf(site, name) };
    });
    const held = ends.filter(({ ready }) => ready?.reason === 'DigestSuspect');
    const tried = (await moveOf(site, bad, true)).opened.size;
    expect([held.length, tried]).toEqual([names.length - 4, 4]);
    const [first, second] = held.map(({ name }) => name);
    if (first === undefined || second === undefined) throw new Error('nobody is held');
    expect(held[0]?.ready).toMatchObject({
      status: 'True',
      message: expect.stringMatching(
        new RegExp(`^holds back from ${bad.slice(7, 19)}: .*${site.namespace}/r\\d\\d .* become ready on it.*; revision 1 \\(app 1\\.0\\.0\\) keeps running$`),
      ),
    });

    await site.operator.kill();
    await site.startOperator();
    await shows(site, `tagalong_rollouts{state="held"} ${held.length}`);
    expect((await moveOf(site, bad, true)).opened.size).toBe(tried);
    // A person sends one on: it fails as well, and the rest stay.
    await site.lookNow(first);
    await is(site, first, 'RolledBack');
    expect((await readyOf(site, second))?.reason).toBe('DigestSuspect');
    // Another one succeeds, and the rest go on by themselves.
    await patch(site, second, { values: { claim: false } });
    await site.lookNow(second);
    await site.ready(second, 2);
    await all(
      held.map(({ name }) => name).filter((name) => name !== first && name !== second),
      (name) => is(site, name, 'RolledBack'),
    );
    expect((await moveOf(site, bad, true)).mostAtOnce).toBe(4);
  });
});

/** The manifest in a record. */
const manifestOf = async (site: Site, name: string, revision: number): Promise<string> => {
  const { manifest } = JSON.parse(await site.record(name, revision)) as { readonly manifest: string }; // Helm's own shape
  return manifest;
};
