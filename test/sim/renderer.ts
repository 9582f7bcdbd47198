import { type Rendered, type RenderedHook, type RenderedObject, type Renderer, RenderError, type RenderRequest, type Stamp } from '../../src/ports/renderer.ts';
import { RELEASES } from './api/kinds.ts';
import { readChart, type SimulatedChart } from './charts.ts';

type Live = Readonly<Record<string, unknown>> & {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>> & { readonly name: string };
};

/** A template's source and what it makes. */
interface Part {
  readonly source: string;
  readonly object: Live;
}

/** Renders at once. No two renders make the same: who renders where he should have read a record is found out. */
export class SimulatedRenderer implements Renderer {
  #renders = 0;

  async render({ chart, values, release, stamp, capabilities }: RenderRequest): Promise<Rendered> {
    const simulated = readChart(chart);
    this.#renders += 1;
    const { version, flaw } = simulated;
    if (flaw === 'Template') throw new RenderError('TemplateFailed', `sim/templates/config.yaml:1: ${version} cannot be rendered`);
    const given: unknown = Object.assign({}, ...values.map(({ text }) => JSON.parse(text) as object));
    // As charts do, it asks whether something is served, which always is.
    const isServed = capabilities.apiVersions.includes(RELEASES.apiVersion);
    const parts = partsOf(simulated, release.name, JSON.stringify(given), this.#renders).filter(({ object }) => isServed || object.kind === 'Deployment');
    return {
      chart: { name: 'sim', version, appVersion: version },
      notes: '',
      manifest: parts.map(document).join(''),
      objects: parts.map((part) => rendered(part, stamp)),
      crds: [],
      hooks: hooksOf(simulated, release.name).map(
        (hook) => ({ ...rendered(hook, stamp), events: hook.events, weight: 0, deletePolicies: ['before-hook-creation'] }) satisfies RenderedHook,
      ),
      recordParts: {
        chart: JSON.stringify({ metadata: { name: 'sim', version, appVersion: version } }),
        hooks: JSON.stringify(hooksOf(simulated, release.name).map(recorded)),
        config: JSON.stringify(given),
      },
    };
  }

  async read(manifest: string, stamp: Stamp): Promise<readonly RenderedObject[]> {
    return partsIn(manifest).map((part) => rendered(part, stamp));
  }
}

const partsOf = ({ version, app, extra, flaw }: SimulatedChart, release: string, given: string, render: number): readonly Part[] => [
  configMap(`${release}-config`, { version, given, render: String(render) }),
  ...(extra === undefined ? [] : [configMap(`${release}-${extra}`, { version })]),
  { source: 'sim/templates/app.yaml', object: deployment(release, app, flaw === 'Refused' ? -1 : 2) },
];

const configMap = (name: string, data: Readonly<Record<string, string>>): Part => ({
  source: 'sim/templates/config.yaml',
  object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data },
});

const podOf = (fate: string) => ({ containers: [{ name: 'main', image: `registry.test/app:${fate}` }] });

const deployment = (name: string, app: string, replicas: number): Live => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: { replicas, selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: podOf(app) } },
});

type HookPart = Part & { readonly events: readonly string[] };

const hooksOf = ({ before, after }: SimulatedChart, release: string): readonly HookPart[] => [
  ...(before === undefined ? [] : [job(`${release}-before`, before, ['pre-install', 'pre-upgrade'])]),
  ...(after === undefined ? [] : [job(`${release}-after`, after, ['post-install', 'post-upgrade'])]),
];

const job = (name: string, fate: string, events: readonly string[]): HookPart => ({
  source: 'sim/templates/hook.yaml',
  events,
  object: { apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec: { template: { spec: { restartPolicy: 'Never', ...podOf(fate) } } } },
});

/** A hook in the form of helm.sh/helm/v4/pkg/release/v1. */
const recorded = ({ source, object, events }: HookPart): unknown => ({
  name: object.metadata.name,
  kind: object.kind,
  path: source,
  manifest: document({ source, object }),
  events,
  weight: 0,
  delete_policies: ['before-hook-creation'],
});

const document = ({ source, object }: Part): string => `---\n# Source: ${source}\n${JSON.stringify(object)}\n`;

/** The parts of a manifest as `document` writes them. */
export const partsIn = (manifest: string): readonly Part[] =>
  manifest
    .split('---\n')
    .slice(1)
    .map((text) => {
      const [comment = '', json = ''] = text.split('\n');
      return { source: comment.slice('# Source: '.length), object: JSON.parse(json) as Live }; // as written
    });

const rendered = ({ source, object }: Part, { labels, annotations }: Stamp): RenderedObject => ({
  apiVersion: object.apiVersion,
  kind: object.kind,
  name: object.metadata.name,
  namespace: '',
  source,
  resourcePolicy: '',
  json: Buffer.from(JSON.stringify({ ...object, metadata: { ...object.metadata, labels, annotations } })),
});
