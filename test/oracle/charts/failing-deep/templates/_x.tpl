{{- define "first" }}{{ include "second" . }}{{ end }}
{{- define "second" }}
{{ tpl .Values.template . }}{{ end }}
{{- define "third" }}{{ index (list 1 2) (int .Values.index) }}{{ fail (printf "index was %v" .Values.index) }}{{ end }}
