import { timestamp } from '../api/time.ts';
import type { RegistryView } from '../ports/registry.ts';
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

/** How registries fare, as JSON for people and their scripts. Nothing in it is a secret, and no message of a registry. */
export const registriesRoutes = (registries: () => readonly RegistryView[]): Routes => ({
  '/api/registries': () => {
    const shown = registries().toSorted((one, other) => other.polls - one.polls);
    return { status: 200, contentType: 'application/json', body: `${JSON.stringify({ registries: shown.slice(0, MOST_REGISTRIES).map(printed) }, undefined, 2)}\n` };
  },
});

/** Whoever may write ChartReleases could have any number of hosts asked. */
const MOST_REGISTRIES = 1000;

const printed = ({ registry, polls, pollsPerMinute, stretch, budget, failures, heldUntil, nextPollAt }: RegistryView) => ({
  registry,
  polls,
  pollsPerMinute: Math.round(pollsPerMinute * 100) / 100,
  stretch: Number.isFinite(stretch) ? Math.round(stretch * 100) / 100 : 'until the budget is filled up again',
  budget: budget === undefined ? null : { limit: budget.limit ?? null, remaining: budget.remaining, until: timestamp(budget.until) },
  failures,
  heldUntil: heldUntil === undefined ? null : timestamp(heldUntil),
  nextPoll: nextPollAt === undefined ? null : timestamp(nextPollAt),
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
