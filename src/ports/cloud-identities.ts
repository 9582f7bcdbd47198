import type { Credential } from './registry.ts';

/** A credential that a cloud has given for one registry. */
export interface LentCredential {
  readonly credential: Credential;
  /** When there is another one to be had, in ms since the epoch; this one is good for a while longer. */
  readonly renewedAt: number;
}

/** Credentials for registries of a cloud, by the identity that the operator itself has there. */
export interface CloudIdentities {
  /** The credential for this registry (`host[:port]`); undefined where no cloud that is switched on has it. Rejects with RegistryError, or with the reason of `signal`. */
  credentialFor(registry: string, signal: AbortSignal): Promise<LentCredential | undefined>;
}

/** No cloud is switched on. */
export const NO_CLOUDS: CloudIdentities = { credentialFor: async () => undefined };
