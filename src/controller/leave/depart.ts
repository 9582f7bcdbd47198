import { departureOf } from '../../core/departure.ts';
import { keyOf } from '../../core/object-ref.ts';
import type { ReleaseAddress } from '../../core/record.ts';
import { ownRecords } from '../../core/release-state.ts';
import type { SeenRelease } from '../../ports/releases.ts';
import { observe } from '../../stages/observe.ts';
import { surroundings } from '../../stages/surroundings.ts';
import type { Deps } from '../deps.ts';
import { toldOf } from '../memory.ts';
import { orphan } from './orphan.ts';
import { type Held, retire } from './retire.ts';
import { DEFAULT_TIMEOUT_MS, isAdmitted, timeoutMsOf } from '../run.ts';

/**
 * Uninstalls a Helm release of a ChartRelease that is being deleted, or leaves it behind, as `departureOf` says. Returns the hook that it
 * waits for, where it does; rejects as `retire` and the ports do.
 */
export const depart = async (deps: Deps, seen: SeenRelease, address: ReleaseAddress, signal: AbortSignal): Promise<Held | undefined> => {
  const { release } = seen;
  const { metadata } = release;
  const around = await surroundings(deps.cluster, metadata.namespace, address, signal);
  const owner = { uid: metadata.uid, chartRelease: keyOf(metadata), isAdmitted: isAdmitted(release, address) };
  const newest = ownRecords(await observe(deps.records, address, signal), owner).at(-1);
  const departure = departureOf({
    ...around,
    policy: (seen.kind === 'Readable' ? seen.release.spec : seen).deletionPolicy,
    isElsewhere: address.namespace !== metadata.namespace,
    hasBegun: newest?.status === 'uninstalling',
  });
  if (departure.kind === 'Leave') {
    // No Event can be made in a namespace that is being deleted.
    await orphan(deps, { release, address, why: departure.why, subject: around.isNamespaceGoing ? undefined : release }, signal);
    return undefined;
  }
  return retire(
    deps,
    {
      owner: metadata,
      address,
      isAdmitted: owner.isAdmitted,
      except: [],
      told: [...toldOf(release, address), ...deps.departures.objectsOf(owner.chartRelease, address)],
      timeoutMs: seen.kind === 'Readable' ? timeoutMsOf(seen.release) : DEFAULT_TIMEOUT_MS,
      keepsRecords: false,
      isNamespaceGoing: departure.kind === 'Clear',
    },
    signal,
  );
};
