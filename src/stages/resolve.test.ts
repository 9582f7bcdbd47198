import { describe, expect, it } from 'vitest';
import { makeAuthority } from '../../test/registry/certificates.ts';
import { readRelease } from '../adapters/kube/release-reader.ts';
import type { ChartRelease } from '../api/chart-release.ts';
import { type RangeView, RegistryError, type Tags } from '../ports/registry.ts';
import { resolve } from './resolve.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;
const signal = AbortSignal.timeout(10_000);
const login =
  (...keys: readonly string[]) =>
  (username: string) => ({
    '.dockerconfigjson': JSON.stringify({ auths: Object.fromEntries(keys.map((key) => [key, { username, password: 'p' }])) }),
  });
const host = login('r.example');

interface Situation {
  readonly pullSecrets?: readonly string[];
  readonly tls?: ChartRelease['spec']['tls'];
  readonly secrets?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Of Secrets, by name. */
  readonly annotations?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly imagePullSecrets?: readonly string[];
  readonly operator?: string;
  readonly mirrors?: readonly string[];
  /** Passwords that a cloud lends, by host; undefined where it gives none. */
  readonly lent?: Readonly<Record<string, string | undefined>>;
}

const depsOf = ({ secrets = {}, annotations = {}, imagePullSecrets = [], operator, mirrors = [], lent = {} }: Situation, asked: string[]): Parameters<typeof resolve>[0] => ({
  tags: {
    follow: () => Promise.reject(new Error('a digest is not followed')),
    followRange: () => Promise.reject(new Error('a digest is not followed')),
    unfollow: () => undefined,
  },
  sources: {
    read: async (follower, use, refs) => {
      asked.push(...refs.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name} for the ${use} of ${follower}`));
      return refs.map(
        ({ name }) =>
          secrets[name] && {
            keys: Object.fromEntries(Object.entries(secrets[name]).map(([key, text]) => [key, Buffer.from(text)])),
            annotations: annotations[name] ?? {},
          },
      );
    },
    forget: () => undefined,
  },
  clock: { now: () => Date.now() },
  secrets: {
    read: async (namespace, name) => {
      asked.push(`Secret ${namespace}/${name}`);
      return secrets[name];
    },
  },
  serviceAccounts: {
    imagePullSecrets: async (namespace, name) => {
      asked.push(`ServiceAccount ${namespace}/${name}`);
      return imagePullSecrets;
    },
  },
  defaultCredentials: { name: 'the file', read: async () => operator },
  cloudIdentities: {
    credentialFor: async (registry) => {
      if (!(registry in lent)) return undefined;
      asked.push(`cloud ${registry}`);
      const password = lent[registry];
      if (password === undefined) throw new RegistryError('Unauthorized', `cannot get a credential for ${registry}: refused`);
      return { credential: { kind: 'Password', username: 'AWS', password }, renewedAt: 5000 };
    },
  },
  mirrors: { of: (registry) => (registry === 'r.example' ? mirrors : []) },
});

const releaseWith = ({ pullSecrets = [], tls }: Situation): ChartRelease => {
  const spec = { chart: `r.example/ns/app@${DIGEST}`, pullSecrets: pullSecrets.map((name) => ({ name })), tls };
  const read = readRelease({ metadata: { name: 'app', namespace: 'team' }, spec });
  if (read.kind === 'Unreadable') throw new Error(read.message);
  return read.release;
};

const sourceIn = (situation: Situation, asked: string[] = []) => resolve(depsOf(situation, asked), releaseWith(situation), { fresh: false }, signal);

const credentialIn = async (situation: Situation, asked: string[] = []) => (await sourceIn(situation, asked)).credential;

describe('resolve, looking for credentials', () => {
  it.each<[string, Situation, string | undefined]>([
    ['takes none where there is none', {}, undefined],
    ['takes a pull secret', { pullSecrets: ['a'], secrets: { a: host('a') } }, 'a'],
    ['takes the longest path of all pull secrets', { pullSecrets: ['a', 'b'], secrets: { a: host('a'), b: login('r.example/ns')('b') } }, 'b'],
    ['takes the first of two pull secrets that fit alike', { pullSecrets: ['a', 'b'], secrets: { a: host('a'), b: host('b') } }, 'a'],
    ["takes the ServiceAccount's", { imagePullSecrets: ['s'], secrets: { s: host('s') } }, 's'],
    ["takes the operator's", { operator: host('o')['.dockerconfigjson'] }, 'o'],
    [
      'prefers a pull secret to a longer path in the other places',
      { pullSecrets: ['a'], imagePullSecrets: ['s'], secrets: { a: host('a'), s: login('r.example/ns')('s') }, operator: login('r.example/ns/app')('o')['.dockerconfigjson'] },
      'a',
    ],
    ["prefers the ServiceAccount's to the operator's", { imagePullSecrets: ['s'], secrets: { s: host('s') }, operator: host('o')['.dockerconfigjson'] }, 's'],
    [
      'goes on where a pull secret is for another registry',
      { pullSecrets: ['a'], imagePullSecrets: ['s'], secrets: { a: login('other')('a'), s: login('other')('s') }, operator: host('o')['.dockerconfigjson'] },
      'o',
    ],
    ['passes over what a ServiceAccount names and is not there, or of another kind', { imagePullSecrets: ['x', 'y', 's'], secrets: { y: { key: 'v' }, s: host('s') } }, 's'],
    ['reads the older form', { imagePullSecrets: ['s'], secrets: { s: { '.dockercfg': '{"r.example":{"username":"s","password":"p"}}' } } }, 's'],
  ])('%s', async (_name, situation, username) => {
    expect(await credentialIn(situation)).toEqual(username === undefined ? undefined : { kind: 'Password', username, password: 'p' });
  });

  it('asks no further place than it has to, and none of another namespace', async () => {
    const asked: string[] = [];
    await credentialIn({ pullSecrets: ['a'], secrets: { a: host('a') }, imagePullSecrets: ['s'] }, asked);
    expect(asked).toEqual(['Secret team/a for the Registry of team/app']);
    asked.length = 0;
    await credentialIn({ imagePullSecrets: ['s'] }, asked);
    expect(asked).toEqual(['ServiceAccount team/default', 'Secret team/s']);
  });

  it('looks for those of a mirror by its own host, in the same places', async () => {
    const mirrors = ['m.example', 'n.example'];
    const situation: Situation = { pullSecrets: ['a'], secrets: { a: host('r'), s: login('m.example/ns')('m') }, imagePullSecrets: ['s'], mirrors };
    expect(await sourceIn(situation)).toMatchObject({ credential: { username: 'r' }, mirrorCredentials: { 'm.example': { username: 'm' } } });
    expect((await sourceIn({ ...situation, imagePullSecrets: [] })).mirrorCredentials).toBeUndefined();
  });

  it.each<[string, Situation, RegExp]>([
    ['a pull secret that is missing', { pullSecrets: ['a'] }, /^pull secret team\/a does not exist/],
    ['a pull secret without the key', { pullSecrets: ['a'], secrets: { a: {} } }, /^pull secret team\/a has no key .dockerconfigjson/],
    [
      'a pull secret that is no JSON',
      { pullSecrets: ['a'], secrets: { a: { '.dockerconfigjson': 's3cret' } } },
      /^cannot read the pull secrets a: docker configuration 1 of 1 is not/,
    ],
    [
      "a ServiceAccount's that is no JSON",
      { imagePullSecrets: ['s'], secrets: { s: { '.dockerconfigjson': 's3cret' } } },
      /^cannot read the imagePullSecrets s of ServiceAccount team\/default: /,
    ],
    ["the operator's with a helper", { operator: '{"credHelpers":{"r.example":"ecr-login"}}' }, /^cannot read the file: .* left to credHelpers \("ecr-login"\)/],
  ])('says PullSecretInvalid of %s', async (_name, situation, message) => {
    const error: unknown = await credentialIn(situation).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ reason: 'PullSecretInvalid', message: expect.stringMatching(message) });
    expect(String(error)).not.toContain('s3cret');
  });
});

describe('resolve, by the identity in a cloud', () => {
  const aws = { kind: 'Password', username: 'AWS', password: 'p' };

  it('takes what a cloud lends where no docker configuration has an entry, and says when it is renewed', async () => {
    const situation: Situation = { pullSecrets: ['a'], secrets: { a: login('other')('a') }, operator: login('other')('o')['.dockerconfigjson'], lent: { 'r.example': 'p' } };
    expect(await sourceIn(situation)).toMatchObject({ credential: aws, digest: DIGEST, trouble: undefined, renewedAt: 5000 });
  });

  it.each<[string, Situation, string]>([
    ['a pull secret', { pullSecrets: ['a'], secrets: { a: host('a') } }, 'a'],
    ["the ServiceAccount's", { imagePullSecrets: ['s'], secrets: { s: host('s') } }, 's'],
    ["the operator's", { operator: host('o')['.dockerconfigjson'] }, 'o'],
  ])('prefers %s, and asks no cloud', async (_name, situation, username) => {
    const asked: string[] = [];
    const source = await sourceIn({ ...situation, lent: { 'r.example': 'p' } }, asked);
    expect(source.credential).toMatchObject({ username });
    expect([asked.filter((one) => one.startsWith('cloud')), source.renewedAt]).toEqual([[], undefined]);
  });

  it('leaves what runs alone where a cloud refuses, and says so', async () => {
    const trouble = { reason: 'AuthenticationFailed', message: 'cannot get a credential for r.example: refused' };
    expect(await sourceIn({ lent: { 'r.example': undefined } })).toMatchObject({ credential: undefined, digest: undefined, trouble });
  });

  it('has one of its own for a mirror, which goes without where that is refused', async () => {
    const situation: Situation = { mirrors: ['m.example', 'n.example'], lent: { 'm.example': 'p', 'n.example': undefined } };
    const source = await sourceIn(situation);
    expect(source).toMatchObject({ credential: undefined, digest: DIGEST, trouble: undefined });
    expect(source.mirrorCredentials).toEqual({ 'm.example': aws });
  });
});

describe('resolve, telling what ends', () => {
  const token = `e30.${Buffer.from('{"iat":1000,"exp":2000}').toString('base64url')}.c2ln`;
  const config = (name: string) => ({ '.dockerconfigjson': JSON.stringify({ auths: { [name]: { username: 'u', password: token } } }) });
  it.each<[string, Situation, string]>([
    ['a pull secret', { pullSecrets: ['a', 'b'], secrets: { a: login('other')('a'), b: config('r.example') } }, 'the password for r.example in pull secret team/b'],
    [
      "a Secret of the ServiceAccount's",
      { imagePullSecrets: ['x', 's'], secrets: { s: config('r.example') } },
      'the password for r.example in Secret team/s (imagePullSecrets of ServiceAccount default)',
    ],
    ["the operator's file", { operator: config('r.example')['.dockerconfigjson'] }, 'the password for r.example in the file'],
    ["a mirror's", { mirrors: ['m.example'], pullSecrets: ['a'], secrets: { a: config('m.example') } }, 'the password for m.example in pull secret team/a'],
  ])('names %s', async (_name, situation, what) => {
    expect((await sourceIn(situation)).expiries).toEqual([{ what, beganAt: 1_000_000, endsAt: 2_000_000 }]);
  });

  it.each<[string, Situation, readonly unknown[]]>([
    [
      'where a password says nothing itself',
      { secrets: { a: host('me') } },
      [{ what: 'the password for r.example in pull secret team/a', beganAt: undefined, endsAt: Date.UTC(2026, 2, 17, 12) }],
    ],
    [
      'not where it says something itself',
      { secrets: { a: config('r.example') } },
      [{ what: 'the password for r.example in pull secret team/a', beganAt: 1_000_000, endsAt: 2_000_000 }],
    ],
    ['not where it is of another registry', { secrets: { a: login('other')('me') } }, []],
    [
      'as it stands, where it is no time',
      { secrets: { a: host('me') }, annotations: { a: { 'tagalong.dev/expires-at': 'soon' } } },
      [{ what: 'the password for r.example in pull secret team/a', stated: 'soon' }],
    ],
  ])('takes what a pull secret is annotated with, %s', async (_name, situation, expiries) => {
    const annotated = { pullSecrets: ['a'], annotations: { a: { 'tagalong.dev/expires-at': '2026-03-17T12:00:00Z' } }, ...situation };
    expect((await sourceIn(annotated)).expiries).toEqual(expiries);
  });

  it('names the Secret of a client certificate, and nothing that does not end', async () => {
    const situation: Situation = { tls: { clientCertSecret: 'c' }, pullSecrets: ['a'], secrets: { c: CLIENT, a: host('a') } };
    expect((await sourceIn(situation)).expiries).toEqual([expect.objectContaining({ what: 'the client certificate in Secret team/c' })]);
  });
});

const authority = makeAuthority();
const client = authority.issue();
const expired = authority.issue({ notAfter: new Date('2020-01-01T00:00:00Z'), notBefore: new Date('2019-01-01T00:00:00Z') });
const CA = { 'ca.crt': authority.cert };
const CLIENT = { 'tls.crt': client.cert, 'tls.key': client.key };

describe('resolve, reading spec.tls', () => {
  it.each<[string, Situation, Awaited<ReturnType<typeof sourceIn>>['tls']]>([
    ['has nothing where there is nothing', { tls: {} }, undefined],
    ['reads a CA', { tls: { caSecret: 'ca' }, secrets: { ca: CA } }, { ca: authority.cert, client: undefined }],
    ['reads a client certificate', { tls: { clientCertSecret: 'c' }, secrets: { c: CLIENT } }, { ca: undefined, client: { certificate: client.cert, key: client.key } }],
    [
      'reads both from one Secret, as cert-manager makes them',
      { tls: { caSecret: 'both', clientCertSecret: 'both' }, secrets: { both: { ...CA, ...CLIENT } } },
      { ca: authority.cert, client: { certificate: client.cert, key: client.key } },
    ],
  ])('%s', async (_name, situation, tls) => {
    expect((await sourceIn(situation)).tls).toEqual(tls);
  });

  it('has the release woken by its Secrets', async () => {
    const asked: string[] = [];
    await sourceIn({ pullSecrets: ['a'], tls: { caSecret: 'ca', clientCertSecret: 'c' }, secrets: { a: host('a'), ca: CA, c: CLIENT } }, asked);
    expect(asked).toEqual(['a', 'ca', 'c'].map((name) => `Secret team/${name} for the Registry of team/app`));
  });

  it.each<[string, Situation, RegExp]>([
    ['a CA that is missing', { tls: { caSecret: 'ca' } }, /^spec.tls.caSecret: Secret team\/ca does not exist; create it, or take it out of the spec$/],
    ['a CA without the key', { tls: { caSecret: 'ca' }, secrets: { ca: CLIENT } }, /^spec.tls.caSecret: Secret team\/ca has no key ca.crt; add it, in PEM$/],
    ['a CA that is no PEM', { tls: { caSecret: 'ca' }, secrets: { ca: { 'ca.crt': 's3cret' } } }, /^spec.tls.caSecret: Secret team\/ca, key ca.crt, has no certificate in PEM$/],
    ['a client certificate that is missing', { tls: { clientCertSecret: 'c' } }, /^spec.tls.clientCertSecret: Secret team\/c does not exist/],
    [
      'a client certificate without its key',
      { tls: { clientCertSecret: 'c' }, secrets: { c: { 'tls.crt': client.cert } } },
      /^spec.tls.clientCertSecret: Secret team\/c has no key tls.key; add it, in PEM$/,
    ],
    [
      'a key that is none',
      { tls: { clientCertSecret: 'c' }, secrets: { c: { ...CLIENT, 'tls.key': 's3cret' } } },
      /^spec.tls.clientCertSecret: Secret team\/c, key tls.key, is no private key that can be read as PEM$/,
    ],
    [
      'the key of another',
      { tls: { clientCertSecret: 'c' }, secrets: { c: { ...CLIENT, 'tls.key': expired.key } } },
      /^spec.tls.clientCertSecret: Secret team\/c, key tls.key, is not the key of the certificate beside it$/,
    ],
    [
      'an expired certificate',
      { tls: { clientCertSecret: 'c' }, secrets: { c: { 'tls.crt': expired.cert, 'tls.key': expired.key } } },
      /^spec.tls.clientCertSecret: Secret team\/c, key tls.crt, has expired at 2020-01-01T00:00:00Z$/,
    ],
  ])('says TlsSecretInvalid of %s', async (_name, situation, message) => {
    const error: unknown = await sourceIn(situation).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ reason: 'TlsSecretInvalid', message: expect.stringMatching(message) });
    expect(String(error)).not.toMatch(/s3cret|PRIVATE/);
  });
});

describe('resolve, with a range of versions', () => {
  const withSpec = (spec: object): ChartRelease => {
    const read = readRelease({ metadata: { name: 'app', namespace: 'team' }, spec });
    if (read.kind === 'Unreadable') throw new Error(read.message);
    return read.release;
  };
  const resolved = async (spec: object, view: RangeView) => {
    const asked: unknown[] = [];
    const deps = depsOf({}, []);
    const followRange: Tags['followRange'] = async (follower, { reference, range }, options) => {
      asked.push({ follower, ...reference, range: range.text, ...options });
      return view;
    };
    return { asked, source: await resolve({ ...deps, tags: { ...deps.tags, followRange } }, withSpec(spec), { fresh: true }, signal) };
  };
  const chosen: RangeView = { tag: '1.2.0', digest: DIGEST, trouble: undefined };

  it.each<[string, string, number, number]>([
    ['lists the tags every 5 minutes', '30s', 30_000, 300_000],
    ['lists them less often where the interval is longer', '10m', 600_000, 600_000],
  ])('%s', async (_name, interval, intervalMs, listIntervalMs) => {
    const { asked, source } = await resolved({ chart: 'oci://r.example/ns/app', version: '^1', interval }, chosen);
    expect(asked).toEqual([{ follower: 'team/app', registry: 'r.example', repository: 'ns/app', range: '^1', intervalMs, listIntervalMs, fresh: true }]);
    expect(source).toMatchObject({ reference: { registry: 'r.example', repository: 'ns/app', tag: '1.2.0' }, digest: DIGEST, trouble: undefined });
  });

  it('says when it looks again for a version in the range', async () => {
    const none = new RegistryError('NoMatch', 'cannot choose');
    const { source } = await resolved({ chart: 'r.example/ns/app', version: '^1' }, { tag: undefined, digest: undefined, trouble: none });
    expect(source).toMatchObject({ digest: undefined, trouble: { reason: 'VersionNotFound', message: 'cannot choose; it is looked at every 5m' } });
  });

  it.each<[string, object, RegExp]>([
    ['a tag beside it', { chart: 'r.example/ns/app:1', version: '^1' }, /^spec.chart "r.example\/ns\/app:1" names a tag or a digest, and spec.version chooses the tag/],
    ['what is no range', { chart: 'r.example/ns/app', version: 'stable' }, /^spec.version "stable" is not a range of versions: /],
    ['neither a tag nor a range', { chart: 'r.example/ns/app' }, /it has neither tag nor digest, and there is no spec.version that chooses one/],
  ])('says InvalidReference of %s', async (_name, spec, message) => {
    await expect(resolved(spec, chosen)).rejects.toMatchObject({ reason: 'InvalidReference', message: expect.stringMatching(message) });
  });
});
