import { readFile } from 'node:fs/promises';
import type { Clock } from '../../ports/clock.ts';
import { ClusterError } from '../../ports/cluster.ts';

/** What a TLS connection to the API server needs. An object that stays the same while nothing in it changes. */
export interface TlsSettings {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/** As whom the API server is spoken to. */
export interface Credentials {
  /** For new connections; up to date once `headers` has resolved. */
  readonly tls: TlsSettings;
  /** Headers of the next request. */
  headers(signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /** After a 401: looks for newer ones, which `headers` and `tls` have then, if there are any. */
  renew(signal: AbortSignal): Promise<void>;
}

/** How long credentials are used before they are looked at again. */
export const CREDENTIALS_AGE_MS = 60_000;

/** Files that Kubernetes puts into a Pod for its ServiceAccount. */
export interface ServiceAccountFiles {
  readonly tokenFile: string;
  readonly caFile: string;
}

/** A ServiceAccount's token and CA; kubelet replaces both files when they rotate. */
export class ServiceAccountCredentials implements Credentials {
  readonly #files: ServiceAccountFiles;
  readonly #clock: Clock;
  #tls: TlsSettings = {};
  #token = '';
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(files: ServiceAccountFiles, clock: Clock) {
    this.#files = files;
    this.#clock = clock;
  }

  get tls(): TlsSettings {
    return this.#tls;
  }

  async headers(signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
    if (this.#clock.now() - this.#readAt >= CREDENTIALS_AGE_MS) await this.#read(signal);
    return { authorization: `Bearer ${this.#token}` };
  }

  renew(signal: AbortSignal): Promise<void> {
    return this.#read(signal);
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { tokenFile, caFile } = this.#files;
    const [token, ca] = await Promise.all([readText(tokenFile, signal), readText(caFile, signal)]);
    this.#token = token.trim();
    if (ca !== this.#tls.ca) this.#tls = { ca };
    this.#readAt = this.#clock.now();
  }
}

const readText = async (path: string, signal: AbortSignal): Promise<string> => {
  try {
    return await readFile(path, { encoding: 'utf8', signal });
  } catch (error) {
    signal.throwIfAborted();
    throw new ClusterError('Unavailable', `cannot read the credentials in ${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
};
