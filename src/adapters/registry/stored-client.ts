import { LRUCache } from 'lru-cache';
import { sha256 } from '../../core/digest.ts';
import { isDigest } from '../../core/reference.ts';
import type { ContentStore } from '../../ports/content-store.ts';
import type { TagAddress } from '../../ports/registry.ts';
import { accessKey } from './access-key.ts';
import { type Descriptor, type ManifestReading, readKeptManifest } from './manifest.ts';
import type { RegistryClient, RepositoryAccess } from './registry-client.ts';

type Registry = Pick<RegistryClient, 'resolve' | 'manifest' | 'blob'>;

/** Proofs that this process has found or written. */
const MAX_PROOFS = 10_000;

/**
 * A registry with a store before it, so that what was fetched once is there while the registry is not. All of it is bytes by digest,
 * checked when they are read, and a shelf is a repository. A credential is given of a shelf what others have put there once the
 * registry has answered it something of that repository: its rights end there. What it was answered is kept as a proof.
 */
export class StoredClient implements Registry {
  readonly #registry: Registry;
  readonly #store: ContentStore;
  readonly #proofs = new LRUCache<string, true>({ max: MAX_PROOFS });

  constructor(registry: Registry, store: ContentStore) {
    this.#registry = registry;
    this.#store = store;
  }

  async resolve(tag: TagAddress, signal: AbortSignal): Promise<string> {
    const digest = await this.#registry.resolve(tag, signal);
    await this.#prove(tag);
    return digest;
  }

  async manifest(access: RepositoryAccess, digest: string, signal: AbortSignal): Promise<ManifestReading> {
    const kept = await this.#read(access, digest);
    if (kept !== undefined) return readKeptManifest(kept);
    const reading = await this.#registry.manifest(access, digest, signal);
    if (reading.kind === 'Manifest') await this.#keep(access, reading.document);
    return reading;
  }

  async blob(access: RepositoryAccess, descriptor: Descriptor, signal: AbortSignal): Promise<Uint8Array> {
    const kept = await this.#read(access, descriptor.digest);
    if (kept?.length === descriptor.size) return kept;
    const bytes = await this.#registry.blob(access, descriptor, signal);
    await this.#keep(access, bytes);
    return bytes;
  }

  async #read(access: RepositoryAccess, digest: string): Promise<Uint8Array | undefined> {
    return isDigest(digest) && (await this.#isProved(access)) ? await this.#store.read(shelfOf(access), digest) : undefined;
  }

  async #keep(access: RepositoryAccess, bytes: Uint8Array): Promise<void> {
    await this.#prove(access);
    await this.#store.keep(shelfOf(access), bytes);
  }

  async #isProved(access: RepositoryAccess): Promise<boolean> {
    const { shelf, key, digest } = proofOf(access);
    if (!this.#proofs.has(key) && (await this.#store.read(shelf, digest)) !== undefined) this.#proofs.set(key, true);
    return this.#proofs.has(key);
  }

  async #prove(access: RepositoryAccess): Promise<void> {
    const { shelf, key, bytes } = proofOf(access);
    if (this.#proofs.has(key)) return;
    this.#proofs.set(key, true);
    await this.#store.keep(shelf, bytes);
  }
}

const shelfOf = ({ reference: { registry, repository } }: RepositoryAccess): string => `${registry}/${repository}`;

const proofOf = (access: RepositoryAccess): { readonly shelf: string; readonly key: string; readonly bytes: Uint8Array; readonly digest: string } => {
  const shelf = shelfOf(access);
  const key = `${shelf} ${accessKey(access)}`;
  const bytes = Buffer.from(key);
  return { shelf: `${shelf} proofs`, key, bytes, digest: sha256(bytes) };
};
