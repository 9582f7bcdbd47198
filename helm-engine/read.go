package main

import (
	"fmt"
	"strings"
)

const sourceComment = "# Source: "

// readManifest turns the manifest text of a release record into objects, in the
// order in which they stand there. Helm's own records read as well as ours.
func readManifest(text string, with marks) ([]object, error) {
	var objects []object
	for _, part := range splitDocuments(text) {
		source := sourceOf(part)
		read, err := readDocument(source, part, "")
		if err != nil {
			return nil, manifestError(source, fmt.Errorf("YAML parse error on %s: %w", source, err))
		}
		more, err := objectsOf(source, read.json, with)
		if err != nil {
			return nil, err
		}
		objects = append(objects, more...)
	}
	return objects, nil
}

// sourceOf is the template named in a document's first line, if that is the
// comment that Helm writes there.
func sourceOf(document string) string {
	first, _, _ := strings.Cut(document, "\n")
	source, ok := strings.CutPrefix(first, sourceComment)
	if !ok {
		return ""
	}
	return strings.TrimSpace(source)
}
