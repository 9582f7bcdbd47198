import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import type { ApiMetrics } from '../../ports/metrics.ts';
import { Api } from './api.ts';
import type { Connection } from './connection.ts';
import { type Credentials, ServiceAccountCredentials, type ServiceAccountFiles } from './credentials.ts';
import { Discovery } from './discovery.ts';
import type { Fence } from './fence.ts';
import type { OpenPools } from './pools.ts';
import { Transport } from './transport.ts';

/** What a connection lives on. */
export interface ConnectionTools {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where requests are counted; nowhere when absent. */
  readonly metrics?: ApiMetrics;
  /** What a request that changes something has to pass; none when absent. */
  readonly fence?: Fence;
  /** How connections are opened; over TCP when absent. */
  readonly openPools?: OpenPools;
}

/** How a Pod reaches its API server; host and port as `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT` have them. */
export interface PodAccess extends ServiceAccountFiles {
  readonly host: string;
  readonly port: string;
  /** The Pod's own namespace. */
  readonly namespace: string;
}

/** Connects as the ServiceAccount of the Pod. Nothing is sent yet. */
export const connectInPod = (access: PodAccess, tools: ConnectionTools): Connection => {
  const host = access.host.includes(':') ? `[${access.host}]` : access.host;
  const credentials = new ServiceAccountCredentials(access, tools.clock);
  return connectionTo({ server: `https://${host}:${access.port}`, namespace: access.namespace, credentials }, tools);
};

/** Connects as a kubeconfig says, in the context given or its current one. Nothing is sent yet. Rejects with ClusterError. */
export const connectWithKubeconfig = async (path: string, context: string | undefined, tools: ConnectionTools): Promise<Connection> => {
  const { readKubeconfig } = await import('./kubeconfig.ts');
  return connectionTo(readKubeconfig(path, context, tools.clock), tools);
};

/** An API server, and as whom it is spoken to. */
export interface Target {
  readonly server: string;
  readonly namespace: string;
  readonly credentials: Credentials;
}

/** Connects to an API server. Nothing is sent yet. */
export const connectionTo = ({ server, namespace, credentials }: Target, { clock, logger, metrics, fence, openPools }: ConnectionTools): Connection => {
  const transport = new Transport({ server, credentials, clock, ...(metrics && { metrics }), ...(fence && { fence }), ...(openPools && { openPools }) });
  const api = new Api(transport);
  return { api, discovery: new Discovery(api, clock), clock, logger, namespace, close: () => transport.close() };
};
