import { FINALIZER } from '../../api/chart-release.ts';
import { keyOf } from '../../core/object-ref.ts';
import { isSameAddress, printAddress, type ReleaseAddress } from '../../core/record.ts';
import type { Outcome } from '../../core/status.ts';
import { isRace } from '../../ports/errors.ts';
import type { SeenRelease } from '../../ports/releases.ts';
import { depart } from './depart.ts';
import type { Deps } from '../deps.ts';
import { forgetDrift } from '../drift/drift.ts';
import { giveUp, type Legacy, tellLegacy } from './give-up.ts';
import { addressOf } from '../run.ts';

/**
 * A ChartRelease that is being deleted: sees to every Helm release that may hold something of it (depart.ts), then lets it go.
 * What cannot work is tried for a while, and then left behind (give-up.ts).
 * Returns what stands in the way, or undefined when it is gone.
 */
export const finalize = async (deps: Deps, seen: SeenRelease, signal: AbortSignal): Promise<Outcome | undefined> => {
  const { release } = seen;
  const key = keyOf(release.metadata);
  deps.tags.unfollow(key);
  deps.sources.forget(key);
  deps.departures.remember(key, deps.rollouts.at(key));
  deps.rollouts.forget(key);
  deps.homes.forget(key);
  forgetDrift(deps, key);
  if (!release.metadata.finalizers?.includes(FINALIZER)) return undefined;
  const legacies: Legacy[] = [];
  for (const address of addressesOf(seen)) {
    try {
      const held = await depart(deps, seen, address, signal);
      if (held !== undefined)
        return {
          reason: 'Progressing',
          message: `uninstalling ${printAddress(address)}: waiting for ${held.message}`,
          lookAgainAfterMs: Math.min(held.lookAgainAfterMs, MOST_PAUSE_MS),
        };
    } catch (error) {
      if (!(error instanceof Error) || signal.aborted || isRace(error)) throw error;
      const end = await giveUp(deps, release, address, error, signal);
      if ('reason' in end) return end;
      legacies.push(end);
    }
  }
  await deps.releases.removeFinalizer(release, signal);
  deps.departures.forget(key);
  for (const legacy of legacies) tellLegacy(deps, release, legacy);
  return undefined;
};

/** A namespace that is deleted while an uninstall waits wakes nobody. */
const MOST_PAUSE_MS = 20_000;

const addressesOf = (seen: SeenRelease): readonly ReleaseAddress[] => {
  const known = seen.release.status.releases ?? [];
  if (seen.kind === 'Unreadable') return known;
  const wanted = addressOf(seen.release);
  return known.some((one) => isSameAddress(one, wanted)) ? known : [...known, wanted];
};
