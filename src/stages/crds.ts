import type { CrdPolicy } from '../api/chart-release.ts';
import { versionsOf } from '../core/crd-safety.ts';
import { changedAtOf, type ChartName, decideDefinition, type Definition, obstacleOf, withNote } from '../core/crd-step.ts';
import { groupOf, type ObjectRef } from '../core/object-ref.ts';
import { fieldsOf, textOf } from '../core/parsed-json.ts';
import { ClusterError, type Cluster } from '../ports/cluster.ts';
import { StageError } from '../ports/errors.ts';
import type { RenderedObject } from '../ports/renderer.ts';

/** What a chart's `crds/` has, and what may be done with it. */
export interface CrdInput {
  readonly definitions: readonly RenderedObject[];
  readonly policy: CrdPolicy;
  readonly chart: ChartName;
  /** The chart that the release runs now. */
  readonly before: ChartName | undefined;
}

/** All that the chart needs is served, or what is waited for, and when something was written to it last, in ms: just now where that is undefined. */
export type CrdProgress = { readonly kind: 'Served' } | { readonly kind: 'Waiting'; readonly message: string; readonly since: number | undefined };

/**
 * Creates the CustomResourceDefinitions that are missing, and replaces those that are there and not as the chart has them, as far as the
 * policy lets it and nothing is lost by it (core/crd-step.ts). Whoever waits comes back. Rejects with StageError where a definition cannot
 * be, before the first write as far as that can be known.
 */
export const crds = async (cluster: Cluster, input: CrdInput, signal: AbortSignal): Promise<CrdProgress> => {
  if (input.policy === 'Skip') return { kind: 'Served' };
  const definitions = await open(cluster, input, signal);
  const steps = definitions.map((one) => ({ one, json: successorOf(one, input) }));
  let written: string | undefined;
  for (const { one, json } of steps) {
    if (json === undefined || !(await write(cluster, one, json, signal))) continue;
    written ??= one.ref.name;
  }
  if (written !== undefined) return { kind: 'Waiting', message: `CustomResourceDefinition ${written} to be served`, since: undefined };
  for (const one of definitions) {
    const message = await awaited(cluster, one, signal);
    if (message !== undefined) return { kind: 'Waiting', message: `CustomResourceDefinition ${one.source.name} ${message}`, since: changedAtOf(one.live ?? {}) };
  }
  return { kind: 'Served' };
};

/** A definition of the chart, and what the cluster has under its name. */
interface Opened {
  readonly source: RenderedObject;
  readonly ref: ObjectRef;
  readonly live: Definition | undefined;
}

/** Reads what has to be looked at: where nothing is to be replaced, not what is served already. */
const open = async (cluster: Cluster, { definitions, policy }: CrdInput, signal: AbortSignal): Promise<readonly Opened[]> => {
  const opened = await Promise.all(
    firstOfName(definitions).map(async (source) => {
      const ref = refOf(source);
      const kinds = servedBy(specIn(source));
      if (policy === 'Create' && kinds.length > 0 && (await isServed(cluster, kinds, signal))) return undefined;
      return { source, ref, live: await cluster.read(ref, signal).catch((error: unknown) => refused(error, source)) };
    }),
  );
  return opened.filter((one) => one !== undefined);
};

/** As with Helm, the parent's comes before a subchart's. */
const firstOfName = (definitions: readonly RenderedObject[]): readonly RenderedObject[] => [...new Map(definitions.toReversed().map((one) => [one.name, one])).values()].reverse();

const refOf = ({ apiVersion, kind, name, source }: RenderedObject): ObjectRef => {
  if (kind === 'CustomResourceDefinition' && groupOf(apiVersion) === 'apiextensions.k8s.io') return { apiVersion, kind, namespace: '', name };
  throw new StageError('ChartInvalid', `${source} has ${kind} ${name}: in crds/ there may be CustomResourceDefinitions alone; move it to templates/`);
};

/** What is to be written in place of what is there; undefined where it stays. */
const successorOf = ({ source, live }: Opened, { policy, chart, before }: CrdInput): string | undefined => {
  const wanted = textIn(source);
  if (live === undefined) return withNote(wanted, chart);
  if (policy === 'Create' || isLeaving(live)) return undefined;
  const step = decideDefinition({ live, wanted, chart, before });
  switch (step.kind) {
    case 'Leave':
      return undefined;
    case 'Replace':
      return step.json;
    case 'Unsafe':
      throw new StageError('CrdUnsafe', unsafe(source, step.losses, chart));
  }
};

const unsafe = ({ name, source }: RenderedObject, losses: readonly string[], chart: ChartName): string => {
  const more = losses.length > MOST_LOSSES ? `; and ${losses.length - MOST_LOSSES} more` : '';
  return `CustomResourceDefinition ${name} is not replaced by that of ${chart.name} ${chart.version} (${source}): ${losses.slice(0, MOST_LOSSES).join('; ')}${more}. Correct the chart, or replace the definition by hand when nobody needs these any more; spec.upgrade.crds: Create goes on with the one that is there`;
};

/** True where it was written; false where nothing changed by it. */
const write = async (cluster: Cluster, { source, ref, live }: Opened, json: string, signal: AbortSignal): Promise<boolean> => {
  const bytes = new TextEncoder().encode(json);
  try {
    if (live !== undefined) return (await cluster.replace(ref, bytes, signal)).resourceVersion !== textOf(fieldsOf(live['metadata'])['resourceVersion']);
    await cluster.create(ref, bytes, { dryRun: false }, signal);
  } catch (error) {
    // Another release of the same chart was first: the next look sees what it made.
    if (!(error instanceof ClusterError && error.code === 'Conflict')) refused(error, source);
  }
  return true;
};

const refused = (error: unknown, { source }: RenderedObject): never => {
  if (!(error instanceof ClusterError) || !(error.code === 'Rejected' || error.code === 'UnknownKind')) throw error;
  throw new StageError('ManifestRejected', `${error.message} (${source})`, { cause: error });
};

/** What keeps the definition from being of use: undefined where it serves all that the chart and it have in common. */
const awaited = async (cluster: Cluster, { source, live }: Opened, signal: AbortSignal): Promise<string | undefined> => {
  if (live === undefined) return 'to be served';
  const obstacle = obstacleOf(live);
  if (obstacle?.isFinal === true) {
    throw new StageError('CrdNotServed', `CustomResourceDefinition ${source.name} (${source.source}) is there and is not served: ${obstacle.message}`);
  }
  if (obstacle !== undefined) return obstacle.message;
  const present = new Set(servedBy(fieldsOf(live['spec'])).map(({ apiVersion }) => apiVersion));
  const common = servedBy(specIn(source)).filter(({ apiVersion }) => present.has(apiVersion));
  return (await isServed(cluster, common, signal)) ? undefined : 'to be served';
};

const isLeaving = (live: Definition): boolean => fieldsOf(live['metadata'])['deletionTimestamp'] !== undefined;

interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
}

const isServed = async (cluster: Cluster, kinds: readonly Kind[], signal: AbortSignal): Promise<boolean> => {
  for (const { apiVersion, kind } of kinds) {
    const scope = await cluster.scopeOf(apiVersion, kind, signal).catch(unlessUnknown);
    if (scope === undefined) return false;
  }
  return true;
};

const unlessUnknown = (error: unknown): undefined => {
  if (!(error instanceof ClusterError && error.code === 'UnknownKind')) throw error;
  return undefined;
};

const servedBy = (spec: Definition): readonly Kind[] =>
  versionsOf(spec)
    .filter(({ served }) => served)
    .map(({ name }) => ({ apiVersion: `${textOf(spec['group'])}/${name}`, kind: textOf(fieldsOf(spec['names'])['kind']) }));

const specIn = (source: RenderedObject): Definition => fieldsOf(fieldsOf(JSON.parse(textIn(source)))['spec']);

const textIn = ({ json }: RenderedObject): string => new TextDecoder().decode(json);

const MOST_LOSSES = 5;
