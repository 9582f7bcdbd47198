import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { KubeCluster } from '../../src/adapters/kube/cluster.ts';
import { connectWithKubeconfig } from '../../src/adapters/kube/connect.ts';
import type { Connection } from '../../src/adapters/kube/connection.ts';
import { realClock } from '../kube/real-clock.ts';
import { RecordingLogger } from '../kube/recording-logger.ts';
import { scratchNamespace } from '../kube/scratch.ts';
import { differenceIn, differenceInNotices } from './model/compare.ts';
import { realSide } from './model/sides.ts';

// TRACES=n SEED=n vitest ...: other traces, or more of them.
const TRACES = Number(process.env['TRACES'] ?? 40);
const SEED = Number(process.env['SEED'] ?? 1);
const AT_ONCE = 4;
const SHOWN = 40;
const TRACE_MS = 5_000;

let connection: Connection;
let namespace: string;

beforeAll(async () => {
  connection = await connectWithKubeconfig(inject('lab').kubeconfig, undefined, { clock: realClock(), logger: new RecordingLogger() });
  namespace = await scratchNamespace(new KubeCluster(connection));
});
afterAll(() => connection.close());

it.concurrent(`the model of the API server answers ${TRACES} traces of random operations as the real one does`, { timeout: 30_000 + TRACES * TRACE_MS }, async () => {
  const real = realSide(connection.api, AbortSignal.timeout(30_000 + TRACES * TRACE_MS));
  const differences: string[] = [];
  let next = SEED;
  const work = async (): Promise<void> => {
    while (next < SEED + TRACES) {
      const seed = next;
      next += 1;
      const difference = await differenceIn(real, seed, { namespace, name: `t${seed}` });
      if (difference !== undefined) differences.push(difference);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  console.log(`sim-model: ${TRACES} traces, ${differences.length} differ`);
  expect(differences.slice(0, SHOWN).join('\n')).toBe('');
});

it.concurrent('a watch of the model says how far it is, and that its past is forgotten, as the real one does', async () => {
  expect((await differenceInNotices(realSide(connection.api, AbortSignal.timeout(60_000)), { namespace, name: 'notices' })) ?? '').toBe('');
});
