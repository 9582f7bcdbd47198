package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// builtIn is the folder of the program that tests start.
var builtIn string

// build builds the program as it is shipped, once for all tests.
var build = sync.OnceValues(func() (string, error) {
	var err error
	if builtIn, err = os.MkdirTemp("", "helm-engine"); err != nil {
		return "", err
	}
	program := filepath.Join(builtIn, "helm-engine")
	command := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, ".")
	command.Env = append(command.Environ(), "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, output)
	}
	return program, nil
})

func buildEngine(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("building the engine takes a while: run without -short")
	}
	program, err := build()
	if err != nil {
		t.Fatalf("cannot build the engine: %v", err)
	}
	return program
}

func TestTheProgram(t *testing.T) {
	program := buildEngine(t)
	t.Run("prints its version", func(t *testing.T) {
		output, err := exec.Command(program, "version").Output()
		if err != nil || string(output) != "helm v4.3.1 engine 2\n" {
			t.Errorf("got %q, %v", output, err)
		}
	})
	t.Run("ends well when the pipe ends", func(t *testing.T) {
		replies, status := runProgram(t, program, nil)
		if status != 0 || len(replies) != 1 || string(replies[0].header) != `{"kind":"ready","helm":"v4.3.1","protocol":3}` {
			t.Errorf("got %d and %q", status, replies)
		}
	})
	t.Run("ends with 2 on a bad frame", func(t *testing.T) {
		if _, status := runProgram(t, program, []byte("garbage!")); status != 2 {
			t.Errorf("got %d", status)
		}
	})
	t.Run("ends with 2 on an argument that it does not know", func(t *testing.T) {
		var failed *exec.ExitError
		if err := exec.Command(program, "template").Run(); !errors.As(err, &failed) || failed.ExitCode() != 2 {
			t.Errorf("got %v", err)
		}
	})
	t.Run("shows templates the whole version of Helm", func(t *testing.T) {
		req, data := asked(minimal("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a{{ .Capabilities.HelmVersion.Version }}}"))
		replies, _ := runProgram(t, program, framed(t, req, data))
		if name := decode[answered](t, string(replies[1].header)).Objects[0].Name; name != "av4.3.1" {
			t.Errorf("got %q", name)
		}
	})
	for name, template := range map[string]string{
		"a text that doubles": `{{ $s := "xxxxxxxx" }}{{ range until 60 }}{{ $s = print $s $s }}{{ end }}`,
		"a tpl without end":   `{{ define "a" }}{{ tpl "{{ include \"b\" . }}" . }}{{ end }}{{ define "b" }}{{ tpl .Values.again . }}{{ end }}{{ tpl .Values.again . }}`,
		"a list without end":  `{{ $l := list (repeat 100000 "x") }}{{ range until 100000 }}{{ $l = append $l (repeat 100000 "y") }}{{ end }}`,
	} {
		t.Run("ends with 137 on "+name, func(t *testing.T) {
			req, data := asked(minimal(template), `{"again": "{{ tpl .Values.again . }}"}`)
			replies, status := runProgram(t, program, framed(t, req, data))
			if status != exitOutOfMemory {
				t.Errorf("got %d and %q", status, replies)
			}
		})
	}
	t.Run("is warm", func(t *testing.T) { measure(t, program) })
}

func framed(t *testing.T, req *request, data []byte) []byte {
	t.Helper()
	header, err := json.Marshal(req)
	if err != nil {
		t.Fatal(err)
	}
	var pipe bytes.Buffer
	if err := writeFrame(&pipe, frame{header: header, attachment: data}); err != nil {
		t.Fatal(err)
	}
	return pipe.Bytes()
}

// runProgram gives the program its whole input and answers what came out.
func runProgram(t *testing.T, program string, in []byte) ([]frame, int) {
	t.Helper()
	command := exec.Command(program)
	command.Env = []string{}
	command.Stdin = bytes.NewReader(in)
	var problems strings.Builder
	command.Stderr = &problems
	output, err := command.Output()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	t.Log(problems.String())
	return readAll(t, bytes.NewReader(output)), command.ProcessState.ExitCode()
}

// measure tells how long the program takes to start and to render; it fails only
// far from what is usual, for it shares its machine.
func measure(t *testing.T, program string) {
	req, data := asked(readChart(t, createdChart(t)))
	command := exec.Command(program)
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	next := func() frame {
		one, err := readFrame(out, maxReplySize)
		if err != nil {
			t.Fatal(err)
		}
		return one
	}
	next()
	t.Logf("start to ready: %v", time.Since(start))
	ask := func(text []byte) time.Duration {
		sent := time.Now()
		if _, err := in.Write(text); err != nil {
			t.Fatal(err)
		}
		if reply := next(); !bytes.Contains(reply.header[:40], []byte(`"rendered"`)) {
			t.Fatalf("got %s", reply.header)
		}
		return time.Since(sent)
	}
	t.Logf("first render, with the chart's files: %v", ask(framed(t, req, data)))
	req.Chart.Files = nil
	text := framed(t, req, nil)
	const rounds = 300
	var total time.Duration
	for range rounds {
		total += ask(text)
	}
	t.Logf("warm render: %v on average of %d", total/rounds, rounds)
	if total/rounds > 100*time.Millisecond {
		t.Errorf("a warm render takes %v", total/rounds)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, out)
	if err := command.Wait(); err != nil {
		t.Fatal(err)
	}
}
