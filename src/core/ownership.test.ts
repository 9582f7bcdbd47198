import { describe, expect, it } from 'vitest';
import { describeOwner, isOwnedBy, stampOf } from './ownership.ts';

const OWNER = { namespace: 'apps', name: 'web' };
const ADDRESS = { namespace: 'prod', releaseName: 'frontend' };

type Labels = Readonly<Record<string, string>>;
const marks = (labels: Labels, annotations: Labels = {}) => ({ labels, annotations });
const ours = (namespace: string, name: string) => ({ 'tagalong.dev/namespace': namespace, 'tagalong.dev/name': name });

describe('stampOf', () => {
  it("carries our labels with the ChartRelease and Helm's with the release", () => {
    expect(stampOf(OWNER, ADDRESS)).toEqual({
      labels: { 'tagalong.dev/namespace': 'apps', 'tagalong.dev/name': 'web', 'app.kubernetes.io/managed-by': 'Helm' },
      annotations: { 'meta.helm.sh/release-name': 'frontend', 'meta.helm.sh/release-namespace': 'prod' },
    });
  });

  it('makes an object its own', () => {
    expect(isOwnedBy(stampOf(OWNER, ADDRESS), OWNER)).toBe(true);
  });
});

describe('isOwnedBy', () => {
  it.each<readonly [string, Labels, boolean]>([
    ['its own object', ours('apps', 'web'), true],
    ['its own object among other labels', { ...ours('apps', 'web'), app: 'web' }, true],
    ['an object without labels', {}, false],
    ['an object of a ChartRelease of another name', ours('apps', 'api'), false],
    ['an object of a ChartRelease of the same name elsewhere', ours('test', 'web'), false],
    ['an object whose namespace label is gone', { 'tagalong.dev/name': 'web' }, false],
    ["an object that is only Helm's", { 'app.kubernetes.io/managed-by': 'Helm' }, false],
  ])('of %s', (_name, labels, expected) => {
    expect(isOwnedBy(marks(labels), OWNER)).toBe(expected);
  });
});

describe('describeOwner', () => {
  const flux = { 'helm.toolkit.fluxcd.io/name': 'web', 'helm.toolkit.fluxcd.io/namespace': 'flux-system' };
  const helm = { 'meta.helm.sh/release-name': 'frontend', 'meta.helm.sh/release-namespace': 'prod' };
  const kustomize = { 'kustomize.toolkit.fluxcd.io/name': 'apps', 'kustomize.toolkit.fluxcd.io/namespace': 'flux-system' };
  it.each<readonly [string, Labels, Labels, string]>([
    ['another ChartRelease', ours('apps', 'api'), helm, 'belongs to ChartRelease apps/api'],
    ['a ChartRelease whose namespace is not known', { 'tagalong.dev/name': 'api' }, {}, 'belongs to ChartRelease ?/api'],
    ['a HelmRelease of Flux', flux, helm, 'belongs to Flux HelmRelease flux-system/web'],
    ['a Kustomization of Flux', kustomize, {}, 'belongs to Flux Kustomization flux-system/apps'],
    ['a Helm release', {}, helm, 'belongs to Helm release prod/frontend'],
    ['a Helm release whose namespace is not known', {}, { 'meta.helm.sh/release-name': 'frontend' }, 'belongs to Helm release ?/frontend'],
    ['nobody that it knows', { app: 'web' }, {}, 'was not made by Tagalong'],
  ])('names %s', (_name, labels, annotations, text) => {
    expect(describeOwner({ ...marks(labels, annotations), managers: [] })).toBe(text);
  });

  it('names who has set its fields where no mark says whose it is, the first of them', () => {
    expect(describeOwner({ ...marks({}), managers: ['kubectl-create', 'a', 'b', 'c'] })).toBe('was not made by Tagalong but by kubectl-create, a, b');
    expect(describeOwner({ ...marks({}, { 'meta.helm.sh/release-name': 'web' }), managers: ['helm'] })).toBe('belongs to Helm release ?/web');
  });
});
