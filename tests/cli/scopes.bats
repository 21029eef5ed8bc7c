#!/usr/bin/env bats
# Directories, batches, groups, the project; what joins tasks; which directories take part.

load helpers

# points: a workspace of six directories with t (1, 2) and seed (1, 2, 3)
points() {
    local t seed
    for t in 1 2; do
        for seed in 1 2 3; do
            value "t$t-s$seed" "{\"t\": $t, \"seed\": $seed}"
        done
    done
}

# ---- Directories and batches ----

@test "{directory}: each is executed by itself" {
    mkdir workspace/d1 workspace/d2
    rowfile <<'END'
[[action]]
name = "a"
products = ["a"]
command = "note {directory}; echo >workspace/{directory}/a"
END
    expect 0
    expect_runs d1 d2
}

batched() {
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "a"
products = ["a"]
command = 'note {directories}; for d in {directories}; do cp {workspace_path}/$d/value.json {workspace_path}/$d/a; done'
END
}

@test "{directories}: one command for all that are stale, recorded one by one" {
    points
    batched
    expect 0
    expect_runs 't1-s1 t1-s2 t1-s3 t2-s1 t2-s2 t2-s3'
    value t1-s2 '{"t": 5, "seed": 1}'
    value t2-s3 '{"t": 5, "seed": 2}'
    expect 0
    expect_runs 't1-s2 t2-s3'
    rm workspace/t1-s1/a
    expect 0
    expect_runs t1-s1
    expect_nothing_to_do
}

@test "who else was in the batch doesn't matter" {
    points
    batched
    expect 0 t1-s1
    expect_runs t1-s1
    expect 0
    expect_runs 't1-s2 t1-s3 t2-s1 t2-s2 t2-s3'
    value new '{}'
    expect 0
    expect_runs new
    rm -r workspace/t1-s1
    expect_nothing_to_do
}

@test "a batch of which one product is missing fails for that directory only" {
    mkdir workspace/d1 workspace/d2 workspace/d3
    rowfile <<'END'
[[action]]
name = "a"
products = ["a"]
command = 'note {directories}; for d in {directories}; do [ $d = d2 ] || echo >workspace/$d/a; done'
END
    expect 1
    has 'a is missing' d2
    expect_runs 'd1 d2 d3'
    expect 1
    expect_runs d2
}

@test "a batch that fails fails for all its directories, and they are attempted one by one" {
    mkdir workspace/d1 workspace/d2
    rowfile <<'END'
[[action]]
name = "a"
products = ["a"]
command = 'note {directories}; for d in {directories}; do echo >workspace/$d/a; done; exit 5'
END
    expect 1
    has 'exit 5'
    expect_runs 'd1 d2'
    expect 1 -k 0
    expect_runs d1 d2
}

# cutoff: `before` sorts its input for each directory, `batch` takes all that changed at once
cutoff() {
    rowfile <<'END'
[[action]]
name = "before"
inputs = ["in"]
products = ["a"]
command = 'note before {directory}; ! grep -q bad workspace/{directory}/in && sort workspace/{directory}/in >workspace/{directory}/a'
[[action]]
name = "batch"
inputs = ["a"]
products = ["b"]
command = 'note batch {directories}; for d in {directories}; do cp workspace/$d/a workspace/$d/b; done'
END
    local directory
    for directory in d1 d2 d3; do
        mkdir "workspace/$directory"
        printf '%s\n' x y >"workspace/$directory/in"
    done
    expect 0
    expect_runs 'before d1' 'before d2' 'before d3' 'batch d1 d2 d3'
}

@test "members of a batch that turn out fresh drop out when it starts" {
    cutoff
    printf '%s\n' y x >workspace/d1/in
    printf '%s\n' z z >workspace/d2/in
    expect 0
    expect_runs 'before d1' 'before d2' 'batch d2'
    printf '%s\n' x y >workspace/d1/in
    expect 0
    expect_runs 'before d1'
}

@test "members of a batch whose turn can't come drop out too" {
    cutoff
    echo bad >workspace/d1/in
    printf '%s\n' z z >workspace/d2/in
    expect 1 -k 0
    expect_runs 'before d1' 'before d2' 'batch d2'
}

@test "maximum_size cuts batches" {
    points
    batched
    echo 'group.maximum_size = 4' >>Rowfile
    expect 0
    expect_runs 't1-s1 t1-s2 t1-s3 t2-s1' 't2-s2 t2-s3'
    # Batches are cut from what is stale.
    rm workspace/*/a
    expect 0 t1-s1 t2-s1 t2-s2 t2-s3
    expect_runs 't1-s1 t2-s1 t2-s2 t2-s3'
}

@test "sort_by, reverse_sort, split_by_sort_key" {
    points
    batched
    echo 'group.sort_by = ["/seed", "/t"]' >>Rowfile
    expect 0
    expect_runs 't1-s1 t2-s1 t1-s2 t2-s2 t1-s3 t2-s3'
    echo 'group.reverse_sort = true' >>Rowfile
    rm workspace/*/a
    expect 0
    expect_runs 't2-s3 t1-s3 t2-s2 t1-s2 t2-s1 t1-s1'
    sed -i -e 's/, "\/t"//' -e '/reverse/d' Rowfile
    echo 'group.split_by_sort_key = true' >>Rowfile
    rm workspace/*/a
    expect 0
    expect_runs 't1-s1 t2-s1' 't1-s2 t2-s2' 't1-s3 t2-s3'
}

@test "include and where choose directories" {
    points
    batched
    cp Rowfile base
    echo 'group.include = [{ condition = ["/t", "<", 2] }, { all = [["/t", ">=", 2], ["/seed", "==", 3]] }]' \
        >>Rowfile
    expect 0
    expect_runs 't1-s1 t1-s2 t1-s3 t2-s3'
    { cat base && echo "group.where = '/t > 1 and (/seed in [1, 2] or /name =~ \"^x\") and not exists(/skip)'"; } \
        >Rowfile
    rm workspace/*/a
    run rowbuild # /name is absent wherever /seed isn't 1 or 2
    [ "$status" -eq 2 ]
    expect_runs
    for seed in 1 2 3; do
        value "t2-s$seed" "{\"t\": 2, \"seed\": $seed, \"name\": \"y\"}"
    done
    value t2-s2 '{"t": 2, "seed": 2, "name": "y", "skip": null}'
    value t2-s3 '{"t": 2, "seed": 3, "name": "xyz"}'
    expect 0
    expect_runs 't2-s1 t2-s3'
}

@test "same-name elements divide the directories among them" {
    points
    batched
    cat >>Rowfile <<'END'
group.where = "/t == 1"
[[action]]
from = "a"
command = 'note other {directory}; echo other >{workspace_path}/{directory}/a'
group.where = "/t == 2"
END
    expect 0
    expect_runs 't1-s1 t1-s2 t1-s3' 'other t2-s1' 'other t2-s2' 'other t2-s3'
    expect_nothing_to_do
}

@test "default.action and from fill in what is left out" {
    mkdir workspace/d1
    rowfile <<'END'
[default.action]
products = ["a"]
environment.WHO = "default"
[[action]]
name = "base"
command = 'note $WHO {directory}; echo >workspace/{directory}/a'
[[action]]
name = "other"
from = "base"
products = ["b"]
environment.WHO = "other"
command = 'note $WHO {directory}; echo >workspace/{directory}/b'
END
    expect 0
    expect_runs 'default d1' 'other d1'
}

# ---- Groups ----

plots() {
    points
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "make"
products = ["a"]
command = 'note make {directory}; echo {/seed} >workspace/{directory}/a'
[[action]]
name = "plot"
inputs = ["a"]
products = ["//plots/T{/t}.txt"]
command = 'note plot {directories}; mkdir -p plots; for d in {directories}; do cat workspace/$d/a; done >{products}'
group.sort_by = ["/t"]
group.split_by_sort_key = true
END
}

@test "a // product that names no directory makes the group the task" {
    plots
    expect 0
    expect_runs 'make t1-s1' 'make t1-s2' 'make t1-s3' 'make t2-s1' 'make t2-s2' 'make t2-s3' \
        'plot t1-s1 t1-s2 t1-s3' 'plot t2-s1 t2-s2 t2-s3'
    content plots/T1.txt "$(printf '%s\n' 1 2 3)"
    expect_nothing_to_do
}

@test "a member's change reruns its group, whole, and no other" {
    plots
    expect 0
    : >"$RUNS"
    value t1-s2 '{"t": 1, "seed": 7}'
    expect 0
    expect_runs 'make t1-s2' 'plot t1-s1 t1-s2 t1-s3'
    content plots/T1.txt "$(printf '%s\n' 1 7 3)"
    rm plots/T2.txt
    expect 0
    expect_runs 'plot t2-s1 t2-s2 t2-s3'
}

@test "a new member reruns its group, one that left too" {
    plots
    expect 0
    : >"$RUNS"
    value t1-s4 '{"t": 1, "seed": 4}'
    expect 0 show why -a plot
    has t1-s4
    expect 0
    expect_runs 'make t1-s4' 'plot t1-s1 t1-s2 t1-s3 t1-s4'
    mkdir away
    mv workspace/t1-s1 away
    expect 0
    expect_runs 'plot t1-s2 t1-s3 t1-s4'
    expect_nothing_to_do
}

@test "a new group runs beside the old ones" {
    plots
    expect 0
    : >"$RUNS"
    value t3-s1 '{"t": 3, "seed": 1}'
    expect 0
    expect_runs 'make t3-s1' 'plot t3-s1'
}

@test "a member that moves to another group reruns both" {
    plots
    expect 0
    : >"$RUNS"
    value t1-s3 '{"t": 2, "seed": 3}'
    expect 0
    expect_runs 'make t1-s3' 'plot t1-s1 t1-s2' 'plot t1-s3 t2-s1 t2-s2 t2-s3'
}

# summary KEY: a project action after a directory action by previous_actions alone.
summary() {
    rowfile <<END
[workspace]
value_file = "value.json"
[[action]]
name = "a"
command = 'cp {workspace_path}/{directory}/value.json {workspace_path}/{directory}/a'
$1
group.where = '/t < 9'

[[action]]
name = "sum"
scope = "project"
previous_actions = ["a"]
products = ["//sum"]
command = 'note sum; cat workspace/*/value.json >sum'
END
}

@test "a directory that joins or leaves the previous action's reruns the project's task" {
    for products in 'products = ["a"]' ''; do
        points
        summary "$products"
        expect 0
        expect_runs sum
        mv workspace/t1-s1 away
        expect 0 show why sum
        has 'a/t1-s1 is no longer a dependency'
        expect 0
        expect_runs sum
        mv away workspace/t1-s1
        expect 0 show why sum
        has 'a/t1-s1 is a new dependency'
        expect 0
        expect_runs sum
        value t1-s1 '{"t": 9, "seed": 1}'
        expect 0
        expect_runs sum
        expect_nothing_to_do
        rm -r workspace/* .rowbuild sum
    done
}

@test "a previous action that is newly listed, or no longer, doesn't count by itself" {
    points
    summary 'products = ["a"]'
    sed -i '/^previous_actions/d' Rowfile
    expect 0 -a a # what is older than the sum counts as seen
    expect 0
    : >"$RUNS"
    sed -i '/^scope = "project"/a previous_actions = ["a"]' Rowfile
    expect 0
    expect_nothing_to_do
    sed -i '/^previous_actions/d' Rowfile
    expect_nothing_to_do
}

@test "a directory that moves to another group of the previous action runs again" {
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "table"
products = ["//table-{/t}"]
scope = "group"
command = 'echo {/t} >{products}; : {directories}'
value_inputs = ["/t"]
group.sort_by = ["/t"]
group.split_by_sort_key = true

[[action]]
name = "a"
previous_actions = ["table"]
value_inputs = []
products = ["a"]
command = 'note a {directory}; : >{workspace_path}/{directory}/a'
END
    points
    expect 0
    : >"$RUNS"
    value t1-s1 '{"t": 2, "seed": 1}'
    expect 0
    expect_runs 'a t1-s1'
    expect_nothing_to_do
}

@test "submit_whole makes a group of it" {
    points
    batched
    cat >>Rowfile <<'END'
group.submit_whole = true
group.sort_by = ["/t"]
group.split_by_sort_key = true
END
    expect 0
    expect_runs 't1-s1 t1-s2 t1-s3' 't2-s1 t2-s2 t2-s3'
    rm workspace/t1-s2/a
    expect 0
    expect_runs 't1-s1 t1-s2 t1-s3'
}

@test "a group waits for all its members" {
    plots
    sed -i 's/note make {directory};/[ {directory} != t1-s2 ] || exit 1; &/' Rowfile
    expect 1 -k 0
    has 'exit 1'
    grep -q 'plot t2' "$RUNS"
    ! grep -q 'plot t1' "$RUNS" || false
}

# ---- The project ----

@test "scope project: once, with paths relative to the project; directories depend on it" {
    mkdir workspace/d1 workspace/d2 src
    echo 1 >src/tool.c
    rowfile <<'END'
[[action]]
name = "compile"
scope = "project"
inputs = ["src/**/*.c"]
products = ["bin/tool"]
command = 'note compile; mkdir -p bin; grep -hv "^//" src/*.c >bin/tool'
[[action]]
name = "use"
inputs = ["//bin/tool"]
products = ["a"]
command = 'note use {directory}; cp bin/tool workspace/{directory}/a'
END
    expect 0
    expect_runs compile 'use d1' 'use d2'
    expect_nothing_to_do
    echo '// a comment' >>src/tool.c
    expect 0
    expect_runs compile
    echo 2 >>src/tool.c
    expect 0
    expect_runs compile 'use d1' 'use d2'
    content workspace/d1/a "$(printf '%s\n' 1 2)"
    rm bin/tool
    expect 0
    expect_runs compile
}

@test "commands run in the project, wherever rowbuild was called" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "where"
scope = "project"
products = ["place"]
command = 'pwd >place; echo {project} >>place'
END
    cd workspace/d1
    expect 0
    content ../../place "$SCRATCH/project
$SCRATCH/project"
}

@test "always: run each time; what follows only if it made something different" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "stamp"
scope = "project"
always = true
inputs = ["in"]
products = ["stamp"]
command = 'note stamp; cp in stamp'
[[action]]
name = "use"
inputs = ["//stamp"]
products = ["a"]
command = 'note use {directory}; cp stamp workspace/{directory}/a'
END
    echo 1 >in
    expect 0
    expect_runs stamp 'use d1'
    expect 0
    expect_runs stamp
    echo 2 >in
    expect 0
    expect_runs stamp 'use d1'
}

# ---- Edges ----

@test "inputs that another action's products name come first, in whatever order they are written" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "last"
inputs = ["b"]
products = ["c"]
command = 'note 3; cp workspace/{directory}/b workspace/{directory}/c'
[[action]]
name = "middle"
inputs = ["a"]
products = ["b"]
command = 'note 2; cp workspace/{directory}/a workspace/{directory}/b'
[[action]]
name = "begin"
products = ["a"]
command = 'note 1; echo a >workspace/{directory}/a'
END
    expect 0
    [ "$(cat "$RUNS")" = "$(printf '%s\n' 1 2 3)" ]
}

@test "if inputs name some of a previous action's products, only those count" {
    mkdir workspace/d1
    echo x >x
    echo y >y
    rowfile <<'END'
[[action]]
name = "make"
inputs = ["//x", "//y"]
products = ["x", "y"]
command = 'note make; cp x y workspace/{directory}/'
[[action]]
name = "use"
previous_actions = ["make"]
inputs = ["x"]
products = ["a"]
command = 'note use; cp workspace/{directory}/x workspace/{directory}/a'
END
    expect 0
    expect_runs make use
    echo other >y
    expect 0
    expect_runs make
    echo other >x
    expect 0
    expect_runs make use
}

@test "input globs match files on disk, less what ! excludes, hidden files and own products" {
    mkdir workspace/d1
    for file in one.dat two.dat skip.dat .hidden.dat; do
        echo "$file" >"workspace/d1/$file"
    done
    rowfile <<'END'
[[action]]
name = "sum"
inputs = ["*.dat", "!skip.dat"]
products = ["sum.dat"]
command = 'note {inputs}; cat {inputs} >workspace/{directory}/sum.dat'
END
    expect 0
    expect_runs 'workspace/d1/one.dat workspace/d1/two.dat'
    echo more | tee -a workspace/d1/skip.dat >>workspace/d1/.hidden.dat
    expect_nothing_to_do
    echo more >>workspace/d1/two.dat
    expect 0
    expect_runs 'workspace/d1/one.dat workspace/d1/two.dat'
    echo three >workspace/d1/three.dat
    expect 0 show why sum/d1
    has three.dat
    expect 0
    expect_runs 'workspace/d1/one.dat workspace/d1/three.dat workspace/d1/two.dat'
    rm workspace/d1/one.dat
    expect 0 show why sum/d1
    has one.dat
    expect 0
    expect_runs 'workspace/d1/three.dat workspace/d1/two.dat'
    expect_nothing_to_do
}

@test "input globs match declared products that aren't there yet" {
    plots
    cat >>Rowfile <<'END'
[[action]]
name = "publish"
scope = "project"
inputs = ["plots/*.txt"]
products = ["all.txt"]
command = 'note publish {inputs}; cat {inputs} >all.txt'
END
    expect 0
    grep -qx 'publish plots/T1.txt plots/T2.txt' "$RUNS"
    tail -n 1 "$RUNS" | grep -q publish
    : >"$RUNS"
    expect_nothing_to_do
    value t1-s1 '{"t": 1, "seed": 9}'
    expect 0
    expect_runs 'make t1-s1' 'plot t1-s1 t1-s2 t1-s3' 'publish plots/T1.txt plots/T2.txt'
}

@test "backups are not inputs" {
    mkdir workspace/d1
    echo 1 >workspace/d1/in
    rowfile <<'END'
[[action]]
name = "make"
inputs = ["in"]
products = ["x.dat"]
command = 'cp workspace/{directory}/in workspace/{directory}/x.dat'
[[action]]
name = "sum"
inputs = ["*.dat", ".*.dat*"]
products = ["sum"]
command = 'note {inputs}; echo >workspace/{directory}/sum'
END
    expect 0
    echo 'by hand' >workspace/d1/x.dat
    expect 0
    echo 2 >workspace/d1/in
    expect 0
    grep -qx workspace/d1/x.dat "$RUNS"
    ! grep -vx workspace/d1/x.dat "$RUNS" || false
}

@test "a directory that its previous action excludes waits, and check says so" {
    points
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "some"
products = ["a"]
command = 'note some {directory}; echo >workspace/{directory}/a'
group.where = "/t == 1 and /seed == 1"
[[action]]
name = "each"
previous_actions = ["some"]
products = ["b"]
command = 'note each {directory}; echo >workspace/{directory}/b'
END
    run rowbuild check
    has warning some each
    run rowbuild
    expect_runs 'some t1-s1' 'each t1-s1'
    expect 0 show directories -a each --short --waiting
    [ "${#lines[@]}" -eq 5 ]
}

@test "an input that is missing and that nobody makes is named" {
    mkdir workspace/d1 workspace/d2
    echo >workspace/d2/in
    rowfile <<'END'
[[action]]
name = "a"
inputs = ["in"]
products = ["a"]
command = 'note {directory}; echo >workspace/{directory}/a'
END
    run rowbuild -k 0
    [ "$status" -ne 0 ]
    has workspace/d1/in
    expect_runs d2
}

# ---- The workspace ----

@test "symlinks and plain files are no members" {
    mkdir workspace/d1 other
    ln -s ../other workspace/link
    echo >workspace/file
    rowfile <<'END'
[[action]]
name = "a"
products = ["a"]
command = 'note {directory}; echo >workspace/{directory}/a'
END
    expect 0
    expect_runs d1
}

@test "workspace.path and workspace.directories: globs, ** and !" {
    mkdir -p points/set1/x points/set2/y points/set2/old points/z
    rowfile <<'END'
[workspace]
path = "points"
directories = ["set*/*", "!**/old"]
[[action]]
name = "a"
products = ["a"]
command = 'note {directory}; echo >{workspace_path}/{directory}/a'
END
    expect 0
    expect_runs set1/x set2/y
    sed -i 's/"set\*\/\*"/"**\/?"/' Rowfile
    expect 0
    expect_runs z
}

# ---- Values ----

@test "the value is compared as JSON: order and white space don't matter, 1 equals 1.0" {
    value d1 '{"a": 1, "b": [1, 2]}'
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "a"
products = ["a"]
command = 'note {directory}; echo >workspace/{directory}/a'
END
    expect 0
    expect_runs d1
    value d1 '{ "b" : [ 1.0,2 ],
  "a":1.0 }'
    expect_nothing_to_do
    value d1 '{"a": 1, "b": [2, 1]}'
    expect 0
    expect_runs d1
}

@test "value_inputs: only these pointers count, and those that templates use" {
    value d1 '{"a": 1, "b": 1, "c": 1, "d": 1}'
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "a"
value_inputs = ["/a"]
products = ["a"]
environment.C = "{/c}"
command = 'note {directory} {/b}; echo >workspace/{directory}/a'
END
    expect 0
    expect_runs 'd1 1'
    value d1 '{"a": 1, "b": 1, "c": 1, "d": 2}'
    expect_nothing_to_do
    value d1 '{"a": 2, "b": 1, "c": 1, "d": 2}'
    expect 0
    expect_runs 'd1 1'
    value d1 '{"a": 2, "b": 2, "c": 1, "d": 2}'
    expect 0
    expect_runs 'd1 2'
    value d1 '{"a": 2, "b": 2, "c": 2, "d": 2}'
    expect 0
    expect_runs 'd1 2'
}
