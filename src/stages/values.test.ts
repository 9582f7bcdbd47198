import { describe, expect, it } from 'vitest';
import type { ChartRelease, ValuesReference } from '../api/chart-release.ts';
import type { SourceContent, SourceKeys, Sources } from '../ports/sources.ts';
import { values } from './values.ts';

const OBJECTS: Readonly<Record<string, SourceKeys>> = {
  'ConfigMap apps/base': { 'values.yaml': Buffer.from('a: 0644\n'), other: Buffer.from('b: 2') },
  'Secret apps/login': { password: Buffer.from('hun,ter2'), bytes: Buffer.from([0xff]) },
};

const sourceOf = (keys: SourceKeys | undefined): SourceContent | undefined => keys && { keys, annotations: {} };

const sources: Sources = {
  read: (_follower, _use, refs) => Promise.resolve(refs.map(({ kind, namespace, name }) => sourceOf(OBJECTS[`${kind} ${namespace}/${name}`]))),
  forget: () => undefined,
};

const given = (valuesFrom: readonly ValuesReference[], inline?: unknown) =>
  values(
    sources,
    { metadata: { namespace: 'apps', name: 'web' }, spec: { valuesFrom, ...(inline !== undefined && { values: inline }) } } as unknown as ChartRelease,
    AbortSignal.timeout(1000),
  ); // what is not looked at is left out

const BASE = { kind: 'ConfigMap', name: 'base' } as const;
const LOGIN = { kind: 'Secret', name: 'login', valuesKey: 'password', targetPath: 'db.password' } as const;

describe('values', () => {
  it('are documents in their order, as text, and those of the spec last', async () => {
    const { documents } = await given([BASE, { ...LOGIN, literal: true }], { a: 1 });
    expect(documents).toEqual([
      { text: 'a: 0644\n', name: 'ConfigMap apps/base, key values.yaml', isLiteral: false, isSecret: false },
      { text: 'hun,ter2', name: 'Secret apps/login, key password', targetPath: 'db.password', isLiteral: true, isSecret: true },
      { text: '{"a":1}', name: 'spec.values', isLiteral: false, isSecret: false },
    ]);
  });

  it.each<readonly [string, ValuesReference, string]>([
    ['an object that is missing', { kind: 'Secret', name: 'none' }, 'spec.valuesFrom: Secret apps/none does not exist; create it, or make the reference optional'],
    ['a key that is missing', { ...BASE, valuesKey: 'no' }, 'spec.valuesFrom: ConfigMap apps/base has no key no; add it, or make the reference optional'],
    ['bytes that are no text', { ...LOGIN, valuesKey: 'bytes' }, 'spec.valuesFrom: Secret apps/login, key bytes is no UTF-8 text'],
  ])('are refused by name for %s', async (_name, reference, message) => {
    await expect(given([reference])).rejects.toMatchObject({ reason: message.endsWith('optional') ? 'ValuesNotFound' : 'ValuesInvalid', message });
  });

  it('go without what is missing and optional', async () => {
    const missing = [
      { kind: 'Secret', name: 'none', optional: true },
      { ...BASE, valuesKey: 'no', optional: true },
    ] as const;
    expect(await given(missing, { a: 1 })).toEqual(await given([], { a: 1 }));
  });
});
