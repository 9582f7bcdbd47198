import { createServer, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** A proxy on the loopback address. It finds every name at the loopback address, and writes down what it is asked. */
export interface ConnectProxy extends AsyncDisposable {
  /** `127.0.0.1:<port>`. */
  readonly host: string;
  /** `CONNECT host:port`, or method and URL of what it is to fetch by plain HTTP. */
  readonly asked: string[];
  /** All Proxy-Authorization headers that it got. */
  readonly authorizations: (string | undefined)[];
  /** A status that it refuses with; 0 to hang up. Undefined to serve. */
  refuses: number | undefined;
}

/** Starts a proxy that tunnels (CONNECT) and forwards (RFC 9112, absolute-form). */
export const startConnectProxy = async (): Promise<ConnectProxy> => {
  const sockets = new Set<Socket>();
  const server = createServer((incoming, response) => {
    note(incoming, `${incoming.method} ${incoming.url}`);
    const target = new URL(incoming.url ?? '');
    const { 'proxy-authorization': _ours, ...headers } = incoming.headers;
    const forwarded = request({ host: '127.0.0.1', port: target.port, method: incoming.method, path: `${target.pathname}${target.search}`, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    forwarded.on('error', () => response.writeHead(502).end());
    incoming.pipe(forwarded);
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
  });
  server.on('connect', (incoming: IncomingMessage, client: Socket, head: Buffer) => {
    note(incoming, `CONNECT ${incoming.url}`);
    if (proxy.refuses === 0) return client.destroy();
    if (proxy.refuses !== undefined) return client.end(`HTTP/1.1 ${proxy.refuses} No\r\ncontent-length: 0\r\n\r\n`);
    const target = connect(Number((incoming.url ?? '').replace(/.*:/, '')), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      target.write(head);
      client.pipe(target).pipe(client);
    });
    target.on('error', () => client.destroy());
    client.on('close', () => target.destroy());
    return undefined;
  });
  const note = (incoming: IncomingMessage, what: string): void => {
    proxy.asked.push(what);
    proxy.authorizations.push(incoming.headers['proxy-authorization']);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: ConnectProxy = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    authorizations: [],
    refuses: undefined,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
};
