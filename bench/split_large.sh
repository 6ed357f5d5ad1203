#!/usr/bin/env bash
# Splitting beside what else there is: a model of 3 GB with its weights in a file, beside copying that
# file; and ViT-B/16, beside onnx.utils.extract_model. In turns, so that whatever else the machine does
# hits all; prints each time, peak memory, and ratios of medians.
#
#   bench/split_large.sh [TURNS]
#
# Needs a release build, ViT-B/16, 10 GB of disk in TMPDIR, and a Python with the packages onnx and numpy
# (PYTHON=..., else python3).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

turns=${1:-5}
python=${PYTHON:-python3}
convoy=$PWD/build/release/convoy
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
vit=models/vit-base-patch16-224.onnx
[[ -x $convoy && -e $vit ]] || {
  echo "split_large.sh: run first: ./run bench -f examples/imagenet/multiedge_inference_bench/classification_vit_job.yaml" >&2
  exit 1
}
mkdir "$work/large"
"$python" bench/large_model.py "$work/large"

# timed NAME COMMAND ...: appends "seconds kilobytes" to the name's list.
# What was written before is not its to wait for, nor is memory that a virtual machine's host took back.
timed() {
  sync
  head -c 4G /dev/zero >"$work/touched"
  rm "$work/touched"
  local name=$1
  shift
  /usr/bin/time -f '%e %M' -o "$work/time" "$@" >/dev/null
  cat "$work/time" >>"$work/$name"
  echo "$name: $(awk '{print $1 " s, " $2 / 1024 " MB of memory at most"}' "$work/time")"
}
median() { sort -n "$work/$1" | awk '{t[NR] = $1} END {print t[int((NR + 1) / 2)]}'; }

for ((i = 0; i < turns; ++i)); do
  rm -rf "$work/pieces" "$work/copy"
  timed split "$convoy" split "$work/large/model.onnx" --at t30 --mode fast --no-check \
      -o "$work/pieces"
  timed cp cp "$work/large/weights.bin" "$work/copy"
  rm -rf "$work/vit"
  timed vit_split "$convoy" split "$vit" --at encoder.layer.5.attention --mode fast --no-check -o "$work/vit"
  timed vit_extract "$python" bench/extract_model.py "$vit" encoder.layer.5.attention "$work"
done
ratio() { awk -v a="$(median "$1")" -v b="$(median "$2")" 'BEGIN {printf "%.2f", a / b}'; }
echo "3 GB: split takes $(ratio split cp) times as long as cp (medians of $turns turns)"
echo "ViT-B/16: onnx.utils.extract_model takes $(ratio vit_extract vit_split) times as long as split"
