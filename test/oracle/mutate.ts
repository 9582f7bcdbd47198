import { parse } from 'yaml';
import { pick, type Random, seeded } from '../seeded.ts';
import { type OracleChart, type Question, textOf } from './chart.ts';

type Table = Record<string, unknown>;

// Text that stands for an integer which JavaScript would round.
const BIG = '@9007199254740993@';

// biome-ignore format: short values, many a line
const STRANGE: readonly unknown[] = [
  null, true, false, 0, -1, 8080, 1_000_000, 1.5, 1e21, BIG, '', 'text', '0644', '1e3', 'yes', 'null', '{{ .Release.Name }}', '{{ fail "changed" }}', 'a: b\nc: d',
  ' - x', "'", '"', '%', '# x', '---', 'é中\u2028', [], {}, [1, 'a', null], { a: { b: null } }, [{ name: 'x' }],
];

/** `count` questions, each about a chart with one of its value sets of which one to three values were changed; the same for the same seed. */
export const mutants = (charts: readonly OracleChart[], seed: number, count: number): readonly Question[] => {
  const random = seeded(seed);
  return Array.from({ length: charts.length === 0 ? 0 : count }, (_, at) => {
    const chart = pick(random, charts);
    return { chart, values: { name: `seed ${seed}, change ${at + 1}`, text: change(chart, pick(random, chart.valueSets).text, random) } };
  });
};

const change = (chart: OracleChart, text: string, random: Random): string => {
  const values = tableIn(text);
  const places = [...placesIn(tableIn(textOf(chart, 'values.yaml'))), ...placesIn(values)];
  for (let changes = 1 + Math.floor(random() * 3); changes > 0; changes -= 1)
    put(values, places.length === 0 ? ['added'] : pick(random, places), structuredClone(pick(random, STRANGE)));
  return JSON.stringify(values).replaceAll(/"@(\d+)@"/g, '$1');
};

const tableIn = (text: string): Table => {
  try {
    const value: unknown = parse(text, { version: '1.1', logLevel: 'silent' });
    return isTable(value) ? value : {};
  } catch {
    return {}; // not YAML on purpose
  }
};

const placesIn = (table: Table, path: readonly string[] = []): readonly (readonly string[])[] =>
  Object.entries(table).flatMap(([key, value]) => [[...path, key], ...(isTable(value) ? placesIn(value, [...path, key]) : [])]);

const put = (table: Table, [key = '', ...rest]: readonly string[], value: unknown): void => {
  if (rest.length === 0) {
    table[key] = value;
    return;
  }
  const below = table[key];
  const inner: Table = isTable(below) ? below : {};
  table[key] = inner;
  put(inner, rest, value);
};

const isTable = (value: unknown): value is Table => typeof value === 'object' && value !== null && !Array.isArray(value);
