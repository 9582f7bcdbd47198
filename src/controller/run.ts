import type { ChartRelease } from '../api/chart-release.ts';
import { parseDuration } from '../core/duration.ts';
import type { Whose } from '../core/ownership.ts';
import { isSameAddress, type ReleaseAddress } from '../core/record.ts';

/** One release on its way through the stages. */
export interface Run {
  readonly release: ChartRelease;
  /** Its key on the work queue. */
  readonly key: string;
  /** The Helm release it asks for. */
  readonly address: ReleaseAddress;
  /** How log lines name it. */
  readonly names: { readonly namespace: string; readonly name: string };
  /** Somebody asks for a look, and status does not say yet that it was met; undefined where nobody does. */
  readonly request: string | undefined;
  readonly signal: AbortSignal;
}

/** Where the Helm release of a ChartRelease is. */
export const addressOf = ({ metadata, spec }: Pick<ChartRelease, 'metadata' | 'spec'>): ReleaseAddress => ({
  namespace: spec.targetNamespace ?? metadata.namespace,
  releaseName: spec.releaseName ?? metadata.name,
});

/** How long a revision may take to become ready, and each of its hooks to end. */
export const timeoutMsOf = ({ spec }: Pick<ChartRelease, 'spec'>): number => parseDuration(spec.timeout) ?? DEFAULT_TIMEOUT_MS;

export const DEFAULT_TIMEOUT_MS = 300_000;

/** How log lines name a release. */
export const namesOf = ({ namespace, name }: ChartRelease['metadata']): Run['names'] => ({ namespace, name });

/** Whose its objects are. */
export const whoseOf = ({ release, address }: Pick<Run, 'release' | 'address'>): Whose => ({ owner: release.metadata, address });

/**
 * Whether a ChartRelease has begun to write at this address; see stages/admit.ts. What it is about to take over from stock helm is not
 * its own before a record says so.
 */
export const isAdmitted = ({ status }: Pick<ChartRelease, 'status'>, address: ReleaseAddress): boolean =>
  status.releases?.some((one) => isSameAddress(one, address) && one.isAdopting !== true) ?? false;
