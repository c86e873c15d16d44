# Shared by ./run, ./test and ./dev: words for people, and packages from Debian.
# Sourced, with "set -euo pipefail" in force and the working directory at the checkout's root.

if [[ -t 2 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
  bold=$'\e[1m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
else
  bold='' red='' green='' plain=''
fi

say() { printf '%s%s%s\n' "$bold" "$*" "$plain" >&2; }

# die WHAT [MEND]: what happened, and what to do about it.
die() {
  printf '%serror:%s %s\n' "$red" "$plain" "$1" >&2
  if [[ -n ${2:-} ]]; then printf '  mend  %s\n' "$2" >&2; fi
  exit 1
}

package_list() {  # package_list build test ...: the names in those lists
  local list
  for list in "$@"; do sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "tools/packages/$list.txt"; done
}

# The packages of those lists that are not installed. dpkg-query alone: quick, no network.
missing_packages() {
  local wanted
  mapfile -t wanted < <(package_list "$@")
  comm -23 <(printf '%s\n' "${wanted[@]}" | sort -u) \
    <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null |
      sed -n 's/^installed //p' | sort -u)
}

require_debian() {
  local id='' version='' name='this system'
  if [[ -r /etc/os-release ]]; then
    id=$(. /etc/os-release && printf '%s' "${ID:-}")
    version=$(. /etc/os-release && printf '%s' "${VERSION_ID:-}")
    name=$(. /etc/os-release && printf '%s' "${PRETTY_NAME:-this system}")
  fi
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    die "$name has no apt-get; the packages are named for Debian 12." \
      "use a Debian 12 machine, or a container: docker run --rm -it -v \"\$PWD\":/src -w /src debian:12 $0"
  fi
  if [[ $id != debian || $version != 12 ]]; then
    say "This is $name. Posthaste is built and tested on Debian 12; package names may differ here."
  fi
}

# Sets SUDO to what makes a command run as root.
require_root() {
  SUDO=()
  if [[ $(id -u) == 0 ]]; then return; fi
  command -v sudo >/dev/null ||
    die "installing packages needs root, and there is no sudo here." "as root, run: $0"
  SUDO=(sudo)
  if ! sudo -n true 2>/dev/null && [[ ! -t 0 ]]; then
    die "installing packages needs root, and sudo wants a password but there is no terminal to ask on." \
      "as root, run: $0"
  fi
}

# Keeps packages from starting daemons while they are installed, unless the machine has a rule of its own.
POLICY=/usr/sbin/policy-rc.d
POLICY_OURS=
forbid_daemons() {
  if [[ -e $POLICY ]]; then return; fi
  POLICY_OURS=yes
  printf '#!/bin/sh\nexit 101\n' | "${SUDO[@]}" tee "$POLICY" >/dev/null
  "${SUDO[@]}" chmod 755 "$POLICY"
}
allow_daemons() {
  if [[ -n $POLICY_OURS ]]; then "${SUDO[@]}" rm -f "$POLICY"; fi
  POLICY_OURS=
}

# install_packages LIST ...: installs what is missing from those lists; asks first when somebody is
# there to answer. Never removes a package, never starts a daemon.
install_packages() {
  require_debian
  local missing plan removed answer
  mapfile -t missing < <(missing_packages "$@")
  if [[ ${#missing[@]} == 0 ]]; then return; fi
  say "Missing from this machine (${#missing[@]} Debian packages):"
  printf '%s\n' "${missing[@]}" | fmt -w 96 | sed 's/^/  /' >&2
  require_root
  if [[ -t 0 && -t 2 ]]; then
    read -r -p "Install them with apt-get? [Y/n] " answer </dev/tty || answer=n
    case $answer in
      '' | [Yy]*) ;;
      *) die "nothing was installed." "install them yourself: apt-get install --no-install-recommends ${missing[*]}" ;;
    esac
  fi
  local -x DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
  local log=build/log/apt.log
  mkdir -p build/log
  say "Fetching package lists ..."
  if ! "${SUDO[@]}" apt-get -q update >"$log" 2>&1; then
    sed 's/^/  apt-get: /' "$log" | tail -n 5 >&2
    say "The package lists could not be fetched; trying with those that are here."
  fi
  if ! plan=$(apt-get -s -o Debug::NoLocking=1 install --no-install-recommends "${missing[@]}" 2>&1); then
    printf '%s\n' "$plan" | tail -n 5 | sed 's/^/  apt-get: /' >&2
    die "apt-get cannot install these packages." \
      "look for network trouble (apt-get update), or for sources other than Debian 12's in /etc/apt"
  fi
  removed=$(sed -n 's/^Remv \([^ ]*\).*/\1/p' <<<"$plan")
  if [[ -n $removed ]]; then
    die "installing would remove: $(tr '\n' ' ' <<<"$removed")" \
      "nothing was changed. Decide yourself: apt-get install --no-install-recommends ${missing[*]}"
  fi
  say "Installing ..."
  trap allow_daemons EXIT
  forbid_daemons
  if ! "${SUDO[@]}" env DEBIAN_FRONTEND="$DEBIAN_FRONTEND" LC_ALL="$LC_ALL" apt-get -q -y \
    --no-install-recommends --no-remove install "${missing[@]}" >>"$log" 2>&1; then
    tail -n 8 "$log" | sed 's/^/  apt-get: /' >&2
    die "apt-get could not install the packages (all of it: $log)." \
      "is the network there, and the disk not full? then run $0 again"
  fi
  allow_daemons
  trap - EXIT
}

# build_preset PRESET [TARGET ...]
build_preset() {
  local preset=$1
  shift
  command -v clang++-19 >/dev/null || die "clang++-19 is not installed." "apt-get install clang-19 libclang-rt-19-dev"
  # Configuring each time costs a second, and finds sources added since.
  cmake --preset "$preset" >"build/log/cmake-$preset.log" 2>&1 || {
    tail -n 30 "build/log/cmake-$preset.log" >&2
    die "cmake could not set up the $preset build (all of it: build/log/cmake-$preset.log)." \
      "after an upgrade of the compiler or a moved checkout: rm -rf build/$preset"
  }
  nice ninja -C "build/$preset" "$@"
}

# Where the program of a preset is; nothing when it is not built.
posthaste_binary() {
  local found
  found=$(find "build/$1" -type f -name posthaste -perm -u+x -not -path '*/CMakeFiles/*' 2>/dev/null | head -n 1)
  printf '%s' "$found"
}
