/** Bytes by digest, on shelves that know nothing of each other. What was kept may be gone at any moment: it is a memory, no record. */
export interface ContentStore {
  /** Bytes of that shelf that have this very digest, `sha256:<64 hex>`; undefined where they are not there. Never rejects. */
  read(shelf: string, digest: string): Promise<Uint8Array | undefined>;
  /** Keeps bytes on a shelf, under their digest; where they cannot be kept they are not. Never rejects. */
  keep(shelf: string, bytes: Uint8Array): Promise<void>;
}
