import type { ReleaseIdentity } from './releases.ts';

/** One Event about a ChartRelease (events.k8s.io/v1). */
export interface Announcement {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  /** What was being done, a verb in UpperCamelCase. */
  readonly action: string;
  readonly message: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Events, at best effort: an Event that cannot be written is logged and forgotten. */
export interface Events {
  announce(release: Pick<ReleaseIdentity, 'metadata'>, announcement: Announcement): void;
}
