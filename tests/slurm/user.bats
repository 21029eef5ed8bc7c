#!/usr/bin/env bats
# Daemons, jobs and rowbuild, all of an ordinary user: the other files run as whoever runs the tests,
# which may be root.

@test "an ordinary user's lab, from submit to what the jobs record" {
    [ "$(id -u)" -eq 0 ] || skip 'these tests are run by an ordinary user'
    folder=$(mktemp -d /tmp/rowbuild-user.XXXXXX)
    # Neither the tree nor the program need be where others may look.
    mkdir "$folder/tests" "$folder/program" "$folder/tmp"
    cp -R "$BATS_TEST_DIRNAME" "$BATS_TEST_DIRNAME/../cli" "$folder/tests"
    local build
    build=$(dirname "$ROWBUILD")/..
    cp -R "$build"/cli/rowbuild* "$build"/rank "$build"/api/librowbuild.so* "$folder/program"
    chown -R nobody "$folder"
    run setpriv --reuid="$(id -u nobody)" --regid="$(id -g nobody)" --clear-groups \
        env -C "$folder" -u BATS_ROOT_PID HOME="$folder" TMPDIR="$folder/tmp" \
        ROWBUILD="$folder/program/rowbuild" LD_LIBRARY_PATH="$folder/program" LAB_OWNER=$$ bats "$folder/tests/slurm/lifecycle.bats"
    echo "$output"
    pgrep -u nobody -f "$folder" && return 1
    rm -rf "$folder"
    [ "$status" -eq 0 ]
}
