"""Finds the primes in a range and computes Fibonacci numbers, in one of four ways.

usage: primes_fib.py WAY DIRECTORY

threads   a thread for each number; a lock lets one at a time add to the list
pool      a pool of processes maps the function onto the numbers
shared    processes share an array that they fill and a value that they count in
node      one number after the other: rowbuild runs several such commands at once

DIRECTORY holds value.json and gets primes.txt and fibonacci.txt, sorted.
"""

import json
import os
import pathlib
import sys
from multiprocessing import Array, Pool, Process, Value
from threading import Lock, Thread


def is_prime(number):
    if number < 2 or number % 2 == 0:
        return number == 2
    divisor = 3
    while divisor * divisor <= number:
        if number % divisor == 0:
            return False
        divisor += 2
    return True


def fibonacci(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


def cores():
    return int(os.environ["ACTION_THREADS_PER_PROCESS"])


def with_threads(numbers, indices):
    primes, fibonaccis, lock = [], {}, Lock()

    def look_at(number):
        if is_prime(number):
            with lock:
                primes.append(number)

    def compute(n):
        result = fibonacci(n)
        with lock:
            fibonaccis[n] = result

    threads = [Thread(target=look_at, args=(number,)) for number in numbers]
    threads += [Thread(target=compute, args=(n,)) for n in indices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(primes), [fibonaccis[n] for n in indices]


def with_pool(numbers, indices):
    with Pool(cores()) as pool:
        verdicts = pool.map(is_prime, numbers)
        fibonaccis = pool.map(fibonacci, indices)
    return [number for number, prime in zip(numbers, verdicts) if prime], fibonaccis


def fill_share(rank, ranks, numbers, indices, verdicts, found, fibonaccis):
    for i in range(rank, len(numbers), ranks):
        if is_prime(numbers[i]):
            verdicts[i] = 1
            with found.get_lock():  # += reads and writes: two steps
                found.value += 1
    for i in range(rank, len(indices), ranks):
        fibonaccis[i] = fibonacci(indices[i])


def with_shared_memory(numbers, indices):
    verdicts = Array("b", len(numbers))
    found = Value("i", 0)
    fibonaccis = Array("q", len(indices))  # 64 bits: up to the 92nd
    shared = (numbers, indices, verdicts, found, fibonaccis)
    processes = [Process(target=fill_share, args=(i, cores(), *shared)) for i in range(cores())]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        if process.exitcode != 0:
            sys.exit(f"primes_fib.py: a process ended with status {process.exitcode}")
    primes = [number for number, prime in zip(numbers, verdicts) if prime]
    if found.value != len(primes):
        sys.exit(f"primes_fib.py: counted {found.value} primes, found {len(primes)}")
    return primes, list(fibonaccis)


def one_by_one(numbers, indices):
    return [number for number in numbers if is_prime(number)], [fibonacci(n) for n in indices]


WAYS = {
    "threads": with_threads,
    "pool": with_pool,
    "shared": with_shared_memory,
    "node": one_by_one,
}


def main():
    way, directory = sys.argv[1], pathlib.Path(sys.argv[2])
    value = json.loads((directory / "value.json").read_text())
    numbers = range(value["first"], value["first"] + value["primes"])
    indices = range(value["fibonacci"][0], value["fibonacci"][1] + 1)
    primes, fibonaccis = WAYS[way](numbers, indices)
    (directory / "primes.txt").write_text("".join(f"{prime}\n" for prime in primes))
    (directory / "fibonacci.txt").write_text("".join(f"{result}\n" for result in fibonaccis))


if __name__ == "__main__":
    main()
