import { createHash } from 'node:crypto';
import type { RegistryTls } from '../../core/registry-tls.ts';
import type { Access, Credential } from '../../ports/registry.ts';

/** Tells accesses apart in keys of caches, polls and tokens without holding their secrets there. */
export const accessKey = ({ credential, tls, mirrorCredentials = {} }: Access): string => {
  const mirrors = Object.entries(mirrorCredentials).map(([host, one]) => `${host}=${credentialKey(one)}`);
  return [credentialKey(credential), tlsKey(tls), ...mirrors.toSorted()].join(' ');
};

const credentialKey = (credential: Credential | undefined): string => (credential === undefined ? 'anonymous' : digestOf(partsOf(credential)));

/** Tells apart what is trusted and shown: who differs in it shares no connection. */
export const tlsKey = (tls: RegistryTls | undefined): string =>
  tls?.ca === undefined && tls?.client === undefined ? 'public' : digestOf([tls.ca ?? '', tls.client?.certificate ?? '', tls.client?.key ?? '']);

const digestOf = (parts: readonly string[]): string => createHash('sha256').update(JSON.stringify(parts)).digest('hex');

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
