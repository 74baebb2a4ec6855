#!/usr/bin/env bash
#
# Every command we show works. Shown commands are the lines of ```sh blocks in README.md and .github/*.md, and
# the lines "//<tab>go test ..." of doc comments. Each is
#   - a step of .ci/run, a "run:" line of a workflow, or one of these with fewer flags at its end; or
#   - a cheap go command, which is run here: it must exit 0 and must not report that it ran no test.
# What needs the reader's own module or numbers belongs in a ```console block, or after "$ " in a doc comment.
set -u

tmp=$(mktemp -d "${TMPDIR:-/tmp}/windtunnel-commands.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
timeout=$(command -v timeout || command -v gtimeout || true)

bash .ci/run --list | cut -f2 >"$tmp/known"
sed -n 's/^[ -]*run: //p' .github/workflows/*.yml >>"$tmp/known"

# shown prints FILE:LINE, a tab and the command, without comments and with continued lines joined.
shown() {
	awk '
		FNR == 1 { block = 0; joined = "" }
		/^ *```/ { block = !block && /^ *```(sh|bash|shell|zsh) *$/; joined = ""; next }
		!block { next }
		{
			line = $0
			sub(/^[ \t]+/, "", line)
			sub(/(^|[ \t]+)#.*$/, "", line)
			if (sub(/[ \t]*\\$/, " ", line)) { joined = joined line; next }
			line = joined line
			joined = ""
			sub(/[ \t]+$/, "", line)
			if (line != "") printf "%s:%d\t%s\n", FILENAME, FNR, line
		}
	' README.md .github/*.md
	git grep --untracked -nE '^[[:blank:]]*//	([A-Za-z_0-9]+=[^ ]* )*go (build|doc|env|get|install|list|mod|run|test|tool|version|vet|work)( |$)' -- '*.go' |
		sed 's,^\([^:]*:[0-9]*\):[[:blank:]]*//,\1,'
}

known() {
	grep -qxF -- "$1" "$tmp/known" ||
		COMMAND="$1 -" awk 'index($0, ENVIRON["COMMAND"]) == 1 { found = 1 } END { exit !found }' "$tmp/known"
}

runs() {
	if ! printf '%s\n' "$1" | grep -qE '^([A-Za-z_0-9]+=[^ ]* )*go (build|doc|env|list|run|test|tool|version|vet)( |$)'; then
		echo 'neither a step of .ci/run nor a go command that can be run here; use a ```console block'
		return 1
	fi
	if [ -n "$timeout" ]; then
		"$timeout" -k 15 120 bash -c "$1" </dev/null >"$tmp/out" 2>&1
	else
		bash -c "$1" </dev/null >"$tmp/out" 2>&1
	fi || {
		cat "$tmp/out"
		return 1
	}
	if grep -E 'no tests to run|no test files|matched no packages|^Ran 0 of ' "$tmp/out"; then
		return 1
	fi
}

status=0
shown >"$tmp/shown" || status=1

for wanted in 'go tool ginkgo run ./suites' 'go test ./...'; do
	if ! grep '^README\.md:' "$tmp/shown" | cut -f2 | grep -qxF -- "$wanted"; then
		echo "README.md does not show this command in a \`\`\`sh block: $wanted"
		status=1
	fi
done

while IFS='	' read -r place command; do
	if known "$command"; then
		echo "$place: CI runs it: $command"
	elif why=$(runs "$command"); then
		echo "$place: ran: $command"
	else
		printf '%s: not true: %s\n%s\n' "$place" "$command" "$why"
		status=1
	fi
done <"$tmp/shown"
exit "$status"
