#!/usr/bin/env bash
# Splitting beside what else there is: a model of 3 GB with its weights in a file, beside copying that
# file; and ViT-B/16, beside onnx.utils.extract_model. In turns, so that whatever else the machine does
# hits all; prints each time, peak memory, and ratios of medians.
#
#   bench/split_large.sh [TURNS]
#
# Needs a release build, 10 GB of disk in TMPDIR, and for the comparison a Python with the package onnx
# (PYTHON=..., default python3).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

turns=${1:-5}
python=${PYTHON:-python3}
convoy=$PWD/build/release/convoy
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --build build/release --target convoy large_model >/dev/null
build/release/bench/large_model "$work/large"
vit=$PWD/models/vit-base-patch16-224.onnx
[[ -e $vit ]] || "$convoy" model vit -o "$vit"

# timed NAME COMMAND ...: appends "seconds kilobytes" to the name's list.
timed() {
  local name=$1
  shift
  /usr/bin/time -f '%e %M' -o "$work/time" "$@" >/dev/null
  cat "$work/time" >>"$work/$name"
  echo "$name: $(awk '{print $1 " s, " $2 / 1024 " MB of memory at most"}' "$work/time")"
}
median() { sort -n "$work/$1" | awk '{t[NR] = $1} END {print t[int((NR + 1) / 2)]}'; }

for ((i = 0; i < turns; ++i)); do
  rm -rf "$work/pieces" "$work/copy"
  timed split "$convoy" split "$work/large/model.onnx" --at t30 --mode fast --no-check -o "$work/pieces"
  timed cp cp "$work/large/weights.bin" "$work/copy"
  rm -rf "$work/vit"
  timed vit_split "$convoy" split "$vit" --at encoder.layer.5 --mode fast --no-check -o "$work/vit"
  timed vit_extract "$python" bench/extract_model.py "$vit" encoder.layer.5 "$work"
done
echo "3 GB: split takes $(median split) s, cp $(median cp) s"
echo "ViT-B/16: split takes $(median vit_split) s, onnx.utils.extract_model $(median vit_extract) s"
