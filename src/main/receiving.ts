import { SecretFile } from '../adapters/system/secret-file.ts';
import type { PushHint } from '../core/push-event.ts';
import type { Clock } from '../ports/clock.ts';
import type { Cluster } from '../ports/cluster.ts';
import type { Logger } from '../ports/logger.ts';
import { serveHooks } from '../server/hook-server.ts';
import type { RunningServer } from '../server/http-server.ts';
import { receiving } from '../server/receivers.ts';
import type { Config } from './config.ts';
import { leadHere } from './service-endpoint.ts';

export interface ReceivingTools {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly cluster: Pick<Cluster, 'apply'>;
  /** Of the Service that leads here. */
  readonly namespace: string;
}

/** Starts to take notifications of registries, unless that is switched off, and has their Service lead here until `signal` aborts. Rejects with ListenError. */
export const openReceivers = async (
  { webhookAddress, webhookService, receivers }: Pick<Config, 'webhookAddress' | 'webhookService' | 'receivers'>,
  hint: (hint: PushHint) => void,
  { clock, logger, cluster, namespace }: ReceivingTools,
  signal: AbortSignal,
): Promise<Pick<RunningServer, 'close'>> => {
  if (webhookAddress.kind === 'Off') return { close: () => Promise.resolve() };
  const told = (one: PushHint): void => {
    logger.debug({ ...one }, 'a notification names a push');
    hint(one);
  };
  const known = receivers.map(({ secretFile, ...receiver }) => {
    const file = new SecretFile(secretFile, clock);
    return { ...receiver, secret: () => file.read() };
  });
  const server = await serveHooks(webhookAddress, receiving({ receivers: known, hint: told, now: () => clock.elapsed() }));
  logger.info({ address: server.address }, 'serving receivers');
  if (webhookService !== undefined) {
    const { name: service, podIp: ip } = webhookService;
    void leadHere(cluster, { namespace, service, ip, port: Number(server.address.split(':').at(-1)) }, { clock, logger }, signal);
  }
  return server;
};
