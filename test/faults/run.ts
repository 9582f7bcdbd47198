import { setTimeout as delay } from 'node:timers/promises';
import type { Ground } from '../lab/ground.ts';
import { identify } from '../tools/pid.ts';
import { Field, type Finding, type Subject } from './field.ts';

/** A run through a field: something happens to a release while something is wrong. Its name replays it. */
export interface Run {
  readonly name: string;
  /** It takes minutes. */
  readonly isSlow?: boolean;
  /** Its fault waits for something that need not come about each time. */
  readonly isByChance?: boolean;
  /** Takes a release through it. Resolves to 'Unmet' where the fault found nothing to strike; what it rejects with is a violation. */
  go(field: Field, subject: Subject): Promise<'Met' | 'Unmet' | Met>;
}

interface Met {
  /** How many requests a second failed. */
  readonly aSecond: number;
}

/** What came of many runs. */
export interface Report {
  readonly runs: number;
  /** Runs whose fault struck nothing. */
  readonly unmet: readonly Pick<Run, 'name' | 'isByChance'>[];
  readonly findings: readonly Finding[];
  /** The run in which most requests a second failed. */
  readonly busiest: (Met & Pick<Run, 'name'>) | undefined;
}

/** How long the operator has, once nothing disturbs it any more. */
export const SETTLED_MS = 30_000;
const POLL_MS = 100;
const MOST_GOES = 3;

/** Whether it becomes so within that time. */
export const becomes = async (isSo: () => Promise<boolean>, withinMs: number): Promise<boolean> => {
  for (const until = Date.now() + withinMs; Date.now() < until; await delay(POLL_MS)) if (await isSo()) return true;
  return isSo();
};

/** Rejects where it does not become so within 30 s, with what the release says. */
export const settles = async (field: Field, subject: Subject, isSo: () => Promise<boolean>): Promise<void> => {
  if (await becomes(isSo, SETTLED_MS)) return;
  const { status } = (await field.site.seen(subject.release)) ?? {};
  const said = JSON.stringify({ revision: status?.revision, conditions: status?.conditions });
  const last = field.site.operator.log().slice(-6).join('\n  ');
  throw new Error(
    `not over ${SETTLED_MS / 1000} s after the fault was: status is ${said}; the cluster has ${(await field.podsOf(subject)).join(', ') || 'no Pod'}; the operator's log ends with\n  ${last}`,
  );
};

/** Takes each run through one of so many fields, as one is free. */
export const runAll = async (ground: Ground, name: string, runs: readonly Run[], fields: number): Promise<Report> => {
  const waiting = [...runs];
  const reports = await Promise.all(Array.from({ length: Math.min(fields, runs.length) }, (_, at) => runThrough(ground, `${name}${at}`, waiting)));
  return joined(reports);
};

/** What came of parts. */
export const joined = (reports: readonly Report[]): Report => ({
  runs: reports.reduce((sum, { runs }) => sum + runs, 0),
  unmet: reports.flatMap(({ unmet }) => unmet),
  findings: reports.flatMap(({ findings }) => findings),
  busiest: reports.flatMap(({ busiest }) => busiest ?? []).toSorted((one, other) => other.aSecond - one.aSecond)[0],
});

/** Runs whose fault had to come, and did not, so that they have shown nothing: all that are unmet, but for a few of those that hang on chance. */
export const missedIn = ({ unmet }: Report, mostByChance: number): readonly string[] => {
  const isFew = unmet.filter(({ isByChance }) => isByChance).length <= mostByChance;
  return unmet.filter(({ isByChance }) => !isFew || isByChance !== true).map(({ name }) => name);
};

const runThrough = async (ground: Ground, name: string, waiting: Run[]): Promise<Report> => {
  const field = await Field.open(ground, name);
  const findings: Finding[] = [];
  const unmet: Run[] = [];
  let runs = 0;
  let busiest: Report['busiest'];
  for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
    try {
      const came = await cameOf(field, run);
      if (came === 'Unmet') unmet.push(run);
      else runs += 1;
      if (typeof came === 'object' && came.aSecond > (busiest?.aSecond ?? 0)) busiest = { name: run.name, aSecond: came.aSecond };
    } catch (error) {
      runs += 1;
      findings.push({ run: run.name, message: error instanceof Error ? error.message : String(error) });
    }
    for (const message of await faultsOfOperator(field)) {
      if (!findings.some((one) => one.message === message)) findings.push({ run: run.name, message });
    }
  }
  return { runs, unmet, busiest, findings: [...findings, ...(await field.close())] };
};

/** What hangs on chance comes another time. */
const cameOf = async (field: Field, run: Run): ReturnType<Run['go']> => {
  for (let goes = 1; ; goes += 1) {
    const came = await run.go(field, field.subject(run.name));
    if (came !== 'Unmet' || run.isByChance !== true || goes === MOST_GOES) return came;
  }
};

/** What is wrong with the operator itself; one that has died is another one from now on. */
export const faultsOfOperator = async ({ site }: Field): Promise<readonly string[]> => {
  const faults = faultsIn(site.operator.log());
  if (identify(site.operator.pid) !== undefined) return faults;
  const last = site.operator.log().slice(-6).join('\n  ');
  await site.startOperator();
  return [...faults, `the operator has died: ${last}`];
};

/** Lines that are of a fault of the operator itself. */
const faultsIn = (log: readonly string[]): readonly string[] => log.filter((line) => line.includes('"level":"error"') || /^\s*at |unhandled|Uncaught/i.test(line));
