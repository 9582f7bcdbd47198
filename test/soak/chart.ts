import type { Act } from './course.ts';

const APP = `apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Release.Name }}"}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: "{{ .Release.Name }}"}}
  template:
    metadata: {labels: {app: "{{ .Release.Name }}"}, annotations: {version: "{{ .Chart.Version }}"}}
    spec: {containers: [{name: app, image: app, env: [{name: GREETING, value: "{{ .Values.greeting }}"}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: "{{ .Release.Name }}"}
spec: {selector: {app: "{{ .Release.Name }}"}, ports: [{port: 80}]}
`;

/** Never bound, so that a revision with it never becomes ready. */
const CLAIM = `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: "{{ .Release.Name }}"}
spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Mi}}}
`;

const HOOK = `{{- if .Values.hook }}
apiVersion: batch/v1
kind: Job
metadata: {name: "{{ .Release.Name }}-before", annotations: {helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-delete-policy: "before-hook-creation,hook-succeeded"}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: before, image: before}]}}}
{{- end }}
`;

/**
 * Half a MiB, as large charts have it. The operator keeps the charts that it pulled last, 64 MiB of them: so many pushes fill that in the
 * first minutes, and what is read behind them is an operator that lets one go for each that comes.
 */
const README = 'A line of a text that nobody reads, as most of what charts carry.\n'.repeat(8_000);

type ChartKind = Extract<Act, { readonly kind: 'push' }>['chart'];

const FAULTS: Readonly<Record<ChartKind, Readonly<Record<string, string>>>> = {
  good: {},
  stuck: { 'templates/claim.yaml': CLAIM },
  broken: { 'templates/fail.yaml': '{{ fail "on purpose" }}' },
};

/** Files of the soak's chart: a ConfigMap, a Deployment, a Service, with the value `hook` a Job before them; and much to read. */
export const filesOf = (kind: ChartKind): Readonly<Record<string, string>> => ({
  'README.md': README,
  'values.yaml': 'greeting: hello\nreplicas: 0\nhook: false\n',
  'templates/app.yaml': APP,
  'templates/hook.yaml': HOOK,
  ...FAULTS[kind],
});
