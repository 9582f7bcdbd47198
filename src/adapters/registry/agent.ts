import type { LookupFunction } from 'node:net';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { buildConnector, type Dispatcher, EnvHttpProxyAgent, errors, Pool } from 'undici';
import type { RegistryTls } from '../../core/registry-tls.ts';
import { ProxyFault } from './network-faults.ts';

/** Proxies on the way to registries and token servers, as the environment of the operator names them. */
export interface Proxies {
  /** URLs for what is reached by https and by plain HTTP; undefined for none. */
  readonly https: string | undefined;
  readonly http: string | undefined;
  /** Names and addresses that are reached without, as in NO_PROXY. */
  readonly except: string;
}

export interface AgentOptions {
  readonly connectMs: number;
  /** Finds the addresses of host names, where that is not left to a proxy; the system's when absent. */
  readonly lookup?: LookupFunction | undefined;
  /** Undefined: the public roots, and no certificate is shown. */
  readonly tls?: RegistryTls | undefined;
  readonly proxies?: Proxies | undefined;
}

/** Connections to one origin: so many requests are under way at once. */
const CONNECTIONS = 8;

type Connector = buildConnector.connector;

/** One pool an origin, by way of a proxy where one is meant for it. A proxy finds the addresses of names by itself: `lookup` does not see those. */
export const agentFor = ({ connectMs, lookup, tls, proxies }: AgentOptions): Dispatcher => {
  const trusting = { timeout: connectMs, allowH2: false, ...(tls !== undefined && { secureContext: contextOf(tls) }) };
  const { https, http, except } = proxies ?? NONE;
  const proxy = proxyHost(https ?? http);
  const plainProxy = http === undefined ? undefined : new URL(http);
  const pool = (origin: string | URL, options: object): Pool => {
    const isToProxy = plainProxy !== undefined && new URL(origin).origin === plainProxy.origin;
    const connect = connectorOf(options);
    return new Pool(origin, {
      ...options,
      connections: CONNECTIONS,
      pipelining: 1,
      connect: attentive(isToProxy ? toProxy(connect, plainProxy.host) : throughProxy(connect, proxy)),
    });
  };
  // Empty texts, lest it looks into the environment by itself.
  return new EnvHttpProxyAgent({
    httpProxy: http ?? '',
    httpsProxy: https ?? '',
    noProxy: except,
    connect: buildConnector({ ...trusting, ...(lookup !== undefined && { lookup }) }),
    factory: pool,
    clientFactory: (origin, options) => new Pool(origin, { ...options, headersTimeout: connectMs, connect: toProxy(connectorOf(options), origin.host) }),
    requestTls: trusting,
    proxyTls: { timeout: connectMs },
  });
};

const NONE: Proxies = { https: undefined, http: undefined, except: '' };

const proxyHost = (url: string | undefined): string => (url === undefined ? '' : new URL(url).host);

/** undici hands a connector to whoever makes its pools. */
const connectorOf = (options: object): Connector => {
  if (!('connect' in options) || typeof options.connect !== 'function') throw new Error('undici has made a pool without a connector');
  return options.connect as Connector; // what else it takes for one
};

/** A proxy that cannot be reached is not a registry that cannot be. */
const toProxy =
  (connect: Connector, proxy: string): Connector =>
  (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error !== null) callback(new ProxyFault(proxy, undefined, error), null);
      else callback(null, socket);
    });

/** What undici says when a tunnel did not come about is the proxy's doing: with a status, of which it makes words, or without an answer. */
const throughProxy =
  (connect: Connector, proxy: string): Connector =>
  (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error === null) return callback(null, socket);
      const status = error instanceof errors.RequestAbortedError ? /^Proxy response \((\d{3})\)/.exec(error.message)?.[1] : undefined;
      if (status !== undefined) return callback(new ProxyFault(proxy, status, error), null);
      const isUnanswered = 'code' in error && (error.code === 'UND_ERR_PRX_CONN' || error.code === 'UND_ERR_PRX_TLS');
      callback(isUnanswered ? new ProxyFault(proxy, undefined, error.cause) : error, null);
    });

/** A server that refuses a client certificate says so in an alert and hangs up: the alert is what went wrong, not that the connection ended. */
const attentive =
  (connect: Connector): Connector =>
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
