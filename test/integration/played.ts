/**
 * A Deployment named after its release, whose pods kwok plays (test/lab/kwok.yaml): ready, or as `play` says, which may be a template. Its image is of
 * the version.
 */
export const playedDeployment = (version: string, play: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Release.Name }}"}
spec:
  selector: {matchLabels: {app: "{{ .Release.Name }}"}}
  template:
    metadata: {labels: {app: "{{ .Release.Name }}"}, annotations: {lab.tagalong.dev/play: "${play}"}}
    spec: {containers: [{name: web, image: "registry.invalid/web:${version}"}]}
`;

/** A hook that is a Job, whose pod kwok plays: it succeeds, or does as `play` says. More of them may stand in one file. */
export const playedHook = (name: string, events: string, play = ''): string => `---
apiVersion: batch/v1
kind: Job
metadata: {name: "${name}", annotations: {helm.sh/hook: "${events}"}}
spec:
  backoffLimit: 0
  template:
    metadata: {annotations: {lab.tagalong.dev/play: "${play}"}}
    spec: {restartPolicy: Never, containers: [{name: main, image: registry.invalid/main}]}
`;
