/* What an action asked for and what it really used: one sentence, or nothing.
 *
 * Pure policy: knows the thresholds and the words. Doesn't know: where the numbers come from. Used
 * by the run, as soon as it knows enough, and by `show status`, from what is recorded.
 *
 * Said is
 * - too many threads: at ADVICE_SAMPLES looks at least, and half of all, more threads were running
 *   or ready to run than a quarter above the cores;
 * - too many cores: at least two were asked for, and executions of at least ADVICE_SECONDS used
 * less than ADVICE_USED of them, the time counted in that they were kept from running by others;
 * and less would do;
 * - memory: more was used than asked for, or more than ADVICE_NEAR of it; or none was asked for,
 * and as many executions as may run at once would need more than ADVICE_NEAR of the machine's. */
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

/* What the description says; run, at_once and machine are left at 0. `directories` are those that
 * the execution works on. */
struct advice_request advice_request_of(const struct action *action, uint64_t directories);

/* What was seen. One execution's, or those of several executions of an action together. */
struct advice_usage {
    unsigned samples;
    unsigned crowded;      /* of them: more threads ran than a quarter above the cores */
    unsigned threads;      /* the most that ran at a crowded one… */
    unsigned next_threads; /* …and the second most: that many ran twice */
    double seconds;        /* of ended executions of at least ADVICE_SECONDS */
    double cpu_s;          /* of the same */
    double wait_s;         /* of the same: threads were ready, but others had the cores */
    uint64_t memory_bytes; /* the highest; 0: not known */
};

/* One look at a running execution on so many cores. */
void advice_add_sample(struct advice_usage *usage, unsigned cores, unsigned running,
                       uint64_t memory_bytes);

/* The end of an execution. `wait_share` is the waiting for each second on a CPU, as it was seen. */
void advice_add_end(struct advice_usage *usage, double seconds, double cpu_s, double wait_share,
                    uint64_t memory_bytes);

/* For the record: the cores that one execution of so many could have used, in tenths. More than it
 * had if it was crowded; 0: not known. */
unsigned advice_demand(const struct advice_usage *usage, unsigned cores);
/* The other way round: what a record of an execution on so many cores says. */
void advice_add_record(struct advice_usage *usage, unsigned cores, unsigned demand, double seconds,
                       double cpu_s, uint64_t memory_bytes);

/* Appends the sentence; false (and nothing appended): there is none. */
bool advice_add(enum advice_kind kind, const struct advice_request *request,
                const struct advice_usage *usage, struct buf *out);

#endif
