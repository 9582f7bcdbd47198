import { readFileSync } from 'node:fs';

/** Linux counts in ticks of 10 ms, whatever the kernel's own (USER_HZ). */
const TICK_MS = 10;

/** CPU time of a program so far, user and system, in ms; undefined when it has ended. */
export const cpuMsOf = (pid: number): number | undefined => {
  const stat = readOrUndefined(`/proc/${pid}/stat`);
  return stat === undefined ? undefined : parseCpuMs(stat);
};

/** The same from the text of /proc/<pid>/stat (proc(5), fields 14 and 15). */
export const parseCpuMs = (stat: string): number => {
  // The command (field 2) may hold spaces and brackets, so count from behind its last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
};

/** CPU time of our children that have ended and were waited for, in ms (fields 16 and 17). */
export const endedChildrenCpuMs = (): number => {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) * TICK_MS;
};

/** Resident memory of a program in MiB; 0 when it has ended. */
export const rssMiBOf = (pid: number): number => parseRssMiB(readOrUndefined(`/proc/${pid}/status`) ?? '');

/** The same from the text of /proc/<pid>/status. */
export const parseRssMiB = (status: string): number => Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024;

/** Name of the program that a pid runs, at most 15 letters of it; between fork and exec that is its parent's. */
export const programOf = (pid: number): string => (readOrUndefined(`/proc/${pid}/comm`) ?? '').trim();

/** Pids of a program's children. */
export const childrenOf = (pid: number): readonly number[] => (readOrUndefined(`/proc/${pid}/task/${pid}/children`) ?? '').split(' ').filter(Boolean).map(Number);

const readOrUndefined = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined; // it has ended
  }
};
