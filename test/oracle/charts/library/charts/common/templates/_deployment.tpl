{{- define "common.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  template:
    spec:
      containers:
        - image: {{ printf "%s/%s:%s" (default "none" .Values.image.registry) .Values.image.name .Values.image.tag }}
          imagePullPolicy: {{ .Values.image.pull | default "IfNotPresent" }}
{{- end -}}
