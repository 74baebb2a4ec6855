// Package progress says of work that takes more than a few seconds what is running, how
// far it is, and what has failed so far: on a terminal in one line that changes, in the log
// of a CI run, where nothing can change, line by line.
//
//	p := progress.Start(progress.Config{Title: "sweep", Total: len(points)})
//	defer p.Close()
//	for _, point := range points {
//		step := p.Begin(point.String())
//		step.End(try(point))
//	}
//
// Work that is over before [Config].After has passed leaves no trace. From then on there is
//
//   - a status every [Config].Every: "sweep: 57 of 200, 2 failed, after 12s; running: dial 3".
//     What hangs shows in it, since it is written whether or not anything has ended;
//   - each failure at once, as a line of its own: "sweep: FAILED dial 2: connection refused",
//     up to 20, of which the rest is counted;
//   - a last line when the work is over.
//
// Names and errors are shown as text, each in one line and cut, whatever they say: control
// characters are escaped, and so is what GitHub Actions or Ginkgo would take for a
// command.
//
// # The environment
//
// WINDTUNNEL_PROGRESS=off, lines or terminal takes the place of [Auto].
//
// # Time and concurrency
//
// The times are those of package time: real ones, in a testing/synctest bubble virtual
// ones. A Progress has a goroutine, which ends with [Progress.Close]. All methods may be
// called from any goroutine, and do nothing on a nil *Progress or *Step, so that an engine
// can take one that need not be there.
package progress
