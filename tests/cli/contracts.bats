#!/usr/bin/env bats
# The two contracts: a workflow.toml keeps row's, a Rowfile has rowbuild's (docs/from-row.md).

load helpers

# contract row | contract rowbuild: a description from standard input, under that name
contract() {
    if [ "$1" = row ]; then
        rm -f Rowfile
        cat >workflow.toml
    else
        rm -f workflow.toml
        cat >Rowfile
    fi
}

@test "the shell is bash in a workflow.toml" {
    mkdir workspace/d1
    contract row <<'END_OF_ROWFILE'
[[action]]
name = "a"
products = ["a"]
command = 'if [[ {directory} == d* ]]; then readlink /proc/$$/exe >workspace/{directory}/a; fi'
END_OF_ROWFILE
    expect 0
    [[ $(cat workspace/d1/a) == */bash ]]
}

@test "the shell is sh in a Rowfile" {
    mkdir workspace/d1
    contract rowbuild <<'END_OF_ROWFILE'
[[action]]
name = "a"
products = ["a"]
command = 'readlink /proc/$$/exe >workspace/{directory}/a; true'
END_OF_ROWFILE
    expect 0
    content workspace/d1/a "$(readlink -f "$(command -v sh)")"
}

@test "shell says otherwise" {
    mkdir workspace/d1
    contract rowbuild <<'END_OF_ROWFILE'
[[action]]
name = "a"
products = ["a"]
shell = "bash"
command = 'readlink /proc/$$/exe >workspace/{directory}/a; true'
END_OF_ROWFILE
    expect 0
    [[ $(cat workspace/d1/a) == */bash ]]
    rm -rf .rowbuild workspace/d1/a
    contract row <<'END_OF_ROWFILE'
[[action]]
name = "a"
products = ["a"]
shell = "sh"
command = 'readlink /proc/$$/exe >workspace/{directory}/a; true'
END_OF_ROWFILE
    expect 0
    content workspace/d1/a "$(readlink -f "$(command -v sh)")"
}

# middle SHELL COMMAND: one product in each directory
middle() {
    printf '[[action]]\nname = "a"\nproducts = ["a"]\n%scommand = """\n%s\n"""\n' "${1:+shell = $1
}" "$2" >Rowfile
}

@test "a failure in an earlier line counts, also where directories share a command" {
    mkdir workspace/d1 workspace/d2
    local options='submit_options.none.setup = "false; FROM=setup"
group.submit_whole = true'
    middle '' $'echo half >workspace/{directory}/a\nfalse\nnote {directory}'
    expect 1 -k 0
    expect_runs
    echo "$options" >>Rowfile
    expect 1 --no-adopt
    expect_runs
    # What the shell lets pass isn't a failure, whichever directory it is.
    middle '' $'echo >workspace/{directory}/a\ntest -e nowhere && note seen\nnote $FROM {directory}'
    echo "$options" >>Rowfile
    expect 0 --no-adopt
    expect_runs 'setup d1' 'setup d2'
}

@test "the shell with options, as a string and as words" {
    mkdir workspace/d1
    local shell
    for shell in '"bash -eo pipefail"' '["/usr/bin/env", "bash", "-euo", "pipefail", "-c"]'; do
        middle "$shell" 'false | cat >workspace/{directory}/a; note {directory}'
        expect 1
        has 'exit 1'
        expect_runs
    done
    middle '"bash -u"' 'echo $UNSET >workspace/{directory}/a'
    echo 'submit_options.none.setup = "echo $UNSET"' >>Rowfile
    expect 1
    has UNSET
    lacks 'setup failed'
}

# set_up SHELL SETUP COMMAND: an action with a setup, on two directories
set_up() {
    mkdir -p workspace/d1 workspace/d2
    printf "[[action]]\nname = 'a'\nproducts = ['a']\nshell = %s\ncommand = '''\n%s\n'''\n" "$1" "$3" >Rowfile
    printf "[action.submit_options.none]\nsetup = '''\n%s\n'''\n" "$2" >>Rowfile
}

@test "setup runs once; commands in bash start with all that it left" {
    set_up '"bash -eu"' 'note setup
shopt -s extglob expand_aliases
alias greet="echo alias"
list=(1 "2 3")
pick() { case x in @(x|y)) echo function ;; esac; }
export TOLD=yes; unset HOME
told() { echo told; }; export -f told; umask 027; ulimit -s 4000; set -f
mkdir sub; cd sub' '
{ greet; echo "${list[1]} $TOLD ${HOME-homeless}"; pick; bash -c told; umask; ulimit -s; echo * "$ACTION_DIRECTORY"
  pwd; } >../workspace/{directory}/a'
    expect 0 --no-adopt -j 2
    expect_runs setup
    content workspace/d2/a "alias
2 3 yes homeless
function
told
0027
4000
* d2
$PWD/sub"
    [[ $(ls -A .rowbuild/logs) != *setup* ]]
}

@test "setup in another shell leaves variables, its own functions, folder, umask and limits" {
    set_up '"sh"' 'PLAIN="a '"'"' b"; export TOLD=1; umask 077; ulimit -s 4000; cd workspace
say() {
    if true; then { echo "said $1 }"; }; fi
}' '{ echo "$PLAIN $TOLD"; umask; ulimit -s; say {directory}; pwd; } >{directory}/a'
    expect 0 --no-adopt
    content workspace/d1/a "a ' b 1
0077
4000
said d1 }
$PWD/workspace"
    # what reads the command need not be a shell
    set_up '["python3"]' 'export TOLD=2; cd workspace' '
import os
print(os.environ["TOLD"], os.getcwd(), file=open("{directory}/a", "w"))'
    expect 0
    content workspace/d1/a "2 $PWD/workspace"
}

@test "a setup that fails, or ends its shell, starts no command, and says what to change" {
    set_up '"sh"' 'note setup; echo before; exit 0' 'note command {directory}'
    expect 1
    has 'the setup of `a` failed: it ended its shell' '  before' '2 not started'
    expect_runs setup
    set_up '"dash"' 'module load gcc' 'note command {directory}'
    expect 1
    has 'exit 127' 'set `shell = "bash"`'
    expect_runs
    expect 0 show why
    lacks 'last run'
}

@test "a setup knows nothing of single directories, and must not set what each has of its own" {
    set_up '"sh"' 'export LIB=/opt:${LIB-unset} COUNT=${ACTION_PROCESSES-unset}' \
        'echo "$OWN $COUNT" >workspace/{directory}/a'
    sed -i 's|^\[action.submit|[action.environment]\nOWN = "{directory}/lib"\n&|' Rowfile
    sed -i 's/^shell = /resources.processes.per_directory = 1\n&/' Rowfile
    expect 0 --no-adopt -j 2
    content workspace/d1/a 'd1/lib unset'
    content workspace/d2/a 'd2/lib unset'
    sed -i 's/^OWN = /LIB = /; s/\$OWN/$LIB/' Rowfile
    expect 1 -j 2
    has 'it sets LIB, which `environment` sets for each directory; leave it out of one of them'
}

@test "variables of a bash setup whose names begin as bash's own reach the commands" {
    set_up '"bash"' 'EPOCHS=100; COMP_FLAGS=-O2; BASH_IT=1
shopt -s expand_aliases; run() { echo function; }; alias run="run x"' \
        'echo "$EPOCHS $COMP_FLAGS $BASH_IT $(\run)" >workspace/{directory}/a'
    expect 0 --no-adopt
    content workspace/d1/a '100 -O2 1 function'
}

@test "functions that only bash can hand on fail the setup of another shell; its folder is private" {
    set_up '"dash"' 'if true; then run() { echo right; }; else run() { echo wrong; }; fi' 'run >workspace/{directory}/a'
    expect 1 --no-adopt
    has 'it defines functions in a way that only bash can hand on to commands; set `shell = "bash"`'
    set_up '"bash"' 'SECRET=1' 'stat -c %a .rowbuild/logs/.setup-0 >workspace/{directory}/a'
    expect 0
    content workspace/d1/a 700
    mkdir -p .rowbuild/logs/.setup-7/left
    rm workspace/d1/a
    expect 0
    absent .rowbuild/logs/.setup-7
}

@test "what a setup starts in the background lives until the run ends" {
    set_up '"sh"' 'sleep 1000 & echo $! >server' 'kill -0 "$(cat server)" && echo >workspace/{directory}/a'
    expect 0 --no-adopt
    lacks 'still run'
    ! grep -q sleep "/proc/$(cat server)/cmdline" 2>/dev/null # one that nobody has reaped yet has none
}

@test "a library path that a setup sets doesn't matter to rowbuild" {
    set_up '"bash"' 'export LD_LIBRARY_PATH=$PWD/lib' 'echo "$LD_LIBRARY_PATH" >workspace/{directory}/a'
    mkdir lib
    : >lib/libhwloc.so.15
    expect 0 submit
    content workspace/d1/a "$PWD/lib"
}

@test "check names the failures that a shell wouldn't see, and what to write" {
    mkdir workspace/d1
    middle '' 'false | cat >workspace/{directory}/a'
    expect 0 check
    has 'Rowfile:5:1: warning: a failure of this command goes unseen' 'shell = "bash -eo pipefail"'
    middle '"bash -eo pipefail"' 'false | cat >workspace/{directory}/a; true'
    expect 0 check
    lacks warning
    middle '"bash"' 'false; touch workspace/{directory}/a; true'
    expect 0 check
    has 'the next one runs all the same' 'shell = "bash -e"'
    mv Rowfile workflow.toml
    expect 0 check
    has 'note: if this command fails' 'begin the command with `set -e`'
    lacks warning
}

without_product() {
    cat <<'END_OF_ROWFILE'
[[action]]
name = "long"
products = ["result"]
command = 'cd workspace/{directory} && note long $(echo x >>steps; wc -l <steps) && if [ $(wc -l <steps) -ge 3 ]; then cp steps result; fi'
[[action]]
name = "after"
previous_actions = ["long"]
products = ["end"]
command = 'note after {directory}; echo >workspace/{directory}/end'
END_OF_ROWFILE
}

@test "exit 0 without the product: unfinished in a workflow.toml, and taken up again" {
    mkdir workspace/d1
    without_product | contract row
    expect 1
    has unfinished
    lacks FAILED
    expect_runs 'long 1'
    expect 0 show why long/d1
    has unfinished
    expect 0 show directories -a long --short --eligible
    has d1
    expect 0 show directories -a after --short --waiting
    has d1
    expect 1
    expect_runs 'long 2'
    expect 0
    expect_runs 'long 3' 'after d1'
    expect 0
    has 'nothing to do'
}

@test "exit 0 without the product: a failure in a Rowfile" {
    mkdir workspace/d1
    without_product | contract rowbuild
    expect 1
    has_line 'product .*result is missing'
    lacks unfinished
    expect_runs 'long 1'
}

@test "exit 0 without the product: unfinished in a Rowfile where the action is resumable" {
    mkdir workspace/d1
    without_product | sed '/name = "long"/a resumable = []' | contract rowbuild
    expect 1
    has unfinished
    expect_runs 'long 1'
    expect 1
    expect 0
    expect_runs 'long 2' 'long 3' 'after d1'
}

@test "a previous action without products: its fingerprint counts in a Rowfile" {
    value d1 '{"t": 1, "u": 1}'
    contract rowbuild <<'END_OF_ROWFILE'
[workspace]
value_file = "value.json"
[[action]]
name = "hello"
value_inputs = ["/t"]
command = 'note hello {directory}'
[[action]]
name = "after"
value_inputs = []
previous_actions = ["hello"]
products = ["a"]
command = 'note after {directory}; echo >workspace/{directory}/a'
END_OF_ROWFILE
    expect 0
    expect_runs 'hello d1' 'after d1'
    value d1 '{"t": 1, "u": 2}'
    expect_nothing_to_do
    value d1 '{"t": 2, "u": 2}'
    expect 0
    expect_runs 'hello d1' 'after d1'
}

@test "other braces: left alone in a Rowfile" {
    mkdir workspace/d1
    contract rowbuild <<'END_OF_ROWFILE'
[[action]]
name = "a"
products = ["a"]
command = 'echo x y {directory} | awk "{print \$2}" >workspace/{directory}/a; echo ${HOME} {{directory}} {a,b} >>workspace/{directory}/a'
END_OF_ROWFILE
    expect 0
    content workspace/d1/a "y
$HOME {directory} {a,b}"
}

@test "other braces: an error in a workflow.toml, with the place" {
    mkdir workspace/d1
    contract row <<'END_OF_ROWFILE'
[[action]]
name = "a"
command = "echo {directory} {prins}"
END_OF_ROWFILE
    refused
    has 'workflow.toml:3:29: error'
    refused check
}

@test "{} is the value in a workflow.toml" {
    value d1 '{"t": 1}'
    contract row <<'END_OF_ROWFILE'
[workspace]
value_file = "value.json"
[[action]]
name = "a"
command = 'args {directory} {}'
END_OF_ROWFILE
    expect 0
    [ -s "$SCRATCH/args" ]
    tr '\0' '\n' <"$SCRATCH/args" | tail -n 1 | jq -e '. == {"t": 1}'
}

@test "check warns about what looks like a misspelt template in a Rowfile" {
    mkdir workspace/d1
    contract rowbuild <<'END_OF_ROWFILE'
[[action]]
name = "a"
command = 'echo {directory} {direcotry}'
END_OF_ROWFILE
    expect 0 check
    has 'Rowfile:3:' warning direcotry
}

@test "check warns about a template inside a nested shell and names the variable" {
    mkdir workspace/d1
    contract rowbuild <<'END_OF_ROWFILE'
[[action]]
name = "a"
command = "sh -c 'echo {directory}'"
END_OF_ROWFILE
    expect 0 check
    has 'Rowfile:3:' warning ACTION_DIRECTORY
}

@test "hidden directories: members in a workflow.toml" {
    mkdir workspace/.hidden workspace/d1
    contract row <<'END_OF_ROWFILE'
[[action]]
name = "a"
products = ["a"]
command = 'note {directory}; echo >workspace/{directory}/a'
END_OF_ROWFILE
    expect 0
    expect_runs .hidden d1
}

@test "hidden directories: members in a Rowfile only where a glob names the dot" {
    mkdir workspace/.hidden workspace/.other workspace/d1
    contract rowbuild <<'END_OF_ROWFILE'
[[action]]
name = "a"
products = ["a"]
command = 'note {directory}; echo >workspace/{directory}/a'
END_OF_ROWFILE
    expect 0
    expect_runs d1
    sed -i '1i [workspace]\ndirectories = ["*", ".h*"]' Rowfile
    expect 0
    expect_runs .hidden
}

@test "the Rowfile is looked for first, then workflow.toml, upward from here" {
    mkdir -p workspace/d1 some/where
    printf '[[action]]\nname = "row"\ncommand = "note row {directory}"\n' >workflow.toml
    cd some/where
    expect 0
    expect_runs 'row d1'
    printf '[[action]]\nname = "mine"\ncommand = "note mine {directory}"\n' >../../Rowfile
    expect 0
    expect_runs 'mine d1'
}

@test "-f names the description, -C the place" {
    mkdir workspace/d1
    printf '[[action]]\nname = "other"\ncommand = "note other {directory}"\n' >other.toml
    expect 0 -f other.toml
    expect_runs 'other d1'
    cd /
    rm "$SCRATCH/project/other.toml"
    printf '[[action]]\nname = "mine"\ncommand = "note mine {directory}"\n' >"$SCRATCH/project/Rowfile"
    expect 0 -C "$SCRATCH/project"
    expect_runs 'mine d1'
}
