/** Never bound, so never ready: nobody has to play a pod for that. */
const CLAIM = `{{- if .Values.claim }}
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: "{{ .Release.Name }}"}
spec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Mi}}}
{{- end }}
`;

/** Files of a chart whose releases never become ready, but with the value `claim: false`. */
export const STUCK = { 'templates/claim.yaml': CLAIM, 'values.yaml': 'greeting: hello\nclaim: true\n' };
