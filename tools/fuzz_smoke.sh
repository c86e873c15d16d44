#!/usr/bin/env bash
# tools/fuzz_smoke.sh SECONDS [NAME ...]: runs each fuzz target of build/fuzz for so long, two at a time.
# New finds stay in build/fuzz-corpus/NAME; a crash is written beside it and fails the run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=${1:?seconds for each target}
shift
targets=("$@")
if [[ ${#targets[@]} == 0 ]]; then
  mapfile -t targets < <(find build/fuzz/src -type f -name '*_fuzz' -perm -u+x -printf '%f\n' | sort)
fi
if [[ ${#targets[@]} == 0 ]]; then
  echo "fuzz: no targets in build/fuzz; build them with: ./dev build fuzz" >&2
  exit 1
fi

one() {
  local name=$1 seconds=$2 binary seeds=() corpus=build/fuzz-corpus/$1
  binary=$(find build/fuzz/src -type f -name "$name" -perm -u+x | head -n 1)
  if [[ -z $binary ]]; then
    echo "fuzz: no target named $name" >&2
    return 1
  fi
  mkdir -p "$corpus"
  if [[ -d tests/corpus/$name ]]; then seeds=("tests/corpus/$name"); fi
  local log=build/log/fuzz-$name.log
  if "$binary" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="build/fuzz-corpus/$name-" "$corpus" "${seeds[@]}" >"$log" 2>&1; then
    printf 'ok    %-28s %s runs\n' "$name" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
  else
    printf 'FAIL  %s\n' "$name"
    tail -n 40 "$log"
    return 1
  fi
}
export -f one

mkdir -p build/log build/fuzz-corpus
status=0
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -c 'one "$@"' _ {} "$seconds" || status=1
if [[ $status == 0 ]]; then
  echo "fuzz: ${#targets[@]} targets, $seconds s each, no crash"
else
  echo "fuzz: a target crashed; the input is build/fuzz-corpus/NAME-crash-*, make it a row of the unit test"
fi
exit "$status"
