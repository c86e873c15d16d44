#!/usr/bin/env bash
# tools/fetch_peers.sh [PACKAGE ...]: unpacks mail servers into build/peers/PACKAGE, without installing them.
# No argument: those of tools/packages/peers.txt. What is there already is left alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/lib.sh

mkdir -p build/peers build/log
packages=("$@")
if [[ ${#packages[@]} == 0 ]]; then mapfile -t packages < <(package_list peers); fi
for package in "${packages[@]}"; do
  [[ -e build/peers/$package/.complete ]] && continue
  download=$(mktemp -d build/peers/.download.XXXXXX)
  trap 'rm -rf "$download"' EXIT
  fetch() { (cd "$download" && apt-get -q download "$package" >>../../log/peers.log 2>&1); }
  if ! fetch; then
    require_root
    "${SUDO[@]}" apt-get -q update >>build/log/peers.log 2>&1 || true
    fetch || die "apt-get could not download $package (all of it: build/log/peers.log)." "is the network there?"
  fi
  rm -rf "build/peers/$package"
  mkdir "$download/root"
  dpkg -x "$download"/*.deb "$download/root"
  touch "$download/root/.complete"
  chmod 755 "$download/root"
  mv "$download/root" "build/peers/$package"
  rm -rf "$download"
  trap - EXIT
  echo "build/peers/$package: $(basename "$package") unpacked"
done
