import { readFile } from 'node:fs/promises';
import { readDockerConfig } from '../../core/docker-config.ts';
import type { DefaultCredentials } from '../../ports/default-credentials.ts';
import type { Logger } from '../../ports/logger.ts';
import { LastGood } from './last-good.ts';

/** No credentials for all. */
export const NO_CREDENTIALS: DefaultCredentials = { name: 'registryCredentials', read: async () => undefined };

/** A docker configuration in a file, read whenever it is asked for. While it cannot be read, what it held before counts. */
export class CredentialsFile implements DefaultCredentials {
  readonly name: string;
  readonly #file: LastGood<string | undefined>;

  constructor(file: string, logger: Logger) {
    this.name = `the registryCredentials of the operator's configuration (${file})`;
    const source = async () => {
      const { document, trouble } = await readCredentialsFile(file);
      return { read: document, trouble };
    };
    this.#file = new LastGood<string | undefined>(undefined, source, (trouble) =>
      logger.warn({ file }, `cannot read the registryCredentials: ${trouble}; those read before are used`),
    );
  }

  read(): Promise<string | undefined> {
    return this.#file.read();
  }
}

export type CredentialsReading = { readonly document: string; readonly trouble: undefined } | { readonly document: undefined; readonly trouble: string };

/** The text of a docker configuration, or what is wrong with the file; its content is not quoted. */
export const readCredentialsFile = async (file: string): Promise<CredentialsReading> => {
  const read = await readFile(file, 'utf8').catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
  if (read instanceof Error) return { document: undefined, trouble: read.message };
  const config = readDockerConfig(read);
  return config.kind === 'Invalid' ? { document: undefined, trouble: `${file} ${config.why}` } : { document: read, trouble: undefined };
};
