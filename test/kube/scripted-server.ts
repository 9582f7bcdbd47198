import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the script sees it. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** The client's. */
  readonly port: number;
}

export type Script = (request: SeenRequest, response: ServerResponse) => void;

/** A server on loopback that answers as it is told, and keeps what it was asked. */
export interface ScriptedServer {
  readonly url: string;
  readonly seen: SeenRequest[];
  script: Script;
  /** The status that it answers `/readyz` with by itself, as an API server does; that is not in `seen`. */
  readyz: number;
  /** From which port of the client it was asked so, each time. */
  readonly readyzPorts: number[];
  close(): Promise<void>;
}

/** Starts one; the script may be changed while it runs. */
export const startScripted = async (script: Script): Promise<ScriptedServer> => {
  const seen: SeenRequest[] = [];
  const server = createServer(async (request, response) => {
    const port = request.socket.remotePort ?? 0;
    if (request.url === '/readyz') {
      running.readyzPorts.push(port);
      response.writeHead(running.readyz).end();
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString(), port };
    seen.push(one);
    running.script(one, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const running: ScriptedServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    script,
    readyz: 200,
    readyzPorts: [],
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return running;
};

/** Answers with JSON. */
export const json = (response: ServerResponse, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
};
