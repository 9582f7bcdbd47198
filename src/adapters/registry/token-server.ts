import type { Clock } from '../../ports/clock.ts';
import type { RegistryMetrics } from '../../ports/metrics.ts';
import type { RegistryErrorCode } from '../../ports/registry.ts';
import type { RegistryTls } from '../../core/registry-tls.ts';
import { BodyTooLong, readBody } from './body.ts';
import { ForbiddenAddress } from './guarded-lookup.ts';
import { bareMediaType } from './manifest.ts';
import { describeNetworkFault } from './network-faults.ts';
import { oneLine } from './one-line.ts';
import { isRedirect, nextHop } from './redirect.ts';
import { parseRetryAfter } from './retry-after.ts';
import { readToken, type Token } from './token-answer.ts';
import { type TokenQuestion, tokenRequests } from './token-request.ts';
import type { Answer, HttpRequest } from './transport.ts';
import type { Party, Transports } from './transports.ts';

/** A token server gave no token. Many may wait for the same one, so `came` says nothing of what it was for. */
export class TokenFault extends Error {
  override readonly name = 'TokenFault';
  readonly code: RegistryErrorCode;
  readonly retryAfterMs: number | undefined;

  constructor(code: RegistryErrorCode, came: string, options: { readonly cause?: unknown; readonly retryAfterMs?: number | undefined } = {}) {
    super(came, { cause: options.cause });
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }
}

export interface TokenServersOptions {
  readonly transports: Transports;
  readonly clock: Clock;
  readonly metrics: RegistryMetrics;
  /** The whole of one answer. */
  readonly overallMs: number;
}

/** A question, whose its realm is, and the registry, `host[:port]`, that it is asked for. */
export interface AddressedQuestion extends TokenQuestion {
  readonly registry: string;
  readonly party: Party;
  readonly tls: RegistryTls | undefined;
}

const MAX_OVERALL_MS = 20_000;
const MAX_TOKEN_BYTES = 64 * 1024;

/** Asks token servers. The credential goes to the origin of the realm and nowhere else: a redirect out of it is not followed. */
export class TokenServers {
  readonly #options: TokenServersOptions;

  constructor(options: TokenServersOptions) {
    this.#options = options;
  }

  /** A new token. Rejects with TokenFault, or with the reason of `signal`. */
  async ask(question: AddressedQuestion, signal: AbortSignal): Promise<Token> {
    const overallMs = Math.min(this.#options.overallMs, MAX_OVERALL_MS);
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(overallMs)]);
    try {
      return await this.#read(question, await this.#answer(question, bounded));
    } catch (error) {
      if (error instanceof TokenFault) throw error;
      if (signal.aborted) throw signal.reason;
      if (error instanceof BodyTooLong) throw fault(question, 'Unavailable', `answered with more than ${error.limit} bytes`);
      if (bounded.aborted) throw fault(question, 'Unavailable', `did not answer in full within ${overallMs} ms`, { cause: error });
      throw fault(question, 'Unavailable', `gave no answer: ${wordsOf(question, error)}`, { cause: error });
    }
  }

  async #answer(question: AddressedQuestion, signal: AbortSignal): Promise<Answer> {
    const [first, ...others] = tokenRequests(question);
    let answer = await this.#follow(question, first, signal);
    for (const request of others) {
      if (answer.status !== 404 && answer.status !== 405) break;
      await answer.discard();
      answer = await this.#follow(question, request, signal);
    }
    return answer;
  }

  async #follow(question: AddressedQuestion, request: HttpRequest, signal: AbortSignal): Promise<Answer> {
    let answer = await this.#exchange(question, request, signal);
    for (let hops = 0; isRedirect(answer.status); hops += 1) {
      await answer.discard();
      // What is in the body of a POST is secret, and half of the statuses would have it dropped.
      if (request.method === 'POST') throw fault(question, 'Unavailable', `answered ${answer.status}, a redirect of a POST, which is not followed`);
      const hop = nextHop(answer.url, answer.headers['location'], hops);
      if (hop.kind === 'Refused') throw fault(question, 'Unavailable', `answered with ${hop.why}`);
      if (hop.url.origin !== question.realm.origin) throw fault(question, 'Unavailable', `answered with a redirect to ${oneLine(hop.url.host)}, which is not followed`);
      answer = await this.#exchange(question, { ...request, url: hop.url }, signal);
    }
    return answer;
  }

  async #exchange({ registry, party, tls }: AddressedQuestion, request: HttpRequest, signal: AbortSignal): Promise<Answer> {
    const { transports, metrics } = this.#options;
    const answered = metrics.begin(registry, 'token');
    try {
      const answer = await transports.to(party, tls).exchange(request, signal);
      answered(answer.status);
      return answer;
    } catch (error) {
      answered(undefined);
      throw error;
    }
  }

  async #read(question: AddressedQuestion, answer: Answer): Promise<Token> {
    const { status, headers } = answer;
    if (status !== 200) {
      await answer.discard();
      const retryAfterMs = parseRetryAfter(headers['retry-after'], this.#options.clock.now());
      throw fault(question, codeOf(status), `answered ${status}${remarkOn(status, question)}`, { retryAfterMs });
    }
    const body = await readBody(answer, MAX_TOKEN_BYTES);
    const reading = readToken(body.toString('utf8'), headers['date']);
    if (reading.kind === 'Token') return reading.token;
    const why = bareMediaType(headers['content-type']) === 'text/html' ? 'an HTML page, perhaps of a login' : reading.why;
    throw fault(question, 'Unavailable', `answered 200 with ${why}`);
  }
}

/** Names a token server and what it was asked for, for messages. */
export const describeQuestion = ({ realm, service, scopes }: TokenQuestion): string => {
  const quoted = (text: string): string => JSON.stringify(oneLine(text, 120));
  return `${oneLine(realm.host)} (${service === undefined ? '' : `service ${quoted(service)}, `}scope ${quoted(scopes.join(' '))})`;
};

// The server's own words are not quoted: they may repeat what was sent.
const fault = (question: TokenQuestion, code: RegistryErrorCode, came: string, options?: ConstructorParameters<typeof TokenFault>[2]): TokenFault =>
  new TokenFault(code, `the token server ${describeQuestion(question)} ${came}`, options);

const codeOf = (status: number): RegistryErrorCode => {
  if (status === 400 || status === 401 || status === 403) return 'Unauthorized';
  return status === 429 ? 'Throttled' : 'Unavailable';
};

const remarkOn = (status: number, { credential }: TokenQuestion): string => {
  if (status === 404 || status === 405) return ': it gives no tokens there';
  if (codeOf(status) !== 'Unauthorized') return '';
  if (credential === undefined) return ': credentials are needed and there are none';
  return status === 403 ? ': the credentials do not allow it' : ': the credentials are refused';
};

const wordsOf = ({ realm }: TokenQuestion, error: unknown): string => (error instanceof ForbiddenAddress ? error.message : describeNetworkFault(realm, error));
