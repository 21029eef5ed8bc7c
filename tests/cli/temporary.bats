# Temporary products (docs/internals/rules.md, rule 14), where it takes a real command to see it. The stories are in
# tests/unit/test_rules_temporary.c.

load helpers

# packs: pack makes p of t, which sim makes. The key goes into sim's table, its last.
packs() {
    rowfile <<'END'
[default.action]
scope = "directory"
[[action]]
name = "pack"
command = 'note pack {directory}; gzip -nc workspace/{directory}/t >workspace/{directory}/p'
inputs = ["t"]
products = ["p"]
[[action]]
name = "sim"
command = 'note sim {directory}; echo data >workspace/{directory}/t'
products = ["t"]
END
    mkdir workspace/d1
}

@test "a temporary product is deleted once it was read, and commands tell" {
    packs
    echo 'temporary = ["t"]' >>Rowfile
    expect 0 --keep-temporary
    content workspace/d1/t data
    expect 0
    has "deleted 1 temporary product"
    absent workspace/d1/t
    : >"$RUNS"
    expect_nothing_to_do
    expect 0 show why sim
    has "t: temporary, deleted after it was read"
    expect 0 show provenance workspace/d1/p
    has ": temporary, deleted after it was read"
    expect 0 report --crate crate
    absent crate/workspace/d1/t
    text_of output crate/ro-crate-metadata.json
    has "A temporary file, deleted after it was read"
    rm workspace/d1/p
    expect 0 -n
    has "sim d1: will run again (product t was deleted after it was read, and pack d1 needs it again)"
}

@test "what an accepted reader has read stays; clean --temporary lists and asks" {
    packs
    expect 0
    echo 'temporary = ["t"]' >>Rowfile
    sed -i 's/note pack/note again/' Rowfile
    expect 0 accept -a pack
    : >"$RUNS"
    expect_nothing_to_do
    content workspace/d1/t data
    expect 0 clean --temporary --yes
    has "deleted 0 temporary products"
    content workspace/d1/t data
    expect 0 --rerun -a pack
    content workspace/d1/t data
    expect 0 clean --temporary -n
    has "would delete workspace/d1/t"
    content workspace/d1/t data
    status=0
    output=$(setsid -w "$ROWBUILD" clean --temporary 2>&1) || status=$?
    [ "$status" -eq 2 ]
    has "to delete them, use --yes"
    content workspace/d1/t data
    expect 0 clean --temporary --yes
    has "deleted workspace/d1/t"
    absent workspace/d1/t
    : >"$RUNS"
    expect_nothing_to_do
}

@test "a reader that removes the product itself: with the key it isn't made again, without it a warning tells" {
    packs
    sed -i 's/gzip -nc.*p'"'"'/gzip -n workspace\/{directory}\/t; mv workspace\/{directory}\/t.gz workspace\/{directory}\/p'"'"'/' Rowfile
    expect 0
    has 'warning: `pack d1` removed workspace/d1/t, so the next run makes it again'
    echo 'temporary = ["t"]' >>Rowfile
    : >"$RUNS"
    expect 0
    sed -i 's/note pack/note again/' Rowfile
    expect 0
    expect_runs 'sim d1' 'again d1'
    absent workspace/d1/t
    : >"$RUNS"
    expect_nothing_to_do
}

@test "a temporary product must be a product that somebody reads" {
    packs
    echo 'temporary = ["u"]' >>Rowfile
    expect 2 check
    has 'Rowfile:12:14: error: `temporary` names `u`, ' 'a product of this action'
    sed -i 's/"u"/"t"/; s/^inputs = .*//' Rowfile
    expect 0 check
    has 'no action reads the temporary product `t`, so it is never deleted'
}
