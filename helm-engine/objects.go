package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
)

// maxListDepth bounds lists within lists: each level is read again.
const maxListDepth = 8

const resourcePolicyAnnotation = "helm.sh/resource-policy"

// object is one Kubernetes object: its head, whose span is not set yet, and its JSON.
type object struct {
	head
	json []byte
}

// marks are the labels and annotations that every object of a release gets.
type marks struct {
	labels, annotations map[string]json.RawMessage
}

func newMarks(labels, annotations map[string]string) marks {
	return marks{labels: encodeAll(labels), annotations: encodeAll(annotations)}
}

// objectsOf takes a document apart into objects: none for an empty one, one for
// each element of a List, in order. The JSON stays text below metadata, so that
// no number passes through a float.
func objectsOf(source string, text []byte, with marks) ([]object, error) {
	objects, err := flatten(source, text, with, 0)
	if err != nil {
		return nil, fail(manifestInvalid, "cannot use an object of %s: %v", source, err).inTemplate(source, 0)
	}
	return objects, nil
}

func flatten(source string, text []byte, with marks, depth int) ([]object, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, fmt.Errorf("it is not a map")
	}
	if fields == nil {
		return nil, nil
	}
	items, isList := listItems(fields)
	if !isList {
		single, err := readObject(source, fields, with)
		return []object{single}, err
	}
	if depth == maxListDepth {
		return nil, fmt.Errorf("it has lists within lists, more than %d deep", maxListDepth)
	}
	var objects []object
	for i, element := range items {
		element, err := asElement(element, fields)
		if err != nil {
			return nil, fmt.Errorf("element %d of its list: %w", i, err)
		}
		more, err := flatten(source, element, with, depth+1)
		if err != nil {
			return nil, fmt.Errorf("element %d of its list: %w", i, err)
		}
		objects = append(objects, more...)
	}
	return objects, nil
}

// listItems finds the elements of a List. A kind that only ends in List and has
// no items is an object like any other.
func listItems(fields map[string]json.RawMessage) ([]json.RawMessage, bool) {
	kind, err := text(fields, "kind")
	items, exists := fields["items"]
	if err != nil || !exists || !strings.HasSuffix(kind, "List") {
		return nil, false
	}
	var elements []json.RawMessage
	if json.Unmarshal(items, &elements) != nil {
		return nil, false
	}
	return elements, true
}

// asElement gives an element of, say, a ConfigMapList the kind that it may leave
// out there, as Kubernetes' own readers do.
func asElement(element json.RawMessage, list map[string]json.RawMessage) (json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(element, &fields); err != nil || fields == nil {
		return nil, fmt.Errorf("it is not a map")
	}
	_, hasKind := fields["kind"]
	_, hasVersion := fields["apiVersion"]
	listKind, err := text(list, "kind")
	if err != nil || hasKind || hasVersion || listKind == "List" {
		return element, nil
	}
	fields["kind"] = encode(strings.TrimSuffix(listKind, "List"))
	if version, ok := list["apiVersion"]; ok {
		fields["apiVersion"] = version
	}
	return json.Marshal(fields)
}

func readObject(source string, fields map[string]json.RawMessage, with marks) (object, error) {
	found := object{head: head{Source: source}}
	var err error
	if found.APIVersion, err = text(fields, "apiVersion"); err != nil {
		return found, err
	}
	if found.Kind, err = text(fields, "kind"); err != nil {
		return found, err
	}
	metadata, err := table(fields, "metadata")
	if err != nil {
		return found, err
	}
	if err := found.readNames(metadata); err != nil {
		return found, fmt.Errorf("metadata.%w", err)
	}
	if err := found.checkNamed(); err != nil {
		return found, err
	}
	if annotations, err := table(metadata, "annotations"); err == nil {
		found.ResourcePolicy, _ = text(annotations, resourcePolicyAnnotation)
	}
	found.json, err = with.addTo(fields, metadata)
	return found, err
}

// readNames keeps generateName only where there is no name, as the API server does.
func (o *object) readNames(metadata map[string]json.RawMessage) (err error) {
	if o.Name, err = text(metadata, "name"); err != nil {
		return err
	}
	if o.Namespace, err = text(metadata, "namespace"); err != nil {
		return err
	}
	if o.Name == "" {
		o.GenerateName, err = text(metadata, "generateName")
	}
	return err
}

// checkNamed refuses an object that no API server could take.
func (o *object) checkNamed() error {
	switch {
	case o.APIVersion == "":
		return fmt.Errorf("%s %q has no apiVersion", orUnknown(o.Kind), o.Name)
	case o.Kind == "":
		return fmt.Errorf("the object %q of apiVersion %q has no kind", o.Name, o.APIVersion)
	case o.Name == "" && o.GenerateName == "":
		return fmt.Errorf("a %s of apiVersion %q has no metadata.name", o.Kind, o.APIVersion)
	}
	return nil
}

func orUnknown(kind string) string {
	if kind == "" {
		return "the object"
	}
	return kind
}

// addTo writes the marks into the object's own metadata and nowhere below, and
// returns the object's JSON.
func (m marks) addTo(fields, metadata map[string]json.RawMessage) ([]byte, error) {
	for key, added := range map[string]map[string]json.RawMessage{"labels": m.labels, "annotations": m.annotations} {
		if len(added) == 0 {
			continue
		}
		present, err := table(metadata, key)
		if err != nil {
			return nil, fmt.Errorf("metadata.%w", err)
		}
		maps.Copy(present, added)
		metadata[key] = encode(present)
	}
	if len(m.labels)+len(m.annotations) > 0 {
		fields["metadata"] = encode(metadata)
	}
	return json.Marshal(fields)
}
