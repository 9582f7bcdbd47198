import { readFile } from 'node:fs/promises';
import type { Clock } from '../../ports/clock.ts';

/**
 * Resident memory of a process in bytes; undefined where nobody says so: it has ended, or this is no Linux. From
 * `status`, which counts in kilobytes: `statm` counts in pages, and Node does not know how large those are.
 */
export const residentBytes = async (pid: number): Promise<number | undefined> => {
  const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '');
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
};

// Quick renders are over before the first look; an engine that grows 10 MiB in a millisecond watches itself more closely.
const LOOK_EVERY_MS = 100;

/** Calls back once when the process holds more than `limitBytes`; looks until the returned function is called. */
export const watchResident = (pid: number, limitBytes: number, clock: Clock, onBreach: (bytes: number) => void): (() => void) => {
  let isOver = false;
  let cancel = (): void => undefined;
  const look = async (): Promise<void> => {
    const bytes = (await residentBytes(pid)) ?? 0;
    if (isOver) return;
    if (bytes > limitBytes) onBreach(bytes);
    else wait();
  };
  const wait = (): void => {
    cancel = clock.after(LOOK_EVERY_MS, () => void look());
  };
  wait();
  return () => {
    isOver = true;
    cancel();
  };
};
