// Command helm-engine is Helm's own packages kept warm behind a pipe. It reads
// frames from standard input and writes frames to standard output, as told in
// PROTOCOL.md. It opens no file and no connection.
package main

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
)

// exitBadFrame says that the two sides of the pipe do not understand each other.
const exitBadFrame = 2

func main() {
	if len(os.Args) == 2 && os.Args[1] == "version" {
		fmt.Printf("helm %s engine %d\n", helmVersion(), engineNumber)
		return
	}
	if len(os.Args) > 1 {
		fmt.Fprintf(os.Stderr, "helm-engine: unknown argument %q: only `version` is known\n", os.Args[1])
		os.Exit(exitBadFrame)
	}
	silenceHelm()
	// Nothing but frames may reach the standard output.
	frames := os.Stdout
	os.Stdout = os.Stderr

	if err := newServer(newMemoryGuard(os.Stderr), os.Stderr).serve(bufio.NewReader(os.Stdin), frames); err != nil {
		fmt.Fprintf(os.Stderr, "helm-engine: %v\n", err)
		os.Exit(exitBadFrame)
	}
}

// silenceHelm drops what Helm's packages log: their warnings quote values, which
// may be secret. Errors do not go that way.
func silenceHelm() {
	log.SetOutput(io.Discard)
	slog.SetDefault(slog.New(slog.DiscardHandler))
}
