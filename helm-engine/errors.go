package main

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
)

// errorCode says whose fault a failed request is; the operator maps it to a reason.
type errorCode string

const (
	// chartInvalid: these files are not a chart that can be installed.
	chartInvalid errorCode = "ChartInvalid"
	// valuesInvalid: the values cannot be read, or the chart's schema refuses them.
	valuesInvalid errorCode = "ValuesInvalid"
	// schemaRefused: a values schema points out of its own document.
	schemaRefused errorCode = "SchemaRefused"
	// templateFailed: a template cannot be parsed or gave up.
	templateFailed errorCode = "TemplateFailed"
	// manifestInvalid: what a template made is not a Kubernetes object.
	manifestInvalid errorCode = "ManifestInvalid"
	// kubeVersionUnsupported: the chart does not want this Kubernetes.
	kubeVersionUnsupported errorCode = "KubeVersionUnsupported"
	// lookupFailed: what a template looks up cannot be had; the message is the other side's.
	lookupFailed errorCode = "LookupFailed"
	// tooLarge: the answer does not fit into a reply.
	tooLarge errorCode = "TooLarge"
	// internal: the request makes no sense, or the engine has a fault.
	internal errorCode = "Internal"
)

// failure is an error that goes back over the pipe as a `failed` reply.
type failure struct {
	code     errorCode
	message  string
	template string
	line     int
}

func (f *failure) Error() string { return f.message }

func fail(code errorCode, format string, args ...any) *failure {
	return &failure{code: code, message: fmt.Sprintf(format, args...)}
}

// inTemplate says where the failure is; line 0 means that nobody knows.
func (f *failure) inTemplate(template string, line int) *failure {
	f.template, f.line = template, line
	return f
}

// asFailure finds the failure in err. An error that nobody gave a code is ours.
func asFailure(err error) *failure {
	if found, ok := errors.AsType[*failure](err); ok {
		return found
	}
	return fail(internal, "%v", err)
}

// templateLocation is how Helm's errors name a template: at the start, after
// the words that Helm puts before it, as path:line or path:line:column.
var templateLocation = regexp.MustCompile(`^(?:template: |parse error at \(|execution error at \()?([^\n]+?):(\d+)(?::\d+)?(?:\)|: |\n|$)`)

// yamlLine is how the YAML reader names a line of the document that it was given.
var yamlLine = regexp.MustCompile(`yaml: line (\d+):`)

// templateError turns an error of Helm's template engine into a failure that
// keeps Helm's message and names the template that was being rendered.
func templateError(code errorCode, message string, err error) *failure {
	failed := fail(code, "%s", message)
	found := templateLocation.FindStringSubmatch(err.Error())
	if found == nil {
		return failed
	}
	return failed.inTemplate(found[1], lineNumber(found[2]))
}

// manifestError names the template whose output cannot be read. The line is the
// YAML reader's: it counts within the document, not within the template.
func manifestError(template string, err error) *failure {
	failed := fail(manifestInvalid, "%v", err).inTemplate(template, 0)
	if found := yamlLine.FindStringSubmatch(err.Error()); found != nil {
		failed.line = lineNumber(found[1])
	}
	return failed
}

func lineNumber(digits string) int {
	line, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return line
}
