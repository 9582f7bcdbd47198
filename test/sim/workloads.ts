import type { Random } from '../seeded.ts';
import type { Fate } from './charts.ts';
import type { ApiServer } from './api/server.ts';
import type { Stored } from './api/object.ts';
import type { Timeline } from './timeline.ts';

const AGENT = { accept: 'application/json', 'content-type': 'application/merge-patch+json' };
const GOOD_MS = 5_000;
const SLOW_MS = 90_000;

type Fields = Readonly<Record<string, unknown>>;

/** Plays kube-controller-manager: Deployments become available and Jobs end, after a while, as their images say. */
export const playWorkloads = (server: ApiServer, timeline: Timeline, random: Random): void => {
  server.store.listen(({ kind, before, after }) => {
    if (after === undefined || (kind.kind !== 'Deployment' && kind.kind !== 'Job')) return;
    if (before !== undefined && before.metadata.uid === after.metadata.uid && before.metadata.generation === after.metadata.generation) return;
    const fate = fateOf(after);
    if (kind.kind === 'Deployment') timeline.after(50 * random(), `${after.metadata.name} is seen`, () => report(server, 'deployments', after, begunOf(after)));
    if (fate === 'never') return;
    const delayMs = random() * (fate === 'slow' ? SLOW_MS : GOOD_MS);
    if (kind.kind === 'Deployment') timeline.after(50 + delayMs, `${after.metadata.name} comes up`, () => report(server, 'deployments', after, availableOf(after)));
    else timeline.after(delayMs, `${after.metadata.name} ends`, () => report(server, 'jobs', after, fate === 'bad' ? failedJob() : completeJob()));
  });
};

const fateOf = (object: Stored): Fate => {
  const { template } = object['spec'] as { readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } } };
  return (template.spec.containers[0]?.image.split(':')[1] ?? 'good') as Fate; // of a chart of ours, or of whoever has edited it
};

/** What was meant for an object that has changed since is not said any more. */
const report = (server: ApiServer, resource: string, { metadata: { namespace, name, uid, generation } }: Stored, status: Fields): void => {
  const group = resource === 'jobs' ? 'batch' : 'apps';
  const path = `/apis/${group}/v1/namespaces/${namespace}/${resource}/${name}`;
  const found = server.answer({ method: 'GET', path, headers: AGENT, body: '' });
  if (found.status !== 200) return;
  const { metadata } = JSON.parse(found.body) as Stored; // of the model's own making
  if (metadata.uid !== uid || metadata.generation !== generation) return;
  server.answer({ method: 'PATCH', path: `${path}/status?fieldManager=kube-controller-manager`, headers: AGENT, body: JSON.stringify({ status }) }, 'Controller');
};

const replicasOf = (object: Stored): number => (object['spec'] as { readonly replicas: number }).replicas;

const begunOf = (object: Stored): Fields => ({
  observedGeneration: object.metadata.generation,
  replicas: replicasOf(object),
  updatedReplicas: replicasOf(object),
  readyReplicas: null,
  availableReplicas: null,
  conditions: [{ type: 'Available', status: 'False', reason: 'MinimumReplicasUnavailable', message: '' }],
});

const availableOf = (object: Stored): Fields => ({
  ...begunOf(object),
  readyReplicas: replicasOf(object),
  availableReplicas: replicasOf(object),
  conditions: [{ type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: '' }],
});

const completeJob = (): Fields => ({ succeeded: 1, conditions: [{ type: 'Complete', status: 'True', reason: '', message: '' }] });

const failedJob = (): Fields => ({
  failed: 1,
  conditions: [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' }],
});
