import { LRUCache } from 'lru-cache';
import type { Credential } from '../../ports/registry.ts';
import type { Challenge } from './challenge.ts';
import { oneLine } from './one-line.ts';

/** What to do about a 401: send again with this header, or give up. */
export type AuthReply = { readonly kind: 'Send'; readonly authorization: string } | { readonly kind: 'GiveUp'; readonly why: string };

const MAX_ORIGINS = 1000;

/**
 * Authorization for registries that ask for a name and password (RFC 7617). Token servers are not asked: a Bearer challenge is
 * answered with GiveUp that names the realm.
 */
export class BasicAuth {
  /** Origins that asked for Basic before, which get it at once. */
  readonly #basicOrigins = new LRUCache<string, true>({ max: MAX_ORIGINS });

  /** The header for a first request to the registry's own origin; undefined to go without. */
  initial(origin: string, credential: Credential | undefined): string | undefined {
    return credential !== undefined && this.#basicOrigins.has(origin) ? basicHeader(credential) : undefined;
  }

  /** The reply to the challenges of a 401 from that origin; `sent` tells that an Authorization went with the request. */
  reply(origin: string, challenges: readonly Challenge[], credential: Credential | undefined, sent: boolean): AuthReply {
    if (sent) return giveUp('the credentials are refused');
    if (challenges.some(({ scheme }) => scheme === 'basic')) return this.#basic(origin, credential);
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    if (bearer !== undefined) return giveUp(`token authentication is not supported yet; it names the realm ${quoteRealm(bearer.parameters['realm'])}`);
    return giveUp('it names no way to authenticate that is known');
  }

  #basic(origin: string, credential: Credential | undefined): AuthReply {
    if (credential === undefined) return giveUp('credentials are needed and there are none');
    this.#basicOrigins.set(origin, true);
    return { kind: 'Send', authorization: basicHeader(credential) };
  }
}

const giveUp = (why: string): AuthReply => ({ kind: 'GiveUp', why });

const basicHeader = ({ username, password }: Credential): string => `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

// Without user name and query: a realm is foreign text and may carry anything.
const quoteRealm = (realm: string | undefined): string => {
  const url = URL.parse(realm ?? '');
  return url === null ? JSON.stringify(oneLine(realm ?? '', 80)) : oneLine(`${url.protocol}//${url.host}${url.pathname}`);
};
