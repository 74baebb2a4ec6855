package blocking

// LogWrites are rules for what prints on its way: the functions fmt.Print, Printf
// and Println, and packages log and log/slog, wherever they write to. A direct write
// to os.Stdout is not among them, since no stack tells it from a write to any other
// file: allow the function that makes it.
//
//	blocking.Config{Allow: append(rules, blocking.LogWrites()...)}
//
// The rules of this and the other presets are not reported as stale.
func LogWrites() []Rule {
	const why = "printing and logging"
	return preset(
		AllowFunc("fmt.Print", why), AllowFunc("fmt.Printf", why), AllowFunc("fmt.Println", why),
		AllowPackage("log", why), AllowPackage("log/slog/...", why),
	)
}

// FirstUse are rules for what loads a file once per process, or once in a while: the
// local time zone, and what package net knows of the system's resolver. A name lookup
// itself is not among them, nor is time.LoadLocation, which reads its file each time.
func FirstUse() []Rule {
	const why = "loaded at the first use"
	return preset(
		AllowFunc("time.initLocal", why), AllowFunc("net.initConfVal", why), AllowFunc("net.systemConf", why),
		AllowFunc("net.(*resolverConfig).init", why), AllowFunc("net.(*resolverConfig).tryUpdate", why),
		AllowFunc("net.readHosts", why), AllowFunc("net.(*nsswitchConfig).tryUpdate", why),
	)
}

// TestFrameworks are rules for what assertions and the logs of tests do: packages
// testing, ginkgo, gomega and testify. An Eventually that polls in a callback blocks
// all the same, which these rules hide.
func TestFrameworks() []Rule {
	const why = "the test framework's own"
	return preset(
		AllowPackage("testing/...", why), AllowPackage("github.com/onsi/ginkgo/...", why),
		AllowPackage("github.com/onsi/gomega/...", why), AllowPackage("github.com/stretchr/testify/...", why),
	)
}

func preset(rules ...Rule) []Rule {
	for i := range rules {
		rules[i].preset = true
	}
	return rules
}
