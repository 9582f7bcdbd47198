import { compareReadings, type Verdict } from './compare.ts';
import type { GoReader } from './go-reader.ts';

/** An archive to be read in both ways; `name` says how to make it again. */
export interface Subject {
  readonly name: string;
  bytes(): Buffer;
}

/** What came of many archives. */
export interface Account {
  readonly archives: number;
  readonly verdicts: Readonly<Record<Verdict['kind'], number>>;
  /** A block of lines each, for people. */
  readonly differences: readonly string[];
}

/** Has all of them read by ours and by Go's, so many at once. */
export const readAll = async (go: GoReader, subjects: Iterable<Subject>, atOnce: number): Promise<Account> => {
  const verdicts = { SameTree: 0, BothRefuse: 0, OursRefuses: 0, Different: 0 };
  const differences: string[] = [];
  let archives = 0;
  const queue = subjects[Symbol.iterator]();
  const work = async (): Promise<void> => {
    for (let next = queue.next(); next.done !== true; next = queue.next()) {
      const verdict = await compareReadings(go, next.value.bytes());
      archives += 1;
      verdicts[verdict.kind] += 1;
      if (verdict.kind === 'Different') differences.push(`${next.value.name}: ${verdict.how}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return { archives, verdicts, differences };
};
