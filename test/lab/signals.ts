/** Has a signal end this program as `process.exit` does: what it has started is ended on exit, which a bare signal passes over. */
export const exitOnSignals = (): void => {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => process.exit(1));
};
