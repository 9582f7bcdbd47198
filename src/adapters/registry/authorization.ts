import { LRUCache } from 'lru-cache';
import type { Access, Credential } from '../../ports/registry.ts';
import { basicHeader } from './basic-header.ts';
import type { Challenge } from './challenge.ts';
import type { Realms } from './realm.ts';
import { scopesOf } from './token-request.ts';
import { type AddressedQuestion, describeQuestion } from './token-server.ts';
import type { TokenHolder, Tokens } from './tokens.ts';

/** A request to a registry, as far as authorization goes. */
export interface Asker extends Access {
  readonly url: URL;
  readonly repository: string;
}

/** What to do about a 401: send again with this header, and say this if it is refused, or give up. */
export type AuthReply = { readonly kind: 'Send'; readonly authorization: string; readonly ifRefused: string } | { readonly kind: 'GiveUp'; readonly why: string };

const MAX_ORIGINS = 1000;

/** Authorization for registries: a name and password (RFC 7617), or a token (RFC 6750) of the token server that the registry names. */
export class Authorization {
  readonly #tokens: Tokens;
  readonly #realms: Realms;
  /** What origins asked for before, where no token server is needed: they get it at once. */
  readonly #schemes = new LRUCache<string, 'basic' | 'bearer'>({ max: MAX_ORIGINS });

  constructor(tokens: Tokens, realms: Realms) {
    this.#tokens = tokens;
    this.#realms = realms;
  }

  /** The header for a first request to the registry's own origin; undefined to go without. Rejects with TokenFault. */
  async initial(asker: Asker, signal: AbortSignal): Promise<string | undefined> {
    const { url, credential } = asker;
    const ready = credential && readyHeader(credential, this.#schemes.get(url.origin));
    if (ready !== undefined) return ready;
    const token = await this.#tokens.current(holderOf(asker), signal);
    return token === undefined ? undefined : bearerHeader(token);
  }

  /** The reply to the challenges of a 401 from that origin, to which `sent` had gone. Rejects with TokenFault. */
  async reply(asker: Asker, challenges: readonly Challenge[], sent: string | undefined, signal: AbortSignal): Promise<AuthReply> {
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    if (bearer !== undefined) return this.#bearer(asker, bearer, sent, signal);
    if (challenges.some(({ scheme }) => scheme === 'basic')) return this.#basic(asker, sent);
    return giveUp(sent === undefined ? 'it names no way to authenticate that is known' : REFUSED);
  }

  #basic({ url, credential }: Asker, sent: string | undefined): AuthReply {
    if (credential === undefined) return giveUp(MISSING);
    const authorization = basicHeader(credential);
    if (authorization === undefined) return giveUp('it asks for a name and password, and the credential is a token');
    if (sent === authorization) return giveUp(REFUSED);
    this.#schemes.set(url.origin, 'basic');
    return { kind: 'Send', authorization, ifRefused: REFUSED };
  }

  async #bearer(asker: Asker, challenge: Challenge, sent: string | undefined, signal: AbortSignal): Promise<AuthReply> {
    const { url, credential, tls, repository } = asker;
    if (credential?.kind === 'RegistryToken') return this.#ownToken(url, credential.registryToken, sent);
    const { realm: named, service, scope } = challenge.parameters;
    const realm = this.#realms(named, url);
    if (realm.kind === 'Refused') return giveUp(`it ${realm.why}`);
    const question: AddressedQuestion = {
      realm: realm.url,
      party: realm.url.origin === url.origin ? 'Registry' : realm.isTrusted ? 'Known' : 'Named',
      tls,
      registry: url.host,
      service: service === '' ? undefined : service,
      scopes: scopesOf(scope, repository),
      credential,
    };
    // It may have asked for a password before.
    this.#schemes.delete(url.origin);
    const token = await this.#tokens.renewed(holderOf(asker), question, sent?.replace(/^Bearer /, ''), signal);
    return {
      kind: 'Send',
      authorization: bearerHeader(token),
      ifRefused: `it refuses the token of ${describeQuestion(question)}${credential === undefined ? `: ${MISSING}` : ''}`,
    };
  }

  #ownToken({ origin }: URL, token: string, sent: string | undefined): AuthReply {
    const authorization = bearerHeader(token);
    if (sent === authorization) return giveUp(TOKEN_REFUSED);
    this.#schemes.set(origin, 'bearer');
    return { kind: 'Send', authorization, ifRefused: TOKEN_REFUSED };
  }
}

const MISSING = 'credentials are needed and there are none';
const REFUSED = 'the credentials are refused';
const TOKEN_REFUSED = 'the registrytoken of the docker configuration is refused';

const giveUp = (why: string): AuthReply => ({ kind: 'GiveUp', why });

const bearerHeader = (token: string): string => `Bearer ${token}`;

const readyHeader = (credential: Credential, scheme: 'basic' | 'bearer' | undefined): string | undefined => {
  if (scheme === 'basic') return basicHeader(credential);
  return scheme === 'bearer' && credential.kind === 'RegistryToken' ? bearerHeader(credential.registryToken) : undefined;
};

const holderOf = ({ url, repository, credential, tls }: Asker): TokenHolder => ({ origin: url.origin, repository, credential, tls });
