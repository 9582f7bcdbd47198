import { NAME_LABEL } from '../../../src/api/chart-release.ts';
import { seeded } from '../../seeded.ts';
import { ApiServer } from '../api/server.ts';
import { Normal } from './normal.ts';
import { modelSide, play, type Side } from './sides.ts';
import { collectionsOf, type Operation, type Stage, traceOf } from './trace.ts';

/** What the model answers otherwise than the real one in a trace; undefined where nothing is. */
export const differenceIn = async (real: Side, seed: number, stage: Stage): Promise<string | undefined> => {
  const server = new ApiServer(() => Date.now());
  server.answer({ method: 'POST', path: '/api/v1/namespaces', headers: {}, body: JSON.stringify({ metadata: { name: stage.namespace } }) });
  const model = modelSide(server);
  const normals = { real: new Normal(), model: new Normal() };
  const compared = async (operation: Operation): Promise<string | undefined> => {
    const [wanted, given] = [normals.real.answer(await play(real, operation)), normals.model.answer(await play(model, operation))];
    const differences = differencesBetween(wanted, given);
    const what = `seed ${seed}: ${operation.method} ${operation.path} ${JSON.stringify(operation.body?.(undefined))}`;
    return differences.length === 0 ? undefined : [what, ...differences.slice(0, 8)].join('\n  ');
  };
  try {
    for (const operation of [...traceOf(seeded(seed), stage), ...lastLooks(stage)]) {
      const difference = await compared(operation);
      if (difference !== undefined) return difference;
    }
    return undefined;
  } finally {
    await tidy(real, stage);
  }
};

/** Everything that the trace has left. */
const lastLooks = (stage: Stage): readonly Operation[] =>
  collectionsOf(stage).map((path) => ({ method: 'GET', path: `${path}?labelSelector=${encodeURIComponent(`${NAME_LABEL}=${stage.name}`)}` }));

const tidy = async (real: Side, stage: Stage): Promise<void> => {
  const names = [stage.name, `${stage.name}-a`, `${stage.name}-b`];
  for (const path of collectionsOf(stage).flatMap((collection) => names.map((name) => `${collection}/${name}`))) {
    const { status } = await real({ method: 'DELETE', path }, { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' });
    if (status === 200) await real({ method: 'PATCH', path, contentType: 'application/merge-patch+json' }, { metadata: { finalizers: null } });
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
