package main

import (
	"encoding/binary"
	"fmt"
	"io"
)

// The two sides of the pipe hold each other to these sizes. A length beyond
// them is never trusted far enough to make room for it.
const (
	maxRequestSize = 96 << 20
	maxReplySize   = 32 << 20

	lengthSize = 4
)

// frame is one message of the pipe: a JSON header and the bytes its spans point into.
type frame struct {
	header     []byte
	attachment []byte
}

// size is the length that stands before the frame on the pipe.
func (f frame) size() int { return lengthSize + len(f.header) + len(f.attachment) }

// readFrame reads one frame of at most limit bytes. It answers io.EOF only when
// the pipe ended between two frames; any other error means that the two sides
// no longer agree where a frame starts, so there is no going on.
func readFrame(in io.Reader, limit int) (frame, error) {
	var length [lengthSize]byte
	if _, err := io.ReadFull(in, length[:]); err != nil {
		if err == io.EOF {
			return frame{}, io.EOF
		}
		return frame{}, fmt.Errorf("cannot read a frame's length: %w", err)
	}
	size := int64(binary.BigEndian.Uint32(length[:]))
	if size < lengthSize || size > int64(limit) {
		return frame{}, fmt.Errorf("cannot read a frame of %d bytes: it must have between %d and %d", size, lengthSize, limit)
	}
	body := make([]byte, size)
	if n, err := io.ReadFull(in, body); err != nil {
		return frame{}, fmt.Errorf("cannot read a frame: it has %d bytes and %d arrived: %w", size, n, err)
	}
	headerSize := int64(binary.BigEndian.Uint32(body))
	if headerSize > size-lengthSize {
		return frame{}, fmt.Errorf("cannot read a frame of %d bytes: its header claims %d", size, headerSize)
	}
	rest := body[lengthSize:]
	return frame{header: rest[:headerSize:headerSize], attachment: rest[headerSize:]}, nil
}

// writeFrame writes one frame with a single Write for all but the attachment,
// so that a small reply is one system call.
func writeFrame(out io.Writer, f frame) error {
	head := make([]byte, 0, 2*lengthSize+len(f.header))
	head = binary.BigEndian.AppendUint32(head, uint32(f.size()))
	head = binary.BigEndian.AppendUint32(head, uint32(len(f.header)))
	head = append(head, f.header...)
	if _, err := out.Write(head); err != nil {
		return fmt.Errorf("cannot write a frame of %d bytes: %w", f.size(), err)
	}
	if len(f.attachment) == 0 {
		return nil
	}
	if _, err := out.Write(f.attachment); err != nil {
		return fmt.Errorf("cannot write a frame of %d bytes: %w", f.size(), err)
	}
	return nil
}
