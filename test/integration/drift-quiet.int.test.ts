import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OracleChart } from '../oracle/chart.ts';
import { chartsBelow } from '../oracle/folder.ts';
import { type AdmissionWebhook, type JsonPatch, serveWebhook } from '../kube/admission-webhook.ts';
import { conditionIn, openSite, type Site } from './site.ts';

/** How often each release is looked at; `make drift-sweep` looks more often. */
const VISITS = Number(process.env['VISITS'] ?? '3');
const CORPUS = path.resolve(import.meta.dirname, '../oracle/charts');

type Json = Readonly<Record<string, unknown>>;

let site: Site;
let webhook: AdmissionWebhook;
const webhooks = () => `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/${site.namespace}`;
beforeAll(async () => {
  webhook = await serveWebhook(mutate);
  site = await openSite('quiet');
});
afterAll(async () => {
  await site.ask('DELETE', webhooks());
  await site.close();
  await webhook.close();
});

/** Adds a label and a container, and changes an image and a datum of ours, whatever they were. */
const mutate = (object: Json): JsonPatch => {
  const { kind, metadata, data, spec } = object as { kind: string; metadata: { labels?: Json }; data?: Json; spec?: { template?: { spec?: { containers?: readonly Json[] } } } }; // an object under admission
  const key = Object.keys(data ?? {})[0];
  const containers = kind === 'Deployment' ? (spec?.template?.spec?.containers ?? []) : [];
  const isInjected = containers.some(({ name }) => name === 'injected');
  return [
    ...(metadata.labels === undefined ? [{ op: 'add', path: '/metadata/labels', value: {} } as const] : []),
    { op: 'add', path: '/metadata/labels/webhook.example.com~1seen', value: 'yes' },
    ...(kind === 'ConfigMap' && key !== undefined ? [{ op: 'replace', path: `/data/${key.replaceAll('/', '~1')}`, value: 'mutated' } as const] : []),
    ...(containers.length > 0 ? [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'mutated:1' } as const] : []),
    ...(containers.length > 0 && !isInjected ? [{ op: 'add', path: '/spec/template/spec/containers/-', value: { name: 'injected', image: 'injected:1' } } as const] : []),
  ];
};

const installWebhook = (namespaces: readonly string[]) =>
  site.ask('POST', path.dirname(webhooks()), {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: site.namespace },
    webhooks: [
      {
        name: 'quiet.example.com',
        clientConfig: { url: webhook.url, caBundle: webhook.caBundle },
        rules: [
          {
            apiGroups: ['', 'apps', 'batch', 'networking.k8s.io', 'rbac.authorization.k8s.io'],
            apiVersions: ['*'],
            operations: ['CREATE', 'UPDATE'],
            resources: ['configmaps', 'services', 'serviceaccounts', 'deployments', 'statefulsets', 'jobs', 'ingresses', 'roles'],
          },
        ],
        namespaceSelector: { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: namespaces }] },
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        failurePolicy: 'Ignore',
      },
    ],
  });

/** Objects that were found to have drifted since the operator began. */
const foundDrift = async (): Promise<number> => {
  const text = await (await fetch(`${site.operator.url('metrics')}/metrics`)).text();
  return Number(/^tagalong_drift_objects_total\{result="found"\} (\d+)$/m.exec(text)?.[1]);
};

const inspections = async (): Promise<number> => {
  const text = await (await fetch(`${site.operator.url('metrics')}/metrics`)).text();
  return [...text.matchAll(/^rest_client_requests_total\{code="\d+",method="PATCH".*\} (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
};

describe('a webhook and controllers that are at work', () => {
  it('make no drift of any chart of the corpus, however often it is looked at', { timeout: 120_000 + VISITS * 60_000 }, async () => {
    const charts = (await chartsBelow(CORPUS)).filter(({ name }) => !['flow', 'chance'].includes(name));
    await installWebhook([site.namespace, ...charts.map(homeOf)]);
    await Promise.all(charts.map(install));
    const names = (await Promise.all(charts.map(ends))).flatMap((name) => name ?? []);
    console.log(`corpus: ${names.length} of ${charts.length} charts run`);
    expect(names.length).toBeGreaterThan(25);
    expect(webhook.count()).toBeGreaterThan(0);
    const scaled = (await Promise.all(charts.map(autoscale))).flat();
    expect(scaled.length).toBeGreaterThan(0);
    await Promise.all(scaled.map(isScaled));
    await Promise.all(names.map((name) => visit(name, VISITS)));
    await Promise.all(scaled.map(isScaled));
    expect(await foundDrift()).toBe(0);

    // Nothing is noted of what was applied, so that every object is compared with what an apply would make of it.
    await site.operator.kill();
    await Promise.all(charts.map((chart) => forgetImprints(homeOf(chart))));
    await site.startOperator();
    const before = await inspections();
    await Promise.all(names.map((name) => visit(name, 1)));
    expect(await inspections()).toBeGreaterThan(before + names.length);
    expect(await foundDrift()).toBe(0);
    console.log(`no drift in ${names.length * VISITS} looks and after a restart without notes; the webhook changed ${webhook.count()} writes`);
  });
});

const homeOf = ({ name }: OracleChart): string => `${site.namespace}-${name}`;

const install = async (chart: OracleChart): Promise<void> => {
  const set = chart.valueSets[0]?.text ?? '{}';
  await site.push(chart.name, 'stable', chart.files);
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: `values-${chart.name}` }, stringData: { 'values.yaml': set } };
  await site.ask('POST', `/api/v1/namespaces/${site.namespace}/secrets`, secret);
  await site.release(chart.name, {
    chart: site.reference(chart.name, 'stable'),
    targetNamespace: homeOf(chart),
    createNamespace: true,
    wait: false,
    interval: '1h',
    valuesFrom: [{ kind: 'Secret', name: `values-${chart.name}` }],
  });
};

/** Its name where it runs; some are meant not to. */
const ends = async ({ name }: OracleChart): Promise<string | undefined> => {
  const status = await site.reaches(name, 'Ready or refused', (seen) => ['True', 'False'].includes(conditionIn(seen, 'Ready')?.status ?? ''));
  return conditionIn(status, 'Ready')?.status === 'True' ? name : undefined;
};

const visit = async (name: string, times: number): Promise<void> => {
  for (let time = 1; time <= times; time += 1) {
    const before = (await site.seen(name))?.status?.lastHandledReconcileAt;
    await site.lookNow(name);
    const status = await site.reaches(name, 'looked at', ({ lastHandledReconcileAt }) => lastHandledReconcileAt !== before);
    expect(conditionIn(status, 'Drifted'), name).toBeUndefined();
    expect(conditionIn(status, 'Ready')?.status, name).toBe('True');
  }
};

/** More replicas than any chart asks for: an autoscaler needs no metrics to see to that. */
const REPLICAS = 12;

/** Gives every Deployment of a chart that has replicas an autoscaler, which the lab's own controller acts upon. Answers with their API paths. */
const autoscale = async (chart: OracleChart): Promise<readonly string[]> => {
  const namespace = homeOf(chart);
  const list = (await site.read(`/apis/apps/v1/namespaces/${namespace}/deployments`)) as
    | { readonly items: readonly { readonly metadata: { readonly name: string }; readonly spec: { readonly replicas: number } }[] }
    | undefined; // a DeploymentList
  const names = (list?.items ?? []).filter(({ spec }) => spec.replicas > 0).map(({ metadata }) => metadata.name);
  for (const name of names) {
    const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name };
    await site.ask('POST', `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`, {
      metadata: { name: `${name}-sweep` },
      spec: { scaleTargetRef, minReplicas: REPLICAS, maxReplicas: REPLICAS + 1 },
    });
  }
  return names.map((name) => `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`);
};

const isScaled = (path: string): Promise<void> =>
  site.eventually(`${path} is scaled`, async () => ((await site.read(path)) as { readonly spec: { readonly replicas: number } } | undefined)?.spec.replicas === REPLICAS); // a Deployment

const forgetImprints = async (namespace: string): Promise<void> => {
  const list = (await site.read(`/api/v1/namespaces/${namespace}/secrets?labelSelector=owner%3Dhelm`)) as
    | { readonly items: readonly { readonly metadata: { readonly name: string } }[] }
    | undefined; // a SecretList
  for (const { metadata } of list?.items ?? []) {
    await site.ask(
      'PATCH',
      `/api/v1/namespaces/${namespace}/secrets/${metadata.name}`,
      { metadata: { annotations: { 'tagalong.dev/imprints': null } } },
      'application/merge-patch+json',
    );
  }
};
