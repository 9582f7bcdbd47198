import type { Mirror } from '../adapters/registry/places.ts';
import { type TlsPaths, readTlsFiles } from '../adapters/system/tls-files.ts';
import { ConfigError } from './config-error.ts';

/** What the configuration file says of one registry. */
export interface RegistryHostSettings {
  readonly mirrors: readonly Mirror[];
  readonly mirrorsOnly: boolean;
  /** Files that are known to be readable; undefined where there are none. */
  readonly tls: TlsPaths | undefined;
}

const SETTINGS = ['mirrors', 'mirrorsOnly', 'caFile', 'clientCertFile', 'clientKeyFile'] as const;
const CAPABILITIES: readonly unknown[] = ['pull', 'resolve'];

/** Reads the setting `registryHosts`, by host in lower case. Rejects with ConfigError. */
export const readRegistryHosts = async (setting: string, value: unknown, now: number): Promise<ReadonlyMap<string, RegistryHostSettings>> => {
  const hosts = fieldsOf(setting, value ?? {}, 'a mapping of host[:port] to what is said of it');
  const read = Object.entries(hosts).map(async ([host, said]) => [host.toLowerCase(), await readHost(`${setting}: ${host}`, said, now)] as const);
  return new Map(await Promise.all(read));
};

const readHost = async (setting: string, value: unknown, now: number): Promise<RegistryHostSettings> => {
  const said = fieldsOf(setting, value, `a mapping with ${SETTINGS.join(', ')}`);
  const unknown = Object.keys(said).find((key) => !SETTINGS.some((known) => known === key));
  if (unknown !== undefined) throw new ConfigError(`${setting}: there is no setting ${unknown}; known are ${SETTINGS.join(', ')}`);
  const { mirrors = [], mirrorsOnly = false } = said;
  if (!Array.isArray(mirrors)) throw new ConfigError(`${setting}: mirrors is not a list`);
  if (typeof mirrorsOnly !== 'boolean') throw new ConfigError(`${setting}: mirrorsOnly is not true or false`);
  const read = mirrors.map((mirror) => readMirror(`${setting}: mirrors`, mirror));
  if (mirrorsOnly && !read.some(({ mayResolve }) => mayResolve))
    throw new ConfigError(`${setting}: mirrorsOnly needs a mirror with capabilities: [pull, resolve]; else nobody could say what a tag points at`);
  return { mirrors: read, mirrorsOnly, tls: await readTls(setting, said, now) };
};

/** `host[:port]`, or the same with what it may do. A mirror that does not say may only be pulled from, by digest. */
const readMirror = (setting: string, value: unknown): Mirror => {
  if (typeof value === 'string' && isHost(value)) return { host: value, mayResolve: false };
  const { host, capabilities = ['pull'], ...others } = fieldsOf(setting, value, 'host[:port], or a mapping with host and capabilities');
  if (!isHost(host) || Object.keys(others).length > 0)
    throw new ConfigError(`${setting}: ${JSON.stringify(value)} is not host[:port], nor a mapping with host (host[:port]) and capabilities`);
  if (!Array.isArray(capabilities) || !capabilities.every((one) => CAPABILITIES.includes(one)) || !capabilities.includes('pull'))
    throw new ConfigError(`${setting}: capabilities of ${host} are not [pull] or [pull, resolve]`);
  return { host, mayResolve: capabilities.includes('resolve') };
};

const isHost = (value: unknown): value is string => typeof value === 'string' && URL.parse(`https://${value}`)?.host === value.toLowerCase().replace(/:443$/, '');

const readTls = async (setting: string, said: Readonly<Record<string, unknown>>, now: number): Promise<TlsPaths | undefined> => {
  const file = (name: 'caFile' | 'clientCertFile' | 'clientKeyFile'): string | undefined => {
    const path = said[name] ?? undefined;
    if (path !== undefined && (typeof path !== 'string' || path === '')) throw new ConfigError(`${setting}: ${name} is not the path of a PEM file`);
    return path;
  };
  const [ca, certificate, key] = [file('caFile'), file('clientCertFile'), file('clientKeyFile')];
  if ((certificate === undefined) !== (key === undefined)) throw new ConfigError(`${setting}: of clientCertFile and clientKeyFile there is only one`);
  if (ca === undefined && certificate === undefined) return undefined;
  const paths: TlsPaths = { ca, client: certificate === undefined || key === undefined ? undefined : { certificate, key } };
  const { trouble } = await readTlsFiles(paths, now);
  if (trouble !== undefined) throw new ConfigError(`${setting}: ${trouble}`);
  return paths;
};

const fieldsOf = (setting: string, value: unknown, what: string): Readonly<Record<string, unknown>> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ConfigError(`${setting} is not ${what}`);
  return { ...value };
};
