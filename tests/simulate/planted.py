#!/usr/bin/env python3
"""Plants each fault of planted.txt in a copy of the sources, and counts the lives until one finds it.

usage: planted.py [LIVES [NAME…]]    at most so many lives a fault (100000); only faults whose name contains a NAME

Needs a clean build to start from (cmake, ninja); works in a temporary folder. Prints a row for each fault, and ends
with 1 if one wasn't found.
"""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))


def read_faults():
    """[(name, file, [[text, replacement]…])…]: lines after '-' and '+' as they stand"""
    faults = []
    before = ""
    with open(HERE + "/planted.txt") as f:
        for line in f.read().split("\n"):
            changes = faults[-1][2] if faults else None
            if line.startswith("== "):
                faults.append((line[3:], [], []))
            elif line.startswith("file "):
                faults[-1][1].append(line[5:])
            elif line[:1] == "-":
                if before == "-":
                    changes[-1][0] += "\n" + line[2:]
                else:
                    changes.append([line[2:], ""])
            elif line[:1] == "+":
                changes[-1][1] += ("\n" if before == "+" else "") + line[2:]
            before = line[:1]
    return faults


def build(folder):
    return subprocess.run(["cmake", "--build", folder + "/build", "--target", "simulate"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def plant(folder, fault):
    """The text of the file before."""
    name, files, changes = fault
    path = folder + "/" + files[0]
    with open(path) as f:
        before = f.read()
    after = before
    for text, replacement in changes:
        if after.count(text) != 1:
            sys.exit("%s: `%s` stands %d times in %s" % (name, text, after.count(text), files[0]))
        after = after.replace(text, replacement)
    with open(path, "w") as f:
        f.write(after)
    return path, before


def main():
    lives = sys.argv[1] if len(sys.argv) > 1 else "100000"
    faults = [f for f in read_faults() if not sys.argv[2:] or any(n in f[0] for n in sys.argv[2:])]
    folder = tempfile.mkdtemp(prefix="planted-")
    missed = 0
    for name in os.listdir(TOP):
        if name != "build" and not name.startswith(".git"):
            source = TOP + "/" + name
            (shutil.copytree if os.path.isdir(source) else shutil.copy)(source, folder + "/" + name)
    subprocess.run(["cmake", "-S", folder, "-B", folder + "/build", "-G", "Ninja",
                    "-DCMAKE_BUILD_TYPE=RelWithDebInfo", "-DCMAKE_C_FLAGS=-w"],
                   stdout=subprocess.DEVNULL, check=True)
    first = build(folder)
    if first.returncode != 0:
        sys.exit(first.stdout.decode())
    for fault in faults:
        path, before = plant(folder, fault)
        made = build(folder)
        if made.returncode != 0:
            sys.exit("%s doesn't compile:\n%s" % (fault[0], made.stdout.decode()[-3000:]))
        found = subprocess.run([folder + "/build/tests/simulate/simulate", "--find", "1", lives],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        seed = found.stdout.decode().strip()
        missed += seed == ""
        print("| %s | %s |" % (fault[0], seed or "not found in %s" % lives), flush=True)
        with open(path, "w") as f:
            f.write(before)
    shutil.rmtree(folder)
    print("%d faults, %d not found" % (len(faults), missed))
    return missed > 0


sys.exit(main())
