import { NAME_LABEL } from '../../../src/api/chart-release.ts';
import { seeded } from '../../seeded.ts';
import { ApiServer } from '../api/server.ts';
import { Normal } from './normal.ts';
import { noticesOf } from './notices.ts';
import { modelSide, play, type Side, type WatchEvent } from './sides.ts';
import { collectionsOf, namesOf, type Operation, type Stage, traceOf } from './trace.ts';
import { begin, lastName, lastWritesTo, type View, viewsOf } from './views.ts';

/** A server and the model of it, each with its own words for what is drawn by lot. */
interface Both {
  readonly sides: { readonly real: Side; readonly model: Side };
  readonly normals: { readonly real: Normal; readonly model: Normal };
}

/** What the model answers, or tells in watches, otherwise than the real one in a trace; undefined where nothing is. */
export const differenceIn = async (real: Side, seed: number, stage: Stage): Promise<string | undefined> => {
  const both: Both = { sides: { real, model: modelSide(serverFor(stage)) }, normals: { real: new Normal(), model: new Normal() } };
  const random = seeded(seed);
  const operations = traceOf(random, stage);
  const views = viewsOf(random, stage);
  const collections = views.map(({ collection }) => collection);
  try {
    const watches = await Promise.all(views.map((view) => beginBoth(both, view, stage)));
    const requests = [...operations, ...lastLooks(stage), ...lastWritesTo(collections, stage)];
    const difference = (await first(requests, (operation) => inAnswers(both, operation))) ?? (await first(watches, (watch) => inEvents(both, watch)));
    return difference && `seed ${seed}: ${difference}`;
  } finally {
    await tidy(real, stage);
  }
};

/** The first difference; what comes after it differs as well. */
const first = async <T>(all: readonly T[], differenceOf: (one: T) => Promise<string | undefined>): Promise<string | undefined> => {
  for (const one of all) {
    const difference = await differenceOf(one);
    if (difference !== undefined) return difference;
  }
  return undefined;
};

const inAnswers = async ({ sides, normals }: Both, operation: Operation): Promise<string | undefined> => {
  const [wanted, given] = [normals.real.answer(await play(sides.real, operation)), normals.model.answer(await play(sides.model, operation))];
  return told(`${operation.method} ${operation.path} ${JSON.stringify(operation.body?.(undefined))}`, differencesBetween(wanted, given));
};

/** One watch on both sides. */
interface Watches {
  readonly view: View;
  readonly real: () => Promise<readonly WatchEvent[]>;
  readonly model: () => Promise<readonly WatchEvent[]>;
}

const beginBoth = async ({ sides }: Both, view: View, stage: Stage): Promise<Watches> => ({
  view,
  real: await begin(sides.real, view, stage),
  model: await begin(sides.model, view, stage),
});

const inEvents = async ({ normals }: Both, { view, real, model }: Watches): Promise<string | undefined> => {
  const [wanted, given] = [normals.real.events(await real()), normals.model.events(await model())];
  return told(`watch ${view.path} ${view.accept}`, differencesBetween(wanted, given));
};

/** What the model says of watches themselves otherwise than the real one. */
export const differenceInNotices = async (real: Side, stage: Stage): Promise<string | undefined> => {
  const server = serverFor(stage);
  server.store.compact();
  try {
    return told('watches', differencesBetween(await noticesOf(real, stage), await noticesOf(modelSide(server), stage)));
  } finally {
    await tidy(real, stage);
  }
};

const serverFor = ({ namespace }: Stage): ApiServer => {
  const server = new ApiServer(() => Date.now());
  server.answer({ method: 'POST', path: '/api/v1/namespaces', headers: {}, body: JSON.stringify({ metadata: { name: namespace } }) });
  return server;
};

const told = (what: string, differences: readonly string[]): string | undefined => (differences.length === 0 ? undefined : [what, ...differences.slice(0, 8)].join('\n  '));

/** Everything that the trace has left. */
const lastLooks = (stage: Stage): readonly Operation[] =>
  collectionsOf(stage).map((path) => ({ method: 'GET', path: `${path}?labelSelector=${encodeURIComponent(`${NAME_LABEL}=${stage.name}`)}` }));

const tidy = async (real: Side, stage: Stage): Promise<void> => {
  const names = [...namesOf(stage), lastName(stage)];
  for (const path of collectionsOf(stage).flatMap((collection) => names.map((name) => `${collection}/${name}`))) {
    const { status } = await real.ask({ method: 'DELETE', path }, { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' });
    if (status === 200) await real.ask({ method: 'PATCH', path, contentType: 'application/merge-patch+json' }, { metadata: { finalizers: null } });
  }
};

/** Where two answers differ: the path, what the real one says there, and what the model says. */
const differencesBetween = (real: unknown, model: unknown, at = ''): readonly string[] => {
  if (typeof real !== 'object' || typeof model !== 'object' || real === null || model === null)
    return real === model ? [] : [`${at}: ${printed(real)} in truth, ${printed(model)} in the model`];
  const names = new Set([...Object.keys(real), ...Object.keys(model)]);
  return [...names].flatMap((name) => differencesBetween((real as Fields)[name], (model as Fields)[name], `${at}/${name}`));
};

type Fields = Readonly<Record<string, unknown>>;

const printed = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 200));
