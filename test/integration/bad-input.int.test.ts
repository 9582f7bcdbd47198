import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startCncfRegistry, USER, type CncfRegistry } from '../registry/cncf-registry.ts';
import { CONFIG_TYPE, CONTENT_TYPE, MANIFEST_TYPE, pushBlob, pushChart, pushManifest, smallChart } from '../registry/push.ts';
import { startFaultyRegistry, type FaultyRegistry } from './faulty-registry.ts';
import { conditionIn, openSite, type Site } from './site.ts';

const CLOSED = '127.0.0.1:1';

let site: Site;
let faulty: FaultyRegistry;
let locked: CncfRegistry;
beforeAll(async () => {
  const { registry, tools } = inject('lab');
  [faulty, locked] = await Promise.all([startFaultyRegistry(registry), startCncfRegistry(tools['registry'] ?? '', { withPassword: true })]);
  site = await openSite('bad', { plainHttpHosts: [CLOSED, faulty.host, locked.host] });
});
afterAll(async () => {
  await site.close();
  await Promise.all([faulty.close(), locked.close()]);
});

/** Makes what the tag points at bad, in one way. */
interface BadPush {
  readonly what: string;
  readonly reason: string;
  readonly says: readonly string[];
  push(chart: string): Promise<unknown>;
}

const object = (text: string) => ({ 'templates/bad.yaml': text });
const small = (chart: string, files: Readonly<Record<string, string>>) => site.pushSmall(chart, 'stable', '2.0.0', files);

const pushParts = async (chart: string, configType: string, layer: { readonly type: string; readonly bytes: Uint8Array }): Promise<string> => {
  const target = { registry: site.lab.registry, repository: `${site.namespace}/${chart}` };
  const config = await pushBlob(target, configType, Buffer.from('{"name":"x","version":"2.0.0","apiVersion":"v2"}'));
  const layers = [await pushBlob(target, layer.type, layer.bytes)];
  return pushManifest(target, 'stable', JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST_TYPE, config, layers }));
};

const BAD_PUSHES: readonly BadPush[] = [
  {
    what: 'a container image',
    reason: 'NotAChart',
    says: ['application/vnd.oci.image.config.v1+json', 'not a Helm chart'],
    push: (chart) => pushParts(chart, 'application/vnd.oci.image.config.v1+json', { type: 'application/vnd.oci.image.layer.v1.tar+gzip', bytes: Buffer.from('layer') }),
  },
  {
    what: 'an archive that is none',
    reason: 'ArchiveInvalid',
    says: ['gzip'],
    push: (chart) => pushParts(chart, CONFIG_TYPE, { type: CONTENT_TYPE, bytes: Buffer.from('this is no archive') }),
  },
  {
    what: 'a template that fails',
    reason: 'RenderFailed',
    says: ['/templates/bad.yaml:2', 'we cannot go on'],
    push: (chart) => small(chart, object('a: 1\n{{ fail "we cannot go on" }}\n')),
  },
  {
    what: 'values that break the schema',
    reason: 'ValuesInvalid',
    says: ['greeting'],
    push: (chart) => small(chart, { 'values.schema.json': '{"type":"object","properties":{"greeting":{"type":"integer"}}}' }),
  },
  {
    what: 'an object that the API server refuses',
    reason: 'ManifestRejected',
    says: ['ConfigMap', 'Bad_Name', '/templates/bad.yaml'],
    push: (chart) => small(chart, object('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Bad_Name}\n')),
  },
  {
    what: 'an object with a field that does not exist',
    reason: 'ManifestRejected',
    says: ['dta', '/templates/bad.yaml'],
    push: (chart) => small(chart, object('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: misspelt}\ndta: {a: b}\n')),
  },
  {
    what: 'an object of a kind that does not exist',
    reason: 'ManifestRejected',
    says: ['Gadget', 'example.test/v1', '/templates/bad.yaml'],
    push: (chart) => small(chart, object('apiVersion: example.test/v1\nkind: Gadget\nmetadata: {name: one}\n')),
  },
  {
    what: 'an object that somebody else owns',
    reason: 'ObjectNotOwned',
    says: ['ConfigMap', 'kube-root-ca.crt', 'was not made by Tagalong'],
    push: (chart) => small(chart, object('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kube-root-ca.crt}\n')),
  },
  {
    what: 'hooks, which are not run yet',
    reason: 'HooksNotSupported',
    says: ['pre-upgrade', 'ConfigMap hooked'],
    push: (chart) => small(chart, object('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hooked, annotations: {helm.sh/hook: pre-upgrade}}\n')),
  },
  {
    what: 'a chart of an apiVersion that does not exist',
    reason: 'ChartInvalid',
    says: ['v3'],
    push: (chart) => small(chart, { 'Chart.yaml': `apiVersion: v3\nname: ${chart}\nversion: 2.0.0\n` }),
  },
];

describe.concurrent('a tag that moves to something bad', () => {
  it.each(BAD_PUSHES)('names $what, and leaves what runs untouched', async ({ what, reason, says, push }) => {
    const chart = `c${BAD_PUSHES.findIndex((one) => one.what === what)}`;
    await site.pushSmall(chart, 'stable', '1.0.0');
    await site.release(chart, { chart: site.reference(chart, 'stable') });
    await site.ready(chart, 1);
    const before = await site.object(`configmaps/${chart}`);

    await push(chart);
    await site.lookNow(chart);
    const message = await site.fails(chart, reason);
    for (const part of says) expect(message).toContain(part);
    expect(await site.object(`configmaps/${chart}`)).toEqual(before);
    const status = (await site.seen(chart))?.status;
    expect(status).toMatchObject({ revision: 1, chart: { version: '1.0.0' } });
    expect(status?.history).toHaveLength(1);

    await site.pushSmall(chart, 'stable', '3.0.0');
    await site.lookNow(chart);
    expect((await site.ready(chart, 2)).chart?.version).toBe('3.0.0');
  });
});

describe.concurrent('a registry that is of no help', () => {
  it('says that a reference is none, and is stalled until it is corrected', async () => {
    await site.pushSmall('typo', 'stable', '1.0.0');
    await site.release('typo', { chart: 'no reference at all' });
    expect(await site.fails('typo', 'InvalidReference')).toContain('"no reference at all" is not a chart reference');
    expect(conditionIn((await site.seen('typo'))?.status ?? {}, 'Stalled')?.status).toBe('True');
    await site.release('typo', { chart: site.reference('typo', 'stable') });
    expect(conditionIn(await site.ready('typo', 1), 'Stalled')).toBeUndefined();
  });

  it('says that nobody answers', async () => {
    await site.release('down', { chart: `${CLOSED}/ns/app:1` });
    expect(await site.fails('down', 'RegistryUnavailable')).toContain(`${CLOSED}/ns/app:1`);
  });

  it('says that a tag is missing, and follows it as soon as it is there', async () => {
    await site.pushSmall('missing', 'other', '1.0.0');
    await site.release('missing', { chart: site.reference('missing', 'stable'), interval: '10s' });
    expect(await site.fails('missing', 'ChartNotFound')).toContain(`${site.reference('missing', 'stable')}`);
    await site.pushSmall('missing', 'stable', '1.0.0');
    await site.ready('missing', 1);
  });

  it('says that credentials are missing, wrong, or not where they should be', async () => {
    const chart = `${locked.host}/team/app:1`;
    await pushChart(locked.host, 'team/app', '1', smallChart('app', '1.0.0'), { credential: USER });
    await site.release('login', { chart });
    await site.fails('login', 'AuthenticationFailed');
    await site.release('login', { chart, pullSecrets: [{ name: 'registry-login' }] });
    expect(await site.fails('login', 'PullSecretInvalid')).toContain(`${site.namespace}/registry-login does not exist`);
    const secret = (password: string) =>
      site.kubectl([
        'create',
        'secret',
        'docker-registry',
        'registry-login',
        `--docker-server=${locked.host}`,
        `--docker-username=${USER.username}`,
        `--docker-password=${password}`,
      ]);
    await secret('wrong');
    await site.lookNow('login');
    const message = await site.fails('login', 'AuthenticationFailed');
    expect(message).not.toContain('wrong');
    await site.kubectl(['delete', 'secret', 'registry-login']);
    await secret(USER.password);
    await site.lookNow('login');
    await site.ready('login', 1);
  });

  it('keeps what runs when the registry goes, says so, and follows again when it is back', async () => {
    await site.pushSmall('away', 'stable', '1.0.0');
    await site.release('away', { chart: `${faulty.host}/${site.namespace}/away:stable`, interval: '10s' });
    await site.ready('away', 1);
    faulty.fault = (url, answer) => (url.includes('/away/') ? { status: 503, headers: {}, body: Buffer.from('busy') } : answer);
    await site.lookNow('away');
    const status = await site.reaches('away', 'FetchFailed', (seen) => conditionIn(seen, 'FetchFailed') !== undefined);
    expect(conditionIn(status, 'FetchFailed')).toMatchObject({ status: 'True', reason: 'RegistryUnavailable', message: expect.stringContaining('503') });
    expect(conditionIn(status, 'Ready')?.status).toBe('True');
    faulty.fault = undefined;
    await site.pushSmall('away', 'stable', '2.0.0');
    expect(conditionIn(await site.ready('away', 2), 'FetchFailed')).toBeUndefined();
  });

  it('refuses bytes that do not have their digest', async () => {
    await site.pushSmall('swapped', 'stable', '1.0.0');
    const spoil = (body: Buffer): Buffer => Buffer.from(body.map((byte, index) => (index === body.length - 1 ? byte ^ 1 : byte)));
    faulty.fault = (url, answer) => (url.includes('/swapped/blobs/') ? { ...answer, body: spoil(answer.body) } : answer);
    await site.release('swapped', { chart: `${faulty.host}/${site.namespace}/swapped:stable` });
    expect(await site.fails('swapped', 'DigestMismatch')).toContain('sha256:');
  });
});

describe.concurrent('a cluster that is of no help', () => {
  it('says that the target namespace does not exist, and goes on when it does', async () => {
    const target = `${site.namespace}-later`;
    await site.pushSmall('homeless', 'stable', '1.0.0');
    await site.release('homeless', { chart: site.reference('homeless', 'stable'), targetNamespace: target });
    expect(await site.fails('homeless', 'NamespaceNotFound')).toContain(target);
    expect((await site.seen('homeless'))?.status?.nextRetry).toBeDefined();
    await site.addNamespace(target);
    await site.lookNow('homeless');
    await site.ready('homeless', 1);
  });

  it('does not touch a Helm release that somebody else made', async () => {
    await site.helm(['create', `${site.lab.dir}/${site.namespace}-chart`]);
    await site.helm(['install', 'foreign', `${site.lab.dir}/${site.namespace}-chart`]);
    await site.pushSmall('foreign', 'stable', '1.0.0');
    await site.release('foreign', { chart: site.reference('foreign', 'stable') });
    expect(await site.fails('foreign', 'ReleaseNotOwned')).toContain('was not made by Tagalong');
    await site.remove('foreign');
    await site.eventually('the ChartRelease is gone', async () => (await site.seen('foreign')) === undefined);
    expect(JSON.parse((await site.helm(['history', 'foreign', '-o', 'json'])).stdout)).toMatchObject([{ revision: 1, status: 'deployed' }]);
  });

  it('is refused by the API server for what the schema rules out', async () => {
    await expect(site.release('often', { chart: 'r.example/a:1', interval: '1s' })).rejects.toThrow('at least 10s');
    await expect(site.release('x'.repeat(60), { chart: 'r.example/a:1' })).rejects.toThrow('set spec.releaseName');
    await expect(site.release('wordy', { chart: 'r.example/a:1', timeout: 'soon' })).rejects.toThrow('spec.timeout');
  });
});
