import { LRUCache } from 'lru-cache';
import { sha256 } from '../../core/digest.ts';
import { isDigest, printReference } from '../../core/reference.ts';
import type { ContentStore } from '../../ports/content-store.ts';
import type { TagAddress } from '../../ports/registry.ts';
import { accessKey } from './access-key.ts';
import { ARCHIVE_LIMITS } from './archive-limits.ts';
import { chartFormat, contentsOf } from './chart-format.ts';
import { type Descriptor, type ManifestReading, readKeptManifest } from './manifest.ts';
import type { ChartAccess, ChartSource, RegistryClient, RepositoryAccess } from './registry-client.ts';

type Registry = ChartSource & Pick<RegistryClient, 'resolve'>;

/** Where what was fetched is kept: charts, each on a shelf of its own (core/kept-charts.ts names them), and proofs. */
export interface Stores {
  readonly charts: ContentStore;
  readonly proofs: ContentStore;
}

/** Proofs that this process has found or written. */
const MAX_PROOFS = 10_000;

/**
 * A registry with a store before it, so that what was fetched once is there while the registry is not. All of it is bytes by digest,
 * checked when they are read. A credential is given of a repository what others have fetched once the registry has answered it something of that
 * repository: its rights end there. That it was answered is kept as a proof.
 */
export class StoredClient implements Registry {
  readonly #registry: Registry;
  readonly #stores: Stores;
  readonly #proofs = new LRUCache<string, true>({ max: MAX_PROOFS });

  constructor(registry: Registry, stores: Stores) {
    this.#registry = registry;
    this.#stores = stores;
  }

  async resolve(tag: TagAddress, signal: AbortSignal): Promise<string> {
    const digest = await this.#registry.resolve(tag, signal);
    await this.#prove(tag);
    return digest;
  }

  async manifest(access: ChartAccess, signal: AbortSignal): Promise<ManifestReading> {
    const kept = await this.#read(access, access.reference.digest);
    if (kept !== undefined) return readKeptManifest(kept);
    const reading = await this.#registry.manifest(access, signal);
    if (reading.kind === 'Manifest') await this.#keep(access, reading.document);
    return reading;
  }

  async blob(access: ChartAccess, descriptor: Descriptor, signal: AbortSignal): Promise<Uint8Array> {
    const kept = await this.#read(access, descriptor.digest);
    if (kept?.length === descriptor.size) return kept;
    const bytes = await this.#registry.blob(access, descriptor, signal);
    await this.#keep(access, bytes);
    return bytes;
  }

  /** Fetches what is missing of a chart; false where nothing was. Rejects with RegistryError, or with the reason of `signal`. */
  async complete(access: ChartAccess, signal: AbortSignal): Promise<boolean> {
    const { digest } = access.reference;
    const kept = await this.#read(access, digest);
    const format = chartFormat(kept === undefined ? await this.manifest(access, signal) : readKeptManifest(kept));
    const missing = contentsOf(format).filter((one) => !this.#stores.charts.has(shelfOf(access), one.digest));
    // What is too large to be unpacked is of no use.
    for (const one of missing) if (one.size <= ARCHIVE_LIMITS.compressedBytes) await this.blob(access, one, signal);
    return kept === undefined || missing.length > 0;
  }

  async #read(access: ChartAccess, digest: string): Promise<Uint8Array | undefined> {
    return isDigest(digest) && (await this.#isProved(access)) ? await this.#stores.charts.read(shelfOf(access), digest) : undefined;
  }

  async #keep(access: ChartAccess, bytes: Uint8Array): Promise<void> {
    await this.#prove(access);
    await this.#stores.charts.keep(shelfOf(access), bytes);
  }

  async #isProved(access: RepositoryAccess): Promise<boolean> {
    const { key, digest } = proofOf(access);
    if (!this.#proofs.has(key) && (await this.#stores.proofs.read(key, digest)) !== undefined) this.#proofs.set(key, true);
    return this.#proofs.has(key);
  }

  async #prove(access: RepositoryAccess): Promise<void> {
    const { key, bytes } = proofOf(access);
    if (this.#proofs.has(key)) return;
    this.#proofs.set(key, true);
    await this.#stores.proofs.keep(key, bytes);
  }
}

const shelfOf = ({ reference: { registry, repository, digest } }: ChartAccess): string => printReference({ registry, repository, digest });

const proofOf = (access: RepositoryAccess): { readonly key: string; readonly bytes: Uint8Array; readonly digest: string } => {
  const { registry, repository } = access.reference;
  const key = `${printReference({ registry, repository })} ${accessKey(access)}`;
  const bytes = Buffer.from(key);
  return { key, bytes, digest: sha256(bytes) };
};
