import { LRUCache } from 'lru-cache';
import { printReference, type Reference } from '../../core/reference.ts';
import { type ChartMetrics, SILENT_METRICS } from '../../ports/metrics.ts';
import type { Access, Chart, ChartFile, Charts, RegistryError } from '../../ports/registry.ts';
import { accessKey } from './access-key.ts';
import { withMeta } from './alpha-chart.ts';
import { unpackChart } from './archive.ts';
import { ARCHIVE_LIMITS, ArchiveFault, type ArchiveLimits, ArchiveTooSlow } from './archive-limits.ts';
import { chartFormat } from './chart-format.ts';
import { failure } from './failure.ts';
import type { Descriptor } from './manifest.ts';
import type { ChartAccess, ChartSource } from './registry-client.ts';
import { SingleFlight } from './single-flight.ts';
import { Slots } from './slots.ts';

export interface RegistryChartsOptions {
  readonly client: ChartSource;
  /** Bytes of chart files that are kept for who asks again; 64 MiB. */
  readonly cacheBytes?: number;
  readonly limits?: ArchiveLimits;
  /** Where the cache is counted; nowhere when absent. */
  readonly metrics?: ChartMetrics;
}

const CACHE_BYTES = 64 * 1024 * 1024;
const MAX_META_BYTES = 1024 * 1024;
/** Archives unpacked at once: each may take several times its limit of memory for a moment. */
const UNPACKING = 2;

/** Charts from OCI registries, in all formats that Helm 3 and 4 pushed. */
export class RegistryCharts implements Charts {
  readonly #client: ChartSource;
  readonly #limits: ArchiveLimits;
  readonly #metrics: ChartMetrics;
  readonly #flights = new SingleFlight<Chart>();
  readonly #unpacking = new Slots(UNPACKING);
  readonly #cache: LRUCache<string, Chart>;

  constructor({ client, cacheBytes = CACHE_BYTES, limits = ARCHIVE_LIMITS, metrics = SILENT_METRICS.charts }: RegistryChartsOptions) {
    this.#client = client;
    this.#limits = limits;
    this.#metrics = metrics;
    this.#cache = new LRUCache({ maxSize: cacheBytes, sizeCalculation: weightOf });
  }

  async pull(reference: Reference, digest: string, access: Access, signal: AbortSignal): Promise<Chart> {
    // With repository and access, so that nobody is given what he has not fetched as himself.
    const key = [reference.registry, reference.repository, digest, accessKey(access)].join(' ');
    const cached = this.#cache.get(key);
    if (cached !== undefined) {
      this.#metrics.hit();
      return cached;
    }
    this.#metrics.missed();
    const fetch = async (shared: AbortSignal): Promise<Chart> => {
      const chart = await this.#fetch({ ...access, reference: { registry: reference.registry, repository: reference.repository, digest } }, shared);
      this.#cache.set(key, chart);
      return chart;
    };
    return this.#flights.run(key, fetch, signal);
  }

  async #fetch(access: ChartAccess, signal: AbortSignal): Promise<Chart> {
    const { digest } = access.reference;
    const attempt = `pull ${printReference(access.reference)}`;
    const format = chartFormat(await this.#client.manifest(access, signal));
    switch (format.kind) {
      case 'Other':
        throw failure('NotAChart', attempt, `it is ${format.what}, not a Helm chart`);
      case 'Archive':
        return { digest, files: await this.#files(access, format.content, attempt, signal), overrides: undefined };
      case 'Alpha': {
        const meta = await this.#meta(access, format.meta, attempt, signal);
        const files = await this.#files(access, format.content, attempt, signal);
        return { digest, files: withMeta(files, meta, format.overrides, attempt), overrides: format.overrides };
      }
    }
  }

  async #files(access: ChartAccess, content: Descriptor, attempt: string, signal: AbortSignal): Promise<readonly ChartFile[]> {
    const { compressedBytes } = this.#limits;
    if (content.size > compressedBytes) throw failure('ArchiveInvalid', attempt, `its archive has ${content.size} bytes, more than ${compressedBytes}`);
    const bytes = await this.#client.blob(access, content, signal);
    try {
      return await this.#unpacking.use(() => unpackChart(bytes, signal, this.#limits), signal);
    } catch (error) {
      throw error instanceof ArchiveFault ? archiveInvalid(attempt, error) : error;
    }
  }

  #meta(access: ChartAccess, meta: Descriptor, attempt: string, signal: AbortSignal): Promise<Uint8Array> {
    if (meta.size > MAX_META_BYTES) throw failure('ArchiveInvalid', attempt, `its metadata has ${meta.size} bytes, more than ${MAX_META_BYTES}`);
    return this.#client.blob(access, meta, signal);
  }
}

const archiveInvalid = (attempt: string, fault: ArchiveFault): RegistryError =>
  // What may go better another time is tried again; what is in the archive stays in it.
  failure(fault instanceof ArchiveTooSlow ? 'Unavailable' : 'ArchiveInvalid', attempt, `the archive is refused: ${fault.message}`, { cause: fault });

// Names and objects weigh too: a chart of ten thousand empty files is not nothing.
const FILE_OVERHEAD_BYTES = 200;

/** Files are parts of the tar that they came in: as long as one is kept, the whole of it is. */
const weightOf = ({ files }: Chart): number => {
  const tars = [...new Set(files.map(({ bytes }) => bytes.buffer))];
  return tars.reduce((sum, { byteLength }) => sum + byteLength, 0) + files.reduce((sum, { name }) => sum + 2 * name.length + FILE_OVERHEAD_BYTES, FILE_OVERHEAD_BYTES);
};
