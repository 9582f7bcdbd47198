import { once } from 'node:events';
import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that the registry was asked, and the digest that it answered with. */
export interface TappedRequest {
  /** `HEAD manifests`, `GET blobs` */
  readonly what: string;
  readonly digest: string;
  /** When the answer's head was passed on, in ms since the epoch. */
  readonly answeredAt: number;
}

/** A proxy before the registry that counts what passes. */
export interface RegistryTap {
  /** 127.0.0.1:<port>, plain HTTP. */
  readonly host: string;
  readonly requests: readonly TappedRequest[];
  close(): Promise<void>;
}

/** Starts a proxy before a registry, `host:port`, on a free port. */
export const tapRegistry = async (registry: string): Promise<RegistryTap> => {
  const requests: TappedRequest[] = [];
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, outgoing) => pass({ registry, agent, requests }, incoming, outgoing));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const close = async (): Promise<void> => {
    agent.destroy();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { host: `127.0.0.1:${port}`, requests, close };
};

interface Tapped {
  readonly registry: string;
  readonly agent: Agent;
  readonly requests: TappedRequest[];
}

const pass = ({ registry, agent, requests }: Tapped, incoming: IncomingMessage, outgoing: ServerResponse): void => {
  const { method = 'GET', url = '/', headers } = incoming;
  const onward = request(`http://${registry}${url}`, { method, headers, agent }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    const digest = answer.headers['docker-content-digest'];
    requests.push({ what: `${method} ${resourceOf(url)}`, digest: typeof digest === 'string' ? digest : '', answeredAt: Date.now() });
    answer.pipe(outgoing);
  });
  onward.once('error', () => outgoing.destroy());
  incoming.pipe(onward);
};

const resourceOf = (url: string): string => /\/(manifests|blobs|tags)\//.exec(url)?.[1] ?? 'others';
