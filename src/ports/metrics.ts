import type { ObjectChange } from '../core/readiness.ts';

/** What is counted and timed. Calls are cheap, never wait and never throw; everybody sees the part that is his. */
export interface Metrics {
  readonly queue: QueueMetrics;
  readonly runs: RunMetrics;
  readonly api: ApiMetrics;
  readonly registry: RegistryMetrics;
  readonly charts: ChartMetrics;
  readonly renders: RenderMetrics;
}

/** Keys on their way through a work queue. */
export interface QueueMetrics {
  /** The key is to be worked on, and was not already. */
  added(key: string): void;
  /** A worker took it. */
  taken(key: string): void;
  /** The worker is done with it. */
  done(key: string): void;
  /** A key comes again after a pause, because its run failed. */
  retried(): void;
}

/**
 * How a run ended: with nothing left to do, to be looked at again by itself, with a failure that is tried again, with one
 * that only a change can end, or with a fault of the operator itself.
 */
export type RunEnd = 'Success' | 'LookAgain' | 'Failed' | 'Stalled' | 'Fault';

/** Runs of releases. */
export interface RunMetrics {
  /** A run begins; what is returned is called once, at its end. */
  begin(): (end: RunEnd) => void;
  /** Objects of a revision were applied. */
  applied(changes: readonly ObjectChange[]): void;
  /** So many objects that a revision has no more were deleted. */
  pruned(count: number): void;
  /** So many objects of deployed revisions were found not to be as they were applied. */
  drifted(count: number): void;
  /** So many of them were applied again. */
  corrected(count: number): void;
}

/** Releases on their way to a new revision: that roll, wait for their turn, and are held because others failed. */
export interface RolloutCounts {
  readonly rolling: number;
  readonly queued: number;
  readonly held: number;
}

/** To be called once with the HTTP status of the answer, or undefined where there was none. */
export type Answered = (status: number | undefined) => void;

/** Requests to API servers. */
export interface ApiMetrics {
  /** Those to one of them, by `host[:port]`. */
  to(host: string): {
    begin(method: string): Answered;
    /** A request is sent once more; with the status of the answer before, or undefined where there was none. */
    retried(method: string, status: number | undefined): void;
  };
}

/** What a request to a registry is for. */
export type RegistryOperation = 'resolve' | 'tags' | 'manifest' | 'blob' | 'token';

/** Requests to registries, and what they brought. */
export interface RegistryMetrics {
  /** A request is sent on behalf of a registry, by `host[:port]`; wherever a redirect leads, or its token server is. */
  begin(registry: string, operation: RegistryOperation): Answered;
  /** A tag that is followed points at another digest. */
  digestChanged(): void;
}

/** Charts asked of the cache. */
export interface ChartMetrics {
  hit(): void;
  missed(): void;
}

/** Work of helm-engines: rendering charts, reading stored manifests. */
export interface RenderMetrics {
  /** Work is asked for; what is returned is called once, at its end. */
  begin(operation: 'render' | 'read'): (isDone: boolean) => void;
}

const nothing = (): void => undefined;
const ignored = (): typeof nothing => nothing;

/** Counts nothing. */
export const SILENT_METRICS: Metrics = {
  queue: { added: nothing, taken: nothing, done: nothing, retried: nothing },
  runs: { begin: ignored, applied: nothing, pruned: nothing, drifted: nothing, corrected: nothing },
  api: { to: () => ({ begin: ignored, retried: nothing }) },
  registry: { begin: ignored, digestChanged: nothing },
  charts: { hit: nothing, missed: nothing },
  renders: { begin: ignored },
};
