import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conditionIn, openSite, type Site } from './site.ts';

interface Hook {
  readonly event: string;
  readonly weight?: number;
  readonly policy?: string;
  /** How kwok plays the pod of a Job; see test/lab/kwok.yaml. */
  readonly play?: string;
}

const annotations = ({ event, weight = 0, policy }: Hook): string =>
  `annotations: {helm.sh/hook: "${event}", helm.sh/hook-weight: "${weight}"${policy === undefined ? '' : `, helm.sh/hook-delete-policy: "${policy}"`}}`;

const job = (name: string, hook: Hook): string => `---
apiVersion: batch/v1
kind: Job
metadata:
  name: ${name}
  ${annotations(hook)}
spec:
  backoffLimit: 0
  template:
    metadata: {annotations: {lab.tagalong.dev/play: "${hook.play ?? ''}"}}
    spec: {restartPolicy: Never, containers: [{name: main, image: registry.invalid/main}]}
`;

const plain = (kind: string, name: string, hook: Hook): string => `---
apiVersion: v1
kind: ${kind}
metadata:
  name: ${name}
  ${annotations(hook)}
`;

/** An object as these tests read it. */
interface Seen {
  readonly metadata: { readonly uid: string; readonly resourceVersion: string; readonly labels?: Readonly<Record<string, string>> };
}

describe('hooks', () => {
  let site: Site;
  beforeAll(async () => {
    site = await openSite('hooks');
  });
  afterAll(() => site.close());

  const install = async (name: string, hooks: string, spec: Readonly<Record<string, unknown>> = {}) => {
    await site.pushSmall(name, 'stable', '1.0.0', { 'templates/hooks.yaml': hooks });
    await site.release(name, { chart: site.reference(name, 'stable'), ...spec });
  };

  const upgrade = async (name: string, version: string, hooks: string) => {
    await site.pushSmall(name, 'stable', version, { 'templates/hooks.yaml': hooks });
    await site.lookNow(name);
  };

  const seen = async (resource: string) => (await site.object(resource)) as Seen | undefined; // the API's own shape
  const jobUid = async (name: string) => (await seen(`batch/v1/jobs/${name}`))?.metadata.uid;

  const runsOf = async (release: string, revision: number) => {
    const { hooks } = JSON.parse(await site.record(release, revision)) as { readonly hooks: readonly { readonly name: string; readonly last_run: { readonly phase: string } }[] }; // Helm's own shape
    return Object.fromEntries(hooks.map(({ name, last_run }) => [name, last_run.phase]));
  };

  /** Ends the pod of a Job that is played as one that never ends. */
  const end = async (name: string) => {
    const pods = JSON.parse((await site.kubectl(['get', 'pods', '-l', `job-name=${name}`, '-o', 'json'])).stdout) as {
      readonly items: readonly { readonly metadata: { readonly name: string } }[];
    }; // the API's own shape
    for (const { metadata } of pods.items)
      await site.kubectl(['patch', 'pod', metadata.name, '--subresource=status', '--type=merge', '--patch', '{"status":{"phase":"Succeeded"}}']);
    expect(pods.items).toHaveLength(1);
  };

  const waitsFor = (name: string, hook: string) =>
    site.reaches(name, `waiting for ${hook}`, (status) => {
      const ready = conditionIn(status, 'Ready');
      return ready?.reason === 'Progressing' && (ready.message ?? '').includes(hook);
    });

  it('run in the order of stock helm, by weight and then by name across kinds, each when the one before has ended', async () => {
    const hooks = [
      plain('ConfigMap', '{{ .Release.Name }}-late', { event: 'pre-install', weight: 5 }),
      job('{{ .Release.Name }}-job', { event: 'pre-install', weight: -5 }),
      plain('ServiceAccount', '{{ .Release.Name }}-b', { event: 'pre-install' }),
      plain('ConfigMap', '{{ .Release.Name }}-c', { event: 'pre-install' }),
      plain('Secret', '{{ .Release.Name }}-a', { event: 'pre-install' }),
      plain('ConfigMap', '{{ .Release.Name }}-post', { event: 'post-install', weight: -9 }),
    ].join('');
    const bornIn = async (release: string) => {
      const resources = ['batch/v1/jobs/:-job', 'configmaps/:-late', 'configmaps/:-c', 'configmaps/:-post', 'configmaps/:', 'secrets/:-a', 'serviceaccounts/:-b'];
      const found = await Promise.all(resources.map(async (resource) => ({ resource, at: Number((await seen(resource.replace(':', release)))?.metadata.resourceVersion) })));
      return found.toSorted((one, other) => one.at - other.at).map(({ resource }) => resource);
    };
    await site.pushSmall('order', '1.0.0', '1.0.0', { 'templates/hooks.yaml': hooks });
    await site.release('order', { chart: site.reference('order', '1.0.0') });
    await site.ready('order', 1);
    await site.helm(['install', 'stock', `oci://${site.reference('order', '1.0.0').replace(/:[^:]*$/, '')}`, '--version', '1.0.0', '--plain-http', '--wait']);
    const order = await bornIn('order');
    expect(order).toEqual(['batch/v1/jobs/:-job', 'secrets/:-a', 'serviceaccounts/:-b', 'configmaps/:-c', 'configmaps/:-late', 'configmaps/:', 'configmaps/:-post']);
    expect(await bornIn('stock')).toEqual(order);
    expect((await site.helm(['get', 'hooks', 'order'])).stdout.replaceAll('order-', 'stock-')).toBe((await site.helm(['get', 'hooks', 'stock'])).stdout);
    const status = JSON.parse((await site.helm(['status', 'order', '-o', 'json'])).stdout) as { readonly hooks: readonly { readonly last_run: unknown }[] }; // Helm's own shape
    expect(status.hooks).toHaveLength(6);
    for (const hook of status.hooks) {
      expect(hook.last_run).toMatchObject({ phase: 'Succeeded', started_at: expect.stringMatching(/^20/), completed_at: expect.stringMatching(/^20/) });
    }
  });

  it('go by their delete policies', async () => {
    const hooks = [
      job('kept', { event: 'pre-install,pre-upgrade' }),
      plain('ConfigMap', 'swept', { event: 'pre-install,post-install,pre-upgrade', policy: 'hook-succeeded' }),
      plain('ConfigMap', 'only-failed', { event: 'post-install', policy: 'hook-failed' }),
      plain('ConfigMap', 'once', { event: 'post-upgrade' }).replace('  name: once', '  generateName: once-'),
      job('tests', { event: 'test' }),
    ].join('');
    await install('policies', hooks);
    await site.ready('policies', 1);
    const first = await jobUid('kept');
    expect(first).toBeDefined();
    expect(await seen('configmaps/swept')).toBeUndefined();
    expect(await seen('configmaps/only-failed')).toBeDefined();
    expect(await jobUid('tests')).toBeUndefined();
    await upgrade('policies', '1.1.0', hooks);
    await site.ready('policies', 2);
    expect(await jobUid('kept')).not.toBe(first);
    expect((await site.kubectl(['get', 'configmaps', '-o', 'name'])).stdout).toMatch(/configmap\/once-[0-9a-f]{5}\n/);
  });

  it('that are Pods are waited for until they have completed, and CustomResourceDefinitions stay as they are', async () => {
    const pod = `---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: podded\n  ${annotations({ event: 'pre-install' })}\nspec: {restartPolicy: Never, containers: [{name: main, image: registry.invalid/main}]}\n`;
    const definition = `---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: hooked.${site.namespace}.test
  ${annotations({ event: 'pre-install,pre-upgrade', policy: 'hook-succeeded,before-hook-creation' })}
spec:
  group: ${site.namespace}.test
  scope: Namespaced
  names: {kind: Hooked, plural: hooked, singular: hooked}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
`;
    const uidOfDefinition = async () => (await site.kubectl(['get', 'crd', `hooked.${site.namespace}.test`, '-o', 'jsonpath={.metadata.uid}'])).stdout;
    await install('kinds', pod + definition);
    await site.ready('kinds', 1);
    const played = (await site.object('pods/podded')) as { readonly metadata: { readonly labels: unknown }; readonly status: { readonly phase: string } } | undefined; // the API's own shape
    expect(played).toMatchObject({
      status: { phase: 'Succeeded' },
      metadata: { labels: { 'tagalong.dev/name': 'kinds' }, annotations: { 'tagalong.dev/hook-run': expect.stringMatching(/^pre-install of revision 1 at /) } },
    });
    const uid = await uidOfDefinition();
    await upgrade('kinds', '1.1.0', pod + definition);
    await site.ready('kinds', 2);
    expect(await uidOfDefinition()).toBe(uid);
    await site.kubectl(['delete', 'crd', `hooked.${site.namespace}.test`]);
  });

  it('that fail before an install leave nothing applied, and the next version begins afresh', async () => {
    const before = plain('ConfigMap', 'early', { event: 'pre-install', weight: -1, policy: 'hook-succeeded' });
    await install(
      'fails',
      before +
        job('broken', { event: 'pre-install', play: 'fail', policy: 'hook-failed' }).replace('annotations: {', 'annotations: {helm.sh/hook-output-log-policy: hook-failed, '),
    );
    const message = await site.fails('fails', 'HookFailed');
    expect(message).toContain(`pre-install hook Job broken (fails/templates/hooks.yaml) failed: Job ${site.namespace}/broken: BackoffLimitExceeded`);
    expect(message).toMatch(/container main exited with 1 \(Error\); its log ends with: begins \| works \| ends/);
    expect(
      site.operator
        .log()
        .filter((line) => line.includes('output of a hook'))
        .map((line) => (JSON.parse(line) as { readonly line: string }).line),
    ).toEqual(['begins', 'works', 'ends']); // the operator's log is JSON
    expect(await site.configMap('fails')).toBeUndefined();
    await site.eventually('the failed hook and the one before are gone', async () => (await jobUid('broken')) === undefined && (await site.configMap('early')) === undefined);
    expect((await site.helm(['status', 'fails'])).stdout).toContain('STATUS: failed');
    expect(await runsOf('fails', 1)).toEqual({ early: 'Succeeded', broken: 'Failed' });
    await upgrade('fails', '1.0.1', job('broken', { event: 'pre-install' }));
    expect((await site.ready('fails', 2)).history).toMatchObject([{ action: 'install', outcome: 'deployed' }, { outcome: 'failed' }]);
  });

  it('that fail before an upgrade leave what runs untouched, and run again when somebody asks', async () => {
    await install('running', job('migrate', { event: 'pre-upgrade' }), { onFailure: 'Keep' });
    await site.ready('running', 1);
    const before = await seen('configmaps/running');
    await upgrade('running', '2.0.0', job('migrate', { event: 'pre-upgrade', play: 'fail' }));
    expect(await site.fails('running', 'HookFailed')).toContain('pre-upgrade hook Job migrate');
    expect(await seen('configmaps/running')).toEqual(before);
    const failed = await jobUid('migrate');
    await site.lookNow('running');
    await site.eventually('the hook ran again', async () => ![undefined, failed].includes(await jobUid('migrate')));
    await site.fails('running', 'HookFailed');
    expect((await site.seen('running'))?.status).toMatchObject({
      revision: 1,
      history: [
        { revision: 2, outcome: 'failed' },
        { revision: 1, outcome: 'deployed' },
      ],
    });
  });

  it('that fail after an install fail it, with its objects in place', async () => {
    await install('after', job('check', { event: 'post-install', play: 'fail' }));
    expect(await site.fails('after', 'HookFailed')).toContain('post-install hook Job check');
    expect(await site.configMap('after')).toMatchObject({ version: '1.0.0' });
  });

  it('that never end fail after the timeout, by name and with what their pod waits for', async () => {
    await install('endless', job('stuck', { event: 'pre-install', play: 'pull-error' }), { timeout: '4s' });
    await install('nowhere', job('homeless', { event: 'pre-install' }).replace('restartPolicy: Never,', 'restartPolicy: Never, nodeSelector: {lab: none},'), { timeout: '4s' });
    const message = await site.fails('endless', 'HookFailed');
    expect(message).toContain('pre-install hook Job stuck (endless/templates/hooks.yaml) did not end within 4s');
    expect(message).toContain('container main: ImagePullBackOff');
    expect(await site.configMap('endless')).toBeUndefined();
    const words = await site.fails('nowhere', 'HookFailed');
    expect(words).toMatch(
      /pre-install hook Job homeless \(nowhere\/templates\/hooks\.yaml\) did not end within 4s: .*0\/1 nodes are available: 1 node\(s\) didn't match Pod's node affinity\/selector/,
    );
  });

  it('that the API server refuses are refused before anything is written', async () => {
    await install('refused', plain('ConfigMap', 'odd', { event: 'post-install' }).replace('kind: ConfigMap', 'kind: ConfigMap\ndatta: {}'));
    expect(await site.fails('refused', 'ManifestRejected')).toContain('refused/templates/hooks.yaml');
    expect(await site.object('secrets/sh.helm.release.v1.refused.v1')).toBeUndefined();
  });

  it('run before and after an uninstall, and one that fails is named and tried again', async () => {
    const hooks = (play: string) => job('farewell', { event: 'pre-delete', play }) + plain('ConfigMap', 'left', { event: 'post-delete' });
    await install('leaving', hooks('fail'));
    await site.ready('leaving', 1);
    await site.remove('leaving');
    const failure = await site.reaches('leaving', 'UninstallFailed', (status) => conditionIn(status, 'Ready')?.reason === 'UninstallFailed');
    expect(conditionIn(failure, 'Ready')?.message).toContain('pre-delete hook Job farewell');
    expect(await site.configMap('leaving')).toBeDefined();
    const failed = await jobUid('farewell');
    await site.eventually('the hook ran again', async () => ![undefined, failed].includes(await jobUid('farewell')));
    expect(await site.configMap('left')).toBeUndefined();
  });

  it('run to the end of an uninstall', async () => {
    await install('gone', job('bye', { event: 'pre-delete', play: 'not-ready' }) + plain('ConfigMap', 'left', { event: 'post-delete' }));
    await site.ready('gone', 1);
    await site.remove('gone');
    await waitsFor('gone', 'hook Job bye');
    expect(await site.configMap('gone')).toBeDefined();
    await end('bye');
    await site.eventually('the ChartRelease is gone', async () => (await site.seen('gone')) === undefined);
    expect([await site.configMap('gone'), await site.configMap('left')]).toEqual([undefined, {}]);
    await expect(site.helm(['history', 'gone'])).rejects.toThrow('not found');
  });

  it('go on after a crash: the one in flight is waited for, those before it are not run again', async () => {
    const hooks = job('first', { event: 'pre-install', weight: -1 }) + job('second', { event: 'pre-install', play: 'not-ready' });
    await install('crash', hooks);
    await waitsFor('crash', 'hook Job second');
    const before = [await jobUid('first'), await jobUid('second')];
    await site.operator.kill();
    await site.startOperator();
    await end('second');
    await site.ready('crash', 1);
    expect([await jobUid('first'), await jobUid('second')]).toEqual(before);
    expect(await runsOf('crash', 1)).toEqual({ first: 'Succeeded', second: 'Succeeded' });
  });

  it('go on after a crash: the one in flight whose object is gone runs again', async () => {
    await install('lost', job('lone', { event: 'pre-install', play: 'not-ready' }));
    await waitsFor('lost', 'hook Job lone');
    await site.operator.kill();
    const before = await jobUid('lone');
    await site.kubectl(['delete', 'job', 'lone']);
    await site.startOperator();
    await site.eventually('another Job is there', async () => ![undefined, before].includes(await jobUid('lone')));
    await site.eventually('its pod is there', async () => (await site.kubectl(['get', 'pods', '-l', 'job-name=lone', '-o', 'name'])).stdout.trim().split('\n').length === 1);
    expect(await site.configMap('lost')).toBeUndefined();
  });
});
