/** Time and chance, as the inner rings may use them. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds of a time that only goes forward, at the same pace, and that nobody sets. */
  elapsed(): number;
  /** A number from 0 up to 1, for jitter. */
  random(): number;
  /** Calls back once after that many milliseconds; the returned function takes it back. */
  after(delayMs: number, callback: () => void): () => void;
}
