package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	release "helm.sh/helm/v4/pkg/release/v1"
)

// oracle is the path of the stock helm command, whose output ours has to be.
func oracle(t testing.TB) string {
	t.Helper()
	helm := os.Getenv("HELM")
	if helm == "" {
		t.Skip("HELM is not set: give the path of a helm 4.3.1 command to compare with it")
	}
	return helm
}

// createdChart is the chart that `helm create` makes.
func createdChart(t testing.TB) string {
	t.Helper()
	dir, err := chartutil.Create("created", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// runOracle answers what helm prints, or what it complains of if it fails.
func runOracle(t *testing.T, args ...string) (string, error) {
	t.Helper()
	home := t.TempDir()
	command := exec.Command(oracle(t), args...)
	command.Env = []string{"HOME=" + home, "KUBECONFIG=" + filepath.Join(home, "none"), "HELM_NO_PLUGINS=1"}
	var problems strings.Builder
	command.Stderr = &problems
	output, err := command.Output()
	if err != nil {
		return problems.String(), err
	}
	return string(output), nil
}

// valuesFiles makes the arguments that give the values to helm.
func valuesFiles(t *testing.T, documents []string) []string {
	t.Helper()
	var args []string
	for _, document := range documents {
		file, err := os.CreateTemp(t.TempDir(), "values-*.yaml")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteString(document); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		args = append(args, "-f", file.Name())
	}
	return args
}

// oracleCases are charts and values; each is rendered twice in one engine, with
// all the others in between.
func oracleCases(t *testing.T) []oracleCase {
	charts := func(name string) string { return filepath.Join("testdata", "charts", name) }
	created := createdChart(t)
	return []oracleCase{
		{"plain", charts("plain"), nil},
		{"plain with values", charts("plain"), []string{"replicas: 1000000\nextra: {dropped: null, big: 9007199254740993}", `{"labels":{"a":"b"},"greeting":"{{ .Values.port }}"}`}},
		{"documents", charts("documents"), nil},
		{"hooks", charts("hooks"), nil},
		{"family", charts("family"), nil},
		{"family without the child", charts("family"), []string{"child: {enabled: false}"}},
		{"family without the twin", charts("family"), []string{"twin: {enabled: false}\nchild: {word: null, inner: {deep: {level: 3}}}"}},
		{"family without the tagged", charts("family"), []string{"tags: {optional: false}\nglobal: {region: null}"}},
		{"lookup", charts("lookup"), nil},
		{"schema", charts("schema"), []string{"replicas: 3"}},
		{"created", created, nil},
		{"created with everything on", created, []string{"ingress: {enabled: true}\nautoscaling: {enabled: true}", "httpRoute: {enabled: true}\nserviceAccount: {annotations: {a: b}}\nresources: {limits: {cpu: 1, memory: 1Gi}}"}},
	}
}

type oracleCase struct {
	name, dir string
	values    []string
}

func TestSameManifestAsHelmTemplate(t *testing.T) {
	oracle(t)
	engine := newTestServer(t)
	for range 2 {
		for _, one := range oracleCases(t) {
			t.Run(one.name, func(t *testing.T) {
				args := append([]string{"template", "demo", one.dir, "-n", "space", "--no-hooks", "--kube-version", "v1.36.3"}, valuesFiles(t, one.values)...)
				want, err := runOracle(t, args...)
				if err != nil {
					t.Fatalf("helm: %v\n%s", err, want)
				}
				req, bytes := asked(readChart(t, one.dir), one.values...)
				got := send(t, engine, req, bytes)
				// The command prints the manifest trimmed, the record has it whole.
				if text := strings.TrimSpace(got.at(got.Manifest)) + "\n"; text != want {
					t.Errorf("%s %s\ngot\n%s\nhelm has\n%s", got.Kind, got.Message, text, want)
				}
			})
		}
	}
}

// A dry run prints the release that helm would record, so this covers what
// `helm template` does not show.
func TestSameRecordAsHelmInstall(t *testing.T) {
	oracle(t)
	engine := newTestServer(t)
	for _, one := range oracleCases(t) {
		t.Run(one.name, func(t *testing.T) {
			args := append([]string{"install", "demo", one.dir, "-n", "space", "--dry-run=client", "-o", "json"}, valuesFiles(t, one.values)...)
			output, err := runOracle(t, args...)
			if err != nil {
				t.Fatalf("helm: %v\n%s", err, output)
			}
			var want release.Release
			// Helm leaves both out of its JSON when there are none.
			want.Hooks, want.Config = []*release.Hook{}, map[string]any{}
			if err := json.NewDecoder(strings.NewReader(output)).Decode(&want); err != nil {
				t.Fatal(err)
			}
			req, bytes := asked(readChart(t, one.dir), one.values...)
			req.Capabilities.KubeVersion = "v1.37.0"
			got := send(t, engine, req, bytes)
			if got.Kind != "rendered" {
				t.Fatalf("%s: %s", got.Code, got.Message)
			}
			same(t, "manifest", got.at(got.Manifest), want.Manifest)
			same(t, "notes", got.Notes, want.Info.Notes)
			sameJSON(t, "hooks", got.at(got.RecordHooks), want.Hooks)
			sameJSON(t, "config", got.at(got.Config), want.Config)
			kept := decode[leanChart](t, got.at(got.RecordChart))
			sameJSON(t, "chart", mustJSON(t, kept.Metadata), want.Chart.Metadata)
			sameJSON(t, "default values", mustJSON(t, kept.Values), want.Chart.Values)
		})
	}
}

func TestSameErrorsAsHelm(t *testing.T) {
	oracle(t)
	for name, test := range map[string]struct {
		files  chartFiles
		values []string
	}{
		"a broken schema":       {testChart(t, "schema"), []string{"replicas: many\ninner: {size: huge}"}},
		"a subchart's table":    {testChart(t, "schema"), []string{"inner: text"}},
		"a template that fails": {minimal("{{ fail \"no luck\" }}"), nil},
		"a template cut short":  {minimal("{{ if }}"), nil},
		"a nil on the way":      {minimal("{{ .Values.a.b.c }}").with("templates/_x.tpl", "{{ define \"a\" }}{{ end }}"), nil},
		"a fault in an include": {minimal("\n{{ include \"a\" . }}").with("templates/_x.tpl", "{{ define \"a\" }}{{ .Values.a.b.c }}{{ end }}"), nil},
		"broken YAML":           {minimal("a: 1\n---\na: 1\nb: [\n"), nil},
		"a document of text":    {minimal("text"), nil},
		"another Kubernetes":    {minimal("").with("Chart.yaml", "apiVersion: v2\nname: hello\nversion: 0.1.0\nkubeVersion: \">2\"\n"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "chart")
			for file, text := range test.files {
				path := filepath.Join(dir, filepath.FromSlash(file))
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := runOracle(t, append([]string{"template", "demo", dir, "-n", "space", "--kube-version", "v1.36.3"}, valuesFiles(t, test.values)...)...)
			if err == nil {
				t.Fatal("helm renders it")
			}
			req, bytes := asked(test.files, test.values...)
			got := send(t, newTestServer(t), req, bytes)
			if got.Kind != "failed" || !strings.Contains(want, strings.TrimPrefix(got.Message, "cannot combine the values with the chart's: ")) {
				t.Errorf("got %s %s:\n%s\nhelm has\n%s", got.Kind, got.Code, got.Message, want)
			}
		})
	}
}

func same(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got\n%s\nhelm has\n%s", what, got, want)
	}
}

func sameJSON(t *testing.T, what, got string, want any) {
	t.Helper()
	text := mustJSON(t, want)
	if !reflect.DeepEqual(decode[any](t, got), decode[any](t, text)) {
		t.Errorf("%s: got\n%s\nhelm has\n%s", what, got, text)
	}
}

func mustJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
