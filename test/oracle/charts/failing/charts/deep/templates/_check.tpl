{{- define "deep.check" -}}
{{- if .Values.broken }}{{ .Values.a.b.c }}{{ end }}
{{- end }}
