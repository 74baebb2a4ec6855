#!/usr/bin/env bash
# Workflows and actions call other repositories by full commit hash, with the version beside it.
set -u

uses=$(git grep --untracked -nE '^[ -]*uses:' -- .github) || {
	echo 'found no "uses:" in .github, so nothing was checked'
	exit 1
}
loose=$(printf '%s\n' "$uses" | grep -vE 'uses: (\./|[^ @]+@[0-9a-f]{40} # v[0-9])')
[ -z "$loose" ] && exit 0
printf 'not pinned as "uses: owner/name@<40 hex digits> # v1.2.3":\n%s\n' "$loose"
exit 1
