import { setTimeout as delay } from 'node:timers/promises';
import { rssMiBOf } from '../bench/proc.ts';
import type { Field } from './field.ts';

/** Twice a second: an answer that is too big stays longer than that. */
const SAMPLE_MS = 500;
/** No request takes that long unless it is held up; a bound of the histogram's. */
const HELD_S = 1;

/** What the operator of a field has asked of the API server so far, by its own metrics. */
export interface Asked {
  readonly at: number;
  /** Requests that have ended, by the code of their answer; `<error>` is none. */
  readonly byCode: ReadonlyMap<string, number>;
  /** Those of them that took longer than a second. */
  readonly held: number;
}

export const askedBy = async ({ site }: Field): Promise<Asked> => {
  const text = await (await fetch(`${site.operator.url('metrics')}/metrics`)).text();
  const byCode = new Map<string, number>();
  for (const [, code = '', count] of text.matchAll(/^rest_client_requests_total\{code="([^"]*)"[^}]*\} (\d+)$/gm)) byCode.set(code, (byCode.get(code) ?? 0) + Number(count));
  const soon = sum(text.matchAll(new RegExp(`^rest_client_request_duration_seconds_bucket\\{[^}]*le="${HELD_S}"[^}]*\\} (\\d+)$`, 'gm')));
  const all = sum(text.matchAll(/^rest_client_request_duration_seconds_count\{[^}]*\} (\d+)$/gm));
  return { at: Date.now(), byCode, held: all - soon };
};

const sum = (matches: Iterable<RegExpExecArray>): number => [...matches].reduce((total, [, count]) => total + Number(count), 0);

/** Requests that have ended between the two, with such a code. */
export const endedBetween = (before: Asked, after: Asked, isMeant: (code: string) => boolean = () => true): number =>
  [...after.byCode].reduce((total, [code, count]) => total + (isMeant(code) ? count - (before.byCode.get(code) ?? 0) : 0), 0);

/** What the work comes to, and the most memory that the operator had while it lasted. */
export const withPeak = async <T>({ site }: Field, work: () => Promise<T>): Promise<{ readonly value: T; readonly peakMiB: number }> => {
  let [isDone, peakMiB] = [false, 0];
  const looks = (async () => {
    for (; !isDone; await delay(SAMPLE_MS)) peakMiB = Math.max(peakMiB, rssMiBOf(site.operator.pid));
  })();
  const value = await work().finally(() => {
    isDone = true;
  });
  await looks;
  return { value, peakMiB };
};
