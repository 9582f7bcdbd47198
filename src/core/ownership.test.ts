import { describe, expect, it } from 'vitest';
import { belongingOf, describeStranger, stampOf, strangerIn } from './ownership.ts';

const OWNER = { namespace: 'apps', name: 'web' };
const ADDRESS = { namespace: 'prod', releaseName: 'frontend' };
const WHOSE = { owner: OWNER, address: ADDRESS };

type Labels = Readonly<Record<string, string>>;
const marks = (labels: Labels, annotations: Labels = {}, controller?: string) => ({ labels, annotations, controller });
const ours = (namespace: string, name: string) => ({ 'tagalong.dev/namespace': namespace, 'tagalong.dev/name': name });

describe('stampOf', () => {
  it("carries our labels with the ChartRelease and Helm's with the release", () => {
    expect(stampOf(OWNER, ADDRESS)).toEqual({
      labels: { 'tagalong.dev/namespace': 'apps', 'tagalong.dev/name': 'web', 'app.kubernetes.io/managed-by': 'Helm' },
      annotations: { 'meta.helm.sh/release-name': 'frontend', 'meta.helm.sh/release-namespace': 'prod' },
    });
  });

  it('makes an object its own', () => {
    expect(belongingOf({ ...stampOf(OWNER, ADDRESS), controller: undefined }, WHOSE)).toEqual({ kind: 'Own' });
  });
});

const helm = (namespace: string, name: string) => ({ 'meta.helm.sh/release-namespace': namespace, 'meta.helm.sh/release-name': name });

describe('belongingOf', () => {
  it.each<readonly [string, Labels, Labels]>([
    ['its own object', ours('apps', 'web'), {}],
    ['its own object among other labels', { ...ours('apps', 'web'), app: 'web' }, {}],
    ['its own object which names another release', ours('apps', 'web'), helm('prod', 'other')],
    ['an object that stock helm made of its release', { 'app.kubernetes.io/managed-by': 'Helm' }, helm('prod', 'frontend')],
  ])('says Own of %s', (_name, labels, annotations) => {
    expect(belongingOf(marks(labels, annotations), WHOSE)).toEqual({ kind: 'Own' });
  });

  it.each<readonly [string, Labels]>([
    ['an object without labels', {}],
    ['an object whose name label is gone', { 'tagalong.dev/namespace': 'apps' }],
    ["an object that is only labelled as Helm's", { 'app.kubernetes.io/managed-by': 'Helm' }],
  ])('says Nobodys of %s', (_name, labels) => {
    expect(belongingOf(marks(labels), WHOSE)).toEqual({ kind: 'Nobodys' });
  });

  const flux = { 'helm.toolkit.fluxcd.io/name': 'web', 'helm.toolkit.fluxcd.io/namespace': 'flux-system' };
  const kustomize = { 'kustomize.toolkit.fluxcd.io/name': 'apps', 'kustomize.toolkit.fluxcd.io/namespace': 'flux-system' };
  it.each<readonly [string, Labels, Labels, string, boolean]>([
    ['another ChartRelease', ours('apps', 'api'), helm('prod', 'frontend'), 'ChartRelease apps/api', false],
    ['a ChartRelease of the same name elsewhere', ours('test', 'web'), {}, 'ChartRelease test/web', false],
    ['a ChartRelease whose namespace is not known', { 'tagalong.dev/name': 'web' }, {}, 'ChartRelease ?/web', false],
    ['a HelmRelease of Flux, which writes the annotations of the release', flux, helm('prod', 'frontend'), 'Flux HelmRelease flux-system/web', true],
    ['a Kustomization of Flux', kustomize, {}, 'Flux Kustomization flux-system/apps', true],
    ['another Helm release', {}, helm('prod', 'backend'), 'Helm release prod/backend', false],
    ['a Helm release of the same name elsewhere', {}, helm('test', 'frontend'), 'Helm release test/frontend', false],
    ['a Helm release whose namespace is not known', {}, { 'meta.helm.sh/release-name': 'frontend' }, 'Helm release ?/frontend', false],
  ])('names %s', (_name, labels, annotations, owner, isFlux) => {
    expect(belongingOf(marks(labels, annotations), WHOSE)).toEqual({ kind: 'Others', owner, isFlux });
  });
});

it('says of an object that another one controls whose it is', () => {
  expect(belongingOf(marks({}, {}, 'ReplicaSet web-1'), WHOSE)).toEqual({ kind: 'Others', owner: 'ReplicaSet web-1', isFlux: false });
  expect(belongingOf(marks(ours('apps', 'web'), {}, 'Widget one'), WHOSE)).toEqual({ kind: 'Own' });
});

describe('describeStranger', () => {
  const by = (...managers: readonly string[]) => managers.map((manager) => ({ manager }));
  it.each([
    ['names who has it', { kind: 'Others', owner: 'Helm release prod/web', isFlux: false } as const, by('helm'), 'belongs to Helm release prod/web'],
    ['has nobody to name', { kind: 'Nobodys' } as const, by(), 'was not made by Tagalong'],
    [
      'names who has set its fields where no mark says whose it is, the first of them',
      { kind: 'Nobodys' } as const,
      by('kubectl-create', 'a', 'a', 'b', 'c'),
      'was not made by Tagalong but by kubectl-create, a, b',
    ],
  ])('%s', (_name, belonging, managed, text) => {
    expect(describeStranger(belonging, managed)).toBe(text);
  });
});

describe('strangerIn', () => {
  it.each<readonly [string, Labels, Labels, string | undefined]>([
    ['nobody in its own object', ours('apps', 'web'), helm('prod', 'frontend'), undefined],
    ["nobody in its own object without Helm's annotations", ours('apps', 'web'), {}, undefined],
    ["another Helm release, which a person's helm has taken it into", ours('apps', 'web'), helm('prod', 'other'), 'belongs to Helm release prod/other'],
    ['another ChartRelease', ours('apps', 'api'), helm('prod', 'frontend'), 'belongs to ChartRelease apps/api'],
    ['an object of nobody', {}, {}, 'was not made by Tagalong'],
  ])('sees %s', (_name, labels, annotations, stranger) => {
    expect(strangerIn({ ...marks(labels, annotations), managed: [] }, WHOSE)).toBe(stranger);
  });
});
