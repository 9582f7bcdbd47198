/** Bytes by digest, on shelves that know nothing of each other. What was kept may be gone at any moment: it is a memory, no record. */
export interface ContentStore {
  /** Bytes of that shelf that have this very digest, `sha256:<64 hex>`; undefined where they are not there. Never rejects. */
  read(shelf: string, digest: string): Promise<Uint8Array | undefined>;
  /** Whether they seem to be there: who reads them may find that they are not. */
  has(shelf: string, digest: string): boolean;
  /** Keeps bytes on a shelf, under their digest; where they cannot be kept they are not. Never rejects. */
  keep(shelf: string, bytes: Uint8Array): Promise<void>;
}
