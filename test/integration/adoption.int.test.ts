import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallChart } from '../registry/push.ts';
import { openSite, type Site } from './site.ts';

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
  let charts: string;
  beforeAll(async () => {
    site = await openSite('adopted', { args: ['--takeover-after', '2s'] });
    charts = await mkdtemp(path.join(site.lab.dir, 'charts-'));
  });
  afterAll(async () => {
    await site.close();
    await rm(charts, { recursive: true, force: true });
  });

  const ACTORS = [
    ['three', 'Helm 3.22', (args: readonly string[]) => site.helm3(args)],
    ['server', 'Helm 4.3, server-side', (args: readonly string[]) => site.helm(args)],
    ['client', 'Helm 4.3, client-side', (args: readonly string[]) => site.helm([...args, ...(args[0] === 'install' ? ['--server-side=false'] : [])])],
  ] as const;

  /** A folder with the chart, for helm. */
  const folder = async (name: string, files: Readonly<Record<string, string>>): Promise<string> => {
    const dir = await mkdtemp(path.join(charts, `${name}-`));
    for (const [file, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(dir, file)), { recursive: true });
      await writeFile(path.join(dir, file), text);
    }
    return dir;
  };

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
      await run(['install', name, await folder(name, filesOf(name, FULL))]);
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
      await run(['install', other, await folder(other, filesOf(other, FULL)), '--set', 'greeting=hi']);
      await follow(other, LESS, { values: { greeting: 'moin' } });
      await site.ready(other, 2);
      await isLess(other);
      expect((await deployment(other))?.spec.template.spec.containers[0]?.env?.[0]).toEqual({ name: 'KEPT', value: 'moin' });
    });
  });
});
