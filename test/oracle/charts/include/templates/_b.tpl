{{- define "include.twice" }}first{{ end }}
