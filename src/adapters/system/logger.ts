import { type DestinationStream, type LevelWithSilent, type Logger as Pino, pino } from 'pino';
import type { Logger } from '../../ports/logger.ts';
import { plainError } from './plain-error.ts';

export type LogLevel = Extract<LevelWithSilent, 'debug' | 'info' | 'warn' | 'error' | 'silent'>;

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Default: standard output. */
  readonly destination?: DestinationStream;
}

type Fields = Readonly<Record<string, unknown>>;

const SECRET_KEYS = ['password', 'token', 'authorization', 'Authorization'];

// Secrets do not belong into fields at all; this is for the object that was logged whole.
const SECRET_PATHS = SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);

/** Logs JSON lines: `level`, `ts`, `controller`, the fields, `msg`. The field `error` may be any thrown value. */
export const createLogger = ({ level, destination = pino.destination(1) }: LoggerOptions): Logger =>
  new PinoLogger(
    pino(
      {
        level,
        base: { controller: 'chartrelease' },
        timestamp: () => `,"ts":"${new Date().toISOString()}"`,
        formatters: { level: (label) => ({ level: label }) },
        serializers: { error: plainError },
        redact: { paths: SECRET_PATHS, censor: '[redacted]' },
      },
      destination,
    ),
  );

class PinoLogger implements Logger {
  readonly #pino: Pino;

  constructor(instance: Pino) {
    this.#pino = instance;
  }

  debug(fields: Fields, message: string): void {
    this.#pino.debug(fields, message);
  }

  info(fields: Fields, message: string): void {
    this.#pino.info(fields, message);
  }

  warn(fields: Fields, message: string): void {
    this.#pino.warn(fields, message);
  }

  error(fields: Fields, message: string): void {
    this.#pino.error(fields, message);
  }

  with(fields: Fields): Logger {
    return new PinoLogger(this.#pino.child(fields));
  }
}
