"""Downloads the comics of some directories, one after the other.

usage: download.py FILE DIRECTORY...      with COMICS_SERVER=http://…

The directory 107 gets the comic 107, under the name FILE.
"""

import os
import pathlib
import sys
import urllib.request


def main():
    server = os.environ.get("COMICS_SERVER")
    if not server:
        sys.exit("download.py: COMICS_SERVER is not set; call ./run.sh instead of rowbuild")
    name, directories = sys.argv[1], sys.argv[2:]
    workspace = pathlib.Path(os.environ["ACTION_WORKSPACE_PATH"])
    # The server is on this machine, whatever proxy is set for others.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for directory in directories:
        with opener.open(f"{server}/comic-{directory}.pgm", timeout=60) as answer:
            picture = answer.read()
        (workspace / directory / name).write_bytes(picture)
        print(f"comic {directory}: {len(picture)} bytes")


if __name__ == "__main__":
    main()
