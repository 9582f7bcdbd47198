import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Api } from './api.ts';
import type { Discovery } from './discovery.ts';

/** A connection to one API server under one identity, and what those who use it share. */
export interface Connection {
  readonly api: Api;
  readonly discovery: Discovery;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The namespace that the credentials come with. */
  readonly namespace: string;
  /** Ends every request and watch; nothing is logged as an error. */
  close(): Promise<void>;
}
