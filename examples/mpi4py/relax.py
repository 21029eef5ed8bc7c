"""Lets the temperatures along a rod settle whose ends are held at two temperatures.

usage: relax.py DIRECTORY...      with as many MPI ranks as directories

Rank r works on the r-th directory. It leaves rod.json there, the temperatures, and rank.json: which rank
it was, the cores that rowbuild gave, those that the kernel lets this rank use, and when it ran.
"""

import json
import os
import pathlib
import sys
import time

from mpi4py import MPI


def relax(left, right, cells):
    rod = [left] + [0.0] * cells + [right]
    change = 1.0
    while change > 1e-12:
        change = 0.0
        for i in range(1, cells + 1):
            middle = (rod[i - 1] + rod[i + 1]) / 2
            change = max(change, abs(middle - rod[i]))
            rod[i] = middle
    return rod


def main():
    ranks = MPI.COMM_WORLD
    names = sys.argv[1:]
    if ranks.Get_size() != len(names):
        sys.exit(f"relax.py: {ranks.Get_size()} ranks for {len(names)} directories")
    start = time.monotonic()
    directory = pathlib.Path(os.environ["ACTION_WORKSPACE_PATH"], names[ranks.Get_rank()])
    value = json.loads((directory / "value.json").read_text())
    rod = relax(value["left"], value["right"], value["cells"])
    (directory / "rod.json").write_text(json.dumps(rod) + "\n")
    about = {
        "rank": ranks.Get_rank(),
        "ranks": ranks.Get_size(),
        "given": os.environ.get("ACTION_CORES", ""),
        "cpus": sorted(os.sched_getaffinity(0)),
        "ran": [start, time.monotonic()],
    }
    (directory / "rank.json").write_text(json.dumps(about) + "\n")


if __name__ == "__main__":
    main()
