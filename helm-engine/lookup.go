package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// lastApplied is where kubectl keeps the whole of an object once more.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// lookups are the questions of one request's templates. A question that comes
// again has the answer that it had, so that a chart sees one cluster; what it
// does to an answer, no other call sees.
type lookups struct {
	id int64
	// in and out lead to who answers; nobody does where in is nil, and nothing exists.
	in      io.Reader
	out     io.Writer
	answers map[lookupQuestion][][]byte
	asked   int
	// failure says why the last question has no answer.
	failure string
	// broken says that the pipe is of no more use.
	broken error
}

func newLookups(req *request, in io.Reader, out io.Writer) *lookups {
	if !req.Lookups {
		return &lookups{}
	}
	return &lookups{id: req.ID, in: in, out: out, answers: map[lookupQuestion][][]byte{}}
}

// lookup is the function that templates call, with the results of Helm's own,
// but that a kind which is not served has no objects: to Helm it is an error.
func (l *lookups) lookup(apiVersion, kind, namespace, name string) (map[string]any, error) {
	if l.in == nil {
		return map[string]any{}, nil
	}
	question := lookupQuestion{apiVersion, kind, namespace, name}
	pages, ok := l.answers[question]
	if !ok {
		var err error
		if pages, err = l.ask(question); err != nil {
			l.failure = err.Error()
			return nil, err
		}
		l.answers[question] = pages
	}
	content, err := contentOf(question, pages)
	if err != nil {
		l.failure = fmt.Sprintf("cannot look up %s: the API server's answer cannot be read: %v", question, err)
		return nil, errors.New(l.failure)
	}
	return content, nil
}

// ask answers the pages that were found; none where there is no such thing.
func (l *lookups) ask(question lookupQuestion) ([][]byte, error) {
	l.asked++
	if l.broken = writeReply(l.out, l.id, lookupReply{l.id, "lookup", l.asked, question}, nil); l.broken != nil {
		return nil, l.broken
	}
	answer, bytes, err := readRequest(l.in)
	if err != nil {
		l.broken = fmt.Errorf("cannot read the answer to a lookup: %w", err)
		return nil, l.broken
	}
	if answer.Op != "answer" || answer.ID != l.id || answer.Number != l.asked {
		l.broken = fmt.Errorf("cannot go on with request %d: %q %d of %d came in place of the answer to its lookup %d", l.id, answer.Op, answer.Number, answer.ID, l.asked)
		return nil, l.broken
	}
	if answer.Failure != "" {
		return nil, errors.New(answer.Failure)
	}
	return cut(answer.Pages, bytes)
}

func cut(pages []span, attachment []byte) ([][]byte, error) {
	parts := make([][]byte, len(pages))
	for i, page := range pages {
		part, ok := page.of(attachment)
		if !ok {
			return nil, fmt.Errorf("page %d of an answer is not within its %d bytes", i, len(attachment))
		}
		parts[i] = part
	}
	return parts, nil
}

// contentOf reads an answer as Helm's Kubernetes client does: integers stay
// integers, and the elements of a list say their kind.
func contentOf(question lookupQuestion, pages [][]byte) (map[string]any, error) {
	if len(pages) == 0 {
		return map[string]any{}, nil
	}
	if question.Name != "" {
		var object unstructured.Unstructured
		err := object.UnmarshalJSON(pages[0])
		return object.UnstructuredContent(), err
	}
	var whole unstructured.UnstructuredList
	for _, bytes := range pages {
		var page unstructured.UnstructuredList
		if err := page.UnmarshalJSON(bytes); err != nil {
			return nil, err
		}
		// The last page is the one that does not say where to go on.
		whole.Object, whole.Items = page.Object, append(whole.Items, page.Items...)
	}
	return whole.UnstructuredContent(), nil
}

// secretLeaves are what the Secrets among the answers say, in base64 and without.
func (l *lookups) secretLeaves() []string {
	var leaves []string
	for question, pages := range l.answers {
		if question.Kind != "Secret" || question.APIVersion != "v1" {
			continue
		}
		// An answer that cannot be read was shown to no template.
		content, err := contentOf(question, pages)
		if err != nil {
			continue
		}
		if question.Name != "" {
			leaves = append(leaves, leavesOfSecret(content)...)
			continue
		}
		items, _ := content["items"].([]any)
		for _, item := range items {
			secret, _ := item.(map[string]any)
			leaves = append(leaves, leavesOfSecret(secret)...)
		}
	}
	return leaves
}

func leavesOfSecret(secret map[string]any) []string {
	applied, _, _ := unstructured.NestedString(secret, "metadata", "annotations", lastApplied)
	leaves := []string{applied}
	for _, encoded := range leavesOf(secret["data"]) {
		leaves = append(leaves, encoded)
		if plain, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			leaves = append(leaves, string(plain))
		}
	}
	return leaves
}

func (q lookupQuestion) String() string {
	return fmt.Sprintf("%s %q in namespace %q", q.Kind, q.Name, q.Namespace)
}
