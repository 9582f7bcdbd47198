{{- define "include.twice" }}second{{ end }}
