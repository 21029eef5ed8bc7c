"""Makes a table of all combinations. usage: compare.py WORKSPACE TABLE"""

import json
import pathlib
import sys


def main():
    lines = ["pool  threads each  threads in all  cores  seconds"]
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*/use.json")):
        use = json.loads(path.read_text())
        running, cores = use["processes"] * use["threads"], len(use["cpus"])
        line = f"{use['processes']:4}{use['threads']:14}{running:16}{cores:7}{use['seconds']:9.2f}"
        lines.append(line + ("  oversubscribed" if running > cores else ""))
    pathlib.Path(sys.argv[2]).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
