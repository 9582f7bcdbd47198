const LINES = 20;
const LINE_LENGTH = 300;
const START_OF_CRASH = /^(panic|fatal error|SIG[A-Z]+): /;

/** The end of what a child wrote to stderr, within bounds however much it writes. */
export class LastWords {
  readonly #decoder = new TextDecoder();
  #lines: string[] = [];
  #open = '';
  #crash: string | undefined;

  /** Gives the lines that this chunk completes. */
  push(chunk: Uint8Array): readonly string[] {
    const [first = '', ...rest] = this.#decoder.decode(chunk, { stream: true }).split('\n');
    this.#grow(first);
    return rest.flatMap((text) => {
      const line = this.#close();
      this.#grow(text);
      return line === '' ? [] : [line];
    });
  }

  /** The last lines, at most 20, each cut at 300 characters. */
  get lines(): readonly string[] {
    return this.#open === '' ? this.#lines : [...this.#lines, this.#open];
  }

  /** The one line that says most, or empty: Go tells its reason first and its stacks after it. */
  get summary(): string {
    return this.#crash ?? this.lines.at(-1) ?? '';
  }

  #grow(text: string): void {
    this.#open = (this.#open + text).slice(0, LINE_LENGTH);
  }

  #close(): string {
    const line = this.#open.trimEnd();
    this.#open = '';
    if (START_OF_CRASH.test(line)) this.#crash ??= line;
    if (line !== '') this.#lines = [...this.#lines, line].slice(-LINES);
    return line;
  }
}
