/**
 * Who is next where many wait: namespaces take turns, however many of each wait, and within one who came first goes first.
 * Knows no clock and does no I/O.
 */
export class Turns {
  readonly #lines = new Map<string, Set<string>>();

  /** Keys, `namespace/name`, that wait. */
  get size(): number {
    let size = 0;
    for (const line of this.#lines.values()) size += line.size;
    return size;
  }

  /** Puts the key at the end of the line of its namespace; one that waits already keeps its place. */
  join(key: string): void {
    const namespace = namespaceOf(key);
    const line = this.#lines.get(namespace);
    if (line === undefined) this.#lines.set(namespace, new Set([key]));
    else line.add(key);
  }

  /** The key waits no more. */
  leave(key: string): void {
    const namespace = namespaceOf(key);
    const line = this.#lines.get(namespace);
    line?.delete(key);
    if (line?.size === 0) this.#lines.delete(namespace);
  }

  /** The key whose turn it is among those that can go now, which waits no more; its namespace comes last the next time. */
  next(canGo: (key: string) => boolean): string | undefined {
    for (const [namespace, line] of this.#lines) {
      for (const key of line) {
        if (!canGo(key)) continue;
        line.delete(key);
        this.#lines.delete(namespace);
        if (line.size > 0) this.#lines.set(namespace, line);
        return key;
      }
    }
    return undefined;
  }
}

const namespaceOf = (key: string): string => key.slice(0, key.indexOf('/'));
