"""Throws points at a square and counts those that hit the circle inside: an estimate of pi.

usage: calc_pi.py WAY FIRST CHUNKS OUTPUT

WAY is serial, node, threads or processes. The chunks FIRST, FIRST + 1, … each have random numbers of
their own, so the hits are the same whichever way they are counted.
"""

import json
import os
import random
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

POINTS = 1_000_000


def count_hits(chunk):
    throw = random.Random(chunk).random
    hits = 0
    for _ in range(POINTS):
        x, y = throw(), throw()
        if x * x + y * y < 1.0:
            hits += 1
    return hits


def count_all(way, chunks):
    if way in ("serial", "node"):
        return [count_hits(chunk) for chunk in chunks]
    pool = {"threads": ThreadPoolExecutor, "processes": ProcessPoolExecutor}[way]
    with pool(max_workers=int(os.environ["ACTION_THREADS_PER_PROCESS"])) as workers:
        return list(workers.map(count_hits, chunks))


def main():
    way, first, count, output = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    start = time.monotonic()
    hits = count_all(way, range(first, first + count))
    end = time.monotonic()
    used = os.times()
    result = {
        "way": way,
        "first": first,
        "hits": hits,
        "points": POINTS * count,
        "ran": [start, end],
        "cpu": used.user + used.system + used.children_user + used.children_system,
    }
    with open(output, "w") as file:
        file.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
