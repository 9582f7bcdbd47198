/** Where a registry's API is, as scheme, host and port. */
export type Origins = (registry: string) => URL;

// Docker Hub's API has another host than its references.
const ALIASES: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io', 'index.docker.io': 'registry-1.docker.io' };

/** `host[:port]` of the API of a registry as references write it. */
export const apiHost = (registry: string): string => {
  const host = registry.toLowerCase();
  return ALIASES[host] ?? host;
};

/** Tells registries' origins: https, and plain HTTP for those of the list, `host` or `host:port` exactly as references write them. */
export const originsWith = (plainHttpHosts: readonly string[]): Origins => {
  const plain = new Set(plainHttpHosts.map((host) => host.toLowerCase()));
  return (registry) => new URL(`${plain.has(registry.toLowerCase()) ? 'http' : 'https'}://${apiHost(registry)}`);
};
