import { describe, expect, it } from 'vitest';
import { type Departure, departureOf, type Leaving } from './departure.ts';

const leaving = (known: Partial<Leaving>): Leaving => ({
  policy: 'Uninstall',
  isKindGoing: false,
  isNamespaceGoing: false,
  isTargetGoing: false,
  isElsewhere: false,
  hasBegun: false,
  ...known,
});

describe('departureOf', () => {
  it.each<readonly [string, Partial<Leaving>, Departure['kind']]>([
    ['uninstalls where the ChartRelease alone is deleted', {}, 'Uninstall'],
    ['uninstalls in another namespace', { isElsewhere: true }, 'Uninstall'],
    ['leaves what the spec says is to be left', { policy: 'Orphan' }, 'Leave'],
    ['leaves what the spec says is to be left, also when an uninstall has begun', { policy: 'Orphan', hasBegun: true }, 'Leave'],
    ['leaves everything when the kind is deleted', { isKindGoing: true }, 'Leave'],
    ['leaves everything when kind and namespace are deleted', { isKindGoing: true, isNamespaceGoing: true, isTargetGoing: true }, 'Leave'],
    ['brings an uninstall to its end though the kind is deleted', { isKindGoing: true, hasBegun: true }, 'Uninstall'],
    ['deletes what is outside of a namespace that is deleted with both', { isNamespaceGoing: true, isTargetGoing: true }, 'Clear'],
    ['leaves what is in another namespace', { isNamespaceGoing: true, isElsewhere: true }, 'Leave'],
    ['leaves what is in another namespace that is deleted too', { isNamespaceGoing: true, isElsewhere: true, isTargetGoing: true }, 'Leave'],
    ['brings an uninstall in another namespace to its end', { isNamespaceGoing: true, isElsewhere: true, hasBegun: true }, 'Uninstall'],
    ['deletes what is outside where the namespace of the Helm release is deleted too', { isElsewhere: true, isTargetGoing: true }, 'Clear'],
  ])('%s', (_name, known, kind) => {
    expect(departureOf(leaving(known)).kind).toBe(kind);
  });
});
