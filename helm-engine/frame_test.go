package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"
)

func TestFrameComesBackAsItWas(t *testing.T) {
	for name, want := range map[string]frame{
		"header and attachment": {header: []byte(`{"id":1}`), attachment: []byte("bytes")},
		"no attachment":         {header: []byte(`{}`)},
		"nothing at all":        {},
	} {
		t.Run(name, func(t *testing.T) {
			var pipe bytes.Buffer
			if err := writeFrame(&pipe, want); err != nil {
				t.Fatal(err)
			}
			got, err := readFrame(&pipe, 100)
			if err != nil || !bytes.Equal(got.header, want.header) || !bytes.Equal(got.attachment, want.attachment) {
				t.Fatalf("got %q, %v", got, err)
			}
			if _, err := readFrame(&pipe, 100); err != io.EOF {
				t.Fatalf("want a clean end after the frame, got %v", err)
			}
		})
	}
}

func TestBadFramesAreRefused(t *testing.T) {
	whole := func(numbers ...uint32) string {
		var text []byte
		for _, number := range numbers {
			text = binary.BigEndian.AppendUint32(text, number)
		}
		return string(text)
	}
	for name, text := range map[string]string{
		"a length cut short":                      "\x00\x00",
		"a body that is not there":                whole(8),
		"a body cut short":                        whole(8, 2) + "{",
		"a frame too small for its header length": whole(3, 0),
		"a frame over the cap":                    whole(101) + strings.Repeat("x", 101),
		"a length of all ones":                    whole(0xffffffff, 0xffffffff),
		"a header longer than the frame":          whole(8, 5) + "{}{}",
		"a header of all ones":                    whole(8, 0xffffffff) + "{}{}",
		"text":                                    "GET / HTTP/1.1\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := readFrame(strings.NewReader(text), 100); err == nil || err == io.EOF {
				t.Fatalf("want an error, got %q, %v", got, err)
			}
		})
	}
}

func TestServeEndsOnBadFramesAndOnlyOnThem(t *testing.T) {
	framed := func(header string) string {
		var pipe bytes.Buffer
		if err := writeFrame(&pipe, frame{header: []byte(header)}); err != nil {
			t.Fatal(err)
		}
		return pipe.String()
	}
	for name, test := range map[string]struct {
		in      string
		replies int
		bad     bool
	}{
		"an empty pipe is a clean end":         {"", 1, false},
		"a header that is not JSON":            {framed("{"), 1, true},
		"a header of the wrong shape":          {framed(`{"id":"one"}`), 1, true},
		"an unknown operation is only refused": {framed(`{"id":1,"op":"dance"}`) + framed(`{"id":2,"op":"dance"}`), 3, false},
		"garbage after a good frame":           {framed(`{"id":1,"op":"dance"}`) + "garbage!", 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			err := newTestServer(t).serve(strings.NewReader(test.in), &out)
			if (err != nil) != test.bad {
				t.Fatalf("bad frame: got %v", err)
			}
			if got := len(readAll(t, &out)); got != test.replies {
				t.Fatalf("got %d frames, want %d", got, test.replies)
			}
		})
	}
}

func TestAReplyOverTheCapBecomesTooLarge(t *testing.T) {
	var out bytes.Buffer
	if err := writeReply(&out, 5, readReply{ID: 5, Kind: "read"}, make([]byte, maxReplySize)); err != nil {
		t.Fatal(err)
	}
	reply := decode[failedReply](t, string(readAll(t, &out)[0].header))
	if reply.ID != 5 || reply.Kind != "failed" || reply.Code != tooLarge {
		t.Fatalf("got %+v", reply)
	}
}

func FuzzReadFrame(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x06\x00\x00\x00\x02{}"))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := readFrame(bytes.NewReader(text), 1000)
		if err == nil && got.size()+lengthSize > len(text) {
			t.Fatalf("read %d bytes of %d", got.size()+lengthSize, len(text))
		}
	})
}
