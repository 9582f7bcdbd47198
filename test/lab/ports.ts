import { createServer, type Server } from 'node:net';

export interface Ports {
  readonly etcd: number;
  readonly etcdPeer: number;
  readonly apiserver: number;
  readonly registry: number;
  readonly kubelet: number;
}

/** Ports of 127.0.0.1 that are free now. Another program may take one before its part does: then start again with new ones. */
export async function freePorts(): Promise<Ports> {
  const servers = await Promise.all(Array.from({ length: 5 }, listen));
  const [etcd = 0, etcdPeer = 0, apiserver = 0, registry = 0, kubelet = 0] = servers.map(portOf);
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return { etcd, etcdPeer, apiserver, registry, kubelet };
}

function listen(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
