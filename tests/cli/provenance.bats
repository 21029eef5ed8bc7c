# shellcheck disable=SC2154 # bats and helpers set output and lines
load helpers

study() {
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "one"
inputs = ["//prog"]
products = ["a"]
command = "echo {/x} > workspace/{directory}/a"
environment.SEED = "{/seed}"
[[action]]
name = "two"
inputs = ["a"]
products = ["b", "plots"]
command = "mkdir workspace/{directory}/plots && cp workspace/{directory}/a workspace/{directory}/plots/p && cp workspace/{directory}/a workspace/{directory}/b"
END
    mkdir workspace/d
    value d '{"x": 1.0, "seed": 7}'
    echo 1 >prog
}

@test "show provenance tells how a file came about" {
    study
    expect 0
    expect 0 show provenance workspace/d/b
    has 'two d' '1 core of' ', user ' 'command   mkdir workspace/d/plots &&' 'command   echo 1.0 > workspace/d/a' 'shell     sh -e' \
        'made by `one d`' 'one d' 'variables SEED={/seed}' 'd: {"x":1.0,"seed":7}' 'commit    unknown' \
        'inputs    prog  '
    lacks differs
    cd workspace/d || return 1
    expect_json 0 show provenance --json plots/p "$PWD/a" //workspace/d/b
    json '.[0] | map(.task) == ["two/d", "one/d"]'
    json '.[0][0] | .how == "ran" and .cores == 1 and .commit == null and .tree == null and
          (.started | test("^2.*Z$")) and .ended >= .started and .inputs[0].made_by == "one/d" and
          .inputs[0].digest != null and ([.products[].now] == ["as_recorded", "as_recorded"])'
    json '.[0][1] | .environment == ["SEED={/seed}"] and .values[0].value == {"x": 1.0, "seed": 7} and
          .inputs[0].made_by == null and (.host | length > 0) and (.user | length > 0) and
          (.version | test("^[0-9.]+$"))'
    echo other >b
    expect 0 show provenance b
    has 'differs now from what was recorded'
    expect 2 show provenance //prog
    has 'is not a product'
    expect 2 show provenance nowhere
    has 'there is no file `nowhere`'
    expect 2 show provenance
    has 'needs the path of a product'
}

@test "what nobody saw being made is told as such" {
    study
    mkdir -p workspace/d/plots
    echo 1 | tee workspace/d/a workspace/d/b >workspace/d/plots/p
    expect 2 show provenance workspace/d/b
    has 'has no success on record'
    expect 0 scan
    expect 0 show provenance workspace/d/b
    has 'adopted   as it was: nobody saw it being made'
    echo 2 >prog
    expect 0 accept
    expect 0 show provenance workspace/d/a
    has 'accepted  as it was: nobody saw it being made' 'by        '
}

@test "records name the commit, and whether something differed from it" {
    study
    printf '%s\n' '[user]' 'name = a' 'email = a@b' >"$HOME/.gitconfig"
    git init -q && git add Rowfile prog && git commit -qm first
    local first=$(git rev-parse HEAD)
    expect 0
    expect_json 0 show provenance --json workspace/d/a
    json ".[0][0] | .commit == \"$first\" and .tree == \"clean\""
    echo 2 >prog
    expect 0 -a one
    expect_json 0 show provenance --json workspace/d/a
    json ".[0][0] | .commit == \"$first\" and .tree == \"dirty\""
    expect 0 show provenance workspace/d/a
    has "commit    $first, with uncommitted changes"
    echo broken >.git/HEAD # it is not known then, and nothing else
    echo 3 >prog
    expect 0 -a one
    expect 0 show provenance workspace/d/a
    has 'commit    unknown'
}

@test "show why names the commit that changed an input or a value" {
    study
    printf '%s\n' '[user]' 'name = a' 'email = a@b' >"$HOME/.gitconfig"
    git init -q && git add Rowfile prog workspace/d/value.json && git commit -qm first
    expect 0
    echo 2 >prog
    git commit -qam 'faster sweep'
    value d '{"x": 2, "seed": 7}'
    expect 0 show why one/d
    has "input //prog changed in $(git rev-parse HEAD | cut -c 1-7) \"faster sweep\"" \
        'value /x: 1.0 → 2, not committed'
    expect 0 -n --explain -a one
    has 'changed in ' '"faster sweep"'
    expect 0 -n
    lacks sweep
    expect_json 0 show why --json one/d
    json ".[0][0].changes | length == 2 and any(. == {path: \"prog\", commit: \"$(git rev-parse HEAD)\",
              subject: \"faster sweep\"}) and any(. == {path: \"workspace/d/value.json\", commit: null, subject: null})"
    expect 0 check --since HEAD~1 --explain
    has 'input //prog changed in ' 'value /x: 1.0 → 2, not committed'
    git rm -q --cached prog && git commit -qm 'no longer tracked'
    expect 0 show why one/d
    has_line '^  input //prog changed$'
    rm -rf .git
    expect 0 show why one/d
    has_line '^  input //prog changed$' '^  value /x: 1.0 → 2$'
}

@test "show provenance tells the command as it ran, with shell, launcher and setup" {
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "one"
inputs = ["//in put"]
products = ["a"]
value_inputs = ["/x"]
shell = "bash -eo pipefail"
command = "cp {inputs} {products}; echo {/s} '{/s}' {/deep/~1/0} {{x}} >>workspace/{directory}/a"
launchers = ["openmp"]
resources.threads_per_process = 1
submit_options.none.setup = "X=1\nexport X"
[[action]]
name = "all"
scope = "group"
inputs = ["a"]
products = ["//sum"]
command = "echo {directory} {value} >>sum"
END
    value "a b" '{"x": 1.0, "s": "it'"'"'s", "deep": {"/": [3]}}'
    value c '{"x": 2, "s": "q", "deep": {"/": [4]}}'
    echo 1 >'in put'
    expect 0
    expect 0 show provenance sum
    has "  command   echo 'a b' '{\"x\":1.0,\"s\":\"it'\\''s\"" '            echo c '\''{"x":2,' \
        "  command   cp 'in put' 'workspace/a b/a'; echo 'it'\\''s' 'it'\\''s' 3 {{x}} >>workspace/'a b'/a" \
        "  command   cp 'in put' workspace/c/a; echo q 'q' 4 {{x}} >>workspace/c/a" '  shell     bash -eo pipefail' \
        '  launcher  OMP_NUM_THREADS=1' '  setup     X=1' '            export X' '  shell     sh -e'
    sed -i 's/^shell = .*//; s/echo {\/s}/echo/; s/X=1/X=2/' Rowfile # the record says how it ran
    expect_json 0 show provenance --json workspace/c/a
    json '.[0][0] | .command == "cp '\''in put'\'' workspace/c/a; echo q '\''q'\'' 4 {{x}} >>workspace/c/a" and
          (.template | startswith("cp {inputs} {products}")) and .shell == "bash -eo pipefail" and
          .launcher == "OMP_NUM_THREADS=1" and .setup == "X=1\nexport X"'
}
