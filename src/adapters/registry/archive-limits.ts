const MIB = 1024 * 1024;

/** Bounds within which an archive is unpacked; those of `expandedBytes` and `entries` hold for it and all packed subcharts together. */
export interface ArchiveLimits {
  readonly compressedBytes: number;
  readonly expandedBytes: number;
  readonly fileBytes: number;
  readonly entries: number;
  /** Expanded size over compressed size, where more than `ratioFloorBytes` come out. */
  readonly ratio: number;
  readonly ratioFloorBytes: number;
  /** Archives within archives. */
  readonly depth: number;
  readonly deadlineMs: number;
}

export const ARCHIVE_LIMITS: ArchiveLimits = {
  compressedBytes: 10 * MIB,
  expandedBytes: 64 * MIB,
  fileBytes: 5 * MIB,
  entries: 10_000,
  ratio: 100,
  ratioFloorBytes: MIB,
  depth: 8,
  deadlineMs: 20_000,
};

/** Why an archive is refused; the message completes "cannot unpack ...:". */
export class ArchiveFault extends Error {
  override readonly name: string = 'ArchiveFault';
}

/** An archive was not unpacked in time: it is made for that, or the machine is busy and another time will do. */
export class ArchiveTooSlow extends ArchiveFault {
  override readonly name = 'ArchiveTooSlow';
}

/** What an archive and its subcharts may still take. */
export class ArchiveBudget {
  readonly limits: ArchiveLimits;
  #expandedBytes = 0;
  #entries = 0;

  constructor(limits: ArchiveLimits) {
    this.limits = limits;
  }

  get remainingBytes(): number {
    return this.limits.expandedBytes - this.#expandedBytes;
  }

  /** Counts expanded bytes; throws ArchiveFault beyond the limit. */
  takeBytes(count: number): void {
    this.#expandedBytes += count;
    if (this.remainingBytes < 0) throw new ArchiveFault(`it expands to more than ${this.limits.expandedBytes} bytes`);
  }

  /** Counts one header; throws ArchiveFault beyond the limit. */
  takeEntry(): void {
    this.#entries += 1;
    if (this.#entries > this.limits.entries) throw new ArchiveFault(`it has more than ${this.limits.entries} entries`);
  }
}
