import type { ChartReleaseStatus } from '../api/chart-release.ts';
import { conditionOf } from './conditions.ts';

/** A ChartRelease that others may depend on. */
export interface Dependency {
  readonly generation: number;
  readonly isBeingDeleted: boolean;
  readonly isSuspended: boolean;
  /** Keys of the ChartReleases that it depends on itself. */
  readonly dependsOn: readonly string[];
  readonly status: ChartReleaseStatus;
}

export type DependencyVerdict =
  | { readonly kind: 'Ready' }
  /** Others must become ready first; `why` names them. */
  | { readonly kind: 'Waiting'; readonly why: string }
  /** The way from the ChartRelease back to itself; it is named at both ends. */
  | { readonly kind: 'Cycle'; readonly chain: readonly string[] };

type LookUp = (key: string) => Dependency | undefined;

/** Whether the ChartRelease with this key may go on: all that it depends on is Ready for what is asked of it now. */
export const judgeDependencies = (key: string, dependsOn: readonly string[], lookUp: LookUp): DependencyVerdict => {
  const chain = wayBack(key, dependsOn, lookUp);
  if (chain !== undefined) return { kind: 'Cycle', chain: [key, ...chain] };
  const complaints = dependsOn.flatMap((one) => complaintOf(one, lookUp(one)) ?? []);
  return complaints.length === 0 ? { kind: 'Ready' } : { kind: 'Waiting', why: listed(complaints) };
};

/** The shortest way that leads to the key, each ChartRelease looked at once. */
const wayBack = (key: string, dependsOn: readonly string[], lookUp: LookUp): readonly string[] | undefined => {
  const seen = new Set<string>();
  let ways = dependsOn.map((one) => [one]);
  while (ways.length > 0) {
    const back = ways.find((way) => way.at(-1) === key);
    if (back !== undefined) return back;
    ways = ways.flatMap((way) => {
      const last = way.at(-1) ?? '';
      if (seen.has(last)) return [];
      seen.add(last);
      return (lookUp(last)?.dependsOn ?? []).map((next) => [...way, next]);
    });
  }
  return undefined;
};

const complaintOf = (key: string, dependency: Dependency | undefined): string | undefined => {
  if (dependency === undefined) return `ChartRelease ${key} does not exist, or is in a namespace that is not watched`;
  const { generation, status } = dependency;
  const ready = conditionOf(status.conditions, 'Ready');
  if (dependency.isBeingDeleted) return `ChartRelease ${key} is being deleted`;
  if (dependency.isSuspended) return `ChartRelease ${key} is suspended`;
  if (status.observedGeneration !== generation) return `ChartRelease ${key} has changed and was not looked at since`;
  const isOnItsWay = conditionOf(status.conditions, 'Reconciling') !== undefined;
  return ready?.status === 'True' && !isOnItsWay ? undefined : `ChartRelease ${key} is not ready (${ready?.reason ?? 'not looked at'})`;
};

const MOST_NAMED = 3;

const listed = (complaints: readonly string[]): string => {
  const more = complaints.length - MOST_NAMED;
  return `${complaints.slice(0, MOST_NAMED).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
};
