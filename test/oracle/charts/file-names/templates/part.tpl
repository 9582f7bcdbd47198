# a part {{ .Values.x }}
