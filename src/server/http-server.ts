import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type ListenAddress, printAddress } from './address.ts';

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Answers by path. What a route throws becomes a 500. */
export type Routes = Readonly<Record<string, (query: URLSearchParams) => Answer | Promise<Answer>>>;

export interface RunningServer {
  /** `host:port` that it listens on; a port 0 is replaced by the one that was free. */
  readonly address: string;
  /** Ends it, and connections with it. */
  close(): Promise<void>;
}

/** A server cannot listen where it was told to; the message says where and why. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 128;

/**
 * Serves GET and HEAD over HTTP/1.1. Rejects with ListenError. It stands on node:http alone: for three routes of text,
 * fastify would bring 36 packages and 130 ms of start-up, and compiles code at run time.
 */
export const serve = async (at: Extract<ListenAddress, { readonly kind: 'Listen' }>, routes: Routes): Promise<RunningServer> => {
  const server = createServer({ headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => void respond(routes, request, response));
  server.maxConnections = MAX_CONNECTIONS;
  const address = await listen(server, at);
  return { address, close: () => closeServer(server) };
};

/** Has a server listen there; answers with its `host:port`. Rejects with ListenError. */
export const listen = async (server: Server, { host, port }: { readonly host: string | undefined; readonly port: number }): Promise<string> => {
  server.listen({ port, host });
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new ListenError(`cannot listen on ${printAddress(host ?? '', port)}: ${cause instanceof Error ? cause.message : String(cause)}; choose another address`, { cause });
  }
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? printAddress(bound.address, bound.port) : '';
};

/** Ends a server, and connections with it. */
export const closeServer = async (server: Server): Promise<void> => {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
};

const respond = async (routes: Routes, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const answered = await answer(routes, request);
  write(response, answered, { isHead: request.method === 'HEAD', ...(answered.status === 405 && { allow: 'GET, HEAD' }) });
};

/** Writes an answer, that to a HEAD without its body; `allow` are the methods that there are. */
export const write = (
  response: ServerResponse,
  { status, contentType, body }: Answer,
  { isHead = false, allow }: { readonly isHead?: boolean; readonly allow?: string } = {},
): void => {
  const bytes = Buffer.from(body);
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': bytes.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(allow !== undefined && { allow }),
  });
  response.end(isHead ? undefined : bytes);
};

const answer = async (routes: Routes, { method, url = '/' }: IncomingMessage): Promise<Answer> => {
  if (method !== 'GET' && method !== 'HEAD') return plain(405, 'only GET and HEAD are answered here');
  const [path = '/', query = ''] = url.split('?', 2);
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (route === undefined) return plain(404, `there is only ${Object.keys(routes).join(' and ')}`);
  try {
    return await route(new URLSearchParams(query));
  } catch (error) {
    return plain(500, error instanceof Error ? error.message : String(error));
  }
};

const plain = (status: number, body: string): Answer => ({ status, contentType: 'text/plain; charset=utf-8', body: `${body}\n` });
