package main

import (
	"encoding/json"
	"fmt"
)

// text reads a string of a JSON object; one that is absent or null is empty.
func text(fields map[string]json.RawMessage, key string) (string, error) {
	raw, ok := fields[key]
	if !ok {
		return "", nil
	}
	var value string
	if err := json.Unmarshal(raw, &value); err != nil {
		return "", fmt.Errorf("%s is not a string", key)
	}
	return value, nil
}

// table reads an object within a JSON object; one that is absent or null is
// empty, and never nil, so that it can be written to.
func table(fields map[string]json.RawMessage, key string) (map[string]json.RawMessage, error) {
	value := map[string]json.RawMessage{}
	raw, ok := fields[key]
	if !ok {
		return value, nil
	}
	if err := json.Unmarshal(raw, &value); err != nil {
		return nil, fmt.Errorf("%s is not a map", key)
	}
	if value == nil {
		return map[string]json.RawMessage{}, nil
	}
	return value, nil
}

// encode writes what cannot fail: strings, and maps of JSON that was read before.
func encode(value any) json.RawMessage {
	raw, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("cannot encode %T: %v", value, err))
	}
	return raw
}

func encodeAll(values map[string]string) map[string]json.RawMessage {
	encoded := make(map[string]json.RawMessage, len(values))
	for key, value := range values {
		encoded[key] = encode(value)
	}
	return encoded
}
