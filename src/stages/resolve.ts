import type { ChartRelease } from '../api/chart-release.ts';
import { credentialFor } from '../core/docker-config.ts';
import { parseDuration, printDuration } from '../core/duration.ts';
import { keyOf } from '../core/object-ref.ts';
import { parseReference, type Reference } from '../core/reference.ts';
import type { Trouble } from '../core/release-state.ts';
import { StageError, reasonOf } from '../ports/errors.ts';
import type { Credential, RegistryError, Source, Tags } from '../ports/registry.ts';
import type { Secrets } from '../ports/secrets.ts';

const LEAST_INTERVAL_MS = 10_000;
const DEFAULT_INTERVAL_MS = 60_000;

/**
 * Turns spec.chart into a digest: a pinned one as it stands, a tag by following it. A registry that cannot be asked
 * is a value here, not an error: what runs goes on. Throws StageError for a bad reference or pull secret.
 */
export const resolve = async (
  deps: { readonly tags: Tags; readonly secrets: Secrets },
  release: ChartRelease,
  options: { readonly fresh: boolean },
  signal: AbortSignal,
): Promise<Source> => {
  const key = keyOf(release.metadata);
  const reference = referenceOf(release);
  const credential = await credentialOf(deps.secrets, release, reference, signal);
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

const credentialOf = async (secrets: Secrets, release: ChartRelease, reference: Reference, signal: AbortSignal): Promise<Credential | undefined> => {
  const names = (release.spec.pullSecrets ?? []).map((secret) => secret.name);
  const documents = await Promise.all(names.map((name) => dockerConfig(secrets, release.metadata.namespace, name, signal)));
  const found = credentialFor(documents, reference);
  if (found.kind === 'Invalid') throw new StageError('PullSecretInvalid', `cannot read the pull secrets ${names.join(', ')}: ${found.message}`);
  return found.kind === 'Found' ? found.credential : undefined;
};

const dockerConfig = async (secrets: Secrets, namespace: string, name: string, signal: AbortSignal): Promise<string> => {
  const keys = await secrets.read(namespace, name, signal);
  if (keys === undefined) throw new StageError('PullSecretInvalid', `pull secret ${namespace}/${name} does not exist; create it, or take it out of spec.pullSecrets`);
  const document = keys['.dockerconfigjson'] ?? keys['.dockercfg'];
  if (document === undefined)
    throw new StageError('PullSecretInvalid', `pull secret ${namespace}/${name} has no key .dockerconfigjson; make it with kubectl create secret docker-registry`);
  return document;
};
