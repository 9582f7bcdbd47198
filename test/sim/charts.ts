import type { Chart } from '../../src/ports/registry.ts';

/** What becomes of a Deployment or a Job, as its image says. */
export type Fate = 'good' | 'slow' | 'never' | 'bad';

/** A chart, as far as there is something to it here. */
export interface SimulatedChart {
  readonly version: string;
  /** Of the Deployment. */
  readonly app: Fate;
  /** A ConfigMap that not every version has, by the end of its name. */
  readonly extra?: string;
  /** Of a Job that runs before an install or upgrade, where there is one. */
  readonly before?: Fate;
  /** Of a Job that runs after it. */
  readonly after?: Fate;
  /** What goes wrong with it before anything is applied. */
  readonly flaw?: 'Template' | 'Refused';
}

/** Every chart that can be pushed. */
export const CHARTS: readonly SimulatedChart[] = [
  { version: '1.0.0', app: 'good' },
  { version: '1.1.0', app: 'good', extra: 'one' },
  { version: '1.2.0', app: 'slow', extra: 'two' },
  { version: '1.3.0', app: 'good', extra: 'one', before: 'good' },
  { version: '1.4.0', app: 'good', before: 'good', after: 'good' },
  { version: '2.0.0', app: 'never', extra: 'three' },
  { version: '2.1.0', app: 'good', before: 'bad' },
  { version: '2.2.0', app: 'good', after: 'never' },
  { version: '2.3.0', app: 'good', flaw: 'Template' },
  { version: '2.4.0', app: 'good', flaw: 'Refused' },
];

/** Whether it becomes ready in the end. */
export const isGood = ({ app, before = 'good', after = 'good', flaw }: SimulatedChart): boolean =>
  flaw === undefined && [app, before, after].every((fate) => fate === 'good' || fate === 'slow');

export const digestOf = ({ version }: SimulatedChart): string => `sha256:${version.replaceAll('.', '').padStart(64, '0')}`;

export const chartOf = (digest: string): SimulatedChart | undefined => CHARTS.find((chart) => digestOf(chart) === digest);

/** The chart as it is pulled. */
export const pulled = (chart: SimulatedChart): Chart => ({
  digest: digestOf(chart),
  files: [{ name: 'chart.json', bytes: Buffer.from(JSON.stringify(chart)) }],
  overrides: undefined,
});

/** The chart in a pulled one. */
export const readChart = ({ files: [file] }: Chart): SimulatedChart => JSON.parse(Buffer.from(file?.bytes ?? []).toString()) as SimulatedChart; // as pulled
