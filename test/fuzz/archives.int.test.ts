import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAll, type Subject } from './archives.ts';
import { GoReader } from './go-reader.ts';
import { BOMBS, MADE_ARCHIVES } from './made-archives.ts';
import { mutatedArchive } from './mutate-archive.ts';

const PROGRAM = path.resolve('.build/archive-tree');
const MUTATED = 5_000;

function* mutated(): Generator<Subject> {
  for (let seed = 0; seed < MUTATED; seed += 1) yield { name: `seed ${seed}`, bytes: () => mutatedArchive(seed) };
}

const made = MADE_ARCHIVES.filter((one) => !BOMBS.includes(one));

// `make fuzz` reads many more, and bombs.
describe('the archive reader', () => {
  it('makes of every archive the tree that Helm makes of it, or refuses it', async () => {
    await using go = new GoReader(PROGRAM);
    const account = await readAll(go, [...made, ...mutated()], 4);
    console.log(`archives: ${account.archives}, ${account.differences.length} divergences`);
    expect(account.differences).toEqual([]);
    // Else nothing was put to the test.
    expect(Math.min(...['SameTree', 'BothRefuse', 'OursRefuses'].map((kind) => account.verdicts[kind as 'SameTree']))).toBeGreaterThan(MUTATED / 20);
    expect(account.archives).toBe(made.length + MUTATED);
  }, 120_000);
});
