package main

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	release "helm.sh/helm/v4/pkg/release/v1"
	releaseutil "helm.sh/helm/v4/pkg/release/v1/util"
	"sigs.k8s.io/yaml"
)

// afterDocument is what the manifest has after each document. Helm applies what
// it reads there, so a block of text at a document's end has this newline too.
const afterDocument = "\n"

// document is one YAML document of a rendered template, read once.
type document struct {
	source string
	text   string
	json   []byte
	head   releaseutil.SimpleHead
}

// hookDocument is a document that Helm runs as a hook, with Helm's record of it.
type hookDocument struct {
	document
	record *release.Hook
}

// sortDocuments splits rendered templates into manifests and hooks, each in
// Helm's install order. It is releaseutil.SortManifests, which a test holds it
// to, without the second reading of every document that making JSON would need.
func sortDocuments(rendered map[string]string) ([]document, []hookDocument, error) {
	var manifests []document
	var hooks []hookDocument
	for _, source := range sortedKeys(rendered) {
		if strings.HasPrefix(path.Base(source), "_") {
			continue
		}
		for _, text := range splitDocuments(rendered[source]) {
			read, err := readDocument(source, text, afterDocument)
			if err != nil {
				return nil, nil, manifestError(source, fmt.Errorf("YAML parse error on %s: %w", source, err))
			}
			events, isHook := hookAnnotation(read, release.HookAnnotation)
			if !isHook {
				manifests = append(manifests, read)
				continue
			}
			hook, err := readHook(read, events)
			if err != nil {
				return nil, nil, manifestError(source, fmt.Errorf("YAML parse error on %s: %w", source, err))
			}
			if hook.record != nil {
				hooks = append(hooks, hook)
			}
		}
	}
	slices.SortStableFunc(manifests, func(a, b document) int { return compareKinds(a.head.Kind, b.head.Kind) })
	slices.SortStableFunc(hooks, func(a, b hookDocument) int { return compareKinds(a.head.Kind, b.head.Kind) })
	return manifests, hooks, nil
}

// splitDocuments cuts a text where Helm does, and leaves out blank documents.
func splitDocuments(text string) []string {
	byKey := releaseutil.SplitManifests(text)
	documents := make([]string, len(byKey))
	for i := range documents {
		documents[i] = byKey["manifest-"+strconv.Itoa(i)]
	}
	return documents
}

// readDocument makes JSON of a document, with what follows it where Helm reads
// it, and reads Helm's head from that. The head of a document with, say, an
// annotation that is a number can only be had from YAML, as Helm does it; such
// documents are read twice.
func readDocument(source, text, after string) (document, error) {
	read := document{source: source, text: text}
	asJSON, err := yaml.YAMLToJSON([]byte(text + after))
	if err == nil {
		read.json = asJSON
		if json.Unmarshal(asJSON, &read.head) == nil {
			return read, nil
		}
		read.head = releaseutil.SimpleHead{}
	}
	// Helm's words for what is wrong come from the same call that Helm makes.
	if helmErr := yaml.Unmarshal([]byte(text), &read.head); helmErr != nil {
		return read, helmErr
	}
	return read, err
}

// readHook reads a document once more, without what would follow it in a
// manifest: Helm applies a hook by itself. The record is nil when newHook has none.
func readHook(read document, events string) (hookDocument, error) {
	asJSON, err := yaml.YAMLToJSON([]byte(read.text))
	if err != nil {
		return hookDocument{}, err
	}
	read.json = asJSON
	return hookDocument{read, newHook(read, events)}, nil
}

// newHook is Helm's record of a hook; nil when it names an event that Helm does
// not know, for then Helm drops the document.
func newHook(read document, events string) *release.Hook {
	hook := &release.Hook{
		Name:              read.head.Metadata.Name,
		Kind:              read.head.Kind,
		Path:              read.source,
		Manifest:          read.text,
		Events:            []release.HookEvent{},
		DeletePolicies:    []release.HookDeletePolicy{},
		OutputLogPolicies: []release.HookOutputLogPolicy{},
	}
	for _, word := range words(events) {
		event, known := hookEvents[word]
		if !known {
			return nil
		}
		hook.Events = append(hook.Events, event)
	}
	weight, _ := hookAnnotation(read, release.HookWeightAnnotation)
	if number, err := strconv.Atoi(weight); err == nil {
		hook.Weight = number
	}
	if policies, ok := hookAnnotation(read, release.HookDeleteAnnotation); ok {
		for _, word := range words(policies) {
			hook.DeletePolicies = append(hook.DeletePolicies, release.HookDeletePolicy(word))
		}
	}
	if policies, ok := hookAnnotation(read, release.HookOutputLogAnnotation); ok {
		for _, word := range words(policies) {
			hook.OutputLogPolicies = append(hook.OutputLogPolicies, release.HookOutputLogPolicy(word))
		}
	}
	return hook
}

func hookAnnotation(read document, name string) (string, bool) {
	if read.head.Metadata == nil {
		return "", false
	}
	value, ok := read.head.Metadata.Annotations[name]
	return value, ok
}

// words are the parts of an annotation's comma-separated list, an empty one included.
func words(list string) []string {
	parts := strings.Split(list, ",")
	for i, part := range parts {
		parts[i] = strings.ToLower(strings.TrimSpace(part))
	}
	return parts
}
