import { type NoReply, type Reply, TooLong } from './exchange.ts';

/** What came of one try. */
export type Outcome = { readonly kind: 'Reply'; readonly reply: Reply } | { readonly kind: 'NoReply'; readonly error: NoReply };

const MAX_TRIES = 5;
const BASE_MS = 100;
const JITTER_MS = 500;

/**
 * How long to wait before the same request is sent again; undefined to take the outcome as it is. `isSafe` says that the
 * request changes nothing. One that does change something is repeated only when it was certainly not done: the server
 * refused to begin (429), or no byte of it left.
 */
export const retryDelayMs = (outcome: Outcome, isSafe: boolean, tries: number, chance: number): number | undefined => {
  if (tries >= MAX_TRIES) return undefined;
  if (outcome.kind === 'NoReply' && outcome.error instanceof TooLong) return undefined;
  if (outcome.kind === 'NoReply') return isSafe || !outcome.error.wasSent ? BASE_MS * 2 ** tries * (0.5 + chance / 2) : undefined;
  const { status } = outcome.reply;
  if (status !== 429 && !(status === 503 && isSafe)) return undefined;
  return retryAfterMs(outcome.reply) + chance * JITTER_MS;
};

/** Seconds of the header Retry-After (RFC 9110, 10.2.3); the API server sends no dates. One second where there are none. */
const retryAfterMs = (reply: Reply): number => {
  const header = reply.headers['retry-after'];
  return typeof header === 'string' && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : 1000;
};
