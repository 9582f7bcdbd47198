import type { Reference } from '../../core/reference.ts';
import type { RegistryTls } from '../../core/registry-tls.ts';
import type { Access } from '../../ports/registry.ts';
import type { Origins } from './origin.ts';

/** Another host that has what a registry has. */
export interface Mirror {
  /** `host[:port]`. */
  readonly host: string;
  /** Whether its word is taken for what a tag points at; else it is asked by digest alone, where it cannot lie. */
  readonly mayResolve: boolean;
}

/** What the operator's configuration says of one registry. */
export interface RegistryHost {
  /** Asked in this order, before the registry itself. */
  readonly mirrors: readonly Mirror[];
  /** Whether the registry itself is not asked at all. */
  readonly mirrorsOnly: boolean;
  /** What is trusted and shown there, as it is now; undefined for what everybody trusts. Never rejects. */
  readonly tls?: (() => Promise<RegistryTls>) | undefined;
}

/** By `host[:port]` in lower case. */
export type RegistryHosts = ReadonlyMap<string, RegistryHost>;

/** A server that may have what is asked for, and as whom it is asked there. */
export interface Place {
  readonly origin: URL;
  readonly access: Pick<Access, 'credential' | 'tls'>;
  /** The mirror that it is, and the registry that it stands for; undefined for the registry itself. */
  readonly mirror: { readonly host: string; readonly of: string } | undefined;
}

/**
 * Where to ask, in order. What an access has for the registry (credential, CA, client certificate) is for the registry alone: a mirror is
 * asked with the credential for its own host, and with the TLS that the operator's configuration has for it.
 */
export const placesFor = async (
  hosts: RegistryHosts,
  originOf: Origins,
  access: Access & { readonly reference: Reference },
  purpose: 'resolve' | 'pull',
): Promise<readonly Place[]> => {
  const { registry } = access.reference;
  const tlsOf = (host: string): Promise<RegistryTls> | undefined => hosts.get(host.toLowerCase())?.tls?.();
  const { mirrors, mirrorsOnly } = hosts.get(registry.toLowerCase()) ?? NOTHING_SAID;
  const places = mirrors
    .filter(({ mayResolve }) => purpose === 'pull' || mayResolve)
    .map(
      async ({ host }): Promise<Place> => ({
        origin: originOf(host),
        access: { credential: access.mirrorCredentials?.[host], tls: await tlsOf(host) },
        mirror: { host, of: registry },
      }),
    );
  const itself = async (): Promise<Place> => ({
    origin: originOf(registry),
    access: { credential: access.credential, tls: joined(await tlsOf(registry), access.tls) },
    mirror: undefined,
  });
  return Promise.all(mirrorsOnly ? places : [...places, itself()]);
};

const NOTHING_SAID: RegistryHost = { mirrors: [], mirrorsOnly: false };

/** Both are trusted; of two certificates that of the release is shown. */
const joined = (operator: RegistryTls | undefined, release: RegistryTls | undefined): RegistryTls | undefined => {
  if (operator === undefined || release === undefined) return operator ?? release;
  const authorities = [operator.ca, release.ca].filter((ca) => ca !== undefined);
  return { ca: authorities.length === 0 ? undefined : authorities.join('\n'), client: release.client ?? operator.client };
};
