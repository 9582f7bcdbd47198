import { readFile } from 'node:fs/promises';
import type { Clock } from '../../ports/clock.ts';

/** What is shorter can be guessed. */
const LEAST_CHARACTERS = 16;
const KEPT_MS = 10_000;

export type SecretReading = { readonly kind: 'Secret'; readonly secret: string } | { readonly kind: 'Unreadable'; readonly why: string };

/** The secret in a file, without blanks around it; the message does not quote it. */
export const readSecretFile = async (file: string): Promise<SecretReading> => {
  const read = await readFile(file, 'utf8').catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
  if (read instanceof Error) return { kind: 'Unreadable', why: read.message };
  const secret = read.trim();
  return secret.length < LEAST_CHARACTERS ? { kind: 'Unreadable', why: `${file} has fewer than ${LEAST_CHARACTERS} characters` } : { kind: 'Secret', secret };
};

/** A secret in a file, which somebody may replace: what was read counts for ten seconds. */
export class SecretFile {
  readonly #file: string;
  readonly #clock: Pick<Clock, 'elapsed'>;
  #reading: Promise<SecretReading> | undefined;
  #readAt = 0;

  constructor(file: string, clock: Pick<Clock, 'elapsed'>) {
    this.#file = file;
    this.#clock = clock;
  }

  /** Undefined while it cannot be read. */
  async read(): Promise<string | undefined> {
    const now = this.#clock.elapsed();
    if (this.#reading === undefined || now - this.#readAt >= KEPT_MS) {
      this.#readAt = now;
      this.#reading = readSecretFile(this.#file);
    }
    const reading = await this.#reading;
    return reading.kind === 'Secret' ? reading.secret : undefined;
  }
}
