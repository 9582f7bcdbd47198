import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

/** A request as the server got it. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  readonly accept: string | undefined;
}

export type Respond = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** An HTTP server on a free port of a loopback address, which remembers what it was asked. */
export interface TestServer extends AsyncDisposable {
  /** `127.0.0.1:<port>`, or `[::1]:<port>`. */
  readonly host: string;
  readonly requests: SeenRequest[];
  /** Shows another certificate from now on, to new connections. */
  useCertificate(certificate: Certificate): void;
  close(): Promise<void>;
}

export interface Certificate {
  readonly key?: string;
  readonly cert?: string;
}

/** Starts a server that speaks plain HTTP, or TLS when given a key and certificate (or an empty object, which no client can shake hands with). */
export const startServer = async (respond: Respond, tls?: ServerOptions, loopback: '127.0.0.1' | '::1' = '127.0.0.1'): Promise<TestServer> => {
  const requests: SeenRequest[] = [];
  const listener: RequestListener = (request, response) => {
    const { method = '', url = '', headers } = request;
    requests.push({ method, url, authorization: headers.authorization, accept: headers.accept });
    void Promise.resolve(respond(request, response)).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  const { port } = await listen(server, loopback);
  const close = (): Promise<void> => stop(server);
  const useCertificate = (certificate: Certificate): void => {
    if ('setSecureContext' in server) server.setSecureContext(certificate);
  };
  return { host: `${loopback === '::1' ? '[::1]' : loopback}:${port}`, requests, useCertificate, close, [Symbol.asyncDispose]: close };
};

const listen = (server: Server, loopback: string): Promise<AddressInfo> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, loopback, () => resolve(server.address() as AddressInfo));
  });

const stop = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/** Answers with a status, headers and a body at once. */
export const send = (response: ServerResponse, status: number, headers: Readonly<Record<string, string>> = {}, body: string | Uint8Array = ''): void => {
  response.writeHead(status, headers).end(body);
};
