#!/usr/bin/env bash
# The run left the tree as it found it: no file changed, none left behind that .gitignore does not name.
set -u

changed=$(git status --porcelain) || exit 1
[ -z "$changed" ] && exit 0
printf 'the run changed the tree:\n%s\n' "$changed"
git --no-pager diff --stat
exit 1
