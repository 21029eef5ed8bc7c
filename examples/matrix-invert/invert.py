"""Inverts matrices with numpy in a pool of processes.

usage: invert.py POOL DIRECTORY [SECONDS]

Leaves in DIRECTORY inverses.txt, a number about each inverse, and use.json: the size of the pool, the
threads of each of its processes, the CPUs that the kernel lets them use, and the time it took. With
SECONDS the pool goes on for so long, doing the same again, so that it can be watched.
"""

import json
import os
import pathlib
import sys
import time
from multiprocessing import get_context

import numpy

MATRICES = 12
SIDE = 400


def invert(seed):
    """Of a matrix that is certainly regular: its diagonal outweighs the rest of each row."""
    matrix = numpy.random.RandomState(seed).uniform(-1, 1, (SIDE, SIDE)) + SIDE * numpy.eye(SIDE)
    inverse = numpy.linalg.inv(matrix)
    error = abs(matrix @ inverse - numpy.eye(SIDE)).max()
    if error > 1e-9:
        raise ArithmeticError(f"matrix {seed}: its inverse is wrong by {error}")
    return numpy.trace(inverse), os.getpid(), len(os.listdir("/proc/self/task"))


def main():
    processes, directory = int(sys.argv[1]), pathlib.Path(sys.argv[2])
    patience = float(sys.argv[3]) if len(sys.argv) > 3 else 0
    start = time.monotonic()
    # spawn: a forked copy of a process that has threads already can hang
    with get_context("spawn").Pool(processes) as pool:
        results = pool.map(invert, range(MATRICES), chunksize=1)
        seconds = time.monotonic() - start
        while time.monotonic() - start < patience:
            pool.map(invert, range(MATRICES), chunksize=1)
    (directory / "inverses.txt").write_text("".join(f"{trace:.9f}\n" for trace, _, _ in results))
    use = {
        "processes": processes,
        "threads": max(threads for _, _, threads in results),
        "cpus": sorted(os.sched_getaffinity(0)),
        "seconds": round(seconds, 3),
    }
    (directory / "use.json").write_text(json.dumps(use) + "\n")


if __name__ == "__main__":
    main()
