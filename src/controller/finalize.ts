import { FINALIZER } from '../api/chart-release.ts';
import { keyOf } from '../core/object-ref.ts';
import type { Outcome } from '../core/status.ts';
import { isRace } from '../ports/errors.ts';
import type { SeenRelease } from '../ports/releases.ts';
import type { Deps } from './deps.ts';
import { orphan } from './orphan.ts';
import { retire } from './retire.ts';
import { addressOf, DEFAULT_TIMEOUT_MS, isAdmitted, timeoutMsOf } from './run.ts';

/**
 * A ChartRelease that is being deleted: uninstalls every Helm release that may hold something of it, or leaves it behind
 * where the spec says so, then lets it go.
 * Returns what stands in the way, or undefined when it is gone.
 */
export const finalize = async (deps: Deps, seen: SeenRelease, signal: AbortSignal): Promise<Outcome | undefined> => {
  const { release } = seen;
  const key = keyOf(release.metadata);
  deps.tags.unfollow(key);
  deps.sources.forget(key);
  deps.rollouts.forget(key);
  if (!release.metadata.finalizers?.includes(FINALIZER)) return undefined;
  const addresses = [...(release.status.releases ?? []), ...(seen.kind === 'Readable' ? [addressOf(seen.release)] : [])];
  const isLeft = (seen.kind === 'Readable' ? seen.release.spec : seen).deletionPolicy === 'Orphan';
  const timeoutMs = seen.kind === 'Readable' ? timeoutMsOf(seen.release) : DEFAULT_TIMEOUT_MS;
  for (const address of addresses) {
    try {
      if (isLeft) {
        await orphan(deps, release, address, signal);
        continue;
      }
      const held = await retire(deps, { owner: release.metadata, address, isAdmitted: isAdmitted(release, address), except: [], timeoutMs, keepsRecords: false }, signal);
      if (held !== undefined)
        return { reason: 'Progressing', message: `uninstalling ${address.namespace}/${address.releaseName}: waiting for ${held.message}`, lookAgainAfterMs: held.lookAgainAfterMs };
    } catch (error) {
      if (!(error instanceof Error) || signal.aborted || isRace(error)) throw error;
      return { reason: 'UninstallFailed', message: `cannot ${isLeft ? 'leave' : 'uninstall'} ${address.namespace}/${address.releaseName}: ${error.message}` };
    }
  }
  await deps.releases.removeFinalizer(release, signal);
  return undefined;
};
