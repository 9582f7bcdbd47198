import { printAddress, type RecordHead, type ReleaseAddress } from '../core/record.ts';

/** Which ChartRelease asks for which Helm release: it is looked at when a person's helm has changed that one. */
export class Homes {
  readonly #wake: (key: string) => void;
  readonly #byKey = new Map<string, string>();
  readonly #keys = new Map<string, Set<string>>();

  constructor(wake: (key: string) => void) {
    this.#wake = wake;
  }

  /** The ChartRelease with this key asks for that Helm release, and for no other any more. */
  settle(key: string, address: ReleaseAddress): void {
    const home = printAddress(address);
    if (this.#byKey.get(key) === home) return;
    this.forget(key);
    this.#byKey.set(key, home);
    this.#keys.set(home, (this.#keys.get(home) ?? new Set()).add(key));
  }

  /** Ends what `settle` began. */
  forget(key: string): void {
    const home = this.#byKey.get(key) ?? '';
    const keys = this.#keys.get(home);
    keys?.delete(key);
    if (keys?.size === 0) this.#keys.delete(home);
    this.#byKey.delete(key);
  }

  /**
   * These are all records of a Helm release now. What we write has our notes, and what helm writes has not; helm uninstall leaves nothing; and
   * who edits one of ours may have damaged it.
   */
  recordsChanged(address: ReleaseAddress, records: readonly RecordHead[]): void {
    const newest = records.at(-1);
    if (newest?.notes !== undefined && newest.isTouched !== true) return;
    for (const key of this.#keys.get(printAddress(address)) ?? []) this.#wake(key);
  }
}
