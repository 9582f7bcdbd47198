package main

// protocolVersion counts changes that the other side must know of; PROTOCOL.md
// tells the whole of it.
const protocolVersion = 3

// span is [offset, length] into the attachment of the frame that names it.
type span [2]int

// of is the part of the attachment, and whether there is such a part.
func (s span) of(attachment []byte) ([]byte, bool) {
	at, size := s[0], s[1]
	if at < 0 || size < 0 || at > len(attachment) || size > len(attachment)-at {
		return nil, false
	}
	return attachment[at : at+size], true
}

// request is the header of a frame that came in. Op decides which fields count.
type request struct {
	ID int64  `json:"id"`
	Op string `json:"op"`

	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`

	// render
	Chart                chartInput       `json:"chart"`
	Values               []valuesDocument `json:"values"`
	Release              releaseInput     `json:"release"`
	Capabilities         capabilities     `json:"capabilities"`
	SkipSchemaValidation bool             `json:"skipSchemaValidation"`
	// Lookups: the other side answers what templates look up. Where it does not, nothing exists, as in `helm template`.
	Lookups bool `json:"lookups"`

	// read
	Manifest span `json:"manifest"`

	// answer, to the question of that number that came up in a render
	Number int    `json:"number"`
	Pages  []span `json:"pages"`
	// Failure says why there is no answer, and the render fails with it.
	Failure string `json:"failure"`
}

// valuesDocument is values as text: YAML that is merged, or, with a path, one
// value that is set there.
type valuesDocument struct {
	Text string `json:"text"`
	// Name is what messages call it; its place among the others where it has none.
	Name       string `json:"name"`
	TargetPath string `json:"targetPath"`
	// Literal: what is set is the text as it is, not what --set makes of it.
	Literal bool `json:"literal"`
	// Secret: nothing of it may be in a message.
	Secret bool `json:"secret"`
}

// chartInput names a chart and, when the operator thinks that we lack it, lists
// its files, whose bytes are the attachment.
type chartInput struct {
	Digest    string      `json:"digest"`
	Files     []fileInput `json:"files"`
	Overrides overrides   `json:"overrides"`
}

type fileInput struct {
	Name string `json:"name"`
	Size int    `json:"size"`
}

// overrides are what stands beside a chart of Helm 3 alpha.2 and not in it.
type overrides struct {
	Name       string `json:"name"`
	Version    string `json:"version"`
	APIVersion string `json:"apiVersion"`
}

type releaseInput struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	Revision  int    `json:"revision"`
	Action    string `json:"action"`
}

type capabilities struct {
	KubeVersion string   `json:"kubeVersion"`
	APIVersions []string `json:"apiVersions"`
}

// readyReply is the first frame an engine writes.
type readyReply struct {
	Kind     string `json:"kind"`
	Helm     string `json:"helm"`
	Protocol int    `json:"protocol"`
}

// chartNeededReply asks for the same request once more, with the chart's files.
type chartNeededReply struct {
	ID   int64  `json:"id"`
	Kind string `json:"kind"`
}

// lookupReply asks what a template wants to know. The next frame is the answer,
// of the same number: over a socket there may be answers that nobody waits for any more.
type lookupReply struct {
	ID       int64          `json:"id"`
	Kind     string         `json:"kind"`
	Number   int            `json:"number"`
	Question lookupQuestion `json:"question"`
}

// lookupQuestion is what a template wants to know of the cluster: one object, or
// all of a kind where the name is empty, in all namespaces where that is empty too.
type lookupQuestion struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace"`
	Name       string `json:"name"`
}

type renderedReply struct {
	ID          int64      `json:"id"`
	Kind        string     `json:"kind"`
	Chart       chartHead  `json:"chart"`
	Notes       string     `json:"notes"`
	Manifest    span       `json:"manifest"`
	Objects     []head     `json:"objects"`
	CRDs        []head     `json:"crds"`
	Hooks       []hookHead `json:"hooks"`
	RecordChart span       `json:"recordChart"`
	RecordHooks span       `json:"recordHooks"`
	Config      span       `json:"config"`
}

type readReply struct {
	ID      int64  `json:"id"`
	Kind    string `json:"kind"`
	Objects []head `json:"objects"`
}

type failedReply struct {
	ID       int64     `json:"id"`
	Kind     string    `json:"kind"`
	Code     errorCode `json:"code"`
	Message  string    `json:"message"`
	Template string    `json:"template"`
	Line     int       `json:"line"`
}

type chartHead struct {
	Name        string `json:"name"`
	Version     string `json:"version"`
	AppVersion  string `json:"appVersion"`
	Description string `json:"description"`
	Type        string `json:"type"`
}

// head is what the operator needs to know of an object without reading its JSON.
type head struct {
	APIVersion     string `json:"apiVersion"`
	Kind           string `json:"kind"`
	Name           string `json:"name"`
	GenerateName   string `json:"generateName,omitempty"`
	Namespace      string `json:"namespace"`
	Source         string `json:"source"`
	ResourcePolicy string `json:"resourcePolicy"`
	JSON           span   `json:"json"`
}

// hookHead adds when a hook runs and what becomes of its object. Record is the
// place of its Hook in recordHooks: a hook that is a List has one Hook there
// and one hookHead for each element.
type hookHead struct {
	head
	Events         []string `json:"events"`
	Weight         int      `json:"weight"`
	DeletePolicies []string `json:"deletePolicies"`
	Record         int      `json:"record"`
}

// attachment collects the bytes that a reply's spans point into.
type attachment struct{ bytes []byte }

func (a *attachment) add(text []byte) span {
	at := span{len(a.bytes), len(text)}
	a.bytes = append(a.bytes, text...)
	return at
}
