import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { CONFIG_TYPE, CONTENT_TYPE, MANIFEST_TYPE, pushBlob, pushManifest, type PushTarget } from '../registry/push.ts';
import { chartTgz, END, file, type Files, rawHeader, tgz } from '../registry/tar.ts';
import type { Site } from './site.ts';

/** Makes what the tag `stable` of a chart points at bad, in one way, and how a release that runs version 1.0.0 says so. */
export interface BadPush {
  readonly what: string;
  readonly reason: string;
  readonly says: readonly string[];
  /** What version 1.0.0 has besides its ConfigMap. */
  readonly good?: Files;
  readonly spec?: Readonly<Record<string, unknown>>;
  push(site: Site, chart: string): Promise<unknown>;
}

const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';
const CHART = file('x/Chart.yaml', 'apiVersion: v2\nname: x\nversion: 2.0.0\n');
const GOOD_ARCHIVE = chartTgz('x', { 'Chart.yaml': 'apiVersion: v2\nname: x\nversion: 2.0.0\n' });

const targetOf = (site: Site, chart: string): PushTarget => ({ registry: site.lab.registry, repository: `${site.namespace}/${chart}` });

interface Parts {
  readonly tag?: string;
  readonly configType?: string;
  readonly layerType?: string;
  readonly bytes?: Buffer;
  /** By how much the descriptor of the layer lies about its size. */
  readonly sizeOff?: number;
}

/** Pushes a manifest with one layer, which need not be what it says. */
const pushParts = async (
  site: Site,
  chart: string,
  { tag = 'stable', configType = CONFIG_TYPE, layerType = CONTENT_TYPE, bytes = Buffer.from('layer'), sizeOff = 0 }: Parts,
): Promise<string> => {
  const target = targetOf(site, chart);
  const config = await pushBlob(target, configType, Buffer.from('{"name":"x","version":"2.0.0","apiVersion":"v2"}'));
  const layer = await pushBlob(target, layerType, bytes);
  const layers = [{ ...layer, size: layer.size + sizeOff }];
  return pushManifest(target, tag, JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST_TYPE, config, layers }));
};

const object = (text: string): Files => ({ 'templates/bad.yaml': text });

const configMap = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;

/** As much as a ConfigMap takes, and no compression makes it less. */
const noise = (name: string): string => `${configMap(name)}data: {noise: ${randomBytes(512 * 1024).toString('base64')}}\n`;

const BAD_MANIFESTS: readonly BadPush[] = [
  {
    what: 'a container image',
    reason: 'NotAChart',
    says: ['application/vnd.oci.image.config.v1+json', 'not a Helm chart'],
    push: (site, chart) => pushParts(site, chart, { configType: 'application/vnd.oci.image.config.v1+json', layerType: 'application/vnd.oci.image.layer.v1.tar+gzip' }),
  },
  {
    what: 'an index of images',
    reason: 'NotAChart',
    says: ['an index of images, not a Helm chart'],
    push: async (site, chart) => {
      const digest = await pushParts(site, chart, { tag: 'one' });
      const one = { mediaType: MANIFEST_TYPE, digest, size: 1 };
      return pushManifest(targetOf(site, chart), 'stable', JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests: [one] }), INDEX_TYPE);
    },
  },
  {
    what: 'an artifact of a type that nobody knows',
    reason: 'NotAChart',
    says: ['another artifact (config application/vnd.example.thing)'],
    push: (site, chart) => pushParts(site, chart, { configType: 'application/vnd.example.thing' }),
  },
  {
    what: 'a chart whose layer has a type that nobody knows',
    reason: 'NotAChart',
    says: ['without a layer that holds a chart'],
    push: (site, chart) => pushParts(site, chart, { layerType: 'application/vnd.example.thing' }),
  },
  {
    what: 'a chart that is larger than its descriptor says',
    reason: 'DigestMismatch',
    says: ['more came than the', 'bytes of its descriptor'],
    push: (site, chart) => pushParts(site, chart, { bytes: GOOD_ARCHIVE, sizeOff: -1 }),
  },
  {
    what: 'a chart that is smaller than its descriptor says',
    reason: 'DigestMismatch',
    says: ['bytes came, its descriptor says'],
    push: (site, chart) => pushParts(site, chart, { bytes: GOOD_ARCHIVE, sizeOff: 1 }),
  },
];

const archive = (what: string, reason: string, says: readonly string[], bytes: () => Buffer): BadPush => ({
  what,
  reason,
  says,
  push: (site, chart) => pushParts(site, chart, { bytes: bytes() }),
});

const BAD_ARCHIVES: readonly BadPush[] = [
  archive('an archive that is none', 'ArchiveInvalid', ['not a whole gzip file'], () => Buffer.from('this is no archive')),
  archive('an archive cut short', 'ArchiveInvalid', ['not a whole gzip file'], () => GOOD_ARCHIVE.subarray(0, GOOD_ARCHIVE.length - 20)),
  archive('a path out of the folder', 'ArchiveInvalid', ['"x/../../etc/passwd"', 'leads out of its folder'], () => tgz(CHART, file('x/../../etc/passwd', 'root'))),
  archive('a symbolic link', 'ArchiveInvalid', ['"x/values.yaml" is a symbolic link'], () => tgz(CHART, rawHeader({ name: 'x/values.yaml', type: '2', link: '/etc/passwd' }))),
  archive('a hard link', 'ArchiveInvalid', ['"x/values.yaml" is a hard link'], () => tgz(CHART, rawHeader({ name: 'x/values.yaml', type: '1', link: '/etc/passwd' }))),
  archive('a file twice', 'ArchiveInvalid', ['the file "values.yaml" twice'], () => tgz(CHART, file('x/values.yaml', 'a: 1'), file('x/values.yaml', 'a: 2'))),
  archive('a bomb of bytes', 'ArchiveInvalid', ['expands to more than'], () => tgz(CHART, file('x/a', Buffer.alloc(4 * 1024 * 1024)))),
  archive('a bomb of entries', 'ArchiveInvalid', ['more than 10000 entries'], () =>
    gzipSync(Buffer.concat([CHART, ...Array.from({ length: 10_000 }, (_, index) => rawHeader({ name: `x/${index}` })), END]), { level: 0 }),
  ),
  archive('an archive without Chart.yaml', 'ArchiveInvalid', ['no Chart.yaml'], () => tgz(file('x/values.yaml', 'a: 1'))),
  archive('a Chart.yaml that is no YAML', 'ChartInvalid', ['Chart.yaml', 'yaml'], () => tgz(file('x/Chart.yaml', 'name: [x'))),
  archive('a Chart.yaml without name', 'ChartInvalid', ['chart.metadata.name is required'], () => tgz(file('x/Chart.yaml', 'apiVersion: v2\nversion: 2.0.0\n'))),
  archive('a Chart.yaml without version', 'ChartInvalid', ['chart.metadata.version is required'], () => tgz(file('x/Chart.yaml', 'apiVersion: v2\nname: x\n'))),
  archive('a chart of an apiVersion that does not exist', 'ChartInvalid', ['"v3"', 'only v1 and v2 are known'], () =>
    tgz(file('x/Chart.yaml', 'apiVersion: v3\nname: x\nversion: 2.0.0\n')),
  ),
];

const small = (what: string, reason: string, says: readonly string[], files: Files): BadPush => ({
  what,
  reason,
  says,
  push: (site, chart) => site.pushSmall(chart, 'stable', '2.0.0', files),
});

const BAD_CONTENTS: readonly BadPush[] = [
  small('a template that fails', 'RenderFailed', ['/templates/bad.yaml:2', 'we cannot go on'], object('a: 1\n{{ fail "we cannot go on" }}\n')),
  small('values that break the schema', 'ValuesInvalid', ['greeting'], { 'values.schema.json': '{"type":"object","properties":{"greeting":{"type":"integer"}}}' }),
  small('an object that the API server refuses', 'ManifestRejected', ['ConfigMap', 'Bad_Name', '/templates/bad.yaml'], object(configMap('Bad_Name'))),
  small(
    'an object with a field that does not exist',
    'ManifestRejected',
    ['dta', '/templates/bad.yaml'],
    object('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: misspelt}\ndta: {a: b}\n'),
  ),
  small(
    'an object of a kind that does not exist',
    'ManifestRejected',
    ['Gadget', 'example.test/v1', '/templates/bad.yaml'],
    object('apiVersion: example.test/v1\nkind: Gadget\nmetadata: {name: one}\n'),
  ),
  small(
    'a hook that the API server refuses',
    'ManifestRejected',
    ['hooked', 'hook of'],
    object('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hooked, annotations: {helm.sh/hook: pre-upgrade}}\ndatta: {}\n'),
  ),
  {
    what: 'more than a release record can hold',
    reason: 'RecordTooLarge',
    says: ['the release record of revision 2 of', 'a Secret holds', 'nothing was applied'],
    push: (site, chart) => site.pushSmall(chart, 'stable', '2.0.0', { 'templates/a.yaml': noise('noise-a'), 'templates/b.yaml': noise('noise-b') }),
  },
];

/** A field that the API server lets nobody change, in an object that version 1.0.0 has already. */
const immutable = (kind: string, field: string, template: (value: string) => string, [good, bad]: readonly [string, string]): BadPush => ({
  what: `${field} of a ${kind}, which nobody can change`,
  reason: 'ManifestRejected',
  says: [`${kind} `, `${field}`, '/templates/fixed.yaml', 'rename the object in the chart'],
  good: { 'templates/fixed.yaml': template(good) },
  spec: { waitForJobs: false },
  push: (site, chart) => site.pushSmall(chart, 'stable', '2.0.0', { 'templates/fixed.yaml': template(bad) }),
});

const IMMUTABLE_FIELDS: readonly BadPush[] = [
  immutable(
    'Deployment',
    'spec.selector',
    (app) =>
      `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: "{{ .Release.Name }}"}\nspec:\n  replicas: 0\n  selector: {matchLabels: {app: ${app}}}\n  template:\n    metadata: {labels: {app: ${app}}}\n    spec: {containers: [{name: a, image: a}]}\n`,
    ['one', 'two'],
  ),
  immutable('Service', 'spec.clusterIP', (ip) => `apiVersion: v1\nkind: Service\nmetadata: {name: "{{ .Release.Name }}"}\nspec: {clusterIP: ${ip}, ports: [{port: 80}]}\n`, [
    '""',
    'None',
  ]),
  immutable(
    'Job',
    'spec.template',
    (image) =>
      `apiVersion: batch/v1\nkind: Job\nmetadata: {name: "{{ .Release.Name }}"}\nspec:\n  suspend: true\n  template:\n    spec: {restartPolicy: Never, containers: [{name: a, image: ${image}}]}\n`,
    ['one', 'two'],
  ),
];

/** An object that is there already when the chart brings one of its name. */
const taken = (by: string, says: readonly string[], metadata: Readonly<Record<string, unknown>>): BadPush => ({
  what: `an object that ${by} owns`,
  reason: 'ObjectNotOwned',
  says: ['ConfigMap', '/templates/bad.yaml', 'exists already and', ...says],
  push: async (site, chart) => {
    const name = `taken-${chart}`;
    await site.kubectl(['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data: { a: 'b' } }));
    return site.pushSmall(chart, 'stable', '2.0.0', object(configMap(name)));
  },
});

const TAKEN_OBJECTS: readonly BadPush[] = [
  taken('nobody that we know', ['was not made by Tagalong but by kubectl-create'], {}),
  taken('another ChartRelease', ['belongs to ChartRelease far/away'], { labels: { 'tagalong.dev/name': 'away', 'tagalong.dev/namespace': 'far' } }),
  taken('a Helm release', ['belongs to Helm release far/web'], {
    labels: { 'app.kubernetes.io/managed-by': 'Helm' },
    annotations: { 'meta.helm.sh/release-name': 'web', 'meta.helm.sh/release-namespace': 'far' },
  }),
  taken('Flux', ['belongs to Flux HelmRelease flux-system/web'], {
    labels: { 'helm.toolkit.fluxcd.io/name': 'web', 'helm.toolkit.fluxcd.io/namespace': 'flux-system' },
    annotations: { 'meta.helm.sh/release-name': 'web', 'meta.helm.sh/release-namespace': 'far' },
  }),
];

export const BAD_PUSHES: readonly BadPush[] = [...BAD_MANIFESTS, ...BAD_ARCHIVES, ...BAD_CONTENTS, ...IMMUTABLE_FIELDS, ...TAKEN_OBJECTS];
