#!/usr/bin/env bats
# audit: what commands do to files that the Rowfile doesn't say. What each difference means is tested in the
# process (unit/test_audit_compare.c), what is seen of processes there, too (unit/test_trace.c); here are whole runs.

# shellcheck disable=SC2016 # backticks of messages

load helpers

# A study without a lie, and its files.
honest() {
    mkdir -p workspace/a workspace/b src
    echo '{"t": 1}' >workspace/a/value.json
    echo '{"t": 2}' >workspace/b/value.json
    echo 1 >workspace/a/in
    echo 2 >workspace/b/in
    echo table >src/table
    rowfile <<'END'
[workspace]
value_file = "value.json"

[[action]]
name = "make"
inputs = ["in", "//src/table"]
products = ["out"]
command = """
cd {workspace_path}/{directory}
cat in ../../src/table value.json >out.tmp$$
mv out.tmp$$ out"""

[[action]]
name = "use"
scope = "project"
inputs = ["//workspace/*/out"]
products = ["//sum"]
command = "cat workspace/*/out >sum"
END
}

# lie OLD NEW: replaces a text of the Rowfile
lie() {
    local text
    text_of text Rowfile
    [[ $text == *"$1"* ]] || return 1
    printf '%s\n' "${text/"$1"/"$2"}" >Rowfile
}

# finds TEXT: an audit ends with status 1 and says so
finds() {
    run "$ROWBUILD" audit --yes
    [ "$status" -eq 1 ] && [[ $output == *"$1"* ]] && return
    echo "status $status, expected to find: $1; it said:"
    echo "$output"
    return 1
}

@test "audit finds nothing in an honest Rowfile, runs what is up to date, and records it" {
    honest
    "$ROWBUILD" -q
    run "$ROWBUILD" audit
    [ "$status" -eq 0 ]
    [[ $output == *"Rowfile: 3 commands watched, nothing is missing"* ]]
    run "$ROWBUILD"
    [ "$output" = "nothing to do" ]
    [ -z "$(find . -name '*rowbuild-good*')" ]
}

@test "audit names an input that is missing, the line to change, and the directories" {
    honest
    lie '["in", "//src/table"]' '["in"]'
    finds 'Rowfile:6: error: action `make` reads `//src/table`, which isn'"'"'t among its inputs; in 2 directories: a, b
    add "//src/table" to `inputs`'
    run "$ROWBUILD" audit -a make a
    [ "$status" -eq 1 ]
    [[ $output == *"; in 1 directory: a"*"1 command watched, 1 error"* ]]
}

@test "audit names an input that another task makes" {
    honest
    lie 'inputs = ["//workspace/*/out"]' ''
    finds 'action `use` reads `workspace/*/out` (made by make a), which isn'"'"'t among its inputs'
}

@test "audit finds what is left, deleted and changed, and what is never read" {
    honest
    echo x >stray
    lie 'mv out.tmp$$ out' 'cp out.tmp$$ out; rm ../../stray; echo >>in; echo >>value.json'
    lie '"//src/table"]' '"//src/table", "//Rowfile"]'
    run "$ROWBUILD" audit -k 0 a
    [ "$status" -eq 1 ]
    [[ $output == *"error: action \`make\` leaves \`out.tmp"*"add \"out.tmp"* ]]
    [[ $output == *'error: action `make` deletes or renames `//stray`, which it didn'"'"'t make'* ]]
    [[ $output == *'error: action `make` changes its own input `in`'* ]]
    [[ $output == *'error: action `make` changes the value `value.json`'* ]]
}

@test "an input that is never read is a note" {
    honest
    echo x >idle
    lie '"//src/table"]' '"//src/table", "//idle"]'
    run "$ROWBUILD" audit
    [ "$status" -eq 0 ]
    [[ $output == *'Rowfile:6: note: action `make` never reads `//idle`, which is among its inputs
    remove "//idle" from `inputs`'* ]]
}

@test "audit finds a change of another task's product" {
    honest
    lie 'cat workspace/*/out >sum' 'cat workspace/*/out >sum; echo >>workspace/a/out'
    finds 'action `use` changes `workspace/*/out` (made by make a), a product of another task'
}

@test "audit finds a value that value_inputs leaves out" {
    honest
    lie 'products = ["out"]' 'products = ["out"]
value_inputs = []'
    finds 'action `make` reads `value.json`, but its `value_inputs` is empty'
}

@test "audit sees what a batch does, each file in its directory" {
    mkdir -p workspace/a workspace/b
    rowfile <<'END'
[[action]]
name = "batch"
products = ["out"]
command = "for d in {directories}; do echo >workspace/$d/out; done; echo >workspace/b/left"
END
    finds 'action `batch` leaves `left`, which isn'"'"'t among its products; in 1 directory: b'
    [[ $output == *"1 command watched"* ]]
}

@test "audit --json prints one document" {
    honest
    lie '["in", "//src/table"]' '["in"]'
    run "$ROWBUILD" audit --json --yes
    [ "$status" -eq 1 ]
    [ "$(jq -r '.watched, (.findings[] | .code, .severity, .action, .file, .line, .mend,
        (.paths[] | .path, .program), (.directories | join(" ")))' <<<"$output" | tr '\n' '|')" = \
        '3|undeclared-input|error|make|Rowfile|6|add "//src/table" to `inputs`|//src/table|cat|a b|' ]
}

@test "audit reports in the formats of CI systems" {
    honest
    lie '["in", "//src/table"]' '["in"]'
    apart audit --yes --format gitlab
    [ "$status" = 1 ]
    json '.[0] | length == 1 and .[0].check_name == "undeclared-input" and .[0].severity == "major"
        and .[0].location == {"path": "Rowfile", "lines": {"begin": 6}}'
    [[ $stderr == *'error: action `make` reads'* ]]
    GITHUB_ACTIONS=true apart audit --yes a --format junit --output "$SCRATCH/audit.xml"
    has_line '^::error file=Rowfile,line=6,endLine=6,title=rowbuild audit%3A undeclared-input::action `make` reads'
    text_of output "$SCRATCH/audit.xml"
    has '<failure type="undeclared-input"' '<testcase classname="make" name="a"'
    apart audit --yes --format json --output "$SCRATCH/audit.json"
    has 'error: action `make` reads' '3 commands watched, 1 error'
    text_of output "$SCRATCH/audit.json"
    json '.[0].findings[0].code == "undeclared-input"'
}

@test "audit --keep-records leaves the records as they were, but a failure is recorded" {
    honest
    lie 'cat in' 'test ! -e ../../bad; cat in'
    "$ROWBUILD" -q
    echo 3 >workspace/a/in
    "$ROWBUILD" show why >"$SCRATCH/before"
    apart audit --keep-records --yes
    [ "$status" = 0 ]
    content workspace/a/out "$(printf '3\ntable\n{"t": 1}')"
    "$ROWBUILD" show why >"$SCRATCH/after"
    grep -qF 'make a: is out of date' "$SCRATCH/before"
    grep -qF 'input in changed' "$SCRATCH/after"
    expect 0 -n # what was the same again is as it was
    has 'make a' 'use'
    lacks 'make b'
    touch bad
    expect 1 audit --keep-records --yes b
    rm bad
    expect 0 show why make/b
    has 'make b: is out of date' 'failed'
}

@test "audit --keep-records of what was never run leaves it to be run" {
    honest
    expect 0 audit --keep-records
    expect 0 -n
    has 'would run 3 tasks'
}

@test "audit --outside names programs and libraries, packages as one" {
    honest
    run "$ROWBUILD" audit --outside -a make a
    [ "$status" -eq 0 ]
    [[ $output == *'note: action `make` reads outside of the project: '*'`/usr/'* ]]
}

@test "audit --watch-by notification finds the same, and lets commands use ptrace" {
    honest
    lie '["in", "//src/table"]' '["in"]'
    expect 1 audit --yes --json
    local by_ptrace=$output
    expect 1 audit --yes --json --watch-by notification
    [ "$output" = "$by_ptrace" ]
    lie 'cat in' "${FAILING_CALLS%/*}/touches debug in || exit 9; cat in"
    expect 1 audit a
    has 'exit 9' '`touches`, which uses ptrace' 'use `--watch-by notification`'
    expect 1 audit a --watch-by notification
    has 'reads `//src/table`' '1 command watched, 1 error'
    lacks 'exit 9' 'uses ptrace'
}

@test "a task that fails while it is watched fails the audit" {
    honest
    lie 'mv out.tmp$$ out' 'exit 3'
    run "$ROWBUILD" audit a
    [ "$status" -eq 1 ]
    [[ $output == *"exit 3"* ]]
}

@test "where commands can't be watched, nothing is run" {
    honest
    run env ROWBUILD_TRACE="$(type -P false)" "$ROWBUILD" audit
    [ "$status" -eq 3 ]
    [[ $output == *"commands can't be watched here"*"nothing was run"* ]]
    [ ! -e workspace/a/out ] && [ ! -e .rowbuild ]
}

@test "Ctrl-C ends a watched command" {
    mkdir -p workspace/a
    rowfile <<'END'
[[action]]
name = "wait"
products = ["out"]
command = "hold wait # {directory}"
END
    start audit
    await_started wait
    kill -INT "$PID"
    finish 130
}
