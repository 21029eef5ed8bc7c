"""The second virial coefficient of a gas of particles that attract and repel each other.

usage: project.py --action virial|document JOB...

virial integrates over the distance of two particles and leaves virial.txt, in units of the hard sphere's
coefficient; document puts that into the job's document, where signac's users look for results.
"""

import argparse
import json
import math
import os
import pathlib

STEPS = 20_000


def energy(distance, exponent):
    """Mie's potential with an attraction of r^-6; its minimum is -1."""
    scale = exponent / (exponent - 6) * (exponent / 6) ** (6 / (exponent - 6))
    return scale * (distance**-exponent - distance**-6)


def virial(job):
    state = json.loads((job / "signac_statepoint.json").read_text())
    potential = state["potential"]
    step = potential["cutoff"] / STEPS
    total = 0.0
    for i in range(STEPS):
        r = (i + 0.5) * step
        exponential = math.exp(-energy(r, potential["exponent"]) / state["kT"]) if r > 0.2 else 0.0
        total += (1 - exponential) * r * r * step
    (job / "virial.txt").write_text(f"{3 * total:.4f}\n")


def document(job):
    coefficient = float((job / "virial.txt").read_text())
    contents = {"virial": coefficient, "attractive": coefficient < 0}
    (job / "signac_job_document.json").write_text(json.dumps(contents) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--action", choices=["virial", "document"], required=True)
    parser.add_argument("jobs", nargs="+")
    arguments = parser.parse_args()
    workspace = pathlib.Path(os.environ["ACTION_WORKSPACE_PATH"])
    for job in arguments.jobs:
        {"virial": virial, "document": document}[arguments.action](workspace / job)


if __name__ == "__main__":
    main()
