import { smallChart } from '../registry/push.ts';

type Files = ReturnType<typeof smallChart>;

/** What a version of the chart is like. */
export interface Making {
  /** With a hook before and one after an upgrade. */
  readonly hasHooks?: boolean;
  /** Never becomes ready. */
  readonly isStuck?: boolean;
  /** With a CustomResourceDefinition of this group in crds/, which has a field more in every version. */
  readonly crdGroup?: string;
}

/** A chart of five objects that all differ between versions: one is of its version alone, one has another value at every render. */
export const faultChart = (name: string, version: string, { hasHooks = false, isStuck = false, crdGroup }: Making = {}): Files =>
  smallChart(name, version, {
    'templates/deployment.yaml': deployment(isStuck ? ', annotations: {lab.tagalong.dev/play: not-ready}' : ''),
    'templates/random.yaml': configMap('{{ .Release.Name }}-random', 'random: {{ randAlphaNum 20 | quote }}'),
    'templates/more.yaml': configMap('{{ .Release.Name }}-more', 'more: "1"'),
    'templates/only.yaml': configMap('{{ .Release.Name }}-{{ .Chart.Version }}', 'only: "1"'),
    ...(hasHooks && { 'templates/pre.yaml': hook('pre-upgrade'), 'templates/post.yaml': hook('post-upgrade') }),
    ...(crdGroup !== undefined && { 'crds/gear.yaml': definition(crdGroup, Number.parseInt(version, 10)) }),
  });

const deployment = (annotations: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}, labels: {version: {{ .Chart.Version | quote }}}}
spec:
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}${annotations}}
    spec: {containers: [{name: web, image: "registry.invalid/web:{{ .Chart.Version }}"}]}
`;

const definition = (group: string, fields: number): string => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gears.${group}}
spec:
  group: ${group}
  scope: Namespaced
  names: {kind: Gear, plural: gears}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {${Array.from({ length: fields }, (_, at) => `field${at + 1}: {type: string}`).join(', ')}}}}
`;

const configMap = (name: string, values: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {version: {{ .Chart.Version | quote }}, ${values}}\n`;

const hook = (event: string): string => `apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}-${event}
  annotations: {helm.sh/hook: ${event}, helm.sh/hook-delete-policy: "before-hook-creation,hook-succeeded"}
spec: {restartPolicy: Never, terminationGracePeriodSeconds: 0, containers: [{name: main, image: registry.invalid/main}]}
`;
