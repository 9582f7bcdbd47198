import { availableParallelism } from 'node:os';
import { play } from './seed.ts';
import { type Findings, playAll } from './workers.ts';

/** The most lines of a course that are printed; its end is what counts. */
const MOST_LINES = 3_000;
const MOST_LETTERS = 300;
/** Seeds that are named, each as soon as it is found: a sweep takes an hour. */
const MOST_NAMED = 200;

const count = (name: string, otherwise: number): number => {
  const text = process.env[name] ?? '';
  if (text === '') return otherwise;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${name}=${text} is no number`);
  return Number(text);
};

/** Plays one seed and prints its whole course. */
const replay = async (seed: number): Promise<number> => {
  const lines: string[] = [];
  const wrong = await play(seed, (line) => lines.push(line.length > MOST_LETTERS ? `${line.slice(0, MOST_LETTERS)}…` : line));
  if (lines.length > MOST_LINES) console.log(`(${lines.length - MOST_LINES} lines before that)`);
  console.log(lines.slice(-MOST_LINES).join('\n'));
  for (const one of wrong) console.log(`seed ${seed}: ${one}`);
  console.log(`sim: 1 seeds, ${wrong.length} violations`);
  return wrong.length;
};

const sweep = async (): Promise<number> => {
  const seeds = count('SEEDS', 100_000);
  const first = count('FIRST', 0);
  const began = performance.now();
  let named = 0;
  const findings = await playAll({ first, seeds, workers: count('WORKERS', availableParallelism()) }, (done, found) => {
    for (const [one, wrong] of found.slice(0, Math.max(0, MOST_NAMED - named))) console.log(`SEED=${one}: ${wrong[0]}${wrong.length > 1 ? ` (and ${wrong.length - 1} more)` : ''}`);
    named += found.length;
    if (done % 5_000 === 0) console.log(`${done} seeds after ${Math.round((performance.now() - began) / 1000)} s`);
  });
  const violations = total(findings);
  console.log(`${((performance.now() - began) / seeds).toFixed(1)} ms a seed; make sim SEED=n shows the course of one`);
  console.log(`sim: ${seeds} seeds, ${violations} violations`);
  return violations;
};

const total = (findings: Findings): number => findings.reduce((sum, [, wrong]) => sum + wrong.length, 0);

const seed = process.env['SEED'] ?? '';
process.exitCode = (seed === '' ? await sweep() : await replay(count('SEED', 0))) === 0 ? 0 : 1;
