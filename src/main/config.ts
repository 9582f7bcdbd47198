import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { isIP } from 'node:net';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import type { ElectionTimes } from '../adapters/kube/leadership.ts';
import type { Proxies } from '../adapters/registry/agent.ts';
import { SystemClock } from '../adapters/system/clock.ts';
import { readCredentialsFile } from '../adapters/system/credentials-file.ts';
import { parseDuration } from '../core/duration.ts';
import { type ExcusedOwner, KNOWN_OWNERS } from '../core/drift.ts';
import { type ListenAddress, parseAddress } from '../server/address.ts';
import { ConfigError } from './config-error.ts';
import { readProxies } from './proxies.ts';
import { type ReceiverSettings, readReceivers } from './receiver-settings.ts';
import { readRegistryHosts, type RegistryHostSettings } from './registry-hosts.ts';

/** How the operator was asked to run; flags, environment and configuration file are read once, here. */
export interface Config {
  readonly access: ClusterAccess;
  /** Namespaces whose ChartReleases are looked at; empty: all. */
  readonly watchNamespaces: readonly string[];
  /** Releases that are worked on at once. */
  readonly concurrent: number;
  /** How long an uninstall that cannot work is tried before its ChartRelease goes without it. */
  readonly deletionTimeoutMs: number;
  /** Releases that may be on their way to a new revision at once. */
  readonly maxRolling: number;
  /** On how many releases a chart digest must have failed for the others to be held; 0: they never are. */
  readonly suspectAfter: number;
  /** Path of the helm-engine program, and how many of it run. */
  readonly engine: string;
  readonly engines: number;
  /** Socket of a renderer that does the rendering in place of engines of our own. */
  readonly rendererSocket: string | undefined;
  /** How long a helm may write nothing before what it has begun is taken over. */
  readonly takeoverAfterMs: number;
  /** How a leader is elected among replicas; undefined where this one works alone. */
  readonly election: ElectionSettings | undefined;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** Where /metrics and /api/registries are served, and where /healthz and /readyz are. */
  readonly metricsAddress: ServerAddress;
  readonly healthAddress: ServerAddress;
  /** Where notifications of registries are taken, and whose. */
  readonly webhookAddress: ServerAddress;
  /** What is to lead to this replica while it takes them; undefined where that is somebody else's business. */
  readonly webhookService: ServiceSettings | undefined;
  readonly receivers: readonly ReceiverSettings[];
  readonly registries: RegistrySettings;
  /** Mirrors and certificates, by registry in lower case. */
  readonly registryHosts: ReadonlyMap<string, RegistryHostSettings>;
  /** Who may have fields that releases set, beside those that are known. */
  readonly excusedOwners: readonly ExcusedOwner[];
  /** File with a docker configuration for all releases; it is known to be readable. */
  readonly registryCredentials: string | undefined;
  /** The variables by which AWS says who the operator is; undefined where ECR is not of `cloudIdentities`. */
  readonly aws: Readonly<Record<string, string | undefined>> | undefined;
  /** Where charts that were pulled are kept; undefined: nowhere but in memory. */
  readonly chartStore: ChartStoreSettings | undefined;
}

export interface ChartStoreSettings {
  readonly folder: string;
  readonly maxBytes: number;
}

/** A Service without a selector in the namespace of the operator's credentials, and the address by which this Pod is reached. */
export interface ServiceSettings {
  readonly name: string;
  readonly podIp: string;
}

export interface ElectionSettings {
  /** Name of the Lease, and its namespace, if not that of the operator's credentials. */
  readonly name: string;
  readonly namespace: string | undefined;
  readonly times: ElectionTimes;
}

export interface RegistrySettings {
  /** Registries and token servers, `host[:port]`, that are reached by plain HTTP. */
  readonly plainHttpHosts: readonly string[];
  /** The only token servers that are asked, beside a registry's own host; undefined: any that is public. */
  readonly allowedTokenHosts: readonly string[] | undefined;
  /** On the way to them; the API server is reached without. */
  readonly proxies: Proxies;
}

export type ServerAddress = Exclude<ListenAddress, { readonly kind: 'Invalid' }>;

/** How the API server is reached: as a kubeconfig says, or as the ServiceAccount of the Pod that this is. */
export type ClusterAccess =
  | { readonly kind: 'Kubeconfig'; readonly file: string }
  | { readonly kind: 'Pod'; readonly host: string; readonly port: string; readonly namespace: string; readonly tokenFile: string; readonly caFile: string };

export const USAGE = `Usage: operator [flags]
  --kubeconfig FILE          cluster to run against; in a Pod, the cluster it runs in
  --service-account DIR      where token, ca.crt and namespace of the Pod's ServiceAccount are, if not where Kubernetes puts them
  --config FILE              configuration file (YAML): plainHttpHosts, allowedTokenHosts, registryCredentials,
                             cloudIdentities, registryHosts (mirrors, certificates), excusedFieldOwners,
                             receivers
  --watch-namespaces A,B     look only at ChartReleases in these namespaces
  --concurrent N             releases worked on at once (16)
  --deletion-timeout TIME    how long an uninstall that the API server refuses is tried (1m)
  --max-rolling N            releases that may be opened and not yet ready at once (50); the others wait for their turn
  --suspect-after N          releases that a chart digest has to fail on, and become ready on none, to be held back from the others (5); 0: never
  --helm-engine FILE         the helm-engine program (env TAGALONG_ENGINE; helm-engine on PATH)
  --engines N                how many of it run (one per core)
  --renderer-socket PATH     have the renderer at this Unix socket do the rendering instead
  --takeover-after DURATION  take over what a helm has begun and has not written to for so long, or spec.timeout (30m)
  --[no-]leader-elect        work only while holding a Lease, so that there may be several replicas; in a Pod it is on
  --leader-elect-lease-duration TIME, --leader-elect-renew-deadline TIME, --leader-elect-retry-period TIME
                             how long the others wait for a leader who does not renew (15s), how long he goes on (10s), and how
                             often they look (2s)
  --leader-elect-resource-name NAME, --leader-elect-resource-namespace NAMESPACE
                             the Lease (tagalong-operator, in the Pod's or the kubeconfig's namespace)
  --chart-store DIR          keep charts that were pulled in this folder, for when the registry is away (nowhere)
  --chart-store-size MIB     how much of them at most (512)
  --metrics-addr [HOST]:PORT /metrics and /api/registries (:8080); 0 switches it off
  --health-addr [HOST]:PORT  /healthz and /readyz (:8081); 0 switches them off
  --webhook-addr [HOST]:PORT /hook/NAME, notifications of registries for the receivers of the configuration file (0: off)
  --webhook-service NAME     have this Service, one without a selector, lead to the Pod that takes them (env POD_IP)
  --log-level LEVEL          debug, info, warn or error (info)
Registries are reached by way of the proxies of HTTPS_PROXY and HTTP_PROXY, but for NO_PROXY; the API server never is.`;

const OPTIONS = {
  kubeconfig: { type: 'string' },
  'service-account': { type: 'string', default: '/var/run/secrets/kubernetes.io/serviceaccount' },
  config: { type: 'string' },
  'watch-namespaces': { type: 'string', default: '' },
  concurrent: { type: 'string', default: '16' },
  'deletion-timeout': { type: 'string', default: '1m' },
  'max-rolling': { type: 'string', default: '50' },
  'suspect-after': { type: 'string', default: '5' },
  'helm-engine': { type: 'string' },
  engines: { type: 'string' },
  'renderer-socket': { type: 'string' },
  'takeover-after': { type: 'string', default: '30m' },
  'leader-elect': { type: 'boolean' },
  'leader-elect-lease-duration': { type: 'string', default: '15s' },
  'leader-elect-renew-deadline': { type: 'string', default: '10s' },
  'leader-elect-retry-period': { type: 'string', default: '2s' },
  'leader-elect-resource-name': { type: 'string', default: 'tagalong-operator' },
  'leader-elect-resource-namespace': { type: 'string' },
  'chart-store': { type: 'string' },
  'chart-store-size': { type: 'string', default: '512' },
  'metrics-addr': { type: 'string', default: ':8080' },
  'health-addr': { type: 'string', default: ':8081' },
  'webhook-addr': { type: 'string', default: '0' },
  'webhook-service': { type: 'string' },
  'log-level': { type: 'string', default: 'info' },
  help: { type: 'boolean', default: false },
} as const;

/** Reads flags, environment and configuration file. Returns undefined when only help was asked for. Rejects with ConfigError. */
export const readConfig = async (args: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<Config | undefined> => {
  const flags = readFlags(args);
  if (flags.help) return undefined;
  const access = await accessOf(flags.kubeconfig, flags['service-account'], env);
  return {
    access,
    watchNamespaces: list(flags['watch-namespaces']),
    concurrent: count('--concurrent', flags.concurrent),
    deletionTimeoutMs: duration('--deletion-timeout', flags['deletion-timeout']),
    maxRolling: count('--max-rolling', flags['max-rolling']),
    suspectAfter: flags['suspect-after'] === '0' ? 0 : count('--suspect-after', flags['suspect-after']),
    engine: flags['helm-engine'] ?? env['TAGALONG_ENGINE'] ?? 'helm-engine',
    engines: flags.engines === undefined ? availableParallelism() : count('--engines', flags.engines),
    rendererSocket: flags['renderer-socket'],
    takeoverAfterMs: duration('--takeover-after', flags['takeover-after']),
    election: (flags['leader-elect'] ?? access.kind === 'Pod') ? electionOf(flags) : undefined,
    logLevel: level(flags['log-level']),
    chartStore: storeOf(flags),
    metricsAddress: address('--metrics-addr', flags['metrics-addr']),
    healthAddress: address('--health-addr', flags['health-addr']),
    webhookAddress: address('--webhook-addr', flags['webhook-addr']),
    webhookService: serviceOf(flags['webhook-service'], env['POD_IP']),
    ...(await fileSettings(flags.config, env)),
  };
};

const readFlags = (args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: false, allowNegative: true }).values;
  } catch (error) {
    throw new ConfigError(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  }
};

/** As client-go asks it of its times: a leader has to give up before the others take over, and to have had a second try before that. */
const electionOf = (flags: ReturnType<typeof readFlags>): ElectionSettings => {
  const of = (flag: 'lease-duration' | 'renew-deadline' | 'retry-period') => duration(`--leader-elect-${flag}`, flags[`leader-elect-${flag}`]);
  const times = { leaseMs: of('lease-duration'), renewDeadlineMs: of('renew-deadline'), retryMs: of('retry-period') };
  if (times.leaseMs % 1000 !== 0) throw new ConfigError(`--leader-elect-lease-duration ${flags['leader-elect-lease-duration']} is not a number of whole seconds`);
  if (times.renewDeadlineMs >= times.leaseMs) throw new ConfigError('--leader-elect-renew-deadline is not shorter than --leader-elect-lease-duration');
  if (times.retryMs * 2 > times.renewDeadlineMs) throw new ConfigError('--leader-elect-retry-period is longer than half of --leader-elect-renew-deadline');
  return { name: flags['leader-elect-resource-name'], namespace: flags['leader-elect-resource-namespace'], times };
};

const MIB = 1024 * 1024;

const storeOf = (flags: ReturnType<typeof readFlags>): ChartStoreSettings | undefined => {
  const maxBytes = count('--chart-store-size', flags['chart-store-size']) * MIB;
  return flags['chart-store'] === undefined ? undefined : { folder: flags['chart-store'], maxBytes };
};

const serviceOf = (name: string | undefined, podIp = ''): ServiceSettings | undefined => {
  if (name === undefined) return undefined;
  if (isIP(podIp) === 0) throw new ConfigError('--webhook-service needs the address of this Pod in the environment, as POD_IP: take it from status.podIP by a fieldRef');
  return { name, podIp };
};

const accessOf = async (flag: string | undefined, podFiles: string, env: Readonly<Record<string, string | undefined>>): Promise<ClusterAccess> => {
  const file = flag ?? (env['KUBECONFIG'] || undefined);
  if (file !== undefined) return { kind: 'Kubeconfig', file };
  const host = env['KUBERNETES_SERVICE_HOST'];
  if (host === undefined) return { kind: 'Kubeconfig', file: path.join(env['HOME'] ?? '', '.kube/config') };
  const namespace = await readFile(path.join(podFiles, 'namespace'), 'utf8').catch((error: unknown) => {
    throw new ConfigError(
      `cannot read the credentials of this Pod: ${error instanceof Error ? error.message : String(error)}; mount a ServiceAccount token there, say with --service-account where it is, or give --kubeconfig`,
    );
  });
  return {
    kind: 'Pod',
    host,
    port: env['KUBERNETES_SERVICE_PORT'] ?? '443',
    namespace: namespace.trim(),
    tokenFile: path.join(podFiles, 'token'),
    caFile: path.join(podFiles, 'ca.crt'),
  };
};

const list = (text: string): readonly string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** Reads a flag that is a number. Throws ConfigError. */
export const count = (flag: string, text: string): number => {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new ConfigError(`${flag} ${JSON.stringify(text)} is not a whole number above 0`);
  return number;
};

const duration = (flag: string, text: string): number => {
  const ms = parseDuration(text);
  if (ms === undefined || ms <= 0) throw new ConfigError(`${flag} ${JSON.stringify(text)} is no time above 0, as 1m or 90s`);
  return ms;
};

const address = (flag: string, text: string): ServerAddress => {
  const read = parseAddress(text);
  if (read.kind === 'Invalid') throw new ConfigError(`${flag} ${JSON.stringify(text)} is no [host]:port, as :8080 or 127.0.0.1:0, and no 0 to switch it off`);
  return read;
};

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** Reads --log-level. Throws ConfigError. */
export const level = (text: string): Config['logLevel'] => {
  const found = LEVELS.find((one) => one === text);
  if (found === undefined) throw new ConfigError(`--log-level ${JSON.stringify(text)} is none of ${LEVELS.join(', ')}`);
  return found;
};

const SETTINGS = ['plainHttpHosts', 'allowedTokenHosts', 'registryCredentials', 'cloudIdentities', 'registryHosts', 'excusedFieldOwners', 'receivers'] as const;

const fileSettings = async (
  file: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Pick<Config, 'registries' | 'registryHosts' | 'registryCredentials' | 'aws' | 'excusedOwners' | 'receivers'>> => {
  const settings = file === undefined ? {} : await readSettings(file);
  const hosts = (name: 'plainHttpHosts' | 'allowedTokenHosts'): readonly string[] | undefined => hostList(`${file}: ${name}`, settings[name]);
  return {
    registries: { plainHttpHosts: hosts('plainHttpHosts') ?? [], allowedTokenHosts: hosts('allowedTokenHosts'), proxies: readProxies(env) },
    registryHosts: await readRegistryHosts(`${file}: registryHosts`, settings.registryHosts, new SystemClock().now()),
    registryCredentials: await credentialsFile(`${file}: registryCredentials`, settings.registryCredentials),
    aws: isEcrOn(`${file}: cloudIdentities`, settings.cloudIdentities) ? awsVariables(env) : undefined,
    receivers: await readReceivers(`${file}: receivers`, settings.receivers),
    excusedOwners: [...KNOWN_OWNERS, ...ownerList(`${file}: excusedFieldOwners`, settings.excusedFieldOwners)],
  };
};

type Settings = Readonly<Partial<Record<(typeof SETTINGS)[number], unknown>>>;

const readSettings = async (file: string): Promise<Settings> => {
  const document: unknown = await readFile(file, 'utf8')
    .then(parse)
    .catch((error: unknown) => {
      throw new ConfigError(`cannot read --config ${file}: ${error instanceof Error ? error.message : String(error)}`);
    });
  const settings = { ...(document ?? {}) };
  const unknown = Object.keys(settings).find((key) => !SETTINGS.some((known) => known === key));
  if (unknown !== undefined) throw new ConfigError(`${file}: there is no setting ${unknown}; known are ${SETTINGS.join(', ')}`);
  return settings;
};

const hostList = (setting: string, hosts: unknown): readonly string[] | undefined => {
  if (hosts === undefined || hosts === null) return undefined;
  if (!Array.isArray(hosts) || !hosts.every((host): host is string => typeof host === 'string')) throw new ConfigError(`${setting} is not a list of host[:port]`);
  return hosts;
};

const ownerList = (setting: string, owners: unknown): readonly ExcusedOwner[] => {
  if (owners === undefined || owners === null) return [];
  if (!Array.isArray(owners) || !owners.every(isOwner)) throw new ConfigError(`${setting} is not a list of owners, each with a manager, a subresource, or both`);
  return owners;
};

const isOwner = (value: unknown): value is ExcusedOwner => {
  if (typeof value !== 'object' || value === null) return false;
  const members = Object.entries(value);
  return members.length > 0 && members.every(([key, text]) => (key === 'manager' || key === 'subresource') && typeof text === 'string' && text !== '');
};

const isEcrOn = (setting: string, clouds: unknown): boolean => {
  if (clouds === undefined || clouds === null) return false;
  if (!Array.isArray(clouds) || !clouds.every((cloud) => cloud === 'ecr')) throw new ConfigError(`${setting} is not a list of clouds; known is ecr`);
  return clouds.length > 0;
};

const awsVariables = (env: Readonly<Record<string, string | undefined>>): Config['aws'] => {
  for (const name of ['AWS_ENDPOINT_URL_ECR', 'AWS_ENDPOINT_URL_STS']) if (env[name] && !URL.canParse(env[name])) throw new ConfigError(`the environment's ${name} is no URL`);
  return Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('AWS_')));
};

const credentialsFile = async (setting: string, file: unknown): Promise<string | undefined> => {
  if (file === undefined || file === null) return undefined;
  if (typeof file !== 'string' || file === '') throw new ConfigError(`${setting} is not the path of a docker configuration`);
  const { trouble } = await readCredentialsFile(file);
  if (trouble !== undefined) throw new ConfigError(`${setting}: ${trouble}`);
  return file;
};
