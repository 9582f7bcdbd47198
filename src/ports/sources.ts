/** An object that something of a release comes from. */
export interface SourceRef {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly namespace: string;
  readonly name: string;
}

/** The bytes of its keys. */
export type SourceKeys = Readonly<Record<string, Uint8Array>>;

/** What is read of such an object. */
export interface SourceContent {
  readonly keys: SourceKeys;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What a release reads sources for. */
export type SourceUse = 'Values' | 'Registry';

/** ConfigMaps and Secrets that values come from, and Secrets by which a registry is reached; their content is not kept. */
export interface Sources {
  /**
   * Reads these objects for a release, each once, and follows them and no others for that use from now on: the release is woken when one
   * of them is made, changed or deleted. Undefined stands for one that does not exist. Rejects with ClusterError.
   */
  read(follower: string, use: SourceUse, refs: readonly SourceRef[], signal: AbortSignal): Promise<readonly (SourceContent | undefined)[]>;
  /** Ends what `read` began, for all uses. */
  forget(follower: string): void;
}
