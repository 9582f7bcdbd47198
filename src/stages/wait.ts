import { judge, objectsToWaitFor, type AppliedObject, type Verdict } from '../core/readiness.ts';
import type { Healths } from '../ports/cluster.ts';

/**
 * Says, without waiting, whether the applied objects are ready. The watches on them wake the release when that
 * changes.
 */
export const wait = async (
  healths: Healths,
  applied: readonly AppliedObject[],
  options: { readonly wait: boolean; readonly waitForJobs: boolean },
  signal: AbortSignal,
): Promise<Verdict> => {
  if (!options.wait) return { kind: 'Ready' };
  const objects = objectsToWaitFor(applied, options);
  await healths.follow(objects, signal);
  return judge(objects, (ref) => healths.of(ref));
};
