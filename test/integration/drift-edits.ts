/** Edits of objects of a release, each of which takes at least one field from us, or the object. */

type Json = Readonly<Record<string, unknown>>;

/** How somebody does it: a patch or a put as a field manager of that name, or a command of kubectl. `$N` is the object's name. */
export type Act =
  | { readonly kind: 'Merge'; readonly patch: Json }
  | { readonly kind: 'Strategic'; readonly patch: Json }
  | { readonly kind: 'JsonPatch'; readonly patch: readonly Json[] }
  | { readonly kind: 'Apply'; readonly object: Json }
  | { readonly kind: 'Put'; readonly change: Json }
  | { readonly kind: 'Kubectl'; readonly args: readonly string[]; readonly input?: Json }
  | { readonly kind: 'Delete' }
  | { readonly kind: 'Recreate' };

export interface Edit {
  readonly id: string;
  readonly object: Json & { readonly apiVersion: string; readonly kind: string };
  /** Collection as the API has it, `configmaps` or `apps/v1/deployments`. */
  readonly collection: string;
  readonly isCluster?: boolean;
  readonly act: Act;
  /** What the condition says of it, after the object's name. */
  readonly says: string;
}

const CONTAINERS = '/spec/template/spec/containers/name=web';

const configMap = (id: string, act: Act, says: string, rest: Json = { data: { a: '1', b: '2' } }): Edit => ({
  id,
  object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { labels: { tier: 'front' }, annotations: { 'example.com/note': 'ours' } }, ...rest },
  collection: 'configmaps',
  act,
  says,
});

const secret = (id: string, act: Act, says: string): Edit => ({
  id,
  object: { apiVersion: 'v1', kind: 'Secret', data: { password: 'aHVudGVyMg==', user: 'dQ==' } },
  collection: 'secrets',
  act,
  says,
});

const pod = (id: string) => ({
  metadata: { labels: { app: id }, annotations: { 'example.com/config': 'v1' } },
  spec: {
    terminationGracePeriodSeconds: 5,
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    tolerations: [{ key: 'a', operator: 'Exists' }],
    containers: [
      {
        name: 'web',
        image: 'none:1',
        imagePullPolicy: 'IfNotPresent',
        command: ['run'],
        args: ['--port', '80'],
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '2' },
        ],
        ports: [
          { name: 'http', containerPort: 80 },
          { name: 'admin', containerPort: 81 },
        ],
        resources: { limits: { cpu: '1', memory: '64Mi' }, requests: { cpu: '10m' } },
        readinessProbe: { httpGet: { path: '/ready', port: 80 } },
        livenessProbe: { httpGet: { path: '/live', port: 80 } },
        securityContext: { runAsUser: 1000 },
        volumeMounts: [
          { name: 'config', mountPath: '/etc/config' },
          { name: 'scratch', mountPath: '/tmp' },
        ],
      },
      { name: 'side', image: 'none:1' },
    ],
    volumes: [
      { name: 'config', configMap: { name: 'one', optional: true } },
      { name: 'scratch', emptyDir: {} },
    ],
  },
});

const deployment = (id: string, act: Act, says: string): Edit => ({
  id,
  object: {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    spec: { replicas: 0, strategy: { rollingUpdate: { maxSurge: 1 } }, selector: { matchLabels: { app: id } }, template: pod(id) },
  },
  collection: 'apps/v1/deployments',
  act,
  says,
});

const web = (container: Json): Act => ({ kind: 'Strategic', patch: { spec: { template: { spec: { containers: [{ name: 'web', ...container }] } } } } });
const template = (spec: Json): Act => ({ kind: 'Strategic', patch: { spec: { template: { spec } } } });
const merge = (patch: Json): Act => ({ kind: 'Merge', patch });
const without = (...paths: readonly string[]): Act => ({ kind: 'JsonPatch', patch: paths.map((path) => ({ op: 'remove', path })) });
const kubectl = (...args: readonly string[]): Act => ({ kind: 'Kubectl', args });
const FIRST = '/spec/template/spec/containers/0';

const other = (id: string, object: Edit['object'], collection: string, act: Act, says: string, isCluster = false): Edit => ({ id, object, collection, act, says, isCluster });

/** `group` is that of custom resources, whose definitions the chart brings along. */
export const edits = (group: string): readonly Edit[] => [
  configMap('cm-value', merge({ data: { a: 'other' } }), ': /data/a (somebody)'),
  configMap('cm-removed', without('/data/a'), ': /data/a (removed)'),
  configMap('cm-label', kubectl('label', '--overwrite', 'configmap', '$N', 'tier=back'), ': /metadata/labels/tier (kubectl-label)'),
  configMap('cm-label-removed', without('/metadata/labels/tier'), ': /metadata/labels/tier (removed)'),
  configMap('cm-note', kubectl('annotate', '--overwrite', 'configmap', '$N', 'example.com/note=theirs'), ': /metadata/annotations/example.com~1note (kubectl-annotate)'),
  configMap('cm-note-removed', merge({ metadata: { annotations: { 'example.com/note': null } } }), ': /metadata/annotations/example.com~1note (removed)'),
  configMap('cm-binary', merge({ binaryData: { a: 'AAAA' } }), ': /binaryData/a (somebody)', { binaryData: { a: 'AQ==' } }),
  configMap('cm-emptied', merge({ data: null }), ': /data/a (removed), /data/b (removed)'),
  configMap('cm-taken', { kind: 'Apply', object: { data: { a: 'rival' } } }, ': /data/a (somebody)'),
  configMap('cm-applied', { kind: 'Kubectl', args: ['apply', '-f', '-'], input: { data: { a: 'applied' } } }, ': /data/a (kubectl-client-side-apply)'),
  configMap('cm-put', { kind: 'Put', change: { data: { a: 'put', b: '2' } } }, ': /data/a (somebody)'),
  configMap('cm-deleted', { kind: 'Delete' }, ' was deleted'),
  configMap('cm-recreated', { kind: 'Recreate' }, ' was made anew by somebody'),
  configMap('cm-unlabelled', merge({ metadata: { labels: { 'tagalong.dev/name': null } } }), ': /metadata/labels/tagalong.dev~1name (removed)'),
  secret('secret-value', merge({ data: { password: 'eA==' } }), ': /data/password (somebody)'),
  secret('secret-removed', without('/data/user'), ': /data/user (removed)'),
  secret('secret-text', merge({ stringData: { password: 'new' } }), ': /data/password (somebody)'),
  secret('secret-deleted', { kind: 'Delete' }, ' was deleted'),
  deployment('replicas', kubectl('scale', 'deployment', '$N', '--replicas=1'), ': /spec/replicas (kubectl by scale)'),
  deployment('image', kubectl('set', 'image', 'deployment/$N', 'web=none:2'), `: ${CONTAINERS}/image (kubectl-set)`),
  deployment('env-value', web({ env: [{ name: 'A', value: 'x' }] }), `: ${CONTAINERS}/env/name=A/value (somebody)`),
  deployment('env-removed', without(`${FIRST}/env/1`), `: ${CONTAINERS}/env/name=B (removed)`),
  deployment('args', web({ args: ['--port', '81'] }), `: ${CONTAINERS}/args (somebody)`),
  deployment('command', without(`${FIRST}/command`), `: ${CONTAINERS}/command (removed)`),
  deployment('limit', kubectl('set', 'resources', 'deployment/$N', '-c=web', '--limits=cpu=2'), `: ${CONTAINERS}/resources/limits/cpu (kubectl-set)`),
  deployment('request-removed', without(`${FIRST}/resources/requests`), `: ${CONTAINERS}/resources/requests/cpu (removed)`),
  deployment('probe-path', web({ readinessProbe: { httpGet: { path: '/x' } } }), `: ${CONTAINERS}/readinessProbe/httpGet/path (somebody)`),
  deployment('probe-removed', without(`${FIRST}/livenessProbe`), `: ${CONTAINERS}/livenessProbe/httpGet/path (removed)`),
  deployment('port-removed', without(`${FIRST}/ports/1`), `: ${CONTAINERS}/ports/containerPort=81,protocol=TCP (removed)`),
  deployment(
    'port-name',
    { kind: 'JsonPatch', patch: [{ op: 'replace', path: `${FIRST}/ports/1/name`, value: 'x' }] },
    `: ${CONTAINERS}/ports/containerPort=81,protocol=TCP/name (somebody)`,
  ),
  deployment('volume', template({ volumes: [{ name: 'config', configMap: { name: 'two' } }] }), ': /spec/template/spec/volumes/name=config/configMap/name (somebody)'),
  deployment('mount-removed', without(`${FIRST}/volumeMounts/1`), `: ${CONTAINERS}/volumeMounts/mountPath=~1tmp (removed)`),
  deployment('container-removed', without('/spec/template/spec/containers/1'), ': /spec/template/spec/containers/name=side (removed)'),
  deployment(
    'pod-note',
    merge({ spec: { template: { metadata: { annotations: { 'example.com/config': 'v2' } } } } }),
    ': /spec/template/metadata/annotations/example.com~1config (somebody)',
  ),
  deployment('strategy', merge({ spec: { strategy: { rollingUpdate: { maxSurge: 2 } } } }), ': /spec/strategy/rollingUpdate/maxSurge (somebody)'),
  deployment('node-selector', without('/spec/template/spec/nodeSelector'), ': /spec/template/spec/nodeSelector (removed)'),
  deployment('toleration', merge({ spec: { template: { spec: { tolerations: [] } } } }), ': /spec/template/spec/tolerations (removed)'),
  deployment('user', web({ securityContext: { runAsUser: 0 } }), `: ${CONTAINERS}/securityContext/runAsUser (somebody)`),
  deployment('grace', template({ terminationGracePeriodSeconds: 6 }), ': /spec/template/spec/terminationGracePeriodSeconds (somebody)'),
  deployment('pull-policy', web({ imagePullPolicy: 'Always' }), `: ${CONTAINERS}/imagePullPolicy (somebody)`),
  deployment('deployment-deleted', { kind: 'Delete' }, ' was deleted'),
  other(
    'set',
    { apiVersion: 'apps/v1', kind: 'StatefulSet', spec: { replicas: 0, serviceName: 'x', selector: { matchLabels: { app: 'set' } }, template: pod('set') } },
    'apps/v1/statefulsets',
    web({ image: 'none:3' }),
    `: ${CONTAINERS}/image (somebody)`,
  ),
  other(
    'cron',
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      spec: { schedule: '0 0 1 1 *', jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'x', image: 'none' }] } } } } },
    },
    'batch/v1/cronjobs',
    merge({ spec: { schedule: '0 0 2 2 *' } }),
    ': /spec/schedule (somebody)',
  ),
  other(
    'service-port',
    { apiVersion: 'v1', kind: 'Service', spec: { selector: { app: 'x' }, ports: [{ name: 'http', port: 80, targetPort: 80 }] } },
    'services',
    { kind: 'JsonPatch', patch: [{ op: 'replace', path: '/spec/ports/0/targetPort', value: 8080 }] },
    ': /spec/ports/port=80,protocol=TCP/targetPort (somebody)',
  ),
  other(
    'service-selector',
    { apiVersion: 'v1', kind: 'Service', spec: { selector: { app: 'x' }, ports: [{ name: 'http', port: 80 }] } },
    'services',
    kubectl('set', 'selector', 'service', '$N', 'app=y'),
    ': /spec/selector (kubectl-set)',
  ),
  other(
    'ingress',
    { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', spec: { rules: [{ host: 'a.example.com' }] } },
    'networking.k8s.io/v1/ingresses',
    merge({ spec: { rules: [{ host: 'b.example.com' }] } }),
    ': /spec/rules (somebody)',
  ),
  other(
    'budget',
    { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', spec: { minAvailable: 1, selector: { matchLabels: { app: 'x' } } } },
    'policy/v1/poddisruptionbudgets',
    merge({ spec: { minAvailable: 2 } }),
    ': /spec/minAvailable (somebody)',
  ),
  other(
    'scaler',
    { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'none' } } },
    'autoscaling/v2/horizontalpodautoscalers',
    merge({ spec: { maxReplicas: 4 } }),
    ': /spec/maxReplicas (somebody)',
  ),
  other(
    'account',
    { apiVersion: 'v1', kind: 'ServiceAccount', automountServiceAccountToken: false },
    'serviceaccounts',
    merge({ automountServiceAccountToken: true }),
    ': /automountServiceAccountToken (somebody)',
  ),
  other(
    'quota',
    { apiVersion: 'v1', kind: 'ResourceQuota', spec: { hard: { pods: '9000' } } },
    'resourcequotas',
    merge({ spec: { hard: { pods: '9001' } } }),
    ': /spec/hard/pods (somebody)',
  ),
  other(
    'role',
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
    'rbac.authorization.k8s.io/v1/roles',
    merge({ rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['*'] }] }),
    ': /rules (somebody)',
  ),
  other(
    'cluster-role',
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
    'rbac.authorization.k8s.io/v1/clusterroles',
    merge({ rules: [] }),
    ': /rules (somebody)',
    true,
  ),
  other(
    'cluster-role-deleted',
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', rules: [] },
    'rbac.authorization.k8s.io/v1/clusterroles',
    { kind: 'Delete' },
    ' was deleted',
    true,
  ),
  other('widget', { apiVersion: `${group}/v1`, kind: 'Widget', spec: { size: 1 } }, `${group}/v1/widgets`, merge({ spec: { size: 2 } }), ': /spec/size (somebody)'),
  other(
    'widget-list',
    { apiVersion: `${group}/v1`, kind: 'Widget', spec: { parts: [{ name: 'a', count: 1 }] } },
    `${group}/v1/widgets`,
    merge({ spec: { parts: [{ name: 'a', count: 2 }] } }),
    ': /spec/parts/name=a/count (somebody)',
  ),
  other('widget-deleted', { apiVersion: `${group}/v1`, kind: 'Widget', spec: { size: 1 } }, `${group}/v1/widgets`, { kind: 'Delete' }, ' was deleted'),
];

/** Their kind: no status, no subresource, a list whose entries have keys. */
export const widgetCrd = (group: string): Json => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `widgets.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { kind: 'Widget', plural: 'widgets', singular: 'widget' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  size: { type: 'integer' },
                  parts: {
                    type: 'array',
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['name'],
                    items: { type: 'object', required: ['name'], properties: { name: { type: 'string' }, count: { type: 'integer' } } },
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
});
