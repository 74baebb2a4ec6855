package blocking

import (
	"fmt"
	"slices"
	"strings"
)

// Rule lets code block, or takes that permission back. Make it with [AllowFunc],
// [AllowPackage] or [DisallowFunc], and narrow it with [Rule.By] and [Rule.On].
// Rules can be compared with ==.
type Rule struct {
	// Function is the full name, as in "path/pkg.(*T).Method", or "".
	Function string
	// Package is an import path, which may end in "/..." for all below it, or "".
	Package string
	// Reason says why.
	Reason string

	forbids   bool
	preset    bool   // not reported when it allows nothing
	kinds     uint16 // a bit each; 0 is all
	resources uint16
}

// AllowFunc makes a rule that allows every block made below function, and below the
// closures written inside it. The name is the runtime's, as in
// "path/pkg.Func" or "path/pkg.(*T).Method"; the line to paste is printed with
// every block, and [FuncName] gives the name of a function at hand.
//
// A rule matches when a frame between the leaf and the marker is that function.
// So name the narrowest function of your own that is meant to block, never a
// primitive such as time.Sleep: that would allow every sleep everywhere.
//
// Both strings are required: [Start] refuses a rule without function or reason
// with [ErrConfig].
func AllowFunc(function, reason string) Rule { return Rule{Function: function, Reason: reason} }

// AllowPackage makes a rule that allows every block made below a function of the
// package. A path that ends in "/..." stands for the package and all below it.
func AllowPackage(path, reason string) Rule { return Rule{Package: path, Reason: reason} }

// DisallowFunc makes a rule that lets every block made below function count. It
// matters below what another rule or a scope of [Allow] allows: whichever is nearest
// to the leaf wins, and at one frame the one that disallows.
func DisallowFunc(function, reason string) Rule {
	return Rule{Function: function, Reason: reason, forbids: true}
}

// By returns the rule for blocks of the given kinds only. What may block may not hang:
// a hang is allowed by a rule that names [Hang], and by no other.
func (r Rule) By(kinds ...Kind) Rule {
	for _, k := range kinds {
		r.kinds |= 1 << k
	}
	return r
}

// On returns the rule for blocks on the given resources only.
func (r Rule) On(resources ...Resource) Rule {
	for _, on := range resources {
		r.resources |= 1 << on
	}
	return r
}

// String returns the rule as the Go expression that makes it.
func (r Rule) String() string {
	s := fmt.Sprintf("blocking.AllowFunc(%q, %q)", r.Function, r.Reason)
	switch {
	case r.forbids:
		s = fmt.Sprintf("blocking.DisallowFunc(%q, %q)", r.Function, r.Reason)
	case r.Package != "":
		s = fmt.Sprintf("blocking.AllowPackage(%q, %q)", r.Package, r.Reason)
	}
	list := func(method string, bits uint16, name func(int) string) {
		var names []string
		for i := range 16 {
			if bits&(1<<i) != 0 {
				names = append(names, "blocking."+name(i))
			}
		}
		if len(names) > 0 {
			s += "." + method + "(" + strings.Join(names, ", ") + ")"
		}
	}
	list("By", r.kinds, func(i int) string { return kindIdents[i] })
	list("On", r.resources, func(i int) string { return resourceIdents[i] })
	return s
}

var kindIdents = [...]string{Park: "Park", Syscall: "Syscall", CPU: "CPU", Hang: "Hang"}

var resourceIdents = [...]string{
	Other: "Other", Network: "Network", DNS: "DNS", Disk: "Disk",
	Lock: "Lock", Channel: "Channel", Sleep: "Sleep", Process: "Process",
}

// covers reports whether the rule is about such blocks at all.
func (r Rule) covers(k Kind, on Resource) bool {
	return (r.kinds == 0 && k != Hang || r.kinds&(1<<k) != 0) && (r.resources == 0 || r.resources&(1<<on) != 0)
}

// problem says what is wrong with the rule, or "".
func (r Rule) problem() string {
	_, name := splitFunc(r.Function)
	switch {
	case r.Function == "" && r.Package == "":
		return "names no function: write it as in " + fmt.Sprintf("%q", callbackMark)
	case strings.TrimSpace(r.Reason) == "":
		return "has no reason: say why the function may block"
	case r.Package == "" && name == "":
		return "holds no full function name: write it as in " + fmt.Sprintf("%q", callbackMark)
	case r.Function != "" && r.Package != "":
		return "names both a function and a package: make two rules"
	}
	return ""
}

// matchAnywhere returns the index of the nearest frame that r names, or -1.
func matchAnywhere(r Rule, stack []Frame) int { return slices.IndexFunc(stack, r.Names) }
