/** What was read, or what is wrong with it. */
export interface Reading<T> {
  readonly read: T | undefined;
  readonly trouble: string | undefined;
}

/**
 * Something that people may replace at any time, read whenever it is asked for. While it cannot be read, what was read before counts, and each
 * trouble is told once.
 */
export class LastGood<T> {
  readonly #source: () => Promise<Reading<T>>;
  readonly #tell: (trouble: string) => void;
  #last: T;
  #trouble: string | undefined;

  /** `first` counts until something was read. */
  constructor(first: T, source: () => Promise<Reading<T>>, tell: (trouble: string) => void) {
    this.#last = first;
    this.#source = source;
    this.#tell = tell;
  }

  /** Rejects only where the source does. */
  async read(): Promise<T> {
    const { read, trouble } = await this.#source();
    this.#last = read ?? this.#last;
    if (trouble !== undefined && trouble !== this.#trouble) this.#tell(trouble);
    this.#trouble = trouble;
    return this.#last;
  }
}
