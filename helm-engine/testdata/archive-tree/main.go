// archive-tree prints what Go's archive/tar and Helm's loader make of chart
// archives. It is the other side of `make fuzz`, and is never shipped.
//
// It reads archives, each behind its length in four bytes (big endian), and
// answers each with one line of JSON.
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
)

// reading is the files of an archive, names in base64 since they may be any
// bytes, or why Helm refuses it.
type reading struct {
	Files [][2]string `json:"files,omitempty"`
	Error string      `json:"error,omitempty"`
}

func main() {
	if err := serve(bufio.NewReaderSize(os.Stdin, 1<<20), bufio.NewWriterSize(os.Stdout, 1<<20)); err != nil {
		fmt.Fprintln(os.Stderr, "archive-tree:", err)
		os.Exit(1)
	}
}

func serve(in *bufio.Reader, out *bufio.Writer) error {
	answers := json.NewEncoder(out)
	for {
		packed, err := frame(in)
		if err == io.EOF {
			return out.Flush()
		}
		if err != nil {
			return err
		}
		if err := answers.Encode(read(packed)); err != nil {
			return err
		}
		// Whoever asks may wait for this answer before the next question.
		if in.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
}

// frame is the next archive; io.EOF where there is none.
func frame(in io.Reader) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(in, length[:]); err != nil {
		return nil, err
	}
	packed := make([]byte, binary.BigEndian.Uint32(length[:]))
	_, err := io.ReadFull(in, packed)
	return packed, err
}

func read(packed []byte) reading {
	files, err := tree(packed, "", 0)
	if err != nil {
		return reading{Error: err.Error()}
	}
	return reading{Files: files}
}

// A file that Helm's loader unpacks as a subchart, and one in charts/ that it passes over.
var (
	subchart   = regexp.MustCompile(`^(?:charts/[^/]+/)*charts/[^/]+\.tgz$`)
	passedOver = regexp.MustCompile(`(?:^|/)charts/[_.]`)
)

const maxDepth = 16

func tree(packed []byte, below string, depth int) ([][2]string, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("subcharts packed more than %d deep", maxDepth)
	}
	files, err := archive.LoadArchiveFiles(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	all := make([][2]string, 0, len(files))
	for _, file := range files {
		switch {
		case !subchart.MatchString(file.Name):
			sum := sha256.Sum256(file.Data)
			all = append(all, [2]string{base64.StdEncoding.EncodeToString([]byte(below + file.Name)), hex.EncodeToString(sum[:])})
		case passedOver.MatchString(file.Name):
		default:
			inside, err := tree(file.Data, below+strings.TrimSuffix(file.Name, ".tgz")+"/", depth+1)
			if err != nil {
				return nil, fmt.Errorf("in %s: %w", file.Name, err)
			}
			all = append(all, inside...)
		}
	}
	return all, nil
}
