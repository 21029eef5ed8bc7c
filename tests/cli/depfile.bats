#!/usr/bin/env bats
# Depfiles that real compilers write, what is said about them, and the version of a tool as an input.
# The rules are tested in the process, in tests/unit/test_rules_depfiles.c.

load helpers

# compiles: a project task and a directory task that gcc compiles, with odd names.
compiles() {
    rowfile <<'END_OF_ROWFILE'
[[action]]
name = "compile"
depfile = "a.d"
products = ["a.o"]
command = 'note {directory}; gcc -I "$PWD/include" -MD -MP -MF workspace/{directory}/a.d -c -o workspace/{directory}/a.o workspace/{directory}/a.c'
END_OF_ROWFILE
    mkdir -p include 'include/odd $name #1' workspace/d1 workspace/d2
    echo '#define ONE 1' >include/one.h
    echo '#define TWO 2' >'include/odd $name #1/two\ 2.h'
    printf '#include "one.h"\n#include "odd $name #1/two\\ 2.h"\nint a = ONE + TWO;\n' >workspace/d1/a.c
    echo 'int a;' >workspace/d2/a.c
}

@test "what gcc names is an input, by odd names and absolute paths too" {
    compiles
    expect 0
    : >"$RUNS"
    expect_nothing_to_do
    : >"$RUNS"
    echo '#define TWO 3' >'include/odd $name #1/two\ 2.h'
    run rowbuild -n
    has 'include/odd $name #1/two\ 2.h changed'
    expect 0
    [ "$(<"$RUNS")" = d1 ]
    : >"$RUNS"
    echo '#define ONE 3' >include/one.h
    run rowbuild show why d1
    has "input //include/one.h changed"
    expect 0
    [ "$(<"$RUNS")" = d1 ]
    : >"$RUNS"
    rm workspace/*/a.d
    expect_nothing_to_do
}

@test "a header that is gone makes the task stale, and the compiler says what it lacks" {
    compiles
    expect 0
    rm include/one.h
    run rowbuild -n
    has "input //include/one.h is gone"
    expect 1
    has "one.h: No such file or directory"
}

@test "a command that writes no depfile fails, with the place" {
    rowfile <<'END_OF_ROWFILE'
[[action]]
name = "make"
depfile = "a.d"
products = ["a"]
command = 'echo >workspace/{directory}/a; [ ! -e rubbish ] || cp rubbish workspace/{directory}/a.d'
END_OF_ROWFILE
    mkdir workspace/d1
    expect 1
    has "exit 0, but its depfile workspace/d1/a.d is missing"
    printf 'a: b\n  c d\n' >rubbish
    expect 1
    has "its depfile workspace/d1/a.d:2:3: this is not a rule"
    run rowbuild show why
    has "or its depfile could not be used"
}

@test "the page on a tool's version does what it says" {
    mkdir -p src bin
    echo 'int main(void) { return 0; }' >src/hello.c
    sed -n '/^```toml$/,/^```$/p' "$BATS_TEST_DIRNAME/../../docs/tool-versions.md" | grep -v '^```' | rowfile
    printf '#!/bin/sh\n[ "$1" = --version ] && exec cat "%s/version"\nexec gcc "$@"\n' "$PWD" >bin/cc
    chmod +x bin/cc
    echo 12.1 >version
    PATH="$PWD/bin:$PATH"
    expect 0
    expect 0
    has "compiler"
    lacks "compile //"
    echo 12.2 >version
    run rowbuild --explain
    has "compiler made a different //compiler.version"
    expect 0
    lacks "made a different"
}

@test "a depfile can't be another task's, nor lie in its product" {
    rowfile <<'END_OF_ROWFILE'
[[action]]
name = "a"
depfile = "x.d"
products = ["p"]
command = "true {directory}"

[[action]]
name = "b"
depfile = "x.d"
command = "true {directory}"

[[action]]
name = "c"
depfile = "p/x.d"
command = "true {directory}"

[[action]]
name = "d"
depfile = "p"
command = "true {directory}"
END_OF_ROWFILE
    mkdir workspace/d1
    expect 2 check
    has 'Rowfile:9:11: error: `b d1` and `a d1` have the same depfile, `workspace/d1/x.d`; give each a file of its own'
    has '`c d1` has the depfile `workspace/d1/p/x.d`, which is or lies inside a product of `a d1`; name another file'
    has '`d d1` has the depfile `workspace/d1/p`, which is or lies inside a product of `a d1`'
}
