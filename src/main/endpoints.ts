import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { Check } from '../server/checks.ts';
import { Heartbeat } from '../server/heartbeat.ts';
import { type RunningServer, serve } from '../server/http-server.ts';
import type { RegistryView } from '../ports/registry.ts';
import { type Exposition, metricsRoutes, probeRoutes, registriesRoutes } from '../server/routes.ts';
import type { Config } from './config.ts';

export interface EndpointsOptions {
  readonly addresses: Pick<Config, 'metricsAddress' | 'healthAddress'>;
  readonly metrics: Exposition;
  readonly registries: () => readonly RegistryView[];
  /** Parts that must be there before /readyz says so. */
  readonly ready: readonly Check[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Starts the operator's HTTP servers, metrics and probes, each unless it is switched off. Rejects with ListenError. */
export const openEndpoints = async ({ addresses, metrics, registries, ready, clock, logger }: EndpointsOptions): Promise<Pick<RunningServer, 'close'>> => {
  const heartbeat = new Heartbeat(clock);
  const wanted = [
    { what: 'metrics', at: addresses.metricsAddress, routes: { ...metricsRoutes(metrics), ...registriesRoutes(registries) } },
    { what: 'probes', at: addresses.healthAddress, routes: probeRoutes({ alive: [heartbeat], ready }) },
  ];
  const servers: RunningServer[] = [];
  const close = async (): Promise<void> => {
    heartbeat.stop();
    await Promise.all(servers.map((server) => server.close()));
  };
  try {
    for (const { what, at, routes } of wanted) {
      if (at.kind === 'Off') continue;
      const server = await serve(at, routes);
      servers.push(server);
      logger.info({ address: server.address }, `serving ${what}`);
    }
    return { close };
  } catch (error) {
    await close();
    throw error;
  }
};
