import { describe, expect, it } from 'vitest';
import { isLocalAddress } from './address-range.ts';
import { realmsWith } from './realm.ts';

const REGISTRY = new URL('https://r.example');
const PLAIN = new URL('http://10.1.2.3:5000');
const realms = realmsWith({ plainHttpHosts: ['10.1.2.3:5000', 'Tokens.Example:80'] });
const listed = realmsWith({ plainHttpHosts: ['10.1.2.3:5000'], allowedTokenHosts: ['Auth.Example:443', '10.0.0.5:8443'] });

describe('realmsWith', () => {
  it.each<[string, string, URL, boolean]>([
    ["the registry's own host", 'https://r.example/token', REGISTRY, true],
    ["the registry's own host, its port written out, in capitals", 'HTTPS://R.EXAMPLE:443/token', REGISTRY, true],
    ["a private registry's own host", 'https://192.168.1.1/service/token', new URL('https://192.168.1.1'), true],
    ['a public host', 'https://auth.example/token?account=x', REGISTRY, false],
    ["the registry's name on another port", 'https://r.example:8443/token', REGISTRY, false],
    ["the registry's name with a trailing dot", 'https://r.example./token', REGISTRY, false],
    ['a public address', 'https://93.184.216.34/token', REGISTRY, false],
    ['https for a registry by plain HTTP', 'https://auth.example/token', PLAIN, false],
    ["a plain registry's own host", 'http://10.1.2.3:5000/token', PLAIN, true],
    ['a listed plain host of a plain registry', 'http://tokens.example/token', PLAIN, true],
  ])('asks %s', (_name, realm, registry, isTrusted) => {
    expect(realms(realm, registry)).toEqual({ kind: 'Realm', url: new URL(realm), isTrusted });
  });

  it.each<[string, string | undefined, URL, RegExp]>([
    ['nothing', undefined, REGISTRY, /^names a realm that is no http\(s\) URL$/],
    ['an empty text', '', REGISTRY, /no http\(s\) URL/],
    ['a path', '/token', REGISTRY, /no http\(s\) URL/],
    ['another scheme', 'file:///etc/passwd', REGISTRY, /no http\(s\) URL/],
    ['a user name', 'https://u:s3cret@auth.example/', REGISTRY, /^names a realm on auth.example with a user name in it$/],
    ["a user name on the registry's own host", 'https://s3cret@r.example/', REGISTRY, /user name/],
    ['a host after a user name that looks like the registry', 'https://r.example@evil.example/', REGISTRY, /on evil.example with a user name/],
    ['plain HTTP for a registry by https', 'http://auth.example/token', REGISTRY, /^names a realm on auth.example by plain HTTP$/],
    ["plain HTTP on the registry's own host", 'http://r.example/token', REGISTRY, /by plain HTTP/],
    ['plain HTTP on a listed host for a registry by https', 'http://10.1.2.3:5000/token', REGISTRY, /by plain HTTP/],
    ['plain HTTP on another host than a plain registry', 'http://evil.example/token', PLAIN, /by plain HTTP/],
    ["plain HTTP on another port of a plain registry's host", 'http://10.1.2.3:5001/token', PLAIN, /by plain HTTP/],
    ['the metadata server of clouds', 'https://169.254.169.254/latest', REGISTRY, /169.254.169.254, an address of a local or private network/],
    ['a private address', 'https://10.0.0.5/token', REGISTRY, /local or private network/],
    ['a loopback address', 'https://127.0.0.2/token', REGISTRY, /local or private network/],
    ['a loopback address as one number', 'https://2130706433/token', REGISTRY, /127.0.0.1/],
    ['a loopback address in octal', 'https://0177.0.0.1/token', REGISTRY, /127.0.0.1/],
    ['the unspecified address', 'https://0/token', REGISTRY, /0.0.0.0/],
    ['an IPv6 loopback address', 'https://[::1]/token', REGISTRY, /\[::1\]/],
    ['an IPv4 address inside IPv6', 'https://[::ffff:169.254.169.254]/', REGISTRY, /local or private/],
    ['an IPv4 address behind NAT64', 'https://[64:ff9b::a9fe:a9fe]/', REGISTRY, /local or private/],
    ['an IPv6 link-local address', 'https://[fe80::1]/', REGISTRY, /local or private/],
    ['a unique local address', 'https://[fd12::1]/', REGISTRY, /local or private/],
    ['localhost', 'https://localhost/token', REGISTRY, /local or private/],
    ['localhost with a trailing dot', 'https://localhost./token', REGISTRY, /local or private/],
    ['a name below localhost', 'https://a.localhost/token', REGISTRY, /local or private/],
    ['an address with a trailing dot', 'https://127.0.0.1./token', REGISTRY, /local or private/],
  ])('refuses %s', (_name, realm, registry, why) => {
    const refused = realms(realm, registry);
    expect(refused).toEqual({ kind: 'Refused', why: expect.stringMatching(why) });
    expect(JSON.stringify(refused)).not.toContain('s3cret');
  });

  it('drops a fragment', () => {
    expect(realms('https://auth.example/token#x', REGISTRY)).toMatchObject({ url: new URL('https://auth.example/token') });
  });

  it.each<[string, URL, object]>([
    ['https://auth.example/token', REGISTRY, { kind: 'Realm', isTrusted: true }],
    ['https://10.0.0.5:8443/token', REGISTRY, { kind: 'Realm', isTrusted: true }],
    ['https://r.example/token', REGISTRY, { kind: 'Realm', isTrusted: true }],
    ['https://auth.example:8443/token', REGISTRY, { kind: 'Refused', why: 'names a realm on auth.example:8443, which is not among allowedTokenHosts' }],
    ['https://evil.example/token', REGISTRY, { kind: 'Refused', why: 'names a realm on evil.example, which is not among allowedTokenHosts' }],
    ['https://sub.auth.example/token', REGISTRY, { kind: 'Refused' }],
    ['http://auth.example/token', REGISTRY, { kind: 'Refused', why: 'names a realm on auth.example by plain HTTP' }],
  ])('with a list, decides about %s', (realm, registry, decision) => {
    expect(listed(realm, registry)).toMatchObject(decision);
  });
});

describe('isLocalAddress', () => {
  it.each(['127.0.0.1', '0.0.0.0', '169.254.169.254', '255.255.255.255', '::1', '::', 'fe80::1', '::ffff:127.0.0.1', 'fd00:ec2::254'])('knows %s', (address) => {
    expect(isLocalAddress(address)).toBe(true);
  });

  it.each(['10.0.0.1', '192.168.1.1', '8.8.8.8', 'fd12::1', '2606:4700::1', 'name.example', ''])('leaves %s', (address) => {
    expect(isLocalAddress(address)).toBe(false);
  });
});
