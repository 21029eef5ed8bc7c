#!/bin/sh
# Makes a directory for each point that the Rowfile declares. A run does that by itself.
# usage: make-workspace.sh      (ROWBUILD=/path/to/rowbuild: that program)
set -eu
cd "$(dirname "$0")"
"${ROWBUILD:-rowbuild}" -q points
