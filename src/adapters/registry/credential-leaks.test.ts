import { createHash } from 'node:crypto';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fakes/clock.ts';
import { lookUpLoopback, type Recorded, type RecordedAnswer, type Recorders, startRecorders } from '../../../test/registry/recorders.ts';
import { TEST_CERTIFICATE } from '../../../test/registry/test-certificate.ts';
import type { Credential } from '../../ports/registry.ts';
import { RegistryClient } from './registry-client.ts';

/** Of one request: however long all of them take. */
const signal = (): AbortSignal => AbortSignal.timeout(60_000);
const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const BLOB = 'good bytes';
const LAYER = { mediaType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip', digest: digestOf(BLOB), size: BLOB.length, annotations: {} };
const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const MANIFEST = JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST_TYPE, config: { ...LAYER, mediaType: 'application/vnd.cncf.helm.config.v1+json' }, layers: [LAYER] });

const SECRETS = { password: 'pAssW0rdS3cret', identity: 'iDentityS3cret', own: 'ownT0kenS3cret', bearer: 'beArerT0kenS3cret' } as const;
type SecretName = keyof typeof SECRETS;
const PASSWORD: Credential = { kind: 'Password', username: 'me', password: SECRETS.password };
const IDENTITY: Credential = { kind: 'IdentityToken', identityToken: SECRETS.identity, username: '', password: '' };
const OWN: Credential = { kind: 'RegistryToken', registryToken: SECRETS.own };

/** The parts of base64 text that a secret makes wherever it begins; what its neighbours share in is left out. */
const base64Forms = (secret: string): readonly string[] =>
  ['', 'x', 'xx'].map((before) =>
    Buffer.from(before + secret)
      .toString('base64')
      .slice(4, -4),
  );

const secretsIn = (text: string): readonly SecretName[] =>
  (Object.keys(SECRETS) as SecretName[]).filter((name) => [SECRETS[name], ...base64Forms(SECRETS[name])].some((form) => text.includes(form)));

let servers: Recorders;
/** Origins by what they are; `evil` and `auth` are listed nowhere unless a case says so. */
let at: Readonly<Record<'registry' | 'auth' | 'evil' | 'plain' | 'plainAuth' | 'plainEvil' | 'sibling', string>>;
let client: RegistryClient | undefined;

beforeAll(async () => {
  setDefaultCACertificates([...getCACertificates('default'), TEST_CERTIFICATE.cert]);
  servers = await startRecorders({ https: 3, http: 3 });
  const [registry, auth, evil] = servers.https;
  const [plain, plainAuth, plainEvil] = servers.http;
  at = {
    registry: `https://registry.test:${registry}`,
    auth: `https://auth.test:${auth}`,
    evil: `https://evil.test:${evil}`,
    sibling: `https://registry.test:${evil}`,
    plain: `http://plain.test:${plain}`,
    plainAuth: `http://plain-auth.test:${plainAuth}`,
    plainEvil: `http://plain-evil.test:${plainEvil}`,
  };
});
afterAll(() => servers[Symbol.asyncDispose]());
beforeEach(() => {
  servers.recorded.length = 0;
});
afterEach(async () => {
  await client?.close();
  client = undefined;
});

/** One hand-made situation. Texts may name origins as {evil}, their hosts as {evil.host}, and their ports. */
interface Situation {
  /** WWW-Authenticate of the registry. */
  readonly asks?: string;
  readonly by?: 'registry' | 'plain';
  readonly as?: Credential;
  readonly allowedTokenHosts?: readonly string[] | 'none';
  /** Where the token server redirects to. */
  readonly tokenTo?: string;
  readonly tokenStatus?: number;
  /** Where the registry redirects what is asked of it, and how the first other place answers. */
  readonly tagTo?: string;
  readonly manifestTo?: string;
  readonly blobTo?: string;
  readonly there?: RecordedAnswer;
  /** Of the registry's redirects; 307 where it does not matter. */
  readonly status?: number;
  /** Which secrets each origin saw, exactly; others none. */
  readonly seen: Readonly<Record<string, readonly SecretName[]>>;
  /** What the error says; all is pulled where it is absent. */
  readonly error?: RegExp;
}

const BEARER = 'Bearer realm="{auth}/token",service="r"';
const filled = (text: string): string =>
  text.replace(/\{(\w+)(?:\.(host|port))?\}/g, (_, name: keyof typeof at, part?: 'host' | 'port') => (part === undefined ? at[name] : new URL(at[name])[part]));

/** What the servers do in a situation, all of them: whatever another origin is asked for, it has. */
const answering =
  ({ asks = BEARER, by = 'registry', tokenTo, tokenStatus = 307, tagTo, manifestTo, blobTo, there, status = 307 }: Situation) =>
  ({ origin, url, authorization }: Recorded): RecordedAnswer => {
    const isHome = origin === at[by];
    if (url.startsWith('/token') && tokenTo !== undefined) return { status: tokenStatus, headers: { location: filled(tokenTo) } };
    if (url.includes('/token') || url.includes('/moved')) return { status: 200, body: JSON.stringify({ token: SECRETS.bearer }) };
    if (!isHome && there !== undefined) return { ...there, headers: Object.fromEntries(Object.entries(there.headers ?? {}).map(([name, value]) => [name, filled(value)])) };
    if (isHome && authorization === undefined) return { status: 401, headers: { 'www-authenticate': filled(asks) } };
    const to = url.includes('/blobs/') ? blobTo : url.includes('sha256:') ? manifestTo : tagTo;
    if (isHome && to !== undefined && !url.includes('again')) return { status, headers: { location: filled(to) } };
    if (url.includes('blob')) return { status: 200, body: BLOB };
    return { status: 200, headers: { 'content-type': MANIFEST_TYPE, 'docker-content-digest': digestOf(MANIFEST) }, body: MANIFEST };
  };

const clientOf = (allowedTokenHosts: readonly string[] | undefined): RegistryClient =>
  new RegistryClient({ clock: new FakeClock(), plainHttpHosts: ['plain', 'plainAuth'].map((name) => filled(`{${name}.host}`)), allowedTokenHosts, lookup: lookUpLoopback });

const pull = async (from: RegistryClient, registry: string, credential: Credential, repository = 'ns/app'): Promise<void> => {
  const reference = { registry: new URL(registry).host, repository, tag: '1' };
  const digest = await from.resolve({ reference, credential }, signal());
  const access = { reference: { ...reference, digest }, credential };
  await from.manifest(access, signal());
  await from.blob(access, LAYER, signal());
};

/** Secrets by the origin that saw them. */
const leaks = (): Readonly<Record<string, readonly SecretName[]>> => {
  const seen: Record<string, readonly SecretName[]> = {};
  for (const { origin, text } of servers.recorded) seen[origin] = [...new Set([...(seen[origin] ?? []), ...secretsIn(text)])].toSorted();
  return Object.fromEntries(Object.entries(seen).filter(([, names]) => names.length > 0));
};

const REALM_REFUSED = /answered 401: it names a realm/;
const TOKEN_REDIRECT = /answered with a redirect to .*, which is not followed/;

const SITUATIONS: readonly (Situation & { readonly name: string })[] = [
  // What must arrive.
  { name: 'a registry that asks for a password', asks: 'Basic realm="r"', seen: { '{registry}': ['password'] } },
  { name: 'a token server on the host of the registry', asks: 'Bearer realm="{registry}/token"', seen: { '{registry}': ['bearer', 'password'] } },
  { name: 'a token server that is listed', seen: { '{auth}': ['password'], '{registry}': ['bearer'] } },
  { name: 'a token server that is listed, asked with an identity token', as: IDENTITY, seen: { '{auth}': ['identity'], '{registry}': ['bearer'] } },
  { name: 'a registry token', as: OWN, seen: { '{registry}': ['own'] } },
  { name: 'a token server in capitals', asks: 'Bearer realm="HTTPS://AUTH.TEST:{auth.port}/token"', seen: { '{auth}': ['password'], '{registry}': ['bearer'] } },
  { name: 'a realm with a fragment', asks: 'Bearer realm="{auth}/token#@{evil.host}/"', seen: { '{auth}': ['password'], '{registry}': ['bearer'] } },
  { name: 'a realm with a backslash before another host', asks: 'Bearer realm="{auth}/token\\\\@{evil.host}/"', seen: { '{auth}': ['password'], '{registry}': ['bearer'] } },
  { name: 'a plain registry with its own token server', by: 'plain', asks: 'Bearer realm="{plain}/token"', seen: { '{plain}': ['bearer', 'password'] } },
  {
    name: 'a plain registry with a listed plain token server',
    by: 'plain',
    asks: 'Bearer realm="{plainAuth}/token"',
    seen: { '{plainAuth}': ['password'], '{plain}': ['bearer'] },
  },
  { name: 'a plain registry with a token server by https', by: 'plain', seen: { '{auth}': ['password'], '{plain}': ['bearer'] } },

  // Realms.
  { name: 'a realm on another host', asks: 'Bearer realm="{evil}/token"', seen: {}, error: REALM_REFUSED },
  { name: 'a realm on another host, with an identity token', asks: 'Bearer realm="{evil}/token"', as: IDENTITY, seen: {}, error: REALM_REFUSED },
  { name: 'a realm on another host, with a registry token', asks: 'Bearer realm="{evil}/token"', as: OWN, seen: { '{registry}': ['own'] } },
  { name: 'a realm on another port', asks: 'Bearer realm="{sibling}/token"', seen: {}, error: REALM_REFUSED },
  { name: 'a realm by plain HTTP', asks: 'Bearer realm="http://{auth.host}/token"', seen: {}, error: REALM_REFUSED },
  { name: "a realm by plain HTTP on the registry's own host", asks: 'Bearer realm="http://{registry.host}/token"', seen: {}, error: REALM_REFUSED },
  { name: 'a realm on a listed plain host, for a registry by https', asks: 'Bearer realm="{plainAuth}/token"', seen: {}, error: REALM_REFUSED },
  { name: 'a realm on an unlisted plain host, for a plain registry', by: 'plain', asks: 'Bearer realm="{plainEvil}/token"', seen: {}, error: REALM_REFUSED },
  { name: 'a realm with a user', asks: 'Bearer realm="https://me@{auth.host}/token"', seen: {}, error: REALM_REFUSED },
  { name: 'a realm with the token server for a user', asks: 'Bearer realm="{auth}@{evil.host}/token"', seen: {}, error: REALM_REFUSED },
  { name: 'a realm on an address', asks: 'Bearer realm="https://127.0.0.1:{evil.port}/token"', allowedTokenHosts: 'none', seen: {}, error: REALM_REFUSED },
  { name: 'a realm on an address as one number', asks: 'Bearer realm="https://2130706433:{evil.port}/token"', allowedTokenHosts: 'none', seen: {}, error: REALM_REFUSED },
  { name: 'a realm on an IPv6 address', asks: 'Bearer realm="https://[::1]:{evil.port}/token"', allowedTokenHosts: 'none', seen: {}, error: REALM_REFUSED },
  { name: 'a realm on an IPv4 address in IPv6', asks: 'Bearer realm="https://[::ffff:7f00:1]:{evil.port}/token"', allowedTokenHosts: 'none', seen: {}, error: REALM_REFUSED },
  { name: 'a realm on localhost', asks: 'Bearer realm="https://localhost:{evil.port}/token"', allowedTokenHosts: 'none', seen: {}, error: REALM_REFUSED },
  {
    name: 'a realm on a public name that leads to this machine',
    asks: 'Bearer realm="{evil}/token"',
    allowedTokenHosts: 'none',
    seen: {},
    error: /leads to an address of this machine/,
  },
  { name: 'a realm with a trailing dot', asks: 'Bearer realm="https://auth.test.:{auth.port}/token"', seen: {}, error: REALM_REFUSED },
  { name: 'a realm with an escaped host', asks: 'Bearer realm="https://%65vil.test:{evil.port}/token"', seen: {}, error: REALM_REFUSED },
  { name: 'a realm without a scheme', asks: 'Bearer realm="//{evil.host}/token"', seen: {}, error: REALM_REFUSED },
  { name: 'two realms, the bad one first', asks: `Bearer realm="{evil}/token", ${BEARER}`, seen: {}, error: REALM_REFUSED },
  { name: 'a bad realm beside Basic', asks: 'Basic realm="r", Bearer realm="{evil}/token"', seen: {}, error: REALM_REFUSED },

  // Redirects of the token server.
  { name: 'a token server that redirects within itself', tokenTo: '/moved', seen: { '{auth}': ['password'], '{registry}': ['bearer'] } },
  { name: 'a token server that redirects to another host', tokenTo: '{evil}/moved', seen: { '{auth}': ['password'] }, error: TOKEN_REDIRECT },
  { name: 'a token server that redirects to another port', tokenTo: 'https://auth.test:{evil.port}/moved', seen: { '{auth}': ['password'] }, error: TOKEN_REDIRECT },
  { name: 'a token server that redirects to the registry', tokenTo: '{registry}/moved', seen: { '{auth}': ['password'] }, error: TOKEN_REDIRECT },
  { name: 'a token server that redirects to plain HTTP', tokenTo: 'http://{auth.host}/moved', seen: { '{auth}': ['password'] }, error: /redirect from https to plain HTTP/ },
  { name: 'a token server that redirects to a user', tokenTo: 'https://a@{auth.host}/moved', seen: { '{auth}': ['password'] }, error: /with a user name in it/ },
  { name: 'a token server that redirects to its name with a dot', tokenTo: 'https://auth.test.:{auth.port}/moved', seen: { '{auth}': ['password'] }, error: TOKEN_REDIRECT },
  { name: 'a token server that redirects a refresh token', as: IDENTITY, tokenTo: '{evil}/moved', seen: { '{auth}': ['identity'] }, error: /a redirect of a POST/ },
  {
    name: 'a token server that redirects a refresh token by 302',
    as: IDENTITY,
    tokenTo: '{evil}/moved',
    tokenStatus: 302,
    seen: { '{auth}': ['identity'] },
    error: /a redirect of a POST/,
  },
  {
    name: 'a plain token server that redirects to another plain host',
    by: 'plain',
    asks: 'Bearer realm="{plainAuth}/token"',
    tokenTo: '{plainEvil}/moved',
    seen: { '{plainAuth}': ['password'] },
    error: TOKEN_REDIRECT,
  },

  // Redirects of the registry.
  { name: 'a tag on another host', tagTo: '{evil}/tag', seen: { '{auth}': ['password'], '{registry}': ['bearer'] } },
  { name: 'a manifest on another host', manifestTo: '{evil}/manifest', seen: { '{auth}': ['password'], '{registry}': ['bearer'] } },
  { name: 'a blob on another host', blobTo: '{evil}/blob', seen: { '{auth}': ['password'], '{registry}': ['bearer'] } },
  { name: 'a blob on another host, without a scheme', blobTo: '//{evil.host}/blob', seen: { '{auth}': ['password'], '{registry}': ['bearer'] } },
  { name: 'a blob on another port', blobTo: '{sibling}/blob', seen: { '{auth}': ['password'], '{registry}': ['bearer'] } },
  { name: 'a blob on the host of the token server', blobTo: '{auth}/blob', seen: { '{auth}': ['password'], '{registry}': ['bearer'] } },
  { name: 'a blob under the name with a dot', blobTo: 'https://registry.test.:{registry.port}/blob', seen: { '{auth}': ['password'], '{registry}': ['bearer'] } },
  { name: 'a blob under the name in capitals', blobTo: 'https://REGISTRY.TEST:{registry.port}/again/blob', seen: { '{auth}': ['password'], '{registry}': ['bearer'] } },
  { name: 'a blob under an address of the registry', blobTo: 'https://127.0.0.1:{registry.port}/blob', seen: { '{auth}': ['password'], '{registry}': ['bearer'] } },
  { name: 'a blob by plain HTTP', blobTo: 'http://{registry.host}/blob', seen: { '{auth}': ['password'], '{registry}': ['bearer'] }, error: /redirect from https to plain HTTP/ },
  { name: 'a blob with a user', blobTo: 'https://me@{evil.host}/blob', seen: { '{auth}': ['password'], '{registry}': ['bearer'] }, error: /with a user name in it/ },
  { name: 'a blob on another host, of a registry with a password', asks: 'Basic realm="r"', blobTo: '{evil}/blob', seen: { '{registry}': ['password'] } },
  { name: 'a blob on another host, of a registry token', as: OWN, blobTo: '{evil}/blob', seen: { '{registry}': ['own'] } },
  {
    name: 'a blob on another host that asks for a password',
    blobTo: '{evil}/blob',
    there: { status: 401, headers: { 'www-authenticate': 'Basic realm="r"' } },
    seen: { '{auth}': ['password'], '{registry}': ['bearer'] },
    error: /to where the registry redirects, answered 401/,
  },
  {
    name: 'a blob on another host that asks for a token of the listed server',
    blobTo: '{evil}/blob',
    there: { status: 401, headers: { 'www-authenticate': BEARER } },
    seen: { '{auth}': ['password'], '{registry}': ['bearer'] },
    error: /to where the registry redirects, answered 401/,
  },
  {
    name: 'a blob on another host that redirects back',
    blobTo: '{evil}/blob',
    there: { status: 302, headers: { location: '{registry}/again/blob' } },
    seen: { '{auth}': ['password'], '{registry}': ['bearer'] },
  },
  { name: 'a blob of a plain registry on another plain host', by: 'plain', blobTo: '{plainEvil}/blob', seen: { '{auth}': ['password'], '{plain}': ['bearer'] } },
  { name: 'a blob on a path of the registry', blobTo: '../../again/blob', seen: { '{auth}': ['password'], '{registry}': ['bearer'] } },
  {
    name: 'a blob on another host that redirects to itself for ever',
    blobTo: '{evil}/blob',
    there: { status: 302, headers: { location: '/blob' } },
    seen: { '{auth}': ['password'], '{registry}': ['bearer'] },
    error: /more than 5 redirects/,
  },
  {
    name: 'a blob that is sent to and fro for ever',
    blobTo: '{evil}/blob',
    there: { status: 302, headers: { location: '{registry}/v2/ns/app/blobs/x' } },
    seen: { '{auth}': ['password'], '{registry}': ['bearer'] },
    error: /more than 5 redirects/,
  },
];

/** Every redirect of a blob by every other status. */
const BY_STATUS: typeof SITUATIONS = [301, 302, 303, 308].flatMap((status) =>
  SITUATIONS.filter(({ blobTo }) => blobTo !== undefined).map((situation) => ({ ...situation, name: `${situation.name} (${status})`, status })),
);

/** What was put to the test, for who runs it. */
const tally = { situations: 0, chains: 0, requests: 0, allowed: 0, elsewhereBytes: 0 };
const count = (isAllowed: (origin: string, name: SecretName) => boolean): void => {
  tally.requests += servers.recorded.length;
  for (const [origin, names] of Object.entries(leaks())) {
    for (const name of names) {
      if (isAllowed(origin, name)) tally.allowed += 1;
      else tally.elsewhereBytes += SECRETS[name].length;
    }
  }
};
afterAll(() => {
  const { situations, chains, requests, allowed, elsewhereBytes } = tally;
  console.log(`credentials: ${situations} situations, ${chains} chains, ${requests} requests: ${allowed} origins had what was theirs, ${elsewhereBytes} bytes went elsewhere`);
});

describe('credentials', () => {
  it.each([...SITUATIONS, ...BY_STATUS])('go to nobody else: $name', async (situation) => {
    const { by = 'registry', as = PASSWORD, allowedTokenHosts = ['{auth.host}'], seen, error } = situation;
    servers.answer = answering(situation);
    client = clientOf(allowedTokenHosts === 'none' ? undefined : allowedTokenHosts.map(filled));
    const pulled = await pull(client, at[by], as).catch((caught: unknown) => caught);
    if (error === undefined) expect(pulled).toBeUndefined();
    else expect(String(pulled)).toMatch(error);
    const allowed = Object.fromEntries(Object.entries(seen).map(([origin, names]) => [filled(origin), [...names].toSorted()]));
    tally.situations += 1;
    count((origin, name) => allowed[origin]?.includes(name) === true);
    expect(leaks()).toEqual(allowed);
    expect(String(pulled)).not.toMatch(/S3cret/);
  });

  const ORIGINS = [
    '{registry}',
    '{auth}',
    '{evil}',
    '{sibling}',
    '{plain}',
    '{plainAuth}',
    '{plainEvil}',
    'https://auth.test.:{auth.port}',
    'https://127.0.0.1:{evil.port}',
  ] as const;
  const place = fc.constantFrom(...ORIGINS);
  const location = fc.oneof(
    { weight: 8, arbitrary: place.map((origin) => `${origin}/hop`) },
    place.map((origin) => `${origin.replace('://', '://me@')}/hop`),
    fc.constantFrom('/hop', '../hop', '//{evil.host}/hop', 'https://[', ''),
  );
  const hop = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('Redirect' as const), status: fc.constantFrom(301, 302, 303, 307, 308), to: location }) },
    fc.record({ kind: fc.constant('Challenge' as const), asks: place.map((origin) => `Bearer realm="${origin}/token"`) }),
    fc.record({ kind: fc.constant('Challenge' as const), asks: fc.constant('Basic realm="r"') }),
  );
  const chain = fc.record({
    realm: fc.oneof({ weight: 2, arbitrary: fc.constantFrom('{registry}', '{auth}', '{plain}', '{plainAuth}') }, place),
    credential: fc.constantFrom(PASSWORD, IDENTITY),
    by: fc.constantFrom('registry' as const, 'plain' as const),
    tokenHops: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, fc.array(hop, { maxLength: 3 })),
    hops: fc.array(hop, { maxLength: 7 }),
  });

  it('go to nobody else, whatever chain of redirects and challenges comes', async () => {
    const listed = ['{auth.host}'].map(filled);
    client = clientOf(listed);
    const everything = client;
    let nth = 0;
    let pulls = 0;
    let tokensGiven = 0;
    const property = fc.asyncProperty(chain, async ({ realm, credential, by, tokenHops, hops }) => {
      nth += 1;
      servers.recorded.length = 0;
      const left = { token: [...tokenHops], other: [...hops] };
      servers.answer = ({ origin, url, authorization }) => {
        const isToken = url.includes('/token');
        if (!isToken && origin === at[by] && authorization === undefined) return { status: 401, headers: { 'www-authenticate': filled(`Bearer realm="${realm}/token"`) } };
        const next = left[isToken ? 'token' : 'other'].shift();
        if (next?.kind === 'Redirect') return { status: next.status, headers: { location: filled(isToken ? next.to.replace('hop', 'token') : next.to) } };
        if (next?.kind === 'Challenge') return { status: 401, headers: { 'www-authenticate': filled(next.asks) } };
        tokensGiven += isToken ? 1 : 0;
        return isToken ? { status: 200, body: JSON.stringify({ token: SECRETS.bearer }) } : { status: 200, body: BLOB };
      };
      // A repository of its own: nothing is known of it from before.
      const reference = { registry: new URL(at[by]).host, repository: `ns/app-${nth}` };
      const failed: unknown = await everything.blob({ reference: { ...reference, digest: digestOf(MANIFEST) }, credential }, LAYER, signal()).then(
        () => undefined,
        (error: unknown) => error,
      );
      pulls += failed === undefined ? 1 : 0;
      expect(String(failed)).not.toMatch(/S3cret/);
      const home = at[by];
      const mayHaveCredential = new Set([at.auth, ...(by === 'plain' ? [at.plainAuth] : []), ...(filled(realm) === home ? [home] : [])]);
      tally.chains += 1;
      count((origin, name) => (name === 'bearer' ? origin === home : mayHaveCredential.has(origin)));
      expect(tally.elsewhereBytes).toBe(0);
    });
    const numRuns = Number(process.env['FUZZ_RUNS'] ?? 300);
    await fc.assert(property, { numRuns });
    // Else nothing was put to the test.
    expect(Math.min(pulls, tokensGiven)).toBeGreaterThan(numRuns / 20);
  }, 600_000);
});
