package main

import (
	"container/list"

	chart "helm.sh/helm/v4/pkg/chart/v2"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"helm.sh/helm/v4/pkg/chart/loader/archive"
)

// maxCachedBytes bounds the chart files that an engine keeps. A loaded chart
// shares their bytes.
const maxCachedBytes = 64 << 20

// heldChart is one chart's files and what was derived from them once.
//
// Rendering a chart with dependencies edits it: subcharts that are switched off
// are dropped, aliases renamed, imported values written over the defaults. So
// loaded is set only for a chart without dependencies, and the others are made
// anew from files for every render.
type heldChart struct {
	digest string
	files  []*archive.BufferedFile
	size   int

	loaded    *chart.Chart
	overrides overrides

	// Both are keyed by the first byte of the file: aliases share a file's
	// bytes and not its name, and the bytes live as long as this struct.
	schemas map[*byte]*jsonschema.Schema
	crds    map[*byte][]object
}

func newHeldChart(digest string, files []*archive.BufferedFile) *heldChart {
	held := &heldChart{
		digest:  digest,
		files:   files,
		schemas: map[*byte]*jsonschema.Schema{},
		crds:    map[*byte][]object{},
	}
	for _, file := range files {
		held.size += len(file.Data)
	}
	return held
}

// chartCache keeps the charts used last, by digest, within maxBytes.
type chartCache struct {
	maxBytes int
	bytes    int
	byDigest map[string]*list.Element
	recent   *list.List
}

func newChartCache(maxBytes int) *chartCache {
	return &chartCache{maxBytes: maxBytes, byDigest: map[string]*list.Element{}, recent: list.New()}
}

// get finds a chart and makes it the one used last; nil when it is not held.
func (c *chartCache) get(digest string) *heldChart {
	element, ok := c.byDigest[digest]
	if !ok {
		return nil
	}
	c.recent.MoveToFront(element)
	return element.Value.(*heldChart)
}

// put keeps a chart in place of one with the same digest and lets go of those
// used longest ago. A chart larger than the cache, or without a digest, is not kept.
func (c *chartCache) put(held *heldChart) {
	if element, ok := c.byDigest[held.digest]; ok {
		c.drop(element)
	}
	if held.digest == "" || held.size > c.maxBytes {
		return
	}
	c.byDigest[held.digest] = c.recent.PushFront(held)
	c.bytes += held.size
	for c.bytes > c.maxBytes {
		c.drop(c.recent.Back())
	}
}

func (c *chartCache) drop(element *list.Element) {
	held := c.recent.Remove(element).(*heldChart)
	delete(c.byDigest, held.digest)
	c.bytes -= held.size
}
