package main

import (
	"context"
	"path"
	"strings"
	"text/template"

	"helm.sh/helm/v4/pkg/chart/common"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/engine"
)

// maxOutputSize bounds what a chart's templates may print in all.
const maxOutputSize = 20 << 20

// notesSuffix marks what Helm shows to people and applies to nothing.
const notesSuffix = "NOTES.txt"

// executeTemplates prints the chart's templates by path. DNS stays off.
func executeTemplates(c *chart.Chart, values common.Values, asked *lookups) (map[string]string, error) {
	helm := engine.Engine{CustomTemplateFuncs: template.FuncMap{"lookup": asked.lookup}}
	rendered, err := helm.RenderWithContext(context.Background(), c, values)
	// Helm hands on its template errors as plain text, so that there was no answer
	// is the only sure sign that it was lookup that failed.
	if err != nil && asked.failure != "" {
		return nil, templateError(lookupFailed, asked.failure, err)
	}
	if err != nil {
		return nil, templateError(templateFailed, err.Error(), err)
	}
	return rendered, checkOutput(rendered)
}

func checkOutput(rendered map[string]string) error {
	total := 0
	for _, text := range rendered {
		total += len(text)
	}
	if total > maxOutputSize {
		return fail(tooLarge, "the chart's templates print %d bytes, at most %d are taken", total, maxOutputSize)
	}
	return nil
}

// takeNotes removes every NOTES.txt and returns the chart's own; those of
// subcharts are not shown.
func takeNotes(c *chart.Chart, rendered map[string]string) string {
	notes := rendered[path.Join(c.Name(), "templates", notesSuffix)]
	for source := range rendered {
		if strings.HasSuffix(source, notesSuffix) {
			delete(rendered, source)
		}
	}
	return notes
}
