import type { RegistryError, RegistryErrorCode } from '../../ports/registry.ts';
import { readBody } from './body.ts';
import { failure } from './failure.ts';
import { oneLine } from './one-line.ts';
import { parseRetryAfter } from './retry-after.ts';
import type { Answer } from './transport.ts';

export interface StatusContext {
  readonly attempt: string;
  /** Milliseconds since the epoch, to read a Retry-After date. */
  readonly now: number;
  /** False for the target of a redirect, whose text is nobody's business. */
  readonly mayQuote: boolean;
}

const MAX_ERROR_BYTES = 16 * 1024;

/** Turns an answer that is no success into its RegistryError; reads or discards the body. */
export const statusFailure = async (answer: Answer, { attempt, now, mayQuote }: StatusContext): Promise<RegistryError> => {
  const { status, headers, url } = answer;
  const body = await readBody(answer, MAX_ERROR_BYTES).catch(() => Buffer.alloc(0));
  const words = mayQuote ? quoteErrors(body) : '';
  const by = mayQuote ? 'the registry' : `${url.host}, to where the registry redirects,`;
  const remark = isTlsPort(status, body) ? `${url.host} speaks TLS: take it off plainHttpHosts` : words || (WORDS[status] ?? '');
  const came = `${by} answered ${status}${remark === '' ? '' : ` (${remark})`}`;
  return failure(codeOf(status), attempt, came, { retryAfterMs: parseRetryAfter(headers['retry-after'], now) });
};

/** For answers without words, as those to HEAD are. */
const WORDS: Readonly<Record<number, string>> = {
  403: 'it does not allow it',
  404: 'no such repository, tag or digest',
};

const codeOf = (status: number): RegistryErrorCode => {
  if (status === 401 || status === 403) return 'Unauthorized';
  if (status === 404) return 'NotFound';
  return status === 429 ? 'Throttled' : 'Unavailable';
};

// How Go and nginx answer a request without TLS on a port with it.
const isTlsPort = (status: number, body: Buffer): boolean =>
  status === 400 && /plain HTTP request was sent to HTTPS port|HTTP request to an HTTPS server/i.test(body.toString('latin1'));

/** The first error of the registry's own (OCI distribution specification, "Error Codes"), shortened; empty when there is none. */
const quoteErrors = (body: Buffer): string => {
  const first = firstError(body);
  const message = 'message' in first && typeof first.message === 'string' ? oneLine(first.message) : '';
  const code = 'code' in first && typeof first.code === 'string' ? oneLine(first.code, 60) : '';
  return message !== '' ? message : code;
};

const firstError = (body: Buffer): object => {
  try {
    const document: unknown = JSON.parse(body.toString('utf8'));
    const errors = typeof document === 'object' && document !== null && 'errors' in document ? document.errors : [];
    const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
    return typeof first === 'object' && first !== null ? first : {};
  } catch {
    return {};
  }
};
