import { SecretFile } from '../adapters/system/secret-file.ts';
import type { PushHint } from '../core/push-event.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import { serveHooks } from '../server/hook-server.ts';
import type { RunningServer } from '../server/http-server.ts';
import { receiving } from '../server/receivers.ts';
import type { Config } from './config.ts';

/** Starts to take notifications of registries, unless that is switched off. Rejects with ListenError. */
export const openReceivers = async (
  { webhookAddress, receivers }: Pick<Config, 'webhookAddress' | 'receivers'>,
  hint: (hint: PushHint) => void,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
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
  return server;
};
