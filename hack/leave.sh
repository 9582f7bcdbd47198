#!/bin/sh
# Leaves Tagalong, with kubectl alone: no workload is touched. The operator is stopped, then every ChartRelease is suspended and loses our
# finalizer. From then on ChartReleases, their CustomResourceDefinition and the operator can be deleted, and nothing is uninstalled; what
# ran are ordinary releases of helm. The ChartReleases stay: with an operator again, and `spec.suspend` false, all goes on as before.
#
#   hack/leave.sh [--namespace NAMESPACE] [--operator-namespace NAMESPACE]
#
# --namespace leaves the ChartReleases of one namespace, and the operator as it is. KUBECTL is another kubectl than that on PATH.
set -eu

FINALIZER=finalizers.tagalong.dev/release
KUBECTL=${KUBECTL:-kubectl}
scope=--all-namespaces
operator=tagalong-system

while [ $# -gt 0 ]; do
  case $1 in
    --namespace) scope="--namespace=$2" operator='' && shift 2 ;;
    --operator-namespace) operator=$2 && shift 2 ;;
    *) sed -n 's/^# \{0,1\}//; 2,8p' "$0" >&2 && exit 2 ;;
  esac
done

if [ -n "$operator" ] && $KUBECTL --namespace "$operator" get deployment tagalong-operator >/dev/null 2>&1; then
  $KUBECTL --namespace "$operator" scale deployment tagalong-operator --replicas=0
  $KUBECTL --namespace "$operator" wait pods --selector=app.kubernetes.io/name=tagalong --for=delete --timeout=2m
fi

# A line each: namespace, name, resourceVersion, and the finalizers of others as JSON.
list='{{ range .items }}{{ .metadata.namespace }} {{ .metadata.name }} {{ .metadata.resourceVersion }} {{ range .metadata.finalizers }}{{ if ne . "'$FINALIZER'" }}"{{ . }}",{{ end }}{{ end }}{{ "\n" }}{{ end }}'
releases=$($KUBECTL get chartreleases.tagalong.dev "$scope" --output go-template="$list")
echo "$releases" | while read -r namespace name version others; do
  [ -n "$namespace" ] || continue
  # In one write: whoever sees the one sees the other. It fails where somebody has changed the ChartRelease meanwhile.
  patch="{\"metadata\":{\"resourceVersion\":\"$version\",\"finalizers\":[${others%,}]},\"spec\":{\"suspend\":true}}"
  $KUBECTL --namespace "$namespace" patch chartreleases.tagalong.dev "$name" --type=merge --patch "$patch"
done

# A revision that was under way stays so: helm takes it for somebody's work, and says that another operation is in progress.
for status in pending-install pending-upgrade pending-rollback; do
  $KUBECTL get secrets "$scope" --selector="owner=helm,status=$status" \
    --output go-template='{{ range .items }}{{ .metadata.namespace }} {{ .metadata.labels.name }} {{ .metadata.labels.version }}{{ "\n" }}{{ end }}'
done | while read -r namespace name revision; do
  echo "Helm release $namespace/$name has revision $revision under way: helm rollback (or helm uninstall) $name --namespace $namespace ends that"
done
