import type { LookupFunction } from 'node:net';
import { LRUCache } from 'lru-cache';
import type { RegistryTls } from '../../core/registry-tls.ts';
import { tlsKey } from './access-key.ts';
import { guardedLookup } from './guarded-lookup.ts';
import type { Proxies } from './agent.ts';
import { type Timeouts, Transport } from './transport.ts';

/**
 * Whose server is asked: the registry's own origin; another one, that of a redirect or a token server that somebody speaks for; or a
 * token server of which nothing is known but that a registry names it.
 */
export type Party = 'Registry' | 'Known' | 'Named';

/** Each holds the roots once more, a megabyte and a half. */
const MAX_TRANSPORTS = 64;

/**
 * Transports, one for all who trust and show the same, so that no connection is shared between two who do not. A private CA is
 * trusted wherever the registry leads to, as everything else that it says there; a client certificate is shown to its own origin alone.
 */
export class Transports {
  readonly #timeouts: Timeouts;
  readonly #lookup: LookupFunction | undefined;
  readonly #proxies: Proxies | undefined;
  readonly #transports = new LRUCache<string, Transport>({ max: MAX_TRANSPORTS, dispose: (transport) => transport.retire() });

  constructor(timeouts: Timeouts, { lookup, proxies }: { readonly lookup: LookupFunction | undefined; readonly proxies: Proxies | undefined }) {
    this.#timeouts = timeouts;
    this.#lookup = lookup;
    this.#proxies = proxies;
  }

  /** The transport to a server of that party. It is for one exchange, which is to begin at once. */
  to(party: Party, tls: RegistryTls | undefined): Transport {
    const shown = party === 'Registry' ? tls : withoutClient(tls);
    const key = `${party === 'Named'} ${tlsKey(shown)}`;
    const known = this.#transports.get(key);
    if (known !== undefined) return known;
    const made = new Transport(this.#timeouts, { lookup: party === 'Named' ? guardedLookup(this.#lookup) : this.#lookup, tls: shown, proxies: this.#proxies });
    this.#transports.set(key, made);
    return made;
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    await Promise.all([...this.#transports.values()].map((transport) => transport.close()));
  }
}

const withoutClient = (tls: RegistryTls | undefined): RegistryTls | undefined => (tls?.ca === undefined ? undefined : { ca: tls.ca });
