#!/bin/sh
# Starts a server for the comics on a free port of this machine, runs rowbuild, and stops the server.
# usage: run.sh [ARGUMENT OF ROWBUILD]…      (ROWBUILD=/path/to/rowbuild: that program)
set -eu
cd "$(dirname "$0")"

mkdir -p results
log=results/server.log
: >"$log"
python3 -u -m http.server --bind 127.0.0.1 --directory site 0 >"$log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
trap 'exit 130' HUP INT TERM

# The server says which port it got as soon as it answers there.
port=
while [ -z "$port" ]; do
    kill -0 "$server" 2>/dev/null || {
        cat "$log" >&2
        echo "comics: the server didn't start" >&2
        exit 1
    }
    port=$(sed -n 's/^Serving HTTP on .* port \([0-9][0-9]*\) .*/\1/p' "$log")
    [ -n "$port" ] || sleep 0.05
done

status=0
COMICS_SERVER=http://127.0.0.1:$port "${ROWBUILD:-rowbuild}" "$@" || status=$?
exit "$status"
