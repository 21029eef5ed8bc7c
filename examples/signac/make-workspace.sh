#!/bin/sh
# Makes the workspace that signac would make for these state points, without signac. A job's directory
# is named by the MD5 digest of its state point, written as JSON with sorted keys. A state point that is
# there is left alone.
set -eu
cd "$(dirname "$0")"

exec python3 - <<'END'
import hashlib
import json
import pathlib

project = pathlib.Path(".signac")
project.mkdir(exist_ok=True)
(project / "config").write_text("schema_version = 2\n")

for exponent in (9, 12):
    for kT in (1.0, 2.0, 3.0, 5.0, 10.0):
        state = {"kT": kT, "potential": {"exponent": exponent, "cutoff": 20.0}}
        text = json.dumps(state, sort_keys=True)
        job = pathlib.Path("workspace", hashlib.md5(text.encode()).hexdigest())
        job.mkdir(parents=True, exist_ok=True)
        statepoint = job / "signac_statepoint.json"
        if not statepoint.exists():
            statepoint.write_text(json.dumps(state))
END
