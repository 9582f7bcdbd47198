import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDigest, parseReference, parseRepository, printReference, printWish, rangeIn, repositoryIn, shortDigest, type Reference } from './reference.ts';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

describe('parseReference', () => {
  it.each<readonly [string, string, Reference]>([
    ['a tag', 'ghcr.io/stefanprodan/charts/podinfo:6.9.0', { registry: 'ghcr.io', repository: 'stefanprodan/charts/podinfo', tag: '6.9.0' }],
    ['the oci scheme', 'oci://ghcr.io/charts/podinfo:6', { registry: 'ghcr.io', repository: 'charts/podinfo', tag: '6' }],
    ['a port', 'localhost:5000/podinfo:latest', { registry: 'localhost:5000', repository: 'podinfo', tag: 'latest' }],
    ['an address of IPv4', '10.0.0.7:30500/charts/app:1', { registry: '10.0.0.7:30500', repository: 'charts/app', tag: '1' }],
    ['an address of IPv6', '[::1]:5000/app:1', { registry: '[::1]:5000', repository: 'app', tag: '1' }],
    ['a host without dots', 'registry/app:1', { registry: 'registry', repository: 'app', tag: '1' }],
    ['a digest alone', `r.example/app@${DIGEST}`, { registry: 'r.example', repository: 'app', digest: DIGEST }],
    ['a tag with its digest', `r.example/app:1.2@${DIGEST}`, { registry: 'r.example', repository: 'app', tag: '1.2', digest: DIGEST }],
    ['separators in the path', 'r.example/a.b/c_d/e__f/g---h:1', { registry: 'r.example', repository: 'a.b/c_d/e__f/g---h', tag: '1' }],
    ['a tag with capitals and a leading underscore', 'r.example/app:_V1.0-RC', { registry: 'r.example', repository: 'app', tag: '_V1.0-RC' }],
    ["the + of a version as Helm's _", 'r.example/app:1.0+build.7', { registry: 'r.example', repository: 'app', tag: '1.0_build.7' }],
  ])('reads %s', (_name, text, reference) => {
    expect(parseReference(text)).toEqual({ kind: 'Reference', reference });
  });

  it.each([
    ['nothing', '', 'no registry host'],
    ['a name alone', 'podinfo:1.0', 'no registry host'],
    ['a path without a host', '/app:1', 'no registry host'],
    ['another scheme', 'https://r.example/app:1', 'only oci:// is read'],
    ['a scheme within', 'r.example/oci://app:1', 'only oci:// is read'],
    ['neither tag nor digest', 'r.example/app', 'neither tag nor digest'],
    ['an empty tag', 'r.example/app:', '"" is not a tag'],
    ['two tags', 'r.example/app:1:2', 'more than one tag'],
    ['a tag with white space', 'r.example/app:1.0 ', '"1.0 " is not a tag'],
    ['a path with a plus', 'r.example/a+b:1', '"a+b" is not a repository path'],
    ['a tag of 129 characters', `r.example/app:${'1'.repeat(129)}`, 'is not a tag'],
    ['two digests', `r.example/app@${DIGEST}@${DIGEST}`, 'more than one @'],
    ['a digest that is too short', 'r.example/app@sha256:abc', 'is not sha256:<64 hex digits>'],
    ['a digest in capitals', `r.example/app@${DIGEST.toUpperCase()}`, 'is not sha256:<64 hex digits>'],
    ['a digest of another algorithm', `r.example/app@sha512:${'a'.repeat(128)}`, 'is not sha256:<64 hex digits>'],
    ['capitals in the path', 'r.example/App:1', '"App" is not a repository path'],
    ['an empty part of the path', 'r.example/a//b:1', 'is not a repository path'],
    ['a path that climbs', 'r.example/../app:1', 'is not a repository path'],
    ['a port of zero', 'r.example:0/app:1', '"r.example:0" is not a host[:port]'],
    ['a port beyond 65535', 'r.example:65536/app:1', 'is not a host[:port]'],
    ['a user before the host', 'user:secret@r.example/app:1', 'is not a host[:port]'],
    ['white space around it', ' r.example/app:1', 'is not a host[:port]'],
    ['a line break after it', 'r.example/app:1\n', 'is not a tag'],
    ['host and path of 256 characters', `r.example/${'a'.repeat(247)}:1`, 'over 255 characters'],
  ])('refuses %s', (_name, text, why) => {
    expect(parseReference(text)).toEqual({ kind: 'Invalid', message: expect.stringContaining(why) });
  });

  it('takes host and path of 255 characters', () => {
    expect(parseReference(`r.example/${'a'.repeat(246)}:1`).kind).toBe('Reference');
  });

  it('says in one line what is wrong and what to write instead', () => {
    expect(parseReference('r.example/app')).toEqual({
      kind: 'Invalid',
      message:
        'spec.chart "r.example/app" is not a chart reference: it has neither tag nor digest, and there is no spec.version that chooses one; write host[:port]/namespace/name:tag',
    });
  });
});

const component = fc.stringMatching(/^[a-z0-9]{1,8}(?:(?:[._]|__|-{1,3})[a-z0-9]{1,8}){0,2}$/);
const tagOrDigest = fc
  .record({ tag: fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/), digest: fc.stringMatching(/^sha256:[0-9a-f]{64}$/) }, { requiredKeys: [] })
  .filter(({ tag, digest }) => tag !== undefined || digest !== undefined);
const anyReference: fc.Arbitrary<Reference> = fc
  .tuple(fc.domain(), fc.option(fc.integer({ min: 1, max: 65_535 })), fc.array(component, { minLength: 1, maxLength: 4 }), tagOrDigest)
  .map(([host, port, path, rest]) => ({ registry: port === null ? host : `${host}:${port}`, repository: path.join('/'), ...rest }))
  .filter(({ registry, repository }) => registry.length + repository.length <= 255);

describe('parseRepository', () => {
  it('reads a reference without tag and digest', () => {
    expect(parseRepository('oci://r.example:5000/ns/app')).toEqual({ kind: 'Reference', reference: { registry: 'r.example:5000', repository: 'ns/app' } });
  });

  it.each(['r.example/ns/app:1', `r.example/ns/app@sha256:${'0'.repeat(64)}`])('refuses %s, since two would choose the tag', (text) => {
    expect(parseRepository(text)).toEqual({
      kind: 'Invalid',
      message: `spec.chart ${JSON.stringify(text)} names a tag or a digest, and spec.version chooses the tag: take one of the two away`,
    });
  });

  it('refuses what is no reference at all', () => {
    expect(parseRepository('app')).toEqual({ kind: 'Invalid', message: expect.stringContaining('it has no registry host before a /') });
  });
});

describe('printWish', () => {
  it('prints the range in place of the tag that it chose', () => {
    expect(printWish({ registry: 'r.example', repository: 'ns/app', tag: '1.2.4' }, '>=1.2 <2')).toBe('r.example/ns/app >=1.2 <2');
    expect(rangeIn('r.example/ns/app >=1.2 <2')).toBe('>=1.2 <2');
    expect(repositoryIn('r.example/ns/app >=1.2 <2')).toEqual({ registry: 'r.example', repository: 'ns/app' });
  });

  it('prints a reference where there is no range', () => {
    expect(printWish({ registry: 'r.example', repository: 'ns/app', tag: '1.2.4' }, undefined)).toBe('r.example/ns/app:1.2.4');
    expect(rangeIn('r.example/ns/app:1.2.4')).toBeUndefined();
    expect(repositoryIn('r.example/ns/app:1.2.4')).toEqual({ registry: 'r.example', repository: 'ns/app' });
    expect(repositoryIn('app')).toBeUndefined();
  });
});

describe('printReference', () => {
  it('prints what parseReference reads back', () => {
    fc.assert(
      fc.property(anyReference, (reference) => {
        expect(parseReference(printReference(reference))).toEqual({ kind: 'Reference', reference });
      }),
    );
  });

  it('prints everything that parseReference took, without the scheme and with _ for +', () => {
    const almost = fc.tuple(anyReference, fc.nat(), fc.string({ maxLength: 2 })).map(([reference, place, noise]) => {
      const text = printReference(reference);
      return `${text.slice(0, place % text.length)}${noise}${text.slice(place % text.length)}`;
    });
    fc.assert(
      fc.property(fc.oneof(fc.string(), almost), (text) => {
        const parsed = parseReference(text);
        if (parsed.kind === 'Reference') expect(printReference(parsed.reference)).toBe(text.replace(/^oci:\/\//, '').replaceAll('+', '_'));
      }),
    );
  });
});

describe('digests', () => {
  it.each([
    ['a sha256 digest', DIGEST, true],
    ['one that is too long', `${DIGEST}0`, false],
    ['hex without its algorithm', DIGEST.slice('sha256:'.length), false],
    ['nothing', '', false],
  ])('isDigest knows %s', (_name, text, expected) => {
    expect(isDigest(text)).toBe(expected);
  });

  it('shortens to the first 12 hex digits', () => {
    expect(shortDigest(DIGEST)).toBe('0123456789ab');
  });
});
