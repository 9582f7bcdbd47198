import { INVARIANTS } from './invariants.ts';
import type { Base } from './lane.ts';
import { type Counts, type Point, printPoint } from './points.ts';
import { type Found, Runner } from './runner.ts';
import { SCENARIOS, type ScenarioName } from './scenarios.ts';

/** What came of many runs. */
export interface Report {
  readonly runs: number;
  /** Points whose write did not come: the scenario had fewer that time. */
  readonly unreached: readonly Point[];
  readonly found: readonly Found[];
  readonly slowestMs: number;
}

/** Hears what comes of the runs while others go on. */
export interface Listener {
  /** How many writes the run had up to its first kill, and the how-manieth it was to end. */
  readonly ran?: (point: Point, writes: number, done: number) => void;
  readonly found?: (found: Found) => void;
}

/** Runs every scenario that is wanted once without a kill, so many side by side: how many writes each has, and what is wrong already. */
export const countWrites = async (
  base: Base,
  lanes: number,
  names: readonly ScenarioName[] = SCENARIOS,
  found?: Listener['found'],
): Promise<{ readonly counts: Counts; readonly report: Report }> => {
  const counts = new Map<ScenarioName, number>(names.map((name) => [name, 0]));
  const points = names.map((scenario) => ({ scenario, kills: [] }));
  const report = await runAll(base, lanes, points, { ran: ({ scenario }, writes) => counts.set(scenario, writes), ...(found !== undefined && { found }) });
  return { counts, report };
};

/** Does all runs, so many side by side, each lane with an operator of its own. */
export const runAll = async (base: Base, lanes: number, points: readonly Point[], listener: Listener = {}): Promise<Report> => {
  const [found, unreached]: [Found[], Point[]] = [[], []];
  let [done, slowestMs] = [0, 0];
  const left = points.values();
  const work = async (): Promise<void> => {
    const runner = new Runner(base, (one) => {
      found.push(one);
      listener.found?.(one);
    });
    for (const point of left) {
      const { writes, isReached, recoveryMs } = await runner.run(point);
      if (!isReached) unreached.push(point);
      // That of a namespace is no recovery, and has a bound of its own.
      if (point.deed !== 'namespace') slowestMs = Math.max(slowestMs, recoveryMs ?? 0);
      done += 1;
      listener.ran?.(point, writes, done);
    }
    await runner.close();
  };
  await Promise.all(Array.from({ length: lanes }, work));
  return { runs: points.length, unreached, found, slowestMs };
};

/** Two reports as one. */
export const joined = (one: Report, other: Report): Report => ({
  runs: one.runs + other.runs,
  unreached: [...one.unreached, ...other.unreached],
  found: [...one.found, ...other.found],
  slowestMs: Math.max(one.slowestMs, other.slowestMs),
});

/** A violation with all that is needed to see it again. */
export const printFound = ({ point, invariant, message }: Found): string =>
  `${printPoint(point)}: ${invariant} (${INVARIANTS[invariant]}): ${message.slice(0, LINE)}\n  again: make crash REPLAY=${printPoint(point)}`;

const LINE = 600;
