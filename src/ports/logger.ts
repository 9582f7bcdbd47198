/** Structured logs, one line an event. Fields never hold Secrets' values. */
export interface Logger {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
  /** A logger that adds the fields to every line. */
  with(fields: Readonly<Record<string, unknown>>): Logger;
}
