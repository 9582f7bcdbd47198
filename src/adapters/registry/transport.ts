import type { LookupFunction } from 'node:net';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { Agent, buildConnector, request as send } from 'undici';
import type { RegistryTls } from '../../core/registry-tls.ts';
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

/** Connections to one origin: so many requests are under way at once. */
const CONNECTIONS = 8;

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

export interface TransportOptions {
  /** Finds the addresses of host names; the system's when absent. */
  readonly lookup?: LookupFunction | undefined;
  /** Undefined: the public roots, and no certificate is shown. */
  readonly tls?: RegistryTls | undefined;
}

/** Single HTTP exchanges over undici: one pool an origin, nothing followed, repeated, cached or unpacked on its own. */
export class Transport {
  readonly #agent: Agent;

  constructor({ connectMs, headersMs, bodyMs }: Timeouts, { lookup, tls }: TransportOptions) {
    const connect = attentive(
      buildConnector({ timeout: connectMs, allowH2: false, ...(lookup !== undefined && { lookup }), ...(tls !== undefined && { secureContext: contextOf(tls) }) }),
    );
    this.#agent = new Agent({ connections: CONNECTIONS, pipelining: 1, allowH2: false, headersTimeout: headersMs, bodyTimeout: bodyMs, connect });
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

/** A server that refuses a client certificate says so in an alert and hangs up: the alert is what went wrong, not that the connection ended. */
const attentive =
  (connect: buildConnector.connector): buildConnector.connector =>
  (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error !== null) return callback(error, null);
      socket.on('error', (fault) => socket.destroy(fault));
      callback(null, socket);
    });

// Made once, not for each connection: that takes as long as reading all the roots. Without `ca` they would be those of Node.
const contextOf = ({ ca, client }: RegistryTls): SecureContext =>
  createSecureContext({
    ...(ca !== undefined && { ca: [...getCACertificates('default'), ca] }),
    ...(client !== undefined && { cert: client.certificate, key: client.key }),
  });

const single = (headers: Readonly<Record<string, string | string[] | undefined>>): Readonly<Record<string, string>> => {
  const flat = Object.entries(headers).map(([name, value]) => {
    const values = Array.isArray(value) ? value : [value ?? ''];
    return [name.toLowerCase(), (name.toLowerCase() === 'www-authenticate' ? values.join(', ') : values[0]) ?? ''] as const;
  });
  return Object.fromEntries(flat);
};
