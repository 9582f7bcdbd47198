import { type Dispatcher, request as send } from 'undici';
import { type AgentOptions, agentFor } from './agent.ts';
import { UnexpectedEncoding } from './network-faults.ts';

/** Bounds of one request, in milliseconds. */
export interface Timeouts {
  readonly connectMs: number;
  /** From the request to the end of the answer's headers. */
  readonly headersMs: number;
  /** Between two parts of a body. */
  readonly bodyMs: number;
  /** The whole, with redirects and body. */
  readonly overallMs: number;
}

export const TIMEOUTS: Timeouts = { connectMs: 10_000, headersMs: 15_000, bodyMs: 15_000, overallMs: 60_000 };

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An answer whose body is still to be read or discarded. */
export interface Answer {
  readonly url: URL;
  readonly status: number;
  /** Names in lower case; of several values the first, but all challenges. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
  /** Drops what was not read of the body. */
  discard(): Promise<void>;
}

/** Single HTTP exchanges over undici: one pool an origin, nothing followed, repeated, cached or unpacked on its own. */
export class Transport {
  readonly #agent: Dispatcher;
  readonly #timeouts: Timeouts;

  constructor(timeouts: Timeouts, options: Omit<AgentOptions, 'connectMs'>) {
    this.#agent = agentFor({ ...options, connectMs: timeouts.connectMs });
    this.#timeouts = timeouts;
  }

  /** Sends one request and answers when the headers are there. Rejects with undici's errors or the reason of `signal`. */
  async exchange({ method, url, headers, body }: HttpRequest, signal: AbortSignal): Promise<Answer> {
    const response = await send(url, {
      method,
      ...(body !== undefined && { body }),
      // A reset would close the connection after every HEAD.
      reset: false,
      headers: { 'user-agent': 'tagalong', ...headers, 'accept-encoding': 'identity' },
      signal,
      headersTimeout: this.#timeouts.headersMs,
      bodyTimeout: this.#timeouts.bodyMs,
      dispatcher: this.#agent,
    });
    const discard = (): Promise<void> => response.body.dump({ limit: 16 * 1024 }).catch(() => undefined);
    const answer = { url, status: response.statusCode, headers: single(response.headers), body: response.body, discard };
    const encoding = answer.headers['content-encoding'] ?? 'identity';
    if (encoding.toLowerCase() === 'identity') return answer;
    await discard();
    throw new UnexpectedEncoding(encoding);
  }

  /** Ends all connections, also those in use. */
  close(): Promise<void> {
    return this.#agent.destroy();
  }

  /** Ends each connection when what it is used for is over; no other exchange may begin. */
  retire(): void {
    this.#agent.close().catch(() => undefined);
  }
}

const single = (headers: Readonly<Record<string, string | string[] | undefined>>): Readonly<Record<string, string>> => {
  const flat = Object.entries(headers).map(([name, value]) => {
    const values = Array.isArray(value) ? value : [value ?? ''];
    return [name.toLowerCase(), (name.toLowerCase() === 'www-authenticate' ? values.join(', ') : values[0]) ?? ''] as const;
  });
  return Object.fromEntries(flat);
};
