/** Mirrors of registries, as far as credentials go. */
export interface Mirrors {
  /** Hosts, `host[:port]`, that may be asked in place of a registry. */
  of(registry: string): readonly string[];
}
