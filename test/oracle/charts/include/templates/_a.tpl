{{- define "include.labels" }}
app: {{ .Chart.Name }}
{{- with .Values.extra }}
extra: {{ . }}
{{- end }}
{{- end }}
{{- define "shared" }}of the parent{{ end }}
{{- define "include.count" -}}
{{- if gt (int .n) 0 }}{{ .n }},{{ include "include.count" (dict "n" (sub .n 1)) }}{{ end -}}
{{- end }}
