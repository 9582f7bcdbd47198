package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

func TestSchemasOfChartAndSubchartAreHeld(t *testing.T) {
	req, bytes := asked(testChart(t, "schema"), "replicas: many\ninner: {size: huge}")
	got := send(t, newTestServer(t), req, bytes)
	want := "values don't meet the specifications of the schema(s) in the following chart(s):\n" +
		"schema:\n- at '/replicas': got string, want integer\n" +
		"inner:\n- at '/size': value must be one of 'small', 'large'\n"
	if got.Code != "ValuesInvalid" || got.Message != want {
		t.Errorf("got %s: %q, want %q", got.Code, got.Message, want)
	}
	req.SkipSchemaValidation = true
	if got := send(t, newTestServer(t), req, bytes); got.Kind != "rendered" {
		t.Errorf("with validation skipped: %s %s", got.Kind, got.Message)
	}
	if got := render(t, testChart(t, "schema"), "replicas: 5"); data(t, got.object(t, "ConfigMap", "replicas"))["replicas"] != "5" {
		t.Error("good values were changed")
	}
}

func TestNoReferenceLeavesTheDocument(t *testing.T) {
	var hits atomic.Int32
	trap := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		hits.Add(1)
		_, _ = w.Write([]byte(`{"const": "canary"}`))
	}))
	defer trap.Close()
	canary := filepath.Join(t.TempDir(), "canary.json")
	if err := os.WriteFile(canary, []byte(`{"const": "canary"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	schemas := map[string]string{
		"$ref over http":           `{"$ref": "` + trap.URL + `/x.json"}`,
		"$ref over https":          `{"$ref": "https://127.0.0.1:1/x.json"}`,
		"$ref to a file":           `{"$ref": "file://` + canary + `"}`,
		"$ref beside the document": `{"properties": {"a": {"$ref": "other.json"}}}`,
		"$ref relative to $id":     `{"$id": "` + trap.URL + `/a.json", "properties": {"a": {"$ref": "b.json"}}}`,
		"$ref to a urn":            `{"$ref": "urn:example:x"}`,
		"$schema over http":        `{"$schema": "` + trap.URL + `/draft.json"}`,
		"$schema of a part":        `{"$defs": {"a": {"$id": "http://x.example.com/a", "$schema": "` + trap.URL + `/draft.json"}}, "$ref": "#/$defs/a"}`,
		"$dynamicRef over http":    `{"$schema": "https://json-schema.org/draft/2020-12/schema", "$dynamicRef": "` + trap.URL + `/x.json#a"}`,
		"a path in a draft":        `{"$ref": "http://json-schema.org/../x"}`,
		"an unknown draft":         `{"$schema": "http://json-schema.org/draft-99/schema#"}`,
	}
	charts := map[string]string{"the chart": "values.schema.json", "a subchart": "charts/sub/values.schema.json", "one below": "charts/sub/charts/deep/values.schema.json"}
	for name, schema := range schemas {
		for place, file := range charts {
			t.Run(name+" in "+place, func(t *testing.T) {
				files := minimal("").
					with("charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 0.1.0\n").
					with("charts/sub/charts/deep/Chart.yaml", "apiVersion: v2\nname: deep\nversion: 0.1.0\n").
					with(file, schema)
				req, bytes := asked(files, `{"a": 1}`)
				got := send(t, newTestServer(t), req, bytes)
				if got.Code != "SchemaRefused" || strings.Contains(got.Message, "'canary'") {
					t.Errorf("got %s %s: %s", got.Kind, got.Code, got.Message)
				}
			})
		}
	}
	if hits.Load() != 0 {
		t.Errorf("the engine went to the network %d times", hits.Load())
	}
}

func TestASchemaThatIsNoneIsTheChartsFault(t *testing.T) {
	for name, schema := range map[string]string{
		"empty":            "",
		"not JSON":         "type: object",
		"not a schema":     `{"type": "nothing"}`,
		"a broken pointer": `{"$ref": "#/definitions/gone"}`,
		"a broken pattern": `{"pattern": "("}`,
	} {
		t.Run(name, func(t *testing.T) {
			req, bytes := asked(minimal("").with("values.schema.json", schema))
			if got := send(t, newTestServer(t), req, bytes); got.Code != "ChartInvalid" {
				t.Errorf("got %s %s: %s", got.Kind, got.Code, got.Message)
			}
		})
	}
}
