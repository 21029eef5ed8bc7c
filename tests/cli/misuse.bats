#!/usr/bin/env bats
# What careless and unlucky users do: odd places, odd paths, commands that don't behave.

load helpers

one_action() {
    rowfile <<'END'
[[action]]
name = "a"
products = ["out"]
command = 'note a {directory}; echo >{workspace_path}/{directory}/out'
END
    mkdir -p workspace/d1 workspace/d2 workspace/d3
}

# ---- Paths ----

@test "absolute paths that lead into the project through symlinks" {
    one_action
    ln -s project "$SCRATCH/link"
    expect 0 "$SCRATCH/link/workspace/d1"
    expect_runs 'a d1'
    expect 0 "$SCRATCH/link/workspace/d2/out"
    expect_runs 'a d2'
    expect 2 "$SCRATCH/link/workspace/d4"
    expect 2 "$SCRATCH/link"
}

@test "absolute paths into a workspace that lies elsewhere" {
    one_action
    mv workspace "$SCRATCH/elsewhere"
    ln -s ../elsewhere workspace
    expect 0 "$SCRATCH/elsewhere/d1"
    expect_runs 'a d1'
    rm workspace
    rm "$SCRATCH/elsewhere/d1/out"
    sed -i "1i [workspace]\npath = \"$SCRATCH/elsewhere\"" Rowfile
    expect 0 "$SCRATCH/elsewhere/d2"
    expect_runs 'a d2'
    expect 0 "$SCRATCH/elsewhere/d3/out"
    expect_runs 'a d3'
}
