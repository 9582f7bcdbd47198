import { FLUX_RECONCILE_AT, RECONCILE_AT } from '../api/chart-release.ts';

/** The wish to be looked at now, as its annotation has it: any new value is a new wish. Ours wins over Flux's. */
export const requestedAt = (annotations: Readonly<Record<string, string>> | undefined): string | undefined => annotations?.[RECONCILE_AT] ?? annotations?.[FLUX_RECONCILE_AT];
