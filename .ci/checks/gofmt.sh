#!/usr/bin/env bash
# Every Go file that is tracked, or not ignored, has gofmt's form.
set -u

count=0 status=0
while IFS= read -r file; do
	[ -f "$file" ] || continue # deleted, not yet committed
	count=$((count + 1))
	listed=$(gofmt -l "$file") || status=1
	if [ -n "$listed" ]; then
		echo "not formatted; run gofmt -w $listed"
		status=1
	fi
done < <(git ls-files --cached --others --exclude-standard -- '*.go')

if [ "$count" -eq 0 ]; then
	echo 'found no Go file, so nothing was checked'
	exit 1
fi
echo "$count files"
exit "$status"
