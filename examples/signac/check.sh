#!/bin/sh
# Checks the results after a run: the names of the jobs, the coefficients, and who has a document.
set -eu
cd "$(dirname "$0")"

exec python3 - <<'END'
import hashlib
import json
import pathlib
import sys

# Of Lennard-Jones particles (exponent 12), as tables have them.
TABLE = {1.0: -2.5381, 2.0: -0.6276, 3.0: -0.1152, 5.0: 0.2433, 10.0: 0.4609}


def fail(sentence):
    sys.exit(f"signac: {sentence}")


if hashlib.md5(json.dumps({"a": 0}).encode()).hexdigest() != "9bfd29df07674bc4aa960cf661b5acd2":
    fail("the names of jobs are not made as signac makes them")
jobs = sorted(pathlib.Path("workspace").iterdir())
if len(jobs) != 10:
    fail(f"there are {len(jobs)} jobs instead of 10")
coefficients = {}
for job in jobs:
    state = json.loads((job / "signac_statepoint.json").read_text())
    if hashlib.md5(json.dumps(state, sort_keys=True).encode()).hexdigest() != job.name:
        fail(f"{job} has another state point than its name says")
    if not (job / "virial.txt").exists():
        fail(f"{job}/virial.txt is missing")
    exponent = state["potential"]["exponent"]
    coefficient = coefficients[exponent, state["kT"]] = float((job / "virial.txt").read_text())
    document = job / "signac_job_document.json"
    if document.exists() != (exponent == 12):
        fail(f"{document} should {'' if exponent == 12 else 'not '}be there")
    if exponent == 12:
        if abs(coefficient - TABLE[state["kT"]]) > 0.003:
            fail(f"{job}: {coefficient} instead of {TABLE[state['kT']]}")
        if json.loads(document.read_text())["virial"] != coefficient:
            fail(f"{document} has another coefficient than virial.txt")
for exponent in (9, 12):
    curve = [coefficients[exponent, kT] for kT in sorted(TABLE)]
    if curve != sorted(curve):
        fail(f"the coefficients of exponent {exponent} don't rise with the temperature: {curve}")
print("signac: 10 coefficients and 5 documents are right")
END
