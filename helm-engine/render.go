package main

import (
	"fmt"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	commonutil "helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
)

// rendering is everything that a render finds out, before it is put into a reply.
type rendering struct {
	chart     *chart.Chart
	config    map[string]any
	crds      []object
	notes     string
	manifests []document
	hooks     []hookDocument
}

// renderChart goes the way of Helm's install and upgrade up to the point where
// they would speak to a cluster, in their order, so that a chart with several
// faults fails on the same one.
func renderChart(held *heldChart, req *request, asked *lookups) (*rendering, error) {
	loaded, err := held.load(req.Chart.Overrides)
	if err != nil {
		return nil, err
	}
	made := &rendering{chart: loaded}
	if made.config, err = mergeValues(req.Values); err != nil {
		return nil, err
	}
	if err := chartutil.ProcessDependencies(loaded, made.config); err != nil {
		return nil, fail(valuesInvalid, "cannot combine the values with the chart's: %v", err)
	}
	if made.crds, err = held.readCRDs(loaded); err != nil {
		return nil, err
	}
	caps, err := newCapabilities(req.Capabilities, made.crds)
	if err != nil {
		return nil, err
	}
	values, err := valuesFor(held, loaded, made.config, req, caps)
	if err != nil {
		return nil, err
	}
	if err := checkKubeVersion(loaded, caps); err != nil {
		return nil, err
	}
	rendered, err := executeTemplates(loaded, values, asked)
	if err != nil {
		return nil, err
	}
	made.notes = takeNotes(loaded, rendered)
	made.manifests, made.hooks, err = sortDocuments(rendered)
	return made, err
}

// newCapabilities is the cluster as templates see it. The version of Helm is set
// here because Helm's own packages know it only from their linker flags.
func newCapabilities(asked capabilities, crds []object) (*common.Capabilities, error) {
	version, err := common.ParseKubeVersion(asked.KubeVersion)
	if err != nil {
		return nil, fail(internal, "cannot read kubeVersion %q: %v", asked.KubeVersion, err)
	}
	caps := common.DefaultCapabilities.Copy()
	caps.KubeVersion = *version
	caps.APIVersions = addServed(asked.APIVersions, crds)
	caps.HelmVersion.Version = helmVersion()
	return caps, nil
}

// valuesFor is what templates see as the dot.
func valuesFor(held *heldChart, c *chart.Chart, config map[string]any, req *request, caps *common.Capabilities) (common.Values, error) {
	release := common.ReleaseOptions{
		Name:      req.Release.Name,
		Namespace: req.Release.Namespace,
		Revision:  req.Release.Revision,
	}
	switch req.Release.Action {
	case "install":
		release.IsInstall = true
	case "upgrade":
		release.IsUpgrade = true
	default:
		return nil, fail(internal, "cannot render for action %q: it is neither install nor upgrade", req.Release.Action)
	}
	// Helm's schema check is skipped for our own, which follows no reference.
	top, err := commonutil.ToRenderValuesWithSchemaValidation(c, config, release, caps, true)
	if err != nil {
		return nil, fail(valuesInvalid, "cannot combine the values with the chart's: %v", err)
	}
	values, ok := top["Values"].(common.Values)
	if !ok {
		return nil, fail(internal, "cannot combine the values with the chart's: they came back as %T", top["Values"])
	}
	if req.SkipSchemaValidation {
		return top, nil
	}
	return top, held.checkSchemas(c, values.AsMap())
}

func checkKubeVersion(c *chart.Chart, caps *common.Capabilities) error {
	wanted := c.Metadata.KubeVersion
	if wanted == "" || chartutil.IsCompatibleRange(wanted, caps.KubeVersion.String()) {
		return nil
	}
	return fail(kubeVersionUnsupported, "chart requires kubeVersion: %s which is incompatible with Kubernetes %s", wanted, caps.KubeVersion.Version)
}

// manifestText is the text that Helm keeps in a release record.
func manifestText(manifests []document) string {
	var text strings.Builder
	for _, one := range manifests {
		fmt.Fprintf(&text, "---\n# Source: %s\n%s%s", one.source, one.text, afterDocument)
	}
	return text.String()
}
