package main

import (
	"errors"
	"fmt"
	"strings"

	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/strvals"
)

// mergeValues reads the documents and merges them as Helm does with files given
// by -f and values given by --set: later ones win, maps are merged, null stays
// and deletes a default later.
func mergeValues(documents []valuesDocument) (map[string]any, error) {
	merged := map[string]any{}
	for i, document := range documents {
		if document.Name == "" {
			document.Name = fmt.Sprintf("values document %d of %d", i+1, len(documents))
		}
		if document.TargetPath != "" {
			if err := setValue(merged, document); err != nil {
				return nil, fail(valuesInvalid, "cannot set %s to %s: %v", document.TargetPath, document.Name, document.sayable(err, "it is not written as --set wants it"))
			}
			continue
		}
		values, err := loader.LoadValues(strings.NewReader(document.Text))
		if err != nil {
			return nil, fail(valuesInvalid, "cannot read %s: %v", document.Name, document.sayable(err, "it is no YAML map"))
		}
		merged = loader.MergeMaps(merged, values)
	}
	return merged, nil
}

// setValue sets one value as Flux does: in the grammar of --set, as a string
// where it stands in quotes, or as it is (--set-literal).
func setValue(values map[string]any, document valuesDocument) error {
	path, text := document.TargetPath, document.Text
	if document.Literal {
		return strvals.ParseLiteralInto(path+"="+text, values)
	}
	if unquoted, ok := unquote(text); ok {
		return strvals.ParseIntoString(path+"="+unquoted, values)
	}
	return strvals.ParseInto(path+"="+text, values)
}

func unquote(text string) (string, bool) {
	for _, mark := range []string{"'", `"`} {
		if len(text) > 1 && strings.HasPrefix(text, mark) && strings.HasSuffix(text, mark) {
			return text[1 : len(text)-1], true
		}
	}
	return text, false
}

// sayable is what a message may have of an error about the document: of a
// Secret's only the line, since the words may quote it.
func (d valuesDocument) sayable(err error, instead string) error {
	if !d.Secret {
		return err
	}
	if line := yamlLine.FindStringSubmatch(err.Error()); line != nil {
		return fmt.Errorf("%s (line %s)", instead, line[1])
	}
	return errors.New(instead)
}
