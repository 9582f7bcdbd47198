import { describe, expect, it } from 'vitest';
import { parseExact } from './exact-json.ts';
import { withoutFields } from './manifest-path.ts';

const WEB = ['f:spec', 'f:containers', 'k:{"name":"web"}'] as const;
const env = (name: string) => [...WEB, 'f:env', `k:{"name":"${name}"}`];
const POD = {
  metadata: { name: 'x', labels: { a: '1', b: '2' }, finalizers: ['one', 'two'] },
  spec: {
    replicas: 3,
    containers: [
      { name: 'side', image: 's' },
      { name: 'web', image: 'w', env: [{ name: 'A', value: '1' }], ports: [{ containerPort: 80, name: 'http' }] },
    ],
  },
};
const [side, web] = POD.spec.containers;

describe('withoutFields', () => {
  it.each([
    { of: 'a member', paths: [['f:spec', 'f:replicas']], expected: { ...POD, spec: { containers: POD.spec.containers } } },
    { of: 'an entry by its key, and the list that is empty then', paths: [env('A')], expected: withWeb({ name: 'web', image: 'w', ports: web?.ports }) },
    { of: 'what is in an entry, which goes when only its key is left', paths: [[...env('A'), 'f:value']], expected: withWeb({ name: 'web', image: 'w', ports: web?.ports }) },
    { of: 'no key without its entry', paths: [[...WEB, 'f:name']], expected: POD },
    {
      of: 'an entry whose key has a part that the API server fills in',
      paths: [[...WEB, 'f:ports', 'k:{"containerPort":80,"protocol":"TCP"}', 'f:name']],
      expected: withWeb({ name: 'web', image: 'w', env: web?.env }),
    },
    { of: 'an entry of a set', paths: [['f:metadata', 'f:finalizers', 'v:"two"']], expected: { ...POD, metadata: { ...POD.metadata, finalizers: ['one'] } } },
    { of: 'a place in a list', paths: [['f:metadata', 'f:finalizers', 'i:0']], expected: { ...POD, metadata: { ...POD.metadata, finalizers: ['two'] } } },
    {
      of: 'all of a map, and the map',
      paths: [
        ['f:metadata', 'f:labels', 'f:a'],
        ['f:metadata', 'f:labels', 'f:b'],
      ],
      expected: { ...POD, metadata: { name: 'x', finalizers: ['one', 'two'] } },
    },
    { of: 'nothing that is not there', paths: [env('B'), ['f:data', 'f:x'], ['f:spec', 'f:replicas', 'f:x'], ['f:metadata', 'k:{"name":"x"}']], expected: POD },
  ])('leaves out $of', ({ paths, expected }) => {
    const before = structuredClone(POD);
    expect(withoutFields(POD, paths)).toEqual(expected);
    expect(POD).toEqual(before);
  });

  it('keeps every digit of a number, and the order of members', () => {
    const text = '{"z":9007199254740993,"a":{"keep":12345678901234567890,"go":1},"list":[{"name":"n","big":9007199254740995,"go":2}]}';
    const left = withoutFields(parseExact(text), [
      ['f:a', 'f:go'],
      ['f:list', 'k:{"name":"n"}', 'f:go'],
    ]);
    expect(JSON.stringify(left)).toBe('{"z":9007199254740993,"a":{"keep":12345678901234567890},"list":[{"name":"n","big":9007199254740995}]}');
  });
});

function withWeb(container: object) {
  return { ...POD, spec: { ...POD.spec, containers: [side, container] } };
}
