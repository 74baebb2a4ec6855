/*
Package github tells GitHub Actions what specs were found to be: annotations at the line
that failed, with the failure text; and a job summary with a table of the runs, tables of
verdicts, failure texts, drawings, and the line that reproduces each failure.

# In a suite

One line in a suite tells of that suite, and does nothing outside of GitHub Actions:

	var _ = ReportAfterSuite("GitHub", github.Report)

# As a command

The command in the directory actions runs suites, tells of them, and merges what several
machines found. The action in .github/actions/suites and the workflow
.github/workflows/suites.yml call it; nothing but Go is needed to call it elsewhere:

	$ go run github.com/windtunnel-go/windtunnel/asynctest/spec/github/actions run -seeds=3 ./...
	$ go run github.com/windtunnel-go/windtunnel/asynctest/spec/github/actions report ginkgo-report.json

# Shards

A run is one suite under one seed. Shard i of n does every n-th run. If there are fewer
runs than shards, several shards do one run, and each the part of its sweeps that
[ShardVariable] in its environment says, "2/3" for the second of three: points 1, 4, 7 and
so on, counted from 0. What a spec found out in such a part it attaches as [Points]. Specs without sweeps
are then the same in each part, and must be found to be the same.

Merging joins the runs, and the parts of each. It does not matter how many shards there
were: the result is the same, byte for byte. A shard that brought nothing, or less than it
should, is a failure.

# Limits

GitHub shows ten error annotations of a step and drops the others, cuts a message at
4,096 characters, refuses a summary of more than 1 MiB as a whole, and draws no diagram of
more than 50,000 characters or 500 edges. This package stays within all of these, and says
how much it left out and where that is.

# Text that nobody vouches for

Failure messages and names of specs may hold anything. Workflow commands in them are
escaped, HTML is escaped, Markdown stands in a fence that is longer than any in the text,
control characters and those that change the direction of text are made visible, and a
diagram that is not plainly one is shown as text.
*/
package github
