import { printRef } from '../core/object-ref.ts';
import { type AppliedObject, completedJobs, judge, objectsToWaitFor, unseen, type Verdict } from '../core/readiness.ts';
import type { Cluster, Healths } from '../ports/cluster.ts';

/** What is waited for. */
export interface WaitInput {
  readonly objects: readonly AppliedObject[];
  /** UIDs of Jobs that were seen complete before. */
  readonly completed: ReadonlySet<string>;
  /** The apply is long enough ago for the watches to have caught up: what they do not show is looked up. */
  readonly isSettled: boolean;
  readonly options: { readonly wait: boolean; readonly waitForJobs: boolean };
}

/** Besides the verdict: an object that was applied is there no more. */
export type Waited = { readonly verdict: Verdict; readonly completed: ReadonlySet<string>; readonly gone: string | undefined };

/**
 * Says, without waiting, whether the applied objects are ready. The watches on them wake the release when that
 * changes.
 */
export const wait = async ({ healths, cluster }: { readonly healths: Healths; readonly cluster: Cluster }, input: WaitInput, signal: AbortSignal): Promise<Waited> => {
  const { options, isSettled, completed } = input;
  if (!options.wait) return { verdict: { kind: 'Ready' }, completed, gone: undefined };
  const objects = objectsToWaitFor(input.objects, options).filter(({ uid }) => !completed.has(uid));
  await healths.follow(objects, signal);
  const sightingOf = healths.of.bind(healths);
  const gone = isSettled ? await firstGone(cluster, unseen(objects, sightingOf), signal) : undefined;
  return { verdict: judge(objects, sightingOf), completed: new Set([...completed, ...completedJobs(objects, sightingOf)]), gone };
};

const firstGone = async (cluster: Cluster, objects: readonly AppliedObject[], signal: AbortSignal): Promise<string | undefined> => {
  for (const { ref, uid } of objects) {
    if ((await cluster.look(ref, signal))?.uid !== uid) return printRef(ref);
  }
  return undefined;
};
