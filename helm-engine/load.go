package main

import (
	"encoding/json"
	"path"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"sigs.k8s.io/yaml"
)

// readFiles cuts the attachment into the chart's files. Names are checked here
// once more although the operator did, because they decide what a file means.
func readFiles(inputs []fileInput, bytesOfAll []byte) ([]*archive.BufferedFile, error) {
	files := make([]*archive.BufferedFile, 0, len(inputs))
	seen := make(map[string]bool, len(inputs))
	rest := bytesOfAll
	for _, input := range inputs {
		if input.Size < 0 || input.Size > len(rest) {
			return nil, fail(internal, "cannot read chart file %q: it has %d bytes and %d are left of the attachment", input.Name, input.Size, len(rest))
		}
		if !isPlainPath(input.Name) {
			return nil, fail(chartInvalid, "cannot load the chart: file name %q is not a plain relative path", input.Name)
		}
		if seen[input.Name] {
			return nil, fail(chartInvalid, "cannot load the chart: file %q is there twice", input.Name)
		}
		if isPackedSubchart(input.Name) {
			return nil, fail(chartInvalid, "cannot load the chart: %q is a packed subchart, send its files", input.Name)
		}
		seen[input.Name] = true
		files = append(files, &archive.BufferedFile{Name: input.Name, Data: rest[:input.Size:input.Size]})
		rest = rest[input.Size:]
	}
	if len(rest) > 0 {
		return nil, fail(internal, "cannot read the chart: %d bytes of the attachment belong to no file", len(rest))
	}
	return files, nil
}

func isPlainPath(name string) bool {
	return name != "" && name != "." && !strings.ContainsAny(name, "\\\x00") &&
		!path.IsAbs(name) && path.Clean(name) == name && !strings.HasPrefix(name, "..")
}

// isPackedSubchart claims that Helm would unpack this file by itself. It would
// do so with its own archive reader, past the operator's checks and totals.
func isPackedSubchart(name string) bool {
	for {
		inside, ok := strings.CutPrefix(name, "charts/")
		if !ok {
			return false
		}
		subchart, rest, _ := strings.Cut(inside, "/")
		if path.Ext(subchart) == ".tgz" && !strings.HasPrefix(subchart, "_") && !strings.HasPrefix(subchart, ".") {
			return true
		}
		name = rest
	}
}

// load makes Helm's chart of the held files, checked as far as that can be done
// without values. What it returns may be edited by rendering only if it has
// dependencies.
func (h *heldChart) load(with overrides) (*chart.Chart, error) {
	if h.loaded != nil && h.overrides == with {
		return h.loaded, nil
	}
	files, err := override(h.files, with)
	if err != nil {
		return nil, err
	}
	loaded, err := loader.LoadFiles(files)
	if err != nil {
		return nil, fail(chartInvalid, "cannot load the chart: %v", err)
	}
	if err := checkAPIVersions(loaded); err != nil {
		return nil, err
	}
	if err := checkInstallable(loaded); err != nil {
		return nil, err
	}
	orderDependencies(loaded)
	if len(loaded.Dependencies()) == 0 && len(loaded.Metadata.Dependencies) == 0 {
		h.loaded, h.overrides = loaded, with
	}
	return loaded, nil
}

// checkAPIVersions refuses what Helm's loader takes silently for a v2 chart.
func checkAPIVersions(c *chart.Chart) error {
	switch c.Metadata.APIVersion {
	case chart.APIVersionV1, chart.APIVersionV2:
	default:
		return fail(chartInvalid, "cannot load chart %q: its apiVersion is %q, only v1 and v2 are known", c.ChartPath(), c.Metadata.APIVersion)
	}
	for _, dependency := range c.Dependencies() {
		if err := checkAPIVersions(dependency); err != nil {
			return err
		}
	}
	return nil
}

// checkInstallable holds the chart to what `helm install` asks of it.
func checkInstallable(c *chart.Chart) error {
	if kind := c.Metadata.Type; kind != "" && kind != "application" {
		return fail(chartInvalid, "cannot install chart %q: %s charts are not installable", c.Name(), kind)
	}
	var missing []string
	for _, wanted := range c.Metadata.Dependencies {
		found := slices.ContainsFunc(c.Dependencies(), func(d *chart.Chart) bool { return d.Name() == wanted.Name })
		if !found {
			missing = append(missing, wanted.Name)
		}
	}
	if len(missing) > 0 {
		return fail(chartInvalid, "cannot install chart %q: its Chart.yaml names dependencies that are not in charts/: %s", c.Name(), strings.Join(missing, ", "))
	}
	return nil
}

// orderDependencies makes rendering repeatable: Helm's loader lists the
// directories of charts/ in the random order of a map.
func orderDependencies(c *chart.Chart) {
	dependencies := slices.Clone(c.Dependencies())
	slices.SortFunc(dependencies, func(a, b *chart.Chart) int {
		if order := strings.Compare(a.Name(), b.Name()); order != 0 {
			return order
		}
		return strings.Compare(a.Metadata.Version, b.Metadata.Version)
	})
	c.SetDependencies(dependencies...)
	for _, dependency := range dependencies {
		orderDependencies(dependency)
	}
}

// override writes what was sent beside the chart into its Chart.yaml, or makes
// one, because Helm's loader refuses a chart before it could be completed.
func override(files []*archive.BufferedFile, with overrides) ([]*archive.BufferedFile, error) {
	if with == (overrides{}) {
		return files, nil
	}
	metadata := map[string]any{}
	rest := make([]*archive.BufferedFile, 0, len(files)+1)
	for _, file := range files {
		if file.Name != "Chart.yaml" {
			rest = append(rest, file)
			continue
		}
		if err := yaml.Unmarshal(file.Data, &metadata, useNumber); err != nil {
			return nil, fail(chartInvalid, "cannot load the chart: cannot load Chart.yaml: %v", err)
		}
	}
	if metadata == nil {
		metadata = map[string]any{}
	}
	for key, value := range map[string]string{"name": with.Name, "version": with.Version, "apiVersion": with.APIVersion} {
		if value != "" {
			metadata[key] = value
		}
	}
	// JSON is YAML, and keeps a version that looks like a number a string.
	text, err := json.Marshal(metadata)
	if err != nil {
		return nil, fail(chartInvalid, "cannot load the chart: cannot rewrite Chart.yaml: %v", err)
	}
	return append(rest, &archive.BufferedFile{Name: "Chart.yaml", Data: text}), nil
}

func useNumber(d *json.Decoder) *json.Decoder {
	d.UseNumber()
	return d
}
