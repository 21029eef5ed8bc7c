#!/bin/sh
# Checks the results after a run: each way counted the same hits, and the table is there. Times are
# not checked: they depend on what else the machine does.
set -eu
cd "$(dirname "$0")"

exec python3 - <<'END'
import json
import math
import pathlib
import sys


def fail(sentence):
    sys.exit(f"pi-futures: {sentence}")


def hits(name):
    product = pathlib.Path("workspace", name, "hits.json")
    if not product.exists():
        fail(f"{product} is missing")
    return json.loads(product.read_text())["hits"]


serial = hits("serial")
ways = {way: hits(way) for way in ("threads", "processes")}
ways["nodes"] = [count for chunk in range(4) for count in hits(f"node-{chunk}")]
for way, counted in ways.items():
    if counted != serial:
        fail(f"{way} counted {counted} instead of {serial}")
pi = 4 * sum(serial) / (4 * 1_000_000)
if abs(pi - math.pi) > 0.02:
    fail(f"{pi} is no estimate of pi")

table = pathlib.Path("results/times.txt")
if not table.exists():
    fail(f"{table} is missing")
lines = table.read_text().splitlines()
if len(lines) != 5 or any(f"{pi:.6f}" not in line for line in lines[1:]):
    fail(f"{table} should have a heading and four lines with {pi:.6f}")
print(f"pi-futures: four ways, the same hits, pi = {pi:.6f}")
END
