import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallChart } from '../registry/push.ts';
import { conditionIn, openSite, type Site } from './site.ts';

/** What of the chart differs from one version to the next. */
interface Made {
  readonly version: string;
  readonly env: string;
  readonly containers?: string;
  readonly ports: string;
  readonly data: string;
}

const FULL: Made = {
  version: '1.0.0',
  env: '[{name: KEPT, value: {{ .Values.greeting | quote }}}, {name: DROPPED, value: "1"}, {name: SWITCHED, value: plain}]',
  containers: '[{name: side, image: registry.invalid/side}]',
  ports: '[{name: http, port: 80}, {name: admin, port: 81}]',
  data: '{kept: "1", dropped: "1"}',
};

/** The same without an environment variable, a container, a port and a key; another variable comes from elsewhere by now. */
const LESS: Made = {
  version: '2.0.0',
  env: '[{name: KEPT, value: {{ .Values.greeting | quote }}}, {name: SWITCHED, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]',
  ports: '[{name: http, port: 80}]',
  data: '{kept: "1"}',
};

const filesOf = (name: string, { version, env, containers = '[]', ports, data }: Made): Readonly<Record<string, string>> =>
  smallChart(name, version, {
    'templates/configmap.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata: ${data}\n`,
    'templates/service.yaml': `apiVersion: v1\nkind: Service\nmetadata: {name: {{ .Release.Name }}}\nspec: {selector: {app: {{ .Release.Name }}}, ports: ${ports}}\n`,
    'templates/deployment.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec:
      containers: {{ concat (list (dict "name" "web" "image" "registry.invalid/web" "env" (fromYamlArray ${quoted(env)}))) (fromYamlArray ${quoted(containers)}) | toJson }}
`,
  }) as Readonly<Record<string, string>>;

/** A template of the chart within an expression of another: its own expressions are evaluated first. */
const quoted = (template: string): string => `(tpl ${JSON.stringify(template)} .)`;

/** A Deployment, a Service as these tests read them. */
interface Seen {
  readonly metadata: { readonly uid: string; readonly generation: number; readonly managedFields: readonly { readonly manager: string; readonly subresource?: string }[] };
  readonly spec: {
    readonly ports: readonly { readonly name: string }[];
    readonly template: { readonly spec: { readonly containers: readonly { readonly name: string; readonly env?: readonly Readonly<Record<string, unknown>>[] }[] } };
  };
}

describe('a release of stock helm', () => {
  let site: Site;
  beforeAll(async () => {
    site = await openSite('adopted', { args: ['--takeover-after', '2s'] });
  });
  afterAll(() => site.close());

  const ACTORS = [
    ['three', 'Helm 3.22', (args: readonly string[]) => site.helm3(args)],
    ['server', 'Helm 4.3, server-side', (args: readonly string[]) => site.helm(args)],
    ['client', 'Helm 4.3, client-side', (args: readonly string[]) => site.helm([...args, ...(args[0] === 'install' ? ['--server-side=false'] : [])])],
  ] as const;

  const seen = async (resource: string) => (await site.object(resource)) as Seen | undefined; // the API's own shape
  const deployment = (name: string) => seen(`apps/v1/deployments/${name}`);
  const managers = async (resource: string) => (await seen(resource))?.metadata.managedFields.filter(({ subresource }) => subresource === undefined).map(({ manager }) => manager);
  const replicaSets = async (name: string) => JSON.parse((await site.kubectl(['get', 'rs', '-l', `app=${name}`, '-o', 'json'])).stdout).items.length as number;

  const follow = async (name: string, made: Made, spec: Readonly<Record<string, unknown>> = {}) => {
    await site.push(name, 'stable', filesOf(name, made));
    await site.release(name, { chart: site.reference(name, 'stable'), ...spec });
  };

  const move = async (name: string, made: Made) => {
    await site.push(name, 'stable', filesOf(name, made));
    await site.lookNow(name);
  };

  const isLess = async (name: string) => {
    expect(await site.configMap(name)).toEqual({ kept: '1' });
    expect((await seen(`services/${name}`))?.spec.ports.map((port) => port.name)).toEqual(['http']);
    expect((await deployment(name))?.spec.template.spec.containers).toMatchObject([
      { name: 'web', env: [{ name: 'KEPT' }, { name: 'SWITCHED', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] },
    ]);
    for (const resource of [`configmaps/${name}`, `services/${name}`, `apps/v1/deployments/${name}`]) expect(await managers(resource)).not.toContain('helm');
  };

  describe.concurrent.each(ACTORS)('made by %s', (name, _who, run) => {
    it('is taken over without a restart of its pods, and drops what the next version drops', async () => {
      await run(['install', name, await site.folder(filesOf(name, FULL))]);
      const before = await deployment(name);
      await follow(name, FULL);
      const status = await site.ready(name, 2);
      expect(status.history).toMatchObject([{ revision: 2, trigger: 'Adopted', action: 'upgrade', outcome: 'deployed' }]);
      const after = await deployment(name);
      expect([after?.metadata.uid, after?.metadata.generation]).toEqual([before?.metadata.uid, before?.metadata.generation]);
      expect(await replicaSets(name)).toBe(1);
      await move(name, LESS);
      await site.ready(name, 3);
      await isLess(name);
    });

    it('is taken over to another chart and other values at once', async () => {
      const other = `${name}-other`;
      await run(['install', other, await site.folder(filesOf(other, FULL)), '--set', 'greeting=hi']);
      await follow(other, LESS, { values: { greeting: 'moin' } });
      await site.ready(other, 2);
      await isLess(other);
      expect((await deployment(other))?.spec.template.spec.containers[0]?.env?.[0]).toEqual({ name: 'KEPT', value: 'moin' });
    });
  });

  describe.concurrent('of any kind', () => {
    /** Helm makes a release of the small chart, in so many revisions. */
    const made = async (name: string, revisions = 1, files: Readonly<Record<string, string>> = {}) => {
      const dir = await site.folder(smallChart(name, '1.0.0', files));
      await site.helm(['install', name, dir]);
      for (let revision = 2; revision <= revisions; revision += 1) await site.helm(['upgrade', name, dir, '--set', `greeting=hello-${revision}`]);
    };
    const followSmall = async (name: string, version: string, spec: Readonly<Record<string, unknown>> = {}, files: Readonly<Record<string, string>> = {}) => {
      await site.pushSmall(name, 'stable', version, files);
      await site.release(name, { chart: site.reference(name, 'stable'), ...spec });
    };
    const isGone = (name: string) => site.eventually(`ChartRelease ${name} is gone`, async () => (await site.seen(name)) === undefined);
    const history = async (name: string) => JSON.parse((await site.helm(['history', name, '-o', 'json'])).stdout) as readonly Readonly<Record<string, unknown>>[]; // Helm's own shape
    const stuck = (play: string) =>
      `apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n  annotations: {lab.tagalong.dev/play: ${play}}\nspec:\n  containers: [{name: web, image: registry.invalid/web}]\n`;

    it('keeps its history, up to the limit, and goes back to revisions that were applied server-side', async () => {
      await made('aged', 4);
      await followSmall('aged', '2.0.0', { historyLimit: 3 });
      await site.ready('aged', 5);
      expect((await history('aged')).map(({ revision, status }) => `${String(revision)} ${String(status)}`)).toEqual(['3 superseded', '4 superseded', '5 deployed']);
      await site.helm(['rollback', 'aged', '3']);
      expect(conditionIn(await site.ready('aged', 6), 'Drifted')?.message).toContain('Rollback to 3');
      expect(await site.configMap('aged')).toEqual({ greeting: 'hello-3', version: '1.0.0' });
      await site.pushSmall('aged', 'stable', '3.0.0');
      await site.lookNow('aged');
      await site.ready('aged', 7);
      expect(await site.configMap('aged')).toEqual({ greeting: 'hello', version: '3.0.0' });
    });

    it('loses what its chart has no more, also objects, and goes with the ChartRelease', async () => {
      await made('shed', 1, { 'templates/extra.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shed-extra}\n' });
      await followSmall('shed', '2.0.0');
      await site.ready('shed', 2);
      expect(await site.configMap('shed-extra')).toBeUndefined();
      await site.remove('shed');
      await isGone('shed');
      expect(await site.configMap('shed')).toBeUndefined();
      await expect(site.helm(['status', 'shed'])).rejects.toThrow('not found');
    });

    it('is taken over though its last upgrade failed', async () => {
      await made('broken');
      const dir = await site.folder(smallChart('broken', '1.1.0', { 'templates/pod.yaml': stuck('not-ready') }));
      await expect(site.helm(['upgrade', 'broken', dir, '--wait', '--timeout', '1s'])).rejects.toThrow();
      await followSmall('broken', '2.0.0');
      expect((await site.ready('broken', 3)).history).toMatchObject([{ trigger: 'Adopted' }]);
      await site.eventually('the Pod is gone', async () => (await site.object('pods/broken')) === undefined);
    });

    it('goes back to what helm had made where the first revision of ours fails', async () => {
      await made('undone');
      await followSmall('undone', '2.0.0', { timeout: '1s' }, { 'templates/pod.yaml': stuck('not-ready') });
      const status = await site.reaches('undone', 'RolledBack', (seen) => conditionIn(seen, 'Ready')?.reason === 'RolledBack');
      expect(status).toMatchObject({
        revision: 3,
        chart: { name: 'undone', version: '1.0.0' },
        history: [
          { revision: 3, action: 'rollback' },
          { revision: 2, outcome: 'failed' },
        ],
      });
      expect(await site.configMap('undone')).toEqual({ greeting: 'hello', version: '1.0.0' });
      await site.eventually('the Pod is gone', async () => (await site.object('pods/undone')) === undefined);
    });

    it('is installed again, with the next number, where it was uninstalled with its history kept', async () => {
      await made('left');
      await site.helm3(['uninstall', 'left', '--keep-history']);
      await followSmall('left', '2.0.0');
      expect((await site.ready('left', 2)).history).toMatchObject([{ revision: 2, action: 'install', trigger: 'Created' }]);
    });

    it('runs the hooks of an upgrade when it is taken over', async () => {
      const hook = (event: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: hooked-${event}\n  annotations: {helm.sh/hook: ${event}}\n`;
      const hooks = { 'templates/install.yaml': hook('post-install'), 'templates/upgrade.yaml': hook('pre-upgrade') };
      await made('hooked', 1, hooks);
      expect(await site.configMap('hooked-pre-upgrade')).toBeUndefined();
      await followSmall('hooked', '1.0.0', {}, hooks);
      await site.ready('hooked', 2);
      expect(await site.configMap('hooked-pre-upgrade')).toEqual({});
      expect(await site.configMap('hooked-post-install')).toEqual({});
    });

    it('is left to Flux where Flux has it, and stays when the ChartRelease goes', async () => {
      await made('fluxed');
      const labels = ['helm.toolkit.fluxcd.io/name=web', 'helm.toolkit.fluxcd.io/namespace=flux-system'];
      await site.kubectl(['label', 'configmap', 'fluxed', ...labels]);
      await followSmall('fluxed', '2.0.0');
      expect(await site.fails('fluxed', 'ReleaseNotOwned')).toBe(
        `Helm release ${site.namespace}/fluxed belongs to Flux HelmRelease flux-system/web, as ConfigMap ${site.namespace}/fluxed is labelled; delete that one so that it leaves the release, or set spec.releaseName to a free name`,
      );
      await site.remove('fluxed');
      await isGone('fluxed');
      expect(await site.configMap('fluxed')).toEqual({ greeting: 'hello', version: '1.0.0' });
      expect(await history('fluxed')).toMatchObject([{ revision: 1, status: 'deployed' }]);
    });

    it('stays as it is where the chart is refused, also when the ChartRelease goes', async () => {
      await made('bad');
      await followSmall('bad', '2.0.0', {}, { 'templates/bad.yaml': 'apiVersion: v1\nkind: Service\nmetadata: {name: bad}\nspec: {ports: [{port: 0}]}\n' });
      await site.fails('bad', 'ManifestRejected');
      await site.helm(['upgrade', 'bad', await site.folder(smallChart('bad', '1.1.0'))]);
      expect(await site.configMap('bad')).toMatchObject({ version: '1.1.0' });
      await site.remove('bad');
      await isGone('bad');
      expect(await site.configMap('bad')).toMatchObject({ version: '1.1.0' });
      expect(await history('bad')).toMatchObject([{ status: 'superseded' }, { status: 'deployed' }]);
    });

    it('that a killed helm has left pending is waited for, then taken over, and status says when', async () => {
      const dir = await site.folder(smallChart('killed', '1.0.0', { 'templates/pod.yaml': stuck('not-ready') }));
      const [helm, killed] = [new AbortController(), 'sh.helm.release.v1.killed.v1'];
      const run = site.helm(['install', 'killed', dir, '--wait'], { signal: helm.signal });
      await Promise.all([expect(run).rejects.toThrow(), site.eventually('helm waits', async () => (await site.object('pods/killed')) !== undefined).then(() => helm.abort())]);
      await followSmall('killed', '2.0.0', { timeout: '3s' });
      const busy = await site.reaches('killed', 'ReleaseBusy', (status) => conditionIn(status, 'Ready')?.reason === 'ReleaseBusy');
      const message = conditionIn(busy, 'Ready')?.message ?? '';
      const at = /^Helm release .* is at revision 1 pending-install, which somebody's helm began; .* taken over at (.*Z) if/.exec(message)?.[1] ?? '';
      const status = await site.ready('killed', 2);
      expect(status.history).toMatchObject([{ revision: 2, trigger: 'Adopted', action: 'install' }]);
      expect(Date.parse(status.history?.[0]?.when ?? '')).toBeGreaterThanOrEqual(Date.parse(at));
      expect(await site.object(`secrets/${killed}`)).toMatchObject({ metadata: { labels: { status: 'failed' } } });
    });
  });

  describe('objects that are there already', () => {
    const manifest = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {greeting: hi, mine: "1"}\n`;

    it("are taken over where they are nobody's and the spec says so: what was declared goes, what somebody edited stays", async () => {
      await site.kubectl(['apply', '--filename', '-'], manifest('bare'));
      await site.kubectl(['patch', 'configmap', 'bare', '--field-manager', 'kubectl-edit', '--patch', '{"data":{"edited":"1"}}']);
      await site.pushSmall('bare', 'stable', '1.0.0');
      await site.release('bare', { chart: site.reference('bare', 'stable') });
      expect(await site.fails('bare', 'ObjectNotOwned')).toMatch(/was not made by Tagalong but by kubectl-client-side-apply, kubectl-edit; have it taken over with spec.adopt/);
      expect(await site.configMap('bare')).toEqual({ greeting: 'hi', mine: '1', edited: '1' });
      await site.release('bare', { chart: site.reference('bare', 'stable'), adopt: true });
      await site.ready('bare', 1);
      expect(await site.configMap('bare')).toEqual({ greeting: 'hello', version: '1.0.0', edited: '1' });
    });

    it("are not where they are somebody's, whatever the spec says", async () => {
      const owners = {
        'ChartRelease other/web': '{labels: {tagalong.dev/namespace: other, tagalong.dev/name: web}}',
        'Flux Kustomization flux-system/apps': '{labels: {kustomize.toolkit.fluxcd.io/namespace: flux-system, kustomize.toolkit.fluxcd.io/name: apps}}',
        [`Helm release ${site.namespace}/else`]: `{annotations: {meta.helm.sh/release-namespace: ${site.namespace}, meta.helm.sh/release-name: else}}`,
      };
      await site.pushSmall('owned', 'stable', '1.0.0');
      for (const [owner, metadata] of Object.entries(owners)) {
        await site.kubectl(['delete', 'configmap', 'owned', '--ignore-not-found']);
        await site.kubectl(['apply', '--filename', '-'], `apiVersion: v1\nkind: ConfigMap\nmetadata: ${metadata.replace('{', '{name: owned, ')}\n`);
        await site.release('owned', { chart: site.reference('owned', 'stable'), adopt: true });
        await site.lookNow('owned');
        await site.eventually(`refused for ${owner}`, async () => (await site.fails('owned', 'ObjectNotOwned')).includes(`belongs to ${owner};`));
      }
    });
  });
});
