/** Credentials for registries that the operator's configuration has for all releases. */
export interface DefaultCredentials {
  /** Where they come from, for messages. */
  readonly name: string;
  /** The docker configuration as it is now; undefined where there is none. Never rejects. */
  read(): Promise<string | undefined>;
}
