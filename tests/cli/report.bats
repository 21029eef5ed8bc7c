#!/usr/bin/env bats
# report: crates, read back by rdflib.
# shellcheck disable=SC2154 # bats and helpers set output and lines
load helpers

study() {
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "one"
inputs = ["//a prog"]
products = ["a"]
command = "echo {/x} > workspace/{directory}/a"
environment.SEED = "{/seed}"
[[action]]
name = "two"
inputs = ["a"]
products = ["b", "plots"]
command = "mkdir -p workspace/{directory}/plots/in; cp workspace/{directory}/a workspace/{directory}/b; cp workspace/{directory}/a workspace/{directory}/plots/in/p"
[[action]]
name = "all"
scope = "project"
inputs = ["//workspace/*/plots/**"]
products = ["//sum.txt"]
command = "cat workspace/*/b >sum.txt"
END
    value 'd ü%#' '{"x": 1.5, "seed": 7, "box": {"l": [1, 2]}}'
    value e '{"x": 2, "seed": 8, "box": {"l": [1, 2]}}'
    echo 1 >'a prog'
}

# crate [FOLDER [--no-data]]: reads it; $output
crate() {
    run /usr/bin/python3 "$HELPERS/../tools/read-crate.py" "${@-$SCRATCH/crate}"
    if [ "$status" -ne 0 ]; then
        echo "$output"
        return 1
    fi
}

without_rdflib() {
    ! /usr/bin/python3 -c 'import rdflib' 2>"$SCRATCH/stderr"
}

nothing_left() {
    local left
    left=$(find . -maxdepth 1 -name '*rowbuild-tmp*' -o -maxdepth 1 -name 'crate*')
    if [ -n "$left" ]; then
        echo "there is still: $left"
        return 1
    fi
}

# entities FILTER: what jq says of each entity of the crate; $output
entities() {
    run jq -c "[.[\"@graph\"][] | $1]" "$SCRATCH/crate/ro-crate-metadata.json"
}

@test "report --crate: a folder and a zip file, whose description another library reads" {
    if without_rdflib; then skip "python3-rdflib is missing"; fi
    study
    printf '%s\n' '[user]' 'name = a' 'email = a@b' >"$HOME/.gitconfig"
    git init -q && git add Rowfile && git commit -qm first
    git remote add origin https://me:secret@example.org/study.git
    expect 0
    expect 0 report --crate "$SCRATCH/crate"
    has ': 5 tasks, 11 files'
    crate
    has_line '^one d ü%#: a prog \[box=\{"l":\[1,2\]\},seed=7,x=1.5\] -> workspace/d ü%#/a$' \
        '^two e: workspace/e/a \[.*x=2\] -> workspace/e/b workspace/e/plots$' \
        '^all: workspace/d ü%#/plots/in/p,workspace/e/plots/in/p .* -> sum.txt$' \
        '^status CompletedActionStatus$'
    entities 'select(.["@id"] == "Rowfile") | .version, .codeRepository, (.output | length)'
    has "[\"$(git rev-parse HEAD)\",\"https://example.org/study.git\",4]"
    entities 'select(.["@type"] == "HowToStep") | .name + .position'
    has '["one0","two1","all2"]'

    expect_json 0 report --json --crate "$SCRATCH/crate.zip"
    json '.[0] | .tasks == 5 and .files == 11'
    unzip -tq "$SCRATCH/crate.zip"
    mkdir "$SCRATCH/unpacked"
    unzip -q "$SCRATCH/crate.zip" -d "$SCRATCH/unpacked"
    crate "$SCRATCH/unpacked"
    has 'one d ü%#'

    expect 0 report --no-data --crate "$SCRATCH/described"
    has '11 files, not copied'
    crate "$SCRATCH/described" --no-data
    has 'one d ü%#'
}

@test "a crate never replaces anything, and nothing is left of one that fails" {
    study
    expect 2 report
    has '`report` needs --crate FOLDER or --crate FILE.zip'
    expect 2 report --crate crate
    has 'no task has a success on record'
    expect 0
    expect 2 report --crate workspace/crate
    has 'would lie in the workspace'
    expect 3 report --crate nowhere/crate
    has 'No such file or directory'
    nothing_left
    local call
    for call in openat read; do
        run env LD_PRELOAD="$FAILING_CALLS" ASAN_OPTIONS="$ASAN_OPTIONS:verify_asan_link_order=0" FAIL_CALL=$call \
            FAIL_NAME=workspace/e/a FAIL_ERRNO=13 FAIL_TIMES=100 "$ROWBUILD" report --crate crate.zip
        [ "$status" -eq 3 ]
        has "\`workspace/e/a\` can't be read: Permission denied"
        nothing_left
    done
    mkdir crate .rowbuild-tmp-crate
    echo old >.rowbuild-tmp-crate/old # of one that was killed
    expect 0 report --crate crate/
    [ -e crate/Rowfile ]
    absent crate/old .rowbuild-tmp-crate
    expect 2 report --crate crate
    has 'the folder `crate` is not empty'
    echo mine >crate.zip
    expect 2 report --crate crate.zip
    has '`crate.zip` exists, and is not overwritten'
    [ "$(cat crate.zip)" = mine ]
    sed -i 's/sum\.txt/ro-crate-metadata.json/' Rowfile
    expect 0
    expect 2 report --crate other
    has '`ro-crate-metadata.json` has the name of the file that describes a crate'
    absent other
}

@test "a crate tells what the records know, and names what it leaves out" {
    if without_rdflib; then skip "python3-rdflib is missing"; fi
    study
    expect 0 -a one -a two
    echo 9 >workspace/e/b
    echo 2 >'a prog'
    ln -s /etc/passwd 'workspace/d ü%#/plots/out'
    expect 0 report --crate "$SCRATCH/crate"
    has 'warning: 1 task (`all`) has no success on record, and is left out' \
        "warning: 3 tasks (\`one d ü%#\`, \`one e\`, \`two e\`) aren't up to date; the crate tells of the last success, without"
    crate
    has_line '^one e: a prog \[.*\] -> workspace/e/a$' '^two e: workspace/e/a \[.*\] -> workspace/e/plots workspace/e/b$' \
        '^status ActiveActionStatus$'
    absent "$SCRATCH/crate/a prog" "$SCRATCH/crate/workspace/e/b" "$SCRATCH/crate/workspace/d ü%#/plots/out"
    entities 'select(.description // "" | test("changed after")) | .name'
    has '["a prog","workspace/e/b"]'
}

@test "what nobody saw being made is in a crate as such, and so are several runs and commands" {
    if without_rdflib; then skip "python3-rdflib is missing"; fi
    study
    mkdir -p workspace/e/plots
    echo 1 | tee workspace/e/a workspace/e/b >workspace/e/plots/p
    expect 0 -a one -a two
    sed -i 's/echo {\/x}/echo {\/x} {\/seed}/' Rowfile
    expect 0 'd ü%#'
    expect 0 report --crate "$SCRATCH/crate"
    crate
    has_line '^one e: .* \(not seen\)$' '^two d ü%#: workspace/d ü%#/a .*plots$'
    entities 'select(.["@type"] == "SoftwareApplication" and .name == "one") | .description'
    has 'echo {/x} >' 'echo {/x} {/seed} >'
    entities 'select(.["@type"] == "OrganizeAction") | .object | length > 0'
    has '[true,true]'
}
