#!/bin/sh
# The main job on a corpus that every machine has. `make demo` calls it; `satchel` must be on the PATH.
set -eu
cd "$(dirname "$0")/.."

run() {
    printf '\n$ satchel %s\n' "$*"
    satchel "$@"
}

began=$(date +%s)
run sample sample --force
run train configs/quickstart.yaml --force
run evaluate runs/quickstart sample/test.csv --json runs/quickstart/test.json
run predict runs/quickstart sample/unlabelled.jsonl --output runs/quickstart/predictions.jsonl

printf '\nThe first three predictions:\n'
head -n 3 runs/quickstart/predictions.jsonl

cat <<END

Done in $(($(date +%s) - began)) s. What was made:
  sample/                              the corpus: train.csv, test.csv, unlabelled.jsonl
  runs/quickstart/model.safetensors    the classifier, one file
  runs/quickstart/metrics.json         its figures, epoch by epoch
  runs/quickstart/test.json            its figures on the test set
  runs/quickstart/predictions.jsonl    its predictions for sample/unlabelled.jsonl

Next: satchel init YOUR_DATA.csv --output mine.yaml && satchel train mine.yaml
END
