package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
)

// cluster is the other side of the pipe: pages of JSON by kind, namespace and
// name; `!words` stand for an answer that cannot be had.
type cluster map[string][]string

type asking struct {
	reply     *answered
	questions []string
	// ended is what serve says.
	ended error
}

// answerWith is what the cluster says to one question; a test may say otherwise.
type answerWith func(asked lookupReply) (any, []byte)

func (c cluster) answer(asked lookupReply) (any, []byte) {
	type answer struct {
		ID      int64  `json:"id"`
		Op      string `json:"op"`
		Number  int    `json:"number"`
		Failure string `json:"failure"`
		Pages   []span `json:"pages"`
	}
	question := asked.Question
	pages, ok := c[fmt.Sprintf("%s %s/%s", question.Kind, question.Namespace, question.Name)]
	if !ok {
		return answer{ID: asked.ID, Op: "answer", Number: asked.Number}, nil
	}
	if words, ok := strings.CutPrefix(pages[0], "!"); ok {
		return answer{ID: asked.ID, Op: "answer", Number: asked.Number, Failure: words}, nil
	}
	var all attachment
	var spans []span
	for _, page := range pages {
		spans = append(spans, all.add([]byte(page)))
	}
	return answer{ID: asked.ID, Op: "answer", Number: asked.Number, Pages: spans}, all.bytes
}

// renderAsking renders with somebody at the other end who answers.
func renderAsking(t *testing.T, s *server, answer answerWith, req *request, data []byte) asking {
	t.Helper()
	req.Lookups = true
	theirs, in := io.Pipe()
	out, ours := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := s.serve(theirs, ours)
		ours.Close()
		ended <- err
	}()
	write := func(header any, bytes []byte) {
		text, err := json.Marshal(header)
		if err == nil {
			err = writeFrame(in, frame{header: text, attachment: bytes})
		}
		if err != nil {
			t.Log(err)
		}
	}
	go write(req, data)
	var got asking
	for {
		one, err := readFrame(out, maxReplySize)
		if err != nil {
			in.Close()
			got.ended = <-ended
			return got
		}
		var header struct {
			answered
			Number   int            `json:"number"`
			Question lookupQuestion `json:"question"`
		}
		if err := json.Unmarshal(one.header, &header); err != nil {
			t.Fatal(err)
		}
		switch header.Kind {
		case "ready":
		case "lookup":
			question := lookupReply{ID: header.ID, Kind: header.Kind, Number: header.Number, Question: header.Question}
			got.questions = append(got.questions, fmt.Sprintf("%s %s %s/%s", question.Question.APIVersion, question.Question.Kind, question.Question.Namespace, question.Question.Name))
			go write(answer(question))
		default:
			got.reply = &header.answered
			got.reply.bytes = one.attachment
			in.Close()
		}
	}
}

func lookUp(t *testing.T, c cluster, template string) asking {
	t.Helper()
	req, data := asked(minimal(template))
	return renderAsking(t, newTestServer(t), c.answer, req, data)
}

const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n"

func secretJSON(name string, values ...string) string {
	data := map[string]string{}
	for i, value := range values {
		data[fmt.Sprintf("k%d", i)] = base64.StdEncoding.EncodeToString([]byte(value))
	}
	text, _ := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": name}, "data": data})
	return string(text)
}

func TestLookupsAreAnswered(t *testing.T) {
	secret := secretJSON("db", "swordfish")
	deployment := `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":9007199254740993,"ratio":0.5}}`
	list := func(more string, names ...string) string {
		var items []string
		for _, name := range names {
			items = append(items, `{"metadata":{"name":"`+name+`"}}`)
		}
		return `{"apiVersion":"v1","kind":"ConfigMapList","metadata":{"continue":"` + more + `","resourceVersion":"7"},"items":[` + strings.Join(items, ",") + `]}`
	}
	for name, test := range map[string]struct {
		cluster  cluster
		template string
		want     map[string]any
	}{
		"an object":            {cluster{"Secret shop/db": {secret}}, `  p: {{ (lookup "v1" "Secret" "shop" "db").data.k0 | b64dec }}`, map[string]any{"p": "swordfish"}},
		"integers":             {cluster{"Deployment shop/web": {deployment}}, `  v: "{{ (lookup "apps/v1" "Deployment" "shop" "web").spec.replicas }}"`, map[string]any{"v": "9007199254740993"}},
		"fractions":            {cluster{"Deployment shop/web": {deployment}}, `  v: "{{ (lookup "apps/v1" "Deployment" "shop" "web").spec.ratio }}"`, map[string]any{"v": "0.5"}},
		"an object that isn't": {cluster{}, `  v: {{ if lookup "v1" "Secret" "shop" "db" }}there{{ else }}absent{{ end }}`, map[string]any{"v": "absent"}},
		"a list":               {cluster{"ConfigMap shop/": {list("", "x", "y")}}, `  v: "{{ range (lookup "v1" "ConfigMap" "shop" "").items }}{{ .kind }} {{ .metadata.name }};{{ end }}"`, map[string]any{"v": "ConfigMap x;ConfigMap y;"}},
		"a list of pages":      {cluster{"ConfigMap /": {list("on", "x"), list("", "y")}}, `  v: "{{ $l := lookup "v1" "ConfigMap" "" "" }}{{ len $l.items }} {{ $l.kind }} {{ $l.metadata.continue }}"`, map[string]any{"v": "2 ConfigMapList "}},
		"an empty list":        {cluster{"ConfigMap shop/": {list("")}}, `  v: "{{ len (lookup "v1" "ConfigMap" "shop" "").items }}"`, map[string]any{"v": "0"}},
		"a list of no kind":    {cluster{}, `  v: "{{ range (lookup "example.com/v1" "Bell" "" "").items }}x{{ end }}none"`, map[string]any{"v": "none"}},
		"a question in tpl":    {cluster{"Secret shop/db": {secret}}, `  p: {{ tpl "{{ (lookup \"v1\" \"Secret\" \"shop\" \"db\").data.k0 }}" . }}`, map[string]any{"p": "c3dvcmRmaXNo"}},
		"what one call does to an answer": {
			cluster{"Secret shop/db": {secret}},
			`  p: "{{ $_ := set (lookup "v1" "Secret" "shop" "db") "kind" "Mine" }}{{ (lookup "v1" "Secret" "shop" "db").kind }}"`,
			map[string]any{"p": "Secret"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := lookUp(t, test.cluster, configMap+test.template)
			if got.reply == nil || got.reply.Kind != "rendered" {
				t.Fatalf("got %+v", got.reply)
			}
			if found := data(t, got.reply.object(t, "ConfigMap", "a")); mustJSON(t, found) != mustJSON(t, test.want) {
				t.Errorf("got %v", found)
			}
			if len(got.questions) != 1 {
				t.Errorf("asked %q", got.questions)
			}
		})
	}
}

func TestAQuestionIsAskedOnceARender(t *testing.T) {
	secret := cluster{"Secret shop/db": {secretJSON("db", "swordfish")}}
	template := configMap + `  a: {{ (lookup "v1" "Secret" "shop" "db").kind }}{{ range until 100 }}{{ $_ := lookup "v1" "Secret" "shop" "db" }}{{ $_ := lookup "v1" "Secret" "shop" "gone" }}{{ end }}`
	engine := newTestServer(t)
	for range 2 {
		req, data := asked(minimal(template))
		got := renderAsking(t, engine, secret.answer, req, data)
		if strings.Join(got.questions, ", ") != "v1 Secret shop/db, v1 Secret shop/gone" {
			t.Errorf("asked %q", got.questions)
		}
	}
}

func TestTheNextRenderSeesTheNextAnswer(t *testing.T) {
	engine := newTestServer(t)
	for _, password := range []string{"one", "two"} {
		req, bytes := asked(minimal(configMap + `  p: {{ (lookup "v1" "Secret" "shop" "db").data.k0 | b64dec }}`))
		got := renderAsking(t, engine, cluster{"Secret shop/db": {secretJSON("db", password)}}.answer, req, bytes)
		if found := data(t, got.reply.object(t, "ConfigMap", "a"))["p"]; found != password {
			t.Errorf("got %v", found)
		}
	}
}

func TestWhereNobodyAnswersNothingExists(t *testing.T) {
	got := render(t, minimal(configMap+`  a: "{{ len (lookup "v1" "Secret" "shop" "db") }}{{ range (lookup "v1" "Node" "" "").items }}x{{ end }}"`))
	if found := data(t, got.object(t, "ConfigMap", "a"))["a"]; found != "0" {
		t.Errorf("got %v", found)
	}
}

func TestAnAnswerThatCannotBeHadFailsTheRender(t *testing.T) {
	for name, test := range map[string]struct {
		template string
		line     int
	}{
		"of one":     {"a: 1\nb: {{ lookup \"v1\" \"Secret\" \"shop\" \"db\" }}", 2},
		"of all":     {"{{ range (lookup \"v1\" \"Secret\" \"shop\" \"\").items }}{{ end }}", 1},
		"within tpl": {"a: {{ tpl \"{{ lookup \\\"v1\\\" \\\"Secret\\\" \\\"shop\\\" \\\"db\\\" }}\" . }}", 1},
	} {
		t.Run(name, func(t *testing.T) {
			words := "!cannot look up Secret: not allowed"
			got := lookUp(t, cluster{"Secret shop/db": {words}, "Secret shop/": {words}}, test.template).reply
			if got.Code != "LookupFailed" || got.Message != words[1:] || got.Template != "hello/templates/x.yaml" || got.Line != test.line {
				t.Errorf("got %+v", got.failedReplyOf())
			}
		})
	}
}

func (a *answered) failedReplyOf() failedReply {
	return failedReply{Code: errorCode(a.Code), Message: a.Message, Template: a.Template, Line: a.Line}
}

func TestAnAnswerThatMakesNoSenseIsAFailure(t *testing.T) {
	for name, page := range map[string]string{"no JSON": `{"kind":`, "no kind": `{"a":1}`, "a list": `[1]`} {
		t.Run(name, func(t *testing.T) {
			got := lookUp(t, cluster{"Secret shop/db": {page}}, `a: {{ lookup "v1" "Secret" "shop" "db" }}`).reply
			if got.Code != "LookupFailed" || !strings.Contains(got.Message, `the API server's answer cannot be read`) {
				t.Errorf("got %+v", got.failedReplyOf())
			}
		})
	}
}

func TestWhatLookedUpSecretsSayIsInNoMessage(t *testing.T) {
	applied := `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"db","annotations":{"` + lastApplied + `":"{\"stringData\":{\"k0\":\"sword<fish\"}}"}},"data":{"k0":"` +
		base64.StdEncoding.EncodeToString([]byte("sword<fish")) + `"}}`
	all := `{"apiVersion":"v1","kind":"SecretList","metadata":{},"items":[` + secretJSON("a", "swordfish") + `,` + secretJSON("b", "two\nlines") + `]}`
	for name, test := range map[string]struct {
		page, template, want string
	}{
		"a value":            {secretJSON("db", "swordfish"), `{{ fail (index .data "k0" | b64dec) }}`, "***"},
		"its base64":         {secretJSON("db", "swordfish"), `{{ fail .data.k0 }}`, "***"},
		"its base64 anew":    {secretJSON("db", "swordfish"), `{{ fail (.data.k0 | b64dec | b64enc) }}`, "***"},
		"the whole of it":    {secretJSON("db", "swordfish", "two\nlines"), `{{ fail (toYaml .) }}`, "name: db"},
		"what kubectl keeps": {applied, `{{ fail (toJson .) }}`, "***"},
		"within a list":      {all, `{{ fail (toYaml (index .items 1)) }}`, "name: b"},
		"a line of it":       {all, `{{ fail ((index .items 1).data.k0 | b64dec | splitList "\n" | last) }}`, "***"},
		"a type error":       {secretJSON("db", "swordfish"), `{{ mustToDate "2006" (.data.k0 | b64dec) }}`, "***"},
		"a broken manifest":  {secretJSON("db", "swordfish"), "a: 1\n{{ .data.k0 | b64dec }}", "YAML parse error"},
	} {
		t.Run(name, func(t *testing.T) {
			object := "db"
			if strings.Contains(test.page, "SecretList") {
				object = ""
			}
			got := lookUp(t, cluster{"Secret shop/" + object: {test.page}}, fmt.Sprintf(`{{ with lookup "v1" "Secret" "shop" %q }}%s{{ end }}`, object, test.template)).reply
			if got.Kind != "failed" || !strings.Contains(got.Message, test.want) {
				t.Errorf("got %s %+v", got.Kind, got.failedReplyOf())
			}
			for _, secret := range []string{"swordfish", "sword", "lines", "c3dvcmRmaXNo", base64.StdEncoding.EncodeToString([]byte("two\nlines"))} {
				if strings.Contains(got.Message, secret) {
					t.Errorf("the message says %q: %s", secret, got.Message)
				}
			}
		})
	}
}

func TestOnlySecretsAreTakenOutOfMessages(t *testing.T) {
	settings := `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"settings"},"data":{"color":"purple"}}`
	got := lookUp(t, cluster{"ConfigMap shop/settings": {settings}}, `{{ fail (lookup "v1" "ConfigMap" "shop" "settings").data.color }}`).reply
	if !strings.Contains(got.Message, "purple") {
		t.Errorf("got %s", got.Message)
	}
}

func TestAPipeThatBreaksAtAQuestionEndsTheEngine(t *testing.T) {
	type header map[string]any
	for name, answer := range map[string]answerWith{
		"another request": func(lookupReply) (any, []byte) { return header{"id": 7, "op": "render"}, nil },
		"the answer to another": func(lookupReply) (any, []byte) {
			return header{"id": 8, "op": "answer", "number": 1}, nil
		},
		"the last answer again": func(lookupReply) (any, []byte) {
			return header{"id": 7, "op": "answer", "number": 0}, nil
		},
		"a header of other type": func(lookupReply) (any, []byte) { return []int{1}, nil },
	} {
		t.Run(name, func(t *testing.T) {
			req, data := asked(minimal(`a: {{ lookup "v1" "Secret" "shop" "db" }}`))
			if got := renderAsking(t, newTestServer(t), answer, req, data); got.ended == nil || got.reply != nil {
				t.Errorf("ended with %v and %v", got.ended, got.reply)
			}
		})
	}
	t.Run("the end", func(t *testing.T) {
		req, data := asked(minimal(`a: {{ lookup "v1" "Secret" "shop" "db" }}`))
		req.Lookups = true
		engine := newTestServer(t)
		if err := engine.serve(strings.NewReader(string(framed(t, req, data))), io.Discard); err == nil {
			t.Error("it ended well")
		}
	})
}

func TestAPageOutOfItsBytesIsAFailure(t *testing.T) {
	answer := map[string]any{"id": 7, "op": "answer", "number": 1, "pages": []span{{0, 9}}}
	req, data := asked(minimal(`a: {{ lookup "v1" "Secret" "shop" "db" }}`))
	got := renderAsking(t, newTestServer(t), func(lookupReply) (any, []byte) { return answer, nil }, req, data)
	if got.reply == nil || got.reply.Code != "LookupFailed" {
		t.Errorf("got %+v, %v", got.reply, got.ended)
	}
}
