"""Finds in the range of each directory the number whose Collatz sequence is the longest.

usage: pool.py DIRECTORY...

One command gets the directories of a whole group; a pool with as many processes as there are cores for
this command works on them. Each directory is a task of its own and leaves a product of its own.
"""

import json
import multiprocessing
import os
import pathlib
import sys


def length(number):
    """How many steps it takes to 1: half of an even number, three times an odd one and one more."""
    steps = 0
    while number != 1:
        number = number // 2 if number % 2 == 0 else 3 * number + 1
        steps += 1
    return steps


def work_on(directory):
    value = json.loads((directory / "value.json").read_text())
    numbers = range(value["first"], value["last"] + 1)
    longest = max(numbers, key=length)  # the first one, where several are as long
    result = {"number": longest, "steps": length(longest)}
    (directory / "longest.json").write_text(json.dumps(result) + "\n")
    return os.getpid()


def main():
    workspace = pathlib.Path(os.environ["ACTION_WORKSPACE_PATH"])
    directories = [workspace / name for name in sys.argv[1:]]
    processes = int(os.environ["ACTION_THREADS_PER_PROCESS"])
    with multiprocessing.Pool(processes) as pool:
        workers = set(pool.map(work_on, directories, chunksize=1))
    print(f"{len(directories)} directories by a pool of {processes}, {len(workers)} of them busy")


if __name__ == "__main__":
    main()
