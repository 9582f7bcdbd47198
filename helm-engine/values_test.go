package main

import (
	"strings"
	"testing"
)

// rendersValues is a chart that prints its values as JSON.
var rendersValues = minimal("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n  values: {{ .Values | toJson | quote }}\n")

func answerTo(t *testing.T, files chartFiles, documents ...valuesDocument) *answered {
	t.Helper()
	req, data := asked(files)
	req.Values = documents
	return send(t, newTestServer(t), req, data)
}

func TestValuesAreMergedInOrderWhereverTheyComeFrom(t *testing.T) {
	cases := map[string]struct {
		documents []valuesDocument
		want      string
	}{
		"later documents win":             {[]valuesDocument{{Text: "a: {b: 1, c: 2}"}, {Text: "a: {b: 3}"}}, `{"a":{"b":3,"c":2}}`},
		"a value is set at a path":        {[]valuesDocument{{Text: "a: {b: 1}"}, {Text: "x", TargetPath: "a.b"}}, `{"a":{"b":"x"}}`},
		"a set value is typed as --set":   {[]valuesDocument{{Text: "80", TargetPath: "port"}, {Text: "true", TargetPath: "on"}}, `{"on":true,"port":80}`},
		"a quoted value is a string":      {[]valuesDocument{{Text: `"80"`, TargetPath: "port"}, {Text: "'true'", TargetPath: "on"}}, `{"on":"true","port":"80"}`},
		"a set value may be a list":       {[]valuesDocument{{Text: "{a,b}", TargetPath: "list"}}, `{"list":["a","b"]}`},
		"an element of a list is set":     {[]valuesDocument{{Text: "list: [{a: 1}]"}, {Text: "2", TargetPath: "list[0].a"}}, `{"list":[{"a":2}]}`},
		"a literal value is as it is":     {[]valuesDocument{{Text: "a,b={c\\", TargetPath: "word", Literal: true}}, `{"word":"a,b={c\\"}`},
		"a document after it wins":        {[]valuesDocument{{Text: "x", TargetPath: "a.b"}, {Text: "a: {b: z}"}}, `{"a":{"b":"z"}}`},
		"YAML is read as Kubernetes does": {[]valuesDocument{{Text: "mode: 0644\nyes: on"}}, `{"mode":420,"true":true}`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := answerTo(t, rendersValues, c.documents...)
			if got.Code != "" {
				t.Fatalf("failed with %s: %s", got.Code, got.Message)
			}
			config := mustJSON(t, got.json(t, got.Config))
			if config != c.want {
				t.Errorf("values are %s, not %s", config, c.want)
			}
		})
	}
}

func TestMessagesNameTheDocumentAndQuoteNoSecret(t *testing.T) {
	port := rendersValues.with("values.schema.json", `{"properties":{"word":{"type":"string","pattern":"^[a-z]*$"},"port":{"type":"integer"}}}`)
	failing := minimal(`{{ fail (printf "bad %s %q %s" .Values.word .Values.word (.Values.word | b64enc)) }}`)
	named := func(text string) valuesDocument { return valuesDocument{Text: text, Name: "ConfigMap a/b, key k"} }
	secret := func(text string) valuesDocument {
		return valuesDocument{Text: text, Name: "Secret a/b, key k", Secret: true}
	}
	cases := map[string]struct {
		files    chartFiles
		document valuesDocument
		want     string
	}{
		"a ConfigMap that is no YAML":      {port, named("a: hunter2\n b: ["), "cannot read ConfigMap a/b, key k: "},
		"a ConfigMap that is a list":       {port, named("[1]"), "cannot unmarshal"},
		"a Secret that is no YAML":         {port, secret("hunter2: {\nhunter2"), "cannot read Secret a/b, key k: it is no YAML map (line 2)"},
		"a Secret that is a text":          {port, secret("hunter2"), "cannot read Secret a/b, key k: it is no YAML map"},
		"a Secret that --set cannot read":  {port, valuesDocument{Text: "hun,ter2", TargetPath: "word", Name: "Secret a/b, key k", Secret: true}, "cannot set word to Secret a/b, key k: it is not written as --set wants it"},
		"a schema that quotes a value":     {port, secret("word: hunter2"), "'***' does not match pattern"},
		"a schema that quotes a short one": {port, secret("word: h2"), "'***' does not match pattern"},
		"a template that quotes a value":   {failing, secret("word: hunter2"), `bad *** "***" ***`},
		"one in lines":                     {failing, secret("word: |\n  first\n  hunter2"), `bad ***`},
		"a set value":                      {failing, valuesDocument{Text: "'hunter2'", TargetPath: "word", Secret: true}, `bad *** "***" ***`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := answerTo(t, c.files, c.document)
			if !strings.Contains(got.Message, c.want) {
				t.Errorf("message is %q, without %q", got.Message, c.want)
			}
			if c.document.Secret && (strings.Contains(got.Message, "hunter2") || strings.Contains(got.Message, "ter2") || strings.Contains(got.Message, "'h2'")) {
				t.Errorf("message %q tells a secret", got.Message)
			}
		})
	}
}
