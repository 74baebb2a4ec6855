#!/usr/bin/env bash
#
# What we show works where it is pasted: in an empty module, whose suite file ginkgo bootstrap has made. Pasted are
# the Go blocks of README.md, with what stands around them in suites/readme_test.go, and a spec with a tunnel and
# its twin for go test. Then a spec that fails prints a line, which fails the same way.
# Nothing is downloaded: the module has this one's versions.
set -eu

root=$PWD
tmp=$(mktemp -d "${TMPDIR:-/tmp}/windtunnel-paste.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/demo"
cd "$tmp/demo"

export GOFLAGS="${GOFLAGS:-} -mod=mod" GOPROXY=off GOWORK=off GINKGO_NO_COLOR=TRUE
unset WINDTUNNEL_SEED

cat >go.mod <<-MODULE
	module example.org/demo

	go $(sed -n 's/^go //p' "$root/go.mod")

	require github.com/windtunnel-go/windtunnel v0.0.0

	replace github.com/windtunnel-go/windtunnel => $root
MODULE
cp "$root/go.sum" .
go run github.com/onsi/ginkgo/v2/ginkgo bootstrap

sed -e 's/^package .*/package demo_test/' -e '/"os"$/d' -e '/"strings"$/d' \
	-e '/^var _ = It("has the specs of the README"/,$d' "$root/suites/readme_test.go" >readme_test.go
cp "$root/.ci/checks/paste/retries.go.txt" retries_test.go
go test -count=1 -v . >out 2>&1 || { cat out; exit 1; }
grep -q 'Ran 4 of 4 Specs' out || { cat out; echo 'paste: the specs did not run'; exit 1; }
grep -q -- '--- PASS: TestRetries' out || { cat out; echo 'paste: the twin did not run'; exit 1; }

cp "$root/.ci/checks/paste/fails.go.txt" fails_test.go
! go test -count=1 . >out 2>&1 || { cat out; echo 'paste: the spec that fails passed'; exit 1; }
line=$(sed -n 's/^ *\(go test .*-ginkgo.focus=.*\)/\1/p' out)
[ -n "$line" ] || { cat out; echo 'paste: no line to reproduce the failure'; exit 1; }
! bash -c "$line" >again 2>&1 || { cat again; echo "paste: passed: $line"; exit 1; }
grep -q 'Ran 1 of 5 Specs' again || { cat again; echo "paste: not the one spec: $line"; exit 1; }
diff <(grep -A3 'Expected' out) <(grep -A3 'Expected' again) || { echo "paste: another failure: $line"; exit 1; }
