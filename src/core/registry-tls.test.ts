import { createPrivateKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { makeAuthority } from '../../test/registry/certificates.ts';
import { faultOfCa, faultOfClient } from './registry-tls.ts';

const NOW = Date.now();
const YESTERDAY = new Date('2020-01-01T00:00:00Z');
const authority = makeAuthority();
const old = authority.issue({ notBefore: new Date('2019-01-01T00:00:00Z'), notAfter: YESTERDAY });
const client = authority.issue();
const early = authority.issue({ notBefore: new Date('2049-01-01T00:00:00Z'), notAfter: new Date('2049-01-02T00:00:00Z') });
const encrypted = createPrivateKey(client.key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 's3cret' }).toString();

describe('faultOfCa', () => {
  it.each<[string, string, RegExp | undefined]>([
    ['an authority', authority.cert, undefined],
    ['a server that trusts itself', client.cert, undefined],
    ['several, with words between them', `# ours\n${authority.cert}\n# theirs\n${client.cert}`, undefined],
    ['several, of which one has expired', old.cert + authority.cert, undefined],
    ['nothing', '', /^has no certificate in PEM$/],
    ['a key', client.key, /^has no certificate in PEM$/],
    ['half a certificate', authority.cert.slice(0, 200), /^has a certificate that cannot be read as PEM$/],
    ['a certificate behind which half of one comes', authority.cert + authority.cert.slice(0, 200), /^has a certificate that cannot be read as PEM$/],
    ['one that has expired', old.cert, /^has no certificate that is still valid: the last one expired at 2020-01-01T00:00:00Z$/],
  ])('looks at %s', (_name, pem, fault) => {
    if (fault === undefined) expect(faultOfCa(pem, NOW)).toBeUndefined();
    else expect(faultOfCa(pem, NOW)).toMatch(fault);
  });

  it('is not held up by beginnings without an end', () => {
    expect(faultOfCa('-----BEGIN CERTIFICATE-----'.repeat(40_000), NOW)).toBe('has a certificate that cannot be read as PEM');
  });
});

describe('faultOfClient', () => {
  it.each<[string, string, string, { readonly in: string; readonly why: RegExp } | undefined]>([
    ['a pair', client.cert, client.key, undefined],
    ['a pair with its chain', client.cert + authority.cert, client.key, undefined],
    ['a chain in the wrong order', authority.cert + client.cert, client.key, { in: 'key', why: /^is not the key of the certificate beside it$/ }],
    ['the key of another', client.cert, early.key, { in: 'key', why: /^is not the key of the certificate beside it$/ }],
    ['a certificate for a key', client.cert, client.cert, { in: 'key', why: /^is no private key/ }],
    ['a key under a passphrase', client.cert, encrypted, { in: 'key', why: /^is encrypted, and there is no passphrase/ }],
    ['no certificate', 'x', client.key, { in: 'certificate', why: /^has no certificate in PEM$/ }],
    ['an expired certificate', old.cert, old.key, { in: 'certificate', why: /^has expired at 2020-01-01T00:00:00Z$/ }],
    ['a certificate of the future', early.cert, early.key, { in: 'certificate', why: /^is not valid before 2049-01-01T00:00:00Z$/ }],
  ])('looks at %s', (_name, certificate, key, fault) => {
    expect(faultOfClient({ certificate, key }, NOW)).toEqual(fault && { in: fault.in, why: expect.stringMatching(fault.why) });
  });
});
