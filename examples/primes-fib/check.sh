#!/bin/sh
# Checks the results after a run: every way found the same, and it is right.
set -eu
cd "$(dirname "$0")"

fail() {
    echo "primes-fib: $*" >&2
    exit 1
}

for way in threads pool shared node-0 node-1 node-2 node-3 node-4 node-5 node-6 node-7; do
    for product in primes.txt fibonacci.txt; do
        [ -e "workspace/$way/$product" ] || fail "workspace/$way/$product is missing"
    done
done

primes='1000000000039
1000000000061
1000000000063' # the only ones up to 1000000000063, as tables of primes have them
[ "$(cat workspace/node-?/primes.txt)" = "$primes" ] || fail "the nodes found other primes"
for way in threads pool shared; do
    [ "$(cat "workspace/$way/primes.txt")" = "$primes" ] || fail "$way found other primes"
    cat workspace/node-?/fibonacci.txt | cmp -s - "workspace/$way/fibonacci.txt" ||
        fail "$way computed other Fibonacci numbers than the nodes"
done
[ "$(wc -l <workspace/pool/fibonacci.txt)" -eq 88 ] || fail "there are not 88 Fibonacci numbers"
[ "$(tail -n 1 workspace/pool/fibonacci.txt)" = 679891637638612258 ] ||
    fail "the last Fibonacci number is wrong"
echo "primes-fib: four ways, the same 3 primes and 88 Fibonacci numbers"
