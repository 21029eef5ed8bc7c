/* Stale? Why? In which order?
 *
 * Knows: the rules of docs/internals/rules.md. One walk (plan_examine) finds the differences
 * between a task's record and what is on disk now: with no listener it stops at the first, with one
 * it tells them all. Doesn't know: processes, cores, or how reasons are shown beyond their words.
 * Changes nothing on disk: rows that were looked at anew are put into the state, whose owner
 * decides whether they are written.
 *
 * Which file holds what, from the bottom up; each uses only files that come before it: names.c
 * (paths, and how a record names them); texts.c (what digests of recipes and values are made from);
 * fingerprint.c (of a list of components); origin.c (which run a success names);
 * costs.c (seconds and cores); recorded_work.c (the same of directories that are gone); plan.c (what a plan says); select.c (what is wanted);
 * target_paths.c (what a path names); pointers.c (values that templates name); recorded.c (a record's
 * component, by name); exam.c (who is told what); deleted.c (temporary products that were deleted);
 * stamps.c (what empty products stand for); former_products.c (what isn't a product any more);
 * records.c (records of successes, written); attempts.c (of
 * attempts that failed); renamed.c (records of renamed actions); workspace_moved.c (records of a renamed
 * workspace, or one that seems empty); links.c (products that are links); targets.c (whether what they lead to is the
 * product's alone); stays.c (what a task didn't make of a folder product); start_record.c (both, on
 * record from the start); backed_up.c (whether good products lie in backups); sight.c (files, as
 * they were last seen); named_files.c and named.c (files that depfiles name) with depfiles.c (reading those);
 * skips.c (members that groups leave out);
 * components.c (what a task depends on now); reasons.c (reasons in words); lacks.c (what keeps a
 * task from being started); convert.c (records of earlier versions);
 * compare.c (differences from the record); examine.c (the verdict); needed.c (makers that run
 * again for a reader); temporaries.c (what may be deleted); adopt.c (records for existing
 * products); decide.c (the look as a whole). Apart from these: advice.c (what an action asked for
 * and what it used), words.c (words in braces that were meant as templates), run_facts.c (what is
 * remembered of a run), story.c (how files came about). */
#ifndef ROWBUILD_PLAN_H
#define ROWBUILD_PLAN_H

#include "diag.h"
#include "graph.h"
#include "job_ref.h"
#include "observe.h"
#include "rowbuild.h"
#include "state.h"
#include "vec.h"

#include <stdbool.h>
#include <stdint.h>

enum verdict {
    VERDICT_NONE,      /* not wanted */
    VERDICT_FRESH,     /* nothing to do */
    VERDICT_STALE,     /* runs */
    VERDICT_MAYBE,     /* runs if a task before it makes different products */
    VERDICT_RESTORE,   /* the good products are backups and are renamed back */
    VERDICT_BLOCKED,   /* can't run: see the reasons */
    VERDICT_SUBMITTED, /* in a job that is queued or running: nobody else touches it */
    VERDICT_WAITS,     /* has to run, but something before it is submitted */
    VERDICT_HELD,      /* up to date, but something before it is submitted */
};

/* Whether a run has something to do with a task: it runs, may run, or gets its products back. */
static inline bool verdict_is_work(uint8_t verdict)
{
    return verdict == VERDICT_STALE || verdict == VERDICT_MAYBE || verdict == VERDICT_RESTORE;
}

/* Whether what becomes of a task is up to a job. */
static inline bool verdict_is_jobs(uint8_t verdict)
{
    return verdict == VERDICT_SUBMITTED || verdict == VERDICT_WAITS || verdict == VERDICT_HELD;
}

enum reason_kind {
    REASON_NEVER_RAN,
    REASON_ASKED, /* --rerun */
    REASON_ALWAYS,
    REASON_NO_PRODUCTS, /* row's contract: always eligible */
    REASON_INTERRUPTED,
    REASON_UNFINISHED,
    REASON_FAILED,
    REASON_CHANGED_WHILE,
    REASON_NOT_CHECKED_AFTER, /* an input couldn't be read when it ended: `status` is the errno */
    REASON_RECIPE,
    REASON_VALUE,
    REASON_JOINED, /* members of the group */
    REASON_LEFT,
    REASON_SKIPPED,   /* a member is left out now, since a task failed for it */
    REASON_RESUMED,   /* one that was left out isn't any more */
    REASON_INPUT,     /* its content differs */
    REASON_INPUT_NEW, /* a listed glob matches one more file */
    REASON_INPUT_GONE,
    REASON_INPUT_MOVING,    /* it changes each time it is read */
    REASON_INPUT_UNREAD,    /* it couldn't be read when the task last ran */
    REASON_UPSTREAM_MADE,   /* a product of a task before differs */
    REASON_UPSTREAM_JOINED, /* a task of a previous action is new */
    REASON_UPSTREAM_LEFT,
    REASON_UPSTREAM_RAN, /* a task before without products ran on something else */
    REASON_DEPFILE, /* nobody knows what its depfile named: there is none, or it can't be used */
    REASON_PRODUCT_MISSING,
    REASON_PRODUCT_CHANGED,
    REASON_NEEDED_AGAIN,     /* a product was deleted once it was read, and `task` reads it again */
    REASON_UPSTREAM_PENDING, /* MAYBE: which task before decides it */
    REASON_INPUT_MISSING,    /* BLOCKED */
    REASON_INPUT_UNREADABLE, /* BLOCKED: `status` is the errno */
    REASON_PRODUCT_UNREADABLE, /* BLOCKED: `status` is the errno */
    REASON_PRODUCT_MOVING,     /* BLOCKED: something writes to it */
    REASON_VALUE_EDITED,       /* BLOCKED: a declared value was edited by hand, in `name` */
    REASON_POINT_REFUSED,    /* BLOCKED: the directory or value of the point `name` can't be used */
    REASON_EXCLUDED,         /* BLOCKED: a previous action excludes a directory */
    REASON_UPSTREAM_BLOCKED, /* BLOCKED */
    REASON_ALL_SKIPPED,      /* BLOCKED: no member is left, since a task failed for each */
    REASON_SUBMITTED,        /* SUBMITTED: `name` is the job */
    REASON_UPSTREAM_SUBMITTED, /* WAITS, HELD: `task` is the submitted one */
    REASON_JOB_ENDED,          /* without finishing it: `name` is "job lab/123_4: TIMEOUT" */
};

/* Whether a reason says that something the task needs is missing or can't be looked at. */
static inline bool reason_is_lack(enum reason_kind kind)
{
    return kind == REASON_INPUT_MISSING || kind == REASON_INPUT_UNREADABLE ||
           kind == REASON_PRODUCT_UNREADABLE || kind == REASON_PRODUCT_MOVING ||
           kind == REASON_VALUE_EDITED || kind == REASON_POINT_REFUSED;
}

struct reason {
    enum reason_kind kind;
    struct slice name;    /* path, directory or label that it is about */
    bool in_directory;    /* `name` is below the task's own directory */
    struct digest before; /* RECIPE, VALUE: keys of state_text */
    struct digest after;
    struct task_id task;       /* UPSTREAM_…: the task before */
    int status;                /* FAILED: as task_row.attempt_status; or an errno */
    const struct job_ref *job; /* SUBMITTED */
};
typedef void reason_fn(void *context, const struct reason *reason);

struct plan_options {
    bool no_adopt;
    bool recorded;   /* look at no file */
    bool rerun;      /* selected tasks run in any case */
    bool looks_only; /* nothing that is found is put on record */
    bool scan;       /* adopt also what was planned once and never ran */
    bool on_cluster; /* the work is handed to a scheduler, which is asked for walltimes */
    unsigned threads;
};

#define WANTED_SELECTED 1
#define WANTED_UPSTREAM 2

struct component_list {
    struct component *at;
    size_t count;
    size_t capacity;
};

struct plan; /* opaque; its files share plan_inner.h */

/* A plan that wants nothing yet. The graph and `project` (a descriptor) are borrowed and must
 * outlive it. */
struct plan *plan_new(struct graph *graph, int project, const struct plan_options *options);
void plan_free(struct plan *plan);

/* Gives the plan what it looks at, both borrowed, and binds the state to the graph's numbering. To
 * be called before anything below that isn't about selection, and again after the state was read
 * anew. */
void plan_attach(struct plan *plan, struct state *state, struct observer *observer);

/* An unmounted file system is not a deleted study: -1 with a state error where the workspace has no
 * directory though some are on record. */
int plan_refuse_empty_workspace(const struct workspace *workspace, const struct state *state,
                                struct diag *diag);

/* Says which tasks are in jobs, by task, to be called before plan_look: the job that a task is in,
 * or NULL; and "job lab/123_4: TIMEOUT", the last job that it was in, which has ended, or NULL.
 * Both arrays are borrowed; NULL: there are no jobs. */
void plan_set_jobs(struct plan *plan, const struct job_ref *const *jobs,
                   const char *const *endings);

/* What the last job of a task, which may still be queued, leaves beside records. */
struct job_traces {
    const char *output; /* its file of output, from the project or absolute; NULL: not known */
    const char *errors; /* likewise of standard error, if that has its own */
    int64_t submitted_at_s;
    bool has_begun;     /* rowbuild began to carry the job out */
    const char *advice; /* what to change before the task is submitted again; NULL: nothing */
    const char *growth; /* what the next job asks for instead; NULL: the same */
};
/* By task, borrowed, with plan_set_jobs; NULL: nothing is known of the task. */
void plan_set_job_traces(struct plan *plan, const struct job_traces *const *traces);
const struct job_traces *plan_job_traces(const struct plan *plan, struct task_id task);

/* Finds what successes that are put from now on name as their origin: the key of a text that says in
 * which run it is (run_facts.h). It is asked for when the first of them is put, and the state keeps the
 * text. NULL: they name none. */
typedef struct slice plan_origin_fn(void *context);
void plan_set_origin(struct plan *plan, plan_origin_fn *find, void *context);
/* The same for the tasks that ran and are put next, with what is added for them: how their command was
 * started. */
void plan_add_to_origin(struct plan *plan, struct slice text);

/* What an earlier round of the same run had to do with a task. */
enum plan_earlier {
    PLAN_EARLIER_NONE, /* nothing: it is new, or works on other directories now */
    PLAN_EARLIER_DONE, /* it is not run again for having been asked for, nor because it always is */
    PLAN_EARLIER_FAILED, /* it is not tried again, and blocks those after it */
};

/* By task, enum plan_earlier, borrowed; to be called before plan_look. */
void plan_set_earlier(struct plan *plan, const uint8_t *earlier);
bool plan_is_further_round(const struct plan *plan);

/* ---- What a plan says ---- */

struct digest plan_recipe(const struct plan *plan, uint32_t element); /* of the rowfile's actions */

struct graph *plan_graph(const struct plan *plan);
struct state *plan_state(const struct plan *plan);
struct observer *plan_observer(const struct plan *plan);
int plan_project(const struct plan *plan); /* descriptor */

uint8_t plan_verdict(const struct plan *plan, struct task_id task); /* enum verdict */
unsigned plan_wanted(const struct plan *plan, struct task_id task); /* WANTED_…, or'ed */
const struct job_ref *plan_job(const struct plan *plan, struct task_id task); /* NULL: in none */
const char *plan_ending(const struct plan *plan, struct task_id task); /* of its last job; NULL */

/* Whether a directory is selected, where selections are by member. */
bool plan_is_member(const struct plan *plan, uint32_t directory);

/* How a file was last seen. */
enum file_status plan_status(const struct plan *plan, struct file_id file);

/* Whether a task is up to date, but its record lacks something that is known now: plan_fill_in. */
bool plan_fills_in(const struct plan *plan, struct task_id task);

bool plan_is_for_cluster(const struct plan *plan); /* plan_options.on_cluster */

/* Whether selected tasks run in any case (--rerun). */
bool plan_reruns(const struct plan *plan);

size_t plan_adopted(const struct plan *plan); /* tasks that the last plan_look adopted */

/* Tasks that were unfinished and that the last plan_look found complete (row's contract). */
size_t plan_completed(const struct plan *plan);

/* A run is done with a task: it is no longer pending for others. */
void plan_resolve(struct plan *plan, struct task_id task);
bool plan_is_resolved(const struct plan *plan, struct task_id task);

/* ---- Members that a group leaves out (group.skip_failed; skips.h) ---- */

/* The directories that a task works on, without those that are left out; and these. Owned by the plan,
 * valid until the task is decided again. */
size_t plan_directories(const struct plan *plan, struct task_id task, const uint32_t **directories);
size_t plan_skipped(const struct plan *plan, struct task_id task, const uint32_t **directories);

/* Whether a file that the task reads belongs to a member that is left out; likewise whether a task
 * before it does, and has failed or can't run for that. */
bool plan_skips_file(const struct plan *plan, struct task_id task, struct file_id file);
bool plan_skips_task(const struct plan *plan, struct task_id task, struct task_id before);

/* Whether the task may run although the one before it failed, since that is one of a member's. */
bool plan_may_skip(const struct plan *plan, struct task_id task, struct task_id before);

/* Whether all members are left out. */
bool plan_skips_all(const struct plan *plan, struct task_id task);

/* A task has failed in this run, and isn't tried again: what needs it can't run. */
void plan_doom(struct plan *plan, struct task_id task);

/* Whether groups are to run without the directory of a task, if it fails. */
bool plan_is_skippable(const struct plan *plan, struct task_id task);

/* ---- Selecting ---- */

/* Marks the tasks that were asked for, and the tasks before them. Targets may also be keys of tasks,
 * an action's name, for all its tasks, and after it the names of some of them (graph_task_name);
 * relative paths are relative to `from_project` ("" or the current directory's path below the
 * project with a trailing '/'). */
struct plan_selection {
    struct rowbuild_selection asked; /* its pointers are borrowed */
    const char *from_project;
    const char *project_path; /* absolute */
    bool within;              /* all tasks that aren't selected stay wanted, as what comes before */
    const uint8_t *among; /* by task: others aren't selected where this is 0; NULL: all may be */
};
int plan_select(struct plan *plan, const struct plan_selection *selection, struct diag *diag);

/* Of a plan that was made before its records were attached, for a selection with `failed`: of the
 * selected tasks, those whose last attempt failed stay selected, and what comes before them unless
 * `only`. After plan_set_jobs. */
void plan_keep_failed(struct plan *plan, bool only);

/* Marks as selected just the tasks with these keys (graph_add_key). Returns how many of the keys
 * name no task. */
size_t plan_select_keys(struct plan *plan, const struct slice *keys, size_t count);

/* The task that makes the product which a path names, as a selection's targets name one, or in which
 * the path lies. -1 with an error if there is none. */
int plan_find_product(const struct plan *plan, const struct plan_selection *selection,
                      const char *target, struct task_id *maker, struct diag *diag);

/* Whether an action of that name is selected; a selection of NULL selects all. */
bool plan_selects_action(const struct plan_selection *selection, struct slice name);

/* Looks at the files of all wanted tasks on all cores, adopts, and decides. -1 after errors that
 * concern the whole (a value that can't be read). */
int plan_look(struct plan *plan, struct diag *diag);

/* Decides one task again; tasks before it that are `resolved` count as done. */
enum verdict plan_decide(struct plan *plan, struct task_id task, struct diag *diag);

/* The one walk: tells `listener` (may be NULL: stops at the first) every reason for which the task
 * is not up to date. */
enum verdict plan_examine(struct plan *plan, struct task_id task, reason_fn *listener,
                          void *context, struct diag *diag);

/* The components of the task as they are now, products last. Files that moved are read. `list` is
 * cleared first; names live as long as the graph. -1 after an error (a value can't be read). */
int plan_components(struct plan *plan, struct task_id task, bool with_products,
                    struct component_list *list, struct diag *diag);
struct digest plan_fingerprint(const struct component_list *list);

/* For results that are taken as they stand, adopted or accepted: an input that is absent isn't
 * known yet, and is filled in when it comes. */
void plan_take_as_it_stands(struct component_list *list);

/* A file as a component names it: relative to the task's own directory where it lies there. The
 * name lives in the graph, or in the plan's arena. */
struct slice plan_component_name(struct plan *plan, struct task_id task, struct file_id file,
                                 bool *in_directory);

/* Looks at a file again and updates its row. What was added to a folder product since its maker's
 * success stays from now on, and doesn't count; plan_refresh_whole takes it for a part of the folder. */
enum file_status plan_refresh(struct plan *plan, struct file_id file, struct diag *diag);
enum file_status plan_refresh_whole(struct plan *plan, struct file_id file, struct diag *diag);

/* ---- Depfiles (named.h) ---- */

/* What the depfiles of a task name, as they are on disk now. All zero before; to be released. */
struct named_list {
    VEC(uint32_t) numbers; /* of the plan's named files */
    bool is_missing;       /* one of them doesn't exist */
    struct buf wrong;      /* "its depfile `x` is missing"; empty: all were read */
};
void named_list_release(struct named_list *list);

/* Reads them. `checks_makers`: it is wrong to name a product of a task that doesn't come before. -1
 * with list->wrong. */
int plan_read_depfiles(struct plan *plan, struct task_id task, bool checks_makers,
                       struct named_list *list);

/* Looks again at what the record of a task says that its depfile named. */
void plan_refresh_named(struct plan *plan, struct task_id task, struct diag *diag);

/* What is accepted as it stands: what the depfile names, or else what is on record, or nothing. */
void plan_accept_depfile(struct plan *plan, struct task_id task, struct component_list *list,
                         struct diag *diag);

/* Looks at the files and adds them to the components, in place of what is there of a depfile. */
void plan_add_named(struct plan *plan, struct task_id task, const struct named_list *named,
                    struct component_list *list, struct diag *diag);

/* What was last seen of a component of that kind; whether a task makes it. */
const struct file_row *plan_named_row(struct plan *plan, struct task_id task,
                                      const struct component *component, enum file_status *status,
                                      int *trouble);
/* Whether it was changed at that time of the file system, or later, or a link on the way to it was. Of
 * a folder, its files count: its own times move when the task makes something in it. `folders`: those
 * that were seen to be no links; it grows. */
bool plan_named_is_younger(struct plan *plan, struct task_id task,
                           const struct component *component, int64_t time_ns,
                           struct intern *folders);
bool plan_named_is_made(struct plan *plan, struct task_id task, const struct component *component);

/* How many of the components come before those of a depfile and the products. */
size_t plan_count_plain(const struct component *list, size_t count);

/* Why the last look at a file failed: an errno, or 0. */
int plan_trouble(const struct plan *plan, struct file_id file);

/* ---- Temporary products (deleted.h) ---- */

/* Whether a file is gone because it, or the product that it belongs to, was deleted once it was read:
 * it counts as it was. */
bool plan_is_deleted(const struct plan *plan, struct file_id file);

/* Why a temporary product isn't deleted. */
enum temporary_state {
    TEMPORARY_DELETED,  /* it is: plan_is_deleted */
    TEMPORARY_READY,    /* it may be deleted now */
    TEMPORARY_GONE,     /* it is missing, and nobody recorded that it was deleted */
    TEMPORARY_UNREAD,   /* no action reads it */
    TEMPORARY_HELD,     /* as a part of a folder or of a group of files that somebody reads */
    TEMPORARY_CHANGED,  /* it isn't what its maker's success left */
    TEMPORARY_OLDER,    /* made, or read, before it was declared temporary, or by other means */
    TEMPORARY_AWAITED,  /* a task that reads it has yet to run: `reader` */
    TEMPORARY_OCCUPIED, /* it holds files that its maker didn't make, or a link leads to it */
};
/* `older_too`: also what was made or read before it was declared temporary. `reader` may be NULL.
 * Looks at the disk. */
enum temporary_state plan_temporary_state(struct plan *plan,
                                          const struct temporary_product *temporary, bool older_too,
                                          struct task_id *reader, struct diag *diag);
/* One is gone since the command of a task has used it up: it counts as deleted if that was the last
 * to read it. */
bool plan_is_used_up(struct plan *plan, const struct temporary_product *temporary,
                     struct diag *diag);

/* Appends what `show why` says of it: "t: temporary, deleted after it was read". */
void plan_describe_temporary(struct plan *plan, const struct temporary_product *temporary,
                             struct buf *out, struct diag *diag);

/* Puts on record that a temporary product is deleted. */
void plan_put_deleted(struct plan *plan, struct file_id file);

/* The makers of what was deleted and the task reads, which have to run before it can. Adds them to
 * `makers`. False: there are none, or nobody is going to ask them. */
struct task_list {
    struct task_id *at;
    size_t count;
    size_t capacity;
};
void plan_add_deleted_makers(const struct plan *plan, struct task_id task,
                             struct task_list *makers);
/* Decides that the maker runs again, since `reader` needs what was deleted. */
void plan_need(struct plan *plan, struct task_id maker, struct task_id reader, struct diag *diag);

/* Tells `listener` (may be NULL: stops at the first) what keeps the task from being started, as its
 * files were last seen: inputs that are missing or can't be read, and products that can't be read,
 * since what is there must be known before anything replaces it. True: there is something. */
bool plan_lacks(struct plan *plan, struct task_id task, reason_fn *listener, void *context,
                struct diag *diag);

/* Marks the products that are there as what an attempt left which didn't succeed; `has_failed`: it
 * failed or was killed. Nothing is read. */
void plan_mark_left(struct plan *plan, struct task_id task, bool has_failed);

/* Looks again at the values and files that a task depends on. */
void plan_refresh_inputs(struct plan *plan, struct task_id task, struct diag *diag);

/* Links that the command writes through (links.h). Whether the product is one, and its target; the
 * target that is on record; where the product's bytes lie: its path, or the target. */
bool plan_writes_through(struct plan *plan, struct task_id task, struct file_id file,
                         struct buf *target);
bool plan_recorded_target(struct plan *plan, struct task_id task, struct file_id file,
                          struct slice *target);
void plan_add_place(struct plan *plan, struct task_id task, struct file_id file, struct buf *place);
/* Adds what is to be recorded of the task's links. */
void plan_add_links(struct plan *plan, struct task_id task, struct component_list *list);
/* -1 with an error that names the other: the target is an input or another product, holds one, or
 * belongs to one. */
int plan_check_target(struct plan *plan, struct file_id file, struct slice target,
                      struct diag *diag);
/* Entries of folder products that the task didn't make (stays.h). What counts of a file, without
 * them; those of a product; what is to be recorded of the task's. */
const struct tree_view *plan_view(const struct plan *plan, struct file_id file);
size_t plan_stays(const struct plan *plan, struct file_id file, const struct slice **entries);
void plan_add_stays(struct plan *plan, struct task_id task, struct component_list *list);
void plan_reload_stays(struct plan *plan, struct task_id task);
/* After an attempt: those that it changed are the task's from now on. */
void plan_review_stays(struct plan *plan, struct task_id task);

/* Puts the row of an attempt that has ended and is no success, with the run that was set and with facts of
 * its own (run_facts.h); and finds all of them. False: they aren't known, as of earlier versions, or
 * there is no such attempt. The facts borrow from the state. */
struct run_facts;
void plan_put_attempt(struct plan *plan, struct task_id task, struct slice facts,
                      struct task_row *row);
bool plan_attempt_facts(const struct plan *plan, struct task_id task, struct run_facts *facts);

/* Puts the row of a task that is being started, with its links and the entries that stay. */
void plan_put_start(struct plan *plan, struct task_id task, struct task_row *row);
/* What the record of the last success says of one of the task's files: where a component of that
 * kind stands in `good`, good.count if there is none; and its digest, or DIGEST_UNKNOWN. */
size_t plan_recorded_place(struct plan *plan, struct task_id task, enum component_kind kind,
                           struct file_id file);
struct digest plan_recorded_digest(struct plan *plan, struct task_id task, enum component_kind kind,
                                   struct file_id file);

/* Puts a row with another list; its fingerprint stays. */
void plan_put_list(struct plan *plan, struct task_id task, const struct component_list *list,
                   struct task_row *row);

/* The backups of folders that a success replaces, with the digests of the one before, which is on
 * record; and that they are gone. */
void plan_add_old(struct plan *plan, struct task_id task, struct component_list *list);
void plan_end_old(struct plan *plan, struct task_id task);

/* Whether every product of the last success lies in its hidden sibling as it was recorded. */
bool plan_good_set_is_backed_up(struct plan *plan, struct task_id task);

/* Puts a row whose good set is `list`, with the origin that was set; of what didn't run, no start is
 * known. An attempt is over with it, except ATTEMPT_CHANGED. The empty
 * products of a task that ran get their stamps. */
void plan_put_success(struct plan *plan, struct task_id task, const struct component_list *list,
                      struct task_row *row);

/* Writes the record of a task that is fresh anew, with all that is known now; records of tasks
 * after it that counted its fingerprint follow. -1 after an error (a value can't be read). */
int plan_fill_in(struct plan *plan, struct task_id task, struct diag *diag);

/* Replaces a digest in the records of the file's maker and of all tasks after it that recorded
 * it. */
void plan_replace_digest(struct plan *plan, struct task_id maker, struct file_id file,
                         struct digest before, struct digest after);

/* Reads racy files once more, on all cores, a tick after they were made. */
void plan_settle(struct plan *plan, const struct file_id *files, size_t count);

/* Path of a file, NUL-terminated, valid until the next call with the plan. */
const char *plan_path(struct plan *plan, struct file_id file);

/* Seconds that an execution of the task is likely to take, for an order of starts: recorded, else the
 * median of its element's tasks, else of all of its action, else its walltime. */
double plan_seconds(const struct plan *plan, struct task_id task);
unsigned plan_cores(const struct plan *plan, struct task_id task);
/* Seconds of the task's last success; the median of the action's tasks. Negative: not on record. */
double plan_recorded_seconds(const struct plan *plan, struct task_id task);
double plan_typical_seconds(const struct plan *plan, uint32_t element);
/* Seconds times cores: those of the task's last success, of which a task that ran together with others
 * has its share, and what it is likely to take: recorded, else the action's median, else, if the work
 * is handed to a cluster, its walltime. Negative: not known. */
double plan_recorded_core_seconds(const struct plan *plan, struct task_id task);
double plan_core_seconds(const struct plan *plan, struct task_id task);

/* What is on record of results in directories that the study may not have any more
 * (recorded_work.c): of tasks of directories, not of groups. */
struct recorded_work {
    bool has_results; /* some task has succeeded */
    double core_seconds;
};
void plan_find_recorded_work(const struct plan *plan, const struct slice *directories, size_t count,
                             struct recorded_work *works);

/* Appends one reason in words: "value /temperature: 1.0 → 1.5". */
void plan_add_reason(struct plan *plan, struct task_id task, const struct reason *reason,
                     struct buf *out);

/* Appends "product b.out is missing", or why it can't be used, by how it was last seen. */
void plan_add_product_trouble(struct plan *plan, struct task_id task, struct file_id file,
                              struct buf *out);

/* Checks that the values of all tasks that will or may run (`all`: of every task) have what the
 * templates of their commands and environments name. -1 after errors that name the directories. */
int plan_check_pointers(struct plan *plan, bool all, struct diag *diag);

/* Warns of words in braces that aren't templates but keys of the values, of actions that will or may
 * run (`all`: of every action). Looks at the values of some directories. */
void plan_warn_of_words(struct plan *plan, bool all, struct diag *diag);

/* Remembers the texts that explain this task's digests (recipe, values). */
void plan_keep_texts(struct plan *plan, struct task_id task);

#endif
