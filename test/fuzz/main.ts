import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { ARCHIVE_LIMITS } from '../../src/adapters/registry/archive-limits.ts';
import { wholeNumber } from '../setting.ts';
import { progressOn } from '../tools/progress.ts';
import { readAll, type Subject } from './archives.ts';
import { GoReader } from './go-reader.ts';
import { BOMBS, MADE_ARCHIVES } from './made-archives.ts';
import { mutatedArchive } from './mutate-archive.ts';
import { TEXT_READERS, type TextReader } from './texts.ts';

// node test/fuzz/main.ts: foreign texts, and COUNT archives changed by chance from SEED on, beside those made by hand.
const MIB = 1024 * 1024;
const MEMORY_BYTES = ARCHIVE_LIMITS.expandedBytes + 32 * MIB;
/** For a text of 64 KiB, on a busy machine. */
const TEXT_MS = 5_000;

const seed = wholeNumber('SEED', Date.now() % 1_000_000, 0);
const count = wholeNumber('COUNT', 200_000, 0);
const texts = wholeNumber('TEXTS', 20_000, 0);
const progress = progressOn(process.stderr);

const faults: string[] = [];
for (const reader of TEXT_READERS) faults.push(...(await readTexts(reader)));
faults.push(...(await progress.during('the memory that bombs take', memoryOfBombs)));
await using go = new GoReader(path.resolve(import.meta.dirname, '../../.build/archive-tree'));
// One after the other: a bomb takes a while, and each has a deadline.
const made = await progress.during(`${MADE_ARCHIVES.length} archives made by hand`, () => readAll(go, MADE_ARCHIVES, 1));
const changed = await progress.during(`${count} archives`, () => readAll(go, mutated(), 8));
const differences = [...made.differences, ...changed.differences];
for (const fault of [...faults, ...differences]) console.log(`${fault}\n`);
const { SameTree, BothRefuse, OursRefuses } = changed.verdicts;
console.log(`SEED=${seed}: ${SameTree} with the same tree, ${BothRefuse} refused by both, ${OursRefuses} by ours alone`);
console.log(`fuzz: ${made.archives + changed.archives} archives, ${differences.length} divergences`);
process.exitCode = faults.length + differences.length === 0 ? 0 : 1;

function* mutated(): Generator<Subject> {
  for (let at = seed; at < seed + count; at += 1) yield { name: `SEED=${at} COUNT=1`, bytes: () => mutatedArchive(at) };
}

async function readTexts({ what, text, read }: TextReader): Promise<readonly string[]> {
  let longestMs = 0;
  const timed = async (one: string): Promise<void> => {
    const began = performance.now();
    await read(one);
    longestMs = Math.max(longestMs, performance.now() - began);
  };
  const result = await fc.check(fc.asyncProperty(text, timed), { numRuns: texts, seed });
  console.log(`${what}: ${result.numRuns} texts, the longest took ${Math.ceil(longestMs)} ms`);
  const late = longestMs > TEXT_MS ? [`${what}: a text took ${Math.ceil(longestMs)} ms`] : [];
  return result.failed ? [`${what}: ${fc.defaultReportMessage(result) ?? 'failed'}`, ...late] : late;
}

/** Each in a process of its own: what one has taken is not given back before the next. */
async function memoryOfBombs(): Promise<readonly string[]> {
  const dir = await mkdtemp(path.join(tmpdir(), 'tagalong-fuzz-'));
  const grown: number[] = [];
  try {
    for (const bomb of BOMBS) {
      const file = path.join(dir, 'bomb.tgz');
      await writeFile(file, bomb.bytes());
      const { stdout } = await promisify(execFile)(process.execPath, [path.join(import.meta.dirname, 'one-archive.ts'), file]);
      grown.push(Number(stdout));
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
  console.log(`memory: ${BOMBS.length} bombs, the worst took ${Math.ceil(Math.max(...grown) / MIB)} MiB of ${MEMORY_BYTES / MIB}`);
  return BOMBS.flatMap(({ name }, at) => ((grown[at] ?? 0) > MEMORY_BYTES ? [`${name}: it took ${Math.ceil((grown[at] ?? 0) / MIB)} MiB`] : []));
}
