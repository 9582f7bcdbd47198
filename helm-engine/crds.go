package main

import (
	"encoding/json"
	"slices"

	chart "helm.sh/helm/v4/pkg/chart/v2"
)

// readCRDs are the objects of the crds/ directories of the chart and of those
// of its subcharts that are on. They get no marks: a CRD belongs to no release.
func (h *heldChart) readCRDs(c *chart.Chart) ([]object, error) {
	var all []object
	for _, file := range c.CRDObjects() {
		objects, err := h.readCRDFile(file)
		if err != nil {
			return nil, err
		}
		for _, one := range objects {
			one.Source = file.Filename
			all = append(all, one)
		}
	}
	return all, nil
}

// readCRDFile reads a file once for as long as it is held: CRDs are the largest
// YAML that charts carry, and never templates.
func (h *heldChart) readCRDFile(file chart.CRD) ([]object, error) {
	if len(file.File.Data) == 0 {
		return nil, nil
	}
	key := &file.File.Data[0]
	if known, ok := h.crds[key]; ok {
		return known, nil
	}
	objects := []object{}
	for _, text := range splitDocuments(string(file.File.Data)) {
		read, err := readDocument(file.Filename, text, "")
		if err != nil {
			return nil, manifestError(file.Filename, fail(manifestInvalid, "cannot read %s: %v", file.Filename, err))
		}
		more, err := objectsOf(file.Filename, read.json, marks{})
		if err != nil {
			return nil, err
		}
		objects = append(objects, more...)
	}
	h.crds[key] = objects
	return objects, nil
}

// crdSpec is what both versions of CustomResourceDefinition say of what they serve.
type crdSpec struct {
	Spec struct {
		Group string `json:"group"`
		Names struct {
			Kind string `json:"kind"`
		} `json:"names"`
		Version  string `json:"version"`
		Versions []struct {
			Name   string `json:"name"`
			Served bool   `json:"served"`
		} `json:"versions"`
	} `json:"spec"`
}

// addServed appends group/version and group/version/Kind of what the CRDs will
// serve: they are installed before anything is rendered against a cluster.
func addServed(apiVersions []string, crds []object) []string {
	all := slices.Clone(apiVersions)
	add := func(name string) {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	for _, one := range crds {
		var crd crdSpec
		if one.Kind != "CustomResourceDefinition" || json.Unmarshal(one.json, &crd) != nil {
			continue
		}
		var versions []string
		if crd.Spec.Version != "" && len(crd.Spec.Versions) == 0 {
			versions = append(versions, crd.Spec.Version)
		}
		for _, version := range crd.Spec.Versions {
			if version.Served {
				versions = append(versions, version.Name)
			}
		}
		for _, version := range versions {
			add(crd.Spec.Group + "/" + version)
			add(crd.Spec.Group + "/" + version + "/" + crd.Spec.Names.Kind)
		}
	}
	return all
}
