import type { Reference } from './reference.ts';

/** How to prove to one registry, or to its token server, who asks; all opaque. */
export type DockerCredential =
  | { readonly kind: 'Password'; readonly username: string; readonly password: string }
  /** An OAuth2 refresh token for the token server. Name and password stand beside it for registries without one, and may be empty. */
  | { readonly kind: 'IdentityToken'; readonly identityToken: string; readonly username: string; readonly password: string }
  /** A token for the registry itself. */
  | { readonly kind: 'RegistryToken'; readonly registryToken: string };

export type CredentialChoice =
  /** With the place of its document among those that were given. */
  { readonly kind: 'Found'; readonly credential: DockerCredential; readonly document: number } | { readonly kind: 'None' } | { readonly kind: 'Invalid'; readonly message: string };

/**
 * Chooses the credential for a reference out of docker configurations: the text of `.dockerconfigjson`, or of the
 * older `.dockercfg`. The host must be equal; of several entries that match the longest path wins, then the earlier
 * document. Credential helpers are commands, and none is run: one that docker would ask is an error. Messages name no
 * secret. Never throws.
 */
export const credentialFor = (documents: readonly string[], reference: Reference): CredentialChoice => {
  let best: Best | undefined;
  for (const [index, document] of documents.entries()) {
    const config = readDockerConfig(document);
    if (config.kind === 'Invalid') return invalid(`docker configuration ${index + 1} of ${documents.length} ${config.why}`);
    for (const match of matchesOf(config, reference)) if (best === undefined || match.length > best.length) best = { ...match, document: index };
  }
  return best === undefined ? { kind: 'None' } : credentialOf(best);
};

type Fields = Readonly<Record<string, unknown>>;

/** A docker configuration taken apart; entries are read when they are chosen. */
export type DockerConfig =
  | { readonly kind: 'DockerConfig'; readonly auths: Fields; readonly helpers: Fields; readonly store: string }
  | { readonly kind: 'Invalid'; readonly why: string };

/** Reads the outer form of a docker configuration. Never throws; `why` goes on from "the file". */
export const readDockerConfig = (document: string): DockerConfig => {
  const parsed = parseObject(document);
  if (parsed === undefined) return { kind: 'Invalid', why: 'is not a JSON object' };
  const { auths = {}, credHelpers = {}, credsStore } = parsed;
  if (!isObject(auths)) return { kind: 'Invalid', why: 'has auths that are not a JSON object' };
  if (!isObject(credHelpers)) return { kind: 'Invalid', why: 'has credHelpers that are not a JSON object' };
  const isOlder = !['auths', 'credHelpers', 'credsStore'].some((key) => key in parsed);
  return { kind: 'DockerConfig', auths: isOlder ? parsed : auths, helpers: credHelpers, store: textOf(credsStore) };
};

interface Match {
  readonly key: string;
  readonly length: number;
  readonly entry: unknown;
  /** Setting and name of the command that docker would ask in place of the entry. */
  readonly command: string | undefined;
}

const matchesOf = ({ auths, helpers, store }: Extract<DockerConfig, { readonly kind: 'DockerConfig' }>, reference: Reference): readonly Match[] => {
  const matching = (entries: Fields, commandFor: (entry: unknown) => string | undefined): readonly Match[] =>
    Object.entries(entries).flatMap(([key, entry]) => {
      const length = matchLength(key, reference);
      return length === undefined ? [] : [{ key, length, entry, command: commandFor(entry) }];
    });
  // Of equals the first counts, and docker asks a helper before it looks at auths. With a store it leaves entries empty.
  return [
    ...matching(helpers, (name) => `credHelpers (${JSON.stringify(textOf(name))})`),
    ...matching(auths, (entry) => (store !== '' && isEmpty(entry) ? `credsStore (${JSON.stringify(store)})` : undefined)),
  ];
};

// `docker login` without a host writes the first of these; the registry itself answers under the last.
const DOCKER_HUB = new Set(['index.docker.io', 'docker.io', 'registry-1.docker.io']);

/** Length of the key's path where host and path match the reference; undefined where they do not. */
const matchLength = (key: string, { registry, repository }: Reference): number | undefined => {
  const [host = '', ...rest] = key.replace(/^https?:\/\//, '').split('/');
  if (canonicalHost(host) !== canonicalHost(registry)) return undefined;
  // The API version is no part of the path: `https://host/v1/` is the whole host.
  const path = trimEnd(rest.join('/').replace(/^v[12](?:\/|$)/, ''), '/');
  const isPrefix = path === '' || repository === path || repository.startsWith(`${path}/`);
  return isPrefix ? path.length : undefined;
};

const canonicalHost = (host: string): string => (DOCKER_HUB.has(host.toLowerCase()) ? 'docker.io' : host.toLowerCase());

interface Best extends Match {
  readonly document: number;
}

const credentialOf = ({ key, entry, command, document }: Best): CredentialChoice => {
  const where = `the docker configuration's entry for ${JSON.stringify(key)}`;
  if (command !== undefined)
    return invalid(
      `${where} is left to ${command}: a credential helper is a command, and none is run; write the credential itself under auths, or for Amazon ECR take the entry out and set cloudIdentities: [ecr] in the operator's configuration`,
    );
  if (!isObject(entry)) return invalid(`${where} is not a JSON object`);
  const registryToken = textOf(entry['registrytoken']);
  if (registryToken !== '') return { kind: 'Found', credential: { kind: 'RegistryToken', registryToken }, document };
  const identityToken = textOf(entry['identitytoken']);
  const login = loginOf(entry, identityToken !== '');
  if (typeof login === 'string') return invalid(`${where} ${login}`);
  return { kind: 'Found', credential: identityToken === '' ? { kind: 'Password', ...login } : { kind: 'IdentityToken', identityToken, ...login }, document };
};

interface Login {
  readonly username: string;
  readonly password: string;
}

/** Name and password of an entry, or what is wrong with them. */
const loginOf = ({ auth, username, password }: Fields, mayBeMissing: boolean): Login | string => {
  if (textOf(auth) !== '') return decodeAuth(textOf(auth));
  if (textOf(username) === '' || typeof password !== 'string') return mayBeMissing ? { username: '', password: '' } : 'has neither auth nor username and password, nor a token';
  // RFC 7617: what stands after the first colon is the password.
  return textOf(username).includes(':') ? 'has a username with a colon, which cannot be sent' : { username: textOf(username), password };
};

const isEmpty = (entry: unknown): boolean => isObject(entry) && ['auth', 'username', 'identitytoken', 'registrytoken'].every((key) => textOf(entry[key]) === '');

const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

const decodeAuth = (auth: string): Login | string => {
  const text = BASE64.test(auth.trim()) ? decodeUtf8(auth.trim()) : undefined;
  const colon = text?.indexOf(':') ?? -1;
  if (text === undefined || colon < 1) return 'has an auth that is not base64 of username:password';
  // docker pads passwords with NUL and cuts it off again when reading.
  return { username: text.slice(0, colon), password: trimEnd(text.slice(colon + 1), '\0') };
};

// A regular expression would look at every run of the character anew.
const trimEnd = (text: string, character: string): string => {
  let end = text.length;
  while (end > 0 && text[end - 1] === character) end -= 1;
  return text.slice(0, end);
};

const decodeUtf8 = (base64: string): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(base64, 'base64'));
  } catch {
    return undefined;
  }
};

const parseObject = (text: string): Fields | undefined => {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
};

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const invalid = (message: string): CredentialChoice => ({ kind: 'Invalid', message });
