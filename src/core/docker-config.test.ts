import { describe, expect, it } from 'vitest';
import { credentialFor } from './docker-config.ts';
import type { Reference } from './reference.ts';

const reference = (registry: string, repository = 'ns/app'): Reference => ({ registry, repository, tag: '1' });
const auth = (text: string): string => Buffer.from(text).toString('base64');
const config = (auths: unknown, rest: object = {}): string => JSON.stringify({ auths, ...rest });
const found = (username: string, password = 'p') => ({ kind: 'Found', credential: { username, password } });

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
    ['finds nothing in nothing', 'r', {}, { kind: 'None' }],
  ])('%s', (_name, registry, auths, expected) => {
    expect(credentialFor([config(auths)], reference(registry))).toEqual(expected);
  });

  it('reads the older .dockercfg', () => {
    expect(credentialFor([JSON.stringify({ 'https://r/v1/': { auth: auth('u:p'), email: 'x' } })], reference('r'))).toEqual(found('u'));
  });

  it('prefers a longer path in a later document, and the earlier document among equals', () => {
    const documents = [config({ r: { auth: auth('a:p') } }), config({ r: { auth: auth('b:p') } }), config({ 'r/ns': { auth: auth('c:p') } })];
    expect(credentialFor(documents, reference('r'))).toEqual(found('c'));
    expect(credentialFor(documents, reference('r', 'other'))).toEqual(found('a'));
  });

  it.each([
    ['text that is no JSON', '{secret', /configuration 1 of 1 is not a JSON object/],
    ['a list', '[]', /is not a JSON object/],
    ['auths of another kind', config([]), /auths that are not/],
    ['a credential store', config({}, { credsStore: 'desktop' }), /names credsStore/],
    ['credential helpers', config({}, { credHelpers: { r: 'ecr' } }), /names credHelpers/],
    ['an entry that is no object', config({ r: 'secret' }), /entry for "r" is not/],
    ['an empty entry', config({ r: {} }), /neither auth nor username/],
    ['auth that is no base64', config({ r: { auth: '%secret%' } }), /not base64 of username:password/],
    ['auth without a colon', config({ r: { auth: auth('secret') } }), /not base64 of username:password/],
    ['auth without a name', config({ r: { auth: auth(':secret') } }), /not base64/],
    ['auth that is no UTF-8', config({ r: { auth: Buffer.from([0xff, 0x3a, 0x41]).toString('base64') } }), /not base64/],
    ['an identity token', config({ r: { identitytoken: 'secret' } }), /token, which is not supported yet/],
  ])('refuses %s and says so without the secret', (_name, document, message) => {
    const choice = credentialFor([document], reference('r'));
    expect(choice).toEqual({ kind: 'Invalid', message: expect.stringMatching(message) });
    expect(JSON.stringify(choice)).not.toContain('secret');
  });
});
