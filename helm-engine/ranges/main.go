// Ranges says what Helm makes of ranges of versions: the oracle of src/core/version-range.ts. It is part of no build.
//
// It reads lines of JSON, {"range": "^1.2", "tags": ["1.2.0", ...]}, and answers each with {"valid": true, "in": [true, ...], "highest": "1.2.0"}.
// The rules are those of Masterminds' semver, in the version that Helm has here; how tags are read, sorted and chosen from is that of
// Client.Tags and GetTagMatchingVersionOrConstraint in Helm's pkg/registry.
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"os"
	"sort"
	"strings"

	"github.com/Masterminds/semver/v3"
)

type question struct {
	Range string   `json:"range"`
	Tags  []string `json:"tags"`
}

type answer struct {
	Valid   bool   `json:"valid"`
	In      []bool `json:"in"`
	Highest string `json:"highest"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			log.Fatal(err)
		}
		if err := out.Encode(verdict(asked)); err != nil {
			log.Fatal(err)
		}
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}

func verdict(asked question) answer {
	text := asked.Range
	if text == "" {
		text = "*"
	}
	constraint, err := semver.NewConstraint(text)
	if err != nil {
		return answer{In: []bool{}}
	}
	verdict := answer{Valid: true, In: make([]bool, len(asked.Tags))}
	var versions []*semver.Version
	for at, tag := range asked.Tags {
		version, err := semver.StrictNewVersion(strings.ReplaceAll(tag, "_", "+"))
		if err != nil {
			continue
		}
		verdict.In[at] = constraint.Check(version)
		versions = append(versions, version)
	}
	sort.Sort(sort.Reverse(semver.Collection(versions)))
	for _, version := range versions {
		if version.String() == asked.Range {
			verdict.Highest = version.String()
			return verdict
		}
	}
	for _, version := range versions {
		if constraint.Check(version) {
			verdict.Highest = version.String()
			return verdict
		}
	}
	return verdict
}
