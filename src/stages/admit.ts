import { type ChartRelease, FINALIZER } from '../api/chart-release.ts';
import { isSameAddress, type ReleaseAddress } from '../core/record.ts';
import type { Releases } from '../ports/releases.ts';

/**
 * Makes sure, before anything is written for a release, that its deletion will find everything: our finalizer is on
 * the ChartRelease, and its status names the Helm release that is about to be written, or taken over: `isAdopting`.
 */
export const admit = async (releases: Releases, release: ChartRelease, address: ReleaseAddress, signal: AbortSignal, { isAdopting = false } = {}): Promise<void> => {
  if (!release.metadata.finalizers?.includes(FINALIZER)) await releases.addFinalizer(release, signal);
  const known = release.status.releases ?? [];
  if (known.some((one) => isSameAddress(one, address))) return;
  await releases.saveStatus(release, { ...release.status, releases: [...known, { ...address, ...(isAdopting && { isAdopting }) }] }, signal);
};

/**
 * Says in status that the Helm release at this address was written last, where the ChartRelease has come back to it: what is deployed there is
 * not applied anew while the one that it leaves is on its way out.
 */
export const arrive = async (releases: Releases, release: ChartRelease, address: ReleaseAddress, signal: AbortSignal): Promise<void> => {
  const known = release.status.releases ?? [];
  const here = known.findIndex((one) => isSameAddress(one, address));
  if (here === -1 || here === known.length - 1) return;
  await releases.saveStatus(release, { ...release.status, releases: [...known.toSpliced(here, 1), ...known.slice(here, here + 1)] }, signal);
};
