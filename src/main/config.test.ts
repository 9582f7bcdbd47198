import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeAuthority } from '../../test/registry/certificates.ts';
import { readConfig } from './config.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tagalong-config-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const read = async (settings: string) => {
  const file = path.join(folder, 'operator.yaml');
  await writeFile(file, settings);
  return readConfig(['--kubeconfig', 'nowhere', '--config', file], {});
};

describe('readConfig, of a configuration file', () => {
  it('reads hosts and credentials', async () => {
    const credentials = path.join(folder, 'config.json');
    await writeFile(credentials, '{"auths":{}}');
    expect(await read(`plainHttpHosts: [a:5000]\nallowedTokenHosts: [auth.example]\nregistryCredentials: ${credentials}\n`)).toMatchObject({
      registries: { plainHttpHosts: ['a:5000'], allowedTokenHosts: ['auth.example'] },
      registryCredentials: credentials,
    });
  });

  it.each(['', '{}', 'plainHttpHosts:', 'allowedTokenHosts:\nregistryCredentials:\n'])('asks any public token server and has no credentials for %j', async (settings) => {
    expect(await read(settings)).toMatchObject({ registries: { plainHttpHosts: [], allowedTokenHosts: undefined }, registryCredentials: undefined });
  });

  it('tells an empty list from none', async () => {
    expect(await read('allowedTokenHosts: []')).toMatchObject({ registries: { allowedTokenHosts: [] } });
  });

  it('reads mirrors and certificates of registries', async () => {
    const authority = makeAuthority();
    const client = authority.issue();
    const at = (name: string): string => path.join(folder, name);
    await Promise.all([writeFile(at('ca.crt'), authority.cert), writeFile(at('tls.crt'), client.cert), writeFile(at('tls.key'), client.key)]);
    const config = await read(`registryHosts:
  Docker.io:
    mirrors:
      - near.example:5000
      - host: far.example
        capabilities: [pull, resolve]
    mirrorsOnly: true
  far.example:
    caFile: ${at('ca.crt')}
    clientCertFile: ${at('tls.crt')}
    clientKeyFile: ${at('tls.key')}
`);
    const mirrors = [
      { host: 'near.example:5000', mayResolve: false },
      { host: 'far.example', mayResolve: true },
    ];
    expect(config?.registryHosts).toEqual(
      new Map([
        ['docker.io', { mirrors, mirrorsOnly: true, tls: undefined }],
        ['far.example', { mirrors: [], mirrorsOnly: false, tls: { ca: at('ca.crt'), client: { certificate: at('tls.crt'), key: at('tls.key') } } }],
      ]),
    );
  });

  it.each([
    ['hosts that are a list', '[r.example]', /operator.yaml: registryHosts is not a mapping of host/],
    ['a host of which nothing is said', '{r.example: }', /operator.yaml: registryHosts: r.example is not a mapping with mirrors, mirrorsOnly, caFile, /],
    ['a setting that does not exist', '{r.example: {mirror: m}}', /registryHosts: r.example: there is no setting mirror; known are mirrors, /],
    ['mirrors that are no list', '{r.example: {mirrors: m.example}}', /registryHosts: r.example: mirrors is not a list/],
    ['a mirror that is a URL', '{r.example: {mirrors: ["https://m.example"]}}', /mirrors is not host\[:port\], or a mapping with host and capabilities/],
    ['a mirror with something else', '{r.example: {mirrors: [{host: m.example, path: x}]}}', /mirrors: {"host":"m.example","path":"x"} is not host/],
    ['a mirror that may push', '{r.example: {mirrors: [{host: m.example, capabilities: [pull, push]}]}}', /capabilities of m.example are not \[pull\] or \[pull, resolve\]/],
    ['mirrors alone that may not resolve', '{r.example: {mirrors: [m.example], mirrorsOnly: true}}', /mirrorsOnly needs a mirror with capabilities: \[pull, resolve\]/],
    ['a CA that is not there', '{r.example: {caFile: /nowhere/ca.crt}}', /registryHosts: r.example: ENOENT.*ca.crt/],
    ['a certificate without its key', '{r.example: {clientCertFile: /nowhere/tls.crt}}', /of clientCertFile and clientKeyFile there is only one/],
  ])('refuses, of registries, %s', async (_name, hosts, message) => {
    await expect(read(`registryHosts: ${hosts}\n`)).rejects.toThrow(message);
  });

  it.each([
    ['a setting that does not exist', 'plainHosts: []', /there is no setting plainHosts; known are plainHttpHosts, allowedTokenHosts, registryCredentials/],
    ['a host that is no list', 'plainHttpHosts: a', /operator.yaml: plainHttpHosts is not a list/],
    ['hosts that are no text', 'allowedTokenHosts: [1]', /operator.yaml: allowedTokenHosts is not a list/],
    ['a cloud that is not known', 'cloudIdentities: [gcp]', /cloudIdentities is not a list of clouds; known is ecr$/],
    ['credentials that are no path', 'registryCredentials: {}', /registryCredentials is not the path/],
    ['credentials that are not there', 'registryCredentials: /nowhere/config.json', /registryCredentials: ENOENT/],
  ])('refuses %s', async (_name, settings, message) => {
    await expect(read(settings)).rejects.toThrow(message);
  });

  it('refuses credentials that are no docker configuration, without a word of them', async () => {
    const credentials = path.join(folder, 'config.json');
    await writeFile(credentials, '{s3cret');
    await expect(read(`registryCredentials: ${credentials}`)).rejects.toThrow(/config.json is not a JSON object$/);
  });
});

describe('readConfig, of the environment', () => {
  const proxiesIn = async (env: Readonly<Record<string, string>>) => (await readConfig(['--kubeconfig', 'nowhere'], env))?.registries.proxies;
  const LOOPBACK = 'localhost,127.0.0.1,[::1]';

  it.each<[string, Readonly<Record<string, string>>, Awaited<ReturnType<typeof proxiesIn>>]>([
    ['no proxies', { HTTPS_PROXY: '' }, { https: undefined, http: undefined, except: LOOPBACK }],
    [
      'proxies and exceptions',
      { HTTPS_PROXY: 'http://p:3128', HTTP_PROXY: 'https://me:s3cret@q', NO_PROXY: '.corp, r.example:5000' },
      { https: 'http://p:3128/', http: 'https://me:s3cret@q/', except: `.corp, r.example:5000,${LOOPBACK}` },
    ],
    [
      'small letters first',
      { https_proxy: 'http://small:1', HTTPS_PROXY: 'http://large:1', no_proxy: 'a', NO_PROXY: 'b' },
      { https: 'http://small:1/', http: undefined, except: `a,${LOOPBACK}` },
    ],
    ['a proxy without a scheme', { HTTPS_PROXY: 'p.example:3128' }, { https: 'http://p.example:3128/', http: undefined, except: LOOPBACK }],
  ])('reads %s', async (_name, env, proxies) => {
    expect(await proxiesIn(env)).toEqual(proxies);
  });

  it.each(['socks5://s3cret@p:1080', 'http://', 's3cret@@:x'])('refuses the proxy %s, without a word of it', async (url) => {
    const error: unknown = await proxiesIn({ HTTPS_PROXY: url }).catch((caught: unknown) => caught);
    expect(String(error)).toBe("ConfigError: the environment's HTTPS_PROXY is not the http:// or https:// URL of a proxy");
  });
});

describe('readConfig, of flags', () => {
  const flags = (...args: readonly string[]) => readConfig(['--kubeconfig', 'nowhere', ...args], {});

  it('keeps charts nowhere unless it is told where', async () => {
    expect((await flags())?.chartStore).toBeUndefined();
    expect(await flags('--chart-store', '/charts')).toMatchObject({ chartStore: { folder: '/charts', maxBytes: 512 * 1024 * 1024 } });
    expect(await flags('--chart-store', '/charts', '--chart-store-size', '1')).toMatchObject({ chartStore: { maxBytes: 1024 * 1024 } });
    await expect(flags('--chart-store', '/charts', '--chart-store-size', '1Gi')).rejects.toThrow(/--chart-store-size "1Gi" is not a whole number/);
  });

  it('brakes a move of many unless it is told otherwise', async () => {
    expect(await flags()).toMatchObject({ maxRolling: 50, suspectAfter: 5 });
    expect(await flags('--max-rolling', '8', '--suspect-after', '0')).toMatchObject({ maxRolling: 8, suspectAfter: 0 });
    expect(await flags('--takeover-after', '1h30m')).toMatchObject({ takeoverAfterMs: 5_400_000 });
    expect(await flags()).toMatchObject({ takeoverAfterMs: 1_800_000 });
  });

  it.each(['--max-rolling=0', '--max-rolling=many', '--suspect-after=-1', '--suspect-after='])('refuses %s', async (flag) => {
    await expect(flags(flag)).rejects.toThrow('is not a whole number above 0');
  });

  it('elects no leader unless it is asked to, where it is no Pod', async () => {
    expect(await flags()).toMatchObject({ election: undefined });
    const times = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 };
    expect(await flags('--leader-elect')).toMatchObject({ election: { name: 'tagalong-operator', namespace: undefined, times } });
  });

  it('elects one in a Pod unless it is told not to', async () => {
    await writeFile(path.join(folder, 'namespace'), 'tagalong-system\n');
    const inPod = (...args: readonly string[]) => readConfig(['--service-account', folder, ...args], { KUBERNETES_SERVICE_HOST: '10.0.0.1' });
    expect(await inPod('--leader-elect-lease-duration=60s', '--leader-elect-resource-name=mine')).toMatchObject({ election: { name: 'mine', times: { leaseMs: 60_000 } } });
    expect(await inPod('--no-leader-elect')).toMatchObject({ election: undefined });
  });

  it.each([
    ['--leader-elect-lease-duration=2500ms', 'whole seconds'],
    ['--leader-elect-lease-duration=10s', '--leader-elect-renew-deadline is not shorter than --leader-elect-lease-duration'],
    ['--leader-elect-retry-period=6s', '--leader-elect-retry-period is longer than half of --leader-elect-renew-deadline'],
  ])('refuses %s', async (flag, words) => {
    await expect(flags('--leader-elect', flag)).rejects.toThrow(words);
  });

  it.each(['--takeover-after=soon', '--takeover-after=0s', '--deletion-timeout=5'])('refuses %s', async (flag) => {
    await expect(flags(flag)).rejects.toThrow('is no time above 0');
  });
});

describe('readConfig, of receivers', () => {
  it('reads them, and listens for them where it is told to', async () => {
    const secretFile = path.join(folder, 'secret');
    await writeFile(secretFile, 'a secret that is long enough');
    const receivers = `receivers:\n- {name: gitlab, type: distribution, secretFile: ${secretFile}, registry: r.example}\n- {name: ci, type: generic, secretFile: ${secretFile}}\n`;
    expect(await read(receivers)).toMatchObject({
      webhookAddress: { kind: 'Off' },
      receivers: [
        { name: 'gitlab', type: 'distribution', secretFile, registry: 'r.example' },
        { name: 'ci', type: 'generic', secretFile, registry: undefined },
      ],
    });
    const listening = await readConfig(['--kubeconfig', 'nowhere', '--webhook-addr', ':8082'], {});
    expect(listening).toMatchObject({ webhookAddress: { kind: 'Listen', port: 8082 }, receivers: [] });
  });

  it('has a Service lead to the Pod, whose address it is told', async () => {
    const args = ['--kubeconfig', 'nowhere', '--webhook-service', 'receivers'];
    expect(await readConfig(args, { POD_IP: '10.1.2.3' })).toMatchObject({ webhookService: { name: 'receivers', podIp: '10.1.2.3' } });
    expect(await readConfig(args.slice(0, 2), { POD_IP: '10.1.2.3' })).toMatchObject({ webhookService: undefined });
    await expect(readConfig(args, {})).rejects.toThrow('--webhook-service needs the address of this Pod in the environment, as POD_IP');
  });

  it.each([
    ['no list', 'receivers: {}', /operator.yaml: receivers is not a list of receivers/],
    ['a name for no path', 'receivers: [{name: A/B, type: generic, secretFile: s}]', /receivers: the name "A\/B" is none of small letters, digits and -/],
    ['no name', 'receivers: [7]', /receivers: the name undefined is none of/],
    ['another type', 'receivers: [{name: a, type: quay, secretFile: s}]', /receivers: a: the type "quay" is none of distribution, harbor, github, dockerhub, generic/],
    ['no secret', 'receivers: [{name: a, type: generic}]', /receivers: a: secretFile is not the path of a file/],
    ['a secret in the open', 'receivers: [{name: a, type: generic, secret: s}]', /receivers: a receiver has no secret; known are name, type, secretFile, registry/],
    ['a secret that is not there', 'receivers: [{name: a, type: generic, secretFile: /nowhere}]', /receivers: a: the secretFile cannot be used: ENOENT/],
    ['a registry that is no host', 'receivers: [{name: a, type: generic, secretFile: s, registry: 1}]', /receivers: a: registry is no host\[:port\]/],
  ])('refuses %s', async (_name, settings, message) => {
    await expect(read(settings)).rejects.toThrow(message);
  });

  it('refuses two with one name', async () => {
    const secretFile = path.join(folder, 'secret');
    await writeFile(secretFile, 'a secret that is long enough');
    const one = `{name: a, type: generic, secretFile: ${secretFile}}`;
    await expect(read(`receivers: [${one}, ${one}]`)).rejects.toThrow('there are two with the name a');
  });
});
