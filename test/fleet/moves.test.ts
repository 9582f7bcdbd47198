import { expect, it } from 'vitest';
import { moveIn } from './moves.ts';

const record = (release: string, revision: number, status: string, digest = 'new') => ({
  key: `/registry/secrets/n/sh.helm.release.v1.${release}.v${revision}`,
  value: JSON.stringify({
    metadata: { namespace: 'n', labels: { name: release, version: String(revision), status }, annotations: { 'tagalong.dev/chart-digest': digest } },
  }),
});

const changes = [
  record('a', 1, 'deployed', 'old'),
  record('b', 1, 'deployed', 'old'),
  record('c', 1, 'deployed', 'old'),
  record('b', 2, 'pending-upgrade'),
  record('a', 2, 'pending-upgrade'),
  record('a', 1, 'superseded', 'old'),
  record('a', 2, 'deployed'),
  record('b', 2, 'failed'),
  record('c', 2, 'pending-upgrade'),
  record('b', 3, 'pending-rollback', 'old'),
  record('b', 2, 'failed'),
  record('b', 3, 'deployed', 'old'),
  { key: '/registry/secrets/n/sh.helm.release.v1.b.v1', value: undefined },
].map((change, at) => ({ ...change, at }));

it('counts who rolls at once, where what fails is undone', () => {
  expect(moveIn(changes, 'new', { isUndone: true })).toEqual({ mostAtOnce: 2, opened: new Set(['n/b', 'n/a', 'n/c']), order: ['n/a', 'n/c', 'n/b'] });
});

it('counts who has an open revision, where what fails stays', () => {
  const three = [...changes.slice(0, 8), record('c', 2, 'pending-upgrade'), record('a', 3, 'pending-upgrade')].map((change, at) => ({ ...change, at }));
  expect(moveIn(three, 'new', { isUndone: false }).mostAtOnce).toBe(2);
  expect(moveIn(three, 'new', { isUndone: true }).mostAtOnce).toBe(3);
});
