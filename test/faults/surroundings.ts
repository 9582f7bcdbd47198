import { setTimeout as delay } from 'node:timers/promises';
import { serveWebhook, type Verdict } from '../kube/admission-webhook.ts';
import type { Verb } from '../lab/api-call.ts';
import type { Passed } from '../lab/api-proxy.ts';
import { conditionIn } from '../lab/site.ts';
import type { Field, Subject } from './field.ts';
import { becomes, type Run, settles } from './run.ts';
import { SCENARIOS } from './scenarios.ts';

/** Something that the cluster does to a release in the middle of an upgrade; it is taken back after a while. */
interface Surrounding {
  begin(field: Field, subject: Subject): Promise<() => Promise<unknown>>;
  /** Whether a request that passed from then on until it was taken back shows that the operator has met with it. */
  readonly isSign: (passed: Passed, subject: Subject) => boolean;
  /** The revision may have failed by it, and be undone. */
  readonly mayFail?: boolean;
  /** It begins when the first object is about to be applied, and not before the upgrade. */
  readonly isInTheMiddle?: boolean;
}

const WHILE_MS = 4_000;
const HELD_MS = 2_000;
const EDIT_MS = 100;

const MERGE = 'application/merge-patch+json';

/** Whether it is such a request for a ConfigMap of the release, and that was the answer. */
const answers =
  (verb: Verb, suffix: string, code: number): Surrounding['isSign'] =>
  (passed, { release }) =>
    passed.verb === verb && passed.status === code && passed.path.includes(`/configmaps/${release}${suffix}`);

const isForbidden = answers('apply', '-2.0.0?', 403);
const isDenied = answers('apply', '', 400);
const isHung = answers('apply', '', 500);
const isApplied = answers('apply', '?', 200);

const SURROUNDINGS: Readonly<Record<string, Surrounding>> = {
  // A dry run that is forbidden something tells nothing where the chart brings along what may allow it.
  quota: { begin: (field) => setQuota(field), isSign: isForbidden, mayFail: true },
  'quota-in-the-middle': { begin: (field) => setQuota(field), isSign: isForbidden, isInTheMiddle: true, mayFail: true },
  'webhook-denies': { begin: (field) => admit(field, 'Denied'), isSign: isDenied },
  'webhook-denies-in-the-middle': { begin: (field) => admit(field, 'Denied'), isSign: isDenied, isInTheMiddle: true, mayFail: true },
  'webhook-hangs': { begin: (field) => admit(field, 'Unanswered'), isSign: isHung },
  'webhook-hangs-in-the-middle': { begin: (field) => admit(field, 'Unanswered'), isSign: isHung, isInTheMiddle: true },
  'other-manager': { begin: async (field, subject) => compete(field, subject), isSign: (passed, subject) => isApplied(passed, subject) && !passed.path.includes('dryRun') },
  'finalizer-on-child': { begin: (field, subject) => holdChild(field, subject), isSign: answers('delete', '-1.0.0', 200) },
};

/** Each in an upgrade. */
export const surroundingRuns = (): readonly Run[] => [
  ...Object.entries(SURROUNDINGS).map(([name, surrounding]): Run => ({ name: `surroundings/${name}`, go: (field, subject) => upgradeWithin(field, subject, surrounding) })),
  { name: 'surroundings/namespace-terminating', go: upgradeIntoNothing },
];

/** The namespace of the Helm release is being deleted, and held back in that, while the tag moves; then it is gone, and has to be made again. */
const upgradeIntoNothing: Run['go'] = async (field, subject) => {
  const { site, proxy } = field;
  const namespace = `${site.namespace}-${subject.release}`;
  const held = `/api/v1/namespaces/${namespace}/configmaps/held`;
  // Its records are not in the namespace of the field, whose history is looked at.
  subject.isEdited = true;
  await field.install(subject, { targetNamespace: namespace, createNamespace: true });
  await site.ask('POST', `/api/v1/namespaces/${namespace}/configmaps`, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'held', finalizers: ['example.com/held'] } });
  await site.ask('DELETE', `/api/v1/namespaces/${namespace}`);
  await field.push(subject, 2);
  const before = proxy.passed.length;
  await site.lookNow(subject.release);
  await delay(WHILE_MS);
  const isMet = proxy.passed.slice(before).some((passed) => isForbidden(passed, subject));
  if ((await site.read(held)) === undefined) throw new Error(`namespace ${namespace} was not held back`);
  await site.ask('PATCH', held, { metadata: { finalizers: null } }, MERGE);
  // Whatever was tried meanwhile, the records of it went with the namespace.
  await settles(field, subject, async () => isInstalledAnew(field, subject, namespace));
  await site.ask('DELETE', `/api/v1/namespaces/${namespace}`);
  return isMet ? 'Met' : 'Unmet';
};

const isInstalledAnew = async ({ site }: Field, { release }: Subject, namespace: string): Promise<boolean> => {
  const status = (await site.seen(release))?.status ?? {};
  return conditionIn(status, 'Ready')?.status === 'True' && status.chart?.version === '2.0.0' && (await site.configMap(release, namespace))?.['version'] === '2.0.0';
};

const upgradeWithin = async (field: Field, subject: Subject, { begin, isSign, mayFail = false, isInTheMiddle = false }: Surrounding) => {
  const { prepare, act, isOver, revisions } = SCENARIOS.upgrade;
  subject.revisions = revisions;
  await prepare(field, subject);
  const before = field.proxy.passed.length;
  const end = isInTheMiddle ? await beginInTheMiddle(field, subject, begin) : await begin(field, subject);
  let isMet = false;
  try {
    if (!isInTheMiddle) await act(field, subject);
    await delay(WHILE_MS);
    isMet = field.proxy.passed.slice(before).some((passed) => isSign(passed, subject));
  } finally {
    await end();
  }
  await settles(field, subject, async () => {
    if (await isOver(field, subject)) return true;
    if (!mayFail || !(await field.isUndoneBy(subject, 3))) return false;
    subject.revisions = [1, 2, 3];
    return true;
  });
  return isMet ? 'Met' : 'Unmet';
};

/** The first object of the revision that is opened has to wait until it has begun. */
const beginInTheMiddle = async (field: Field, subject: Subject, begin: Surrounding['begin']) => {
  const isMeant = ({ verb, path }: { readonly verb: string; readonly path: string }) => verb === 'apply' && !path.includes('dryRun') && path.includes(`/${subject.release}`);
  const steered = field.proxy.steer({ isMeant, fault: { kind: 'Delay', ms: HELD_MS } });
  await SCENARIOS.upgrade.act(field, subject);
  await field.site.eventually('the first object is applied', async () => steered.strikes() > 0);
  const end = await begin(field, subject);
  steered.lift();
  return end;
};

/** No further ConfigMap may be made in the namespace. */
const setQuota = async ({ site }: Field) => {
  const at = `/api/v1/namespaces/${site.namespace}/resourcequotas`;
  await site.ask('POST', at, { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'full' }, spec: { hard: { 'count/configmaps': '1' } } });
  // Until it is counted, nobody is refused.
  await site.eventually('the quota counts', async () => {
    const quota = (await site.read(`${at}/full`)) as { readonly status?: { readonly used?: object } } | undefined; // the API's own shape
    return quota?.status?.used !== undefined;
  });
  return () => site.ask('DELETE', `${at}/full`);
};

const admit = async ({ site }: Field, verdict: Verdict) => {
  const webhook = await serveWebhook(() => verdict);
  const at = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
  await site.ask('POST', at, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: site.namespace },
    webhooks: [
      {
        name: 'faults.example.com',
        clientConfig: { url: webhook.url, caBundle: webhook.caBundle },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE', 'UPDATE'] }],
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': site.namespace } },
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        timeoutSeconds: 1,
      },
    ],
  });
  await site.eventually('the webhook is asked', async () => {
    await site.kubectl(['create', 'configmap', 'probe', '--dry-run=server']).catch(() => undefined);
    return webhook.count() > 0;
  });
  return async () => {
    await site.ask('DELETE', `${at}/${site.namespace}`);
    await site.eventually('the webhook is not asked', async () =>
      site.kubectl(['create', 'configmap', 'probe', '--dry-run=server']).then(
        () => true,
        () => false,
      ),
    );
    await webhook.close();
  };
};

/** Somebody sets a field of ours again and again. */
const compete = ({ site }: Field, subject: Subject) => {
  subject.isEdited = true;
  let isOver = false;
  const edits = (async () => {
    while (!isOver) {
      await site.ask('PATCH', `/api/v1/namespaces/${site.namespace}/configmaps/${subject.release}?fieldManager=somebody`, { data: { version: 'theirs' } }, MERGE);
      await delay(EDIT_MS);
    }
  })();
  return async () => {
    isOver = true;
    await edits;
  };
};

/** What the upgrade leaves out cannot go. */
const holdChild = async ({ site }: Field, { release }: Subject) => {
  const at = `/api/v1/namespaces/${site.namespace}/configmaps/${release}-1.0.0`;
  await site.ask('PATCH', at, { metadata: { finalizers: ['example.com/held'] } }, MERGE);
  return async () => {
    await site.ask('PATCH', at, { metadata: { finalizers: null } }, MERGE);
    if (!(await becomes(async () => (await site.read(at)) === undefined, HELD_MS))) throw new Error(`${release}-1.0.0 was not deleted`);
  };
};
