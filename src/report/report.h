/* Writes the output of `show …` and of a dry run: tables, reasons, drawings, and the same as JSON.
 *
 * Knows: how a plan, launchers and a machine are shown to people and programs. Doesn't decide what
 * is stale; it only counts and describes. Doesn't know: where text is printed. Every function
 * appends whole lines to `out`, which the caller owns; after an error the appended text must not be
 * shown. Tables have row's columns in row's order; information that row lacks goes into one more
 * column after them, which is left out where it would be empty. Names are spelt by text_add_name,
 * so that one record is one line; in JSON they are exact (text_add_json). Hours are core-hours.
 *
 * plan_look must have been called on the plan. The plan isn't const where files may be read for
 * explanations. */
#ifndef ROWBUILD_REPORT_H
#define ROWBUILD_REPORT_H

#include "audit_findings.h"
#include "buf.h"
#include "clusters.h"
#include "diag.h"
#include "graph.h"
#include "launch.h"
#include "launchers.h"
#include "listing.h"
#include "machine.h"
#include "plan.h"
#include "rowbuild.h"
#include "slice.h"
#include "workspace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- Tasks ---- */

enum { REPORT_STATUS_WORDS = ROWBUILD_WAITING + 1 };
const char *report_status_name(enum rowbuild_status word); /* row's words: "completed" … */

/* Completed: the products exist and are up to date now (a task that it depends on may still change
 * that). Submitted: in a job that is queued or running. Eligible: stale, and every wanted task that
 * it depends on is completed. Waiting: all others. */
enum rowbuild_status report_task_status(const struct plan *plan, struct task_id task);

/* Whether a directory of a selected task is itself selected, and how many of several are. */
bool report_is_member(const struct plan *plan, uint32_t directory);
size_t report_count_members(const struct plan *plan, const uint32_t *directories, size_t count);

/* The tasks with one of the WANTED_… bits of `wanted`, in the order of the Rowfile's elements, then
 * of directories. The caller frees *tasks with free(). */
size_t report_list_tasks(const struct plan *plan, unsigned wanted, struct task_id **tasks);

/* What a repository says of a file since a commit. */
struct report_change {
    struct slice path;    /* asked: from the project */
    struct slice since;   /* asked: hexadecimal; ends with NUL */
    bool is_known;        /* answered: it was changed by `commit`, or, empty, isn't committed */
    struct slice commit;  /* hexadecimal */
    struct slice subject; /* of the commit */
};
/* Who answers, once for all changes of a report. The answers must outlive it. */
struct report_commits {
    void (*find)(void *context, struct report_change *changes, size_t count);
    void *context;
    const char *since; /* the commit for all tasks; NULL: that of each task's record */
};

/* Calls `each` with the words of every reason for which the task isn't up to date, most important
 * first. The text is valid only during the call. */
typedef void report_reason_fn(void *context, struct slice words);
void report_task_reasons(struct plan *plan, struct task_id task, report_reason_fn *each,
                         void *context, struct diag *diag);

/* The affected tasks (by task: not 0) of a plan as a run would find them, each with its first reason, or
 * all (`explain`); as JSON one object with the commit. */
int report_since(struct plan *plan, const uint8_t *affected, const char *commit, bool explain,
                 const struct report_commits *commits, const struct rowbuild_show_options *options,
                 struct buf *out, struct diag *diag);

/* Whether a run of the stale task would redo a good result: it succeeded before (or was adopted)
 * and is not of an action that runs each time anyway. */
bool report_is_redone(const struct plan *plan, struct task_id task);

/* Whether the task can't run for want of something (reason_is_lack), so that a run would fail it. */
bool report_lacks(struct plan *plan, struct task_id task, struct diag *diag);

/* Whether a run would fail any of the wanted tasks so. */
bool report_any_lacks(struct plan *plan, struct diag *diag);

/* points: what is declared, and how each point that isn't simply made stands. `works` by undeclared
 * directory. */
void report_points(const struct workspace *workspace, const struct recorded_work *works,
                   const struct rowbuild_show_options *options, struct buf *out);

/* Appends the task's job, "lab/123_4"; nothing if it is in none. */
void report_add_job(const struct plan *plan, struct task_id task, struct buf *out);

/* Predicted; negative: not known. */
double report_task_hours(const struct plan *plan, struct task_id task);

/* ---- What a run is about to do ---- */

/* Over all wanted tasks. Walks the redone ones for their reasons. */
void report_estimate(struct plan *plan, struct rowbuild_estimate *estimate, struct diag *diag);

/* "would redo 120 finished tasks, 3.4k CPU-hours, command changed\n"; nothing if no work would be
 * redone. */
void report_add_again(const struct rowbuild_estimate *estimate, struct buf *out);

/* "2 directories with results of 12 CPU-hours are no longer declared: `a`, `b`" */
void report_add_undeclared(const struct rowbuild_undeclared *undeclared, struct buf *out);

/* "adopted the products of 3,000 tasks …", or the words of a dry run; false if there are none. */
bool report_add_adopted(const struct plan *plan, bool dry_run, struct buf *out);

/* "would run 3 tasks and up to 5 more: 0.2 to 0.7 CPU-hours\n" or "nothing to do\n". */
void report_add_estimate(const struct rowbuild_estimate *estimate, struct buf *out);

/* ---- show status, directories, why; the dry run ---- */

/* A line for each element whose name matches one of the selection's actions (NULL or none: all),
 * with the selected tasks counted: directories, or 1 for a project's task. `Remaining cost` is what
 * the tasks that aren't completed are likely to take, by the records. Under row's contract, and on a
 * cluster as long as nothing is on record, it is row's: over groups of directories that aren't
 * completed, processes × walltime × (GPUs, else threads), with walltimes as they have grown. `running`
 * says by task what a run executes now, `growth` what jobs ask for; NULL: nothing. JSON: an array of
 *     {"action","completed","submitted","eligible","waiting","remaining_core_hours",
 *      "remaining_gpu_hours","remaining_unknown" (tasks that neither counts),"running","failed","unfinished","interrupted","job_ended","stale","may_run",
 *      "restores","blocked"}
 * -1 after errors of a value that groups need. */
struct report_now {
    const bool *running;
    const struct task_growth *growth;
};
int report_status(struct plan *plan, const struct plan_selection *selection,
                  const struct report_now *now, const struct rowbuild_show_options *options,
                  struct buf *out, struct diag *diag);

/* A line for each element with selected tasks on record: how many executions there were, the median
 * and the longest of them, all together, the share of their cores that they used, and the most memory.
 * JSON: an array of {"action","tasks","recorded","executions","median_seconds","longest_seconds",
 * "longest" (a key),"total_seconds","core_hours","cpu_seconds","cpu_use" (1: all cores),
 * "memory_bytes" (null: not known)}, without the numbers after "executions" where there are none. */
void report_durations(const struct plan *plan, const struct plan_selection *selection,
                      const struct rowbuild_show_options *options, struct buf *out);

/* The selected directories of one action, group by group as a batch or job would take them; a
 * project's task is the one line "(project)" (none when short). JSON: an array of
 *     {"directory" (null for a project's),"status","job" ("lab/123_4", or null),"group" (from 0),
 *      "values" {pointer: value},"reason" (null when completed)}
 * -1 after errors: a pointer that isn't one, a value that lacks it or can't be read. */
int report_directories(struct plan *plan, struct slice action,
                       const struct rowbuild_show_options *options, struct buf *out,
                       struct diag *diag);

/* The output of `show directories` without an action: all directories, or with targets those that they
 * name or select tasks of; names, one a line, or a JSON array of strings. */
void report_directory_names(const struct plan *plan, const struct rowbuild_selection *selection,
                            const struct rowbuild_show_options *options, struct buf *out);

/* For each selected task "LABEL: is up to date", or its verdict ("LABEL: is out of date:") and a
 * line for each reason. JSON: an array of {"task" (its key),"action","name" ("" for the
 * only task of an action),"directory" (null for group and project tasks),"status", "intent" ("fresh", "will_run", "may_run", "restores", "blocked",
 * "submitted", "waits", "held"),"job" (or null),"waits_for" (the key of a task before that failed or
 * can't run, or null),"ending" (of its last job, or null),"reasons" [],"changes" [{"path","commit"
 * (null: not committed),"subject"}]}. `commits` (may be NULL) says which commits changed inputs. Without `all`, the text is
 * only about tasks that aren't up to date. -1 after errors of a value that can't be read. */
int report_why(struct plan *plan, bool all, const struct report_commits *commits,
               const struct rowbuild_show_options *options, struct buf *out, struct diag *diag);

/* A line for each task that will or may run or whose products are put back, with its first reason
 * in brackets; with `explain` all reasons, indented below (and then the blocked tasks too). Then
 * what would be redone, then the estimate. JSON: an object with the estimate's numbers and "tasks",
 * an array of {"task","action","name","directory","intent","again","core_hours" (null: not known),
 * "command" (null: none is started),"reasons" []}. With `launch` the text has each command, too;
 * JSON needs it. -1 as
 * report_why. */
int report_plan(struct plan *plan, bool explain, const struct launch_context *launch,
                const struct report_commits *commits, const struct rowbuild_undeclared *undeclared,
                const struct rowbuild_show_options *options, struct buf *out, struct diag *diag);

/* ---- show command ---- */

/* Of each selected task: the command as a run would start it, and how. JSON: an array of {"task" (its
 * key),"action","name","directory","command","batch" (others may share the command),"shell",
 * "launcher","setup" (each null: none),"processes","threads_per_process","cores","gpus_per_process",
 * "memory_bytes" (0: not requested),"runs_in","environment" [] ("NAME=value", without what is
 * inherited)}. `launch` has an empty environment: what is inherited may have secrets. -1 after
 * errors. */
int report_commands(struct plan *plan, const struct launch_context *launch,
                    const struct rowbuild_show_options *options, struct buf *out,
                    struct diag *diag);

/* ---- show provenance ---- */

/* The story of what the tasks have made (story.h): a paragraph for each step, from the products back
 * to values and inputs. JSON: an array of {"task" (its key),"action","name","how" ("ran", "adopted",
 * "accepted"),"started","ended","seconds","cores","host","user","job","commit","tree" ("clean",
 * "dirty"),"version","run_began" (each null: not known),"command" (as it ran; null: not known),
 * "template","shell","launcher","setup","environment" [],
 * "values" [{"directory","value","by_pointer"}],"inputs" [{"path","digest","made_by","was_remade"}],
 * "after" [],"products" [{"path","digest","now"}]}. -1 with an error if one of the tasks has no
 * success on record. */
int report_provenance(struct plan *plan, const struct task_id *tasks, size_t count,
                      const struct rowbuild_show_options *options, struct buf *out,
                      struct diag *diag);

/* ---- show jobs ---- */

/* A line for each job. With `short_output` only the known ids. JSON: an array of
 *     {"id" (or null),"cluster","action","directories","state" (or null),"reason" (or null),
 *      "tasks" [] (keys),"names" [] (beside the action's)}. */
void report_jobs(const struct job_line *jobs, size_t count,
                 const struct rowbuild_show_options *options, struct buf *out);

/* ---- show launchers ---- */

/* The launchers in the format of launchers.toml: the variants for `cluster` under the launchers'
 * names, or with `all` every variant; with `short_output` the names. JSON: an object of objects. */
void report_launchers(const struct launchers *launchers, struct slice cluster,
                      const struct rowbuild_show_options *options, struct buf *out);

/* ---- show cluster ---- */

/* The current cluster in the format of clusters.toml, or with `all` every one, in matching order;
 * with `short_output` the names. JSON: an object {"name", "origin", "identify", "scheduler",
 * "submit_options" [], …, "partition" [{"name", …}]}, where settings without a value are left out;
 * with `all` an array of these. */
void report_clusters(const struct clusters *clusters, const struct cluster *current,
                     const struct rowbuild_show_options *options, struct buf *out);

/* ---- show machine ---- */

/* A running task. */
struct report_holder {
    const char *label;            /* shown unchanged: no control characters */
    const unsigned *core_numbers; /* indices into machine->cores; NULL: it isn't bound to them */
    size_t core_count;
    const char *elsewhere; /* the CPUs that it is bound to, if none of them belongs to `machine`,
                              which may be restricted to other CPUs; else NULL */
};

/* One CPU's time since the machine started, in ticks of any length. */
struct report_cpu_time {
    uint64_t busy;
    uint64_t total; /* busy and idle; 0: not known */
};

/* Reads the lines "cpuN …" of /proc/stat's text into times[N]; CPUs from `count` on are left out;
 * CPUs missing from the text become zero. */
void report_read_cpu_times(struct slice proc_stat, struct report_cpu_time *times, size_t count);

/* What starts the ranks of the launcher `mpi`. */
struct report_mpi {
    struct slice program; /* "mpirun" */
    struct slice name;    /* "Open MPI 4.1.4", as it says of itself; empty: it isn't known */
};

struct report_machine_facts {
    const struct machine *machine;
    unsigned budget;                     /* the default one: cores */
    const struct allocation *allocation; /* in a job (machine_confine was called), or NULL */
    bool is_counted; /* the machine is real, but which of its cores are the job's isn't known */
    const struct report_holder *holders;
    size_t holder_count;
    const struct report_cpu_time *before; /* by CPU; `cpu_count` elements, as `after`; may be 0 */
    const struct report_cpu_time *after;
    size_t cpu_count;
    const struct rowfile *rowfile; /* whose pools are listed; NULL: none */
    const unsigned *pools_taken;   /* by pool, by the holders; NULL: nothing */
    const struct report_mpi *mpi;  /* NULL: none */
};

/* A drawing of packages, NUMA nodes and cores with their CPUs, each CPU's load between the two
 * reads, and who holds which core. JSON: an object with "packages", "numa_nodes", "memory_bytes",
 * "cpu_quota" (null: none), "default_budget", "allocation" (null: in no job) {"job","host","cpus",
 * "cpus_from","bound","hosts" [{"host","cpus"}]}, "real", "cores"
 * [{"core","package","numa_node","cpus"
 * [],"load" [0 to 1, or null],"held_by" []}], "not_bound" [{"label","cores"}], "elsewhere"
 * [{"label","cpus"}], and where there are any, "pools" [{"pool","count","taken"}]; where it is
 * known, "mpi" {"program","name"}. */
void report_machine(const struct report_machine_facts *facts,
                    const struct rowbuild_show_options *options, struct buf *out);

/* The same of this machine as it is now, with the tasks of the run that has the state folder, and the
 * pools of the Rowfile (NULL: none is known). `mpi` may be NULL. Takes a tenth of a second, in which the load is measured. -1 after an error. */
int report_machine_now(const char *state_path, const struct rowfile *rowfile,
                       const struct report_mpi *mpi, const struct rowbuild_show_options *options,
                       struct buf *out, struct diag *diag);

/* ---- audit ---- */

/* One finding: its place, message and mend. */
void report_audit_finding(const struct audit_finding *finding, bool colour, struct buf *out);
/* Each finding: its place, message and mend; then how many commands were `watched`. */
void report_audit(const struct audit_findings *findings, size_t watched, bool colour,
                  struct buf *out);
/* An object on lines of its own: `findings`, and how many commands were `watched`. */
void report_audit_json(const struct audit_findings *findings, size_t watched, struct buf *out);

#endif
