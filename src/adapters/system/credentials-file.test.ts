import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RecordingLogger } from '../../../test/kube/recording-logger.ts';
import { CredentialsFile } from './credentials-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tagalong-credentials-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('reads what the file holds now, and what it held before while it cannot be read', async () => {
  const file = path.join(folder, 'config.json');
  const logger = new RecordingLogger();
  const credentials = new CredentialsFile(file, logger);
  await writeFile(file, '{"auths":{"a":{}}}');
  expect(await credentials.read()).toBe('{"auths":{"a":{}}}');
  await writeFile(file, '{s3cret');
  expect(await credentials.read()).toBe('{"auths":{"a":{}}}');
  await rm(file);
  expect(await credentials.read()).toBe('{"auths":{"a":{}}}');
  expect(await credentials.read()).toBe('{"auths":{"a":{}}}');
  await writeFile(file, '{"auths":{"b":{}}}');
  expect(await credentials.read()).toBe('{"auths":{"b":{}}}');
  expect(logger.lines.map(({ message }) => message)).toEqual([expect.stringContaining('is not a JSON object; those read before are used'), expect.stringContaining('ENOENT')]);
});

it('has nothing where nothing could be read yet', async () => {
  expect(await new CredentialsFile(path.join(folder, 'nowhere'), new RecordingLogger()).read()).toBeUndefined();
});
