import { isIP } from 'node:net';
import { isPrivateAddress } from './address-range.ts';
import { oneLine } from './one-line.ts';

/** What the operator's configuration says about token servers. */
export interface RealmPolicy {
  /** Registries and token servers reached by plain HTTP, `host` or `host:port`. */
  readonly plainHttpHosts: readonly string[];
  /** The only token servers that are asked, beside a registry's own host; undefined: any that is public. */
  readonly allowedTokenHosts?: readonly string[] | undefined;
}

export type Realm =
  | {
      readonly kind: 'Realm';
      readonly url: URL;
      /** False where nothing but the registry's word speaks for the host: its name must not lead to a local address. */
      readonly isTrusted: boolean;
    }
  | { readonly kind: 'Refused'; readonly why: string };

/** Decides whether the token server that a registry names is asked. */
export type Realms = (realm: string | undefined, registry: URL) => Realm;

/**
 * A realm is asked by https, and by plain HTTP only where the registry itself is reached so and the configuration lists the host.
 * The registry's own host and port are trusted, and those of the configuration. Any other must be listed, or, where there is
 * no list, be no address or name of a local or private network. Messages hold the host alone: a realm may carry anything.
 */
export const realmsWith = ({ plainHttpHosts, allowedTokenHosts }: RealmPolicy): Realms => {
  const plain = hostsOf('http:', plainHttpHosts);
  const allowed = allowedTokenHosts && hostsOf('https:', allowedTokenHosts);
  return (realm, registry) => {
    const url = URL.parse(realm ?? '');
    if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return refused('names a realm that is no http(s) URL');
    const host = oneLine(url.host);
    if (url.username !== '' || url.password !== '') return refused(`names a realm on ${host} with a user name in it`);
    url.hash = '';
    const isOwn = hostAndPort(url) === hostAndPort(registry);
    if (url.protocol === 'http:' && (registry.protocol !== 'http:' || !(isOwn || plain.has(url.host)))) return refused(`names a realm on ${host} by plain HTTP`);
    if (isOwn || url.protocol === 'http:' || allowed?.has(url.host) === true) return { kind: 'Realm', url, isTrusted: true };
    if (allowed !== undefined) return refused(`names a realm on ${host}, which is not among allowedTokenHosts`);
    if (isLocalHost(url.hostname)) return refused(`names a realm on ${host}, an address of a local or private network; if it is right: list it under allowedTokenHosts`);
    return { kind: 'Realm', url, isTrusted: false };
  };
};

/** Hosts as URLs have them: in lower case, without the port that goes without saying. */
const hostsOf = (protocol: string, hosts: readonly string[]): ReadonlySet<string> => new Set(hosts.flatMap((host) => URL.parse(`${protocol}//${host}`)?.host ?? []));

const refused = (why: string): Realm => ({ kind: 'Refused', why });

const hostAndPort = ({ hostname, port, protocol }: URL): string => `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`;

const isLocalHost = (hostname: string): boolean => {
  const bare = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  return isIP(bare) === 0 ? /(?:^|\.)localhost$/.test(bare) : isPrivateAddress(bare);
};
