package main

import (
	"strings"

	"helm.sh/helm/v4/pkg/chart/v2/loader"
)

// mergeValues reads the documents and merges them as Helm does with files given
// by -f: later ones win, maps are merged, null stays and deletes a default later.
func mergeValues(documents []string) (map[string]any, error) {
	merged := map[string]any{}
	for i, document := range documents {
		values, err := loader.LoadValues(strings.NewReader(document))
		if err != nil {
			return nil, fail(valuesInvalid, "cannot read values document %d of %d: %v", i+1, len(documents), err)
		}
		merged = loader.MergeMaps(merged, values)
	}
	return merged, nil
}
