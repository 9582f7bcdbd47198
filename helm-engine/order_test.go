package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	release "helm.sh/helm/v4/pkg/release/v1"
	releaseutil "helm.sh/helm/v4/pkg/release/v1/util"
)

// Our sorter exists only to read each document once; what it finds has to be
// what Helm's finds, down to the words of an error.
func TestSortsAsHelmDoes(t *testing.T) {
	for seed := range uint64(3000) {
		files := randomFiles(rand.New(rand.NewPCG(seed, 1)))
		wantHooks, want, wantErr := releaseutil.SortManifests(files, nil, releaseutil.InstallOrder)
		got, hooks, err := sortDocuments(files)
		if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
			t.Fatalf("seed %d: got error %v, Helm has %v for %q", seed, err, wantErr, files)
		}
		if err != nil {
			continue
		}
		var manifests []releaseutil.Manifest
		for _, one := range got {
			manifests = append(manifests, releaseutil.Manifest{Name: one.source, Content: one.text, Head: &one.head})
		}
		var records []*release.Hook
		for _, one := range hooks {
			records = append(records, one.record)
		}
		if !reflect.DeepEqual(manifests, want) || !reflect.DeepEqual(records, wantHooks) {
			t.Fatalf("seed %d: Helm sorts %q in another way", seed, files)
		}
	}
}

// randomFiles are templates' outputs made of the things that charts do to
// documents, faults among them but seldom.
func randomFiles(random *rand.Rand) map[string]string {
	pick := func(words ...string) string { return words[random.IntN(len(words))] }
	document := func() string {
		if random.IntN(60) == 0 {
			return pick("a: [", "text", "- a list", "kind: {}", "metadata: text", "metadata: {annotations: [a]}", "a: .nan", "? [a]\n: b")
		}
		if random.IntN(12) == 0 {
			return pick("", "# comment", "null", "{}", "   \n", "Kind: Secret", "kind: Pod\nKIND: Job", "metadata:\n")
		}
		var text strings.Builder
		fmt.Fprintf(&text, "apiVersion: %s\n", pick("v1", "apps/v1", "1", "true"))
		fmt.Fprintf(&text, "kind: %s\n", pick("ConfigMap", "Secret", "Deployment", "Service", "Thing", "Alpha", "Zeta", "Job", "12", "SecretList", "\"\"", "null"))
		fmt.Fprintf(&text, "metadata:\n  name: %s\n", pick("a", "b", "12", "1.50", "yes", "\"quoted\"", "null"))
		if random.IntN(2) == 0 {
			fmt.Fprintf(&text, "  %s:\n    other: %s\n", pick("annotations", "annotations", "Annotations"), pick("text", "1", "true", "null"))
			if random.IntN(2) == 0 {
				fmt.Fprintf(&text, "    helm.sh/hook: %s\n", pick("pre-install", "pre-install, Post-Upgrade", "test-success", "test,test", "unknown", "pre-install,unknown", "true", "\"\"", "\" pre-delete ,post-rollback\""))
			}
			if random.IntN(2) == 0 {
				fmt.Fprintf(&text, "    helm.sh/hook-weight: %s\n", pick("1", "\"-7\"", "\" 3\"", "many", "1.5", "0x10", "010", "\"+4\""))
			}
			if random.IntN(2) == 0 {
				fmt.Fprintf(&text, "    helm.sh/%s: %s\n", pick("hook-delete-policy", "hook-output-log-policy"), pick("hook-succeeded", "Hook-Failed , before-hook-creation", "\",\"", "false"))
			}
		}
		return text.String()
	}
	files := map[string]string{}
	for range 1 + random.IntN(5) {
		name := pick("a", "b", "c") + "/" + pick("templates", "charts/x/templates") + "/" + pick("_part.yaml", "one.yaml", "two.yaml", "three.json")
		var text strings.Builder
		for range random.IntN(4) {
			text.WriteString(pick("---\n", "---\n", "---  \n", "--- # why\n", "\n---\n\n", "---"+"\t\n"))
			text.WriteString(document())
			text.WriteString(pick("\n", "\n\n", ""))
		}
		files[name] = text.String()
	}
	return files
}

// The operator applies and deletes by lists of its own, which a new Helm may
// have moved away from.
func TestOperatorHasHelmsOrder(t *testing.T) {
	file, err := os.ReadFile("../src/core/order.ts")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]releaseutil.KindSortOrder{"INSTALL_ORDER": releaseutil.InstallOrder, "UNINSTALL_ORDER": releaseutil.UninstallOrder} {
		list := regexp.MustCompile(`const ` + name + `: readonly string\[\] = \[([^\]]*)\]`).FindSubmatch(file)
		if list == nil {
			t.Fatalf("there is no list %s", name)
		}
		var got releaseutil.KindSortOrder
		for _, kind := range regexp.MustCompile(`'(\w+)'`).FindAllSubmatch(list[1], -1) {
			got = append(got, string(kind[1]))
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %v, Helm has %v", name, got, want)
		}
	}
}
