import { describe, expect, it } from 'vitest';
import type { DriftIgnore } from '../api/chart-release.ts';
import {
  describeDrift,
  type Drift,
  driftOf,
  type DriftRules,
  excusedLosses,
  type FieldOwner,
  type Inspection,
  isSpokenOf,
  KNOWN_OWNERS,
  lostFields,
  sparedFields,
} from './drift.ts';
import { type FieldPath, printPath } from './field-set.ts';
import type { FieldTree, ManagedEntry } from './managed-fields.ts';

const REF = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' };
const MANIFEST = { spec: { replicas: 2, template: { spec: { containers: [{ name: 'web', image: 'a' }] } } } };
const OBJECT = { ref: REF, manifest: MANIFEST };
const REPLICAS = ['f:spec', 'f:replicas'];
const IMAGE = ['f:spec', 'f:template', 'f:spec', 'f:containers', 'k:{"name":"web"}', 'f:image'];
const RELEASE_NAME = ['f:metadata', 'f:labels', 'f:tagalong.dev/name'];
const CONTAINER = '/spec/template/spec/containers/name=web';

const by = (manager: string, subresource?: string): FieldOwner => ({ manager, ...(subresource !== undefined && { subresource }) });
const lost = (path: FieldPath, ...owners: readonly FieldOwner[]) => ({ path, owners });
const changed = (...fields: ReturnType<typeof lost>[]): Inspection => ({ kind: 'Changed', lost: fields });
const rules = (...ignored: readonly DriftIgnore[]): DriftRules => ({ excused: KNOWN_OWNERS, ignored });
const AUTOSCALER = by('kube-controller-manager', 'scale');

const said = (inspection: Inspection, given: DriftRules = rules(), ref: Partial<typeof REF> = {}): string => {
  const drift = driftOf({ ...OBJECT, ref: { ...REF, ...ref } }, inspection, given);
  return drift === undefined ? 'none' : describeDrift([drift]);
};

describe('driftOf', () => {
  it.each<{ of: string; inspection: Inspection; given?: DriftRules; ref?: Partial<typeof REF>; expected: string }>([
    { of: 'a field that somebody set', inspection: changed(lost(IMAGE, by('kubectl-set'))), expected: `Deployment shop/web: ${CONTAINER}/image (kubectl-set)` },
    { of: 'a field that somebody removed', inspection: changed(lost(IMAGE)), expected: `Deployment shop/web: ${CONTAINER}/image (removed)` },
    { of: 'a field that two have now', inspection: changed(lost(IMAGE, by('one'), by('two', 'status'))), expected: `Deployment shop/web: ${CONTAINER}/image (one, two by status)` },
    { of: 'nothing lost', inspection: changed(), expected: 'none' },
    { of: 'replicas that an autoscaler has', inspection: changed(lost(REPLICAS, AUTOSCALER)), expected: 'none' },
    { of: 'replicas that a person has scaled', inspection: changed(lost(REPLICAS, by('kubectl', 'scale'))), expected: 'Deployment shop/web: /spec/replicas (kubectl by scale)' },
    {
      of: 'replicas that a controller has set otherwise than by scale',
      inspection: changed(lost(REPLICAS, by('kube-controller-manager'))),
      expected: 'Deployment shop/web: /spec/replicas (kube-controller-manager)',
    },
    {
      of: 'what is excused beside what is not',
      inspection: changed(lost(REPLICAS, AUTOSCALER), lost(IMAGE, by('kubectl-edit'))),
      expected: `Deployment shop/web: ${CONTAINER}/image (kubectl-edit)`,
    },
    { of: 'an ignored path', inspection: changed(lost(REPLICAS, by('x'))), given: rules({ paths: ['/spec/replicas'] }), expected: 'none' },
    { of: 'a path in an ignored one', inspection: changed(lost(IMAGE)), given: rules({ paths: ['/spec/template'] }), expected: 'none' },
    {
      of: 'a path that is ignored of another object',
      inspection: changed(lost(REPLICAS, by('x'))),
      given: rules({ paths: ['/spec/replicas'], target: { name: 'api' } }, { paths: ['/spec/replicas'], target: { kind: 'StatefulSet' } }),
      expected: 'Deployment shop/web: /spec/replicas (x)',
    },
    {
      of: 'a path that is ignored of this object',
      inspection: changed(lost(REPLICAS, by('x'))),
      given: rules({ paths: ['/spec/replicas'], target: { kind: 'Deployment', name: 'web', namespace: 'shop' } }),
      expected: 'none',
    },
    {
      of: 'the label by which it is found again, though all labels are ignored',
      inspection: changed(lost(RELEASE_NAME)),
      given: rules({ paths: ['/metadata'] }),
      expected: 'Deployment shop/web: /metadata/labels/tagalong.dev~1name (removed)',
    },
    { of: 'an object that was deleted', inspection: { kind: 'Gone' }, expected: 'Deployment shop/web was deleted' },
    { of: 'an object that was deleted and is ignored', inspection: { kind: 'Gone' }, given: rules({ paths: [''], target: { kind: 'Deployment' } }), expected: 'none' },
    {
      of: 'an object of which everything below is ignored, and which was deleted',
      inspection: { kind: 'Gone' },
      given: rules({ paths: ['/spec'] }),
      expected: 'Deployment shop/web was deleted',
    },
    { of: 'a Job that is gone', inspection: { kind: 'Gone' }, ref: { apiVersion: 'batch/v1', kind: 'Job' }, expected: 'none' },
    { of: 'an object that is going', inspection: { kind: 'Leaving' }, expected: 'none' },
    {
      of: 'an object that was made anew',
      inspection: { kind: 'Replaced', by: ['kubectl-create', 'a', 'b', 'c'] },
      expected: 'Deployment shop/web was made anew by kubectl-create, a, b',
    },
    { of: 'an object of which nobody knows who made it', inspection: { kind: 'Replaced', by: [] }, expected: 'Deployment shop/web was made anew' },
    { of: 'an object that another release has', inspection: { kind: 'Held', by: 'belongs to Helm release a/b' }, expected: 'Deployment shop/web belongs to Helm release a/b' },
    { of: 'what nobody can tell', inspection: { kind: 'Unclear', why: 'x' }, expected: 'none' },
  ])('$of', ({ inspection, given, ref, expected }) => {
    expect(said(inspection, given, ref)).toBe(expected);
  });
});

describe('describeDrift', () => {
  it('is bounded in objects and in fields', () => {
    const fields = Array.from({ length: 8 }, (_, at) => ({ path: `/data/${at}`, by: 'x' }));
    const drifts: readonly Drift[] = Array.from({ length: 9 }, (_, at) => ({ ref: { ...REF, name: `web-${at}` }, kind: 'Changed', by: '', fields }));
    const text = describeDrift(drifts);
    expect(text).toMatch(/^Deployment shop\/web-0: \/data\/0 \(x\), .*\/data\/4 \(x\) and 3 more fields; Deployment shop\/web-1/);
    expect(text).toMatch(/web-4: .* and 4 more objects$/);
    expect(text).not.toContain('web-5');
  });
});

const managed = (own: FieldTree | undefined, others: Readonly<Record<string, FieldTree>> = {}, subresource?: string): readonly ManagedEntry[] => [
  ...Object.entries(others).map(([manager, fields]) => entry(manager, fields, subresource)),
  ...(own === undefined ? [] : [entry('tagalong', own)]),
];
const entry = (manager: string, fieldsV1: FieldTree, subresource?: string): ManagedEntry => ({
  ...by(manager, subresource),
  operation: 'Apply',
  apiVersion: 'apps/v1',
  fieldsType: 'FieldsV1',
  fieldsV1,
});
const OWN = { 'f:spec': { 'f:replicas': {}, 'f:paused': {} } };
const LESS = { 'f:spec': { 'f:paused': {} } };
const THEIRS = { 'f:spec': { '.': {}, 'f:replicas': {} } };

describe('lostFields', () => {
  it('are those that an apply would give us, with those who have them', () => {
    expect(lostFields(managed(LESS, { kubectl: THEIRS, other: LESS }), managed(OWN))).toEqual([lost(REPLICAS, by('kubectl'))]);
  });

  it('are none of what somebody has beside us', () => {
    expect(lostFields(managed(OWN, { kubectl: THEIRS }), managed(OWN))).toEqual([]);
  });
});

describe('excusedLosses', () => {
  it('are those that are excused or ignored, also where nobody has them', () => {
    const inspection = changed(lost(REPLICAS, AUTOSCALER), lost(IMAGE), lost(['f:spec', 'f:paused'], by('x')));
    expect(excusedLosses(OBJECT, inspection, rules({ paths: [`${CONTAINER}/image`] })).map(printPath)).toEqual(['/spec/replicas', `${CONTAINER}/image`]);
  });
});

describe('sparedFields', () => {
  it.each<{ of: string; present: readonly ManagedEntry[]; given: DriftRules; expected: readonly string[] }>([
    { of: 'replicas that an autoscaler has', present: managed(LESS, { 'kube-controller-manager': THEIRS }, 'scale'), given: rules(), expected: ['/spec/replicas'] },
    { of: 'nothing that we have as well', present: managed(OWN, { 'kube-controller-manager': THEIRS }, 'scale'), given: rules(), expected: [] },
    { of: 'nothing of somebody who is not excused', present: managed(LESS, { kubectl: THEIRS }), given: rules(), expected: [] },
    { of: 'an ignored path that somebody has', present: managed(undefined, { kubectl: THEIRS }), given: rules({ paths: ['/spec/replicas'] }), expected: ['/spec/replicas'] },
    { of: 'no map that many have a part in', present: managed(undefined, { kubectl: THEIRS }), given: rules({ paths: ['/spec'] }), expected: ['/spec/replicas'] },
  ])('has $of', ({ present, given, expected }) => {
    expect(sparedFields(OBJECT, present, given).map(printPath)).toEqual(expected);
  });
});

describe('isSpokenOf', () => {
  it('tells which objects a release has rules about', () => {
    const given = rules({ paths: ['/x'], target: { kind: 'Deployment' } });
    expect([REF, { ...REF, kind: 'Service' }].map((ref) => isSpokenOf(ref, given))).toEqual([true, false]);
  });
});
