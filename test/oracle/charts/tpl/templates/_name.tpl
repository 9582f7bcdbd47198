{{- define "tpl.name" -}}{{ .Chart.Name }}-{{ .Template.Name | base }}{{- end -}}
