#!/usr/bin/env bash
# fuzz_briefly.sh PROGRAM CORPUS: runs the seeds, then mutates them for $FUZZ_SECONDS (default 10).
# New inputs go to a throw-away folder; a crash is kept beside it and named on the last line.
# $FUZZ_SEED makes a run repeatable (default 0: another way each time), so that what gates a change
# does not fail by chance and `make fuzz` still explores.
set -eu
program=$1 corpus=$2
work=$(mktemp -d)
trap 'rm -rf "$work/new"' EXIT
mkdir -p "$work/new"
"$program" -max_total_time="${FUZZ_SECONDS:-10}" -seed="${FUZZ_SEED:-0}" -timeout=10 -rss_limit_mb=2048 \
  -print_final_stats=1 -artifact_prefix="$work/crash-" "$work/new" "$corpus"
