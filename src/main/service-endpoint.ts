import { isIPv6 } from 'node:net';
import { pause } from '../adapters/kube/pause.ts';
import { retryDelayMs } from '../core/retry.ts';
import type { Clock } from '../ports/clock.ts';
import { type Cluster, ClusterError } from '../ports/cluster.ts';
import type { Logger } from '../ports/logger.ts';

/** What a Service without a selector is to lead to. */
export interface Endpoint {
  readonly namespace: string;
  readonly service: string;
  readonly ip: string;
  readonly port: number;
}

/** How long the Service may lead to nobody, once it can be told where to. */
const MOST_PAUSE_MS = 30_000;

/** Has a Service lead to this replica, and to no other. What fails is said once and tried again. Resolves when it is done, or the signal aborts. */
export const leadHere = async (
  cluster: Pick<Cluster, 'apply'>,
  endpoint: Endpoint,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
  signal: AbortSignal,
): Promise<void> => {
  const { service, ip, port } = endpoint;
  const slice = sliceOf(endpoint);
  for (let failures = 1; !signal.aborted; failures += 1) {
    try {
      await cluster.apply({ ...slice, ...slice.metadata }, Buffer.from(JSON.stringify(slice)), { dryRun: false }, signal);
      return logger.info({ service, ip, port }, 'the Service of the receivers leads here');
    } catch (error) {
      if (!(error instanceof ClusterError) && !signal.aborted) throw error;
      if (failures === 1 && !signal.aborted)
        logger.warn({ service, error }, 'cannot have the Service of the receivers lead here: until then notifications are not heard, and polls go on');
      await pause(clock, retryDelayMs(failures, clock.random(), MOST_PAUSE_MS), signal).catch(() => undefined);
    }
  }
};

// One object for all replicas, so that none has to take another one's away. A slice holds addresses of one family.
const sliceOf = ({ namespace, service, ip, port }: Endpoint) => {
  const addressType = isIPv6(ip) ? 'IPv6' : 'IPv4';
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      namespace,
      name: `${service}-${addressType.toLowerCase()}`,
      labels: { 'kubernetes.io/service-name': service, 'endpointslice.kubernetes.io/managed-by': 'tagalong' },
    },
    addressType,
    endpoints: [{ addresses: [ip], conditions: { ready: true } }],
    ports: [{ name: 'http', port, protocol: 'TCP' }],
  };
};
