/** Secrets of a namespace, read one at a time, never cached. */
export interface Secrets {
  /** Decoded keys of a Secret, or undefined where there is none. Rejects with ClusterError. */
  read(namespace: string, name: string, signal: AbortSignal): Promise<Readonly<Record<string, string>> | undefined>;
}
