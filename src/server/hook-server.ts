import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { ListenAddress } from './address.ts';
import { type Answer, closeServer, listen, type RunningServer, write } from './http-server.ts';
import type { Notification } from './receivers.ts';

/** Bounds of what strangers may send. */
export interface HookLimits {
  /** For the head of a request, and for the whole of it. */
  readonly patienceMs: number;
  readonly bodyBytes: number;
}

const LIMITS: HookLimits = { patienceMs: 5_000, bodyBytes: 64 * 1024 };
const MAX_CONNECTIONS = 64;
/** How often connections are looked at that take too long. */
const CHECK_MS = 1_000;

/** Serves POST over HTTP/1.1 and hands on whole bodies, each a bounded number of bytes that came in a bounded time. Rejects with ListenError. */
export const serveHooks = async (
  at: Extract<ListenAddress, { readonly kind: 'Listen' }>,
  answer: (notification: Notification) => Promise<Answer>,
  limits: HookLimits = LIMITS,
): Promise<RunningServer> => {
  const { patienceMs } = limits;
  const server = createServer(
    { headersTimeout: patienceMs, requestTimeout: patienceMs, connectionsCheckingInterval: Math.min(CHECK_MS, patienceMs), keepAliveTimeout: patienceMs },
    (request, response) => void respond(request, response, { answer, limits }),
  );
  server.maxConnections = MAX_CONNECTIONS;
  const address = await listen(server, at);
  return { address, close: () => closeServer(server) };
};

interface Serving {
  readonly answer: (notification: Notification) => Promise<Answer>;
  readonly limits: HookLimits;
}

const respond = async (request: IncomingMessage, response: ServerResponse, { answer, limits }: Serving): Promise<void> => {
  try {
    if (request.method !== 'POST') return refuse(response, 405, 'only POST is answered here');
    const body = await bodyOf(request, limits.bodyBytes);
    if (body === undefined) return refuse(response, 413, `a notification has ${limits.bodyBytes} bytes at most`);
    const [path = '/'] = (request.url ?? '/').split('?', 1);
    write(response, await answer({ path, headers: request.headers, body }));
  } catch {
    // The sender is gone, or took too long.
    response.destroy();
  }
};

/** What is left of the request is not read: the connection ends with the answer. */
const refuse = (response: ServerResponse, status: number, why: string): void => {
  response.shouldKeepAlive = false;
  write(response, { status, contentType: 'text/plain; charset=utf-8', body: `${why}\n` }, status === 405 ? { allow: 'POST' } : {});
};

/** Undefined where it is too long. */
const bodyOf = async (request: IncomingMessage, limit: number): Promise<Buffer | undefined> => {
  if (Number(request.headers['content-length'] ?? 0) > limit) return undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    length += chunk.length;
    if (length > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};
