# What attempts leave that don't succeed, and what becomes of it (docs/internals/rules.md, rules 5, 8 and 9), where
# it takes a real command to see it. The stories are in tests/unit/test_rules_attempts.c.

load helpers

# skips: an action whose script does nothing where its product exists, and leaves half of it until there is `ok`.
skips() {
    rowfile <<'END'
[[action]]
name = "s"
command = 'note {directory}; cd workspace/{directory}; [ ! -e o ] || exit 0; echo half >o; [ -e ../../ok ] || { touch ../../ok; exit 1; }; echo whole >o'
products = ["o"]
END
    mkdir workspace/d1
}

@test "half a product is out of the way before the next attempt of the same run" {
    skips
    echo 'retries = 1' >>Rowfile
    expect 0
    expect_runs d1 d1
    content workspace/d1/o whole
    content workspace/d1/.o~.rowbuild-kept half
}

@test "half a product of a killed run is out of the way" {
    skips
    sed -i 's/touch/hold d1; touch/' Rowfile
    start
    await_started d1
    kill_run
    content workspace/d1/o half
    touch ok
    expect 0
    content workspace/d1/o whole
}

@test "after a batch failed its members are attempted one by one" {
    rowfile <<'END'
[[action]]
name = "s"
command = 'note {directories}; for d in {directories}; do [ ! -e workspace/$d/bad ] || exit 1; echo >workspace/$d/o; done'
products = ["o"]
END
    mkdir workspace/d1 workspace/d2 workspace/d3
    touch workspace/d1/bad
    expect 1 -k 0 -j 1
    expect_runs 'd1 d2 d3'
    expect 1 -k 0 -j 1
    expect_runs d1 d2 d3
    expect_nothing_but d1
    sed -i '$a retries = 2' Rowfile
    sed -i 's/note/true; note/' Rowfile # the recipe is another: all of them are stale
    : >"$RUNS"
    mkdir workspace/d4
    expect 1 -k 0 -j 1
    expect_runs 'd2 d3 d4' d1 d1 d1
}

# expect_nothing_but NAME: only that directory isn't complete.
expect_nothing_but() {
    expect 0 show directories -a s --short --eligible
    [ "$output" = "$1" ]
}

@test "a batch that fails in a run with retries is taken apart in it" {
    rowfile <<'END'
[[action]]
name = "s"
command = 'note {directories}; for d in {directories}; do [ ! -e workspace/$d/bad ] || exit 1; echo >workspace/$d/o; done'
products = ["o"]
retries = 1
END
    mkdir workspace/d1 workspace/d2 workspace/d3
    touch workspace/d2/bad
    expect 1 -k 0 -j 1
    expect_runs 'd1 d2 d3' d1 d2 d3
    expect_nothing_but d2
}

@test "row's contract: what a failed attempt left stays, and is named if the next one didn't touch it" {
    workflow <<'END'
[[action]]
name = "s"
command = 'cd workspace/{directory} && ( [ -e o ] || echo half >o ) && echo >p && test -e ../../ok'
products = ["o", "p"]
END
    mkdir workspace/d1
    expect 1
    touch ok
    expect 0
    has 'warning: `s d1`: workspace/d1/o was left by an attempt that failed'
    lacks workspace/d1/p
    content workspace/d1/o half
    expect 0
    lacks warning
}

@test "row's contract: work that is finished in the background isn't started again" {
    workflow <<'END'
[[action]]
name = "s"
command = 'note {directory}'
products = ["o"]
END
    mkdir workspace/d1
    expect 1
    expect_runs d1
    touch workspace/d1/o
    expect 0 show directories -a s --short --completed
    [ "$output" = d1 ]
    expect 0
    expect_runs
}
