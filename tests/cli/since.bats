#!/usr/bin/env bats
# `--since REV`: what the changes since a commit affect, against what a run does that had built everything there.
load helpers.bash

# ising: a study like that of the Ising model, in a repository, with a first commit
ising() {
    local size seed
    export GIT_CONFIG_NOSYSTEM=1
    printf '[user]\nname = N\nemail = e@x\n[init]\ndefaultBranch = main\n[protocol "file"]\nallow = always\n' \
        >"$HOME/.gitconfig"
    mkdir src
    echo 'int a;' >src/ising.c
    echo 'int p;' >src/plot.c
    for size in 8 16; do
        for seed in 1 2; do
            directory "L$size-s$seed" "$size" "$seed"
        done
    done
    cat >Rowfile <<'END'
[workspace]
value_file = "value.json"

[[action]]
name = "compile"
scope = "project"
inputs = ["//src/*.c"]
products = ["//bin/ising"]
command = "mkdir -p bin && cat src/*.c >bin/ising"

[[action]]
name = "simulate"
inputs = ["//bin/ising"]
value_inputs = []
products = ["samples.dat"]
command = "cat bin/ising >{workspace_path}/{directory}/samples.dat; echo {/size} {/seed} >>{workspace_path}/{directory}/samples.dat"

[[action]]
name = "analyse"
inputs = ["samples.dat"]
value_inputs = []
products = ["moments.json"]
command = "cat {workspace_path}/{directory}/samples.dat >{workspace_path}/{directory}/moments.json; : {/discard}"

[[action]]
name = "plot"
inputs = ["moments.json"]
value_inputs = []
products = ["//plots/L{/size}.svg"]
command = "mkdir -p plots && echo {directories} >{products}"
group.sort_by = ["/size"]
group.split_by_sort_key = true
END
    printf '%s\n' bin plots .rowbuild samples.dat moments.json >.gitignore
    git init -q
    git add .
    git commit -qm base
}

directory() {
    mkdir "workspace/$1"
    echo "{\"size\": $2, \"seed\": $3, \"discard\": 5}" >"workspace/$1/value.json"
}

# told COMMAND…: the lines about tasks that it prints
told() {
    "$ROWBUILD" "$@" | grep -E '^[^ ]+( [^ ]+)?: (will|may) run' || true
}

# same TITLE: commits, and compares what --since says with a dry run, and with a fresh clone
same() {
    local run since clone
    git add -A
    git commit -qm "$1"
    run=$(told -n)
    since=$(told check --since HEAD~1)
    [ "$since" = "$run" ] || { printf '%s:\n%s\nbut a run:\n%s\n' "$1" "$since" "$run"; return 1; }
    rm -rf "$SCRATCH/clone"
    git clone -q . "$SCRATCH/clone"
    clone=$(told -C "$SCRATCH/clone" check --since HEAD~1)
    [ "$clone" = "$since" ] || { printf '%s, in a clone:\n%s\n' "$1" "$clone"; return 1; }
    "$ROWBUILD" -q --yes
    lines=$since
}

@test "check --since lists what a run does: sources, values, sizes, names, comments" {
    ising
    "$ROWBUILD" -q
    echo 'int b;' >>src/ising.c
    same 'an edited source'
    [[ $lines == "compile: will run again (input //src/ising.c changed)"*"plot //plots/L8.svg: may run"* ]]
    sed -i 's/"seed": 2/"seed": 3/' workspace/L8-s2/value.json
    same 'an edited seed'
    [[ $lines == "simulate L8-s2: will run again (value /seed: 2 → 3)"* ]]
    [[ $lines != *L16* ]]
    sed -i 's/"discard": 5/"discard": 6/' workspace/L16-s1/value.json
    same 'a pointer that only the analysis reads'
    [[ $lines == "analyse L16-s1: will run again (value /discard: 5 → 6)"* ]]
    directory L32-s1 32 1
    same 'a new size'
    [[ $lines == "simulate L32-s1: will run (never ran)"*"plot //plots/L32.svg"* ]]
    sed -i 's/"simulate"/"sample"/' Rowfile
    same 'a renamed action'
    [ -z "$lines" ]
    sed -i '1i # a comment' Rowfile
    same 'a comment'
    [ -z "$lines" ]
    echo '{"discard":5,   "seed":3, "size":8}' >workspace/L8-s2/value.json
    same 'the layout of a value'
    [ -z "$lines" ]
}

@test "check --since lists what a run does: globs, groups, commands, the workspace, the Rowfile's name" {
    ising
    "$ROWBUILD" -q
    git rm -q src/plot.c
    same 'a file that a glob matched is gone'
    [[ $lines == "compile: will run again (input //src/plot.c is gone)"* ]]
    echo 'int n;' >src/new.c
    same 'a file that a glob matches is new'
    [[ $lines == "compile: will run again (input //src/new.c is new)"* ]]
    rm -r workspace/L16-s1
    same 'a directory is gone'
    [ "$lines" = "plot //plots/L16.svg: will run again (L16-s1 left the group)" ]
    sed -i 's/^command = "mkdir -p plots/command = "mkdir -pv plots/' Rowfile
    same 'a command'
    [[ $lines == "plot //plots/L8.svg: will run again ("*"plot //plots/L16.svg: will run again ("* ]]
    sed -i 's/^products = \["moments.json"\]/products = ["moments.json", "more"]/' Rowfile
    git add -A
    git commit -qm 'another product'
    [ "$(told check --since HEAD~1 | head -n 1)" = "analyse L16-s2: will run again (product more is missing)" ]
    git reset -q --hard HEAD~1
    mv workspace points
    sed -i 's/^value_file/path = "points"\nvalue_file/' Rowfile
    same 'a renamed workspace'
    [ -z "$lines" ]
    git mv Rowfile workflow.toml
    same 'the other contract'
    [[ $lines == "compile: will run again (shell: sh → bash)"* ]]
}

@test "--since looks at commits, the index, edits and new files, but not at what git ignores" {
    ising
    echo 'int b;' >>src/ising.c
    git commit -qam 2
    sed -i 's/"seed": 1/"seed": 7/' workspace/L8-s1/value.json
    git add .
    sed -i 's/"discard": 5/"discard": 6/' workspace/L16-s1/value.json
    directory L16-s9 16 9
    echo junk >workspace/L16-s2/samples.dat
    [ "$(told check --since HEAD)" = "$(cat <<'END'
simulate L16-s9: will run (never ran)
simulate L8-s1: will run again (value /seed: 1 → 7)
analyse L16-s1: will run again (value /discard: 5 → 6)
analyse L16-s9: will run (never ran)
analyse L8-s1: may run (depends on what simulate L8-s1 makes)
plot //plots/L8.svg: may run (depends on what analyse L8-s1 makes)
plot //plots/L16.svg: will run again (L16-s9 joined the group)
END
    )" ]
    [[ $(told check --since HEAD~1) == "compile: will run again (input //src/ising.c changed)"* ]]
    git stash -qu
    [[ $("$ROWBUILD" check --since HEAD) == *"since "*": 0 of 11 tasks are affected" ]]
    run "$ROWBUILD" check --json --since HEAD~1
    [ "$(jq -r '.tasks[0].reasons[0]' <<<"$output")" = "input //src/ising.c changed" ]
}

@test "a run with --since does what is affected and what that needs" {
    ising
    sed -i 's/"discard": 5/"discard": 6/' workspace/L16-s1/value.json
    [[ $("$ROWBUILD" -n --since HEAD) == "compile: will run (never ran)"* ]]
    "$ROWBUILD" -q --since HEAD -a analyse
    [ "$(echo workspace/*/moments.json)" = workspace/L16-s1/moments.json ]
    [ -e bin/ising ]
    [ ! -e plots ]
    git checkout -q workspace
    run "$ROWBUILD" --since HEAD
    [ "$output" = "nothing to do" ]
}

@test "--since in a folder of a repository, with inputs beside it and in a submodule" {
    ising
    git init -q "$SCRATCH/other"
    echo 1 >"$SCRATCH/other/table"
    git -C "$SCRATCH/other" add .
    git -C "$SCRATCH/other" commit -qm x
    mkdir study shared
    echo 1 >shared/constants
    git mv src workspace Rowfile study/
    sed -i 's|"//src/\*.c"|"//src/*.c", "//../shared/constants", "//tables/table"|' study/Rowfile
    git submodule --quiet add "$SCRATCH/other" study/tables
    git add .
    git commit -qm base
    cd study
    [ -z "$(told check --since HEAD)" ]
    echo 2 >../shared/constants
    [[ $(told check --since HEAD) == "compile: will run again (input //../shared/constants changed)"* ]]
    git checkout -q ../shared
    echo 2 >tables/table
    [[ $(told check --since HEAD) == "compile: will run again (input //tables/table changed)"* ]]
    git -C tables commit -qam 2
    git commit -qam 'another table'
    [[ $(told check --since HEAD~1) == "compile: will run again (input //tables/table changed)"* ]]
    git clone -q .. "$SCRATCH/clone"
    run "$ROWBUILD" -C "$SCRATCH/clone/study" check --since HEAD
    [[ $output == *'the submodule `study/tables` isn'\''t checked out'*'git submodule update --init'* ]]
    git worktree add -q "$SCRATCH/tree" HEAD~1
    git -C "$SCRATCH/tree" submodule --quiet update --init
    echo 'int z;' >>"$SCRATCH/tree/study/src/plot.c"
    [[ $(told -C "$SCRATCH/tree/study" check --since HEAD) == "compile: will run again (input //src/plot.c changed)"* ]]
}

@test "--since says what keeps it from comparing, and the git command that helps" {
    ising
    git commit -qm empty --allow-empty
    git clone -q --depth 1 "file://$PWD" "$SCRATCH/shallow"
    run -2 "$ROWBUILD" -C "$SCRATCH/shallow" check --since HEAD~1
    [[ $output == *'`HEAD~1` isn'\''t a commit of this repository'*'fetch --unshallow'* ]]
    run -2 "$ROWBUILD" check --since main..HEAD
    [[ $output == *'use `main`, or `main...HEAD`'* ]]
    git update-index --split-index
    run -3 "$ROWBUILD" check --since HEAD
    [[ $output == *'update-index --no-split-index'* ]]
    git update-index --no-split-index
    run -0 "$ROWBUILD" check --since HEAD
    mv .git "$SCRATCH/git"
    run -2 "$ROWBUILD" --since HEAD
    [[ $output == *"isn't in a git repository"* ]]
    [ ! -e .rowbuild ]
}

# declared: two points with a table, and their sum; git ignores the workspace
declared() {
    git init -q
    printf 'k\n7\n' >t.csv
    printf '%s\n' workspace .rowbuild sum >.gitignore
    cat >Rowfile <<'END'
[workspace]
value_file = "value.json"
name = "s{/s}"

[[workspace.points]]
grid.s = [1, 2]
set.m = 5
table = "t.csv"

[[action]]
name = "x"
products = ["out"]
command = "echo {/m} {/k} >{workspace_path}/{directory}/out"

[[action]]
name = "sum"
inputs = ["out"]
products = ["//sum"]
command = "for d in {directories}; do cat {workspace_path}/$d/out; done >sum"
END
    git add .
    git commit -qm declared
}

# affected WORDS: what check says, and a dry run where everything was built, which is in `built`
affected() {
    diff <(told check --since HEAD) <(printf '%s' "$1")
    [ "$(basename "$PWD")" = fresh ] || diff <(told -n) <(printf '%s' "$1")
}

@test "--since compares declared points by their declarations, with tables, made or not" {
    printf '[user]\nname = N\nemail = e@x\n' >"$HOME/.gitconfig"
    mkdir "$SCRATCH/built" && cd "$SCRATCH/built"
    declared
    git clone -q . "$SCRATCH/fresh"
    "$ROWBUILD" -q
    local where
    for where in "$SCRATCH/built" "$SCRATCH/fresh"; do
        cd "$where"
        affected ''
        sed -i 's/set.m = 5/set.m = 6/' Rowfile
        affected 'x s1: will run again (value /m: 5 → 6)
x s2: will run again (value /m: 5 → 6)
sum //sum: will run again (value of s1 /m: 5 → 6)
'
        git checkout -q .
        printf 'k\n8\n' >t.csv
        affected 'x s1: will run again (value /k: 7 → 8)
x s2: will run again (value /k: 7 → 8)
sum //sum: will run again (value of s1 /k: 7 → 8)
'
        git checkout -q .
        sed -i 's/\[1, 2\]/[1, 2, 3]/' Rowfile
        affected 'x s3: will run (never ran)
sum //sum: will run again (s3 joined the group)
'
        git checkout -q .
        sed -i 's/\[1, 2\]/[1]/' Rowfile
        affected 'sum //sum: will run again (s2 left the group)
'
        git checkout -q .
        sed -i 's|"s{/s}"|"t{/s}"|' Rowfile
        affected ''
        git checkout -q .
    done
}

@test "--since tells what can't be compared or doesn't count: filters, launchers" {
    ising
    echo '*.c filter=lfs' >.gitattributes
    sed -i '/name = "compile"/a launchers = ["openmp"]' Rowfile
    git add .
    git commit -qm filtered
    [ -z "$(told check --since HEAD)" ]
    echo 'int b;' >>src/plot.c
    run -0 "$ROWBUILD" check --since HEAD
    [[ $output == *'note: git stores `src/plot.c` through a filter program'*'`git add src/plot.c`'* ]]
    [[ $output == *'compile: will run again (input //src/plot.c changed)'* ]]
    [[ $output != *launchers* ]]
    git add . && git commit -qm edited
    run -0 "$ROWBUILD" check --since HEAD~1
    [[ $output != *filter* && $output == *'(input //src/plot.c changed)'* ]]
    sed -i 's/"openmp"/"threads"/' Rowfile
    run -0 "$ROWBUILD" check --since HEAD
    [[ $output == *'note: the launchers of `compile` changed since '*': 0 of 11 tasks are affected'* ]]
}

@test "submit --since hands only the affected tasks to the scheduler" {
    ising
    "$ROWBUILD" -q
    sed -i 's/"seed": 1/"seed": 7/' workspace/L8-s1/value.json
    run -0 "$ROWBUILD" submit --dry-run --since HEAD
    [[ $output == *L8-s1* && $output != *L8-s2* && $output != *L16* ]]
}

@test "--since compares names that aren't UTF-8" {
    ising
    local name=$'caf\xe9'
    directory "$name" 8 3
    echo 'int c;' >"src/$name.c"
    git add .
    git commit -qm names
    [ -z "$(told check --since HEAD)" ]
    sed -i 's/"seed": 3/"seed": 4/' "workspace/$name/value.json"
    [[ $(told check --since HEAD) == *"simulate \$'caf\\351': will run again (value /seed: 3 → 4)"* ]]
    echo 'int d;' >"src/$name.c"
    [[ $(told check --since HEAD) == "compile: will run again (input //\$'src/caf\\351.c' changed)"* ]]
}

@test "--since where the commit has no Rowfile, or the workspace isn't in the repository" {
    ising
    git rm -q --cached Rowfile
    git commit -qm 'without it'
    run -0 "$ROWBUILD" check --since HEAD
    [[ $output == *"there is no Rowfile in "*"so every task counts as affected"*": 11 of 11 tasks are affected"* ]]
    echo workspace >>.gitignore
    git add .
    git rm -qr --cached workspace
    git commit -qm 'only the sources'
    [ -z "$(told check --since HEAD)" ]
    sed -i 's/"seed": 1/"seed": 7/' workspace/L8-s1/value.json
    [ -z "$(told check --since HEAD)" ]
    mv workspace "$SCRATCH/elsewhere"
    ln -s "$SCRATCH/elsewhere" workspace
    run -0 "$ROWBUILD" check --since HEAD
    [[ $output == *'the workspace `workspace` isn'\''t in the git repository'*": 0 of 11 tasks are affected"* ]]
    echo 'int b;' >>src/ising.c
    [[ $(told check --since HEAD) == "compile: will run again (input //src/ising.c changed)"* ]]
}
