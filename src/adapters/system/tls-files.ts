import { readFile } from 'node:fs/promises';
import { faultOfCa, faultOfClient, type RegistryTls } from '../../core/registry-tls.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import { LastGood } from './last-good.ts';

/** Paths of PEM files, as far as there are any. */
export interface TlsPaths {
  readonly ca: string | undefined;
  readonly client: { readonly certificate: string; readonly key: string } | undefined;
}

/** Certificates in files, read whenever they are asked for, so that they can be renewed. While they cannot be read, what they held before counts. */
export class TlsFiles {
  readonly #files: LastGood<RegistryTls>;

  constructor(paths: TlsPaths, { clock, logger }: { readonly clock: Pick<Clock, 'now'>; readonly logger: Logger }) {
    const source = async () => {
      const { tls, trouble } = await readTlsFiles(paths, clock.now());
      return { read: tls, trouble };
    };
    this.#files = new LastGood({}, source, (trouble) => logger.warn({}, `cannot use the certificates of registryHosts: ${trouble}; those read before are used`));
  }

  /** Never rejects. */
  read(): Promise<RegistryTls> {
    return this.#files.read();
  }
}

export type TlsReading = { readonly tls: RegistryTls; readonly trouble: undefined } | { readonly tls: undefined; readonly trouble: string };

/** What the files hold, or what is wrong with one of them; nothing of it is quoted. */
export const readTlsFiles = async ({ ca: caFile, client: files }: TlsPaths, now: number): Promise<TlsReading> => {
  try {
    const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8');
    const faultyCa = ca === undefined ? undefined : faultOfCa(ca, now);
    if (faultyCa !== undefined) return { tls: undefined, trouble: `${caFile} ${faultyCa}` };
    const client = files && { certificate: await readFile(files.certificate, 'utf8'), key: await readFile(files.key, 'utf8') };
    const faulty = client && faultOfClient(client, now);
    if (faulty !== undefined) return { tls: undefined, trouble: `${files?.[faulty.in]} ${faulty.why}` };
    return { tls: { ca, client }, trouble: undefined };
  } catch (error) {
    return { tls: undefined, trouble: error instanceof Error ? error.message : String(error) };
  }
};
