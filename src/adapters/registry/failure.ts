import { RegistryError, type RegistryErrorCode } from '../../ports/registry.ts';

/** The one form of all messages: what was tried and on what, then what came back. `attempt` is like "resolve r.example/ns/app:1.2". */
export const failure = (
  code: RegistryErrorCode,
  attempt: string,
  came: string,
  options: { readonly cause?: unknown; readonly retryAfterMs?: number | undefined } = {},
): RegistryError => {
  const { cause, retryAfterMs } = options;
  return new RegistryError(code, `cannot ${attempt}: ${came}`, { ...(cause !== undefined && { cause }), ...(retryAfterMs !== undefined && { retryAfterMs }) });
};
