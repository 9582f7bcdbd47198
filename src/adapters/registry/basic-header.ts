import type { Credential } from '../../ports/registry.ts';

/** The Authorization header of RFC 7617; undefined for a credential without name and password. */
export const basicHeader = (credential: Credential): string | undefined => {
  if (credential.kind === 'RegistryToken') return undefined;
  const { kind, username, password } = credential;
  // docker login leaves the password of an identity token empty.
  if (kind === 'IdentityToken' && password === '') return undefined;
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
};
