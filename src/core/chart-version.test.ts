import { describe, expect, it } from 'vitest';
import { isNewerVersion } from './chart-version.ts';

describe('isNewerVersion', () => {
  it.each([
    ['1.0.1', '1.0.0'],
    ['1.10.0', '1.9.9'],
    ['2.0.0', '1.99.99'],
    ['v2', '1.0.0'],
    ['1.0.0', '1.0.0-rc.1'],
    ['1.0.0-rc.2', '1.0.0-rc.1'],
    ['1.0.0-rc.10', '1.0.0-rc.9'],
    ['1.0.0-rc.1.1', '1.0.0-rc.1'],
    ['1.0.0-beta', '1.0.0-alpha.9'],
    ['1.0.0-alpha', '1.0.0-9'],
  ])('%s is newer than %s, and not the other way round', (newer, older) => {
    expect(isNewerVersion(newer, older)).toBe(true);
    expect(isNewerVersion(older, newer)).toBe(false);
  });

  it.each([
    ['1.0.0', '1.0.0'],
    ['1.0.0+build.2', '1.0.0+build.1'],
    ['1.0', '1.0.0'],
    ['latest', '1.0.0'],
    ['1.0.0', 'latest'],
  ])('%s is not newer than %s', (version, than) => {
    expect(isNewerVersion(version, than)).toBe(false);
  });
});
