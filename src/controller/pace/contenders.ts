import { isSameAddress, type ReleaseAddress } from '../../core/record.ts';

/**
 * ChartReleases that ask for a Helm release which another one has. They are looked at again by themselves, and at once
 * when it is given up.
 */
export class Contenders {
  readonly #wake: (key: string) => void;
  readonly #addresses = new Map<string, ReleaseAddress>();

  constructor(wake: (key: string) => void) {
    this.#wake = wake;
  }

  /** The release with this key waits for the address, and for no other any more. */
  wait(key: string, address: ReleaseAddress): void {
    this.#addresses.set(key, address);
  }

  /** Ends what `wait` began. */
  forget(key: string): void {
    this.#addresses.delete(key);
  }

  /** Wakes those who wait for the address: nothing of the one that had it is left. */
  wakeAt(address: ReleaseAddress): void {
    for (const [key, wanted] of this.#addresses) if (isSameAddress(wanted, address)) this.#wake(key);
  }
}
