import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { compare } from 'semver';
import { expect, it } from 'vitest';
import { chooseTag, tagListOf, versionOf } from '../../src/core/chosen-tag.ts';
import { isInRange, parseRange } from '../../src/core/version-range.ts';
import { seeded } from '../seeded.ts';
import { type RangeQuestion, rangeQuestion } from './ranges.ts';

/** What helm-engine/ranges answers. */
interface Verdict {
  readonly valid: boolean;
  readonly in: readonly boolean[];
  readonly highest: string;
}

const COUNT = Number(process.env['RANGES'] ?? 5000);
const SEED = Number(process.env['SEED'] ?? 1);

const helmsVerdicts = async (questions: readonly RangeQuestion[]): Promise<readonly Verdict[]> => {
  const child = spawn('go', ['run', './ranges'], { cwd: 'helm-engine', env: { ...process.env, CGO_ENABLED: '0' }, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  child.stdin.end(questions.map((question) => `${JSON.stringify(question)}\n`).join(''));
  const answers = await text(child.stdout);
  expect(await ended).toEqual([0, null]);
  return answers
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Verdict); // what the program prints
};

const ourVerdict = ({ range: asked, tags }: RangeQuestion): Verdict => {
  const parsed = parseRange(asked);
  if (parsed.kind === 'Invalid') return { valid: false, in: [], highest: '' };
  const choice = chooseTag(parsed.range, tagListOf(tags));
  const isIn = (tag: string): boolean => {
    const version = versionOf(tag);
    return version !== undefined && isInRange(version, parsed.range);
  };
  return { valid: true, in: tags.map(isIn), highest: choice.kind === 'Chosen' ? choice.tag.replaceAll('_', '+') : '' };
};

/** Which of several builds of the same version comes first is chance in Helm. */
const isSameHeight = (one: string, other: string): boolean => one === other || (one !== '' && other !== '' && compare(one, other) === 0);

it('reads ranges as Helm does', { timeout: 180_000 }, async () => {
  const random = seeded(SEED);
  const questions = Array.from({ length: COUNT }, () => rangeQuestion(random));
  const helms = await helmsVerdicts(questions);
  const differences = questions.flatMap((question, at) => {
    const [ours, theirs] = [ourVerdict(question), helms[at]];
    const isSame = theirs !== undefined && ours.valid === theirs.valid && ours.in.join() === theirs.in.join() && isSameHeight(ours.highest, theirs.highest);
    return isSame ? [] : [{ ...question, ours, theirs }];
  });
  expect(differences.slice(0, 5)).toEqual([]);
  const valid = helms.filter(({ valid: isValid }) => isValid);
  const verdicts = valid.flatMap((verdict) => verdict.in);
  console.log(`${questions.length} ranges (${valid.length} of them valid), ${verdicts.length} pairs, ${verdicts.filter(Boolean).length} of them in the range: no difference`);
  // Neither all of one kind nor all of the other.
  expect(valid.length).toBeGreaterThan(COUNT * 0.8);
  expect(verdicts.filter(Boolean).length).toBeGreaterThan(verdicts.length * 0.1);
});
