package main

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// Rendering edits a chart that has dependencies, so each of these would be
// wrong, without any error, had the engine kept the chart of an earlier render.
func TestDependenciesFollowTheValuesOfEachRender(t *testing.T) {
	files := testChart(t, "family")
	renders := []struct {
		name, values string
		configMaps   []string
		exported     string
	}{
		{"all on", "", []string{"child", "parent", "tagged", "twin"}, "by the child"},
		{"child off", "child: {enabled: false}", []string{"parent", "tagged", "twin"}, "nothing"},
		{"all on again", "{}", []string{"child", "parent", "tagged", "twin"}, "by the child"},
		{"tag off", "tags: {optional: false}", []string{"child", "parent", "twin"}, "by the child"},
		{"twin off", "twin: {enabled: false}", []string{"child", "parent", "tagged"}, "by the child"},
		{"values over imported ones", "exported: by the user", []string{"child", "parent", "tagged", "twin"}, "by the user"},
	}
	for _, backwards := range []bool{false, true} {
		engine := newTestServer(t)
		if backwards {
			slices.Reverse(renders)
		}
		for i, one := range renders {
			req, bytes := asked(files, one.values)
			if i > 0 {
				req.Chart.Files, bytes = nil, nil
			}
			got := send(t, engine, req, bytes)
			if got.Kind != "rendered" {
				t.Fatalf("%s: %s", one.name, got.Message)
			}
			var names []string
			for _, object := range got.Objects {
				names = append(names, object.Name)
			}
			slices.Sort(names)
			if !reflect.DeepEqual(names, one.configMaps) {
				t.Errorf("%s: objects are %v, want %v", one.name, names, one.configMaps)
			}
			if exported := data(t, got.object(t, "ConfigMap", "parent"))["exported"]; exported != one.exported {
				t.Errorf("%s: exported is %v, want %q", one.name, exported, one.exported)
			}
		}
	}
}

func TestSubchartsKeepTheirPlace(t *testing.T) {
	got := render(t, testChart(t, "family"))
	parent := data(t, got.object(t, "ConfigMap", "parent"))
	if want := (map[string]any{"exported": "by the child", "imported": `{"level":2,"own":"parent"}`, "subcharts": "child,tagged,tools,twin", "tool": "hammer"}); !reflect.DeepEqual(parent, want) {
		t.Errorf("parent sees %v", parent)
	}
	twin := data(t, got.object(t, "ConfigMap", "twin"))
	if want := (map[string]any{"word": "default", "region": "north", "template": "family/charts/twin/templates/child.yaml"}); !reflect.DeepEqual(twin, want) {
		t.Errorf("twin sees %v", twin)
	}
	if got.Notes != "parent of child and tagged and tools and twin\n" {
		t.Errorf("notes are %q", got.Notes)
	}
	if len(got.CRDs) != 1 || got.CRDs[0].Source != "family/charts/tagged/crds/tag.yaml" {
		t.Errorf("CRDs are %+v", got.CRDs)
	}
}

func TestChartsAreAskedForAndLetGo(t *testing.T) {
	engine := newTestServer(t)
	engine.charts.maxBytes = 2000
	one, two := minimal("#"+strings.Repeat(" ", 900)), minimal("#"+strings.Repeat(" ", 900))
	two["Chart.yaml"] += "description: two\n"
	steps := []struct {
		files chartFiles
		send  bool
		want  string
	}{
		{one, false, "chartNeeded"},
		{one, true, "rendered"},
		{one, false, "rendered"},
		{two, true, "rendered"},
		{one, false, "rendered"},
		{two.with("Chart.yaml", two["Chart.yaml"]+"# three"), true, "rendered"},
		{two, false, "chartNeeded"},
		{one, false, "rendered"},
		{one.with("README.md", strings.Repeat(" ", 5000)), true, "rendered"},
		{one, false, "chartNeeded"},
	}
	for i, step := range steps {
		req, bytes := asked(step.files)
		if !step.send {
			req.Chart.Files, bytes = nil, nil
		}
		if got := send(t, engine, req, bytes); got.Kind != step.want {
			t.Errorf("step %d: got %s, want %s (%s)", i, got.Kind, step.want, got.Message)
		}
	}
}
