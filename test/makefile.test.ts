import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '..');

it('make help lists every target that people are meant to use', async () => {
  const makefile = await readFile(path.join(ROOT, 'Makefile'), 'utf8');
  const targets = [...makefile.matchAll(/^\.PHONY: (.*)$/gm)].flatMap(([, names = '']) => names.split(' '));
  const { stdout } = await promisify(execFile)('make', ['--no-print-directory', 'help'], { cwd: ROOT });
  expect(
    stdout
      .split('\n')
      .flatMap((line) => line.split(' ', 1))
      .filter((name) => name !== '')
      .toSorted(),
  ).toEqual(targets.toSorted());
});
