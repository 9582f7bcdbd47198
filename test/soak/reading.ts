import { readdirSync, readlinkSync } from 'node:fs';
import { rssMiBOf } from '../bench/proc.ts';
import type { Inspector } from './inspector.ts';

/** What is read of an operator at one moment. */
export interface Reading {
  readonly atHours: number;
  /** What is alive on the heap, after a garbage collection. */
  readonly heapMiB: number;
  readonly rssMiB: number;
  readonly descriptors: number;
  readonly sockets: number;
  readonly timers: number;
  /** 99th percentile of the event loop's delay since the last reading. */
  readonly lagMs: number;
}

const BYTES_OF_MIB = 1024 * 1024;

/** Reads an operator: by its inspector, its metrics, and /proc. */
export const readingOf = async (operator: { readonly pid: number; readonly metrics: string; readonly inspector: Inspector }, atHours: number): Promise<Reading> => {
  const text = await (await fetch(operator.metrics)).text();
  const open = descriptorsOf(operator.pid);
  // The lag first: the collection that follows holds up the loop.
  return {
    atHours,
    lagMs: gaugeIn(text, 'nodejs_eventloop_lag_p99_seconds') * 1000,
    heapMiB: (await operator.inspector.liveHeapBytes()) / BYTES_OF_MIB,
    timers: await operator.inspector.timers(),
    rssMiB: rssMiBOf(operator.pid),
    descriptors: open.length,
    sockets: open.filter((target) => target.startsWith('socket:')).length,
  };
};

/** A metric without labels, from Prometheus' text format. Throws where there is none: a figure that is not there is no zero. */
export const gaugeIn = (text: string, name: string): number => {
  const value = new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1];
  if (value === undefined) throw new Error(`the operator's metrics have no ${name}`);
  return Number(value);
};

/** What the open descriptors of a program are of. */
const descriptorsOf = (pid: number): readonly string[] =>
  readdirSync(`/proc/${pid}/fd`).flatMap((descriptor) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${descriptor}`)];
    } catch {
      return []; // closed since it was listed
    }
  });
