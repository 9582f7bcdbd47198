package main

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// maxGrowth is how much more than at rest a request may make the engine use.
	maxGrowth = 256 << 20
	// gcRoom is where the collector starts to work harder, so that mere garbage
	// never reaches the ceiling.
	gcRoom = 64 << 20

	watchInterval = 10 * time.Millisecond

	// exitOutOfMemory is what a shell reports of a process killed for its memory.
	exitOutOfMemory = 137
	// exitOrphaned ends an engine that nobody waits for any longer.
	exitOrphaned = 3
)

// memoryGuard ends the process when a request makes it grow too large. A
// template cannot be stopped from the outside, so this is the only way; the
// supervisor starts another engine and blames the chart.
type memoryGuard struct {
	ceiling uint64
	log     io.Writer
	// parent is the supervisor. When it is killed, an engine at rest sees its
	// input end; one that works on an endless template would not.
	parent int
}

// newMemoryGuard takes the present size for the size at rest. It also trades
// memory for speed: a request's garbage lives shortly, so collecting less often
// is most of the difference between a warm render and a slow one.
func newMemoryGuard(log io.Writer) *memoryGuard {
	debug.SetGCPercent(400)
	ceiling := usedMemory() + maxCachedBytes + maxGrowth
	debug.SetMemoryLimit(int64(ceiling - gcRoom))
	return &memoryGuard{ceiling: ceiling, log: log, parent: os.Getppid()}
}

// watch looks at the memory until the function that it returns is called. An
// engine without work looks at nothing.
func (g *memoryGuard) watch() (stop func()) {
	if g == nil {
		return func() {}
	}
	ticker := time.NewTicker(watchInterval)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-ticker.C:
				g.check()
			case <-done:
				return
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(done)
	}
}

func (g *memoryGuard) check() {
	if os.Getppid() != g.parent {
		os.Exit(exitOrphaned)
	}
	if used := usedMemory(); used > g.ceiling {
		fmt.Fprintf(g.log, "helm-engine: %d bytes of memory are in use, at most %d are allowed\n", used, g.ceiling)
		os.Exit(exitOutOfMemory)
	}
}

// usedMemory is what the process holds less what it could give back at once.
func usedMemory() uint64 {
	samples := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
	}
	metrics.Read(samples)
	return samples[0].Value.Uint64() - samples[1].Value.Uint64() - samples[2].Value.Uint64()
}
