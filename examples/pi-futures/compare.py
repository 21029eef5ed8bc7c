"""Makes a table of the ways in which calc_pi.py ran.

usage: compare.py TABLE FILE...      takes the .json files among the FILEs
"""

import json
import sys

LABELS = {
    "serial": "one thread",
    "threads": "ThreadPoolExecutor, 2 threads",
    "processes": "ProcessPoolExecutor, 2 processes",
    "node": "rowbuild, 4 nodes",
}


def time_covered(intervals):
    """How long at least one of them lasted: pauses between them don't count."""
    covered, reached = 0.0, float("-inf")
    for start, end in sorted(intervals):
        covered += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return covered


def main():
    table, *inputs = sys.argv[1:]
    results = [json.load(open(name)) for name in inputs if name.endswith(".json")]
    lines = [f"{'way':34}{'pi':>10}{'seconds':>10}{'CPU':>8}{'cores used':>12}"]
    for way, label in LABELS.items():
        mine = [result for result in results if result["way"] == way]
        hits = sum(sum(result["hits"]) for result in mine)
        pi = 4 * hits / sum(result["points"] for result in mine)
        wall = time_covered([result["ran"] for result in mine])
        cpu = sum(result["cpu"] for result in mine)
        lines.append(f"{label:34}{pi:10.6f}{wall:10.2f}{cpu:8.2f}{cpu / wall:12.1f}")
    with open(table, "w") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
