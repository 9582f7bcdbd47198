import { type ChartRelease, EXPIRES_AT } from '../api/chart-release.ts';
import { type Expiry, type Misstated, validityOfCertificate, validityOfCredential, validityStated } from '../core/credential-expiry.ts';
import { credentialFor } from '../core/docker-config.ts';
import { parseDuration, printDuration } from '../core/duration.ts';
import { keyOf } from '../core/object-ref.ts';
import { parseReference, parseRepository, type Reference } from '../core/reference.ts';
import { type ClientCertificate, faultOfCa, faultOfClient, type RegistryTls } from '../core/registry-tls.ts';
import type { Trouble } from '../core/release-state.ts';
import { parseRange, type VersionRange } from '../core/version-range.ts';
import type { Clock } from '../ports/clock.ts';
import type { CloudIdentities, LentCredential } from '../ports/cloud-identities.ts';
import type { DefaultCredentials } from '../ports/default-credentials.ts';
import { StageError, reasonOf } from '../ports/errors.ts';
import type { Mirrors } from '../ports/mirrors.ts';
import { type Access, type Credential, RegistryError, type Source, type Tags } from '../ports/registry.ts';
import type { Secrets } from '../ports/secrets.ts';
import type { ServiceAccounts } from '../ports/service-accounts.ts';
import type { SourceKeys, Sources } from '../ports/sources.ts';

const LEAST_INTERVAL_MS = 10_000;
const DEFAULT_INTERVAL_MS = 60_000;
const LIST_INTERVAL_MS = 5 * 60_000;

/** Where it comes from how a registry is reached, and as whom. */
interface AccessDeps {
  /** Secrets that a spec names: the release is woken when they change. */
  readonly sources: Sources;
  readonly secrets: Secrets;
  readonly serviceAccounts: ServiceAccounts;
  readonly defaultCredentials: DefaultCredentials;
  /** Asked where no docker configuration has an entry. */
  readonly cloudIdentities: CloudIdentities;
  /** The credentials of a registry are not for its mirrors: for each its own are looked for. */
  readonly mirrors: Mirrors;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * Turns spec.chart into a digest: a pinned one as it stands, a tag, or the highest in the range of spec.version, by following it. A registry that cannot
 * be asked is a value here, not an error: what runs goes on. Throws StageError for a bad reference, range, pull secret or TLS Secret.
 */
export const resolve = async (deps: AccessDeps & { readonly tags: Tags }, release: ChartRelease, { fresh }: { readonly fresh: boolean }, signal: AbortSignal): Promise<Source> => {
  const key = keyOf(release.metadata);
  const { reference, range } = wishOf(release);
  const { access, refusal, ...times } = await accessOf(deps, release, reference, signal);
  const found = (one: Pick<Source, 'reference' | 'digest' | 'trouble'>): Source => ({ ...access, ...times, ...one });
  const { tag, digest } = reference;
  const intervalMs = intervalOf(release);
  if (refusal !== undefined) {
    // It would be looked at as somebody else.
    deps.tags.unfollow(key);
    return found({ reference, digest: undefined, trouble: { reason: 'AuthenticationFailed', message: refusal.message } });
  }
  if (range !== undefined) {
    const view = await deps.tags.followRange(key, { ...access, reference, range }, { intervalMs, listIntervalMs: listIntervalOf(release), fresh }, signal);
    const chosen = view.tag === undefined ? reference : { ...reference, tag: view.tag };
    return found({ reference: chosen, digest: view.digest, trouble: view.trouble && troubleOf(view.trouble, release) });
  }
  if (digest !== undefined || tag === undefined) {
    deps.tags.unfollow(key);
    return found({ reference, digest, trouble: undefined });
  }
  const view = await deps.tags.follow(key, { ...access, reference: { ...reference, tag } }, { intervalMs, fresh }, signal);
  return found({ reference, digest: view.digest, trouble: view.trouble && troubleOf(view.trouble, release) });
};

/** A tag that is not there is looked at as often as any other; how soon a registry that fails is asked again is not known here. */
const troubleOf = (error: RegistryError, release: ChartRelease): Trouble => {
  const next = error.code === 'NotFound' || error.code === 'NoMatch' ? `; it is looked at every ${printDuration(lookedAtEvery(release))}` : '';
  return { reason: reasonOf(error) ?? 'RegistryUnavailable', message: `${error.message}${next}` };
};

/** How often what is followed may become another tag or digest, in ms. */
export const lookedAtEvery = (release: ChartRelease): number => (release.spec.version === undefined ? intervalOf(release) : listIntervalOf(release));

/** How often the tag of a release is looked at, in ms. */
const intervalOf = (release: ChartRelease): number => Math.max(LEAST_INTERVAL_MS, parseDuration(release.spec.interval) ?? DEFAULT_INTERVAL_MS);

/** How often the tags of its repository are listed: that is more work for a registry than a look at one of them. */
const listIntervalOf = (release: ChartRelease): number => Math.max(LIST_INTERVAL_MS, intervalOf(release));

interface Wish {
  readonly reference: Reference;
  readonly range: VersionRange | undefined;
}

const wishOf = ({ spec: { chart, version } }: ChartRelease): Wish => {
  const parsed = version === undefined ? parseReference(chart) : parseRepository(chart);
  if (parsed.kind === 'Invalid') throw new StageError('InvalidReference', parsed.message);
  if (version === undefined) return { reference: parsed.reference, range: undefined };
  const range = parseRange(version);
  if (range.kind === 'Invalid') throw new StageError('InvalidReference', `spec.version ${range.message}`);
  return { reference: parsed.reference, range: range.range };
};

interface FoundAccess extends Pick<Source, 'expiries' | 'renewedAt'> {
  readonly access: Access;
  /** Why there is no credential for the registry, though a cloud should have one. */
  readonly refusal: RegistryError | undefined;
}

const accessOf = async (deps: AccessDeps, release: ChartRelease, reference: Reference, signal: AbortSignal): Promise<FoundAccess> => {
  const named = await readNamed(deps.sources, release, signal);
  const tls = tlsOf(release, named, deps.clock.now());
  const mirrors = deps.mirrors.of(reference.registry);
  const hosts = [reference.registry, ...mirrors];
  const found = await credentialsOf(deps, { release, named, hosts, repository: reference.repository }, signal);
  const open = hosts.filter((host) => !found.has(host));
  const { lent, refusals } = await borrow(deps.cloudIdentities, open, signal);
  const credentials = new Map([...found, ...lent].map(([host, { credential }]) => [host, credential]));
  const forMirrors = mirrors.flatMap((host): readonly [string, Credential][] => {
    const credential = credentials.get(host);
    return credential === undefined ? [] : [[host, credential]];
  });
  const times = [...lent.values()].map(({ renewedAt }) => renewedAt);
  return {
    access: { credential: credentials.get(reference.registry), tls, ...(forMirrors.length > 0 && { mirrorCredentials: Object.fromEntries(forMirrors) }) },
    refusal: refusals.get(reference.registry),
    expiries: expiriesOf(release, tls, found),
    renewedAt: times.length === 0 ? undefined : Math.min(...times),
  };
};

/** What clouds lend for these hosts, and why they do not. A mirror without its credential is passed over by who asks it. */
const borrow = async (clouds: CloudIdentities, hosts: readonly string[], signal: AbortSignal) => {
  const [lent, refusals] = [new Map<string, LentCredential>(), new Map<string, RegistryError>()];
  const ask = async (host: string): Promise<void> => {
    try {
      const one = await clouds.credentialFor(host, signal);
      if (one !== undefined) lent.set(host, one);
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      refusals.set(host, error);
    }
  };
  await Promise.all(hosts.map(ask));
  return { lent, refusals };
};

/** A credential, and where it is kept. */
interface KnownCredential {
  readonly credential: Credential;
  readonly place: string;
  /** When it ends, as somebody has annotated that place. */
  readonly stated: string | undefined;
}

const expiriesOf = (
  { metadata: { namespace }, spec }: ChartRelease,
  tls: RegistryTls | undefined,
  found: ReadonlyMap<string, KnownCredential>,
): readonly (Expiry | Misstated)[] => {
  const certificate = tls?.client && validityOfCertificate(tls.client.certificate);
  const credentials = [...found].flatMap(([host, known]) => expiryOf(host, known) ?? []);
  return [...credentials, ...(certificate === undefined ? [] : [{ ...certificate, what: `the client certificate in Secret ${namespace}/${spec.tls?.clientCertSecret}` }])];
};

/** A credential knows best; of one that does not say whoever made it may have. */
const expiryOf = (host: string, { credential, place, stated }: KnownCredential): Expiry | Misstated | undefined => {
  const what = `the ${NOUNS[credential.kind]} for ${host} in ${place}`;
  const own = validityOfCredential(credential);
  if (own !== undefined) return { ...own, what };
  if (stated === undefined) return undefined;
  const validity = validityStated(stated);
  return validity === undefined ? { what, stated } : { ...validity, what };
};

const NOUNS = { Password: 'password', IdentityToken: 'identity token', RegistryToken: 'token' } as const satisfies Record<Credential['kind'], string>;

/** A Secret's keys as text. */
type Keys = Readonly<Record<string, string>>;

/** A Secret that the spec names. */
interface NamedSecret {
  readonly keys: Keys;
  readonly expiresAt: string | undefined;
}

/** Those that are there. */
type NamedSecrets = ReadonlyMap<string, NamedSecret>;

const readNamed = async (sources: Sources, { metadata, spec: { pullSecrets = [], tls = {} } }: ChartRelease, signal: AbortSignal): Promise<NamedSecrets> => {
  const names = [...pullSecrets.map(({ name }) => name), tls.caSecret, tls.clientCertSecret].filter((name) => name !== undefined);
  const refs = names.map((name) => ({ kind: 'Secret' as const, namespace: metadata.namespace, name }));
  const found = await sources.read(keyOf(metadata), 'Registry', refs, signal);
  return new Map(
    names.flatMap((name, index): readonly [string, NamedSecret][] => {
      const secret = found[index];
      return secret === undefined ? [] : [[name, { keys: textsOf(secret.keys), expiresAt: secret.annotations[EXPIRES_AT] }]];
    }),
  );
};

const textsOf = (keys: SourceKeys): Keys => Object.fromEntries(Object.entries(keys).map(([key, bytes]) => [key, Buffer.from(bytes).toString('utf8')]));

const tlsOf = ({ metadata: { namespace }, spec: { tls = {} } }: ChartRelease, named: NamedSecrets, now: number): RegistryTls | undefined => {
  const secret = (field: keyof typeof tls, name: string): TlsSecret => ({ name: `spec.tls.${field}: Secret ${namespace}/${name}`, keys: named.get(name)?.keys });
  const ca = tls.caSecret === undefined ? undefined : caOf(secret('caSecret', tls.caSecret), now);
  const client = tls.clientCertSecret === undefined ? undefined : clientOf(secret('clientCertSecret', tls.clientCertSecret), now);
  return ca === undefined && client === undefined ? undefined : { ca, client };
};

interface TlsSecret {
  /** Field and Secret, for messages. */
  readonly name: string;
  readonly keys: Keys | undefined;
}

// The keys are those of Flux and cert-manager.
const caOf = (secret: TlsSecret, now: number): string => {
  const ca = tlsKeyIn(secret, 'ca.crt');
  const fault = faultOfCa(ca, now);
  if (fault !== undefined) throw new StageError('TlsSecretInvalid', `${secret.name}, key ca.crt, ${fault}`);
  return ca;
};

const clientOf = (secret: TlsSecret, now: number): ClientCertificate => {
  const client = { certificate: tlsKeyIn(secret, 'tls.crt'), key: tlsKeyIn(secret, 'tls.key') };
  const fault = faultOfClient(client, now);
  if (fault !== undefined) throw new StageError('TlsSecretInvalid', `${secret.name}, key ${fault.in === 'key' ? 'tls.key' : 'tls.crt'}, ${fault.why}`);
  return client;
};

const tlsKeyIn = ({ name, keys }: TlsSecret, key: string): string => {
  const text = keys?.[key];
  if (text !== undefined) return text;
  throw new StageError('TlsSecretInvalid', keys === undefined ? `${name} does not exist; create it, or take it out of the spec` : `${name} has no key ${key}; add it, in PEM`);
};

/** Whose credentials are looked for, and what for. */
interface Wanted {
  readonly release: ChartRelease;
  readonly named: NamedSecrets;
  readonly hosts: readonly string[];
  readonly repository: string;
}

/** Docker configurations of one kind of place, each with the place of its own; the names tell people where to look. */
interface CredentialSource {
  readonly name: string;
  readonly documents: readonly PlacedDocument[];
}

interface PlacedDocument {
  readonly place: string;
  readonly text: string;
  /** As its place is annotated. */
  readonly expiresAt?: string | undefined;
}

/** The credentials by host, for those hosts that there is one for. A source is asked only when those before it have nothing for one of them. */
const credentialsOf = async (deps: AccessDeps, wanted: Wanted, signal: AbortSignal): Promise<ReadonlyMap<string, KnownCredential>> => {
  const found = new Map<string, KnownCredential>();
  for (const read of [fromPullSecrets, fromServiceAccount, fromOperator]) {
    const open = wanted.hosts.filter((host) => !found.has(host));
    if (open.length === 0) break;
    const { name, documents } = await read(deps, wanted, signal);
    const texts = documents.map(({ text }) => text);
    for (const registry of open) {
      const choice = credentialFor(texts, { registry, repository: wanted.repository });
      if (choice.kind === 'Invalid') throw new StageError('PullSecretInvalid', `cannot read ${name}: ${choice.message}`);
      if (choice.kind !== 'Found') continue;
      const document = documents[choice.document];
      found.set(registry, { credential: choice.credential, place: document?.place ?? name, stated: document?.expiresAt });
    }
  }
  return found;
};

type ReadSource = (deps: AccessDeps, wanted: Wanted, signal: AbortSignal) => Promise<CredentialSource>;

const fromPullSecrets: ReadSource = async (_deps, { release: { spec, metadata }, named }) => {
  const names = (spec.pullSecrets ?? []).map((secret) => secret.name);
  return {
    name: `the pull secrets ${names.join(', ')}`,
    documents: names.map((name) => ({
      place: `pull secret ${metadata.namespace}/${name}`,
      text: requiredConfig(named, metadata.namespace, name),
      expiresAt: named.get(name)?.expiresAt,
    })),
  };
};

/** The ServiceAccount of a pod that names none. */
const SERVICE_ACCOUNT = 'default';

/** As the kubelet does for pods: a Secret that is missing or of another kind is passed over, one that cannot be read is an error. */
const fromServiceAccount: ReadSource = async ({ secrets, serviceAccounts }, { release }, signal) => {
  const { namespace } = release.metadata;
  const names = await serviceAccounts.imagePullSecrets(namespace, SERVICE_ACCOUNT, signal);
  const read = async (name: string): Promise<readonly PlacedDocument[]> => {
    const text = dockerConfigOf(await secrets.read(namespace, name, signal));
    return text === undefined ? [] : [{ place: `Secret ${namespace}/${name} (imagePullSecrets of ServiceAccount ${SERVICE_ACCOUNT})`, text }];
  };
  const documents = await Promise.all(names.map(read));
  return { name: `the imagePullSecrets ${names.join(', ')} of ServiceAccount ${namespace}/${SERVICE_ACCOUNT}`, documents: documents.flat() };
};

const fromOperator: ReadSource = async ({ defaultCredentials }) => {
  const document = await defaultCredentials.read();
  return { name: defaultCredentials.name, documents: document === undefined ? [] : [{ place: defaultCredentials.name, text: document }] };
};

const requiredConfig = (named: NamedSecrets, namespace: string, name: string): string => {
  const keys = named.get(name)?.keys;
  if (keys === undefined) throw new StageError('PullSecretInvalid', `pull secret ${namespace}/${name} does not exist; create it, or take it out of spec.pullSecrets`);
  const document = dockerConfigOf(keys);
  if (document === undefined)
    throw new StageError('PullSecretInvalid', `pull secret ${namespace}/${name} has no key .dockerconfigjson; make it with kubectl create secret docker-registry`);
  return document;
};

const dockerConfigOf = (keys: Keys | undefined): string | undefined => keys?.['.dockerconfigjson'] ?? keys?.['.dockercfg'];
