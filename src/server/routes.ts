import { answerChecks, type Check } from './checks.ts';
import type { Routes } from './http-server.ts';

/** What /metrics shows. */
export interface Exposition {
  readonly contentType: string;
  text(): Promise<string>;
}

export const metricsRoutes = (exposition: Exposition): Routes => ({
  '/metrics': async () => ({ status: 200, contentType: exposition.contentType, body: await exposition.text() }),
});

/** What must hold for the process to be left alone, and what for it to be ready for work. */
export interface Probes {
  /** Never the API server or a registry: starting anew would not mend them. */
  readonly alive: readonly Check[];
  readonly ready: readonly Check[];
}

export const probeRoutes = ({ alive, ready }: Probes): Routes => ({
  '/healthz': (query) => answerChecks('healthz', alive, query),
  '/readyz': (query) => answerChecks('readyz', ready, query),
});
