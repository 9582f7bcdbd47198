//go:build tools

// Package tools pins what the lab is built from.
package tools

import (
	_ "github.com/distribution/distribution/v3/cmd/registry"
)
