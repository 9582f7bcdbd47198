import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FieldSet, holds, lackingIn, membersOf, parseFields, printFields, printPath, touches } from './field-set.ts';

const DEPLOYMENT = {
  'f:metadata': { 'f:labels': { 'f:app.kubernetes.io/name': {} } },
  'f:spec': {
    'f:replicas': {},
    'f:template': {
      'f:spec': {
        'f:containers': {
          'k:{"name":"web"}': {
            '.': {},
            'f:args': {},
            'f:env': { 'k:{"name":"A"}': { '.': {}, 'f:name': {}, 'f:value': {} } },
            'f:image': {},
            'f:name': {},
            'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
          },
        },
      },
    },
  },
};

const without = (fields: object, ...path: readonly string[]): object => {
  const [first = '', ...rest] = path;
  return Object.fromEntries(Object.entries(fields).flatMap(([key, value]) => (key !== first ? [[key, value]] : rest.length === 0 ? [] : [[key, without(value, ...rest)]])));
};

const WEB = ['f:spec', 'f:template', 'f:spec', 'f:containers', 'k:{"name":"web"}'] as const;

const lost = (present: object) => lackingIn(parseFields(present), parseFields(DEPLOYMENT)).map(printPath);

describe('lackingIn', () => {
  it.each([
    { of: 'the same set', present: DEPLOYMENT, expected: [] },
    { of: 'a number that somebody set', present: without(DEPLOYMENT, 'f:spec', 'f:replicas'), expected: ['/spec/replicas'] },
    { of: 'a label with a slash in its key', present: without(DEPLOYMENT, 'f:metadata'), expected: ['/metadata/labels/app.kubernetes.io~1name'] },
    { of: 'a list that is one value', present: without(DEPLOYMENT, ...WEB, 'f:args'), expected: ['/spec/template/spec/containers/name=web/args'] },
    {
      of: 'an entry of a list that was taken out: by itself, not with its parts',
      present: without(DEPLOYMENT, ...WEB, 'f:env', 'k:{"name":"A"}'),
      expected: ['/spec/template/spec/containers/name=web/env/name=A'],
    },
    {
      of: 'an entry with two keys',
      present: without(DEPLOYMENT, ...WEB, 'f:ports'),
      expected: ['/spec/template/spec/containers/name=web/ports/containerPort=80,protocol=TCP'],
    },
    {
      of: 'an entry that somebody made anew, of which a part is ours still',
      present: without(DEPLOYMENT, ...WEB, '.'),
      expected: ['/spec/template/spec/containers/name=web'],
    },
    { of: 'everything', present: {}, expected: ['/metadata/labels/app.kubernetes.io~1name', '/spec/replicas', '/spec/template/spec/containers/name=web'] },
    { of: 'more than was wanted', present: { ...DEPLOYMENT, 'f:data': { 'f:x': {} } }, expected: [] },
  ])('finds what is lacking: $of', ({ present, expected }) => {
    expect(lost(present)).toEqual(expected);
  });
});

describe('touches', () => {
  const set = parseFields(DEPLOYMENT);
  it.each([
    { path: ['f:spec', 'f:replicas'], expected: true, of: 'the field' },
    { path: ['f:spec'], expected: true, of: 'what the field is in' },
    { path: [...WEB, 'f:args', 'i:0'], expected: true, of: 'a part of a field that is one value' },
    { path: [...WEB, 'f:command'], expected: false, of: 'a neighbour' },
    { path: ['f:metadata', 'f:annotations'], expected: false, of: 'another map' },
  ])('$of: $expected', ({ path, expected }) => {
    expect(touches(set, path)).toBe(expected);
  });
});

describe('printPath', () => {
  it.each([
    { path: ['f:metadata', 'f:finalizers', 'v:"a/b~c"'], expected: '/metadata/finalizers/a~1b~0c' },
    { path: ['f:spec', 'f:items', 'i:3'], expected: '/spec/items/3' },
    { path: ['f:spec', 'f:rows', 'k:{"at":"x/y","on":true}'], expected: '/spec/rows/at=x~1y,on=true' },
    { path: ['f:spec', 'k:no json'], expected: '/spec/k:no json' },
    { path: [], expected: '' },
  ])('$expected', ({ path, expected }) => {
    expect(printPath(path)).toBe(expected);
  });
});

const element = fc.oneof(
  fc.string({ maxLength: 4 }).map((name) => `f:${name}`),
  fc.dictionary(fc.constantFrom('name', 'port'), fc.oneof(fc.string({ maxLength: 3 }), fc.nat(9)), { minKeys: 1 }).map((key) => `k:${JSON.stringify(key)}`),
  fc.string({ maxLength: 3 }).map((value) => `v:${JSON.stringify(value)}`),
  fc.nat(9).map((index) => `i:${index}`),
);
const paths = fc.array(fc.array(element, { minLength: 1, maxLength: 4 }), { maxLength: 12 });

interface Growing {
  isMember: boolean;
  readonly children: Map<string, Growing>;
}

const setOf = (all: readonly (readonly string[])[]): FieldSet => {
  const root: Growing = { isMember: false, children: new Map() };
  for (const path of all) {
    let node = root;
    for (const step of path) {
      const next = node.children.get(step) ?? { isMember: false, children: new Map() };
      node.children.set(step, next);
      node = next;
    }
    node.isMember = true;
  }
  return root;
};

describe('any set', () => {
  it('comes back from its fieldsV1', () => {
    fc.assert(
      fc.property(paths, (all) => {
        const set = setOf(all);
        expect(parseFields(JSON.parse(JSON.stringify(printFields(set))))).toEqual(set);
      }),
    );
  });

  it('lacks nothing of itself, all of itself in the empty set, and exactly what was taken out', () => {
    fc.assert(
      fc.property(paths, fc.nat(), (all, at) => {
        const set = setOf(all);
        expect(lackingIn(set, set)).toEqual([]);
        const members = membersOf(set);
        const taken = members[at % Math.max(1, members.length)];
        if (taken === undefined) return;
        const rest = setOf(members.filter((path) => path !== taken));
        expect(lackingIn(rest, set)).toEqual([taken]);
        expect(holds(rest, taken)).toBe(false);
        expect(holds(set, taken)).toBe(true);
      }),
    );
  });
});
