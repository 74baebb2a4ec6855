#!/usr/bin/env bash
# The CI's own scripts parse.
set -u

status=0
for file in .ci/run .ci/checks/*.sh .ci/browser/*.sh; do
	bash -n "$file" || status=1
done
exit "$status"
