package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// An engine that works on an endless template does not read its input, whose
// end would not tell it that the supervisor was killed.
func TestABusyEngineEndsWithItsSupervisor(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	program := buildEngine(t)
	req, data := asked(minimal(`{{ range until 2000000 }}{{ range until 2000000 }}{{ end }}{{ end }}`))
	input := filepath.Join(t.TempDir(), "input")
	if err := os.WriteFile(input, framed(t, req, data), 0o600); err != nil {
		t.Fatal(err)
	}
	// The shell is the supervisor: it ends as soon as it has started the engine.
	output, err := exec.Command("sh", "-c", `"$0" <"$1" >/dev/null 2>&1 & sleep 1; kill -0 $! && echo $!`, program, input).Output()
	if err != nil {
		t.Fatalf("the engine was not at work: %v", err)
	}
	stat := fmt.Sprintf("/proc/%s/stat", strings.TrimSpace(string(output)))
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		// A zombie has ended, whether its new parent has noticed or not.
		if text, err := os.ReadFile(stat); err != nil || strings.Contains(string(text), ") Z ") {
			return
		}
	}
	t.Errorf("the engine still runs 10 s after its supervisor has ended")
}
