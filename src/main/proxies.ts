import type { Proxies } from '../adapters/registry/agent.ts';
import { ConfigError } from './config-error.ts';

/** This machine is never reached by way of a proxy, as with programs written in Go. */
const LOOPBACK = 'localhost,127.0.0.1,[::1]';

/** Reads HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in small letters first, as curl does. Throws ConfigError, which quotes no URL: it may hold a password. */
export const readProxies = (env: Readonly<Record<string, string | undefined>>): Proxies => {
  const value = (name: string): string => (env[name.toLowerCase()] || env[name] || '').trim();
  return {
    https: proxyUrl('HTTPS_PROXY', value('HTTPS_PROXY')),
    http: proxyUrl('HTTP_PROXY', value('HTTP_PROXY')),
    except: [value('NO_PROXY'), LOOPBACK].filter((part) => part !== '').join(','),
  };
};

const proxyUrl = (name: string, value: string): string | undefined => {
  if (value === '') return undefined;
  const url = URL.parse(value.includes('://') ? value : `http://${value}`);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) throw new ConfigError(`the environment's ${name} is not the http:// or https:// URL of a proxy`);
  return url.href;
};
