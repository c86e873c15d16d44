#!/usr/bin/env bash
# tools/fetch_haraka.sh: installs Haraka, a mail server that the tests send through, into build/peers/haraka. What is there
# already is left alone. Without it the tests that need it are skipped and say so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/lib.sh

version=3.3.4
folder=build/peers/haraka
[[ -e $folder/node_modules/Haraka/package.json ]] && exit 0
command -v npm >/dev/null || die "npm is not installed." "apt-get install npm, or leave out the tests that send through Haraka"
mkdir -p build/peers build/log
download=$(mktemp -d build/peers/.download.XXXXXX)
trap 'rm -rf "$download"' EXIT
(cd "$download" && npm install --silent --no-audit --no-fund --ignore-scripts --omit=optional "Haraka@$version" >>../../log/npm.log 2>&1) ||
  die "npm could not fetch Haraka $version (build/log/npm.log)." "is the network there?"
chmod 755 "$download"
rm -rf "$folder"
mv "$download" "$folder"
trap - EXIT
echo "$folder: installed"
