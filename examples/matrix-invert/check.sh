#!/bin/sh
# Checks the results after a run: each combination has the same inverses, and numpy ran as many threads
# as it was told to.
set -eu
cd "$(dirname "$0")"

exec python3 - <<'END'
import json
import pathlib
import sys


def fail(sentence):
    sys.exit(f"matrix-invert: {sentence}")


def read(path):
    if not path.exists():
        fail(f"{path} is missing")
    return path.read_text()


def numbers(directory):
    return [float(line) for line in read(directory / "inverses.txt").split()]


first = numbers(pathlib.Path("workspace/pool1-threads1"))
if len(first) != 12 or not all(0.99 < trace < 1.01 for trace in first):
    fail(f"these are not the traces of 12 inverses: {first}")  # of nearly 1/400, 400 times
table = read(pathlib.Path("results/table.txt")).splitlines()
for pool in (1, 2):
    for threads in (1, 2):
        directory = pathlib.Path(f"workspace/pool{pool}-threads{threads}")
        if any(abs(a - b) > 2e-9 for a, b in zip(first, numbers(directory), strict=True)):
            fail(f"{directory} has other inverses")
        use = json.loads(read(directory / "use.json"))
        expected = min(threads, len(use["cpus"]))  # OpenBLAS starts no more than there are CPUs
        if use["threads"] != expected:
            fail(
                f"{directory} ran {use['threads']} threads a process instead of {expected}; perhaps"
                " numpy's BLAS has no threads here (Debian: libopenblas0-pthread)"
            )
        if not any(line.split()[:2] == [str(pool), str(expected)] for line in table):
            fail(f"results/table.txt lacks a pool of {pool} with {expected} threads each")
print("matrix-invert: four combinations, the same 12 inverses")
END
