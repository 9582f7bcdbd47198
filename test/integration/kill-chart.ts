import { smallChart } from '../registry/push.ts';

type Files = ReturnType<typeof smallChart>;

/**
 * A chart of five objects that all differ between versions: one is of its version alone, one has another value at every
 * render; one that never becomes ready where it is not to. With a CustomResourceDefinition of the group, where one is given.
 */
export const chartOf = (name: string, version: string, { crdGroup, isReady }: { readonly crdGroup: string | undefined; readonly isReady: boolean }): Files =>
  smallChart(name, version, {
    'templates/deployment.yaml': isReady
      ? DEPLOYMENT
      : DEPLOYMENT.replace('labels: {app: {{ .Release.Name }}}}\n    spec', 'labels: {app: {{ .Release.Name }}}, annotations: {lab.tagalong.dev/play: not-ready}}\n    spec'),
    'templates/random.yaml': configMap('{{ .Release.Name }}-random', 'random: {{ randAlphaNum 20 | quote }}'),
    'templates/more.yaml': configMap('{{ .Release.Name }}-more', 'more: "1"'),
    'templates/only.yaml': configMap('{{ .Release.Name }}-{{ .Chart.Version }}', 'only: "1"'),
    ...(crdGroup !== undefined && { 'crds/widget.yaml': definition(crdGroup, `${name}widgets`) }),
  });

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}, labels: {version: {{ .Chart.Version | quote }}}}
spec:
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec: {containers: [{name: web, image: "registry.invalid/web:{{ .Chart.Version }}"}]}
`;

const configMap = (name: string, values: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {version: {{ .Chart.Version | quote }}, ${values}}\n`;

const definition = (group: string, plural: string): string => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ${plural}.${group}}
spec:
  group: ${group}
  scope: Namespaced
  names: {kind: Widget, plural: ${plural}, singular: widget}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
`;
