import { chartTgz, type Files } from '../registry/tar.ts';

/** A chart, but for its Chart.yaml where that is not the fault, that Helm refuses. */
export interface Fault {
  readonly name: string;
  readonly files: Files;
}

const template = (text: string): Files => ({ 'templates/x.yaml': text });
const chartYaml = (name: string, rest: string): Files => ({ 'Chart.yaml': `name: ${name}\nversion: 0.1.0\n${rest}` });

/** Each is refused for one reason, in Helm's words. */
export const faults: readonly Fault[] = [
  { name: 'fault-unknown-function', files: template('{{ nowhere 1 }}') },
  { name: 'fault-unclosed-action', files: template('a: {{ .Values.who') },
  { name: 'fault-unclosed-block', files: template('{{ if true }}a: b') },
  { name: 'fault-nil-pointer', files: template('\n\n{{ .Values.a.b.c }}') },
  { name: 'fault-no-template', files: template('{{ include "nowhere" . }}') },
  { name: 'fault-endless-include', files: { ...template('{{ include "loop" . }}'), 'templates/_l.tpl': '{{ define "loop" }}{{ include "loop" . }}{{ end }}' } },
  { name: 'fault-wrong-type', files: template('{{ .Values.who | int64 | upper }}') },
  { name: 'fault-index-out-of-range', files: template('{{ index (list 1) 5 }}') },
  { name: 'fault-fail-in-tpl', files: template('{{ tpl "{{ fail .m }}" (dict "m" "deep: down\\nhere") }}') },
  { name: 'fault-unparsable-tpl', files: template('{{ tpl "{{ end }}" . }}') },
  { name: 'fault-required-in-include', files: { ...template('{{ include "r" . }}'), 'templates/_r.tpl': '{{ define "r" }}{{ required "give it" .Values.none }}{{ end }}' } },
  { name: 'fault-yaml-flow', files: template('a: [1, 2') },
  { name: 'fault-yaml-tab', files: template('a:\n\tb: 1') },
  { name: 'fault-yaml-indent', files: template('a: 1\n  b: 2\n') },
  { name: 'fault-yaml-second-document', files: template('apiVersion: v1\nkind: A\nmetadata: {name: a}\n---\n: : :\n\t') },
  { name: 'fault-yaml-alias', files: template('a: *nowhere') },
  { name: 'fault-text', files: template('just words') },
  { name: 'fault-sequence', files: template('- a\n- b') },
  { name: 'fault-kind-a-map', files: template('kind: {a: b}') },
  { name: 'fault-annotations-a-list', files: template('kind: A\nmetadata: {annotations: [a]}') },
  { name: 'fault-hook-a-list', files: template('kind: A\nmetadata: {annotations: {helm.sh/hook: [pre-install]}}') },
  { name: 'fault-values-a-list', files: { ...template(''), 'values.yaml': '- a' } },
  { name: 'fault-values-no-yaml', files: { ...template(''), 'values.yaml': 'a: [\n' } },
  { name: 'fault-values-infinite', files: { ...template(''), 'values.yaml': 'a: .inf\n' } },
  { name: 'fault-library', files: chartYaml('fault-library', 'apiVersion: v2\ntype: library\n') },
  { name: 'fault-type', files: chartYaml('fault-type', 'apiVersion: v2\ntype: other\n') },
  { name: 'fault-no-version', files: { 'Chart.yaml': 'apiVersion: v2\nname: fault-no-version\n' } },
  { name: 'fault-version', files: { 'Chart.yaml': 'apiVersion: v2\nname: fault-version\nversion: one\n' } },
  { name: 'fault-no-name', files: { 'Chart.yaml': 'apiVersion: v2\nversion: 0.1.0\n' } },
  { name: 'fault-name', files: { 'Chart.yaml': 'apiVersion: v2\nname: a/b\nversion: 0.1.0\n' } },
  { name: 'fault-chart-yaml', files: { 'Chart.yaml': 'name: [\n' } },
  { name: 'fault-kube-version', files: chartYaml('fault-kube-version', 'apiVersion: v2\nkubeVersion: ">=9"\n') },
  { name: 'fault-kube-version-range', files: chartYaml('fault-kube-version-range', 'apiVersion: v2\nkubeVersion: "no range"\n') },
  { name: 'fault-dependencies', files: chartYaml('fault-dependencies', 'apiVersion: v2\ndependencies: [{name: one, version: "1", repository: ""}, {name: two, version: "2"}]\n') },
  { name: 'fault-dependency-twice', files: chartYaml('fault-dependency-twice', 'apiVersion: v2\ndependencies: [{name: one, version: "1"}, {name: one, version: "2"}]\n') },
  { name: 'fault-alias', files: chartYaml('fault-alias', 'apiVersion: v2\ndependencies: [{name: one, version: "1", alias: "a b"}]\n') },
  { name: 'fault-subchart', files: { 'charts/sub/values.yaml': 'a: 1' } },
  { name: 'fault-file-in-charts', files: { 'charts/README.md': 'words' } },
  { name: 'fault-packed-subchart', files: { 'charts/sub-1.tgz': chartTgz('sub', { 'Chart.yaml': 'name: sub\nversion: x.y\n' }) } },
  { name: 'fault-schema-violated', files: { 'values.schema.json': '{"properties": {"list": {"type": "string"}}}' } },
];
