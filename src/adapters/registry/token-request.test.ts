import { describe, expect, it } from 'vitest';
import type { Credential } from '../../ports/registry.ts';
import { scopesOf, tokenRequests } from './token-request.ts';

const basic = `Basic ${Buffer.from('me:p').toString('base64')}`;
const requests = (realm: string, credential: Credential | undefined, service: string | undefined = 'r', scopes: readonly string[] = ['repository:a/b:pull']) =>
  tokenRequests({ realm: new URL(realm), service, scopes, credential }).map(({ method, url, headers, body }) => [method, url.href, headers['authorization'], body]);

describe('tokenRequests', () => {
  const me: Credential = { kind: 'Password', username: 'me', password: 'p' };
  it.each([
    [
      'Docker Hub',
      'https://auth.docker.io/token',
      'registry.docker.io',
      'https://auth.docker.io/token?service=registry.docker.io&scope=repository%3Aa%2Fb%3Apull&client_id=tagalong',
    ],
    ['GHCR', 'https://ghcr.io/token', 'ghcr.io', 'https://ghcr.io/token?service=ghcr.io&scope=repository%3Aa%2Fb%3Apull&client_id=tagalong'],
    [
      'GitLab',
      'https://gitlab.example/jwt/auth',
      'container_registry',
      'https://gitlab.example/jwt/auth?service=container_registry&scope=repository%3Aa%2Fb%3Apull&client_id=tagalong',
    ],
    [
      'Harbor',
      'https://harbor.example/service/token',
      'harbor-registry',
      'https://harbor.example/service/token?service=harbor-registry&scope=repository%3Aa%2Fb%3Apull&client_id=tagalong',
    ],
  ])('asks as %s wants it', (_name, realm, service, url) => {
    expect(requests(realm, undefined, service)).toEqual([['GET', url, undefined, undefined]]);
    expect(requests(realm, me, service)).toEqual([
      ['GET', url, basic, undefined],
      ['POST', realm, undefined, `grant_type=password&username=me&password=p&client_id=tagalong&scope=repository%3Aa%2Fb%3Apull&service=${service}`],
    ]);
  });

  it("keeps the realm's own query, and names scopes one by one", () => {
    expect(requests('https://a/token?x=1', undefined, 'r&r', ['repository:a:pull', 'aws'])).toEqual([
      ['GET', 'https://a/token?x=1&service=r%26r&scope=repository%3Aa%3Apull&scope=aws&client_id=tagalong', undefined, undefined],
    ]);
  });

  it('posts an identity token, and falls back to a password that stands beside it', () => {
    const credential: Credential = { kind: 'IdentityToken', identityToken: 'i&t', username: 'me', password: 'p' };
    const post = ['POST', 'https://a/', undefined, 'grant_type=refresh_token&refresh_token=i%26t&client_id=tagalong&scope=repository%3Aa%2Fb%3Apull&service=r'];
    expect(requests('https://a/', credential)).toEqual([post, ['GET', expect.stringContaining('https://a/?service'), basic, undefined]]);
    expect(requests('https://a/', { ...credential, password: '' })).toEqual([post]);
  });
});

describe('scopesOf', () => {
  it.each([
    ['what the registry names', 'repository:a/b:pull', ['repository:a/b:pull']],
    ['no more than pulling', 'repository:a/b:pull,push,delete', ['repository:a/b:pull']],
    ['no more than pulling, with a class', 'repository(plugin):a/b:*', ['repository(plugin):a/b:pull']],
    ['a name with a port', 'repository:host:5000/a:push', ['repository:host:5000/a:pull']],
    ['scopes of other kinds as they are', 'aws', ['aws']],
    ['several, each once', 'repository:a:pull  repository:a:push aws', ['repository:a:pull', 'aws']],
    ['the repository where nothing is named', undefined, ['repository:ns/app:pull']],
    ['the repository for an empty scope', ' ', ['repository:ns/app:pull']],
    ['the repository for a scope that is too long', `repository:${'a'.repeat(2000)}:pull`, ['repository:ns/app:pull']],
  ])('asks for %s', (_name, challenged, scopes) => {
    expect(scopesOf(challenged, 'ns/app')).toEqual(scopes);
  });
});
