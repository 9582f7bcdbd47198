import { createHash } from 'node:crypto';
import type { Credential } from '../../ports/registry.ts';

/** Tells credentials apart in keys of caches and polls without holding them there. */
export const credentialKey = (credential: Credential | undefined): string =>
  credential === undefined
    ? 'anonymous'
    : createHash('sha256')
        .update(JSON.stringify([credential.username, credential.password]))
        .digest('hex');
