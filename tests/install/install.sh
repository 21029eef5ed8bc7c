#!/bin/sh
# Installs a build into a scratch folder and uses it from there as a stranger would: the program, the
# library with the example of examples/library, the manual pages, the completion.
# usage: install.sh SOURCE BUILD CC SANITIZERS      (SANITIZERS as in -fsanitize=, may be empty)
set -eu
source=$1 build=$2 cc=$3 sanitizers=$4

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
prefix="$scratch/a prefix"
unset PKG_CONFIG_PATH LD_LIBRARY_PATH ROWBUILD_STATE ROW_HOME
export HOME="$scratch/home" ROWBUILD_CLUSTER=none LC_ALL=C.UTF-8
mkdir "$HOME"

fail() {
    echo "install: $*" >&2
    exit 1
}

# same EXPECTED MADE WHAT: two files
same() {
    diff -u "$1" "$2" >&2 || fail "$3"
}

cmake --install "$build" --prefix "$prefix" >"$scratch/log" || {
    cat "$scratch/log" >&2
    fail "cmake --install failed"
}

# ---- Exactly these files ----
pc=$(find "$prefix" -name rowbuild.pc)
libraries=$(dirname "$(dirname "$pc")")
version=$(sed -n 's/^Version: //p' "$pc")
{
    echo bin/rowbuild
    echo include/rowbuild.h
    for name in librowbuild.so "librowbuild.so.${version%%.*}" "librowbuild.so.$version" \
        pkgconfig/rowbuild.pc; do
        echo "${libraries#"$prefix"/}/$name"
    done
    echo libexec/rowbuild/rowbuild-rank
    echo libexec/rowbuild/rowbuild-trace
    echo share/bash-completion/completions/rowbuild
    echo share/man/man1/rowbuild.1
    echo share/man/man5/rowbuild-clusters.5
    echo share/man/man5/rowbuild-rowfile.5
} | sort >"$scratch/expected"
(cd "$prefix" && find . ! -type d | sed 's,^\./,,' | sort) >"$scratch/made"
same "$scratch/expected" "$scratch/made" "other files were installed than expected"

# ---- The program finds its library beside it, wherever that is ----
mv "$prefix" "$scratch/moved"
prefix=$scratch/moved
libraries=$(dirname "$(dirname "$(find "$prefix" -name rowbuild.pc)")")
rowbuild=$prefix/bin/rowbuild
[ "$("$rowbuild" --version)" = "rowbuild $version" ] || fail "rowbuild --version doesn't say $version"
if LC_ALL=C readelf -d "$rowbuild" "$libraries/librowbuild.so" | grep -F "$build"; then
    fail "what is installed names the build folder"
fi

# ---- The library exports what its header declares, and nothing else ----
grep -A 3 '^ROWBUILD_API' "$prefix/include/rowbuild.h" | grep -o 'rowbuild_[a-z_]*(' | tr -d '(' |
    sort -u >"$scratch/expected"
[ -s "$scratch/expected" ] || fail "no function was found in rowbuild.h"
# A sanitizer's own symbols begin with two underscores.
nm -D --defined-only "$libraries/librowbuild.so" | sed 's/.* //' | grep -v '^__' |
    sort >"$scratch/made"
same "$scratch/expected" "$scratch/made" "librowbuild.so exports other names than rowbuild.h declares"

# ---- The header stands by itself ----
for language in "c -std=c17" "c++ -std=c++17"; do
    # shellcheck disable=SC2086 # the language and its standard are two words
    if echo | "$cc" -x $language -fsyntax-only - 2>/dev/null; then
        echo '#include <rowbuild.h>' | "$cc" -x $language -Wall -Wextra -Wpedantic -Werror \
            -fsyntax-only -I "$prefix/include" - || fail "rowbuild.h doesn't compile as $language"
    elif [ "${language%% *}" = c ]; then
        fail "$cc compiles no C17"
    fi
done

# ---- The example, found by pkg-config ----
cp -R "$source/examples/library" "$scratch/library"
cd "$scratch/library"
flags="-O1 -Wall -Wextra -Wpedantic -Werror${sanitizers:+ -fsanitize=$sanitizers}"
PKG_CONFIG_PATH=$libraries/pkgconfig make -B CC="$cc" CFLAGS="$flags" >"$scratch/log" 2>&1 || {
    cat "$scratch/log" >&2
    fail "the example doesn't build"
}

mkdir -p "$scratch/study/workspace/one" "$scratch/study/workspace/two"
cd "$scratch/study"
cat >Rowfile <<'END'
[workspace]
value_file = "value.json"

[[action]]
name = "double"
command = "echo $(({/x} * 2)) > {workspace_path}/{directory}/twice"
products = ["twice"]
END
echo '{"x": 1}' >workspace/one/value.json
echo '{"x": 2}' >workspace/two/value.json

# stale LINE…: the example prints these lines, leaves with status 0, and writes nothing.
stale() {
    find . | sort >"$scratch/before"
    [ $# -eq 0 ] || printf '%s\n' "$@" >"$scratch/expected"
    [ $# -gt 0 ] || : >"$scratch/expected"
    "$scratch/library/stale" >"$scratch/made" || fail "stale ended with status $?"
    same "$scratch/expected" "$scratch/made" "stale prints something else"
    find . | sort >"$scratch/after"
    same "$scratch/before" "$scratch/after" "stale left files behind"
}

stale 'double one' '  never ran' 'double two' '  never ran'
"$rowbuild" -q || fail "rowbuild ended with status $?"
[ "$(cat workspace/one/twice workspace/two/twice | tr '\n' ' ')" = '2 4 ' ] ||
    fail "rowbuild made the wrong products"
stale
echo '{"x": 3}' >workspace/one/value.json
stale 'double one' '  value /x: 1 → 3'
sed -i 's/name/nam/' Rowfile
if "$scratch/library/stale" 2>"$scratch/made"; then
    fail "stale took a wrong Rowfile"
fi
grep -q '^Rowfile:5:1: error: ' "$scratch/made" || fail "stale doesn't say what is wrong"

# ---- The helper for MPI ranks is found, too: a launcher that only says what it was to start ----
mkdir -p "$scratch/bin" "$scratch/ranks/workspace/one"
cat >"$scratch/bin/mpirun" <<'END'
#!/bin/sh
printf '%s\n' "$@" >"$ARGUMENTS"
END
chmod +x "$scratch/bin/mpirun"
cd "$scratch/ranks"
cat >Rowfile <<'END'
[[action]]
name = "ranks"
command = "true {directory}"
launchers = ["mpi"]
resources.processes.per_submission = 2
END
ARGUMENTS="$scratch/arguments" PATH="$scratch/bin:$PATH" "$rowbuild" -q -j 2 ||
    fail "an action with ranks ended with status $?"
grep -qxF "$prefix/libexec/rowbuild/rowbuild-rank" "$scratch/arguments" || {
    cat "$scratch/arguments" >&2
    fail "the installed rowbuild-rank isn't what ranks are started through"
}

# ---- Manual pages and completion ----
for page in man1/rowbuild.1 man5/rowbuild-clusters.5 man5/rowbuild-rowfile.5; do
    # Long lines are a matter of taste, and pages that aren't installed here are no mistake. What goes to
    # standard error comes afterwards, since it would cut a line of what is buffered in two.
    {
        mandoc -T lint -W style "$prefix/share/man/$page" 2>"$scratch/lint-errors" || true
        cat "$scratch/lint-errors"
    } |
        grep -vE 'text line longer|referenced manual not found|outdated mandoc.db' \
            >"$scratch/lint" || true
    [ ! -s "$scratch/lint" ] || {
        cat "$scratch/lint" >&2
        fail "mandoc finds mistakes in $page"
    }
done
bash -n "$prefix/share/bash-completion/completions/rowbuild" || fail "the completion has a syntax error"
echo "install: all is well"
