package main

import (
	"cmp"
	"maps"
	"slices"

	release "helm.sh/helm/v4/pkg/release/v1"
	releaseutil "helm.sh/helm/v4/pkg/release/v1/util"
)

// installRank is a kind's place in Helm's install order.
var installRank = func() map[string]int {
	ranks := make(map[string]int, len(releaseutil.InstallOrder))
	for rank, kind := range releaseutil.InstallOrder {
		ranks[kind] = rank
	}
	return ranks
}()

// compareKinds puts known kinds first, in Helm's order, then the others by name.
func compareKinds(a, b string) int {
	rankA, knownA := installRank[a]
	rankB, knownB := installRank[b]
	switch {
	case knownA && knownB:
		return cmp.Compare(rankA, rankB)
	case knownA:
		return -1
	case knownB:
		return 1
	default:
		return cmp.Compare(a, b)
	}
}

// hookEvents are the words of a hook annotation; the last is Helm 2's for test.
var hookEvents = map[string]release.HookEvent{
	"pre-install":   release.HookPreInstall,
	"post-install":  release.HookPostInstall,
	"pre-delete":    release.HookPreDelete,
	"post-delete":   release.HookPostDelete,
	"pre-upgrade":   release.HookPreUpgrade,
	"post-upgrade":  release.HookPostUpgrade,
	"pre-rollback":  release.HookPreRollback,
	"post-rollback": release.HookPostRollback,
	"test":          release.HookTest,
	"test-success":  release.HookTest,
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
