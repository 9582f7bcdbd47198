import { buildConnector, type Dispatcher, Pool } from 'undici';
import type { Credentials, TlsSettings } from './credentials.ts';

/** Go's server closes connections that idle for 90 s; ours must be the first to do so. */
const KEEP_ALIVE_MS = 30_000;
/** Refusals are rare; more of them at once than that wait for each other. */
const ASIDES = 8;
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Connections to one API server: those of requests, those of watches, which are as many as there are watches, that of the Lease, which waits for nobody, and
 * those aside, each a single one, for what has to be answered by the very server that has answered before.
 */
export interface Pools {
  /** The settings that they were opened with. */
  readonly tls: TlsSettings;
  readonly requests: Connections;
  readonly watches: Connections;
  readonly lease: Connections;
  readonly asides: readonly Connections[];
}

/** The part of undici's Pool that is used. */
export type Connections = Pick<Dispatcher, 'dispatch' | 'request'> & { close(): Promise<void>; destroy(): Promise<void> };

/** Every one of them. */
export const allOf = ({ requests, watches, lease, asides }: Pools): readonly Connections[] => [requests, watches, lease, ...asides];

/** How pools are opened for an origin, so many connections for requests. */
export type OpenPools = (origin: string, connections: number, credentials: Credentials) => Pools;

/** Opens pools for an origin; nothing is connected yet. Time-outs are the caller's, so undici's are off. */
export const openPools: OpenPools = (origin, connections, credentials) => {
  const common = {
    allowH2: false,
    pipelining: 1,
    connect: connector(credentials),
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
  };
  return {
    tls: credentials.tls,
    requests: new Pool(origin, { ...common, connections }),
    watches: new Pool(origin, { ...common, connections: null }),
    lease: new Pool(origin, { ...common, connections: 1 }),
    asides: Array.from({ length: ASIDES }, () => new Pool(origin, { ...common, connections: 1 })),
  };
};

/** Connects with the TLS settings of the moment, so that a CA that rotates is known to the next connection. */
const connector = (credentials: Credentials): buildConnector.connector => {
  let settings: TlsSettings | undefined;
  let connect: buildConnector.connector | undefined;
  return (options, callback) => {
    if (connect === undefined || settings !== credentials.tls) {
      settings = credentials.tls;
      connect = buildConnector({ ...settings, allowH2: false, timeout: CONNECT_TIMEOUT_MS, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
    }
    connect(options, callback);
  };
};
