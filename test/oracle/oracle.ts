import type { Capabilities } from '../../src/ports/renderer.ts';
import { chartTgz } from '../registry/tar.ts';
import { type OracleChart, questionName, textOf } from './chart.ts';
import { type Case, Judge, type Purpose, type Sides } from './judge.ts';
import type { Outcome } from './operator.ts';
import { schedule } from './schedule.ts';

/** What a run came to. */
export interface Report {
  readonly charts: number;
  /** By helm-engine; stock helm is asked once for each case. */
  readonly renders: number;
  /** A block of lines each, for people. */
  readonly differences: readonly string[];
  /** How many cases were refused on purpose. */
  readonly apart: ReadonlyMap<Purpose, number>;
}

export interface OracleOptions {
  /** The part leaves out release records, `helm install`, and each chart's values on both clusters. */
  readonly extent: 'whole' | 'part';
  /** Helm processes at once. */
  readonly workers: number;
  readonly capabilities: Capabilities;
}

const OTHER_CLUSTER = { kubeVersion: 'v1.31.4-gke.7', extraApiVersions: ['monitoring.coreos.com/v1', 'monitoring.coreos.com/v1/ServiceMonitor'] };
const RELEASE = { name: 'demo', namespace: 'space' };

/** Renders all charts with all their values in one engine, in every order of `schedule`, and compares each outcome with stock helm's. */
export const consult = async (sides: Sides, charts: readonly OracleChart[], options: OracleOptions): Promise<Report> => {
  const cases = charts.map((chart) => casesOf(chart, options));
  const order = schedule(cases);
  const outcomes = new Map<Case, Outcome[]>();
  for (const one of order) {
    const outcome = await sides.operator.render(one.question, one.archive, one.circumstances);
    outcomes.set(one, [...(outcomes.get(one) ?? []), outcome]);
  }
  const verdicts = await judgeAll(sides, outcomes, options.workers);
  return { charts: charts.length, renders: order.length, ...verdicts };
};

/**
 * Installs with each value set on what Helm takes for a cluster when it has none. A chart that has several is upgraded with the
 * last one on another cluster.
 */
const casesOf = (chart: OracleChart, { extent, capabilities }: OracleOptions): readonly Case[] => {
  const archive = packed(chart);
  const last = chart.valueSets.slice(1).slice(-1);
  const installed = extent === 'whole' ? chart.valueSets : chart.valueSets.slice(0, 1);
  const own = { release: { ...RELEASE, action: 'install' }, kubeVersion: capabilities.kubeVersion, extraApiVersions: [] } as const;
  const other = { release: { ...RELEASE, action: 'upgrade' }, ...OTHER_CLUSTER } as const;
  return [
    ...installed.map((values): Case => ({ question: { chart, values }, archive, circumstances: own, isThorough: extent === 'whole' })),
    ...last.map((values): Case => ({ question: { chart, values }, archive, circumstances: other, isThorough: false })),
  ];
};

/** The chart as `helm package` would pack it: below a folder of its name. */
export const packed = (chart: OracleChart): Uint8Array => chartTgz(/^name:\s*["']?([\w.-]+)/m.exec(textOf(chart, 'Chart.yaml'))?.[1] ?? 'chart', chart.files);

/** Judges the outcomes of each case, so many cases at once. */
export const judgeAll = async (sides: Sides, outcomes: ReadonlyMap<Case, readonly Outcome[]>, workers: number): Promise<Pick<Report, 'differences' | 'apart'>> => {
  const differences: string[] = [];
  const apart = new Map<Purpose, number>();
  const queue = [...outcomes].values();
  const work = async (): Promise<void> => {
    for (const [one, all] of queue) {
      const { different, purposes } = await judgeCase(sides, one, all);
      differences.push(...different);
      for (const purpose of purposes) apart.set(purpose, (apart.get(purpose) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  return { differences: differences.sort(), apart };
};

interface CaseVerdict {
  readonly different: readonly string[];
  readonly purposes: ReadonlySet<Purpose>;
}

const judgeCase = async (sides: Sides, one: Case, outcomes: readonly Outcome[]): Promise<CaseVerdict> => {
  const distinct = [...new Map(outcomes.map((outcome) => [fingerprint(outcome), outcome])).values()];
  const [first] = distinct;
  const different: string[] = [];
  const purposes = new Set<Purpose>();
  if (first === undefined) return { different, purposes };
  const judge = new Judge(sides, one, first);
  for (const outcome of distinct) {
    const verdict = await judge.judge(outcome);
    if (verdict.kind === 'Apart') purposes.add(verdict.purpose);
    if (verdict.kind === 'Different') different.push(...verdict.differences.map((text) => `${questionName(one.question)}, ${one.circumstances.release.action}: ${text}`));
  }
  return { different: [...new Set(different)], purposes };
};

const fingerprint = (outcome: Outcome): string => {
  if (outcome.kind === 'Refused') return outcome.message;
  const { manifest, notes, recordParts, objects, hooks, crds } = outcome.rendered;
  const json = [...objects, ...hooks, ...crds].map((one) => [one.name, one.source, Buffer.from(one.json).toString('base64')]);
  return JSON.stringify([manifest, notes, recordParts, json]);
};
