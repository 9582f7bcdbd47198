import type { RecordHead } from './record.ts';
import { isDigest, printReference, type Reference, repositoryIn } from './reference.ts';

/**
 * Charts by `host/ns/app@sha256:...`, with how far back in its release each is: 0 for what runs or is the newest, 1 for the chart before
 * it, and so on; revisions of one chart count once.
 */
export type ChartAges = ReadonlyMap<string, number>;

/** The charts of the revisions of a release, from its records, oldest first. What a person's helm made has no digest to be fetched by. */
export const chartAges = (records: readonly RecordHead[]): ChartAges => {
  const ages = new Map<string, number>();
  for (const record of records.toReversed()) {
    const chart = chartOf(record);
    if (chart === undefined) continue;
    const age = record.status === 'deployed' ? 0 : ages.size;
    ages.set(chart, Math.min(age, ages.get(chart) ?? age));
  }
  return ages;
};

const chartOf = ({ notes }: RecordHead): string | undefined => {
  const repository = notes === undefined ? undefined : repositoryIn(notes.reference);
  return repository === undefined || !isDigest(notes?.chartDigest ?? '') ? undefined : printReference({ ...repository, digest: notes?.chartDigest ?? '' });
};

/** Charts that several releases have are as old as in the one where they are newest. */
export const joinAges = (all: Iterable<ChartAges>): ChartAges => {
  const joined = new Map<string, number>();
  for (const ages of all) for (const [chart, age] of ages) joined.set(chart, Math.min(age, joined.get(chart) ?? age));
  return joined;
};

/** Digests of the charts of that repository in the history of a release, the youngest first: whoever may pull one of them may pull all. */
export const digestsIn = (records: readonly RecordHead[], { registry, repository }: Pick<Reference, 'registry' | 'repository'>): readonly string[] => {
  const begin = `${printReference({ registry, repository })}@`;
  const charts = [...chartAges(records)].filter(([chart]) => chart.startsWith(begin));
  return charts.toSorted(([, one], [, other]) => one - other).map(([chart]) => chart.slice(begin.length));
};

/** A chart in a store of bounded size. */
export interface KeptChart<Id> {
  readonly id: Id;
  readonly bytes: number;
  /** How far back it is in the history of a release; undefined where it is in none. */
  readonly age: number | undefined;
}

export type Room<Id> =
  /** There is room once these are gone. */
  | { readonly kind: 'Room'; readonly without: readonly KeptChart<Id>[] }
  /** Nothing that is in the way may go. */
  | { readonly kind: 'None' };

/**
 * What goes so that `bytes` more fit beside what is kept: first what is in no history, used longest ago first, then what is furthest back in one. What is as
 * young as the newcomer stays: two that do not fit together would take turns. What runs, of age 0, never goes.
 */
export const roomFor = <Id>({ bytes, age }: Omit<KeptChart<Id>, 'id'>, kept: readonly KeptChart<Id>[], maxBytes: number): Room<Id> => {
  let over = kept.reduce((sum, one) => sum + one.bytes, bytes) - maxBytes;
  const without: KeptChart<Id>[] = [];
  for (const one of kept.filter((other) => ageOf(other) > (age ?? 0)).toSorted((first, second) => ageOf(second) - ageOf(first))) {
    if (over <= 0) break;
    without.push(one);
    over -= one.bytes;
  }
  return over > 0 ? { kind: 'None' } : { kind: 'Room', without };
};

const ageOf = ({ age }: Pick<KeptChart<unknown>, 'age'>): number => age ?? Number.MAX_SAFE_INTEGER;
