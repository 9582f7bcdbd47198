import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ensureDebianRegistry } from './debian-registry.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tagalong-debian-'));
  mkdirSync(join(dir, 'bin'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const program = (name: string, script: string): void => {
  writeFileSync(join(dir, 'bin', name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(dir, 'bin', name), 0o755);
};
const ensure = () => ensureDebianRegistry({ cacheDir: join(dir, 'cache'), path: `${join(dir, 'bin')}:/bin:/usr/bin` });
const unpacks = 'mkdir -p unpacked/usr/bin && echo registry > unpacked/usr/bin/docker-registry';

describe('the registry of Debian', () => {
  test('comes out of the package that apt has, and is kept', async () => {
    program('apt-get', 'echo "$@" >> ../../../../asked; : > docker-registry_2.8.2+ds1-1_amd64.deb');
    program('dpkg-deb', `test -f "$2" && ${unpacks}`);
    const first = await ensure();
    expect(first.kind === 'Found' && readFileSync(first.path, 'utf8')).toBe('registry\n');
    expect(await ensure()).toEqual(first);
    expect(readFileSync(join(dir, 'asked'), 'utf8')).toBe('download docker-registry\n');
  });

  test.each<[string, string, RegExp]>([
    [
      'apt has another version',
      ': > docker-registry_2.9.0-1_amd64.deb',
      /^cannot get docker-registry 2.8.2 by apt-get download: apt has another version, docker-registry_2.9.0-1_amd64.deb$/,
    ],
    ['apt knows of none', 'echo "E: Unable to locate package" >&2; exit 100', /: Command failed: apt-get download docker-registry E: Unable to locate package$/],
  ])('is missing where %s, and nothing is left', async (_name, script, why) => {
    program('apt-get', script);
    expect(await ensure()).toEqual({ kind: 'Missing', why: expect.stringMatching(why) });
    const platform = join(dir, 'cache/tools', `${process.platform}-${process.arch}`);
    expect(existsSync(platform) ? readdirSync(platform) : []).toEqual([]);
  });

  test('is missing where there is no apt', async () => {
    expect(await ensureDebianRegistry({ cacheDir: join(dir, 'cache'), path: join(dir, 'bin') })).toEqual({ kind: 'Missing', why: expect.stringMatching(/spawn apt-get ENOENT$/) });
  });
});
