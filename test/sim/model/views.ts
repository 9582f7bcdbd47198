import { RECORD_TYPE } from '../../../src/adapters/kube/record-secret.ts';
import { API_VERSION, KIND, NAME_LABEL, PLURAL } from '../../../src/api/chart-release.ts';
import { pick, type Random } from '../../seeded.ts';
import type { Side, WatchEvent } from './sides.ts';
import { collectionsOf, namesOf, type Operation, PARTIAL, type Stage, WHOLE } from './trace.ts';

/** A watch that a trace is seen through. */
export interface View {
  /** What its objects are written to. */
  readonly collection: string;
  /** Path and selection. */
  readonly path: string;
  readonly accept: string;
  /** Opened after the last write: all that it has to tell is past. */
  readonly isLate: boolean;
}

/** Views drawn by lot, of the sorts that the operator has. */
export const viewsOf = (random: Random, stage: Stage): readonly View[] => Array.from({ length: 3 }, () => viewOf(random, stage));

const viewOf = (random: Random, stage: Stage): View => {
  const all = collectionsOf(stage);
  const collection = pick(random, [...all, ...all.filter((path) => path.startsWith('/api/v1/'))]);
  const select = pick(random, collection.endsWith('/secrets') ? [...SELECTIONS, withoutRecords] : SELECTIONS);
  // Metadata alone do not say that they are a Deployment's, to which controllers write.
  const accept = collection.endsWith('/deployments') ? WHOLE : pick(random, [WHOLE, PARTIAL]);
  return { collection, path: select(collection, stage), accept, isLate: random() < 0.3 };
};

type Select = (collection: string, stage: Stage) => string;

const byLabels = (path: string, labelSelector: string): string => `${path}?${new URLSearchParams({ labelSelector })}`;
const byFields = (path: string, fieldSelector: string): string => `${path}?${new URLSearchParams({ fieldSelector })}`;

const withoutRecords: Select = (collection) => byFields(collection, `type!=${RECORD_TYPE}`);

/** The last write is in each of them. */
const SELECTIONS: readonly Select[] = [
  (collection) => `${collection}?`,
  (collection) => byLabels(collection, 'owner=helm'),
  (collection) => byLabels(collection, NAME_LABEL),
  (collection) => byLabels(collection, 'tier!=back'),
  (collection, { name }) => byLabels(collection, `${NAME_LABEL}=${name},tier=front`),
  (collection, { name }) => byFields(collection, `metadata.name!=${name}-b`),
  (collection, { namespace, name }) => byLabels(collection.replace(`/namespaces/${namespace}`, ''), `${NAME_LABEL}=${name}`),
];

export const lastName = ({ name }: Stage): string => `${name}-last`;

/** A watch that tells of them has told all that was before. */
export const lastWritesTo = (collections: readonly string[], stage: Stage): readonly Operation[] =>
  [...new Set(collections)].map((path) => {
    const metadata = { name: lastName(stage), labels: { [NAME_LABEL]: stage.name, tier: 'front', owner: 'helm' } };
    return { method: 'POST', path: `${path}?fieldManager=kubectl-create`, body: () => ({ ...BARE[path.split('/').at(-1) ?? ''], metadata }) };
  });

const POD = { containers: [{ name: 'main', image: 'registry.test/app:1' }] };

/** Objects as small as may be, by resource. */
const BARE: Readonly<Record<string, object>> = {
  configmaps: { apiVersion: 'v1', kind: 'ConfigMap' },
  secrets: { apiVersion: 'v1', kind: 'Secret' },
  deployments: {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    spec: { replicas: 0, selector: { matchLabels: { app: 'x' } }, template: { metadata: { labels: { app: 'x' } }, spec: POD } },
  },
  jobs: { apiVersion: 'batch/v1', kind: 'Job', spec: { managedBy: 'example.com/nobody', template: { spec: { restartPolicy: 'Never', ...POD } } } },
  [PLURAL]: { apiVersion: API_VERSION, kind: KIND, spec: { chart: 'registry.test/a/b:1' } },
};

/** The end of a watch that does not tell of the last write. */
const LIMIT_S = 60;

/** Begins a watch from a list of now. The returned function reads what it tells of the stage's objects, up to the last write. */
export const begin = async (side: Side, { path, accept, isLate }: View, stage: Stage): Promise<() => Promise<readonly WatchEvent[]>> => {
  const from = await revisionOf(side, path);
  const open = () => side.watch(`${path}&watch=true&timeoutSeconds=${LIMIT_S}&resourceVersion=${from}`, accept);
  const events = isLate ? undefined : await open();
  return async () => told(events ?? (await open()), stage);
};

/** The resourceVersion of a list of now. */
export const revisionOf = async (side: Side, path: string): Promise<string> => {
  const { object } = await side.ask({ method: 'GET', path: `${path}&limit=1` }, undefined);
  return (object as { readonly metadata: { readonly resourceVersion: string } }).metadata.resourceVersion; // a list
};

const told = async (events: AsyncIterable<WatchEvent>, stage: Stage): Promise<readonly WatchEvent[]> => {
  const all: WatchEvent[] = [];
  for await (const event of events) {
    const { name } = event.object.metadata;
    if (name === undefined || [...namesOf(stage), lastName(stage)].includes(name)) all.push(event);
    if (name === lastName(stage)) break;
  }
  return all;
};
