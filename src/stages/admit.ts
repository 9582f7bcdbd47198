import { FINALIZER, type ChartRelease, type ChartReleaseStatus, type HelmRelease } from '../api/chart-release.ts';
import type { ReleaseAddress } from '../core/record.ts';
import type { Releases } from '../ports/releases.ts';

/**
 * Makes sure, before anything is written for a release, that its deletion will find everything: our finalizer is on
 * the ChartRelease, and its status names the Helm release that is about to be written. Returns every Helm release
 * that may hold something of it, the present one last.
 */
export const admit = async (releases: Releases, release: ChartRelease, address: ReleaseAddress, signal: AbortSignal): Promise<readonly HelmRelease[]> => {
  if (!release.metadata.finalizers?.includes(FINALIZER)) await releases.addFinalizer(release, signal);
  const known = release.status.releases ?? [];
  if (known.some((one) => isSame(one, address))) return [...known.filter((one) => !isSame(one, address)), address];
  const all = [...known, address];
  const status: ChartReleaseStatus = { ...release.status, releases: all };
  await releases.saveStatus(release, status, signal);
  return all;
};

const isSame = (a: ReleaseAddress, b: ReleaseAddress): boolean => a.namespace === b.namespace && a.releaseName === b.releaseName;
