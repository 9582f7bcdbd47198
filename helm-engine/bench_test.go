package main

import "testing"

func BenchmarkRender(b *testing.B) {
	engine := newServer(newMemoryGuard(b.Output()), b.Output())
	files := readChart(b, createdChart(b))
	req, bytes := asked(files)
	req.Labels = map[string]string{"new": "label"}
	send(b, engine, req, bytes)
	req.Chart.Files = nil
	for b.Loop() {
		if reply, _ := engine.answer(req, nil, &lookups{}); reply.(renderedReply).Kind != "rendered" {
			b.Fatal("not rendered")
		}
	}
}
