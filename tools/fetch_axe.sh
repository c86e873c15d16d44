#!/usr/bin/env bash
# tools/fetch_axe.sh: unpacks axe-core, which checks pages for accessibility, into build/npm. What is there already is left
# alone. Without it the tests that need it are skipped and say so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/lib.sh

version=4.10.3
folder=build/npm/axe-core-$version
[[ -e $folder/axe.min.js ]] && exit 0
command -v npm >/dev/null || die "npm is not installed." "apt-get install npm, or leave out the accessibility tests"
mkdir -p build/npm build/log
download=$(mktemp -d build/npm/.download.XXXXXX)
trap 'rm -rf "$download"' EXIT
(cd "$download" && npm pack --silent "axe-core@$version" >>../../log/npm.log 2>&1) ||
  die "npm could not fetch axe-core $version (build/log/npm.log)." "is the network there?"
tar -xzf "$download"/axe-core-*.tgz -C "$download"
mkdir -p "$folder"
cp "$download"/package/axe.min.js "$download"/package/LICENSE "$folder/"
chmod 755 "$folder"
echo "$folder: unpacked"
