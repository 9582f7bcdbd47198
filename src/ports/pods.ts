import type { ObjectRef } from '../core/object-ref.ts';

/** What a pod has to say of itself. */
export interface LastWords {
  readonly pod: string;
  /** The last lines of its log; none where it cannot be had. */
  readonly lines: readonly string[];
}

/** Pods of hooks. */
export interface Pods {
  /** Of a Pod, or of the youngest pod of a Job; undefined where there is none, or nobody can tell. Rejects only when the signal aborts. */
  lastWords(ref: ObjectRef, lines: number, signal: AbortSignal): Promise<LastWords | undefined>;
}
