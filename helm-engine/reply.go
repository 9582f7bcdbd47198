package main

import (
	"encoding/json"

	"helm.sh/helm/v4/pkg/chart/common"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	release "helm.sh/helm/v4/pkg/release/v1"
)

// leanChart is what a release record keeps of a chart: enough for Helm to list,
// show, roll back and reuse values. Templates and files are found by digest.
type leanChart struct {
	Metadata  *chart.Metadata `json:"metadata"`
	Templates []*common.File  `json:"templates"`
	Values    map[string]any  `json:"values"`
	Files     []*common.File  `json:"files"`
}

// renderedFrame puts a rendering into a reply and its attachment.
func renderedFrame(id int64, made *rendering, with marks) (any, []byte, error) {
	var bytes attachment
	metadata := made.chart.Metadata
	reply := renderedReply{
		ID:   id,
		Kind: "rendered",
		Chart: chartHead{
			Name:        metadata.Name,
			Version:     metadata.Version,
			AppVersion:  metadata.AppVersion,
			Description: metadata.Description,
			Type:        metadata.Type,
		},
		Notes:    made.notes,
		Manifest: bytes.add([]byte(manifestText(made.manifests))),
		CRDs:     bytes.addObjects(made.crds),
	}
	objects, err := objectsOfAll(made.manifests, with)
	if err != nil {
		return nil, nil, err
	}
	reply.Objects = bytes.addObjects(objects)
	if reply.Hooks, err = bytes.addHooks(made.hooks, with); err != nil {
		return nil, nil, err
	}
	if err := addRecord(&reply, &bytes, made); err != nil {
		return nil, nil, err
	}
	return reply, bytes.bytes, nil
}

// addRecord adds the parts of a release record as Helm encodes them.
func addRecord(reply *renderedReply, bytes *attachment, made *rendering) error {
	hooks := make([]*release.Hook, len(made.hooks))
	for i, hook := range made.hooks {
		hooks[i] = hook.record
	}
	parts := []struct {
		at    *span
		value any
	}{
		{&reply.RecordChart, leanChart{made.chart.Metadata, []*common.File{}, made.chart.Values, []*common.File{}}},
		{&reply.RecordHooks, hooks},
		{&reply.Config, made.config},
	}
	for _, part := range parts {
		text, err := json.Marshal(part.value)
		if err != nil {
			return fail(internal, "cannot encode a part of the release record: %v", err)
		}
		*part.at = bytes.add(text)
	}
	return nil
}

func objectsOfAll(manifests []document, with marks) ([]object, error) {
	var objects []object
	for _, one := range manifests {
		more, err := objectsOf(one.source, one.json, with)
		if err != nil {
			return nil, err
		}
		objects = append(objects, more...)
	}
	return objects, nil
}

// addObjects adds the objects' JSON and returns their heads; never nil, so that
// the reply has an empty list and not null.
func (a *attachment) addObjects(objects []object) []head {
	heads := make([]head, 0, len(objects))
	for _, one := range objects {
		one.head.JSON = a.add(one.json)
		heads = append(heads, one.head)
	}
	return heads
}

func (a *attachment) addHooks(hooks []hookDocument, with marks) ([]hookHead, error) {
	heads := []hookHead{}
	for i, hook := range hooks {
		objects, err := objectsOf(hook.source, hook.json, with)
		if err != nil {
			return nil, err
		}
		for _, one := range a.addObjects(objects) {
			heads = append(heads, hookHead{
				head:           one,
				Events:         plain(hook.record.Events),
				Weight:         hook.record.Weight,
				DeletePolicies: plain(hook.record.DeletePolicies),
				Record:         i,
			})
		}
	}
	return heads, nil
}

func plain[S ~string](values []S) []string {
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = string(value)
	}
	return texts
}
