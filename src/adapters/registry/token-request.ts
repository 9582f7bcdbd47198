import type { Credential } from '../../ports/registry.ts';
import { basicHeader } from './basic-header.ts';
import type { HttpRequest } from './transport.ts';

/** What a token is asked for, and as whom. */
export interface TokenQuestion {
  readonly realm: URL;
  readonly service: string | undefined;
  readonly scopes: readonly string[];
  readonly credential: Credential | undefined;
}

const CLIENT_ID = 'tagalong';

/**
 * The requests that may bring the token, in the order in which they are tried: the next is for a server that does not know
 * the one before (404, 405). Docker's token specification has GET, its OAuth2 specification POST, which some serve alone.
 */
export const tokenRequests = (question: TokenQuestion): readonly [HttpRequest, ...HttpRequest[]] => {
  const { credential } = question;
  switch (credential?.kind) {
    case undefined:
    case 'RegistryToken':
      return [get(question, undefined)];
    case 'Password':
      return [get(question, basicHeader(credential)), post(question, { grant_type: 'password', username: credential.username, password: credential.password })];
    case 'IdentityToken': {
      const basic = basicHeader(credential);
      const refresh = post(question, { grant_type: 'refresh_token', refresh_token: credential.identityToken });
      return basic === undefined ? [refresh] : [refresh, get(question, basic)];
    }
  }
};

const get = ({ realm, service, scopes }: TokenQuestion, authorization: string | undefined): HttpRequest => {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  url.searchParams.set('client_id', CLIENT_ID);
  return { method: 'GET', url, headers: { accept: 'application/json', ...(authorization !== undefined && { authorization }) } };
};

const post = ({ realm, service, scopes }: TokenQuestion, grant: Readonly<Record<string, string>>): HttpRequest => {
  const form = new URLSearchParams({ ...grant, client_id: CLIENT_ID, scope: scopes.join(' '), ...(service !== undefined && { service }) });
  return { method: 'POST', url: realm, headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' }, body: form.toString() };
};

const MAX_SCOPE_LENGTH = 1024;

/**
 * The scopes to ask for: those of the challenge, with all that is more than pulling from a repository left out; that of the
 * repository itself where the challenge names none, or more than anybody means.
 */
export const scopesOf = (challenged: string | undefined, repository: string): readonly string[] => {
  const named = challenged !== undefined && challenged.length <= MAX_SCOPE_LENGTH ? challenged.split(' ').filter((scope) => scope !== '') : [];
  const scopes = named.map((scope) => scope.replace(/^(repository(?:\([^)]*\))?:.*):[^:]*$/, '$1:pull'));
  return scopes.length === 0 ? [`repository:${repository}:pull`] : [...new Set(scopes)];
};
