package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestDocumentsBecomeObjects(t *testing.T) {
	got := render(t, testChart(t, "documents"))
	want := []string{
		"ConfigMap/from-json", "ConfigMap/first", "ClusterRole/second", "Pod/numbers",
		"AllowList/not-a-list", "Alpha/fourth", "Secret/in-list", "ConfigMap/inner", "Zeta/third",
	}
	if !reflect.DeepEqual(got.kinds(), want) {
		t.Errorf("objects are\n%v, want\n%v", got.kinds(), want)
	}
	inner := got.object(t, "ConfigMap", "inner")
	if inner["apiVersion"] != "v1" || inner["kind"] != "ConfigMap" {
		t.Errorf("an element of a ConfigMapList is %v", inner)
	}
	if less := data(t, got.object(t, "ConfigMap", "from-json"))["less"]; less != "<&>" {
		t.Errorf("text came back as %v", less)
	}
}

func TestNumbersAreReadAsKubernetesDoes(t *testing.T) {
	req, bytes := asked(testChart(t, "documents"))
	req.Labels = map[string]string{"rewritten": "yes"}
	spec := send(t, newTestServer(t), req, bytes).object(t, "Pod", "numbers")["spec"].(map[string]any)
	for key, want := range map[string]any{
		"big":      json.Number("9007199254740993"),
		"unsigned": json.Number("18446744073709551615"),
		"fraction": json.Number("0.1"),
		"octal":    json.Number("420"),
		"words":    []any{true, "no", false},
	} {
		if !reflect.DeepEqual(spec[key], want) {
			t.Errorf("%s is %v, want %v", key, spec[key], want)
		}
	}
	mode := spec["volumes"].([]any)[0].(map[string]any)["configMap"].(map[string]any)["defaultMode"]
	if mode != json.Number("420") {
		t.Errorf("defaultMode is %v", mode)
	}
}

// Helm applies what it reads in the joined manifest, and a hook by itself.
func TestATextAtADocumentsEndIsReadWhereHelmReadsIt(t *testing.T) {
	document := "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n%sdata:\n  text: |%s\n    last line%s"
	hook := "  annotations: {helm.sh/hook: pre-install}\n"
	for name, test := range map[string]struct{ extra, chomping, end, want string }{
		"object without a newline":  {"", "", "", "last line\n"},
		"object that keeps its end": {"", "+", "\n", "last line\n\n"},
		"hook without a newline":    {hook, "", "", "last line"},
		"hook that keeps its end":   {hook, "+", "\n", "last line\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got := render(t, minimal(fmt.Sprintf(document, test.extra, test.chomping, test.end)))
			at := span{}
			for _, one := range got.Objects {
				at = one.JSON
			}
			for _, one := range got.Hooks {
				at = one.JSON
			}
			if text := data(t, got.json(t, at))["text"]; text != test.want {
				t.Errorf("text is %q, want %q", text, test.want)
			}
		})
	}
}

func TestReadsAStoredManifestInItsOwnOrder(t *testing.T) {
	rendered := render(t, testChart(t, "documents"))
	manifest := "\n" + rendered.at(rendered.Manifest) + "---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: last\n"
	req := &request{ID: 9, Op: "read", Manifest: span{3, len(manifest)}, Annotations: map[string]string{"new": "one"}}
	got := send(t, newTestServer(t), req, []byte("..."+manifest+"..."))
	if want := append(rendered.kinds(), "Namespace/last"); got.Kind != "read" || !reflect.DeepEqual(got.kinds(), want) {
		t.Fatalf("got %s %s, want %v", got.Kind, got.kinds(), want)
	}
	for i, one := range rendered.Objects {
		if got.Objects[i].Source != one.Source {
			t.Errorf("source is %q, want %q", got.Objects[i].Source, one.Source)
		}
		if annotations := got.json(t, got.Objects[i].JSON)["metadata"].(map[string]any)["annotations"].(map[string]any); annotations["new"] != "one" {
			t.Errorf("annotations are %v", annotations)
		}
	}
	if last := got.Objects[len(got.Objects)-1]; last.Source != "" {
		t.Errorf("source of a document without one is %q", last.Source)
	}
}

func TestReadRefusesWhatItCannotRead(t *testing.T) {
	for name, test := range map[string]struct {
		manifest string
		at       span
		code     string
		template string
		line     int
	}{
		"broken YAML":             {"---\n# Source: a/templates/b.yaml\na: [\n", span{0, 37}, "ManifestInvalid", "a/templates/b.yaml", 2},
		"a span past the end":     {"---\n", span{0, 5}, "Internal", "", 0},
		"a span before the start": {"---\n", span{-1, 2}, "Internal", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := send(t, newTestServer(t), &request{Op: "read", Manifest: test.at}, []byte(test.manifest))
			if got.Kind != "failed" || got.Code != test.code || got.Template != test.template || got.Line != test.line {
				t.Errorf("got %s %q in %q line %d: %s", got.Kind, got.Code, got.Template, got.Line, got.Message)
			}
		})
	}
}

func TestObjectsThatNoServerCouldTakeAreRefused(t *testing.T) {
	for name, test := range map[string]struct{ template, message string }{
		"no name":              {"apiVersion: v1\nkind: ConfigMap\n", "a ConfigMap of apiVersion \"v1\" has no metadata.name"},
		"no kind":              {"apiVersion: v1\nmetadata: {name: a}", "has no kind"},
		"no apiVersion":        {"kind: ConfigMap\nmetadata: {name: a}", "ConfigMap \"a\" has no apiVersion"},
		"an empty map":         {"{}", "has no apiVersion"},
		"a name of digits":     {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 123}", "metadata.name is not a string"},
		"labels as a list":     {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: [b]}", "metadata.labels is not a map"},
		"metadata as text":     {"apiVersion: v1\nkind: ConfigMap\nmetadata: text", "YAML parse error on hello/templates/x.yaml"},
		"a document of text":   {"just words", "YAML parse error on hello/templates/x.yaml"},
		"an element of text":   {"apiVersion: v1\nkind: List\nitems: [text]", "element 0 of its list"},
		"an element of a List": {"apiVersion: v1\nkind: List\nitems: [{metadata: {name: a}}]", "has no apiVersion"},
		"a number too large":   {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nx: .inf", "unsupported value"},
		"lists without end":    {strings.Repeat("{apiVersion: v1, kind: List, items: [", 20) + strings.Repeat("]}", 20), "more than 8 deep"},
	} {
		t.Run(name, func(t *testing.T) {
			req, bytes := asked(minimal(test.template))
			req.Labels = map[string]string{"new": "label"}
			got := send(t, newTestServer(t), req, bytes)
			if got.Code != "ManifestInvalid" || got.Template != "hello/templates/x.yaml" || !strings.Contains(got.Message, test.message) {
				t.Errorf("got %s in %q: %s", got.Code, got.Template, got.Message)
			}
		})
	}
}
