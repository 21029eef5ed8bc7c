/* What an action asked for and what it really used: one sentence, or nothing.
 *
 * Pure policy: knows the thresholds and the words. Doesn't know: where the numbers come from. A run
 * uses it as soon as enough is measured, and `show status` uses it with the recorded numbers.
 *
 * The sentence is about
 * - threads: in at least ADVICE_SAMPLES samples, and in half of all samples, the number of threads
 *   that ran or were ready to run exceeded the cores by more than a quarter
 * - cores: at least two were requested, executions of at least ADVICE_SECONDS used less than
 *   ADVICE_USED of them, and fewer would be enough. Time in which other processes kept the
 *   execution from running counts as used.
 * - memory: more was used than requested, or more than ADVICE_NEAR of the request. Without a
 *   request: as many executions as may run at once would need more than ADVICE_NEAR of the
 *   machine's memory. */
#ifndef ROWBUILD_ADVICE_H
#define ROWBUILD_ADVICE_H

#include "buf.h"
#include "rowfile.h"

#include <stdbool.h>
#include <stdint.h>

#define ADVICE_SECONDS 1.0
#define ADVICE_USED 0.6
#define ADVICE_NEAR 0.9
enum { ADVICE_SAMPLES = 3 };

enum advice_kind { ADVICE_THREADS, ADVICE_CORES, ADVICE_MEMORY };
enum { ADVICE_KINDS = 3 };

/* What one execution of an action asks for, and where. */
struct advice_request {
    const struct action *action;
    unsigned processes;
    unsigned threads_per_process;
    uint64_t directories;    /* that the execution works on */
    uint64_t memory_bytes;   /* 0: not asked for */
    unsigned budget;         /* cores of the run; 0: not known */
    size_t at_once;          /* executions of the action that may run at once; 0: not known */
    uint64_t machine_memory; /* 0: not known */
};

/* The request in the description. `budget`, `at_once` and `machine_memory` stay 0. `directories` is
 * the number of directories that the execution works on. */
struct advice_request advice_request_of(const struct action *action, uint64_t directories);

/* Measurements of one execution, or of several executions of an action together. */
struct advice_usage {
    unsigned samples;
    unsigned crowded;      /* samples whose threads exceeded the cores by more than a quarter */
    unsigned threads;      /* the most threads in a crowded sample… */
    unsigned next_threads; /* …and the second most: that many ran twice */
    double seconds;        /* of ended executions of at least ADVICE_SECONDS */
    double cpu_s;          /* of these executions */
    double wait_s;         /* of these executions: threads were ready, but others had the cores */
    uint64_t memory_bytes; /* the highest; 0: not known */
};

/* One sample of a running execution on `cores` cores. */
void advice_add_sample(struct advice_usage *usage, unsigned cores, unsigned running,
                       uint64_t memory_bytes);

/* The end of an execution. `wait_share` is the measured waiting time for each second on a CPU. */
void advice_add_end(struct advice_usage *usage, double seconds, double cpu_s, double wait_share,
                    uint64_t memory_bytes);

/* For the record: the cores that one execution on `cores` cores could have used, in tenths. It is
 * more than `cores` if the execution was crowded; 0: not known. */
unsigned advice_demand(const struct advice_usage *usage, unsigned cores);
/* The inverse: adds what a record of an execution on `cores` cores says. */
void advice_add_record(struct advice_usage *usage, unsigned cores, unsigned demand, double seconds,
                       double cpu_s, uint64_t memory_bytes);

/* Appends the sentence; false, and nothing is appended, if there is none. */
bool advice_add(enum advice_kind kind, const struct advice_request *request,
                const struct advice_usage *usage, struct buf *out);

#endif
