import type { ChartRelease } from '../api/chart-release.ts';
import { credentialFor } from '../core/docker-config.ts';
import { parseDuration, printDuration } from '../core/duration.ts';
import { keyOf } from '../core/object-ref.ts';
import { parseReference, type Reference } from '../core/reference.ts';
import type { Trouble } from '../core/release-state.ts';
import type { DefaultCredentials } from '../ports/default-credentials.ts';
import { StageError, reasonOf } from '../ports/errors.ts';
import type { Credential, RegistryError, Source, Tags } from '../ports/registry.ts';
import type { Secrets } from '../ports/secrets.ts';
import type { ServiceAccounts } from '../ports/service-accounts.ts';

const LEAST_INTERVAL_MS = 10_000;
const DEFAULT_INTERVAL_MS = 60_000;

/** Where credentials come from, in this order. */
interface CredentialDeps {
  readonly secrets: Secrets;
  readonly serviceAccounts: ServiceAccounts;
  readonly defaultCredentials: DefaultCredentials;
}

/**
 * Turns spec.chart into a digest: a pinned one as it stands, a tag by following it. A registry that cannot be asked
 * is a value here, not an error: what runs goes on. Throws StageError for a bad reference or pull secret.
 */
export const resolve = async (
  deps: CredentialDeps & { readonly tags: Tags },
  release: ChartRelease,
  options: { readonly fresh: boolean },
  signal: AbortSignal,
): Promise<Source> => {
  const key = keyOf(release.metadata);
  const reference = referenceOf(release);
  const credential = await credentialOf(deps, release, reference, signal);
  const { tag, digest } = reference;
  if (digest !== undefined || tag === undefined) {
    deps.tags.unfollow(key);
    return { reference, credential, digest, trouble: undefined };
  }
  const view = await deps.tags.follow(key, { reference: { ...reference, tag }, credential }, { intervalMs: intervalOf(release), fresh: options.fresh }, signal);
  return { reference, credential, digest: view.digest, trouble: view.trouble && troubleOf(view.trouble, release) };
};

/** A tag that is not there is looked at as often as any other; how soon a registry that fails is asked again is not known here. */
const troubleOf = (error: RegistryError, release: ChartRelease): Trouble => {
  const next = error.code === 'NotFound' ? `; it is looked at every ${printDuration(intervalOf(release))}` : '';
  return { reason: reasonOf(error) ?? 'RegistryUnavailable', message: `${error.message}${next}` };
};

/** How often the tag of a release is looked at, in ms. */
export const intervalOf = (release: ChartRelease): number => Math.max(LEAST_INTERVAL_MS, parseDuration(release.spec.interval) ?? DEFAULT_INTERVAL_MS);

const referenceOf = (release: ChartRelease): Reference => {
  const parsed = parseReference(release.spec.chart);
  if (parsed.kind === 'Invalid') throw new StageError('InvalidReference', parsed.message);
  return parsed.reference;
};

/** Docker configurations of one kind of place; `name` tells people where to look. */
interface CredentialSource {
  readonly name: string;
  readonly documents: readonly string[];
}

/** A source is asked only when those before it have nothing for the chart. */
const credentialOf = async (deps: CredentialDeps, release: ChartRelease, reference: Reference, signal: AbortSignal): Promise<Credential | undefined> => {
  for (const read of [fromPullSecrets, fromServiceAccount, fromOperator]) {
    const { name, documents } = await read(deps, release, signal);
    const found = credentialFor(documents, reference);
    if (found.kind === 'Invalid') throw new StageError('PullSecretInvalid', `cannot read ${name}: ${found.message}`);
    if (found.kind === 'Found') return found.credential;
  }
  return undefined;
};

type ReadSource = (deps: CredentialDeps, release: ChartRelease, signal: AbortSignal) => Promise<CredentialSource>;

const fromPullSecrets: ReadSource = async ({ secrets }, { spec, metadata: { namespace } }, signal) => {
  const names = (spec.pullSecrets ?? []).map((secret) => secret.name);
  const documents = await Promise.all(names.map((name) => requiredConfig(secrets, namespace, name, signal)));
  return { name: `the pull secrets ${names.join(', ')}`, documents };
};

/** The ServiceAccount of a pod that names none. */
const SERVICE_ACCOUNT = 'default';

/** As the kubelet does for pods: a Secret that is missing or of another kind is passed over, one that cannot be read is an error. */
const fromServiceAccount: ReadSource = async ({ secrets, serviceAccounts }, { metadata: { namespace } }, signal) => {
  const names = await serviceAccounts.imagePullSecrets(namespace, SERVICE_ACCOUNT, signal);
  const documents = await Promise.all(names.map(async (name) => dockerConfigOf(await secrets.read(namespace, name, signal))));
  return { name: `the imagePullSecrets ${names.join(', ')} of ServiceAccount ${namespace}/${SERVICE_ACCOUNT}`, documents: documents.filter((document) => document !== undefined) };
};

const fromOperator: ReadSource = async ({ defaultCredentials }) => {
  const document = await defaultCredentials.read();
  return { name: defaultCredentials.name, documents: document === undefined ? [] : [document] };
};

const requiredConfig = async (secrets: Secrets, namespace: string, name: string, signal: AbortSignal): Promise<string> => {
  const keys = await secrets.read(namespace, name, signal);
  if (keys === undefined) throw new StageError('PullSecretInvalid', `pull secret ${namespace}/${name} does not exist; create it, or take it out of spec.pullSecrets`);
  const document = dockerConfigOf(keys);
  if (document === undefined)
    throw new StageError('PullSecretInvalid', `pull secret ${namespace}/${name} has no key .dockerconfigjson; make it with kubectl create secret docker-registry`);
  return document;
};

const dockerConfigOf = (keys: Readonly<Record<string, string>> | undefined): string | undefined => keys?.['.dockerconfigjson'] ?? keys?.['.dockercfg'];
