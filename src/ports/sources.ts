/** An object that values come from. */
export interface SourceRef {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly namespace: string;
  readonly name: string;
}

/** The bytes of its keys. */
export type SourceKeys = Readonly<Record<string, Uint8Array>>;

/** ConfigMaps and Secrets that values come from; their content is not kept. */
export interface Sources {
  /**
   * Reads these objects for a release, each once, and follows them and no others from now on: the release is woken when one of them is
   * made, changed or deleted. Undefined stands for one that does not exist. Rejects with ClusterError.
   */
  read(follower: string, refs: readonly SourceRef[], signal: AbortSignal): Promise<readonly (SourceKeys | undefined)[]>;
  /** Ends what `read` began. */
  forget(follower: string): void;
}
