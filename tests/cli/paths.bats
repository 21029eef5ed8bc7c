#!/usr/bin/env bats
# Where products and inputs may lie: judged after templates were filled in, and kept to when old products
# are moved and deleted.

load helpers

# named JSON: one group action whose product is named by the value at /name
named() {
    rowfile <<'R'
workspace.value_file = "value.json"
[[action]]
name = "a"
command = "note a {directories}; echo >{products}"
group.sort_by = ["/name"]
group.split_by_sort_key = true
products = ["//{/name}"]
R
    value d1 "{\"name\": $1}"
}

# refuses_all TEXT…: check and a run refuse, exit 2; nothing is run or written.
refuses_all() {
    local before
    before=$(listing -mindepth 1)
    expect 2 check
    has "$@"
    expect 2
    has "$@"
    expect 2 --yes -a a
    unwritten "$before"
}

@test "a value may not lead a product out of the project, nor to a name that isn't one" {
    local name
    for name in ../notes /etc/x . .. a/../../x a/../x sub/.. notes/ a//b ./x '' 'n\u0000x'; do
        named "\"$name\""
        refuses_all 'Rowfile:7:13: error: ' '`d1`' '`{/name}`'
    done
    named '"../notes"'
    echo precious >"$SCRATCH/notes"
    refuses_all '`../notes`, which contains `..`'
    for command in scan accept clean 'show status'; do
        # shellcheck disable=SC2086 # words
        refused $command
    done
    content "$SCRATCH/notes" precious
}

@test "a value may not name rowbuild's own files, nor what a study stands on" {
    local name
    for name in .rowbuild .rowbuild/journal .rowbuild/logs/x .x.rowbuild-good .x.rowbuild-kept sub/.x.rowbuild-kept-2 \
        .x.rowbuild-good/leaf .rowbuild-now-1-2 .rowbuild-tmp-0 Rowfile workspace workspace/d1 workspace/d1/value.json; do
        named "\"$name\""
        refuses_all 'Rowfile:7:13: error: ' "\`$name\`" '`d1`' '`{/name}`'
    done
    for name in Rowfile.txt .rowbuildx .x.rowbuild workspace2 workspace/d1/out sub/Rowfile 'a\nb' 'a..b' ...; do
        named "\"$name\""
        expect 0 check
    done
}

@test "the same for many directories is told once, with their number" {
    named '"ok"'
    for i in 1 2 3 4 5 6 7; do
        value "m$i" "{\"name\": \"../n$i\"}"
    done
    refused check
    has '`m1` at `{/name}`' '`../n1`' 'so do the values of 6 more directories: `m2`, `m3`, `m4`, …'
    [ "$(grep -c error: <<<"$output")" -eq 1 ]
    rm -r workspace/m[3-7]
    refused check
    has 'so does the value of 1 more directory: `m2`; '
}

@test "what follows {workspace_path} stays in the workspace, wherever that lies" {
    local name workspace
    mkdir "$SCRATCH/ws"
    for workspace in "$SCRATCH/ws" ../ws workspace; do
        for name in -evil/x /../x /..; do
            rowfile <<R
workspace.value_file = "value.json"
workspace.path = "$workspace"
[[action]]
name = "a"
command = "note a {directory}"
products = ["//{workspace_path}{/name}"]
R
            mkdir -p "$workspace/d1"
            echo "{\"name\": \"$name\"}" >"$workspace/d1/value.json"
            if [ "$workspace$name" = workspace-evil/x ]; then
                expect 0 check
            else
                refuses_all 'Rowfile:6:13: error: '
            fi
            echo '{"name": "/x/y"}' >"$workspace/d1/value.json"
            expect 0 check
        done
    done
    mkdir d1
    echo '{"name": "x.rowbuild-good"}' >d1/value.json
    sed -i 's/^workspace.path.*/workspace = {path = ".", value_file = "value.json", directories = ["d1"]}/; 1d' Rowfile
    refuses_all 'Rowfile:5:13: error: '
}

@test "a state folder that holds the workspace is refused" {
    made out
    ROWBUILD_STATE=. refused
    has 'ROWBUILD_STATE'
}

@test "an input's template stays in the project too; what the Rowfile itself says may leave it" {
    rowfile <<'R'
workspace.value_file = "value.json"
[[action]]
name = "a"
command = "note a {directory}; touch workspace/{directory}/out"
inputs = ["//{/file}", "//{/folder}/*.txt", "//../{directory}.in"]
products = ["out"]
R
    echo >"$SCRATCH/d1.in"
    value d1 '{"file": "in", "folder": "data"}'
    mkdir data
    touch in data/x.txt
    expect 0
    expect_runs 'a d1'
    rm -r .rowbuild workspace/d1/out
    value d1 '{"file": "../secret", "folder": "data"}'
    refuses_all 'Rowfile:5:11: error: ' '{/file}' '`../secret`'
    value d1 '{"file": ".rowbuild/state", "folder": "data"}'
    refuses_all 'Rowfile:5:11: error: ' 'state folder'
    value d1 '{"file": "in", "folder": ".."}'
    refuses_all 'Rowfile:5:24: error: ' '{/folder}'
    value d1 '{"file": "in", "folder": "/etc"}'
    refuses_all 'Rowfile:5:24: error: ' 'absolute'
    value d1 '{"file": "in", "folder": ".rowbuild"}'
    refuses_all 'Rowfile:5:24: error: ' 'state folder'
}

@test "names of backups and of temporary files are refused as products, inputs and resumable files" {
    local name key
    for name in .out.rowbuild-good .out.rowbuild-kept .out.rowbuild-kept-12 .rowbuild-now-1-1 \
        sub/.out.rowbuild-good/x; do
        for key in products inputs resumable; do
            rowfile <<R
[[action]]
name = "a"
command = "note a {directory}"
$key = ["x", "$name"]
R
            mkdir -p workspace/d1
            refuses_all 'Rowfile:4:' 'rowbuild gives names such as'
        done
    done
}

# made PRODUCT…: an action that makes these in each directory, and for all others that a test names
made() {
    local list
    list=$(printf '"%s", ' "$@")
    rowfile <<R
[[action]]
name = "a"
command = 'note a {directory}; for f in {products}; do echo >"\$f"; done'
inputs = ["in"]
products = [$list]
R
    mkdir -p workspace/d1
    echo 1 >workspace/d1/in
}

@test "the state folder is out of bounds wherever it lies" {
    export ROWBUILD_STATE=st/rb
    made //st/rb/{directory}
    refused check
    has 'Rowfile:5:13' 'state folder'
    refused
    made //st/{directory}
    expect 0 check
    ROWBUILD_STATE=st/d1/x refused check
    ROWBUILD_STATE=$PWD/st/d1 refused check
    ROWBUILD_STATE=$PWD/st/../st/d1/. refused check
    ln -s . loop
    ROWBUILD_STATE=loop/st/d1 refused check
    made //.rowbuild/{directory}
    refused check
    # inside a directory of the workspace
    export ROWBUILD_STATE=workspace/d1/st
    made st
    refused check
    has '`d1`' '`workspace/d1/st`'
    made st/x
    refused check
    made sub/x
    ROWBUILD_STATE=workspace/d1/sub/x/st refused check
    has "contains rowbuild's state folder"
    expect 0
    expect_runs 'a d1'
    ROWBUILD_STATE=workspace/d2/sub expect 0 check
}

@test "the state folder isn't a directory of the workspace, and no glob looks into it" {
    rowfile <<'R'
[[action]]
name = "a"
command = "note a {directory}; touch workspace/{directory}/out"
inputs = ["**", "//data/**"]
products = ["out"]
R
    mkdir workspace/d1 data
    touch workspace/d1/in data/x
    for state in workspace/st data/st workspace/d1/st data/sub/st; do
        export ROWBUILD_STATE=$state
        mkdir -p "${state%/*}"
        expect 0 --no-adopt
        expect_runs 'a d1'
        expect_nothing_to_do # the journal isn't an input
        expect 0 check
        lacks warning
        rm -r "$state"
    done
    mv workspace "$SCRATCH/elsewhere"
    ln -s "$SCRATCH/elsewhere" workspace
    for state in workspace/st "$SCRATCH/elsewhere/d1/st"; do
        export ROWBUILD_STATE=$state
        expect 0 --no-adopt
        expect_runs 'a d1'
        expect_nothing_to_do
        rm -r "$state"
    done
}

@test "a product can't be the workspace, a directory of it, or its value file" {
    local product
    for product in //workspace/{directory} //workspace/{directory}/conf //workspace/{directory}/conf/v.json; do
        made "$product"
        sed -i '1i workspace.value_file = "conf/v.json"' Rowfile
        mkdir -p workspace/d1/conf
        echo 1 >workspace/d1/conf/v.json
        refuses_all 'Rowfile:6:13: error: '
    done
    for product in conf conf/v.json; do
        made "$product"
        sed -i '1i workspace.value_file = "conf/v.json"' Rowfile
        refuses_all 'Rowfile:6:13: error: '
        sed -i 's/^products/resumable/' Rowfile
        refuses_all 'Rowfile:6:14: error: '
    done
    made //workspace
    sed -i '4s/$/\nscope = "group"/' Rowfile
    refuses_all 'Rowfile:6:13: error: ' 'workspace'
    made sub out
    sed -i '1i workspace.directories = ["**"]' Rowfile
    mkdir workspace/d1/sub
    refuses_all 'Rowfile:6:13: error: ' '`workspace/d1/sub`'
}

@test "a linked folder may be used, unless it leads into the state folder" {
    made link/x
    mkdir "$SCRATCH/scratch"
    ln -s "$SCRATCH/scratch" workspace/d1/link
    expect 0
    expect_runs 'a d1'
    echo 2 >workspace/d1/in
    expect 0
    expect_runs 'a d1'
    [ "$(ls -A "$SCRATCH/scratch")" = x ] # the backup is gone from there
    ln -sfn "$PWD/.rowbuild/logs" workspace/d1/link
    expect 2 check
    has 'Rowfile:5:13: error: ' '`d1`' '`workspace/d1/link/x`' 'state folder'
    expect 2
    expect_runs
    made '//plots/{directory}'
    ln -s .rowbuild plots
    expect 2 check
    has 'state folder'
    made '//ws/{directory}'
    ln -s workspace ws
    expect 2 check
    has 'directory of the workspace'
}

@test "a directory that a link replaces during a run leads nowhere" {
    made out
    sed -i 's/note a {directory};/note a {directory}; [ ! -e own ] || sh own;/' Rowfile
    sed -i 's/^name = "a"/&\nprevious_actions = ["first"]/' Rowfile
    cat >>Rowfile <<'R'
[[action]]
name = "first"
scope = "project"
always = true
command = "[ ! -e swap ] || sh swap"
R
    mkdir workspace/d2 "$SCRATCH/outside"
    echo 1 >workspace/d2/in
    expect 0 -j 1
    expect_runs 'a d1' 'a d2'
    cp -p workspace/d2/out "$SCRATCH/outside/out"
    cp -p workspace/d2/out "$SCRATCH/outside/.out.rowbuild-good"
    echo 2 >workspace/d1/in
    echo 2 >workspace/d2/in
    cp -p workspace/d2/in "$SCRATCH/outside/in"
    tree "$SCRATCH/outside" | grep -v outside\  >"$SCRATCH/before"
    echo 'rm swap; mv workspace/d2 was; ln -s "$SCRATCH/outside" workspace/d2' >swap
    # what runs before replaces d2
    expect 1 -k 0
    has 'symbolic link'
    tree "$SCRATCH/outside" | grep -v outside\  | diff "$SCRATCH/before" -
    # the command replaces its own directory: the backup in there stays, so does what lies outside
    rm workspace/d2
    mv was workspace/d2
    : >"$RUNS"
    echo 'rm own; mv workspace/d2 was; ln -s "$SCRATCH/outside" workspace/d2' >own
    rm "$SCRATCH/outside/out"
    expect 0 -j 1 d2
    has "can't delete" '.out.rowbuild-good'
    [ -e "$SCRATCH/outside/.out.rowbuild-good" ]
    [ -e was/.out.rowbuild-good ]
    # a link is no member: nothing in there is looked for by clean either
    expect 0 clean
    [ -e "$SCRATCH/outside/.out.rowbuild-good" ]
}

@test "a backup that couldn't be deleted goes with the next run that can" {
    local locked=workspace/d1/.out.rowbuild-good/sub
    rowfile <<'R'
[[action]]
name = "a"
command = 'note a {directory}; mkdir -p workspace/{directory}/out/sub; cp workspace/{directory}/in workspace/{directory}/out/sub/x'
inputs = ["in"]
products = ["out"]
R
    mkdir workspace/d1
    echo 1 >workspace/d1/in
    [ "$(id -u)" -eq 0 ] || skip "a folder of another user takes root"
    # nobody may delete what is in a folder of root's
    chmod a+rwX "$SCRATCH" "$RUNS" "$HOME"
    chown -R 65534:65534 .
    setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$ROWBUILD" || skip "nobody can't run it"
    setpriv --reuid=65534 --regid=65534 --clear-groups test -w . || skip "nobody can't write here"
    program as_nobody <<'PROGRAM'
exec setpriv --reuid=65534 --regid=65534 --clear-groups "$REAL" "$@"
PROGRAM
    chmod a+rx "$SCRATCH/bin" "$SCRATCH"/bin/*
    export REAL=$ROWBUILD
    ROWBUILD=$SCRATCH/bin/as_nobody
    expect 0
    echo 2 >workspace/d1/in
    chown 0:0 workspace/d1/out/sub
    expect 0
    has "can't delete workspace/d1/.out.rowbuild-good"
    [ -e "$locked/x" ]
    : >"$RUNS"
    expect 0 # nothing to do, and it still can't
    has "can't delete workspace/d1/.out.rowbuild-good"
    expect_runs
    expect 0 -n
    lacks "can't delete"
    chmod a+w "$locked" # its own folder isn't root's
    expect_nothing_to_do
    lacks "can't delete"
    absent "$locked" workspace/d1/.out.rowbuild-good
    content workspace/d1/out/sub/x 2
    expect_nothing_to_do
}

@test "a hundred thousand products, or inputs, are checked in a moment" {
    mkdir workspace/d1
    local key
    for key in products inputs; do
        {
            printf '[[action]]\nname = "a"\ncommand = "x {directory}"\n%s = [\n' "$key"
            seq -f '"p%.0f",' 100000
            echo ']'
        } >Rowfile
        # far above what it takes, far below what comparing each with each takes
        timeout 600 "$ROWBUILD" check
    done
    sed -i 's/"p99999"/"p5\/x"/' Rowfile
    sed -i 's/^inputs/products/' Rowfile
    expect 2 check
    has 'the product `p5/x` lies inside the product `p5`; list only one of the two'
}
