import { createHash, randomBytes } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { sha256 } from '../../core/digest.ts';
import { type ChartAges, roomFor } from '../../core/kept-charts.ts';
import type { ContentStore } from '../../ports/content-store.ts';
import type { Logger } from '../../ports/logger.ts';

export interface FileStoreOptions {
  readonly folder: string;
  /** Bytes of all files together. */
  readonly maxBytes: number;
  readonly logger: Logger;
  /** Shelves that charts in the history of releases are on, and how far back they are; undefined while that is not known. Nothing is in history where absent. */
  readonly ages?: () => ChartAges | undefined;
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

/** Bytes of files by their names. */
type Shelf = Map<string, number>;

/**
 * Contents in files below one folder, `<shelf>/<digest>`; what goes for the next are whole shelves. Whoever else writes there can take bytes away, and put none in
 * their place: they are hashed when read.
 */
export class FileStore implements ContentStore {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #logger: Logger;
  readonly #ages: () => ChartAges | undefined;
  readonly #steps: WriteSteps;
  /** By their folders, those used longest ago first. */
  readonly #shelves = new Map<string, Shelf>();
  /** One write at a time: what makes room for one is not what another is writing. */
  #writing: Promise<void> = Promise.resolve();
  #isInTrouble = false;
  #isCramped = false;

  private constructor({ folder, maxBytes, logger, ages = () => NO_AGES, steps = STEPS }: FileStoreOptions) {
    this.#folder = path.resolve(folder);
    this.#maxBytes = maxBytes;
    this.#logger = logger;
    this.#ages = ages;
    this.#steps = steps;
  }

  /** Opens the folder, makes it where it is missing, and removes what is no content: files that a process was writing when it ended. Rejects where it cannot be used. */
  static async open(options: FileStoreOptions): Promise<FileStore> {
    const store = new FileStore(options);
    await mkdir(store.#folder, { recursive: true, mode: 0o700 });
    await store.#take();
    return store;
  }

  async read(shelf: string, digest: string): Promise<Uint8Array | undefined> {
    const [folder, name] = [this.#folderOf(shelf), nameOf(digest)];
    const file = path.join(folder, name);
    const bytes = await readFile(file).catch(() => undefined);
    if (bytes === undefined) {
      this.#shelves.get(folder)?.delete(name);
      return undefined;
    }
    if (sha256(bytes) !== digest) {
      this.#logger.warn({ file }, 'a file of the chart store has other bytes than it was written with, and is removed');
      this.#shelves.get(folder)?.delete(name);
      await rm(file, { force: true }).catch(() => undefined);
      return undefined;
    }
    await this.#use(folder, name, bytes.length);
    return bytes;
  }

  has(shelf: string, digest: string): boolean {
    return this.#shelves.get(this.#folderOf(shelf))?.has(nameOf(digest)) === true;
  }

  keep(shelf: string, bytes: Uint8Array): Promise<void> {
    this.#writing = this.#writing.then(() => this.#keep(shelf, bytes));
    return this.#writing;
  }

  async #keep(shelf: string, bytes: Uint8Array): Promise<void> {
    const [folder, name] = [this.#folderOf(shelf), nameOf(sha256(bytes))];
    const isKept = this.#shelves.get(folder)?.has(name) === true;
    if (!isKept && !(await this.#makeRoom(shelf, bytes.length))) return;
    try {
      if (!isKept) await this.#write(folder, name, bytes);
      await this.#use(folder, name, bytes.length);
      this.#isInTrouble = false;
    } catch (error) {
      // Said once: nobody is held up by it.
      if (!this.#isInTrouble) this.#logger.warn({ folder, error }, 'cannot write to the chart store: charts are fetched again where they are needed again');
      this.#isInTrouble = true;
    }
  }

  async #write(folder: string, name: string, bytes: Uint8Array): Promise<void> {
    const temporary = path.join(folder, `${randomBytes(8).toString('hex')}${TEMPORARY}`);
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await this.#steps.write(temporary, bytes);
      await this.#steps.rename(temporary, path.join(folder, name));
      await this.#steps.settle(folder);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
  }

  /** Takes stock of the folder. */
  async #take(): Promise<void> {
    const found: { readonly folder: string; readonly shelf: Shelf; readonly usedAt: number }[] = [];
    for (const entry of await readdir(this.#folder, { withFileTypes: true })) {
      const folder = path.join(this.#folder, entry.name);
      const files = await contentsOf(entry, folder);
      const usedAt = Math.max(0, ...files.map((file) => file.usedAt));
      if (files.length > 0) found.push({ folder, shelf: new Map(files.map(({ name, bytes }) => [name, bytes])), usedAt });
    }
    for (const { folder, shelf } of found.toSorted((one, other) => one.usedAt - other.usedAt)) this.#shelves.set(folder, shelf);
  }

  /** Lets shelves go until so many bytes more fit on this one; false where what is left may not go. */
  async #makeRoom(shelf: string, bytes: number): Promise<boolean> {
    const own = this.#folderOf(shelf);
    const sizes = [...this.#shelves].map(([folder, files]) => ({ folder, bytes: sizeOf(files) }));
    const size = sizes.reduce((sum, one) => sum + one.bytes, bytes);
    if (size <= this.#maxBytes) return true;
    const ages = this.#ages();
    if (ages === undefined) return false;
    const byFolder = new Map([...ages].map(([name, age]) => [this.#folderOf(name), age]));
    const others = sizes.filter(({ folder }) => folder !== own).map((one) => ({ id: one.folder, bytes: one.bytes, age: byFolder.get(one.folder) }));
    const room = roomFor({ bytes: bytes + sizeOf(this.#shelves.get(own) ?? new Map()), age: ages.get(shelf) }, others, this.#maxBytes);
    if (room.kind === 'None' || room.without.some(({ age }) => age !== undefined)) this.#sayCramped(size, ages.size);
    if (room.kind === 'None') return false;
    for (const { id } of room.without) await this.#letGo(id);
    return true;
  }

  async #letGo(folder: string): Promise<void> {
    this.#shelves.delete(folder);
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }

  /** Said once: whoever reads it can do something about it, and it stays so until then. */
  #sayCramped(size: number, charts: number): void {
    if (this.#isCramped) return;
    this.#isCramped = true;
    this.#logger.warn(
      { maxBytes: this.#maxBytes, size, charts },
      'the chart store has no room for the charts of all revisions in history: those furthest back are let go, and what runs is kept; raise --chart-store-size',
    );
  }

  /** It was used last of all, also for whoever opens the folder next. */
  async #use(folder: string, name: string, bytes: number): Promise<void> {
    const shelf = this.#shelves.get(folder) ?? new Map<string, number>();
    this.#shelves.delete(folder);
    this.#shelves.set(folder, shelf.set(name, bytes));
    const now = new Date();
    await utimes(path.join(folder, name), now, now).catch(() => undefined);
  }

  // Shelves are named by whoever, files by what no name can lead out of the folder with.
  #folderOf(shelf: string): string {
    return path.join(this.#folder, nameOf(shelf));
  }
}

const NO_AGES: ChartAges = new Map();
const TEMPORARY = '.tmp';
const NAME = /^[0-9a-f]{64}$/;

const nameOf = (text: string): string => createHash('sha256').update(text).digest('hex');

const sizeOf = (shelf: Shelf): number => [...shelf.values()].reduce((sum, bytes) => sum + bytes, 0);

interface Content {
  readonly name: string;
  readonly bytes: number;
  readonly usedAt: number;
}

/** The contents in the folder of a shelf, once what is none is removed; nothing for what is no shelf. */
const contentsOf = async (shelf: Dirent, folder: string): Promise<readonly Content[]> => {
  if (!shelf.isDirectory() || !NAME.test(shelf.name)) return [];
  const found: Content[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isFile() && NAME.test(entry.name)) {
      const { size, mtimeMs } = await stat(file);
      found.push({ name: entry.name, bytes: size, usedAt: mtimeMs });
    } else if (entry.isFile() && entry.name.endsWith(TEMPORARY)) await rm(file, { force: true });
  }
  return found;
};
