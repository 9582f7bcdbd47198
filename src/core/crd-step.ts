import { CRD_CHART } from '../api/chart-release.ts';
import { epochMsOf } from '../api/time.ts';
import { isNewerVersion } from './chart-version.ts';
import { type DefinitionSpec, lossesOf } from './crd-safety.ts';
import { parseExact } from './exact-json.ts';
import { fieldsOf, isFields, listOf, textOf } from './parsed-json.ts';
import { canonicalJson } from './values.ts';

/** A chart as a CustomResourceDefinition says who wrote it. */
export interface ChartName {
  readonly name: string;
  readonly version: string;
}

/** A CustomResourceDefinition, as parsed JSON. */
export type Definition = Readonly<Record<string, unknown>>;

/** What becomes of a definition that is there. `json` takes its place. */
export type DefinitionStep =
  | { readonly kind: 'Leave' }
  | { readonly kind: 'Replace'; readonly json: string }
  /** Who uses it would lose this. */
  | { readonly kind: 'Unsafe'; readonly losses: readonly string[] };

export interface DefinitionCase {
  readonly live: Definition;
  /** The chart's, as JSON text. */
  readonly wanted: string;
  readonly chart: ChartName;
  /** The chart that the release ran until now: what is there without a note is taken for that one's. */
  readonly before: ChartName | undefined;
}

/**
 * Decides whether a chart's definition takes the place of the one in the cluster. Definitions belong to nobody: what another chart, or a
 * newer version of this one, has written is left alone where it allows all that this one does. A chart's own earlier definition is
 * replaced, but only by one under which everything goes on as before.
 */
export const decideDefinition = ({ live, wanted, chart, before }: DefinitionCase): DefinitionStep => {
  const next = successorOf(live, fieldsOf(parseExact(wanted)), chart);
  const [was, is] = [fieldsOf(live['spec']), fieldsOf(next['spec'])];
  if (canonicalJson(bare(filled(was))) === canonicalJson(bare(filled(is)))) return { kind: 'Leave' };
  if (isOthers(writerOf(live) ?? before, chart) && lossesOf(is, was, []).length === 0) return { kind: 'Leave' };
  const losses = lossesOf(was, is, storedVersionsOf(live));
  return losses.length > 0 ? { kind: 'Unsafe', losses } : { kind: 'Replace', json: JSON.stringify(next) };
};

/** A chart's definition as it is created: with the note that says whose it is. */
export const withNote = (json: string, chart: ChartName): string => {
  const definition = fieldsOf(parseExact(json));
  const metadata = fieldsOf(definition['metadata']);
  return JSON.stringify({ ...definition, metadata: { ...metadata, annotations: { ...fieldsOf(metadata['annotations']), [CRD_CHART]: printChart(chart) } } });
};

/** When something was last written to a definition, in ms: it may take a moment from then on until it is served. */
export const changedAtOf = (live: Definition): number => {
  const { creationTimestamp, deletionTimestamp, managedFields } = fieldsOf(live['metadata']);
  const times = [creationTimestamp, deletionTimestamp, ...listOf(managedFields).map((entry) => fieldsOf(entry)['time'])];
  return Math.max(0, ...times.map((time) => epochMsOf(textOf(time))));
};

/** Why a definition is not served yet, or never will be; undefined for one that is established. */
export const obstacleOf = (live: Definition): { readonly isFinal: boolean; readonly message: string } | undefined => {
  if (fieldsOf(live['metadata'])['deletionTimestamp'] !== undefined) return { isFinal: false, message: 'to be gone: it is being deleted' };
  const names = conditionIn(live, 'NamesAccepted');
  if (names?.['status'] === 'False') return { isFinal: true, message: `${textOf(names['reason'])}: ${textOf(names['message'])}` };
  return conditionIn(live, 'Established')?.['status'] === 'True' ? undefined : { isFinal: false, message: 'to be established' };
};

/** What is written in a definition's place: the chart's, with what others have put on it, and with the CA that was injected into it. */
const successorOf = (live: Definition, wanted: Definition, chart: ChartName): Definition => {
  const [old, metadata] = [fieldsOf(live['metadata']), fieldsOf(wanted['metadata'])];
  const { managedFields: _, ...kept } = old;
  const annotations = { ...fieldsOf(old['annotations']), ...fieldsOf(metadata['annotations']), [CRD_CHART]: printChart(chart) };
  const labels = { ...fieldsOf(old['labels']), ...fieldsOf(metadata['labels']) };
  const spec = withCa(
    fieldsOf(wanted['spec']),
    fieldsOf(live['spec']),
    Object.keys(annotations).some((key) => key.startsWith('cert-manager.io/inject-')),
  );
  return { apiVersion: wanted['apiVersion'], kind: wanted['kind'], metadata: { ...kept, annotations, labels }, spec };
};

/** Charts leave the CA of a conversion webhook out, or put something in its place, where cert-manager injects it. */
const withCa = (spec: DefinitionSpec, live: DefinitionSpec, isInjected: boolean): DefinitionSpec => {
  const [next, ca] = [clientConfigOf(spec), clientConfigOf(live)['caBundle']];
  if (Object.keys(next).length === 0 || ca === undefined || (next['caBundle'] !== undefined && !isInjected)) return spec;
  const conversion = fieldsOf(spec['conversion']);
  return { ...spec, conversion: { ...conversion, webhook: { ...fieldsOf(conversion['webhook']), clientConfig: { ...next, caBundle: ca } } } };
};

const clientConfigOf = ({ conversion }: DefinitionSpec): Definition => fieldsOf(fieldsOf(fieldsOf(conversion)['webhook'])['clientConfig']);

/** Written by another chart, or by a newer version of this one. */
const isOthers = (writer: ChartName | undefined, chart: ChartName): boolean =>
  writer !== undefined && (writer.name !== chart.name || isNewerVersion(writer.version, chart.version));

const writerOf = (live: Definition): ChartName | undefined => {
  const [name, version] = textOf(fieldsOf(fieldsOf(live['metadata'])['annotations'])[CRD_CHART]).split(' ');
  return name === undefined || version === undefined ? undefined : { name, version };
};

const printChart = ({ name, version }: ChartName): string => `${name} ${version}`;

const storedVersionsOf = (live: Definition): readonly string[] => listOf(fieldsOf(live['status'])['storedVersions']).filter((version) => typeof version === 'string');

/** With what the API server fills in. */
const filled = (spec: DefinitionSpec): DefinitionSpec => {
  const names = fieldsOf(spec['names']);
  const kind = textOf(names['kind']);
  const webhook = fieldsOf(fieldsOf(spec['conversion'])['webhook']);
  const clientConfig = fieldsOf(webhook['clientConfig']);
  const service = fieldsOf(clientConfig['service']);
  return {
    ...spec,
    names: { ...names, singular: textOf(names['singular']) || kind.toLowerCase(), listKind: textOf(names['listKind']) || `${kind}List` },
    conversion: {
      ...fieldsOf(spec['conversion']),
      strategy: textOf(fieldsOf(spec['conversion'])['strategy']) || 'None',
      webhook: { ...webhook, clientConfig: { ...clientConfig, service: Object.keys(service).length === 0 ? {} : { port: 443, ...service } } },
    },
  };
};

/** Without what the API server leaves out since it says nothing. */
const bare = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(bare);
  if (!isFields(value)) return value;
  const members = Object.entries(value).map(([key, member]) => [key, VERBATIM.has(key) ? member : bare(member)] as const);
  return Object.fromEntries(members.filter(([key, member]) => VERBATIM.has(key) || !isNothing(member)));
};

const VERBATIM: ReadonlySet<string> = new Set(['default', 'enum', 'example']);

const isNothing = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === false ||
  value === '' ||
  value === 0 ||
  (Array.isArray(value) ? value.length === 0 : isFields(value) && Object.keys(value).length === 0);

const conditionIn = (live: Definition, type: string): Definition | undefined =>
  listOf(fieldsOf(live['status'])['conditions'])
    .map(fieldsOf)
    .find((condition) => condition['type'] === type);
