import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startCncfRegistry, USER, type CncfRegistry } from '../registry/cncf-registry.ts';
import { pushChart, smallChart } from '../registry/push.ts';
import { send, startServer, type TestServer } from '../registry/test-server.ts';
import { BAD_PUSHES } from './bad-pushes.ts';
import { conditionIn, openSite, type Site } from './site.ts';

const CLOSED = '127.0.0.1:1';

let site: Site;
let locked: CncfRegistry;
beforeAll(async () => {
  locked = await startCncfRegistry(inject('lab').tools['registry'] ?? '', { withPassword: true });
  site = await openSite('bad', { plainHttpHosts: [CLOSED, locked.host] });
});
afterAll(async () => {
  await site.close();
  await locked.close();
});

describe.concurrent('a tag that moves to something bad', () => {
  it.each(BAD_PUSHES)('names $what, and leaves what runs untouched', async ({ what, reason, says, good, spec, push }) => {
    const chart = `c${BAD_PUSHES.findIndex((one) => one.what === what)}`;
    await site.pushSmall(chart, 'stable', '1.0.0', good);
    await site.release(chart, { chart: site.reference(chart, 'stable'), ...spec });
    await site.ready(chart, 1);
    const inCluster = () => Promise.all([`configmaps/${chart}`, `secrets/sh.helm.release.v1.${chart}.v1`].map((resource) => site.object(resource)));
    const before = await inCluster();

    await push(site, chart);
    await site.lookNow(chart);
    const message = await site.fails(chart, reason);
    for (const part of [...says, '; revision 1 (', ' 1.0.0) keeps running']) expect(message).toContain(part);
    expect(message).not.toContain('\n');
    expect(await inCluster()).toEqual(before);
    const status = (await site.seen(chart))?.status;
    expect(status).toMatchObject({ revision: 1, chart: { version: '1.0.0' } });
    expect(status?.history).toHaveLength(1);

    await site.pushSmall(chart, 'stable', '3.0.0', good);
    await site.lookNow(chart);
    expect((await site.ready(chart, 2)).chart?.version).toBe('3.0.0');
  });

  it('is no trouble of another release, which rolls on beside it', async () => {
    await site.pushSmall('beside', 'stable', '1.0.0');
    await site.release('beside', { chart: site.reference('beside', 'stable') });
    await site.ready('beside', 1);
    const bad = BAD_PUSHES.filter(({ what }) => ['a bomb of entries', 'a template that fails', 'an object of a kind that does not exist'].includes(what));
    const failing = bad.map(async ({ what, reason, push }) => {
      const chart = `beside-${what.replaceAll(' ', '-')}`;
      await push(site, chart);
      await site.release(chart, { chart: site.reference(chart, 'stable') });
      return { chart, reason, message: await site.fails(chart, reason) };
    });
    const failed = await Promise.all(failing);
    await Promise.all(failed.map(({ chart }) => site.lookNow(chart)));
    await site.pushSmall('beside', 'stable', '2.0.0');
    await site.lookNow('beside');
    expect((await site.ready('beside', 2)).chart?.version).toBe('2.0.0');
    for (const { chart, reason, message } of failed) expect(await site.fails(chart, reason)).toBe(message);
    expect(failed).toHaveLength(3);
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
    expect(await site.fails('missing', 'ChartNotFound')).toMatch(/\/missing:stable: the registry answered 404 .*; it is looked at every 10s$/);
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
});

describe.concurrent('a values schema that points out of its file', () => {
  let trap: TestServer;
  beforeAll(async () => {
    trap = await startServer((_, response) => send(response, 200, { 'content-type': 'application/json' }, '{}'));
  });
  afterAll(() => trap.close());

  it.each(['a URL', 'a file'])('to %s is not followed; the release says so, and lets the chart in when it is told to', async (to) => {
    const chart = `ref-${to.replace(' ', '-').toLowerCase()}`;
    const file = path.join(site.lab.dir, `${site.namespace}-${chart}.json`);
    // Whoever follows the reference finds a schema that all values satisfy, and lets the chart in.
    await writeFile(file, '{}');
    const $ref = to === 'a URL' ? `http://${trap.host}/schema.json` : `file://${file}`;
    await site.pushSmall(chart, 'stable', '1.0.0');
    await site.release(chart, { chart: site.reference(chart, 'stable') });
    await site.ready(chart, 1);
    await site.pushSmall(chart, 'stable', '2.0.0', { 'values.schema.json': JSON.stringify({ properties: { greeting: { $ref } } }) });
    await site.lookNow(chart);
    const message = await site.fails(chart, 'SchemaRefused');
    for (const part of [$ref, 'values.schema.json', 'spec.skipSchemaValidation: true', 'revision 1']) expect(message).toContain(part);
    const { status } = (await site.seen(chart)) ?? {};
    expect(conditionIn(status ?? {}, 'Stalled')).toMatchObject({ status: 'True', reason: 'SchemaRefused' });
    expect(status?.history).toHaveLength(1);

    await site.release(chart, { chart: site.reference(chart, 'stable'), skipSchemaValidation: true });
    expect((await site.ready(chart, 2)).chart?.version).toBe('2.0.0');
    await site.release(chart, { chart: site.reference(chart, 'stable'), skipSchemaValidation: false });
    expect((await site.ready(chart, 2)).history).toHaveLength(2);
    expect(trap.requests).toEqual([]);
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

  it('is refused by the API server for what the schema rules out', async () => {
    await expect(site.release('often', { chart: 'r.example/a:1', interval: '1s' })).rejects.toThrow('at least 10s');
    await expect(site.release('x'.repeat(60), { chart: 'r.example/a:1' })).rejects.toThrow('set spec.releaseName');
    await expect(site.release('wordy', { chart: 'r.example/a:1', timeout: 'soon' })).rejects.toThrow('spec.timeout');
  });
});
