/* All options: their names, where their values are stored, which commands take them, and their
 * help. If two entries have the same name, a command takes the first entry that lists it as a
 * taker. */
#include "commands.h"
#include "settings.h"

#include <limits.h>

#define ON(command) COMMAND_BIT(COMMAND_##command)
#define ALL_COMMANDS (COMMAND_BIT(COMMAND_COUNT) - 1)

/* Where a value is stored; the type of the member decides how its argument is read. */
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

static const char since_section[] = "CHANGES SINCE A COMMIT";
static const char existing_results[] = "EXISTING RESULTS: ADOPT, ACCEPT, SCAN";

/* clang-format off */
const struct option_spec command_options[] = {
    {'j', "jobs", "N", TO(run.jobs), GIVEN(run.jobs_given), .least = 1, .takers = ON(RUN) | ON(AUDIT),
     .help = "use N cores (default: all cores that this process may use)",
     .more = "The default follows the affinity and the quota of the control group. With more cores "
             "than the machine has, processes aren't bound to cores. Under a make(1) with a "
             "jobserver, the default is what that make grants, token by token: see $MAKEFLAGS."},
    {'j', "jobs", "N", TO(run.jobs), GIVEN(run.jobs_given), .least = 1, .takers = ON(JOB),
     .help = "use N cores (default: those of the job)"},
    {0, "gpus", "N", TO(run.gpus), GIVEN(run.gpus_given), .takers = ON(RUN) | ON(AUDIT) | ON(JOB),
     .help = "use N GPUs (default: all that are found)",
     .more = "$ROWBUILD_GPUS, or else the number of GPUs that an inherited $CUDA_VISIBLE_DEVICES "
             "or $ROCR_VISIBLE_DEVICES names, is used before GPUs are searched for."},
    {'k', "keep-going", "N", TO(run.keep_going), .zero = UINT_MAX, .takers = ON(RUN) | ON(AUDIT),
     .help = "start nothing new after N failures (default 1); 0: never stop"},
    {'l', "load-average", "LOAD", TO(run.max_load), .takers = ON(RUN) | ON(AUDIT),
     .help = "start nothing new while something runs and the load average is LOAD or more",
     .more = "As for make and ninja. The load average is that of the last minute, over all "
             "processes of the machine, so that it follows with a delay."},
    {0, "keep-free", "MIB", TO(run.keep_free_mib), GIVEN(run.keep_free_given),
     .takers = ON(RUN) | ON(AUDIT) | ON(JOB),
     .help = "start nothing new while something runs and less than MIB of memory is free "
             "(default 512; 0: never hold back)",
     .more = "In MiB. On a machine with less than 8 GiB the default is a sixteenth of its memory. "
             "Free is what Linux calls available, or what the control group may still take, if "
             "that is less."},
    {'n', "dry-run", NULL, TO(dry_run), .takers = ON(RUN),
     .help = "run and write nothing; say what would run, why, and what it would cost",
     .more = "Tasks that run only if an earlier action makes different products are listed, too. "
             "The first reason for each task is printed, or all reasons with --explain."},
    {0, "exit-code", NULL, TO(exit_code), .takers = ON(RUN),
     .help = "with -n: end with status 4 if something would run"},
    {'a', "action", "ACTION", TO(actions), .completes = "action",
     .takers = ON(RUN) | ON(AUDIT) | ON(SHOW_STATUS) | ON(SHOW_DURATIONS) | ON(SHOW_WHY) | ON(SHOW_LOG) |
               ON(SHOW_COMMAND) | ON(SHOW_JOBS) | ON(SUBMIT) | ON(CANCEL) | ON(ACCEPT),
     .help = "only actions of this name; * and ? match as in a shell; can be repeated"},
    {'a', "action", "ACTION", TO(actions), .completes = "action",
     .takers = ON(SHOW_DIRECTORIES) | ON(SCAN), .help = "only the action with exactly this name"},

    {'n', NULL, "N", TO(submit.limit), .least = 1, .takers = ON(SUBMIT),
     .help = "submit at most N jobs, over all actions"},
    {0, "dry-run", NULL, TO(dry_run), .takers = ON(SUBMIT),
     .help = "print the scripts; submit and write nothing",
     .more = "The token in the scripts is all zeros."},
    {'n', "dry-run", NULL, TO(dry_run), .takers = ON(CANCEL),
     .help = "say what would be cancelled, and cancel nothing"},
    {0, "follow", NULL, TO(submit.follow), .takers = ON(SUBMIT),
     .help = "also submit tasks that wait for others: their jobs start when the jobs that they "
             "depend on have succeeded",
     .more = "Where a job is needed only in part, or by others of the same array, its end is enough: "
             "the job that waits runs what it can."},
    {0, "no-array", NULL, TO(submit.no_arrays), .takers = ON(SUBMIT),
     .help = "submit single jobs instead of job arrays"},
    {0, "throttle", "N", TO(submit.throttle), .least = 1, .takers = ON(SUBMIT),
     .help = "run at most N jobs of an array at once"},
    {0, "wait", "SECONDS", .otherwise = "1e9", TO(project.wait_s),
     .takers = ON(RUN) | ON(AUDIT) | ON(SUBMIT) | ON(ACCEPT) | ON(CLEAN) | ON(SCAN) | ON(POINTS),
     .help = "wait until another rowbuild that works on the project has ended, at most SECONDS",
     .more = "Then all is planned anew. Without it, status 3 says who is at work."},
    {0, "patience", "SECONDS", TO(submit.patience_s), GIVEN(submit.patience_given),
     .takers = ON(SUBMIT),
     .help = "retry for this long in total while the scheduler accepts nothing (default 120)"},

    {0, "all", NULL, TO(show.all), .takers = ON(SHOW_STATUS), .needs_action = 0,
     .help = "also actions without directories"},
    {0, "all", NULL, TO(show.all), .takers = ON(SHOW_CLUSTER), .help = "all known clusters"},
    {0, "all", NULL, TO(show.all), .takers = ON(SHOW_LAUNCHERS),
     .help = "the launchers of all clusters"},
    {0, "value", "POINTER", TO(values), .takers = ON(SHOW_DIRECTORIES),
     .needs_action = ON(SHOW_DIRECTORIES),
     .help = "a column with this part of the values, such as /temperature; can be repeated"},
    {0, "completed", NULL, TO(show.completed), .takers = ON(SHOW_STATUS) | ON(SHOW_DIRECTORIES),
     .needs_action = ON(SHOW_DIRECTORIES), .help = "show completed directories"},
    {0, "submitted", NULL, TO(show.submitted), .takers = ON(SHOW_STATUS) | ON(SHOW_DIRECTORIES),
     .needs_action = ON(SHOW_DIRECTORIES), .help = "show submitted directories"},
    {0, "eligible", NULL, TO(show.eligible), .takers = ON(SHOW_STATUS) | ON(SHOW_DIRECTORIES),
     .needs_action = ON(SHOW_DIRECTORIES), .help = "show directories that can run now"},
    {0, "waiting", NULL, TO(show.waiting), .takers = ON(SHOW_STATUS) | ON(SHOW_DIRECTORIES),
     .needs_action = ON(SHOW_DIRECTORIES),
     .help = "show directories that wait for previous actions"},
    {'n', "n-groups", "N", TO(show.group_limit), .least = 1, .takers = ON(SHOW_DIRECTORIES),
     .needs_action = ON(SHOW_DIRECTORIES), .help = "only the first N groups"},
    {0, "short", NULL, TO(show.short_output), .takers = ON(SHOW_JOBS),
     .help = "only the jobs' numbers, one per line"},
    {0, "short", NULL, TO(show.short_output),
     .takers = ON(SHOW_DIRECTORIES) | ON(SHOW_CLUSTER) | ON(SHOW_LAUNCHERS),
     .help = "only names, one per line"},
    {0, "no-header", NULL, TO(show.no_header),
     .takers = ON(SHOW_STATUS) | ON(SHOW_DURATIONS) | ON(SHOW_DIRECTORIES) | ON(SHOW_JOBS),
     .needs_action = ON(SHOW_DIRECTORIES), .help = "omit the table's header"},
    {0, "no-separate-groups", NULL, TO(show.no_separate_groups), .takers = ON(SHOW_DIRECTORIES),
     .needs_action = ON(SHOW_DIRECTORIES), .help = "no blank lines between groups"},
    {'f', "follow", NULL, TO(follow), .takers = ON(SHOW_LOG),
     .help = "keep printing as the log grows, until the task ends"},
    {0, "once", NULL, TO(once), .takers = ON(TOP), .section = "TOP",
     .help = "print what runs now, as plain text, and end"},
    {0, "recorded", NULL, TO(selection.recorded),
     .takers = ON(SHOW_STATUS) | ON(SHOW_DIRECTORIES) | ON(SHOW_WHY),
     .help = "use only the records, without looking at any file"},

    {0, "only", NULL, TO(selection.only), .takers = ON(RUN) | ON(AUDIT),
     .help = "don't bring up to date the tasks that the selected ones depend on"},
    {0, "only", NULL, TO(selection.only), .takers = ON(SUBMIT),
     .help = "don't check whether earlier actions are up to date"},
    {0, "failed", NULL, TO(selection.failed),
     .takers = ON(RUN) | ON(SUBMIT) | ON(SHOW_DIRECTORIES) | ON(SHOW_WHY) | ON(SHOW_LOG) |
               ON(SHOW_COMMAND),
     .help = "only tasks whose last attempt failed",
     .more = "So did a task whose job ended before it, for instance at its time limit. An attempt "
             "that was interrupted, and one that is unfinished, didn't fail."},
    {0, "keep-temporary", NULL, TO(run.keep_temporary), .takers = ON(RUN),
     .help = "delete no temporary products"},
    {0, "rerun", NULL, TO(selection.rerun), .takers = ON(RUN),
     .help = "run the selected tasks even if they are up to date"},
    {0, "adopt", NULL, TO(selection.adopt), .takers = ON(RUN), .section = existing_results,
     .help = "if the state can't be read, start a new one and adopt the existing products"},
    {0, "no-adopt", NULL, TO(selection.no_adopt), .takers = ON(RUN) | ON(SUBMIT),
     .section = existing_results, .help = "products without a record don't count as complete"},

    {0, "include-failed", NULL, TO(selection.include_failed), .takers = ON(ACCEPT),
     .section = existing_results,
     .help = "also tasks whose last attempt failed, was killed or never ended"},

    {0, "completed", NULL, TO(clean.completed), .takers = ON(CLEAN),
     .help = "forget completed tasks: their records"},
    {0, "directory", NULL, TO(clean.directory), .takers = ON(CLEAN),
     .help = "forget the recorded contents of directories and files"},
    {0, "submitted", NULL, TO(clean.submitted), .takers = ON(CLEAN),
     .help = "forget submitted jobs"},
    {'a', "action", "ACTION", TO(actions), .completes = "action", .takers = ON(CLEAN),
     .help = "with --submitted: only jobs of this action whose number isn't known; * and ? match as in a "
             "shell; can be repeated"},
    {0, "backups", NULL, TO(clean.backups), .takers = ON(CLEAN),
     .help = "delete backups, and nothing else; with -n, list them"},
    {0, "temporary", NULL, TO(clean.temporary), .takers = ON(CLEAN),
     .help = "delete temporary products that a run keeps since they were made before they were "
             "declared temporary, and nothing else; with -n, list them"},
    {0, "leftovers", NULL, TO(clean.leftovers), .takers = ON(CLEAN),
     .help = "make backups of products that nothing makes any more, and nothing else; with -n, list "
             "them"},
    {0, "force", NULL, TO(clean.force), .takers = ON(CLEAN),
     .help = "do so even if jobs are submitted"},
    {'n', "dry-run", NULL, TO(dry_run), .takers = ON(CLEAN),
     .help = "only say what would be forgotten and deleted"},

    {'n', "dry-run", NULL, TO(dry_run), .takers = ON(POINTS), .section = "POINTS",
     .help = "write nothing; list what would be made and changed"},
    {0, "write", "DIR", TO(writes), .takers = ON(POINTS), .section = "POINTS",
     .help = "write the value of DIR, even if it was edited by hand; can be repeated"},
    {0, "prune", NULL, TO(prune), .takers = ON(POINTS), .section = "POINTS",
     .help = "move directories that no point declares to WORKSPACE.pruned"},

    {0, "yes", NULL, TO(yes), .variable = "YES", .takers = ON(RUN) | ON(AUDIT),
     .help = "redo any amount of finished work without asking",
     .more = "A run asks if it would redo more than `workspace.confirm_above` CPU-hours, or continue "
             "without the results of as much in directories that are no longer declared. On a "
             "terminal, the answer `a` accepts the existing results and continues with the rest. "
             "Without a terminal, such a run ends with status 2."},
    {0, "yes", NULL, TO(yes), .takers = ON(SUBMIT), .help = "don't ask",
     .more = "`submit` asks on a terminal before it submits. As a run does, it also asks, and without a "
             "terminal ends with status 2, if this would redo more than `workspace.confirm_above` "
             "CPU-hours, or continue without the results of as much in directories that are no longer "
             "declared."},
    {0, "yes", NULL, TO(yes), .takers = ON(CANCEL) | ON(CLEAN), .help = "don't ask"},
    {0, "yes", NULL, TO(yes), .takers = ON(POINTS), .section = "POINTS",
     .help = "let --prune move any amount of results without asking"},
    {0, "grace", "SECONDS", TO(run.grace_s), .zero = 0.001, .takers = ON(RUN) | ON(AUDIT),
     .help = "time between TERM and KILL on Ctrl-C (default 5)"},
    {0, "grace", "SECONDS", TO(run.grace_s), .zero = 0.001, .takers = ON(JOB),
     .help = "time between TERM and KILL when the job is cancelled or preempted (default 20)"},
    {0, "events", "FILE", TO(display.events), .completes = "file", .section = "EVENTS",
     .takers = ON(RUN) | ON(JOB), .help = "also write what happens to FILE, as lines of JSON"},
    {0, "plain", NULL, TO(display.plain), .takers = ON(JOB),
     .help = "print only the output of the commands for tasks that succeed"},
    {'0', "null", NULL, TO(null),
     .takers = ON(RUN) | ON(AUDIT) | ON(SHOW_STATUS) | ON(SHOW_DURATIONS) | ON(SHOW_DIRECTORIES) |
               ON(SHOW_JOBS) | ON(SHOW_WHY) | ON(SHOW_COMMAND) | ON(SHOW_PROVENANCE) | ON(CANCEL) |
               ON(SCAN) | ON(ACCEPT),
     .help = "targets on standard input end with NUL instead of newline"},

    {0, "format", "FORMAT", WORD(display.format, "text", "json", "github", "gitlab", "sarif", "junit"),
     GIVEN(display.format_given), .section = "FORMATS", .takers = ON(RUN) | ON(CHECK) | ON(AUDIT),
     .help = "report in this format: text, json, github, gitlab, sarif or junit",
     .more = "The default is github where $GITHUB_ACTIONS is true, else text."},
    {0, "output", "FILE", TO(display.output), .completes = "file", .section = "FORMATS",
     .takers = ON(RUN) | ON(CHECK) | ON(AUDIT),
     .help = "write that report to FILE, and print the usual text"},
    {0, "strict", NULL, TO(strict), .takers = ON(CHECK), .help = "warnings are errors"},
    {0, "since", "REV", TO(selection.since), .takers = ON(CHECK), .section = since_section,
     .help = "also list the tasks that the changes since the commit REV affect"},
    {0, "since", "REV", TO(selection.since), .takers = ON(RUN) | ON(SUBMIT),
     .section = since_section,
     .help = "only tasks that the changes since the commit REV affect, and what they need",
     .more = "REV is anything that git takes as a commit, or `A...B` for the commit where A and B "
             "parted."},

    {0, "schema", NULL, TO(schema), .takers = ON(CHECK),
     .help = "print the JSON Schema of a Rowfile, for editors"},
    {0, "outside", NULL, TO(outside), .takers = ON(AUDIT),
     .help = "also say what is read outside of the project, folders of packages as one"},
    {0, "watch-by", "WAY", WORD(watch_by, "ptrace", "notification"), .takers = ON(AUDIT),
     .help = "how commands are watched: ptrace (default) or notification, for commands that use ptrace",
     .more = "With notification, debuggers, strace(1) and LeakSanitizer work in the command. It is less "
             "exact, see the section AUDIT."},
    {0, "keep-records", NULL, TO(keep_records), .takers = ON(AUDIT),
     .help = "leave the records as they were: what is out of date stays so",
     .more = "The new products stay. Where their contents differ from the record, the task is out of "
             "date. That a task failed is recorded, since what it left doesn't count as a result."},
    {0, "crate", "FOLDER|ZIP", TO(crate.path), .completes = "file", .takers = ON(REPORT),
     .section = "CRATES", .help = "write a Provenance Run Crate: a new folder, or a zip file if the name ends with .zip"},
    {0, "no-data", NULL, TO(crate.without_data), .takers = ON(REPORT), .section = "CRATES",
     .help = "describe the files, with size and SHA-256, without copying them"},
    {0, "signac", NULL, TO(init.signac), .takers = ON(INIT),
     .help = "read the values from the files of signac"},
    {0, "row", NULL, TO(init.row), .takers = ON(INIT),
     .help = "write a workflow.toml, which row can read, too"},
    {0, "from-workspace", "DIR", TO(init.from_workspace), .completes = "folder", .takers = ON(INIT),
     .help = "write a Rowfile for the directories in DIR",
     .more = "The Rowfile names the file of parameters that all directories have, the parameters in "
             "it, and the files that are probably results."},
    {'w', "workspace", "NAME", TO(init.workspace), .takers = ON(INIT),
     .help = "name of the workspace (default: workspace)"},

    {'C', NULL, "DIR", TO(directories), .completes = "folder", .takers = ALL_COMMANDS,
     .help = "change to DIR before anything else"},
    {'f', "file", "FILE", TO(project.file), .completes = "file", .takers = ALL_COMMANDS,
     .help = "read FILE instead of the nearest Rowfile or workflow.toml",
     .more = "The directory that holds it is the project."},
    {'v', "verbose", NULL, TO(display.verbose), .takers = ALL_COMMANDS,
     .help = "also print each task that starts, with its command, and more"},
    {'q', "quiet", NULL, COUNTED(display.quiet), .takers = ALL_COMMANDS,
     .help = "print only failures and errors; if given twice, nothing: the exit status tells"},
    {0, "explain", NULL, TO(run.explain), .takers = ALL_COMMANDS,
     .help = "say why each task runs",
     .more = "All reasons are printed when the task starts, as in `explain simulate T1.5-s1: never "
             "ran`."},
    {0, "color", "WHEN", WORD(display.colour, "auto", "always", "never"), .variable = "COLOR",
     .takers = ALL_COMMANDS,
     .help = "colour the output: auto (default; only on terminals), always or never"},
    {0, "no-progress", NULL, TO(display.no_progress), .variable = "NO_PROGRESS",
     .takers = ALL_COMMANDS, .help = "don't show the status block on the terminal",
     .more = "By default, a block at the bottom of the terminal shows how many tasks are done, "
             "running and failed, the cores in use, the time left if durations are known, and "
             "the tasks that have run longest. No line is printed for a successful task then, "
             "unless its command printed something."},
    {0, "clear-progress", NULL, TO(display.clear_progress), .variable = "CLEAR_PROGRESS",
     .takers = ALL_COMMANDS, .help = "erase the status block at the end",
     .more = "The status block is always erased; the option exists for compatibility with row."},
    {0, "json", NULL, TO(display.json), .section = "JSON", .takers = ALL_COMMANDS,
     .help = "print JSON, for programs"},
    {0, "cluster", "NAME", TO(project.cluster), .completes = "cluster", .takers = ALL_COMMANDS,
     .help = "use this cluster instead of the one that is recognised (none: this machine only)",
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
