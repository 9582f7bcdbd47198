import { createPrivateKey, type KeyObject, randomUUID, sign, X509Certificate } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { makeAuthority } from './certificates.ts';
import { type Respond, send, startServer, type TestServer } from './test-server.ts';

export interface TokenServerOptions {
  /** Passwords by user name; whoever gives one may pull and push everything. */
  readonly users?: Readonly<Record<string, string>>;
  /** Refresh tokens that are as good as a password. */
  readonly refreshTokens?: readonly string[];
  /** Whether tokens are given by POST alone. */
  readonly isPostOnly?: boolean;
}

/** A token server as the distribution specification has it (GET, and OAuth2 by POST), over plain HTTP; registries check its tokens. */
export interface TokenServer extends TestServer {
  /** What a registry is configured with. */
  readonly trust: TokenTrust;
  /** Seconds for which tokens are good, and are said to be. */
  lifeS: number;
  /** Answers in place of the server where it returns true; undefined for none. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  /** A token for the registry to pull from and push to a repository. */
  tokenFor(repository: string): string;
}

/** How a registry names a token server and knows its tokens. */
export interface TokenTrust {
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  /** Certificate of the key that signs them, PEM. */
  readonly certificate: string;
}

const SERVICE = 'tagalong test registry';
const ISSUER = 'tagalong test tokens';
/** The registry takes tokens for so long after their end. */
const LEEWAY_S = 60;

/** Starts a token server with a key of its own. Tokens for nobody allow nothing. */
export const startTokenServer = async (options: TokenServerOptions = {}): Promise<TokenServer> => {
  const { cert, key } = makeAuthority('test tokens');
  const signer: Signer = { key: createPrivateKey(key), certificate: new X509Certificate(cert).raw.toString('base64') };
  const tokenOf = (asked: URLSearchParams, mayPull: boolean): string => signed(signer, claimsOf(asked, mayPull, tokens.lifeS));
  const respond: Respond = async (request, response) => {
    if (tokens.intercept?.(request, response) === true) return;
    if (options.isPostOnly === true && request.method !== 'POST') return send(response, 405);
    const asked = await readQuestion(request);
    const isKnown = isUser(options, request, asked);
    if (isKnown === false) return send(response, 401, {}, '{"details":"incorrect username or password"}');
    const token = tokenOf(asked, isKnown === true);
    send(response, 200, { 'content-type': 'application/json' }, JSON.stringify({ [request.method === 'POST' ? 'access_token' : 'token']: token, expires_in: tokens.lifeS }));
  };
  const server = await startServer(respond);
  const trust: TokenTrust = { realm: `http://${server.host}/token`, service: SERVICE, issuer: ISSUER, certificate: cert };
  const tokenFor = (repository: string): string => tokenOf(new URLSearchParams({ service: SERVICE, scope: `repository:${repository}:pull,push` }), true);
  const tokens: TokenServer = { ...server, trust, lifeS: 300, intercept: undefined, tokenFor };
  return tokens;
};

const readQuestion = async (request: IncomingMessage): Promise<URLSearchParams> => {
  if (request.method !== 'POST') return new URL(request.url ?? '', 'http://tokens').searchParams;
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return new URLSearchParams(Buffer.concat(chunks).toString());
};

/** Undefined for nobody, false for somebody who is not believed. */
const isUser = ({ users = {}, refreshTokens = [] }: TokenServerOptions, { headers, method }: IncomingMessage, asked: URLSearchParams): boolean | undefined => {
  if (method === 'POST' && asked.get('grant_type') === 'refresh_token') return refreshTokens.includes(asked.get('refresh_token') ?? '');
  if (method === 'POST') return users[asked.get('username') ?? ''] === asked.get('password');
  if (headers.authorization === undefined) return undefined;
  const logins = Object.entries(users).map((login) => `Basic ${Buffer.from(login.join(':')).toString('base64')}`);
  return logins.includes(headers.authorization);
};

const claimsOf = (asked: URLSearchParams, mayPull: boolean, lifeS: number): object => {
  const now = Math.floor(Date.now() / 1000);
  const access = asked.getAll('scope').flatMap((scopes) => scopes.split(' '));
  return {
    iss: ISSUER,
    sub: '',
    aud: asked.get('service') ?? '',
    exp: now + lifeS - LEEWAY_S,
    nbf: now - LEEWAY_S,
    iat: now - LEEWAY_S,
    jti: randomUUID(),
    access: mayPull ? access.map(accessOf) : [],
  };
};

const accessOf = (scope: string): object => {
  const [type = '', name = '', actions = ''] = scope.split(':');
  return { type, name, actions: actions.split(',') };
};

interface Signer {
  readonly key: KeyObject;
  /** DER in base64. */
  readonly certificate: string;
}

// With the certificate in its header (x5c) every version of the registry knows whose it is.
const signed = ({ key, certificate }: Signer, claims: object): string => {
  const text = [{ typ: 'JWT', alg: 'ES256', x5c: [certificate] }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
};
