package main

import (
	"context"
	"fmt"
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

// executeTemplates prints the chart's templates by path. DNS stays off, and
// lookup fails by name rather than pretending that nothing exists.
func executeTemplates(c *chart.Chart, values common.Values) (map[string]string, error) {
	var asked *lookupQuestion
	lookup := func(apiVersion, kind, namespace, name string) (map[string]any, error) {
		asked = &lookupQuestion{apiVersion, kind, namespace, name}
		return nil, fmt.Errorf("%s", asked)
	}
	helm := engine.Engine{CustomTemplateFuncs: template.FuncMap{"lookup": lookup}}
	rendered, err := helm.RenderWithContext(context.Background(), c, values)
	// Helm hands on its template errors as plain text, so the question is the
	// only sure sign that it was lookup that failed.
	if err != nil && asked != nil {
		return nil, templateError(lookupUnsupported, asked.String(), err)
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

// lookupQuestion is what a template wanted to know of the cluster.
type lookupQuestion struct{ apiVersion, kind, namespace, name string }

func (q *lookupQuestion) String() string {
	what := fmt.Sprintf("%s %q", q.kind, q.name)
	if q.name == "" {
		what = "all " + q.kind + " objects"
	}
	where := fmt.Sprintf("in namespace %q", q.namespace)
	if q.namespace == "" {
		where = "in no namespace"
	}
	return fmt.Sprintf("cannot answer lookup of %s %s (apiVersion %q): a template may not ask the cluster yet", what, where, q.apiVersion)
}
