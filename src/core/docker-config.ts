import type { Reference } from './reference.ts';

/** Name and password for one registry; both opaque. */
export interface DockerCredential {
  readonly username: string;
  readonly password: string;
}

export type CredentialChoice =
  | { readonly kind: 'Found'; readonly credential: DockerCredential }
  | { readonly kind: 'None' }
  | { readonly kind: 'Invalid'; readonly message: string };

/**
 * Chooses the credential for a reference out of docker configurations: the text of `.dockerconfigjson`, or of the
 * older `.dockercfg`. The host must be equal; of several entries that match the longest path wins, then the earlier
 * document. Messages name no secret. Never throws.
 */
export const credentialFor = (documents: readonly string[], reference: Reference): CredentialChoice => {
  let best: Match | undefined;
  for (const [index, document] of documents.entries()) {
    const read = readEntries(document);
    if (read.kind === 'Invalid') return invalid(`docker configuration ${index + 1} of ${documents.length} ${read.why}`);
    for (const [key, entry] of read.entries) {
      const length = matchLength(key, reference);
      if (length !== undefined && (best === undefined || length > best.length)) best = { key, entry, length };
    }
  }
  return best === undefined ? { kind: 'None' } : credentialOf(best);
};

interface Match {
  readonly key: string;
  readonly entry: unknown;
  readonly length: number;
}

type Entries = { readonly kind: 'Entries'; readonly entries: readonly (readonly [string, unknown])[] } | { readonly kind: 'Invalid'; readonly why: string };

const readEntries = (document: string): Entries => {
  const parsed = parseObject(document);
  if (parsed === undefined) return { kind: 'Invalid', why: 'is not a JSON object' };
  const command = credentialCommand(parsed);
  if (command !== undefined) return { kind: 'Invalid', why: `names ${command}: a credential helper is a command, and none is run; write the credential itself under auths` };
  const auths = 'auths' in parsed ? parsed['auths'] : parsed;
  if (!isObject(auths)) return { kind: 'Invalid', why: 'has auths that are not a JSON object' };
  return { kind: 'Entries', entries: Object.entries(auths) };
};

const credentialCommand = (parsed: Readonly<Record<string, unknown>>): string | undefined => {
  if (typeof parsed['credsStore'] === 'string' && parsed['credsStore'] !== '') return 'credsStore';
  if (isObject(parsed['credHelpers']) && Object.keys(parsed['credHelpers']).length > 0) return 'credHelpers';
  return undefined;
};

// `docker login` without a host writes the first of these; the registry itself answers under the last.
const DOCKER_HUB = new Set(['index.docker.io', 'docker.io', 'registry-1.docker.io']);

/** Length of the key's path where host and path match the reference; undefined where they do not. */
const matchLength = (key: string, { registry, repository }: Reference): number | undefined => {
  const [host = '', ...rest] = key.replace(/^https?:\/\//, '').split('/');
  if (canonicalHost(host) !== canonicalHost(registry)) return undefined;
  // The API version is no part of the path: `https://host/v1/` is the whole host.
  const path = rest
    .join('/')
    .replace(/^v[12](?:\/|$)/, '')
    .replace(/\/+$/, '');
  const isPrefix = path === '' || repository === path || repository.startsWith(`${path}/`);
  return isPrefix ? path.length : undefined;
};

const canonicalHost = (host: string): string => (DOCKER_HUB.has(host.toLowerCase()) ? 'docker.io' : host.toLowerCase());

const credentialOf = ({ key, entry }: Match): CredentialChoice => {
  const where = `the docker configuration's entry for ${JSON.stringify(key)}`;
  if (!isObject(entry)) return invalid(`${where} is not a JSON object`);
  const { auth, username, password, identitytoken, registrytoken } = entry;
  if (typeof auth === 'string' && auth !== '') return decodeAuth(auth, where);
  if (typeof username === 'string' && username !== '' && typeof password === 'string') return { kind: 'Found', credential: { username, password } };
  if (isFilled(identitytoken) || isFilled(registrytoken)) return invalid(`${where} holds a token, which is not supported yet; write auth, or username and password`);
  return invalid(`${where} has neither auth nor username and password`);
};

const isFilled = (value: unknown): boolean => typeof value === 'string' && value !== '';

const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

const decodeAuth = (auth: string, where: string): CredentialChoice => {
  const text = BASE64.test(auth.trim()) ? decodeUtf8(auth.trim()) : undefined;
  const colon = text?.indexOf(':') ?? -1;
  if (text === undefined || colon < 1) return invalid(`${where} has an auth that is not base64 of username:password`);
  // docker pads passwords with NUL and cuts it off again when reading.
  return { kind: 'Found', credential: { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, '') } };
};

const decodeUtf8 = (base64: string): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(base64, 'base64'));
  } catch {
    return undefined;
  }
};

const parseObject = (text: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);

const invalid = (message: string): CredentialChoice => ({ kind: 'Invalid', message });
