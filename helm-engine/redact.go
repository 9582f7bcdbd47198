package main

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/strvals"
)

// redacted replaces what a message could only know from a Secret.
const redacted = "***"

// shortSecret is the number of bytes from which on a value is looked for
// everywhere; a shorter one only in quotes, where Helm's messages have values.
const shortSecret = 4

// redact takes values of Secrets, and what b64enc makes of them, out of a
// message: Helm's words, a schema's and a template's may quote them.
func redact(message string, leaves []string) string {
	for _, secret := range spellingsOf(leaves) {
		if len(secret) >= shortSecret {
			message = strings.ReplaceAll(message, secret, redacted)
			continue
		}
		for _, mark := range []string{"'", `"`, "`"} {
			message = strings.ReplaceAll(message, mark+secret+mark, mark+redacted+mark)
		}
	}
	return message
}

// secretLeaves are all texts and numbers that secret documents say.
func secretLeaves(documents []valuesDocument) []string {
	var leaves []string
	for _, document := range documents {
		if document.Secret {
			leaves = append(leaves, leavesOf(valueOf(document))...)
		}
	}
	return leaves
}

// spellingsOf are the longest first, so that one within another leaves no rest.
func spellingsOf(leaves []string) []string {
	var spellings []string
	for _, leaf := range leaves {
		spellings = append(spellings, leaf, inside(strconv.Quote(leaf)), inside(string(encode(leaf))), base64.StdEncoding.EncodeToString([]byte(leaf)))
		spellings = append(spellings, longLines(leaf)...)
	}
	slices.SortFunc(spellings, func(a, b string) int { return len(b) - len(a) })
	return slices.DeleteFunc(slices.Compact(spellings), func(text string) bool { return text == "" })
}

func inside(quoted string) string { return quoted[1 : len(quoted)-1] }

// valueOf is the document's part of the values; its text where it cannot be read.
func valueOf(document valuesDocument) any {
	if document.TargetPath == "" {
		values, err := loader.LoadValues(strings.NewReader(document.Text))
		if err != nil {
			return document.Text
		}
		return values
	}
	unquoted, _ := unquote(document.Text)
	set, err := strvals.Parse("x=" + unquoted)
	if err != nil {
		set = nil
	}
	return []any{document.Text, unquoted, set}
}

// leavesOf are all texts and numbers of a value.
func leavesOf(value any) []string {
	switch value := value.(type) {
	case map[string]any:
		var all []string
		for _, member := range value {
			all = append(all, leavesOf(member)...)
		}
		return all
	case []any:
		var all []string
		for _, element := range value {
			all = append(all, leavesOf(element)...)
		}
		return all
	case nil, bool:
		return nil
	default:
		return []string{fmt.Sprint(value)}
	}
}

// longLines are the lines of a text of several: a message may quote one of them.
func longLines(text string) []string {
	if !strings.Contains(text, "\n") {
		return nil
	}
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); len(line) >= shortSecret {
			lines = append(lines, line)
		}
	}
	return lines
}
