/** Values by key, each made when it is first asked for. For keys of which there are few. */
export class Memo<K, V> {
  readonly #made = new Map<K, V>();
  readonly #make: (key: K) => V;

  constructor(make: (key: K) => V) {
    this.#make = make;
  }

  get(key: K): V {
    const made = this.#made.get(key);
    if (made !== undefined) return made;
    const value = this.#make(key);
    this.#made.set(key, value);
    return value;
  }

  get size(): number {
    return this.#made.size;
  }

  has(key: K): boolean {
    return this.#made.has(key);
  }
}
