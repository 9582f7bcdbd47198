import { createHash } from 'node:crypto';
import type { Credential } from '../../ports/registry.ts';

/** Tells credentials apart in keys of caches and polls without holding them there. */
export const credentialKey = (credential: Credential | undefined): string =>
  credential === undefined
    ? 'anonymous'
    : createHash('sha256')
        .update(JSON.stringify(partsOf(credential)))
        .digest('hex');

const partsOf = (credential: Credential): readonly string[] => {
  switch (credential.kind) {
    case 'Password':
      return [credential.kind, credential.username, credential.password];
    case 'IdentityToken':
      return [credential.kind, credential.identityToken, credential.username, credential.password];
    case 'RegistryToken':
      return [credential.kind, credential.registryToken];
  }
};
