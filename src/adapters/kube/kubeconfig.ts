import { type Cluster as KubeconfigCluster, KubeConfig } from '@kubernetes/client-node';
import type { RequestOptions } from 'node:https';
import type { Clock } from '../../ports/clock.ts';
import { ClusterError } from '../../ports/cluster.ts';
import { untilAborted } from './pause.ts';
import { CREDENTIALS_AGE_MS, type Credentials, type TlsSettings } from './credentials.ts';

/** Where a kubeconfig points. */
export interface KubeconfigAccess {
  readonly server: string;
  readonly namespace: string;
  readonly credentials: Credentials;
}

/**
 * Reads a kubeconfig with `@kubernetes/client-node`, which knows certificates, tokens and exec plugins, and is large: whoever needs no kubeconfig does
 * not load this file. Throws ClusterError.
 */
export const readKubeconfig = (path: string, context: string | undefined, clock: Clock): KubeconfigAccess => {
  const load = loaderOf(path, context);
  const config = load();
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw unusable(path, `its context ${config.getCurrentContext()} names no cluster`);
  if (cluster.proxyUrl !== undefined) throw unusable(path, 'proxy-url is not supported');
  const credentials = new KubeconfigCredentials(load, clock);
  return { server: cluster.server, namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? 'default', credentials };
};

const loaderOf = (path: string, context: string | undefined) => (): KubeConfig => {
  const config = new KubeConfig();
  try {
    config.loadFromFile(path);
  } catch (error) {
    throw unusable(path, error instanceof Error ? error.message : String(error));
  }
  if (context !== undefined && config.getContextObject(context) === null) throw unusable(path, `it has no context ${context}`);
  if (context !== undefined) config.setCurrentContext(context);
  config.clusters = config.clusters.map(allowPlainHttp);
  return config;
};

/** The package refuses plain HTTP unless TLS is not verified; `kubectl proxy` has no TLS to verify. */
const allowPlainHttp = (cluster: KubeconfigCluster): KubeconfigCluster => (cluster.server.startsWith('http:') ? { ...cluster, skipTLSVerify: true } : cluster);

const unusable = (path: string, why: string): ClusterError => new ClusterError('Unavailable', `cannot use the kubeconfig ${path}: ${why}`);

/** Credentials of a kubeconfig's user, looked at again every minute, and read from the file again after a 401. */
class KubeconfigCredentials implements Credentials {
  readonly #load: () => KubeConfig;
  readonly #clock: Clock;
  #config: KubeConfig;
  #tls: TlsSettings = {};
  #headers: Readonly<Record<string, string>> = {};
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(load: () => KubeConfig, clock: Clock) {
    this.#load = load;
    this.#clock = clock;
    this.#config = load();
  }

  get tls(): TlsSettings {
    return this.#tls;
  }

  async headers(signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
    if (this.#clock.now() - this.#readAt >= CREDENTIALS_AGE_MS) await untilAborted(this.#readOnce(), signal);
    return this.#headers;
  }

  async renew(signal: AbortSignal): Promise<void> {
    if (this.#clock.now() - this.#readAt < MIN_RENEWAL_MS) return;
    // A new KubeConfig has no cached token, so that a plugin is run again.
    this.#config = this.#load();
    await untilAborted(this.#readOnce(), signal);
  }

  /** A plugin runs once for all who wait for it. */
  #readOnce(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    const options: RequestOptions = {};
    try {
      await this.#config.applyToHTTPSOptions(options);
    } catch (error) {
      throw new ClusterError('Unavailable', `cannot get the credentials of the kubeconfig: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
    const tls = tlsOf(options);
    if (!isSameTls(tls, this.#tls)) this.#tls = tls;
    this.#headers = headersOf(options);
    this.#readAt = this.#clock.now();
  }
}

/** Credentials that are refused though they are new are not got again for every request. */
const MIN_RENEWAL_MS = 5_000;

const TLS_KEYS = ['ca', 'cert', 'key', 'servername', 'rejectUnauthorized'] as const satisfies readonly (keyof TlsSettings)[];

const tlsOf = (options: RequestOptions): TlsSettings => Object.fromEntries(TLS_KEYS.flatMap((key) => (options[key] === undefined ? [] : [[key, options[key]]])));

const isSameTls = (one: TlsSettings, other: TlsSettings): boolean => TLS_KEYS.every((key) => String(one[key]) === String(other[key]));

const headersOf = (options: RequestOptions): Readonly<Record<string, string>> => {
  const basic = typeof options.auth === 'string' ? { authorization: `Basic ${Buffer.from(options.auth).toString('base64')}` } : {};
  const named = Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return { ...basic, ...Object.fromEntries(named) };
};
