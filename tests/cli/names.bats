#!/usr/bin/env bats
# Directory names and values of any bytes work wherever a normal name does, and nothing in them is ever
# executed.

load helpers

# strange_names: one directory for each kind of trouble; NAMES, in the order of their bytes.
strange_names() {
    local long name
    long=$(printf '%0255d' 0)
    NAMES=(plain 'with space' ' leading' 'trailing ' 'two  spaces' "it's" 'say "hi"' "'" '"' $'new\nline'
        $'\n' $'tab\there' -rf --help - -- '$(touch pwned)' '`touch pwned`' '; touch pwned' '& touch pwned'
        '| touch pwned' '> pwned' $'x\ntouch pwned\ny' "'; touch pwned; '" '"; touch pwned; "'
        '"$(touch pwned)"' 'back\slash' 'end\' '\n' '*' '?' '[a-z]' '~' '#hash' '!bang' '{directory}'
        '{directories}' '{{x}}' '{x}' '${HOME}' '$HOME' '$$' '%s%n' 'a=b' 'a,b' '(x)' '<x>' 'ünïcödé' '→'
        $'bad\xff\xfe' $'\x80' $'\x01\x1b[31mred' "$long" "${long%????????}a' \$(:)")
    for name in "${NAMES[@]}"; do
        mkdir "workspace/$name"
    done
    mapfile -d '' NAMES < <(printf '%s\0' "${NAMES[@]}" | LC_ALL=C sort -z)
}

# kept NAME…: the arguments that `args` kept, in any order, are these.
kept() {
    printf '%s\0' "$@" | LC_ALL=C sort -z >"$SCRATCH/wanted"
    LC_ALL=C sort -z "$SCRATCH/args" >"$SCRATCH/got"
    rm "$SCRATCH/args"
    if ! cmp "$SCRATCH/wanted" "$SCRATCH/got"; then
        diff <(tr '\0\n' '\n@' <"$SCRATCH/wanted" | cat -v) <(tr '\0\n' '\n@' <"$SCRATCH/got" | cat -v)
        return 1
    fi
}

nothing_executed() {
    local found
    found=$(find "$SCRATCH" "$HOME" -name 'pwned*' ! -path '*/workspace/*')
    found+=$(find "$SCRATCH" -name pwned)
    if [ -n "$found" ]; then
        echo "executed: $found"
        return 1
    fi
}

# clean_output: lines without control characters, and UTF-8 throughout.
clean_output() {
    if grep -nP '[\x00-\x08\x0b-\x1f\x7f]' <<<"$output"; then
        echo "control characters in the output"
        return 1
    fi
    if ! iconv -f UTF-8 -t UTF-8 <<<"$output" >/dev/null; then
        echo "not UTF-8: $output"
        return 1
    fi
}

@test "names as plain words of a command without a shell" {
    strange_names
    rowfile <<'END'
[[action]]
name = "a"
command = "args {directory}"
END
    expect 0
    kept "${NAMES[@]}"
    nothing_executed
    clean_output
    expect_nothing_to_do
}

@test "names bare, in single and in double quotes" {
    strange_names
    rowfile <<'END'
[[action]]
name = "a"
products = ["out"]
command = '''
args {directory} x{directory}y '{directory}' "{directory}" 'pre {directory}"' "pre '{directory} post"
: >workspace/{directory}/1; : >"workspace/{directory}/2"; : >'workspace/{directory}/3'
cd workspace/{directory} && cat 1 2 3 >out'''
END
    expect 0
    local wanted=() name
    for name in "${NAMES[@]}"; do
        wanted+=("$name" "x${name}y" "$name" "$name" "pre ${name}\"" "pre '${name} post")
    done
    kept "${wanted[@]}"
    for name in "${NAMES[@]}"; do
        [ -f "workspace/$name/out" ]
    done
    nothing_executed
    expect_nothing_to_do
}

@test "names in bash under row's contract" {
    strange_names
    cat >workflow.toml <<'END'
[[action]]
name = "a"
products = ["out"]
command = '''args {directory} '{directory}' "{directory}"; [[ -d "workspace/{directory}" ]] && : >workspace/{directory}/out'''
END
    expect 0
    local wanted=() name
    for name in "${NAMES[@]}"; do
        wanted+=("$name" "$name" "$name")
    done
    kept "${wanted[@]}"
    nothing_executed
}

@test "names in batches" {
    strange_names
    rowfile <<'END'
[[action]]
name = "direct"
command = "args {directories}"
END
    expect 0
    tr '\0' '\n' <"$SCRATCH/args" >order
    printf '%s\n' "${NAMES[@]}" | cmp - order
    kept "${NAMES[@]}"
    rowfile <<'END'
[[action]]
name = "shell"
products = ["out"]
command = 'args {directories}; for d in {directories}; do : >"workspace/$d/out"; done'
END
    expect 0
    kept "${NAMES[@]}"
    nothing_executed
    expect_nothing_to_do
}

@test "names in the variables of a command" {
    strange_names
    rowfile <<'END'
[[action]]
name = "a"
environment.MINE = "<{directory}>"
command = 'args {directory} "$ACTION_DIRECTORY" "$MINE"; sh -c "args \"\$ACTION_DIRECTORY\""'
END
    expect 0
    local wanted=() name
    for name in "${NAMES[@]}"; do
        wanted+=("$name" "$name" "<$name>" "$name")
    done
    kept "${wanted[@]}"
    nothing_executed
}

@test "names in products of the project, inputs and globs" {
    strange_names
    rowfile <<'END'
[[action]]
name = "make"
products = ["x.dat", "//results/{directory}.txt"]
command = ': {directory}; for f in {products}; do args "$f"; mkdir -p "$(dirname "$f")"; echo x >"$f"; done'
[[action]]
name = "use"
inputs = ["*.dat"]
products = ["sum"]
command = 'args {inputs}; cat {inputs} >workspace/{directory}/sum'
END
    # 255 bytes and ".txt" are too long for any file system.
    rm -r workspace/0*
    local wanted=() name names=()
    for name in "${NAMES[@]}"; do
        [[ $name == 0* ]] && continue
        names+=("$name")
        wanted+=("workspace/$name/x.dat" "workspace/$name/x.dat" "results/$name.txt")
    done
    expect 0
    kept "${wanted[@]}"
    for name in "${names[@]}"; do
        [ -f "results/$name.txt" ]
    done
    nothing_executed
    expect_nothing_to_do
    echo y >"workspace/$(printf 'new\nline')/x.dat"
    expect 0
    kept "workspace/$(printf 'new\nline')/x.dat" "results/$(printf 'new\nline').txt" || true
}

@test "strings of the values, by pointer" {
    strange_names
    local name wanted=()
    for name in "${NAMES[@]}"; do
        if iconv -f UTF-8 -t UTF-8 <<<"$name" >/dev/null 2>&1; then
            jq -n --arg s "$name" '{"a/b": {"s~": $s}}' >"workspace/$name/value.json"
            wanted+=("$name" "$name" "$name" "$name")
        else
            rm -r "workspace/$name"
        fi
    done
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "a"
environment.S = "{/a~1b/s~0}"
products = ["out"]
command = '''args {/a~1b/s~0} '{/a~1b/s~0}' "{/a~1b/s~0}" "$S"; echo >workspace/{directory}/out'''
END
    expect 0
    kept "${wanted[@]}"
    nothing_executed
    expect_nothing_to_do
}

@test "whole values and parts that aren't strings" {
    value d1 '{"s": "$(touch pwned)'"'"'\"\\", "n": 1.5, "l": [1, "a b"], "t": true, "z": null}'
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "a"
command = '''args {value} '{value}' "{value}" {/n} {/l} "{/t}"; : {directory}'''
END
    expect 0
    mapfile -d '' got <"$SCRATCH/args"
    [ "${#got[@]}" -eq 6 ]
    local i
    for i in 0 1 2; do
        jq -e --slurpfile wanted workspace/d1/value.json '. == $wanted[0]' <<<"${got[i]}"
    done
    [ "${got[3]}" = 1.5 ]
    jq -e '. == [1, "a b"]' <<<"${got[4]}"
    [ "${got[5]}" = true ]
    nothing_executed
}

@test "JSON strings with NUL can't be put into a command: an error names the directory" {
    value d1 '{"s": "a\u0000b"}'
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "a"
command = 'args {directory} {/s}'
END
    run rowbuild
    [ "$status" -ne 0 ]
    has d1
    absent "$SCRATCH/args"
}

@test "show status, directories, why and -n of any name: one clean line each" {
    strange_names
    rowfile <<'END'
[[action]]
name = "a"
products = ["out"]
command = 'echo >workspace/{directory}/out'
END
    expect 0 show status
    clean_output
    expect 0 show directories -a a --short
    clean_output
    [ "${#lines[@]}" -eq "${#NAMES[@]}" ]
    expect 0 show directories -a a --no-header
    clean_output
    [ "${#lines[@]}" -eq "${#NAMES[@]}" ]
    expect 0 show why
    clean_output
    expect 0 -n
    clean_output
    expect_json 0 show directories -a a --json
    expect 0 -v
    clean_output
    expect 0 show directories -a a --completed --short
    [ "${#lines[@]}" -eq "${#NAMES[@]}" ]
    nothing_executed
}

@test "directories of any name are targets, by name, path and standard input" {
    strange_names
    rowfile <<'END'
[[action]]
name = "a"
products = ["out"]
command = 'args {directory}; : >workspace/{directory}/out'
END
    local name i=0 targets=()
    for name in "${NAMES[@]}"; do
        if [ $((i++ % 2)) -eq 0 ]; then
            targets+=("$name")
        fi
    done
    expect 0 -- "${targets[@]/#/workspace\/}"
    kept "${targets[@]}"
    expect 0 -- '-rf' '--help'
    run -0 bash -c 'printf "%s\0" "$@" | "$ROWBUILD" --null -' - "${NAMES[@]}"
    expect 0 show why "a/$(printf 'new\nline')"
    expect_nothing_to_do
    nothing_executed
}

@test "a failure of any name: log, and the printed command runs just that task again" {
    strange_names
    rowfile <<'END'
[[action]]
name = "a"
products = ["out"]
command = 'args {directory}; echo some output; [ -e fine ] && : >workspace/{directory}/out'
END
    expect 1 -k 0
    clean_output
    kept "${NAMES[@]}"
    [ "$(grep -c '^to retry: ' <<<"$output")" -eq "${#NAMES[@]}" ]
    grep '^to retry: ' <<<"$output" | sed 's/^to retry: //' >again
    touch fine
    # Each of them is a line of shell; together they run all tasks.
    ln -s "$ROWBUILD" "$SCRATCH/bin/rowbuild"
    local line count=0
    while IFS= read -r line; do
        run bash -c "$line" </dev/null
        if [ "$status" -ne 0 ]; then
            echo "$line: status $status"
            echo "$output"
            return 1
        fi
        if ! [ "$(tr -dc "\0" <"$SCRATCH/args" | wc -c)" -eq 1 ]; then
            echo "$line: ran not just one task"
            return 1
        fi
        mv "$SCRATCH/args" "$SCRATCH/args-$((++count))"
    done <again
    cat "$SCRATCH"/args-* >"$SCRATCH/args"
    kept "${NAMES[@]}"
    expect_nothing_to_do
    nothing_executed
}

@test "a group's task can be pasted: from the failure, from JSON, and as it is printed" {
    mkdir -p workspace/{d1,d2,d3}
    rowfile <<'END'
[[action]]
name = "plot all"
products = ["//plot's out"]
command = 'note plot {directories}; [ -e fine ] && touch {products}'

[[action]]
name = "cut"
scope = "group"
group.maximum_size = 2
command = 'note cut {directories}; [ -e fine ]'
END
    expect_json 1 -j 1 -k 0 --json
    json "[.[] | select(.event == \"ended\") | .action, .name] == [\"plot all\", \"//plot's out\", \"cut\", \"#1\", \"cut\", \"#2\"]"
    jq -r 'select(.event == "ended").again' <<<"$output" | sed 's/^rowbuild/& show why/' >again
    : >"$RUNS"
    ln -s "$ROWBUILD" "$SCRATCH/bin/rowbuild"
    run -0 bash <again
    [ "$(grep -v '^ ' <<<"$output")" = "plot all //plot's out: is out of date:
cut #1: is out of date:
cut #2: is out of date:" ]
    touch fine
    expect 0 cut '#2'
    expect_runs 'cut d3'
    expect 0 -a 'plot all' "//plot's out"
    expect_runs 'plot d1 d2 d3'
}

@test "logs are kept under any name" {
    strange_names
    rowfile <<'END'
[[action]]
name = "a"
command = 'args {directory}; printf "%s" {directory} | od -An -tx1 | tr -d " \n"; echo'
END
    expect 0
    local name wanted
    for name in "${NAMES[@]}"; do
        wanted=$(printf '%s' "$name" | od -An -tx1 | tr -d ' \n')
        expect 0 show log "a/$name"
        if [ "${output##*$'\n'}" != "$wanted" ]; then
            echo "log of $name: $output, expected $wanted"
            return 1
        fi
    done
}

@test "a product name of 255 bytes becomes a backup and comes back" {
    local long
    long=$(printf '%0255d' 0)
    mkdir workspace/d1
    echo fine >workspace/d1/in
    cat >Rowfile <<END
[[action]]
name = "a"
inputs = ["in"]
products = ["$long"]
command = 'note {directory}; cd workspace/{directory}; grep -v bad in >$long'
END
    expect 0
    echo bad >workspace/d1/in
    expect 1
    echo fine >workspace/d1/in
    : >"$RUNS"
    expect 0
    expect_runs
    content "workspace/d1/$long" fine
}

@test "a command longer than the kernel takes as one word runs all the same" {
    rowfile <<'END'
[[action]]
name = "a"
products = ["out"]
command = 'note run; for d in {directories}; do : >workspace/$d/out; done'
END
    (cd workspace && seq -f "%0200g" 900 | xargs mkdir)
    expect 0
    expect_runs run
    [ "$(find workspace -name out | wc -l)" -eq 900 ]
    expect_nothing_to_do
}

@test "an argument list that is too long names maximum_size" {
    rowfile <<'END'
[[action]]
name = "a"
command = 'args {directories}'
END
    (cd workspace && seq -f "%0200g" 1500 | xargs mkdir)
    run bash -c 'ulimit -S -s 1024 && exec "$ROWBUILD"'
    [ "$status" -ne 0 ]
    has maximum_size
    absent "$SCRATCH/args"
    echo 'group.maximum_size = 500' >>Rowfile
    run -0 bash -c 'ulimit -S -s 1024 && exec "$ROWBUILD"'
}

# here_rowfile SPELLING BODY: an action `s` that writes run.in with a here-document.
here_rowfile() {
    rowfile <<END
[workspace]
value_file = "value.json"
[[action]]
name = "s"
command = """
cat >workspace/{directory}/run.in <<$1
$2
EOF
touch workspace/{directory}/done
"""
products = ["run.in", "done"]
END
}

@test "no value ends a here-document: check and the run refuse it, and nothing runs" {
    local spelling
    value a '{"name": "EOF", "comment": "touch pwned"}'
    value b '{"name": "fine", "comment": "touch pwned"}'
    for spelling in EOF "'EOF'" -EOF "-'EOF'" 'E\"O\"F' '\\EOF'; do
        here_rowfile "$spelling" $'{/name}\n{/comment}'
        for command in check '' -n submit\ --dry-run; do
            # shellcheck disable=SC2086
            run rowbuild $command
            [ "$status" -eq 2 ]
            has 'error: action `s`: the value at `/name` of directory `a` makes a line that could end the here-document'
            has 'printf '\''%s\n'\'' "$VAR"'
            has 'environment.VAR = "{/name}"'
            lacks 'directory `b`'
        done
        absent workspace/a/run.in workspace/b/run.in
    done
    nothing_executed
}

@test "what stands beside a value in its line counts, too" {
    value a '{"one": "E", "two": "OF", "three": "touch pwned"}'
    here_rowfile EOF $'{/one}{/two}\n{/three}'
    run rowbuild
    [ "$status" -eq 2 ]
    here_rowfile EOF $'{/one}OF\n{/three}'
    run rowbuild
    [ "$status" -eq 2 ]
    here_rowfile EOF $'{/one}\\\\\nOF\n{/three}'
    run rowbuild
    [ "$status" -eq 2 ]
    here_rowfile EOF $'{/one} {/two}\n{/three}'
    expect 0
    content workspace/a/run.in $'E OF\ntouch pwned'
    nothing_executed
}

@test "a newline in a here-document is refused before anything runs" {
    value a '{"name": "x\nEOF\ntouch pwned"}'
    value b '{"name": "fine"}'
    here_rowfile "'EOF'" '{/name}'
    run rowbuild
    [ "$status" -eq 2 ]
    has 'directory `a` has a newline'
    here_rowfile EOF '$(echo {/name})'
    run rowbuild check
    [ "$status" -eq 2 ]
    absent workspace/b/run.in
    nothing_executed
}

@test "the way out that the message names hands on any value" {
    value a '{"name": "EOF", "comment": "touch pwned\n$(touch pwned)"}'
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "s"
command = '''printf '%s\n' "$VAR" "$COMMENT" >workspace/{directory}/run.in'''
environment.VAR = "{/name}"
environment.COMMENT = "{/comment}"
products = ["run.in"]
END
    expect 0
    content workspace/a/run.in $'EOF\ntouch pwned\n$(touch pwned)'
    nothing_executed
}

@test "a template can't be a here-document's delimiter" {
    value a '{"name": "x"}'
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "s"
command = """
cat <<{/name}
{directory}
"""
END
    run rowbuild check
    [ "$status" -eq 2 ]
    has "Rowfile:6:5: error: a template can't be the delimiter of a here-document"
}

@test "what the shell evaluates has to be a number" {
    value a '{"n": "x[$(touch pwned)]"}'
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "s"
shell = "bash"
command = 'echo $(({/n} + 1)) >workspace/{directory}/out'
products = ["out"]
END
    run rowbuild
    [ "$status" -eq 2 ]
    has 'the value at `/n` of directory `a` isn'\''t a number'
    value a '{"n": 41}'
    expect 0
    content workspace/a/out 42
    nothing_executed
}

# seen: no character in the output that a terminal doesn't show.
seen() {
    if grep -nP '[\x{200b}-\x{200f}\x{2028}-\x{202e}\x{2066}-\x{2069}\x{feff}]' <<<"$output"; then
        echo "invisible characters in the output"
        return 1
    fi
}

@test "characters that turn or hide text are made visible; JSON stays as it is" {
    local name=$'a\u202eb\u2066c\u200bd\ufeffe\u2028f' command
    value "$name" '{"s": "x\u202ey"}'
    cat >Rowfile <<END
[workspace]
value_file = "value.json"
[[action]]
name = "s"
products = ["out"]
command = 'args {directory}; [ -e fine ] && : >workspace/{directory}/out {/s}' # $name
END
    expect 1
    seen
    has '\342\200\256'
    grep '^to retry: ' <<<"$output" | sed 's/^to retry: //' >again
    expect 0 -n --explain
    seen
    for command in 'show status' 'show directories --value /s -a s' 'show why' 'check'; do
        # shellcheck disable=SC2086
        run rowbuild $command
        seen
    done
    run rowbuild show directories -a s --json
    [[ $output == *"$name"* ]]
    touch fine
    ln -s "$ROWBUILD" "$SCRATCH/bin/rowbuild"
    run -0 bash -c "$(cat again)" </dev/null
    run rowbuild -- "no$name"
    [ "$status" -eq 2 ]
    seen
    run rowbuild "--no$name"
    [ "$status" -eq 2 ]
    seen
    printf 'x\u202ey = 1 \n' >>Rowfile
    run rowbuild check
    [ "$status" -eq 2 ]
    seen
    has 'x\u202ey = 1'
}

@test "a misspelt action or product of a group is recognised, and so is a directory that no point declares" {
    mkdir -p workspace/other
    rowfile <<'END'
[workspace]
value_file = "value.json"
name = "x{/x}"
[[workspace.points]]
grid.x = [1, 2]
[[action]]
name = "simulate"
products = ["out"]
command = "touch workspace/{directory}/out"
[[action]]
name = "plot"
scope = "project"
inputs = ["workspace/x1/out"]
products = ["//plots/gamma0.05.svg", "//plots/alpha.svg"]
command = "touch plots/gamma0.05.svg plots/alpha.svg"
END
    local wrong right
    while read -r wrong right; do
        run -2 rowbuild "$wrong"
        has "\`$wrong\` is neither a directory of the workspace nor a product; did you mean \`$right\`?"
    done <<'END'
simulat simulate
plots/gamma0.05.svgg plots/gamma0.05.svg
//plots/gama0.05.svg plots/gamma0.05.svg
x11 x1
END
    run -2 rowbuild nothing-like-it
    lacks 'did you mean'
    run -2 rowbuild workspace/other
    has '`workspace/other` is neither' '; add it to the points or to `workspace.directories`'
}
