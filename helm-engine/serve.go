package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
)

// maxMessageSize bounds an error's words: Helm's may quote a whole template.
const maxMessageSize = 64 << 10

// server answers requests one at a time. It keeps charts between them and
// nothing else.
type server struct {
	charts *chartCache
	// memory is watched while a request is answered; nil watches nothing.
	memory *memoryGuard
	log    io.Writer
}

func newServer(memory *memoryGuard, log io.Writer) *server {
	return &server{charts: newChartCache(maxCachedBytes), memory: memory, log: log}
}

// serve answers frames until in ends. An error means that the pipe is of no
// more use.
func (s *server) serve(in io.Reader, out io.Writer) error {
	ready := readyReply{Kind: "ready", Helm: helmVersion(), Protocol: protocolVersion}
	if err := writeReply(out, 0, ready, nil); err != nil {
		return err
	}
	for {
		req, bytes, err := readRequest(in)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		asked := newLookups(req, in, out)
		reply, bytes := s.answer(req, bytes, asked)
		if asked.broken != nil {
			return asked.broken
		}
		if err := writeReply(out, req.ID, reply, bytes); err != nil {
			return err
		}
	}
}

// readRequest answers io.EOF only when the pipe ended between two frames.
func readRequest(in io.Reader) (*request, []byte, error) {
	received, err := readFrame(in, maxRequestSize)
	if err != nil {
		return nil, nil, err
	}
	var req request
	if err := json.Unmarshal(received.header, &req); err != nil {
		return nil, nil, fmt.Errorf("cannot read a frame's header of %d bytes: %w", len(received.header), err)
	}
	return &req, received.attachment, nil
}

// answer never fails and never panics: whatever goes wrong is a `failed` reply,
// but for a pipe that broke while a question was asked.
func (s *server) answer(req *request, bytes []byte, asked *lookups) (reply any, attached []byte) {
	defer s.memory.watch()()
	defer func() {
		if cause := recover(); cause != nil {
			fmt.Fprintf(s.log, "request %d (%s): panic: %s\n%s", req.ID, req.Op, redact(fmt.Sprint(cause), req.secrets(asked)), debug.Stack())
			reply, attached = failed(req.ID, req.redacted(fail(internal, "the engine failed on this request: %v", cause), asked)), nil
		}
	}()
	var err error
	switch req.Op {
	case "render":
		reply, attached, err = s.render(req, bytes, asked)
	case "read":
		reply, attached, err = read(req, bytes)
	default:
		err = fail(internal, "cannot do %q: the operations are render and read", req.Op)
	}
	if err != nil {
		return failed(req.ID, req.redacted(asFailure(err), asked)), nil
	}
	return reply, attached
}

// redacted is the failure without what Secrets say.
func (req *request) redacted(cause *failure, asked *lookups) *failure {
	cause.message = redact(cause.message, req.secrets(asked))
	return cause
}

// secrets are what the request's Secrets say, and those that were looked up for it.
func (req *request) secrets(asked *lookups) []string {
	return append(secretLeaves(req.Values), asked.secretLeaves()...)
}

func (s *server) render(req *request, bytes []byte, asked *lookups) (any, []byte, error) {
	held := s.charts.get(req.Chart.Digest)
	if len(req.Chart.Files) > 0 {
		files, err := readFiles(req.Chart.Files, bytes)
		if err != nil {
			return nil, nil, err
		}
		held = newHeldChart(req.Chart.Digest, files)
		s.charts.put(held)
	}
	if held == nil {
		return chartNeededReply{ID: req.ID, Kind: "chartNeeded"}, nil, nil
	}
	made, err := renderChart(held, req, asked)
	if err != nil {
		return nil, nil, err
	}
	return renderedFrame(req.ID, made, newMarks(req.Labels, req.Annotations))
}

func read(req *request, bytes []byte) (any, []byte, error) {
	manifest, ok := req.Manifest.of(bytes)
	if !ok {
		return nil, nil, fail(internal, "cannot read a manifest at %d of %d bytes: the attachment has %d", req.Manifest[0], req.Manifest[1], len(bytes))
	}
	objects, err := readManifest(string(manifest), newMarks(req.Labels, req.Annotations))
	if err != nil {
		return nil, nil, err
	}
	var all attachment
	heads := all.addObjects(objects)
	return readReply{ID: req.ID, Kind: "read", Objects: heads}, all.bytes, nil
}

func failed(id int64, cause *failure) failedReply {
	message := cause.message
	if len(message) > maxMessageSize {
		message = strings.ToValidUTF8(message[:maxMessageSize], "") + " (cut)"
	}
	return failedReply{ID: id, Kind: "failed", Code: cause.code, Message: message, Template: cause.template, Line: cause.line}
}

// writeReply writes a reply, or says that it does not fit into a frame.
func writeReply(out io.Writer, id int64, reply any, bytes []byte) error {
	header, err := json.Marshal(reply)
	if err != nil {
		return fmt.Errorf("cannot encode the reply to request %d: %w", id, err)
	}
	whole := frame{header: header, attachment: bytes}
	if whole.size() > maxReplySize {
		cause := fail(tooLarge, "the reply has %d bytes, at most %d fit", whole.size(), maxReplySize)
		return writeReply(out, id, failed(id, cause), nil)
	}
	return writeFrame(out, whole)
}
