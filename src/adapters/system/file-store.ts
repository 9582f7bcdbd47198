import { createHash, randomBytes } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { sha256 } from '../../core/digest.ts';
import type { ContentStore } from '../../ports/content-store.ts';
import type { Logger } from '../../ports/logger.ts';

export interface FileStoreOptions {
  readonly folder: string;
  /** Bytes of all files together; those used longest ago go for the next. */
  readonly maxBytes: number;
  readonly logger: Logger;
  /** The steps of a write, for tests that have one fail. */
  readonly steps?: WriteSteps;
}

/** How bytes get into a file. Killed between any two of them, there is the whole file, or none of that name. */
export interface WriteSteps {
  write(file: string, bytes: Uint8Array): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Has the names in a folder outlive a loss of power. */
  settle(folder: string): Promise<void>;
}

const STEPS: WriteSteps = {
  write: async (file, bytes) => {
    await using handle = await open(file, 'wx', 0o600);
    await handle.writeFile(bytes);
    await handle.sync();
  },
  rename,
  settle: async (folder) => {
    await using handle = await open(folder);
    await handle.sync();
  },
};

interface Kept {
  readonly bytes: number;
}

/** Contents in files below one folder, `<shelf>/<digest>`. Whoever else writes there can take bytes away, and put none in their place: they are hashed when read. */
export class FileStore implements ContentStore {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #logger: Logger;
  readonly #steps: WriteSteps;
  /** By path, those used longest ago first. */
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;
  #isInTrouble = false;

  private constructor({ folder, maxBytes, logger, steps = STEPS }: FileStoreOptions) {
    this.#folder = path.resolve(folder);
    this.#maxBytes = maxBytes;
    this.#logger = logger;
    this.#steps = steps;
  }

  /** Opens the folder, makes it where it is missing, and removes what is no content: files that a process was writing when it ended. Rejects where it cannot be used. */
  static async open(options: FileStoreOptions): Promise<FileStore> {
    const store = new FileStore(options);
    await mkdir(store.#folder, { recursive: true, mode: 0o700 });
    await store.#take();
    await store.#makeRoom(0);
    return store;
  }

  async read(shelf: string, digest: string): Promise<Uint8Array | undefined> {
    const file = this.#fileOf(shelf, digest);
    const bytes = await readFile(file).catch(() => undefined);
    if (bytes === undefined) {
      this.#forget(file);
      return undefined;
    }
    if (sha256(bytes) !== digest) {
      this.#logger.warn({ file }, 'a file of the chart store has other bytes than it was written with, and is removed');
      await this.#remove(file);
      return undefined;
    }
    await this.#use(file, bytes.length);
    return bytes;
  }

  async keep(shelf: string, bytes: Uint8Array): Promise<void> {
    const file = this.#fileOf(shelf, sha256(bytes));
    if (this.#kept.has(file) || bytes.length > this.#maxBytes) return;
    try {
      await this.#makeRoom(bytes.length);
      await this.#write(file, bytes);
      await this.#use(file, bytes.length);
      this.#isInTrouble = false;
    } catch (error) {
      // Said once: nobody is held up by it.
      if (!this.#isInTrouble) this.#logger.warn({ file, error }, 'cannot write to the chart store: charts are fetched again where they are needed again');
      this.#isInTrouble = true;
    }
  }

  async #write(file: string, bytes: Uint8Array): Promise<void> {
    const folder = path.dirname(file);
    const temporary = path.join(folder, `${randomBytes(8).toString('hex')}${TEMPORARY}`);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    try {
      await this.#steps.write(temporary, bytes);
      await this.#steps.rename(temporary, file);
      await this.#steps.settle(folder);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
  }

  /** Takes stock of the folder. */
  async #take(): Promise<void> {
    const found: { readonly file: string; readonly bytes: number; readonly usedAt: number }[] = [];
    for (const shelf of await readdir(this.#folder, { withFileTypes: true })) {
      const folder = path.join(this.#folder, shelf.name);
      for (const entry of await entriesOf(shelf, folder)) {
        const file = path.join(folder, entry.name);
        const seen = entry.isFile() && NAME.test(entry.name) ? await stat(file) : undefined;
        if (seen !== undefined) found.push({ file, bytes: seen.size, usedAt: seen.mtimeMs });
        else if (entry.isFile() && entry.name.endsWith(TEMPORARY)) await rm(file, { force: true });
      }
    }
    for (const { file, bytes } of found.toSorted((one, other) => one.usedAt - other.usedAt)) this.#note(file, bytes);
  }

  async #makeRoom(bytes: number): Promise<void> {
    for (const file of this.#kept.keys()) {
      if (this.#bytes + bytes <= this.#maxBytes) return;
      await this.#remove(file);
    }
  }

  async #remove(file: string): Promise<void> {
    this.#forget(file);
    await rm(file, { force: true }).catch(() => undefined);
  }

  /** It was used last of all, also for whoever opens the folder next. */
  async #use(file: string, bytes: number): Promise<void> {
    this.#note(file, bytes);
    const now = new Date();
    await utimes(file, now, now).catch(() => undefined);
  }

  #note(file: string, bytes: number): void {
    this.#forget(file);
    this.#kept.set(file, { bytes });
    this.#bytes += bytes;
  }

  #forget(file: string): void {
    this.#bytes -= this.#kept.get(file)?.bytes ?? 0;
    this.#kept.delete(file);
  }

  // Shelves are named by whoever, files by what no name can lead out of the folder with.
  #fileOf(shelf: string, digest: string): string {
    return path.join(this.#folder, createHash('sha256').update(shelf).digest('hex'), createHash('sha256').update(digest).digest('hex'));
  }
}

const TEMPORARY = '.tmp';
const NAME = /^[0-9a-f]{64}$/;

const entriesOf = async (shelf: Dirent, folder: string): Promise<readonly Dirent[]> =>
  shelf.isDirectory() && NAME.test(shelf.name) ? await readdir(folder, { withFileTypes: true }) : [];
