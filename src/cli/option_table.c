/* The options, each once: its names, where its value is kept, who takes it, what is said of it. Of
 * two entries with one name, a command takes the first that it is among the takers of. */
#include "commands.h"
#include "settings.h"

#include <limits.h>

#define ON(command) COMMAND_BIT(COMMAND_##command)
#define ALL_COMMANDS (COMMAND_BIT(COMMAND_COUNT) - 1)

/* Where a value is kept; the type of the member says how its argument is read. */
#define TO(member)                                                                                 \
    .place = offsetof(struct settings, member),                                                    \
    .kind = _Generic(((struct settings *)0)->member, bool                                          \
                     : OPTION_FLAG, unsigned                                                       \
                     : OPTION_UNSIGNED, size_t                                                     \
                     : OPTION_SIZE, double                                                         \
                     : OPTION_SECONDS, const char *                                                \
                     : OPTION_STRING, string_list                                                  \
                     : OPTION_LIST)
#define COUNTED(member) .place = offsetof(struct settings, member), .kind = OPTION_COUNT
#define WORD(member, ...)                                                                          \
    .place = offsetof(struct settings, member), .kind = OPTION_WORD,                               \
    .words = (const char *const[])                                                                 \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
#define GIVEN(member) .given = offsetof(struct settings, member)

static const char existing_results[] = "EXISTING RESULTS: ADOPT, ACCEPT, SCAN";

/* clang-format off */
const struct option_spec command_options[] = {
    {'j', "jobs", "N", TO(run.jobs), GIVEN(run.jobs_given), .least = 1, .takers = ON(RUN),
     .help = "use N cores (default: all that this process may use)",
     .more = "The default follows the affinity and the quota of the control group. With more cores "
             "than the machine has, processes aren't bound to cores. Below a make(1) with a "
             "jobserver the default is what that make grants, token by token: see $MAKEFLAGS."},
    {'j', "jobs", "N", TO(run.jobs), GIVEN(run.jobs_given), .least = 1, .takers = ON(JOB),
     .help = "use N cores (default: those that the job has)"},
    {0, "gpus", "N", TO(run.gpus), GIVEN(run.gpus_given), .takers = ON(RUN) | ON(JOB),
     .help = "there are N GPUs to use (default: as many as are found)",
     .more = "Before any GPU is looked for, the default is what $ROWBUILD_GPUS says, or as many as "
             "an inherited $CUDA_VISIBLE_DEVICES or $ROCR_VISIBLE_DEVICES names."},
    {'k', "keep-going", "N", TO(run.keep_going), .zero = UINT_MAX, .takers = ON(RUN),
     .help = "start nothing new after N failures (default 1); 0: never stop"},
    {'n', "dry-run", NULL, TO(dry_run), .takers = ON(RUN),
     .help = "run nothing, write nothing: say what would run, why, and what it would cost",
     .more = "What may run, if an earlier action makes something different, is listed too. The "
             "first reason for each is printed, with --explain all reasons."},
    {'a', "action", "ACTION", TO(actions), .completes = "action",
     .takers = ON(RUN) | ON(SHOW_STATUS) | ON(SHOW_WHY) | ON(SHOW_LOG) | ON(SHOW_JOBS) |
               ON(SUBMIT) | ON(ACCEPT),
     .help = "only actions of this name; * and ? match as in a shell; may be given several times"},
    {'a', "action", "ACTION", TO(actions), .completes = "action",
     .takers = ON(SHOW_DIRECTORIES) | ON(SCAN), .help = "only the action of exactly this name"},

    {'n', NULL, "N", TO(submit.limit), .least = 1, .takers = ON(SUBMIT),
     .help = "submit N jobs at most, over all actions"},
    {0, "dry-run", NULL, TO(dry_run), .takers = ON(SUBMIT),
     .help = "print the scripts; submit nothing, write nothing",
     .more = "The scripts have a token of zeros."},
    {0, "follow", NULL, TO(submit.follow), .takers = ON(SUBMIT),
     .help = "also submit what waits for something submitted: its jobs start when what they need "
             "has succeeded"},
    {0, "no-array", NULL, TO(submit.no_arrays), .takers = ON(SUBMIT),
     .help = "each job by itself, not as a part of an array"},
    {0, "throttle", "N", TO(submit.throttle), .least = 1, .takers = ON(SUBMIT),
     .help = "run N jobs of an array at once"},
    {0, "patience", "SECONDS", TO(submit.patience_s), GIVEN(submit.patience_given),
     .takers = ON(SUBMIT),
     .help = "keep trying for this long in total while the scheduler accepts nothing (default 120)"},

    {0, "all", NULL, TO(show.all), .takers = ON(SHOW_STATUS), .needs_action = 0,
     .help = "also actions without directories"},
    {0, "all", NULL, TO(show.all), .takers = ON(SHOW_CLUSTER), .help = "all known clusters"},
    {0, "all", NULL, TO(show.all), .takers = ON(SHOW_LAUNCHERS),
     .help = "the launchers of all clusters"},
    {0, "value", "POINTER", TO(values), .takers = ON(SHOW_DIRECTORIES),
     .needs_action = ON(SHOW_DIRECTORIES),
     .help = "a column with this part of the values, such as /temperature; may be given several "
             "times"},
    {0, "completed", NULL, TO(show.completed), .takers = ON(SHOW_STATUS) | ON(SHOW_DIRECTORIES),
     .needs_action = ON(SHOW_DIRECTORIES), .help = "show what is completed"},
    {0, "submitted", NULL, TO(show.submitted), .takers = ON(SHOW_STATUS) | ON(SHOW_DIRECTORIES),
     .needs_action = ON(SHOW_DIRECTORIES), .help = "show what is submitted"},
    {0, "eligible", NULL, TO(show.eligible), .takers = ON(SHOW_STATUS) | ON(SHOW_DIRECTORIES),
     .needs_action = ON(SHOW_DIRECTORIES), .help = "show what can run now"},
    {0, "waiting", NULL, TO(show.waiting), .takers = ON(SHOW_STATUS) | ON(SHOW_DIRECTORIES),
     .needs_action = ON(SHOW_DIRECTORIES), .help = "show what waits for previous actions"},
    {'n', "n-groups", "N", TO(show.group_limit), .least = 1, .takers = ON(SHOW_DIRECTORIES),
     .needs_action = ON(SHOW_DIRECTORIES), .help = "only the first N groups"},
    {0, "short", NULL, TO(show.short_output), .takers = ON(SHOW_JOBS),
     .help = "only the jobs' numbers, one a line"},
    {0, "short", NULL, TO(show.short_output),
     .takers = ON(SHOW_DIRECTORIES) | ON(SHOW_CLUSTER) | ON(SHOW_LAUNCHERS),
     .help = "only names, one a line"},
    {0, "no-header", NULL, TO(show.no_header),
     .takers = ON(SHOW_STATUS) | ON(SHOW_DIRECTORIES) | ON(SHOW_JOBS),
     .needs_action = ON(SHOW_DIRECTORIES), .help = "leave the table's first line out"},
    {0, "no-separate-groups", NULL, TO(show.no_separate_groups), .takers = ON(SHOW_DIRECTORIES),
     .needs_action = ON(SHOW_DIRECTORIES), .help = "no blank lines between groups"},
    {'f', "follow", NULL, TO(follow), .takers = ON(SHOW_LOG),
     .help = "keep printing as the log grows, until the task ends"},
    {0, "recorded", NULL, TO(selection.recorded),
     .takers = ON(SHOW_STATUS) | ON(SHOW_DIRECTORIES) | ON(SHOW_WHY),
     .help = "answer from the state alone, without looking at any file"},

    {0, "only", NULL, TO(selection.only), .takers = ON(RUN),
     .help = "don't bring up to date what the selected tasks need"},
    {0, "only", NULL, TO(selection.only), .takers = ON(SUBMIT),
     .help = "don't check whether earlier actions are up to date"},
    {0, "rerun", NULL, TO(selection.rerun), .takers = ON(RUN),
     .help = "run the selected tasks although they are up to date"},
    {0, "adopt", NULL, TO(selection.adopt), .takers = ON(RUN), .section = existing_results,
     .help = "where the state can't be read, start anew and count existing products as complete"},
    {0, "no-adopt", NULL, TO(selection.no_adopt), .takers = ON(RUN) | ON(SUBMIT),
     .section = existing_results, .help = "products that were never recorded don't count"},

    {0, "completed", NULL, TO(clean.completed), .takers = ON(CLEAN),
     .help = "forget what was completed: the records of tasks"},
    {0, "directory", NULL, TO(clean.directory), .takers = ON(CLEAN),
     .help = "forget what was read of directories and files"},
    {0, "submitted", NULL, TO(clean.submitted), .takers = ON(CLEAN),
     .help = "forget submitted jobs"},
    {0, "force", NULL, TO(clean.force), .takers = ON(CLEAN),
     .help = "do so although jobs are submitted"},
    {'n', "dry-run", NULL, TO(dry_run), .takers = ON(CLEAN),
     .help = "only say what would be forgotten"},

    {0, "yes", NULL, TO(yes), .variable = "YES", .takers = ON(RUN),
     .help = "redo much finished work without asking",
     .more = "A run asks when it would redo more than `workspace.confirm_above` CPU-hours. On a "
             "terminal the question can also be answered with `a`, which accepts the existing "
             "results and continues with the rest; elsewhere such a run ends with status 2."},
    {0, "yes", NULL, TO(yes), .takers = ON(SUBMIT) | ON(CLEAN), .help = "don't ask"},
    {0, "grace", "SECONDS", TO(run.grace_s), .zero = 0.001, .takers = ON(RUN),
     .help = "time between TERM and KILL on Ctrl-C (default 5)"},
    {0, "grace", "SECONDS", TO(run.grace_s), .zero = 0.001, .takers = ON(JOB),
     .help = "time between TERM and KILL when the job is cancelled or preempted (default 20)"},
    {0, "plain", NULL, TO(display.plain), .takers = ON(JOB),
     .help = "of successful tasks, print only what their commands print"},
    {'0', "null", NULL, TO(null),
     .takers = ON(RUN) | ON(SHOW_STATUS) | ON(SHOW_DIRECTORIES) | ON(SHOW_JOBS) | ON(SHOW_WHY) |
               ON(SCAN) | ON(ACCEPT),
     .help = "targets on standard input end with NUL, not newline"},

    {0, "schema", NULL, TO(schema), .takers = ON(CHECK),
     .help = "print the JSON Schema of a Rowfile, for editors"},
    {0, "signac", NULL, TO(init.signac), .takers = ON(INIT),
     .help = "read values where signac keeps them"},
    {0, "row", NULL, TO(init.row), .takers = ON(INIT),
     .help = "write a workflow.toml, which row reads too"},
    {'w', "workspace", "NAME", TO(init.workspace), .takers = ON(INIT),
     .help = "name of the workspace (default: workspace)"},

    {'C', NULL, "DIR", TO(directories), .completes = "folder", .takers = ALL_COMMANDS,
     .help = "change to DIR before anything else"},
    {'f', "file", "FILE", TO(project.file), .completes = "file", .takers = ALL_COMMANDS,
     .help = "read FILE instead of the nearest Rowfile or workflow.toml",
     .more = "The directory that holds it is the project."},
    {'v', "verbose", NULL, TO(display.verbose), .takers = ALL_COMMANDS,
     .help = "say more: also print a line for each task that starts"},
    {'q', "quiet", NULL, COUNTED(display.quiet), .takers = ALL_COMMANDS,
     .help = "print only failures and errors; given twice, no errors either"},
    {0, "explain", NULL, TO(run.explain), .takers = ALL_COMMANDS,
     .help = "say why each task runs",
     .more = "All reasons are printed when it starts, as `explain simulate T1.5-s1: never ran`."},
    {0, "color", "WHEN", WORD(display.colour, "auto", "always", "never"), .variable = "COLOR",
     .takers = ALL_COMMANDS,
     .help = "colour the output: auto (the default: on terminals), always or never"},
    {0, "no-progress", NULL, TO(display.no_progress), .variable = "NO_PROGRESS",
     .takers = ALL_COMMANDS, .help = "show no status block on the terminal",
     .more = "Without it, a block at the bottom of the terminal shows how many tasks are done, "
             "running and failed, the cores in use, the time left as far as durations are known, "
             "and the tasks that run longest; successful tasks then leave no line unless their "
             "command printed something."},
    {0, "clear-progress", NULL, TO(display.clear_progress), .variable = "CLEAR_PROGRESS",
     .takers = ALL_COMMANDS, .help = "erase the status block at the end",
     .more = "It always is; the option exists because row has it."},
    {0, "json", NULL, TO(display.json), .section = "JSON", .takers = ALL_COMMANDS,
     .help = "print JSON, for programs"},
    {0, "cluster", "NAME", TO(project.cluster), .completes = "cluster", .takers = ALL_COMMANDS,
     .help = "be on this cluster, not on the one that is recognised (none: this machine only)",
     .more = "See rowbuild-clusters(5)."},
    {0, "io-threads", "N", TO(project.io_threads), .least = 1, .takers = ALL_COMMANDS,
     .help = "use N threads for file I/O"},
    {'V', "version", NULL, TO(version), .takers = ALL_COMMANDS, .help = "print the version"},
    {'h', "help", NULL, TO(help), .takers = ALL_COMMANDS,
     .help = "print help; also for each command"},
    {0},
};
/* clang-format on */

bool option_is_global(const struct option_spec *spec)
{
    return spec->takers == ALL_COMMANDS;
}
