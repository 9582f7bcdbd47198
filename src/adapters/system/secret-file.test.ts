import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fakes/clock.ts';
import { readSecretFile, SecretFile } from './secret-file.ts';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tagalong-secret-'));
  file = path.join(folder, 'secret');
});
afterEach(() => rm(folder, { recursive: true }));

describe('SecretFile', () => {
  it('reads what takes its place, after a while, and has nothing while there is nothing', async () => {
    const clock = new FakeClock();
    const secret = new SecretFile(file, clock);
    expect(await secret.read()).toBeUndefined();
    await writeFile(file, 'the first of the secrets\n');
    await clock.advance(10_000);
    expect(await secret.read()).toBe('the first of the secrets');
    await writeFile(file, 'the second of the secrets');
    await clock.advance(9_999);
    expect(await secret.read()).toBe('the first of the secrets');
    await clock.advance(1);
    expect(await secret.read()).toBe('the second of the secrets');
  });

  it('takes none that can be guessed', async () => {
    await writeFile(file, '  123456789012345  ');
    expect(await readSecretFile(file)).toEqual({ kind: 'Unreadable', why: `${file} has fewer than 16 characters` });
  });
});
