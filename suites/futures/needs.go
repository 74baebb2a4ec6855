package futures

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// functions returns the names of the optional functions of an adapter that are set, or
// of all of them.
func (a Adapter) functions(all bool) []string {
	var out []string
	v := reflect.ValueOf(a)
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		if v.Field(i).Kind() == reflect.Func && name != "New" && (all || !v.Field(i).IsNil()) {
			out = append(out, name)
		}
	}
	return out
}

// declares reports whether a flag or policy of Caps, as in "Caps.Ordered" or
// "Caps.Panic=contain", is what the library declares.
func (a Adapter) declares(need string) bool {
	name, want, isPolicy := strings.Cut(strings.TrimPrefix(need, "Caps."), "=")
	v := reflect.ValueOf(a.Caps).FieldByName(name)
	if !v.IsValid() {
		panic(fmt.Sprintf("futures: there is no %s", need))
	}
	if isPolicy {
		return v.String() == want
	}
	return v.Bool()
}

// has reports whether the adapter has what one word of Property.Needs asks for, or one
// of several, as in "Flat|Adopt".
func (a Adapter) has(need string) bool {
	if one, other, either := strings.Cut(need, "|"); either {
		return a.has(one) || a.has(other)
	}
	if strings.HasPrefix(need, "Caps.") {
		return a.declares(need)
	}
	return slices.Contains(a.functions(false), need)
}

// excludes says why a property is not tried; "" if it is.
func (a Adapter) excludes(p Property) string {
	if p.Unverified != "" {
		return "not verified: " + p.Unverified
	}
	if why, ok := a.Skip[p.Number]; ok {
		return "not tried: " + why
	}
	var out []string
	for need := range strings.FieldsSeq(p.Needs) {
		switch {
		case a.has(need):
		case strings.HasPrefix(need, "Caps."):
			out = append(out, "does not declare "+strings.TrimPrefix(need, "Caps."))
		case a.Lacks[need] != "":
			out = append(out, "lacks "+need+": "+a.Lacks[need])
		default:
			out = append(out, "lacks "+strings.ReplaceAll(need, "|", " or "))
		}
	}
	for _, flag := range sorted(p.Unless) {
		if a.declares(flag) {
			out = append(out, fmt.Sprintf("declares %s: %s", strings.TrimPrefix(flag, "Caps."), p.Unless[flag]))
		}
	}
	return strings.Join(out, "; ")
}

func sorted(m map[string]string) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
