import { FLUX_RECONCILE_AT, RECONCILE_AT } from '../api/chart-release.ts';

/** The wish to be looked at now, as its annotations have it, ours and Flux's: any new value of either is a new wish. */
export const requestedAt = (annotations: Readonly<Record<string, string>> | undefined): string | undefined => {
  const wishes = [annotations?.[RECONCILE_AT], annotations?.[FLUX_RECONCILE_AT]].filter((wish) => wish !== undefined);
  return wishes.length === 0 ? undefined : wishes.join('/');
};
