#!/bin/sh
# Checks the results after a run: the temperatures, the ranks, and that ranks which ran at the same
# time had no core in common.
set -eu
cd "$(dirname "$0")"

exec python3 - <<'END'
import itertools
import json
import pathlib
import sys


def fail(sentence):
    sys.exit(f"mpi4py: {sentence}")


def read(path):
    if not path.exists():
        fail(f"{path} is missing")
    return json.loads(path.read_text())


directories = sorted(pathlib.Path("workspace").glob("rod-*"))
if len(directories) != 5:
    fail(f"there are {len(directories)} directories instead of 5")
ranks = {}
for directory in directories:
    value = read(directory / "value.json")
    rod = read(directory / "rod.json")
    step = (value["right"] - value["left"]) / (value["cells"] + 1)
    for i, temperature in enumerate(rod):  # settled, they rise in equal steps
        if abs(temperature - value["left"] - i * step) > 1e-6:
            fail(f"{directory}/rod.json: place {i} has {temperature}, not {value['left'] + i * step}")
    if len(rod) != value["cells"] + 2:
        fail(f"{directory}/rod.json has {len(rod)} temperatures")
    ranks[directory.name] = read(directory / "rank.json")

together = 0
for (one, a), (other, b) in itertools.combinations(ranks.items(), 2):
    if a["ran"][1] <= b["ran"][0] or b["ran"][1] <= a["ran"][0]:
        continue
    if not a["given"] or not b["given"]:
        continue  # nothing is bound when rowbuild got more cores than there are
    together += 1
    if set(a["cpus"]) & set(b["cpus"]):
        fail(f"{one} and {other} shared cores: {a['cpus']} and {b['cpus']}")
if {(about["rank"], about["ranks"]) for about in ranks.values()} - {(0, 1), (0, 2), (1, 2)}:
    fail(f"there are ranks that should not be: {ranks}")
print(f"mpi4py: 5 rods are right; {together} pairs of ranks ran side by side, no core shared")
END
