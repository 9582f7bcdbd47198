import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { credentialFor } from './docker-config.ts';
import type { Reference } from './reference.ts';

const reference = (registry: string, repository = 'ns/app'): Reference => ({ registry, repository, tag: '1' });
const auth = (text: string): string => Buffer.from(text).toString('base64');
const config = (auths: unknown, rest: object = {}): string => JSON.stringify({ auths, ...rest });
const found = (username: string, password = 'p', document = 0) => ({ kind: 'Found', credential: { kind: 'Password', username, password }, document });
const withIdentity = (identityToken: string, username = '', password = '') => ({
  kind: 'Found',
  credential: { kind: 'IdentityToken', identityToken, username, password },
  document: 0,
});
const withToken = (registryToken: string) => ({ kind: 'Found', credential: { kind: 'RegistryToken', registryToken }, document: 0 });

describe('credentialFor', () => {
  it.each([
    ['reads a plain host', 'r.example', { 'r.example': { auth: auth('u:p') } }, found('u')],
    ['reads a host with a port', 'r.example:5000', { 'r.example:5000': { auth: auth('u:p') } }, found('u')],
    ['does not mix ports', 'r.example:5000', { 'r.example': { auth: auth('u:p') } }, { kind: 'None' }],
    ['does not take a host that only ends alike', 'evil-r.example', { 'r.example': { auth: auth('u:p') } }, { kind: 'None' }],
    ['does not match wildcards', 'r.example', { '*.example': { auth: auth('u:p') } }, { kind: 'None' }],
    ['reads a URL as docker login writes it', 'r.example', { 'https://r.example/v1/': { auth: auth('u:p') } }, found('u')],
    ['reads a URL of API version 2', 'r.example', { 'https://r.example/v2': { auth: auth('u:p') } }, found('u')],
    ['ignores the case of hosts', 'R.Example', { 'r.example': { auth: auth('u:p') } }, found('u')],
    ['knows the names of Docker Hub', 'docker.io', { 'https://index.docker.io/v1/': { auth: auth('u:p') } }, found('u')],
    ['takes the longest path', 'r', { r: { auth: auth('a:p') }, 'r/ns': { auth: auth('b:p') }, 'r/ns/app/x': { auth: auth('c:p') } }, found('b')],
    ['matches paths by whole components', 'r', { 'r/n': { auth: auth('a:p') } }, { kind: 'None' }],
    ['takes the whole repository as a path', 'r', { 'r/ns/app/': { auth: auth('a:p') } }, found('a')],
    ['splits at the first colon', 'r', { r: { auth: auth('u:p:q') } }, found('u', 'p:q')],
    ['cuts off the NULs docker pads with', 'r', { r: { auth: auth('u:p\0\0') } }, found('u')],
    ['reads username and password', 'r', { r: { username: 'u', password: 'p' } }, found('u')],
    ['reads an empty password', 'r', { r: { username: 'u', password: '' } }, found('u', '')],
    ['keeps letters outside ASCII', 'r', { r: { auth: auth('ü:ö') } }, found('ü', 'ö')],
    ['reads an identity token', 'r', { r: { identitytoken: 'i' } }, withIdentity('i')],
    ['reads an identity token with the name docker login writes beside it', 'r', { r: { auth: auth('0000:'), identitytoken: 'i' } }, withIdentity('i', '0000')],
    ['reads a registry token, before all else', 'r', { r: { auth: auth('u:p'), identitytoken: 'i', registrytoken: 't' } }, withToken('t')],
    ['takes the whole host in the old form of Docker Hub', 'registry-1.docker.io', { 'https://index.docker.io/v1/': { auth: auth('u:p') } }, found('u')],
    ['takes a host with a trailing dot for another', 'r.example', { 'r.example.': { auth: auth('u:p') } }, { kind: 'None' }],
    ['reads an IPv6 address', '[::1]:5000', { '[::1]:5000': { auth: auth('u:p') } }, found('u')],
    ['finds nothing in nothing', 'r', {}, { kind: 'None' }],
  ])('%s', (_name, registry, auths, expected) => {
    expect(credentialFor([config(auths)], reference(registry))).toEqual(expected);
  });

  it('reads the older .dockercfg', () => {
    expect(credentialFor([JSON.stringify({ 'https://r/v1/': { auth: auth('u:p'), email: 'x' } })], reference('r'))).toEqual(found('u'));
  });

  it('prefers a longer path in a later document, and the earlier document among equals', () => {
    const documents = [config({ r: { auth: auth('a:p') } }), config({ r: { auth: auth('b:p') } }), config({ 'r/ns': { auth: auth('c:p') } })];
    expect(credentialFor(documents, reference('r'))).toEqual(found('c', 'p', 2));
    expect(credentialFor(documents, reference('r', 'other'))).toEqual(found('a'));
  });

  it.each([
    ['text that is no JSON', '{secret', /configuration 1 of 1 is not a JSON object/],
    ['a list', '[]', /is not a JSON object/],
    ['auths of another kind', config([]), /auths that are not/],
    ['helpers of another kind', config({}, { credHelpers: 'secret' }), /credHelpers that are not/],
    ['an entry left to the credential store', config({ r: {} }, { credsStore: 'desktop' }), /entry for "r" is left to credsStore \("desktop"\): a credential helper is a command/],
    ['a host left to a helper', config({}, { credHelpers: { r: 'ecr-login' } }), /left to credHelpers \("ecr-login"\)/],
    ['a helper beside auths for the same host', config({ r: { auth: auth('a:secret') } }, { credHelpers: { r: 'ecr-login' } }), /left to credHelpers/],
    ['an entry that is no object', config({ r: 'secret' }), /entry for "r" is not/],
    ['an empty entry', config({ r: {} }), /neither auth nor username/],
    ['auth that is no base64', config({ r: { auth: '%secret%' } }), /not base64 of username:password/],
    ['auth without a colon', config({ r: { auth: auth('secret') } }), /not base64 of username:password/],
    ['auth without a name', config({ r: { auth: auth(':secret') } }), /not base64/],
    ['auth that is no UTF-8', config({ r: { auth: Buffer.from([0xff, 0x3a, 0x41]).toString('base64') } }), /not base64/],
    ['a username with a colon', config({ r: { username: 'u:secret', password: 'secret' } }), /username with a colon/],
  ])('refuses %s and says so without the secret', (_name, document, message) => {
    const choice = credentialFor([document], reference('r'));
    expect(choice).toEqual({ kind: 'Invalid', message: expect.stringMatching(message) });
    expect(JSON.stringify(choice)).not.toContain('secret');
  });

  it.each([
    ['a store, where an entry holds the credential', { r: { auth: auth('u:p') } }, { credsStore: 'desktop' }, found('u')],
    ['a store, where there is no entry', {}, { credsStore: 'desktop' }, { kind: 'None' }],
    ['a helper of another host', { r: { auth: auth('u:p') } }, { credHelpers: { other: 'ecr-login' } }, found('u')],
    ['a helper of the host, where a longer path has an entry', { 'r/ns': { auth: auth('u:p') } }, { credHelpers: { r: 'ecr-login' } }, found('u')],
  ])('is not hindered by %s', (_name, auths, rest, expected) => {
    expect(credentialFor([config(auths, rest)], reference('r'))).toEqual(expected);
  });

  const host = fc.constantFrom('r', 'r/ns', 'https://r/v1/', 'r/ns/app', 'other', 'docker.io', '');
  const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.base64String(), fc.constant(auth('u:p')));
  const entry = fc.oneof(fc.jsonValue(), fc.record({ auth: text, username: text, password: text, identitytoken: text, registrytoken: text }, { requiredKeys: [] }));
  const document = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .record({ auths: fc.dictionary(host, entry), credHelpers: fc.dictionary(host, fc.jsonValue()), credsStore: fc.jsonValue() }, { requiredKeys: [] })
      .map((all) => JSON.stringify(all)),
    fc.dictionary(host, entry).map((all) => JSON.stringify(all)),
  );

  it('answers whatever it is given with one of its three answers', () => {
    const answers = fc.property(fc.array(document, { maxLength: 4 }), fc.constantFrom('r', 'docker.io', '[::1]:1'), (documents, registry) => {
      expect(['Found', 'None', 'Invalid']).toContain(credentialFor(documents, reference(registry)).kind);
    });
    fc.assert(answers, { numRuns: Number(process.env['FUZZ_RUNS'] ?? 500) });
  }, 600_000);

  it('reads what docker login and kubectl create secret docker-registry write', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1 }).filter((one) => !one.includes(':') && one.isWellFormed());
    const password = fc.string({ unit: 'grapheme' }).filter((one) => !one.endsWith('\0') && one.isWellFormed());
    const written = fc.property(name, password, (username, secret) => {
      const both = { username, password: secret, auth: auth(`${username}:${secret}`) };
      for (const one of [both, { auth: both.auth }, { username, password: secret }]) expect(credentialFor([config({ r: one })], reference('r'))).toEqual(found(username, secret));
    });
    fc.assert(written, { numRuns: Number(process.env['FUZZ_RUNS'] ?? 500) });
  }, 600_000);
});
