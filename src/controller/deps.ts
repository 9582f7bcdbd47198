import type { Causes } from '../ports/causes.ts';
import type { ExcusedOwner } from '../core/drift.ts';
import type { Clock } from '../ports/clock.ts';
import type { Cluster, Healths } from '../ports/cluster.ts';
import type { DefaultCredentials } from '../ports/default-credentials.ts';
import type { Events } from '../ports/events.ts';
import type { Imprints } from '../ports/imprints.ts';
import type { Logger } from '../ports/logger.ts';
import type { Lookups } from '../ports/lookups.ts';
import type { RunMetrics } from '../ports/metrics.ts';
import type { Mirrors } from '../ports/mirrors.ts';
import type { Pods } from '../ports/pods.ts';
import type { Records } from '../ports/records.ts';
import type { Charts, Tags } from '../ports/registry.ts';
import type { Releases } from '../ports/releases.ts';
import type { Renderer } from '../ports/renderer.ts';
import type { Secrets } from '../ports/secrets.ts';
import type { ServiceAccounts } from '../ports/service-accounts.ts';
import type { Sources } from '../ports/sources.ts';
import type { Accepted } from './accepted.ts';
import type { Brake } from './pace/brake.ts';
import type { Contenders } from './pace/contenders.ts';
import type { Departures } from './leave/departures.ts';
import type { Contests } from './drift/contests.ts';
import type { Definitions } from './definitions.ts';
import type { Dependents } from './pace/dependents.ts';
import type { Expectations } from './drift/expectations.ts';
import type { Homes } from './homes.ts';
import type { Rollouts } from './rollouts.ts';
import type { Standings } from './standings.ts';

/** Everything a run may speak to; made in main/. */
export interface Deps {
  readonly releases: Releases;
  readonly records: Records;
  readonly cluster: Cluster;
  readonly lookups: Lookups;
  readonly healths: Healths;
  readonly imprints: Imprints;
  readonly pods: Pods;
  readonly causes: Causes;
  readonly secrets: Secrets;
  readonly serviceAccounts: ServiceAccounts;
  readonly defaultCredentials: DefaultCredentials;
  readonly mirrors: Mirrors;
  readonly sources: Sources;
  readonly events: Events;
  readonly tags: Tags;
  readonly charts: Charts;
  readonly renderer: Renderer;
  readonly clock: Clock;
  /** How long a helm may write nothing before its pending revision is taken over, in ms. */
  readonly takeoverAfterMs: number;
  readonly logger: Logger;
  readonly metrics: RunMetrics;
  readonly rollouts: Rollouts;
  readonly standings: Standings;
  readonly accepted: Accepted;
  readonly definitions: Definitions;
  readonly contenders: Contenders;
  readonly dependents: Dependents;
  readonly departures: Departures;
  readonly brake: Brake;
  readonly homes: Homes;
  readonly expectations: Expectations;
  readonly contests: Contests;
  /** Who may have fields of ours, in any release. */
  readonly excusedOwners: readonly ExcusedOwner[];
}
