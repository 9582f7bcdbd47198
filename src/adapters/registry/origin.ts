/** Where a registry's API is, as scheme, host and port. */
export type Origins = (registry: string) => URL;

// Docker Hub's API has another host than its references.
const ALIASES: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io', 'index.docker.io': 'registry-1.docker.io' };

/** Tells registries' origins: https, and plain HTTP for those of the list, `host` or `host:port` exactly as references write them. */
export const originsWith = (plainHttpHosts: readonly string[]): Origins => {
  const plain = new Set(plainHttpHosts.map((host) => host.toLowerCase()));
  return (registry) => {
    const host = registry.toLowerCase();
    return new URL(`${plain.has(host) ? 'http' : 'https'}://${ALIASES[host] ?? host}`);
  };
};
