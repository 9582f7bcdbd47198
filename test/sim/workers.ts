import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';

/** Seeds with what was wrong in their courses. */
export type Findings = readonly (readonly [seed: number, wrong: readonly string[]])[];

/** What a worker is told to play. */
export interface Share {
  readonly first: number;
  readonly seeds: number;
}

const WORKER = path.join(import.meta.dirname, 'worker.ts');
/** The young generation of a seed dies with it: it need not be looked at twice. */
const FLAGS = ['--max-semi-space-size=64'];
const SHARE = 50;

/** Plays seeds in several processes at once; rejects where one of them ends before its work. `progress` is told how many are done, and what was wrong in the last of them. */
export const playAll = async ({ first, seeds, workers }: Share & { readonly workers: number }, progress: (done: number, wrong: Findings) => void): Promise<Findings> => {
  const findings: (readonly [number, readonly string[]])[] = [];
  let next = first;
  let done = 0;
  const work = async (): Promise<void> => {
    const worker = fork(WORKER, { execArgv: FLAGS });
    while (next < first + seeds) {
      const share = { first: next, seeds: Math.min(SHARE, first + seeds - next) };
      next += share.seeds;
      const found = await played(worker, share);
      findings.push(...found);
      done += share.seeds;
      progress(done, found);
    }
    worker.disconnect();
  };
  await Promise.all(Array.from({ length: Math.min(workers, Math.ceil(seeds / SHARE)) }, work));
  return findings;
};

const played = (worker: ChildProcess, share: Share): Promise<Findings> =>
  new Promise((resolve, reject) => {
    const fail = (code: number | null) => reject(new Error(`the process that played seeds ${share.first} to ${share.first + share.seeds - 1} ended with ${code}`));
    worker.once('exit', fail);
    worker.once('message', (findings) => {
      worker.off('exit', fail);
      resolve(findings as Findings); // what worker.ts sends
    });
    worker.send(share);
  });
