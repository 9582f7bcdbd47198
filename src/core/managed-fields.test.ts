import { describe, expect, it } from 'vitest';
import { fold, isOfHelm, isOfKubectl, lastWrittenByHelm, type FieldTree, type ManagedEntry, ownEntry } from './managed-fields.ts';

const entry = (manager: string, operation: string, fieldsV1: FieldTree, more: Partial<ManagedEntry> = {}): ManagedEntry => ({
  manager,
  operation,
  apiVersion: 'v1',
  fieldsType: 'FieldsV1',
  fieldsV1,
  ...more,
});

const data = (...keys: readonly string[]): FieldTree => ({ 'f:data': Object.fromEntries(keys.map((key) => [`f:${key}`, {}])) });
const named: FieldTree = { 'f:metadata': { 'f:annotations': { 'f:meta.helm.sh/release-name': {} } } };

describe('isOfHelm', () => {
  it.each<readonly [string, ManagedEntry, boolean]>([
    ['knows a client-side helm', entry('helm', 'Update', data('a')), true],
    ['knows a server-side helm', entry('helm', 'Apply', data('a')), true],
    ['knows another program by the name of the release that it set', entry('terraform-provider-helm', 'Update', named), true],
    ['takes what we set for ours', entry('tagalong', 'Apply', named), false],
    ['takes what a controller set for its own', entry('kube-controller-manager', 'Update', data('a')), false],
    ['leaves out what was written through a subresource', entry('helm', 'Update', data('a'), { subresource: 'status' }), false],
  ])('%s', (_name, given, expected) => {
    expect(isOfHelm(given)).toBe(expected);
  });
});

describe('isOfKubectl', () => {
  it.each([
    ['kubectl-client-side-apply', true],
    ['before-first-apply', true],
    ['kubectl-edit', false],
    ['kubectl-rollout', false],
    ['tagalong', false],
  ])('of %s is %s', (manager, expected) => {
    expect(isOfKubectl(entry(manager, 'Update', data('a')))).toBe(expected);
  });
});

describe('lastWrittenByHelm', () => {
  it('is the latest of its entries', () => {
    const entries = [
      entry('helm', 'Update', data('a'), { time: '2026-01-01T00:00:01Z' }),
      entry('helm', 'Apply', data('b'), { time: '2026-01-01T00:00:03Z' }),
      entry('kubelet', 'Update', data('c'), { time: '2026-01-01T00:00:09Z' }),
    ];
    expect(lastWrittenByHelm(entries)).toBe(Date.parse('2026-01-01T00:00:03Z'));
  });

  it('is nothing where helm has no field', () => {
    expect(lastWrittenByHelm([entry('kubelet', 'Update', data('c'))])).toBeUndefined();
  });
});

describe('fold', () => {
  it('leaves alone what nobody whose fields are taken has written', () => {
    expect(fold([entry('tagalong', 'Apply', data('a')), entry('kubelet', 'Update', data('b'))], isOfHelm)).toBeUndefined();
  });

  it("makes helm's fields ours, beside what others have", () => {
    const other = entry('kubelet', 'Update', data('c'));
    const before = [entry('helm', 'Update', data('a', 'b'), { time: '2026-01-01T00:00:01Z' }), other, entry('tagalong', 'Apply', data('b', 'd'))];
    expect(fold(before, isOfHelm)).toEqual([other, entry('tagalong', 'Apply', data('b', 'd', 'a'))]);
  });

  it('begins an entry of ours where there is none, in the version of the last that is taken', () => {
    const before = [entry('helm', 'Update', data('a')), entry('helm', 'Apply', data('b'), { apiVersion: 'v2', time: '2026-01-01T00:00:01Z' })];
    expect(fold(before, isOfHelm)).toEqual([entry('tagalong', 'Apply', data('a', 'b'), { apiVersion: 'v2', time: '2026-01-01T00:00:01Z' })]);
  });

  it('keeps items of lists and the fields in them apart', () => {
    const container = (name: string, ...fields: readonly string[]): FieldTree => ({
      'f:containers': { [`k:{"name":"${name}"}`]: { '.': {}, ...Object.fromEntries(fields.map((field) => [`f:${field}`, {}])) } },
    });
    const folded = fold([entry('helm', 'Update', container('web', 'env')), entry('tagalong', 'Apply', container('web', 'image'))], isOfHelm) ?? [];
    expect(ownEntry(folded)?.fieldsV1).toEqual(container('web', 'image', 'env'));
  });
});
