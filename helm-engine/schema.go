package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	chart "helm.sh/helm/v4/pkg/chart/v2"
)

// schemaURL is the address under which Helm compiles a values schema. Its
// messages depend on it.
const schemaURL = "file:///values.schema.json"

// checkSchemas holds the values to the schemas of the chart and its subcharts.
// Helm's own check is not used: it follows references to the network and to
// files, and the answer of a file can be read from the error.
func (h *heldChart) checkSchemas(c *chart.Chart, values map[string]any) error {
	var broken strings.Builder
	if err := h.collectViolations(&broken, c, values); err != nil {
		return err
	}
	if broken.Len() == 0 {
		return nil
	}
	return fail(valuesInvalid, "values don't meet the specifications of the schema(s) in the following chart(s):\n%s", broken.String())
}

// collectViolations writes what Helm would say, the parent's words first. It
// returns an error only for a schema that cannot be used at all.
func (h *heldChart) collectViolations(broken *strings.Builder, c *chart.Chart, values map[string]any) error {
	if c.Schema != nil {
		schema, err := h.schemaOf(c)
		if err != nil {
			return err
		}
		if err := schema.Validate(values); err != nil {
			words := strings.TrimPrefix(err.Error(), "jsonschema validation failed with '"+schemaURL+"#'\n")
			fmt.Fprintf(broken, "%s:\n%s\n", c.Name(), words)
		}
	}
	for _, dependency := range c.Dependencies() {
		own, exists := values[dependency.Name()]
		if !exists || own == nil {
			continue
		}
		table, ok := own.(map[string]any)
		if !ok {
			fmt.Fprintf(broken, "%s:\ninvalid type for values: expected object (map), got %T\n", dependency.Name(), own)
			continue
		}
		if err := h.collectViolations(broken, dependency, table); err != nil {
			return err
		}
	}
	return nil
}

// schemaOf compiles the chart's schema, once for as long as its files are held.
func (h *heldChart) schemaOf(c *chart.Chart) (*jsonschema.Schema, error) {
	if len(c.Schema) == 0 {
		return nil, fail(chartInvalid, "cannot use values.schema.json of chart %q: it is empty", c.ChartPath())
	}
	key := &c.Schema[0]
	if known, ok := h.schemas[key]; ok {
		return known, nil
	}
	compiled, err := compileSchema(c.ChartPath(), c.Schema)
	if err != nil {
		return nil, err
	}
	h.schemas[key] = compiled
	return compiled, nil
}

func compileSchema(owner string, text []byte) (*jsonschema.Schema, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fail(chartInvalid, "cannot read values.schema.json of chart %q: %v", owner, err)
	}
	refusal := &refusingLoader{}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(refusal)
	if err := compiler.AddResource(schemaURL, document); err != nil {
		return nil, fail(chartInvalid, "cannot use values.schema.json of chart %q: %v", owner, err)
	}
	compiled, err := compiler.Compile(schemaURL)
	switch {
	case refusal.address != "":
		return nil, fail(schemaRefused, "cannot use values.schema.json of chart %q: it refers to %q, and references out of the document are not followed", owner, refusal.address)
	case err != nil:
		return nil, fail(chartInvalid, "cannot use values.schema.json of chart %q: %v", owner, err)
	}
	return compiled, nil
}

// refusingLoader loads nothing. The compiler asks it for every address that is
// neither in the document nor one of the drafts that it carries.
type refusingLoader struct{ address string }

func (l *refusingLoader) Load(address string) (any, error) {
	if l.address == "" {
		l.address = address
	}
	return nil, fmt.Errorf("references out of the document are not followed")
}
