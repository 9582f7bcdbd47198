import { LRUCache } from 'lru-cache';
import type { Clock } from '../../ports/clock.ts';
import type { Access } from '../../ports/registry.ts';
import { accessKey } from './access-key.ts';
import { SingleFlight } from './single-flight.ts';
import { type AddressedQuestion, TokenFault, type TokenServers } from './token-server.ts';

/** Whose repository is asked, and as whom. */
export interface TokenHolder extends Access {
  readonly origin: string;
  readonly repository: string;
}

/** A token, and what to ask when it is spent. */
interface Held {
  readonly question: AddressedQuestion;
  readonly token: string;
  readonly refreshAt: number;
  readonly expiresAt: number;
}

const MAX_TOKENS = 1000;
/** Part of its life after which a token is replaced, so that none expires on its way. */
const REFRESH_AFTER = 0.8;

/** Tokens by registry, repository and access; each is asked for once, however many need it, and again before it expires. */
export class Tokens {
  readonly #servers: Pick<TokenServers, 'ask'>;
  readonly #clock: Clock;
  readonly #held = new LRUCache<string, Held>({ max: MAX_TOKENS });
  readonly #flights = new SingleFlight<Held>();

  constructor(servers: Pick<TokenServers, 'ask'>, clock: Clock) {
    this.#servers = servers;
    this.#clock = clock;
  }

  /**
   * The token to send at once, replaced if it is old; undefined where no token server was named yet, or the one that was gives none any
   * more: what the registry says then is newer. Rejects as TokenServers.ask does for one that asks to be left alone.
   */
  async current(holder: TokenHolder, signal: AbortSignal): Promise<string | undefined> {
    const key = keyOf(holder);
    const held = this.#held.get(key);
    if (held === undefined || this.#clock.now() < held.refreshAt) return held?.token;
    try {
      return await this.#fetch(key, held.question, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      // A token server that fails is no trouble yet while the old token is good.
      if (this.#clock.now() < held.expiresAt) return held.token;
      // The registry may have another token server by now, or none.
      this.#held.delete(key);
      if (error instanceof TokenFault && error.code !== 'Throttled') return undefined;
      throw error;
    }
  }

  /** A token that is not the refused one, for what the registry asks for now. Rejects as TokenServers.ask does. */
  async renewed(holder: TokenHolder, question: AddressedQuestion, refused: string | undefined, signal: AbortSignal): Promise<string> {
    const key = keyOf(holder);
    const held = this.#held.get(key);
    const isNewer = held !== undefined && held.token !== refused && this.#clock.now() < held.refreshAt && questionKey(held.question) === questionKey(question);
    return isNewer ? held.token : this.#fetch(key, question, signal);
  }

  async #fetch(key: string, question: AddressedQuestion, signal: AbortSignal): Promise<string> {
    const askedAt = this.#clock.now();
    const ask = async (shared: AbortSignal): Promise<Held> => {
      const { token, lifeMs } = await this.#servers.ask(question, shared);
      const held = { question, token, refreshAt: askedAt + lifeMs * REFRESH_AFTER, expiresAt: askedAt + lifeMs };
      this.#held.set(key, held);
      return held;
    };
    return (await this.#flights.run(JSON.stringify([key, questionKey(question)]), ask, signal)).token;
  }
}

const keyOf = (holder: TokenHolder): string => [holder.origin, holder.repository, accessKey(holder)].join(' ');

const questionKey = ({ realm, service, scopes, party }: AddressedQuestion): string => JSON.stringify([realm.href, service, scopes, party]);
