import type { Files } from '../registry/tar.ts';

/** Values that a chart is rendered with: one YAML document, as `helm -f` takes it. */
export interface ValueSet {
  readonly name: string;
  readonly text: string;
}

/** A chart that both Helm and helm-engine are asked to render, once with each of its value sets. */
export interface OracleChart {
  readonly name: string;
  readonly files: Files;
  readonly valueSets: readonly ValueSet[];
}

/** One question to both: a chart with one of its value sets. */
export interface Question {
  readonly chart: OracleChart;
  readonly values: ValueSet;
}

export const questionName = ({ chart, values }: Question): string => `${chart.name} (${values.name})`;

/** The text of one of the chart's files; empty where there is none. */
export const textOf = ({ files }: OracleChart, name: string): string => Buffer.from(files[name] ?? '').toString('utf8');
