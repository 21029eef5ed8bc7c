#!/usr/bin/env python3
"""Random studies against a model.

Builds a random graph, changes the world at random, runs rowbuild (and kills it), and compares what it
did with what this program works out for itself: the content of every product from scratch, and whether
there was a reason for every task that ran.

Commands fail, leave half a product, or kill rowbuild where the program says so; nothing here depends on
how long anything takes. The folder of a world in which something was wrong is kept.

usage: random-worlds.py ROWBUILD COMMAND FIRST-SEED [WORLDS] [STEPS]
"""
# Only what Debian's python3-minimal has.
import fnmatch
import glob
import os
import random
import re
import subprocess
import sys
import time

ROWBUILD, COMMAND = sys.argv[1:3]
STEPS = 12
PRIME, BASIS, MASK = 1099511628211, 14695981039346656037, (1 << 64) - 1


def add(h, data):
    for b in data:
        h = ((h ^ b) * PRIME) & MASK
    return ((h ^ 0xFF) * PRIME) & MASK


def remove_tree(top):
    for base, folders, names in os.walk(top, topdown=False):
        for name in names:
            os.unlink(base + "/" + name)
        for name in folders:
            os.rmdir(base + "/" + name)
    os.rmdir(top)


def toml(value):
    if isinstance(value, list):
        return "[%s]" % ", ".join(toml(v) for v in value)
    return '"%s"' % value


class Violation(Exception):
    pass


class Action:
    def __init__(self, name, kind):
        self.name, self.kind = name, kind
        self.token, self.comment = "t0", "c0"
        self.keys = None          # value_inputs, None: the whole value
        self.files = []           # project files, read
        self.globs = []           # project globs, read
        self.own = []             # files of the directory, read
        self.own_globs = []
        self.unread = []          # listed project files that the command doesn't read
        self.ups = []             # (Action, how): "input" or "previous"
        self.products = []
        self.always = self.resumable = self.split = False
        self.coarse = 0
        self.maximum = 0
        self.where = None


class World:
    def __init__(self, seed):
        self.seed = seed
        self.rng = random.Random(seed)
        self.top = "%s/rowbuild-world.%d-%d" % (os.environ.get("TMPDIR", "/tmp"), os.getpid(), seed)
        self.project = self.top + "/project"
        self.model = self.top + "/model"
        os.makedirs(self.project + "/workspace")
        os.makedirs(self.project + "/src")
        os.makedirs(self.model + "/fail")
        self.env = dict(os.environ, MODEL=self.model, ROWBUILD_CLUSTER="none", LC_ALL="C.UTF-8")
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            self.env[name] = (self.env.get(name, "") + ":exitcode=99").lstrip(":")
        self.rec, self.att, self.good = {}, {}, {}
        self.undo = []
        self.trace = []
        self.shuffle = 0
        self.comment = 0
        self.counter = 0
        self.make()

    # ---- making ----
    def path(self, p):
        return self.project + "/" + p

    def put(self, p, text):
        os.makedirs(os.path.dirname(self.path(p)), exist_ok=True)
        with open(self.path(p), "w") as f:
            f.write(text)

    def get(self, p):
        try:
            with open(self.path(p), "rb") as f:
                return f.read()
        except OSError:
            return None

    def make(self):
        r = self.rng
        self.sources = {}
        for i in range(3):
            self.put("src/s%d.c" % i, "source %d 0\n" % i)
        for i in range(2):
            self.put("src/h%d.h" % i, "header %d 0\n" % i)
        for i in range(2):
            self.put("src/u%d.txt" % i, "never changes\n")
            os.utime(self.path("src/u%d.txt" % i), ns=(10**18, 10**18))
        self.dirs = []
        for i in range(r.randint(1, 5)):
            self.add_dir()
        self.actions = []
        for i in range(r.randint(1, 6)):
            self.actions.append(self.make_action(i))
        used = {id(u) for a in self.actions for u, _ in a.ups}
        for a in self.actions:
            if id(a) not in used and a.kind != "project" and r.random() < 0.4:
                a.where = r.randint(2, 8)
        self.write_rowfile()

    def make_action(self, i):
        r = self.rng
        a = Action("act%d" % i, r.choice(["dir"] * 5 + ["batch"] * 2 + ["group"] * 2 + ["project"] * 2))
        if r.random() < 0.4:
            a.keys = sorted(r.sample(["x", "y", "k"], r.randint(0, 2)))
        a.files = r.sample(["src/s0.c", "src/s1.c", "src/s2.c"], r.choice([0, 0, 1, 2]))
        if r.random() < 0.25:
            a.globs = ["src/*.h"]
        if a.kind != "project":
            if r.random() < 0.3:
                a.own = ["in0.txt"]
            if r.random() < 0.2:
                a.own_globs = ["in*.txt"]
                a.own = []
        for u in self.actions:
            if r.random() < 0.4:
                how = r.choice(["input", "input", "previous"])
                if not u.products or (u.kind == "group" and u.split):
                    how = "previous"
                a.ups.append((u, how))
        if a.kind in ("dir", "batch"):
            n = r.choice([0, 1, 1, 1, 1, 2, 2]) if a.kind == "dir" else r.choice([1, 1, 2])
            a.products = [("sub/" if r.random() < 0.15 else "") + "%s.o%d" % (a.name, j) for j in range(n)]
        elif a.kind == "group":
            a.split = r.random() < 0.6
            a.products = ["out/%s-{/k}.txt" % a.name if a.split else "out/%s.txt" % a.name]
        elif r.random() < 0.85:
            a.products = ["out/%s.txt" % a.name]
        a.always = r.random() < 0.05
        a.resumable = r.random() < 0.1
        a.coarse = r.choice([0, 0, 0, 2, 3])
        if a.kind == "batch":
            a.maximum = r.choice([0, 2, 3])
        return a

    def add_dir(self, name=None):
        r = self.rng
        if name is None:
            name = "d%d" % self.counter
            self.counter += 1
        os.makedirs(self.path("workspace/" + name))
        self.dirs.append(name)
        self.put_value(name, {"x": r.randint(0, 9), "y": r.randint(0, 9), "k": r.randint(0, 2), "note": 0})
        self.put("workspace/%s/in0.txt" % name, "in0 %s\n" % name)

    def value_path(self, d):
        return "workspace/%s/value.json" % d

    def value(self, d):
        return {k: int(v) for k, v in re.findall(r'"(\w+)": *(\d+)', self.get(self.value_path(d)).decode())}

    def put_value(self, d, v, style=0):
        names = sorted(v, reverse=style > 0)
        space = "\n" * style
        text = "{%s%s}\n" % (space, ("," + space).join('"%s": %d' % (k, v[k]) for k in names))
        self.put(self.value_path(d), text)

    # ---- the description ----
    def command(self, a):
        c = [COMMAND, "-a", a.name, "-r", a.token]
        if a.coarse:
            c += ["-c", str(a.coarse)]
        for k in self.read_keys(a):
            c += ["-V", "{/%s}" % k] if a.kind == "dir" else ["-v", k]
        for f in a.files:
            c += ["-i", f]
        for g in a.globs:
            c += ["-g", "'%s'" % g]
        for f in a.own:
            c += ["-d", f]
        for g in a.own_globs:
            c += ["-D", "'%s'" % g]
        for u, how in a.ups:
            for p in u.products:
                if u.kind in ("dir", "batch"):
                    c += ["-g", "'workspace/*/%s'" % p] if a.kind == "project" else ["-d", p]
                elif u.kind == "project" or not u.split:
                    c += ["-i", p]
        for p in a.products:
            c += ["-o" if a.kind in ("dir", "batch") else "-O", p]
        c += {"dir": ["{directory}"], "batch": ["{directories}"], "group": ["{directories}"], "project": []}[a.kind]
        return " ".join(c)

    def read_keys(self, a):
        if a.kind == "project":
            return []
        return ["x", "y", "k"] if a.keys is None else a.keys

    def inputs(self, a):
        out = ["//" + f for f in a.files + a.unread] + ["//" + g for g in a.globs] + a.own + a.own_globs
        for u, how in a.ups:
            if how == "input":
                for p in u.products:
                    if u.kind in ("dir", "batch"):
                        out.append("//workspace/*/" + p if a.kind == "project" else p)
                    else:
                        out.append("//" + p)
        return out

    def previous(self, a):
        return [u.name for u, how in a.ups if how == "previous"]

    def write_rowfile(self):
        head = "[workspace]\nvalue_file = \"value.json\"\n"
        blocks = []
        for a in self.actions:
            q = toml
            lines = ["name = %s" % q(a.name), "command = %s" % q(self.command(a)),
                     "inputs = %s" % q(self.inputs(a)),
                     "products = %s" % q([p if a.kind in ("dir", "batch") else "//" + p for p in a.products]),
                     "environment = { COMMENT = %s }" % q(a.comment)]
            if a.ups:
                lines.append("previous_actions = %s" % q(self.previous(a)))
            if a.kind in ("group", "project"):
                lines.append("scope = %s" % q(a.kind))
            if a.keys is not None and a.kind != "project":
                lines.append("value_inputs = %s" % q(["/" + k for k in a.keys]))
            if a.always:
                lines.append("always = true")
            if a.resumable:
                lines.append("resumable = []")
            if a.split:
                lines.append("group.sort_by = [\"/k\"]")
                lines.append("group.split_by_sort_key = true")
            if a.maximum:
                lines.append("group.maximum_size = %d" % a.maximum)
            if a.where is not None:
                lines.append("group.where = \"/x <= %d\"" % a.where)
            if self.shuffle:
                random.Random(self.shuffle + len(lines)).shuffle(lines)
            blocks.append("[[action]]\n" + "# %d\n" % self.comment + "\n".join(lines) + "\n")
        self.put("Rowfile", "\n".join([head] + blocks))

    # ---- the model ----
    def members(self, a):
        ds = sorted(self.dirs)
        if a.where is not None:
            ds = [d for d in ds if self.value(d)["x"] <= a.where]
        return ds

    def tasks_of(self, a):
        """(key, directories)"""
        if a.kind == "project":
            return [(a.name, [])]
        ds = self.members(a)
        if a.kind in ("dir", "batch"):
            return [(a.name + "/" + d, [d]) for d in ds]
        if not a.split:
            return [(a.name + "///" + a.products[0], ds)] if ds else []
        ks = sorted({self.value(d)["k"] for d in ds})
        return [(a.name + "///" + a.products[0].replace("{/k}", str(k)),
                 [d for d in ds if self.value(d)["k"] == k]) for k in ks]

    def tasks(self):
        for a in self.actions:
            for key, ds in self.tasks_of(a):
                yield a, key, ds

    def task_products(self, a, key, ds):
        if a.kind in ("dir", "batch"):
            return ["workspace/%s/%s" % (ds[0], p) for p in a.products]
        if a.kind == "group":
            return [key.split("///", 1)[1]]
        return list(a.products)

    def joined(self, a, ds, u):
        for key, uds in self.tasks_of(u):
            if a.kind == "project" or u.kind == "project" or set(ds) & set(uds):
                yield key, uds

    def glob(self, pattern):
        return sorted(os.path.relpath(p, self.project) for p in glob.glob(self.path(pattern)))

    def content(self, p, made):
        if p in made:
            return made[p]
        return self.get(p)

    def expected(self):
        """From scratch: path -> content; None where it can't be made."""
        made = {}
        for a in self.actions:
            for key, ds in self.tasks_of(a):
                ok = True

                def read(h, p):
                    nonlocal ok
                    c = self.content(p, made)
                    if c is None:
                        ok = False
                        return h
                    return add(h, c)

                def read_glob(h, pattern, own=False):
                    names = set(self.glob(pattern))
                    depth = pattern.count("/")
                    names |= {m for m in made if fnmatch.fnmatchcase(m, pattern) and m.count("/") == depth}
                    for p in sorted(names):
                        h = add(h, (os.path.basename(p) if own else p).encode())
                        h = read(h, p)
                    return h

                h = add(BASIS, a.token.encode())
                v = self.value(ds[0]) if a.kind == "dir" else None
                if v:
                    for k in self.read_keys(a):
                        h = add(h, str(v[k]).encode())
                ups_files, ups_globs, ups_own = [], [], []
                for u, how in a.ups:
                    for p in u.products:
                        if u.kind in ("dir", "batch"):
                            (ups_globs if a.kind == "project" else ups_own).append(("workspace/*/" if a.kind == "project" else "") + p)
                        elif u.kind == "project" or not u.split:
                            ups_files.append(p)
                for p in a.files + ups_files:
                    h = read(h, p)
                for g in a.globs + ups_globs:
                    h = read_glob(h, g)
                own = {}
                for d in ds:
                    hd = add(h, d.encode()) if a.kind == "group" else h
                    if a.kind != "dir":
                        for k in self.read_keys(a):
                            hd = add(hd, str(self.value(d)[k]).encode())
                    for f in a.own + ups_own:
                        hd = read(hd, "workspace/%s/%s" % (d, f))
                    for g in a.own_globs:
                        hd = read_glob(hd, "workspace/%s/%s" % (d, g), True)
                    if a.kind == "group":
                        h = hd
                    else:
                        own = hd
                if a.kind in ("dir", "batch"):
                    h = own
                for i, p in enumerate(self.task_products(a, key, ds)):
                    n = ((h % a.coarse if a.coarse else h) + i) & MASK
                    made[p] = b"%016x\n" % n if ok else None
        return made

    def fingerprint(self, a, key, ds):
        """All that the rules (docs/internals/rules.md) say a task depends on, as it is on disk now."""
        parts = [("recipe", self.command(a), a.comment)]
        for d in ds:
            v = self.value(d)
            parts.append(("value", d, tuple(sorted(v.items())) if a.keys is None else tuple((k, v[k]) for k in a.keys)))
        if a.kind == "group":
            parts.append(("members", tuple(ds)))
        for f in a.files:
            parts.append((f, self.get(f)))
        for g in a.globs:
            parts += [(p, self.get(p)) for p in self.glob(g)]
        for d in ds:
            for f in a.own:
                parts.append((f, d, self.get("workspace/%s/%s" % (d, f))))
            for g in a.own_globs:
                parts += [(p, self.get(p)) for p in self.glob("workspace/%s/%s" % (d, g))]
        for u, how in a.ups:
            if a.kind == "project" and how == "input" and u.kind in ("dir", "batch"):
                for p in u.products:
                    parts += [(q, self.get(q)) for q in self.glob("workspace/*/" + p)]
                continue
            for ukey, uds in self.joined(a, ds, u):
                if not u.products:
                    if not u.always:
                        parts.append((ukey, self.rec.get(ukey, (None,))[0] if self.rec.get(ukey) else None))
                for p in self.task_products(u, ukey, uds):
                    parts.append((p, self.get(p)))
        return tuple(parts)

    # ---- running ----
    def say(self, text):
        self.trace.append(text)

    def run_rowbuild(self, args, check=True):
        done = subprocess.run([ROWBUILD] + args, cwd=self.project, env=self.env, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120)
        done.stdout = done.stdout.decode(errors="replace")
        done.stderr = done.stderr.decode(errors="replace")
        if done.returncode in (3, 99) or done.returncode < 0 or (check and done.returncode == 2):
            raise Violation("exit %d of %s\n%s%s" % (done.returncode, args, done.stdout, done.stderr))
        return done

    def tree(self):
        out = {}
        for base, _, names in os.walk(self.project):
            for n in names:
                p = base + "/" + n
                s = os.stat(p)
                out[p] = (s.st_mtime_ns, s.st_ino, s.st_size)
            out[base] = os.stat(base).st_mtime_ns
        return out

    def dry(self, args):
        before = self.tree()
        done = self.run_rowbuild(["-n", "--json"] + args)
        if self.tree() != before:
            raise Violation("a dry run wrote something")
        if done.returncode == 3:
            raise Violation("exit 3: " + done.stderr)
        intents = dict(re.findall(r'^{"task":"([^"]*)".*"intent":"([^"]*)"', done.stdout, re.M))
        return intents

    def read_log(self):
        try:
            with open(self.model + "/log") as f:
                lines = [l.rstrip("\n").split("\t") for l in f]
            os.unlink(self.model + "/log")
        except FileNotFoundError:
            lines = []
        return lines

    def key_of(self, name, where):
        a = next(x for x in self.actions if x.name == name)
        if a.kind in ("dir", "batch"):
            return name + "/" + where
        if a.kind == "group":
            return name + "///" + where
        return name

    def siblings(self, p):
        d, n = os.path.split(self.path(p))
        out = {}
        for q in glob.glob(glob.escape(d + "/." + n) + ".rowbuild-*"):
            with open(q, "rb") as f:
                out[os.path.basename(q)] = f.read()
        return out

    def snapshot_products(self):
        return {p: self.get(p) for a, key, ds in self.tasks() for p in self.task_products(a, key, ds)}

    def intact(self, key, prods, state, sib):
        """Whether the good products are there, in place or aside (if something was tried since)."""
        fp, contents = self.rec[key]
        for p, c in contents.items():
            if p not in prods:
                continue
            if state.get(p) == c:
                continue
            if key in self.att and c in sib[p].values():
                continue
            return False
        for p in prods:
            if p not in contents and state.get(p) is None:
                return False
        return True

    def run(self, args):
        self.write_rowfile()
        self.read_log()
        intents = self.dry([a for a in args if not a.startswith("-j")])
        before = self.snapshot_products()
        sib = {p: self.siblings(p) for p in before}
        order = list(self.tasks())
        products = {key: self.task_products(a, key, ds) for a, key, ds in order}
        self.say("run %s" % args)
        # Its pid is in a file before it starts: commands kill it.
        started = 'echo $$ >"$MODEL/pid"; exec "$@"'
        child = subprocess.Popen(["/bin/sh", "-c", started, "sh", ROWBUILD, "--explain"] + args,
                                 cwd=self.project, env=self.env,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        out = child.communicate(timeout=120)[0].decode(errors="replace")
        code = child.returncode
        self.say("  exit %d\n    %s" % (code, out.strip().replace("\n", "\n    ")))
        if code in (2, 3, 99, -6, -11):
            raise Violation("exit %d: %s" % (code, out))
        while self.logged_alive():
            time.sleep(0.002)
        self.after(args, intents, before, sib, order, products, code, code == -9)
        return code, out

    def logged_alive(self):
        pids = set()
        try:
            with open(self.model + "/log") as f:
                for l in f:
                    pids.add(int(l.split("\t")[1]))
        except FileNotFoundError:
            return []
        alive = []
        for p in pids:
            try:
                with open("/proc/%d/stat" % p) as f:
                    text = f.read()
                if "(%s)" % os.path.basename(COMMAND)[:15] in text and text.rsplit(") ", 1)[1][0] != "Z":
                    alive.append(p)
            except OSError:
                pass
        return alive

    def after(self, args, intents, before, sib, order, products, code, killed):
        lines = self.read_log()
        started, finished_pids, pid_of, seen = [], set(), {}, {}
        ended = set()
        for l in lines:
            if l[0] == "S":
                key = self.key_of(l[2], l[3])
                started.append(key)
                pid_of[key] = l[1]
                seen[key] = dict(x.rsplit("=", 1) for x in l[4].split(",") if x)
            elif l[0] == "X":
                finished_pids.add(l[1])
            elif l[0] == "E":
                ended.add(self.key_of(l[2], l[3]))
        known = {key: (a, ds) for a, key, ds in order}
        # Nothing twice.
        twice = {k for k in started if started.count(k) > 1}
        if twice:
            raise Violation("executed twice: %s" % twice)
        for k in started:
            if k not in known:
                raise Violation("%s isn't in the graph" % k)
        # As the dry run said.
        will = {k for k, v in intents.items() if v == "will_run"}
        may = {k for k, v in intents.items() if v in ("may_run",)}
        strange = set(started) - will - may
        if strange:
            raise Violation("ran although -n didn't say so: %s (%s)" % (strange, intents))
        if code == 0 and not will <= set(started):
            raise Violation("didn't run although -n said so: %s" % (will - set(started)))
        after = self.snapshot_products()
        # Good bytes were set aside before the command wrote.
        for key in started:
            a, ds = known[key]
            for p in products[key]:
                g = self.good.get(p)
                if g is None:
                    continue
                have = set(self.siblings(p).values()) | {after.get(p)}
                if seen[key].get(p, "") == g.decode().strip() and g not in have and not self.finished(key, pid_of, finished_pids):
                    raise Violation("good %s was in the way of %s" % (p, key))
        # Who succeeded?
        reasons = []
        for a, key, ds in order:
            if key not in started:
                if killed and key in will | may and key not in self.att:
                    self.att[key] = self.fingerprint(a, key, ds)  # its start may be on record
                continue
            fp = self.fingerprint(a, key, ds)
            if self.rec.get(key) and not a.always and "--rerun" not in args:
                rfp, rcontents = self.rec[key]
                # what was there before: products that this run restored count as well
                same_attempt = self.att.get(key) == fp
                if rfp == fp and not same_attempt and self.intact(key, products[key], before, sib) and not killed:
                    reasons.append("%s ran without a reason" % key)
            success = self.finished(key, pid_of, finished_pids)
            failed_knob = os.path.exists(self.fail_path(key))
            if failed_knob:
                success = False
            downstream = any(key in self.before_keys(b, bds) for b, bkey, bds in order if bkey in started)
            if success and killed and not downstream:
                self.rec[key] = None  # recorded, or not
                self.att.pop(key, None)
                for p in products[key]:
                    g = self.good.get(p)
                    if g is not None and g != after.get(p) and g not in self.siblings(p).values() and after.get(p) is None:
                        raise Violation("lost %s" % p)
                    self.good[p] = None
            elif success:
                self.rec[key] = (fp, {p: after[p] for p in products[key]})
                self.att.pop(key, None)
                for p in products[key]:
                    self.good[p] = after[p]
                    if after[p] is None:
                        raise Violation("%s succeeded without %s" % (key, p))
            else:
                self.att[key] = fp
        if reasons:
            raise Violation("; ".join(reasons))
        # Nothing good was lost.
        for p, g in self.good.items():
            if g is None:
                continue
            if self.get(p) != g and g not in self.siblings(p).values():
                raise Violation("good content of %s was lost: %r, now %r, siblings %r" % (p, g, self.get(p), self.siblings(p)))
        # Restored tasks.
        for a, key, ds in order:
            if key in started or not self.rec.get(key):
                continue
            rfp, rcontents = self.rec[key]
            if key in self.att and all(self.get(p) == c for p, c in rcontents.items()) and self.fingerprint(a, key, ds) == rfp and code == 0 and not [x for x in args if not x.startswith("-j") and not x.startswith("-k")]:
                del self.att[key]
        whole = not [x for x in args if not x.startswith("-j") and not x.startswith("-k") and x != "--rerun"]
        if code == 0 and whole:
            self.check_all()

    def before_keys(self, a, ds):
        return {k for u, _ in a.ups for k, _ in self.joined(a, ds, u)}

    def finished(self, key, pid_of, finished_pids):
        return pid_of[key] in finished_pids

    def fail_path(self, key):
        name, _, where = key.partition("///" if "///" in key else "/")
        a = next(x for x in self.actions if x.name == name)
        if a.kind == "project":
            where = a.products[0] if a.products else ""
        return self.model + "/fail/" + (name + ":" + where)

    def check_all(self):
        for a, key, ds in self.tasks():
            if self.rec.get(key) and self.rec[key][0] != self.fingerprint(a, key, ds):
                raise Violation("%s stands on something else: %s" % (key, set(self.fingerprint(a, key, ds)) ^ set(self.rec[key][0])))
        expected = self.expected()
        for p, c in expected.items():
            if self.get(p) != c:
                raise Violation("%s is %r, from scratch it is %r" % (p, self.get(p), c))
        intents = self.dry([])
        always = {k for a, k, _ in self.tasks() if a.always}
        runs = set(intents) - always
        downstream_ok = {k for k in runs if intents[k] == "may_run" and always}
        if runs - downstream_ok:
            raise Violation("not up to date after all ran: %s" % intents)

    def is_clean(self):
        self.write_rowfile()
        return not self.dry([])

    # ---- changing the world ----
    def keep_undo(self, p):
        self.undo.append((p, self.get(p)))

    def any_source(self):
        r = self.rng
        c = ["src/s%d.c" % i for i in range(3)] + self.glob("src/*.h")
        for d in self.dirs:
            c += self.glob("workspace/%s/in*.txt" % d)
        return r.choice(c)

    def any_product(self):
        c = [p for p in self.snapshot_products() if self.get(p) is not None]
        return self.rng.choice(c) if c else None

    def change(self):
        r = self.rng
        op = r.choice(["value"] * 6 + ["value-style", "note", "source", "source", "source", "source-back", "touch", "replace",
                       "product-delete", "product-edit", "product-same", "product-touch", "product-truncate",
                       "add-dir", "remove-dir", "rename-dir", "token", "token-back", "comment", "env", "shuffle", "unread",
                       "rename-action", "where", "header", "own-file", "fail", "fail", "fail", "unfail", "undo", "undo", "undo",
                       "source-gone", "all-touch"])
        self.say("op " + op)
        d = r.choice(self.dirs) if self.dirs else None
        if op == "value" and d:
            v = self.value(d)
            self.keep_undo(self.value_path(d))
            k = r.choice(["x", "x", "y", "k"])
            v[k] = r.randint(0, 9) if k != "k" else r.randint(0, 2)
            self.put_value(d, v)
            self.say("  %s %s" % (d, v))
        elif op == "value-style" and d:
            self.put_value(d, self.value(d), r.choice([1, 2, 3]))
        elif op == "note" and d:
            self.keep_undo(self.value_path(d))
            v = self.value(d)
            v["note"] = r.randint(0, 9)
            self.put_value(d, v)
        elif op in ("source", "source-back"):
            p = self.any_source()
            s = self.path(p)
            if self.get(p) is None:
                return
            st = os.stat(s)
            self.keep_undo(p)
            text = self.get(p).decode()
            with open(s, "r+") as f:
                f.write(text[:-2] + str(r.randint(0, 9)) + "\n")
            if op == "source-back":
                os.utime(s, ns=(st.st_atime_ns, st.st_mtime_ns))
            self.say("  " + p)
        elif op == "touch":
            p = self.any_source()
            if self.get(p) is not None:
                os.utime(self.path(p))
        elif op == "all-touch":
            for base, _, names in os.walk(self.project):
                if "/.rowbuild" in base:
                    continue
                for n in names:
                    if not n.startswith("u"):
                        os.utime(base + "/" + n)
        elif op == "replace":
            p = self.any_source()
            c = self.get(p)
            if c is not None:
                os.unlink(self.path(p))
                self.put(p, c.decode())
        elif op.startswith("product-"):
            p = self.any_product()
            if p is None:
                return
            self.say("  " + p)
            if op == "product-delete":
                os.unlink(self.path(p))
            elif op == "product-edit":
                with open(self.path(p), "r+b") as f:
                    f.write(b"edited %02d" % r.randint(0, 99))
            elif op == "product-truncate":
                with open(self.path(p), "w"):
                    pass
            elif op == "product-touch":
                os.utime(self.path(p))
            else:
                c = self.get(p)
                os.unlink(self.path(p))
                with open(self.path(p), "wb") as f:
                    f.write(c)
            if self.good.get(p) is not None and self.get(p) != self.good[p] and self.good[p] not in self.siblings(p).values():
                self.good[p] = None
        elif op == "add-dir":
            gone = [k for k in ("d%d" % i for i in range(self.counter)) if k not in self.dirs and not k.startswith("r")]
            if gone and r.random() < 0.5 and not os.path.exists(self.path("workspace/" + gone[0])):
                self.add_dir(gone[0])
            else:
                self.add_dir()
        elif op == "remove-dir" and len(self.dirs) > 1:
            self.dirs.remove(d)
            self.forget("workspace/%s/" % d)
            remove_tree(self.path("workspace/" + d))
            self.say("  " + d)
        elif op == "rename-dir" and d and self.is_clean():
            new = "r%d" % self.counter
            self.counter += 1
            self.forget("workspace/%s/" % d)
            os.rename(self.path("workspace/" + d), self.path("workspace/" + new))
            self.dirs[self.dirs.index(d)] = new
            self.say("  %s -> %s" % (d, new))
            self.unfail()
            self.restore_sources()
            self.run(["-j4", "-k0"])
        elif op in ("token", "token-back"):
            a = r.choice(self.actions)
            a.token = "t%d" % (r.randint(0, 3) if op == "token" else 0)
            self.say("  %s %s" % (a.name, a.token))
        elif op == "env":
            a = r.choice(self.actions)
            a.comment = "c%d" % r.randint(0, 2)
        elif op == "comment":
            self.comment += 1
        elif op == "shuffle":
            self.shuffle += 1
        elif op == "unread":
            a = r.choice(self.actions)
            if a.unread:
                a.unread = []
            else:
                if self.is_clean():
                    a.unread = [r.choice(["src/u0.txt", "src/u1.txt"])]
            self.say("  %s %s" % (a.name, a.unread))
        elif op == "rename-action" and self.is_clean() and not self.fails():
            a = r.choice(self.actions)
            old, new = a.name, "n%d" % self.counter
            self.counter += 1
            a.name = new
            self.rec = {(new + k[len(old):] if k.partition("/")[0] == old else k): v for k, v in self.rec.items()}
            self.att = {(new + k[len(old):] if k.partition("/")[0] == old else k): v for k, v in self.att.items()}
            if not a.products:
                self.rec = {k: v for k, v in self.rec.items() if k.partition("/")[0] != new}
                self.att = {k: v for k, v in self.att.items() if k.partition("/")[0] != new}
            self.say("  %s -> %s" % (old, new))
        elif op == "where":
            a = r.choice(self.actions)
            if a.where is not None:
                a.where = r.randint(2, 8)
        elif op == "header":
            hs = self.glob("src/*.h")
            if hs and r.random() < 0.5:
                os.unlink(self.path(r.choice(hs)))
            else:
                self.put("src/h%d.h" % r.randint(0, 5), "header new\n")
        elif op == "own-file" and d:
            p = "workspace/%s/in%d.txt" % (d, r.randint(1, 3))
            if self.get(p) is not None:
                os.unlink(self.path(p))
            else:
                self.put(p, "own new\n")
        elif op == "fail":
            n = [k for _, k, _ in self.tasks()]
            if n:
                k = r.choice(n)
                os.makedirs(os.path.dirname(self.fail_path(k)), exist_ok=True)
                with open(self.fail_path(k), "w") as f:
                    f.write(r.choice("fpempkKd"))
                self.say("  " + self.fail_path(k))
        elif op == "unfail":
            self.unfail()
        elif op == "undo" and self.undo:
            p, c = self.undo.pop()
            if os.path.isdir(os.path.dirname(self.path(p))) and c is not None:
                with open(self.path(p), "wb") as f:
                    f.write(c)
                self.say("  " + p)
        elif op == "source-gone" and r.random() < 0.4:
            p = "src/s%d.c" % r.randint(0, 2)
            if self.get(p) is not None:
                self.keep_undo(p)
                os.unlink(self.path(p))
                self.say("  " + p)

    def fails(self):
        return os.listdir(self.model + "/fail")

    def unfail(self):
        for n in self.fails_tree():
            os.unlink(n)

    def fails_tree(self):
        return [b + "/" + n for b, _, ns in os.walk(self.model + "/fail") for n in ns]

    def forget(self, prefix):
        self.good = {p: g for p, g in self.good.items() if not p.startswith(prefix)}

    # ---- a life ----
    def args(self):
        r = self.rng
        out = ["-j%d" % r.randint(1, 4)]
        if r.random() < 0.5:
            out.append("-k%d" % r.choice([0, 2]))
        x = r.random()
        if x < 0.15:
            out += ["-a", r.choice(self.actions).name]
        elif x < 0.25 and self.dirs:
            out += [r.choice(self.dirs)]
        elif x < 0.3:
            out += ["-a", r.choice(self.actions).name, "--only"]
        elif x < 0.33:
            out += ["--rerun", "-a", r.choice(self.actions).name]
        return out

    def restore_sources(self):
        for i in range(3):
            if self.get("src/s%d.c" % i) is None:
                self.put("src/s%d.c" % i, "source %d 0\n" % i)

    def live(self, steps):
        r = self.rng
        if r.random() < 0.8:
            self.run(["-j4"])
        for step in range(steps):
            for _ in range(r.choice([0, 1, 1, 1, 2, 3])):
                self.change()
            x = r.random()
            if x < 0.75:
                self.run(self.args())
            else:
                self.unfail()
                self.restore_sources()
                code, out = self.run(["-j4", "-k0"])
                if code != 0:
                    raise Violation("exit %d although nothing fails: %s" % (code, out))
        self.unfail()
        self.restore_sources()
        code, out = self.run(["-j4", "-k0"])
        if code != 0:
            raise Violation("exit %d although nothing fails: %s" % (code, out))


def main():
    first = int(sys.argv[3])
    count = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    steps = int(sys.argv[5]) if len(sys.argv) > 5 else STEPS
    bad = 0
    for seed in range(first, first + count):
        world = World(seed)
        try:
            world.live(steps)
        except Violation as v:
            bad += 1
            print("\n".join(world.trace))
            print("seed %d: %s\nsee %s" % (seed, v, world.top))
            continue
        remove_tree(world.top)
    print("%d worlds, %d bad" % (count, bad))
    return bad > 0


sys.exit(main())
