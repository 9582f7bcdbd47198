package main

import (
	"reflect"
	"strings"
	"testing"

	chart "helm.sh/helm/v4/pkg/chart/v2"
	release "helm.sh/helm/v4/pkg/release/v1"
)

func TestRendersAPlainChart(t *testing.T) {
	got := render(t, testChart(t, "plain"))
	want := []string{"ConfigMap/demo-plain-facts", "Service/demo-plain", "Deployment/demo-plain"}
	if !reflect.DeepEqual(got.kinds(), want) {
		t.Errorf("objects are %v, want Helm's install order %v", got.kinds(), want)
	}
	if got.Chart != (chartHead{"plain", "1.2.3", "4.5", "One Deployment with its Service", "application"}) {
		t.Errorf("chart is %+v", got.Chart)
	}
	if got.Notes != "demo-plain listens on 8080.\n" {
		t.Errorf("notes are %q", got.Notes)
	}
	service := got.Objects[1]
	if service.APIVersion != "v1" || service.Namespace != "space" || service.Source != "plain/templates/service.yaml" || service.ResourcePolicy != "" {
		t.Errorf("head is %+v", service)
	}
	if facts := got.Objects[0]; facts.ResourcePolicy != "keep" || facts.Namespace != "" {
		t.Errorf("head is %+v", facts)
	}
	if manifest := got.at(got.Manifest); !strings.HasPrefix(manifest, "---\n# Source: plain/templates/facts.yaml\napiVersion: v1\n") || !strings.HasSuffix(manifest, "\n\n") {
		t.Errorf("manifest is %q", manifest)
	}
	if config := got.at(got.Config); config != "{}" {
		t.Errorf("config is %s", config)
	}
}

func TestReleaseAndCapabilitiesAreWhatWasAsked(t *testing.T) {
	req, bytes := asked(testChart(t, "plain"))
	req.Release = releaseInput{Name: "demo", Namespace: "space", Revision: 12, Action: "upgrade"}
	req.Capabilities = capabilities{KubeVersion: "1.33.4-gke.7", APIVersions: []string{"v1", "made.example.com/v1/Thing"}}
	facts := data(t, send(t, newTestServer(t), req, bytes).object(t, "ConfigMap", "demo-plain-facts"))
	for key, want := range map[string]string{
		"isInstall": "false", "isUpgrade": "true", "revision": "12", "service": "Helm",
		"kubeVersion": "v1.33.4-gke.7", "hasApps": "false", "hasMade": "true", "address": "",
	} {
		if facts[key] != want {
			t.Errorf("%s is %v, want %q", key, facts[key], want)
		}
	}
}

func TestHelmVersionIsWholeInTemplates(t *testing.T) {
	got := render(t, minimal("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {helm: {{ .Capabilities.HelmVersion.Version | quote }}}"))
	if version := data(t, got.object(t, "ConfigMap", "a"))["helm"]; version != helmVersion() {
		t.Errorf("templates see %v, the engine is %s", version, helmVersion())
	}
}

func TestLaterValuesWinAndNullDeletesADefault(t *testing.T) {
	got := render(t, testChart(t, "plain"),
		"replicas: 3\nextra: {added: 1000000, dropped: null}",
		`{"replicas": 4, "greeting": "{{ .Release.Name }}!"}`)
	facts := data(t, got.object(t, "ConfigMap", "demo-plain-facts"))
	if facts["greeting"] != "demo!" || facts["extra-kept"] != "yes-please" || facts["extra-added"] != "1e+06" {
		t.Errorf("facts are %v", facts)
	}
	if _, exists := facts["extra-dropped"]; exists {
		t.Error("null did not delete the default")
	}
	if config := got.at(got.Config); config != `{"extra":{"added":1000000,"dropped":null},"greeting":"{{ .Release.Name }}!","replicas":4}` {
		t.Errorf("config is %s", config)
	}
}

// The archive reader has dropped the one that Helm drops; one more is the file's own.
func TestAByteOrderMarkIsTheFilesOwn(t *testing.T) {
	files := minimal("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {text: {{ .Files.Get \"text.txt\" | quote }}}").with("text.txt", "\ufefftext")
	if text := data(t, render(t, files).object(t, "ConfigMap", "a"))["text"]; text != "\ufefftext" {
		t.Errorf("text is %q", text)
	}
}

func TestMarksGoToMetadataOnly(t *testing.T) {
	req, bytes := asked(testChart(t, "plain"))
	req.Labels = map[string]string{"app.kubernetes.io/managed-by": "tagalong", "new": "label"}
	req.Annotations = map[string]string{"release": "demo"}
	got := send(t, newTestServer(t), req, bytes)
	deployment := got.object(t, "Deployment", "demo-plain")
	metadata := deployment["metadata"].(map[string]any)
	if want := (map[string]any{"app": "demo-plain", "app.kubernetes.io/managed-by": "tagalong", "new": "label"}); !reflect.DeepEqual(metadata["labels"], want) {
		t.Errorf("labels are %v", metadata["labels"])
	}
	if want := (map[string]any{"release": "demo"}); !reflect.DeepEqual(metadata["annotations"], want) {
		t.Errorf("annotations are %v", metadata["annotations"])
	}
	spec := deployment["spec"].(map[string]any)
	if want := (map[string]any{"app": "demo-plain"}); !reflect.DeepEqual(spec["selector"].(map[string]any)["matchLabels"], want) ||
		!reflect.DeepEqual(spec["template"].(map[string]any)["metadata"].(map[string]any)["labels"], want) {
		t.Errorf("spec was touched: %v", spec)
	}
	if strings.Contains(got.at(got.Manifest), "tagalong") {
		t.Error("the manifest text was touched")
	}
}

func TestHooksAreReadAsHelmDoes(t *testing.T) {
	req, bytes := asked(testChart(t, "hooks"))
	req.Labels = map[string]string{"new": "label"}
	got := send(t, newTestServer(t), req, bytes)
	type hook struct {
		name             string
		events, policies string
		weight           int
	}
	var hooks []hook
	records := decode[[]release.Hook](t, got.at(got.RecordHooks))
	for _, one := range got.Hooks {
		hooks = append(hooks, hook{one.Name + one.GenerateName, strings.Join(one.Events, ","), strings.Join(one.DeletePolicies, ","), one.Weight})
		if record := records[one.Record]; record.Path != one.Source || record.Kind != one.Kind {
			t.Errorf("%s has the record of %s", one.Source, record.Path)
		}
		if labels := got.json(t, one.JSON)["metadata"].(map[string]any)["labels"]; !reflect.DeepEqual(labels, map[string]any{"new": "label"}) {
			t.Errorf("labels of %s are %v", one.Source, labels)
		}
	}
	want := []hook{
		{"after", "post-install,post-rollback", "", 0},
		{"settings", "pre-install", "", 10},
		{"check", "test", "", 0},
		{"once-", "post-delete", "", 0},
		{"migrate", "pre-install,pre-upgrade", "hook-succeeded,before-hook-creation", -5},
	}
	if !reflect.DeepEqual(hooks, want) {
		t.Errorf("hooks are\n%v, want\n%v", hooks, want)
	}
	if !reflect.DeepEqual(got.kinds(), []string{"ConfigMap/plain"}) {
		t.Errorf("objects are %v", got.kinds())
	}
}

func TestCRDsAreReadAndServed(t *testing.T) {
	req, bytes := asked(testChart(t, "crds"))
	req.Capabilities.APIVersions = nil
	req.Labels = map[string]string{"new": "label"}
	got := send(t, newTestServer(t), req, bytes)
	served := data(t, got.object(t, "ConfigMap", "served"))
	if want := (map[string]any{"thing": "true", "group": "true", "notServed": "false", "old": "true", "apps": "false"}); !reflect.DeepEqual(served, want) {
		t.Errorf("templates see %v", served)
	}
	if len(got.CRDs) != 2 || got.CRDs[0].Name != "things.made.example.com" || got.CRDs[0].Source != "crds/crds/things.yaml" {
		t.Errorf("CRDs are %+v", got.CRDs)
	}
	if strings.Contains(got.at(got.CRDs[0].JSON), "label") {
		t.Error("a CRD was given a label")
	}
}

func TestARecordsChartIsLeanAndHelmsOwn(t *testing.T) {
	got := render(t, testChart(t, "plain"))
	kept := decode[chart.Chart](t, got.at(got.RecordChart))
	if kept.Metadata.Version != "1.2.3" || kept.Metadata.Maintainers[0].Name != "Ada" || len(kept.Templates)+len(kept.Files) != 0 || kept.Lock != nil || kept.Schema != nil {
		t.Errorf("chart is %+v", kept)
	}
	if kept.Values["greeting"] != "hello" {
		t.Errorf("values are %v", kept.Values)
	}
}

func TestOverridesCompleteAChartOfAnAlpha(t *testing.T) {
	for name, file := range map[string]string{
		"no Chart.yaml":        "",
		"an incomplete one":    "description: old\nappVersion: 1.10\n",
		"an empty one":         "# nothing\n",
		"one to be overridden": "apiVersion: v3\nname: other\nversion: none\n",
	} {
		t.Run(name, func(t *testing.T) {
			files := minimal("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Chart.Name }}-{{ .Chart.Version }}}")
			files["Chart.yaml"] = file
			if file == "" {
				delete(files, "Chart.yaml")
			}
			req, bytes := asked(files)
			req.Chart.Overrides = overrides{Name: "old", Version: "1.10", APIVersion: "v1"}
			got := send(t, newTestServer(t), req, bytes)
			if got.Kind != "rendered" || got.Objects[0].Name != "old-1.10" || got.Objects[0].Source != "old/templates/x.yaml" {
				t.Errorf("got %+v", got)
			}
		})
	}
}
