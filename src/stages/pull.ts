import type { Chart, Charts, Source } from '../ports/registry.ts';

/** The files of the chart with this digest; the tag plays no part any more. Rejects with RegistryError. */
export const pull = (charts: Charts, source: Source, digest: string, signal: AbortSignal): Promise<Chart> => charts.pull(source.reference, digest, source, signal);
