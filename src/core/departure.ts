import type { DeletionPolicy } from '../api/chart-release.ts';

/** What is known when a ChartRelease is being deleted, with one of its Helm releases in view. */
export interface Leaving {
  readonly policy: DeletionPolicy;
  /** The CustomResourceDefinition of ChartReleases is being deleted, or is gone. */
  readonly isKindGoing: boolean;
  /** So is the namespace of the ChartRelease. */
  readonly isNamespaceGoing: boolean;
  /** So is the namespace of the Helm release. */
  readonly isTargetGoing: boolean;
  /** The Helm release is in another namespace than the ChartRelease. */
  readonly isElsewhere: boolean;
  /** The Helm release is being uninstalled already. */
  readonly hasBegun: boolean;
}

/** What becomes of the Helm release. */
export type Departure =
  /** Objects and records stay, for the reason given. */
  | { readonly kind: 'Leave'; readonly why: string }
  /** Hooks, objects and records, as helm uninstall does. */
  | { readonly kind: 'Uninstall' }
  /** Its namespace takes records and most objects with it, and lets nothing be created: only what lies outside is left to be deleted. */
  | { readonly kind: 'Clear' };

/**
 * A Helm release is uninstalled when somebody asked for that: by deleting its ChartRelease, or the namespace that both are in. Who deletes
 * the kind, or a namespace that the workloads are not in, did not ask for it. An uninstall that has begun is brought to its end.
 */
export const departureOf = ({ policy, isKindGoing, isNamespaceGoing, isTargetGoing, isElsewhere, hasBegun }: Leaving): Departure => {
  if (policy === 'Orphan') return { kind: 'Leave', why: 'as spec.deletionPolicy says' };
  if (!hasBegun && isKindGoing) return { kind: 'Leave', why: 'since the CustomResourceDefinition of ChartReleases is being deleted, not the ChartRelease by itself' };
  if (!hasBegun && isNamespaceGoing && isElsewhere) return { kind: 'Leave', why: 'since it is the namespace of its ChartRelease that is being deleted, not its own' };
  return { kind: isTargetGoing ? 'Clear' : 'Uninstall' };
};
