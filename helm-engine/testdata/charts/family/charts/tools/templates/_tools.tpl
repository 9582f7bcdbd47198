{{- define "tools.word" -}}hammer{{- end }}
