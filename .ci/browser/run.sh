#!/usr/bin/env bash
#
# Tests the page and the trace of package timeline in a real browser, without a network. Installs what is missing, if it can:
# Chromium from Debian's packages, and axe-core from npm, which goes into a temporary folder. Fails if it cannot.
#
#   bash .ci/browser/run.sh -run Blocked    passes flags to go test
#
# WINDTUNNEL_PICTURES=FOLDER saves what the pages look like; .github/page.png is "for-the-README", in fewer colours.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")"

fail() {
	printf 'browser: %s\n' "$*" >&2
	exit 1
}

browser() {
	local name
	for name in "${WINDTUNNEL_CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable \
		'/Applications/Google Chrome.app/Contents/MacOS/Google Chrome' /Applications/Chromium.app/Contents/MacOS/Chromium; do
		if [ -n "$name" ] && command -v "$name"; then return; fi
	done
	return 1
}

install() { # NAME PACKAGE...
	local name=$1
	shift
	command -v apt-get >/dev/null || fail "no $name, and no apt-get to install it with; install it, or name it in WINDTUNNEL_CHROMIUM if it is the browser"
	[ "$(id -u)" = 0 ] || fail "no $name, and not root to install it; run: sudo apt-get install $*"
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" || fail "apt-get did not install $name"
}

browser >/dev/null || install 'Chromium or Chrome' chromium fonts-dejavu-core
command -v npm >/dev/null || install npm npm
WINDTUNNEL_CHROMIUM=$(browser) || fail 'no Chromium, though it was installed'
export WINDTUNNEL_CHROMIUM

tmp=$(mktemp -d "${TMPDIR:-/tmp}/windtunnel-browser.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
cp package.json package-lock.json "$tmp"
npm --prefix "$tmp" ci --ignore-scripts --no-audit --no-fund --prefer-offline >"$tmp/npm.log" 2>&1 || {
	cat "$tmp/npm.log"
	fail 'npm did not install axe-core'
}
export WINDTUNNEL_AXE="$tmp/node_modules/axe-core/axe.min.js"

go vet ./...
go test -count=1 "$@" ./...
