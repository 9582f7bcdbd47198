import { ENGINE_ENVIRONMENT, HelmRenderer } from '../adapters/helm/renderer.ts';
import { SocketRenderer } from '../adapters/helm/socket-renderer.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { Renderer } from '../ports/renderer.ts';

/** A renderer as the operator holds it. */
export interface OwnedRenderer extends Renderer {
  /** Whether a render asked for now would find somebody to do it. */
  readonly isUp: boolean;
  /** Its state in words, for people who wonder why it is not up. */
  describe(): string;
  /** Gets ready before there is work. */
  warmUp(): void;
  close(): Promise<void>;
}

export interface RenderingConfig {
  readonly engine: string;
  readonly engines: number;
  /** Socket of a renderer that runs elsewhere; undefined: engines of our own. */
  readonly rendererSocket: string | undefined;
}

export interface RenderingTools {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when a renderer behind a socket is there again, after requests have failed for it. */
  readonly onBack?: () => void;
}

/** The renderer that was asked for: behind a socket, or with engines that are our children. */
export const openRenderer = (config: RenderingConfig, tools: RenderingTools): OwnedRenderer => {
  if (config.rendererSocket !== undefined) return new SocketRenderer({ path: config.rendererSocket, ...tools });
  const launch = { command: config.engine, args: [], environment: ENGINE_ENVIRONMENT };
  return new HelmRenderer({ launch, engines: config.engines, clock: tools.clock, logger: tools.logger });
};
