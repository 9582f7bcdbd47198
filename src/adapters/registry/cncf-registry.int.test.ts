import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fakes/clock.ts';
import { type CncfRegistry, startCncfRegistry, USER } from '../../../test/registry/cncf-registry.ts';
import { registryContract } from '../../../test/registry/contract.ts';
import { helmPush } from '../../../test/registry/helm-push.ts';
import { pushChart, smallChart } from '../../../test/registry/push.ts';
import type { Files } from '../../../test/registry/tar.ts';
import { ensureTools } from '../../../test/tools/ensure.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Credential, TagAddress } from '../../ports/registry.ts';
import { RegistryCharts } from './registry-charts.ts';
import { RegistryClient } from './registry-client.ts';
import { TagWatcher } from './tag-watcher.ts';

const run = promisify(execFile);
const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, with: () => silent };
const clock = new FakeClock();
const signal = (): AbortSignal => AbortSignal.timeout(30_000);

// Cold caches build the two programs.
const TOOLS_MS = 15 * 60_000;
let tools: { readonly registry: string; readonly helm: string };
let folder: string;

beforeAll(async () => {
  tools = await ensureTools(['registry', 'helm']);
  folder = await mkdtemp(join(tmpdir(), 'tagalong-push-'));
}, TOOLS_MS);

afterAll(() => rm(folder, { recursive: true, force: true }));

registryContract('the CNCF registry', async () => {
  const registry = await startCncfRegistry(tools.registry);
  const client = new RegistryClient({ clock, plainHttpHosts: [registry.host] });
  const tags = new TagWatcher({
    resolve: (tag, stop) => client.resolve(tag, stop),
    list: (repository, stop) => client.list(repository, stop),
    wake: () => {},
    clock,
    logger: silent,
  });
  const close = async (): Promise<void> => {
    tags.close();
    await client.close();
    await registry.close();
  };
  return { registry: registry.host, charts: new RegistryCharts({ client }), tags, close };
});

describe('charts that stock helm packed and pushed', () => {
  let registry: CncfRegistry;
  let client: RegistryClient;

  beforeAll(async () => {
    registry = await startCncfRegistry(tools.registry);
    client = new RegistryClient({ clock, plainHttpHosts: [registry.host] });
  });
  afterAll(async () => {
    await client.close();
    await registry.close();
  });

  const push = (name: string, version: string, files: Files) => helmPush({ helm: tools.helm, to: `${registry.host}/ns`, name, version, files, flags: ['--plain-http'] });

  const pull = async (name: string, tag: string): Promise<Readonly<Record<string, string>>> => {
    const address: TagAddress = { reference: { registry: registry.host, repository: `ns/${name}`, tag }, credential: undefined };
    const chart = await new RegistryCharts({ client }).pull(address.reference, await client.resolve(address, signal()), address, signal());
    return Object.fromEntries(chart.files.map((file) => [file.name, Buffer.from(file.bytes).toString()]));
  };

  it('are pulled file by file', async () => {
    const files = smallChart('pushed', '1.2.3', { 'files/ä.txt': 'ü', [`files/${'deep/'.repeat(30)}x`]: 'x' });
    await push('pushed', '1.2.3', files);
    expect(await pull('pushed', '1.2.3')).toEqual(files);
  });

  it('are found under the tag that helm makes of a version with a plus', async () => {
    await push('plus', '1.2.3+build.4', smallChart('plus', '1.2.3+build.4'));
    expect((await pull('plus', '1.2.3_build.4'))['Chart.yaml']).toContain('version: 1.2.3+build.4');
  });

  it('are pulled as helm create, dependency and package make them', async () => {
    const env = { HOME: folder, PATH: process.env['PATH'] ?? '' };
    const helm = (...args: readonly string[]) => run(tools.helm, [...args], { cwd: folder, env });
    await helm('create', 'made');
    await helm('create', 'made/charts/below');
    await helm('package', 'made/charts/below', '--destination', 'made/charts');
    await rm(join(folder, 'made/charts/below'), { recursive: true });
    await helm('package', 'made');
    await helm('push', 'made-0.1.0.tgz', `oci://${registry.host}/ns`, '--plain-http');
    const files = await pull('made', '0.1.0');
    expect(Object.keys(files)).toEqual(
      expect.arrayContaining(['Chart.yaml', 'values.yaml', 'templates/_helpers.tpl', 'charts/below/Chart.yaml', 'charts/below/templates/NOTES.txt']),
    );
  });
});

describe('a CNCF registry with a password', () => {
  let registry: CncfRegistry;
  let digest: string;
  let client: RegistryClient;

  beforeAll(async () => {
    registry = await startCncfRegistry(tools.registry, { withPassword: true });
    client = new RegistryClient({ clock, plainHttpHosts: [registry.host] });
    digest = await pushChart(registry.host, 'ns/app', '1', smallChart('app', '1.0.0'), { credential: USER });
  });
  afterAll(async () => {
    await client.close();
    await registry.close();
  });

  const resolve = (credential: Credential | undefined): Promise<string> =>
    client.resolve({ reference: { registry: registry.host, repository: 'ns/app', tag: '1' }, credential }, signal());

  it('lets its user in', async () => {
    expect(await resolve(USER)).toBe(digest);
    expect(await new RegistryCharts({ client }).pull({ registry: registry.host, repository: 'ns/app' }, digest, { credential: USER }, signal())).toMatchObject({ digest });
  });

  it.each<[Credential | undefined]>([[undefined], [{ kind: 'Password', username: 'me', password: 'wrong' }]])('lets nobody else in (%o)', async (credential) => {
    await expect(resolve(credential)).rejects.toMatchObject({ code: 'Unauthorized' });
  });
});
