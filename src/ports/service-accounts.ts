/** ServiceAccounts of a namespace, as far as pulling goes. */
export interface ServiceAccounts {
  /** Names of the imagePullSecrets of a ServiceAccount, in their order; none where there is no such ServiceAccount. Rejects with ClusterError. */
  imagePullSecrets(namespace: string, name: string, signal: AbortSignal): Promise<readonly string[]>;
}
