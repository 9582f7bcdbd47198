package main

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/common"
)

func TestMain(m *testing.M) {
	silenceHelm()
	status := m.Run()
	os.RemoveAll(builtIn)
	os.Exit(status)
}

// chartFiles are a chart's files by name.
type chartFiles map[string]string

func readChart(t testing.TB, dir string) chartFiles {
	t.Helper()
	files := chartFiles{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == ".helmignore" {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		files[filepath.ToSlash(name)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func testChart(t testing.TB, name string) chartFiles {
	return readChart(t, filepath.Join("testdata", "charts", name))
}

// minimal is a chart of one template.
func minimal(template string) chartFiles {
	return chartFiles{
		"Chart.yaml":       "apiVersion: v2\nname: hello\nversion: 0.1.0\n",
		"templates/x.yaml": template,
	}
}

// with is a copy of the files in which one is written anew.
func (f chartFiles) with(name, data string) chartFiles {
	copied := chartFiles{name: data}
	for other, text := range f {
		if other != name {
			copied[other] = text
		}
	}
	return copied
}

// asked is a render request that a test may change before it is sent.
func asked(files chartFiles, values ...string) (*request, []byte) {
	req := &request{
		ID:      7,
		Op:      "render",
		Chart:   chartInput{Digest: "sha256:" + files["Chart.yaml"]},
		Values:  documentsOf(values),
		Release: releaseInput{Name: "demo", Namespace: "space", Revision: 1, Action: "install"},
		Capabilities: capabilities{
			KubeVersion: "v1.36.3",
			APIVersions: slices.Clone(common.DefaultVersionSet),
		},
	}
	var data []byte
	for _, name := range sortedKeys(files) {
		req.Chart.Files = append(req.Chart.Files, fileInput{Name: name, Size: len(files[name])})
		data = append(data, files[name]...)
	}
	return req, data
}

// documentsOf are values as they stand in the spec.
func documentsOf(texts []string) []valuesDocument {
	var documents []valuesDocument
	for _, text := range texts {
		documents = append(documents, valuesDocument{Text: text})
	}
	return documents
}

// answered is a reply as the other side of the pipe sees it.
type answered struct {
	renderedReply
	Code     string `json:"code"`
	Message  string `json:"message"`
	Template string `json:"template"`
	Line     int    `json:"line"`
	bytes    []byte
}

func (a *answered) at(s span) string { return string(a.bytes[s[0] : s[0]+s[1]]) }

func (a *answered) json(t testing.TB, s span) map[string]any {
	t.Helper()
	return decode[map[string]any](t, a.at(s))
}

func (a *answered) kinds() []string {
	var kinds []string
	for _, one := range a.Objects {
		kinds = append(kinds, one.Kind+"/"+one.Name+one.GenerateName)
	}
	return kinds
}

func decode[T any](t testing.TB, text string) T {
	t.Helper()
	var value T
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("cannot decode %s: %v", text, err)
	}
	return value
}

func newTestServer(t testing.TB) *server { return newServer(nil, t.Output()) }

// send passes one request through the frames and the loop.
func send(t testing.TB, s *server, req *request, data []byte) *answered {
	t.Helper()
	header, err := json.Marshal(req)
	if err != nil {
		t.Fatal(err)
	}
	var in, out bytes.Buffer
	if err := writeFrame(&in, frame{header: header, attachment: data}); err != nil {
		t.Fatal(err)
	}
	if err := s.serve(&in, &out); err != nil {
		t.Fatalf("serve: %v", err)
	}
	replies := readAll(t, &out)
	if len(replies) != 2 || !bytes.Contains(replies[0].header, []byte(`"ready"`)) {
		t.Fatalf("want ready and one reply, got %d frames", len(replies))
	}
	reply := decode[answered](t, string(replies[1].header))
	reply.bytes = replies[1].attachment
	if reply.ID != req.ID {
		t.Fatalf("the reply is for request %d, want %d", reply.ID, req.ID)
	}
	return &reply
}

func readAll(t testing.TB, in io.Reader) []frame {
	t.Helper()
	var frames []frame
	for {
		one, err := readFrame(in, maxReplySize)
		if err == io.EOF {
			return frames
		}
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, one)
	}
}

// render renders in an engine of its own and wants a success.
func render(t testing.TB, files chartFiles, values ...string) *answered {
	t.Helper()
	req, data := asked(files, values...)
	reply := send(t, newTestServer(t), req, data)
	if reply.Kind != "rendered" {
		t.Fatalf("want rendered, got %s %s: %s", reply.Kind, reply.Code, reply.Message)
	}
	return reply
}

func (a *answered) object(t testing.TB, kind, name string) map[string]any {
	t.Helper()
	for _, one := range a.Objects {
		if one.Kind == kind && one.Name == name {
			return a.json(t, one.JSON)
		}
	}
	t.Fatalf("no %s/%s among %v", kind, name, a.kinds())
	return nil
}

func data(t testing.TB, object map[string]any) map[string]any {
	t.Helper()
	found, ok := object["data"].(map[string]any)
	if !ok {
		t.Fatalf("no data in %v", object)
	}
	return found
}
