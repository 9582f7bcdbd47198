import type { Ground } from '../lab/ground.ts';
import { requestRuns } from './requests.ts';
import { type Run, runAll } from './run.ts';
import { SCENARIO_NAMES, type ScenarioName } from './scenarios.ts';
import { intermediateRuns, scout, staleRuns, unobservedRuns } from './sieve.ts';
import { surroundingRuns } from './surroundings.ts';
import { watchRuns } from './watches.ts';

/** Parts of the sweep, in the order in which they are run. */
export const PART_NAMES = ['request', 'watch', 'surroundings', 'stale', 'unobserved', 'intermediate'] as const;

export type PartName = (typeof PART_NAMES)[number];

interface Sweep {
  readonly ground: Ground;
  readonly seed: number;
  readonly fields: number;
}

/** All runs of these parts, in order. Those of some are known only once the scenarios have been gone through undisturbed. */
export const partRuns = async (parts: readonly PartName[], { ground, seed, fields }: Sweep): Promise<readonly Run[]> => {
  const isScouted = parts.some((part) => part === 'unobserved' || part === 'intermediate');
  const moments = isScouted ? await scouted(ground, fields) : new Map<ScenarioName, readonly string[]>();
  return parts.flatMap((part) => RUNS[part](moments, seed));
};

const RUNS: Readonly<Record<PartName, (moments: ReadonlyMap<ScenarioName, readonly string[]>, seed: number) => readonly Run[]>> = {
  request: (_, seed) => requestRuns(seed),
  watch: (_, seed) => watchRuns(seed),
  surroundings: surroundingRuns,
  stale: staleRuns,
  unobserved: unobservedRuns,
  intermediate: intermediateRuns,
};

/** Every event of every scenario that the operator gets to see. */
const scouted = async (ground: Ground, fields: number): Promise<ReadonlyMap<ScenarioName, readonly string[]>> => {
  const moments = new Map<ScenarioName, readonly string[]>();
  const { findings } = await runAll(
    ground,
    'faults-scout',
    SCENARIO_NAMES.map((name) => scout(name, moments)),
    fields,
  );
  if (findings.length > 0) throw new Error(`undisturbed, ${findings.map(({ run, message }) => `${run}: ${message}`).join('\n')}`);
  return new Map(SCENARIO_NAMES.map((name) => [name, moments.get(name) ?? []]));
};
