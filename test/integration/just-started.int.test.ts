import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type ApiProxy, startApiProxy } from '../lab/api-proxy.ts';
import { openSite, type Site } from './site.ts';

describe('an API server that has just started, and says that it serves no kind of a CustomResourceDefinition', () => {
  let proxy: ApiProxy;
  let site: Site;
  beforeAll(async () => {
    const { server, caFile } = inject('lab');
    proxy = await startApiProxy({ server, ca: await readFile(caFile, 'utf8') });
    site = await openSite('just-started', { server: proxy.server });
    await site.ask('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition());
    await site.eventually('Widgets are served', async () => (await site.read(`${widgets()}?limit=1`)) !== undefined);
  });
  afterAll(async () => {
    await site.close();
    await proxy.close();
  });

  const group = () => `${site.namespace}.test`;
  const widgets = () => `/apis/${group()}/v1/namespaces/${site.namespace}/widgets`;
  const definition = () => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `widgets.${group()}` },
    spec: {
      group: group(),
      scope: 'Namespaced',
      names: { kind: 'Widget', plural: 'widgets' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  });
  /** A chart with a Widget wherever Widgets are served. */
  const push = (chart: string, version: string) =>
    site.pushSmall(chart, 'stable', version, {
      'templates/widget.yaml': `{{ if .Capabilities.APIVersions.Has "${group()}/v1" }}\napiVersion: ${group()}/v1\nkind: Widget\nmetadata: {name: "{{ .Release.Name }}"}\n{{ end }}\n`,
    });
  const install = async (chart: string) => {
    await push(chart, '1.0.0');
    await site.release(chart, { chart: site.reference(chart, 'stable'), interval: '10s' });
    await site.ready(chart, 1);
    expect(await uidOf(chart)).toBeDefined();
  };
  const uidOf = async (name: string) => ((await site.read(`${widgets()}/${name}`)) as { readonly metadata: { readonly uid: string } } | undefined)?.metadata.uid; // the API's own shape

  /** The operator knows nothing of before: it is started when the API server is. */
  const start = async () => {
    await site.operator.kill();
    const unready = proxy.steer({ isMeant: ({ path }) => path === '/readyz', fault: { kind: 'Answer', status: 500, body: {} } });
    const partial = proxy.steer({
      isMeant: ({ path }) => path === '/apis',
      fault: { kind: 'Answer', status: 200, body: { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', items: [] } },
    });
    await site.startOperator();
    return () => {
      unready.lift();
      partial.lift();
    };
  };
  const saysNotReady = (name: string) =>
    site.reaches(name, 'the API server not ready', ({ conditions }) =>
      (conditions ?? []).some(({ reason, message }) => reason === 'ClusterUnavailable' && message.includes('the API server is not ready: it answers 500')),
    );

  it('has nothing deleted that a new revision is rendered without, has none fail, and leaves nothing behind of a release that is deleted', async () => {
    await Promise.all(['rendered', 'deleted'].map(install));
    const uid = await uidOf('rendered');
    const end = await start();
    await push('rendered', '2.0.0');
    await site.ask('DELETE', `/apis/tagalong.dev/v1beta1/namespaces/${site.namespace}/chartreleases/deleted`);
    await saysNotReady('rendered');
    expect(await uidOf('deleted')).toBeDefined();
    expect(await site.seen('deleted')).toBeDefined();
    end();
    await site.ready('rendered', 2);
    expect((await site.seen('rendered'))?.status?.history).toHaveLength(2);
    expect(await uidOf('rendered')).toBe(uid);
    await site.eventually('the release is gone', async () => (await site.seen('deleted')) === undefined);
    expect(await uidOf('deleted')).toBeUndefined();
  });
});
