#!/bin/sh
# Checks the results after a run against sequences counted anew, one after the other.
set -eu
cd "$(dirname "$0")"

exec python3 - <<'END'
import json
import pathlib
import sys


def fail(sentence):
    sys.exit(f"multiprocessing: {sentence}")


known = {1: 0}  # each sequence ends in one that is known already


def steps(number):
    path = []
    while number not in known:
        path.append(number)
        number = 3 * number + 1 if number % 2 else number // 2
    count = known[number]
    for passed in reversed(path):
        count += 1
        known[passed] = count
    return count


directories = sorted(pathlib.Path("workspace").glob("part-*"))
if len(directories) != 12:
    fail(f"there are {len(directories)} directories instead of 12")
for directory in directories:
    value = json.loads((directory / "value.json").read_text())
    product = directory / "longest.json"
    if not product.exists():
        fail(f"{product} is missing")
    result = json.loads(product.read_text())
    longest = max(range(value["first"], value["last"] + 1), key=lambda n: (steps(n), -n))
    if result != {"number": longest, "steps": steps(longest)}:
        fail(f"{product} names {result}, but {longest} takes {steps(longest)} steps")
print("multiprocessing: the longest sequences of all 12 ranges are right")
END
