import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, LookupFunction } from 'node:net';
import { TEST_CERTIFICATE } from './test-certificate.ts';

/** A request with all that came: `text` holds its line, all headers and the body. */
export interface Recorded {
  /** As its sender named it: scheme, Host header. */
  readonly origin: string;
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly authorization: string | undefined;
  readonly text: string;
}

export interface RecordedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** Servers on the loopback address that write down everything they are sent, and answer as `answer` says. */
export interface Recorders extends AsyncDisposable {
  /** A port each, by scheme. */
  readonly https: readonly number[];
  readonly http: readonly number[];
  readonly recorded: Recorded[];
  answer: (request: Recorded) => RecordedAnswer;
}

/** Starts so many servers of each scheme. Those with TLS show TEST_CERTIFICATE. */
export const startRecorders = async (counts: { readonly https: number; readonly http: number }): Promise<Recorders> => {
  const recorded: Recorded[] = [];
  const listener = (scheme: string) => (request: IncomingMessage, response: ServerResponse) => {
    void record(scheme, request).then((one) => {
      recorded.push(one);
      const { status, headers = {}, body = '' } = recorders.answer(one);
      response.writeHead(status, headers).end(one.method === 'HEAD' ? undefined : body);
    });
  };
  const open = async (server: ReturnType<typeof createServer> | ReturnType<typeof createTlsServer>): Promise<number> => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push(server);
    return (server.address() as AddressInfo).port;
  };
  const servers: ReturnType<typeof createServer>[] = [];
  const https = await Promise.all(Array.from({ length: counts.https }, () => open(createTlsServer(TEST_CERTIFICATE, listener('https')))));
  const http = await Promise.all(Array.from({ length: counts.http }, () => open(createServer(listener('http')))));
  const close = (server: ReturnType<typeof createServer>): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const recorders: Recorders = {
    https,
    http,
    recorded,
    answer: () => ({ status: 404 }),
    [Symbol.asyncDispose]: async () => void (await Promise.all(servers.map(close))),
  };
  return recorders;
};

const record = async (scheme: string, request: IncomingMessage): Promise<Recorded> => {
  const { method = '', url = '', headers, rawHeaders } = request;
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = [method, url, ...rawHeaders, Buffer.concat(chunks).toString('latin1')].join('\n');
  return { origin: `${scheme}://${headers.host}`, method, url, authorization: headers.authorization, text };
};

/** Finds every name at the loopback address. */
export const lookUpLoopback: LookupFunction = (_name, options, callback) => {
  if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};
