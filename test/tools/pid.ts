import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A running program, told from a later one with the same pid by the moment it started. */
export interface Pid {
  readonly pid: number;
  /** Opaque: clock ticks since boot on Linux, the wall time elsewhere. */
  readonly start: string;
}

/** Names the program that runs under `pid` now; undefined when there is none, or only its zombie. */
export function identify(pid: number): Pid | undefined {
  const start = process.platform === 'linux' ? startFromProc(pid) : startFromPs(pid);
  return start === undefined ? undefined : { pid, start };
}

/** True while the very program that was identified still runs. */
export function isRunning(known: Pid): boolean {
  return identify(known.pid)?.start === known.start;
}

/** Names the program that calls. */
export function ownPid(): Pid {
  return identify(process.pid) ?? { pid: process.pid, start: 'unknown' };
}

/** Sends the signal if that very program still runs; a reused pid is never hit. */
export function signal(known: Pid, name: NodeJS.Signals): void {
  if (!isRunning(known)) return;
  try {
    process.kill(known.pid, name);
  } catch (error) {
    // It may have ended since we looked.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function startFromProc(pid: number): string | undefined {
  const stat = readOrUndefined(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The command (field 2) may hold spaces and brackets, so count from behind its last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, start] = [fields[0], fields[19]];
  return state === 'Z' || state === 'X' ? undefined : start;
}

function startFromPs(pid: number): string | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return line === '' || line.startsWith('Z') ? undefined : line.replace(/^\S+\s+/, '');
  } catch {
    return undefined; // ps exits 1 when there is no such pid
  }
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
