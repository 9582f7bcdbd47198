/** A flag or a configuration file cannot be used; the message is all that a person needs. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
