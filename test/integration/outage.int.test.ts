import { readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type FaultyRegistry, startFaultyRegistry } from '../registry/faulty-registry.ts';
import { conditionIn, openSite, type Site } from './site.ts';

const FAILING = {
  'templates/pod.yaml':
    'apiVersion: v1\nkind: Pod\nmetadata: {name: "{{ .Release.Name }}-pod", annotations: {lab.tagalong.dev/play: not-ready}}\nspec: {containers: [{name: a, image: a}]}\n',
};

/** Whole files in a store, proofs left out. */
const contentsOf = async (store: string): Promise<number> => {
  const files = await readdir(store, { recursive: true, withFileTypes: true });
  return files.filter((entry) => entry.isFile() && /^[0-9a-f]{64}$/.test(entry.name) && !entry.parentPath.startsWith(path.join(store, 'proofs'))).length;
};

describe('a registry that is away', () => {
  let site: Site;
  let registry: FaultyRegistry;
  let store: string;
  beforeAll(async () => {
    registry = await startFaultyRegistry(inject('lab').registry);
    store = path.join(inject('lab').dir, 'charts-of-outage');
    site = await openSite('outage', { plainHttpHosts: [registry.host], args: ['--chart-store', store] });
  });
  afterAll(async () => {
    await site.close();
    await registry.close();
  });

  const away = (): void => {
    registry.fault = () => (response) => response.destroy();
  };
  const spec = (chart: string, more: object = {}) => ({ chart: `${registry.host}/${site.namespace}/${chart}:1`, interval: '10s', ...more });
  const restarted = async (): Promise<void> => {
    await site.operator.kill();
    await site.startOperator();
  };

  const patchPod = (release: string, status: object) =>
    site.kubectl(['patch', 'pod', `${release}-pod`, '--subresource=status', '--type=strategic', '--patch', JSON.stringify({ status })]);

  it('holds up neither new values, nor rollback, resume and drift correction; without the store new values wait, and say so', async () => {
    for (const chart of ['values', 'drift', 'back']) await site.pushSmall(chart, '1', '1.0.0');
    await site.pushSmall('resume', '1', '1.0.0', FAILING);
    await site.release('values', spec('values'));
    await site.release('drift', spec('drift', { drift: { mode: 'Correct' } }));
    await site.release('back', spec('back'));
    await site.release('resume', spec('resume'));
    for (const name of ['values', 'drift', 'back']) await site.ready(name, 1);
    await site.reaches('resume', 'waiting', (status) => conditionIn(status, 'Ready')?.reason === 'Progressing');
    await site.pushSmall('back', '1', '2.0.0', FAILING);
    await site.lookNow('back');
    await site.reaches('back', 'revision 2 under way', ({ history }) => history?.[0]?.revision === 2);

    // The operator is another one, the registry is gone: what was pulled is there.
    away();
    await restarted();
    await site.release('values', spec('values', { values: { greeting: 'from the store' } }));
    await site.reaches('values', 'revision 2', ({ revision }) => revision === 2);
    const upgraded = await site.reaches('values', 'FetchFailed', (status) => conditionIn(status, 'FetchFailed') !== undefined);
    expect(conditionIn(upgraded, 'FetchFailed')).toMatchObject({ status: 'True', reason: 'RegistryUnavailable' });
    expect(conditionIn(upgraded, 'Ready')).toMatchObject({ status: 'True', reason: 'UpgradeSucceeded' });
    expect(await site.configMap('values')).toMatchObject({ greeting: 'from the store', version: '1.0.0' });

    // The store is gone too, for good: what the records have is enough for all but new values.
    await site.operator.kill();
    await rm(store, { recursive: true });
    await writeFile(store, 'no folder');
    await site.startOperator();
    expect(site.operator.log().join('\n')).toContain('cannot use the chart store');
    await site.release('values', spec('values', { values: { greeting: 'later' } }));
    const message = await site.fails('values', 'RegistryUnavailable');
    expect(message).toContain(`cannot pull ${registry.host}/${site.namespace}/values@sha256:`);
    expect(message).toContain('; revision 2 (values 1.0.0) keeps running');
    expect((await site.seen('values'))?.status?.nextRetry).toBeDefined();
    expect(await site.configMap('values')).toMatchObject({ greeting: 'from the store' });

    await site.kubectl(['patch', 'configmap', 'drift', '--type=merge', '--patch', '{"data":{"greeting":"by hand"}}']);
    await site.eventually('what somebody edited is corrected', async () => (await site.configMap('drift'))?.['greeting'] === 'hello');
    await patchPod('resume', { conditions: [{ type: 'Ready', status: 'True' }] });
    await site.reaches('resume', 'deployed', ({ revision }) => revision === 1);
    await patchPod('back', { phase: 'Failed' });
    const back = await site.reaches('back', 'rolled back', ({ history }) => history?.[0]?.action === 'rollback' && history[0].outcome === 'deployed');
    expect(back).toMatchObject({ chart: { version: '1.0.0' } });
    expect(await site.configMap('back')).toMatchObject({ version: '1.0.0' });

    registry.fault = undefined;
    await site.ready('values', 3);
    expect(await site.configMap('values')).toMatchObject({ greeting: 'later' });
    await site.reaches('values', 'no more FetchFailed', (status) => conditionIn(status, 'FetchFailed') === undefined);

    // With an empty store what runs is fetched for it, though nobody needs it now: the next outage finds it there.
    await site.operator.kill();
    await rm(store);
    await site.startOperator();
    await site.eventually('the five charts in history are in the store, two files each', async () => (await contentsOf(store)) === 2 * 5);
    away();
    await restarted();
    await site.release('values', spec('values', { values: { greeting: 'from the store again' } }));
    await site.reaches('values', 'revision 4', ({ revision }) => revision === 4);
    expect(await site.configMap('values')).toMatchObject({ greeting: 'from the store again' });
  }, 150_000);
});
