package main

import (
	"runtime/debug"
	"sync"

	"helm.sh/helm/v4/pkg/chart/common"
)

// engineNumber counts the releases of this engine that render or answer differently.
const engineNumber = 2

const helmModule = "helm.sh/helm/v4"

// helmVersion is the version of Helm's module that this engine was built from.
// It is read from the build, so that it cannot disagree with the code. A test
// binary has no such record and answers what Helm says of itself.
var helmVersion = sync.OnceValue(func() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == helmModule {
				return module.Version
			}
		}
	}
	return common.DefaultCapabilities.HelmVersion.Version
})
