import type { Finding, LookupQuestion } from '../core/lookup.ts';

/** What the API server has: the object, or the pages of the list, as bytes. */
export interface Found {
  readonly pages: readonly Uint8Array[];
  readonly finding: Finding;
}

/** An answer has more bytes than it may have. */
export class LookupTooLargeError extends Error {
  override readonly name = 'LookupTooLargeError';
}

/** Objects of any kind as templates look them up, with Helm's meaning of kind, namespace and name. */
export interface Lookups {
  /**
   * What is there at this moment; no pages where there is no such object, namespace or kind. Rejects with ClusterError, and with
   * LookupTooLargeError beyond `limitBytes`.
   */
  find(question: LookupQuestion, limitBytes: number, signal: AbortSignal): Promise<Found>;
}
