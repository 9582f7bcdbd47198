{{- define "bell" -}}
{{ tpl "{{ lookup \"v1\" \"Pod\" .Release.Namespace \"a\" | toJson }}" . }}
{{- end }}
