package main

import (
	"strings"
	"testing"
)

func TestFailuresSayWhoseTheyAre(t *testing.T) {
	object := "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n"
	metadata := func(text string) chartFiles { return minimal(object).with("Chart.yaml", text) }
	for name, test := range map[string]struct {
		files    chartFiles
		values   string
		code     string
		message  string
		template string
		line     int
	}{
		"no Chart.yaml":           {chartFiles{"values.yaml": "{}"}, "", "ChartInvalid", "Chart.yaml file is missing", "", 0},
		"a broken Chart.yaml":     {metadata("name: [\n"), "", "ChartInvalid", "cannot load Chart.yaml", "", 0},
		"no version":              {metadata("name: hello\n"), "", "ChartInvalid", "chart.metadata.version is required", "", 0},
		"apiVersion v3":           {metadata("apiVersion: v3\nname: hello\nversion: 0.1.0\n"), "", "ChartInvalid", `chart "hello": its apiVersion is "v3"`, "", 0},
		"apiVersion v3 below":     {minimal(object).with("charts/sub/Chart.yaml", "apiVersion: v3\nname: sub\nversion: 0.1.0\n"), "", "ChartInvalid", `chart "hello.sub": its apiVersion is "v3"`, "", 0},
		"a library":               {metadata("apiVersion: v2\nname: hello\nversion: 0.1.0\ntype: library\n"), "", "ChartInvalid", "library charts are not installable", "", 0},
		"a missing dependency":    {metadata("apiVersion: v2\nname: hello\nversion: 0.1.0\ndependencies: [{name: gone, version: 1.0.0}]\n"), "", "ChartInvalid", "not in charts/: gone", "", 0},
		"a packed subchart":       {minimal(object).with("charts/sub-0.1.0.tgz", "bytes"), "", "ChartInvalid", `"charts/sub-0.1.0.tgz" is a packed subchart`, "", 0},
		"a packed one below":      {minimal(object).with("charts/sub/charts/deep.tgz", "bytes"), "", "ChartInvalid", "is a packed subchart", "", 0},
		"a name that leaves":      {minimal(object).with("templates/../../x.yaml", "a: 1"), "", "ChartInvalid", "is not a plain relative path", "", 0},
		"an absolute name":        {minimal(object).with("/etc/x.yaml", "a: 1"), "", "ChartInvalid", "is not a plain relative path", "", 0},
		"broken default values":   {minimal(object).with("values.yaml", "a: [\n"), "", "ChartInvalid", "cannot load values.yaml", "", 0},
		"broken values":           {minimal(object), "a: [", "ValuesInvalid", "cannot read values document 1 of 1", "", 0},
		"values that are a list":  {minimal(object), "[1, 2]", "ValuesInvalid", "cannot read values document 1 of 1", "", 0},
		"a template cut short":    {minimal("a: 1\n{{ if }}"), "", "TemplateFailed", "parse error at (hello/templates/x.yaml:2): missing value for if", "hello/templates/x.yaml", 2},
		"a template that fails":   {minimal("a: 1\n\n{{ fail \"no luck\" }}"), "", "TemplateFailed", "execution error at (hello/templates/x.yaml:3:3): no luck", "hello/templates/x.yaml", 3},
		"a value that is needed":  {minimal("a: {{ required \"say a\" .Values.a }}"), "", "TemplateFailed", "execution error at (hello/templates/x.yaml:1:6): say a", "hello/templates/x.yaml", 1},
		"a nil on the way":        {minimal("a: 1\nb: {{ .Values.a.b }}"), "", "TemplateFailed", "nil pointer evaluating interface {}.b", "hello/templates/x.yaml", 2},
		"an include that is gone": {minimal("a: {{ include \"gone\" . }}"), "", "TemplateFailed", "no template \"gone\"", "hello/templates/x.yaml", 1},
		"broken YAML":             {minimal("a: 1\nb: 2\nc: [\n"), "", "ManifestInvalid", "YAML parse error on hello/templates/x.yaml: error converting YAML to JSON: yaml: line 3:", "hello/templates/x.yaml", 3},
		"a broken CRD":            {minimal(object).with("crds/x.yaml", "a: 1\nb: [\n"), "", "ManifestInvalid", "cannot read hello/crds/x.yaml", "hello/crds/x.yaml", 2},
		"another Kubernetes":      {metadata("apiVersion: v2\nname: hello\nversion: 0.1.0\nkubeVersion: \"<1.30.0-0\"\n"), "", "KubeVersionUnsupported", "chart requires kubeVersion: <1.30.0-0 which is incompatible with Kubernetes v1.36.3", "", 0},
		"too much text":           {minimal("a: {{ repeat 21000000 \"x\" }}"), "", "TooLarge", "at most 20971520 are taken", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			req, bytes := asked(test.files, test.values)
			got := send(t, newTestServer(t), req, bytes)
			if got.Kind != "failed" || got.Code != test.code || got.Template != test.template || got.Line != test.line {
				t.Errorf("got %s %q in %q line %d", got.Kind, got.Code, got.Template, got.Line)
			}
			if !strings.Contains(got.Message, test.message) {
				t.Errorf("message is %q, want in it %q", got.Message, test.message)
			}
		})
	}
}

func TestAWrongRequestIsRefused(t *testing.T) {
	for name, change := range map[string]func(*request){
		"an unknown action":     func(r *request) { r.Release.Action = "rollback" },
		"no Kubernetes version": func(r *request) { r.Capabilities.KubeVersion = "" },
		"a file without bytes":  func(r *request) { r.Chart.Files[0].Size = 1 << 40 },
		"a file of minus one":   func(r *request) { r.Chart.Files[0].Size = -1 },
		"bytes without a file":  func(r *request) { r.Chart.Files = r.Chart.Files[:1] },
		"an unknown operation":  func(r *request) { r.Op = "sing" },
	} {
		t.Run(name, func(t *testing.T) {
			req, bytes := asked(testChart(t, "plain"))
			change(req)
			if got := send(t, newTestServer(t), req, bytes); got.Code != "Internal" {
				t.Errorf("got %s %s: %s", got.Kind, got.Code, got.Message)
			}
		})
	}
}

func TestAPanicIsAnAnswerAndTheEngineGoesOn(t *testing.T) {
	engine := newTestServer(t)
	req, bytes := asked(testChart(t, "plain"))
	engine.charts = nil
	if got := send(t, engine, req, bytes); got.Code != "Internal" || strings.Contains(got.Message, "goroutine") {
		t.Errorf("got %s %s: %s", got.Kind, got.Code, got.Message)
	}
	engine.charts = newChartCache(maxCachedBytes)
	if got := send(t, engine, req, bytes); got.Kind != "rendered" {
		t.Errorf("got %s: %s", got.Kind, got.Message)
	}
}

func TestALongMessageIsCut(t *testing.T) {
	got := failed(1, fail(templateFailed, "%s", strings.Repeat("ä", maxMessageSize)))
	if len(got.Message) > maxMessageSize+10 || !strings.HasSuffix(got.Message, "ä (cut)") {
		t.Errorf("message has %d bytes and ends in %q", len(got.Message), got.Message[len(got.Message)-10:])
	}
}
