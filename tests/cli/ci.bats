#!/usr/bin/env bats
# The files in docs/ci.md: what their steps run is run here, step by step, in a study without faults and
# in one with a warning.
load helpers.bash

PAGE=$BATS_TEST_DIRNAME/../../docs/ci.md

study() {
    mkdir -p workspace/d1 workspace/d2
    rowfile <<'END'
[[action]]
name = "first"
command = "touch {workspace_path}/{directory}/out"
products = ["out"]
END
}

# steps NUMBER: the commands of the NUMBERth YAML file of the page, one a line.
steps() {
    awk -v wanted="$1" '
        /^```yaml$/ { inside = ++number == wanted; next }
        /^```$/ { inside = 0 }
        !inside { next }
        /^ *run: \|$/ { runs = 1; next }
        runs && /^          [^ ]/ { print substr($0, 11); next }
        { runs = 0 }
        /^  script:$/ { script = 1; next }
        script && /^    - / { print substr($0, 7); next }
        { script = 0 }' "$PAGE"
}

# carry_out NUMBER: each step by a shell as the CI system uses it; $failed: the steps that failed.
carry_out() {
    local step
    failed=()
    PATH=${ROWBUILD%/*}:$PATH
    mapfile -t list < <(steps "$1")
    for step in "${list[@]}"; do
        bash -eo pipefail -c "$step" >>"$SCRATCH/output" 2>&1 || failed+=("$step")
    done
}

@test "the steps for GitHub Actions work" {
    study
    export GITHUB_ACTIONS=true GITHUB_WORKSPACE=$PWD GITHUB_STEP_SUMMARY=$SCRATCH/summary
    carry_out 1
    [ "${#list[@]}" = 4 ]
    [ "${#failed[@]}" = 0 ] || { printf '%s\n' "${failed[@]}" && cat "$SCRATCH/output" && return 1; }
    text_of output rowbuild.sarif
    json '.[0].runs[0].results == []'
    text_of output events.jsonl
    json '.[-1].event == "finished"'
    [ -f workspace/d2/out ]
    sed -i 's/^products/inputs = ["no"]\nproducts/' Rowfile
    carry_out 1
    [ "${failed[0]}" = 'rowbuild check --strict' ]
    text_of output rowbuild.sarif
    json '.[0].runs[0].results[0].ruleId == "missing-input"'
    grep -q '^| error | Rowfile:4' "$SCRATCH/summary"
}

@test "the steps for GitLab work" {
    study
    export GITLAB_CI=true CI_PROJECT_DIR=$PWD
    carry_out 2
    [ "${#list[@]}" = 5 ]
    [ "${#failed[@]}" = 0 ] || { printf '%s\n' "${failed[@]}" && cat "$SCRATCH/output" && return 1; }
    text_of output gl-code-quality-report.json
    [ "$output" = '[]' ]
    grep -q 'failures="0"' check.xml
    sed -i 's/^products/inputs = ["no"]\nproducts/' Rowfile
    carry_out 2
    [ "${failed[0]}" = 'rowbuild check --strict' ]
    text_of output gl-code-quality-report.json
    json '.[0][0] | .location.path == "Rowfile" and .check_name == "missing-input"'
}
