import { smallChart } from '../registry/push.ts';

type Files = ReturnType<typeof smallChart>;

/** What a chart has besides the ConfigMaps and the Secret of each. */
export interface Ingredients {
  /** A pod that becomes ready after a moment. */
  readonly deployment?: boolean;
  /** A claim that nobody ever binds, so that the revision does not become ready; `Values`: until the value `claim` is false. */
  readonly claim?: 'Always' | 'Values';
  /** Hooks by event, and whether their pod fails. */
  readonly hooks?: Readonly<Record<string, 'Succeeds' | 'Fails'>>;
  /** Group of two CustomResourceDefinitions in `crds/`, one in other words with each version, one from 2.0.0 on, and of an object among the templates. */
  readonly crdGroup?: string;
}

/**
 * A chart whose objects all differ between versions, also in what they have: a key of each ConfigMap and of the Secret, and a label of each
 * object, are of one version alone. One object is, too, one has another value at every render, and one is a Secret with the value `secret`.
 */
export const chartOf = (version: string, { deployment, claim, hooks = {}, crdGroup }: Ingredients = {}): Files =>
  smallChart('app', version, {
    'values.yaml': VALUES,
    'templates/configmap.yaml': configMap('{{ .Release.Name }}-random', 'random: {{ randAlphaNum 20 | quote }}'),
    'templates/only.yaml': configMap('{{ .Release.Name }}-{{ .Chart.Version }}', 'greeting: {{ .Values.greeting | quote }}'),
    'templates/secret.yaml': secret(', "of-{{ .Chart.Version }}": eA=='),
    ...(deployment && { 'templates/deployment.yaml': DEPLOYMENT }),
    ...(claim !== undefined && { 'templates/claim.yaml': claim === 'Always' ? CLAIM : `{{ if .Values.claim }}\n${CLAIM}{{ end }}\n` }),
    ...Object.fromEntries(Object.entries(hooks).map(([event, end]) => [`templates/${event}.yaml`, hook(event, end)])),
    ...(crdGroup !== undefined && {
      'crds/widget.yaml': definition(crdGroup, 'widget', version),
      ...(version !== '1.0.0' && { 'crds/gadget.yaml': definition(crdGroup, 'gadget', version) }),
      'templates/widget.yaml': `apiVersion: ${crdGroup}/v1\nkind: Widget\nmetadata: {name: "{{ .Release.Name }}"}\n`,
    }),
  });

/** A chart that renders to the same whatever its version. */
export const sameChart = (version: string): Files =>
  smallChart('app', version, {
    'values.yaml': VALUES,
    'templates/configmap.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{ .Release.Name }}"}\n',
    'templates/secret.yaml': secret(''),
  });

const VALUES = 'greeting: hello\nsecret: none\nclaim: true\n';

const configMap = (name: string, value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "${name}", ${LABELS}}\ndata: {version: {{ .Chart.Version | quote }}, "of-{{ .Chart.Version }}": x, ${value}}\n`;

const LABELS = 'labels: {"of-{{ .Chart.Version }}": x}';

const secret = (more: string): string => `apiVersion: v1\nkind: Secret\nmetadata: {name: "{{ .Release.Name }}"}\ndata: {secret: {{ .Values.secret | b64enc }}${more}}\n`;

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Release.Name }}", ${LABELS}}
spec:
  selector: {matchLabels: {app: "{{ .Release.Name }}"}}
  template:
    metadata: {labels: {app: "{{ .Release.Name }}"}}
    spec: {terminationGracePeriodSeconds: 0, containers: [{name: web, image: "registry.invalid/web:{{ .Chart.Version }}"}]}
`;

const CLAIM = `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: "{{ .Release.Name }}"}
spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Mi}}}
`;

const hook = (event: string, end: 'Succeeds' | 'Fails'): string => `apiVersion: v1
kind: Pod
metadata:
  name: "{{ .Release.Name }}-${event}"
  annotations: {helm.sh/hook: ${event}, helm.sh/hook-delete-policy: "before-hook-creation,hook-succeeded,hook-failed"${end === 'Fails' ? ', lab.tagalong.dev/play: fail' : ''}}
spec: {restartPolicy: Never, terminationGracePeriodSeconds: 0, containers: [{name: main, image: registry.invalid/main}]}
`;

const definition = (group: string, name: string, version: string): string => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ${name}s.${group}}
spec:
  group: ${group}
  scope: Namespaced
  names: {kind: ${name[0]?.toUpperCase()}${name.slice(1)}, plural: ${name}s, singular: ${name}}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, description: of ${version}}}}]
`;
