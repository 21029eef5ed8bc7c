#include "commands.h"

#include "slice.h"
#include "text.h"

#include <string.h>

static const char existing_results[] = "EXISTING RESULTS: ADOPT, ACCEPT, SCAN";
static const char show_topic[] = "Look at the study";
static const char write_topic[] = "Write a Rowfile";
static const char record_topic[] = "Results and records";

static const struct command commands[COMMAND_COUNT] = {
    [COMMAND_RUN] = {.operands = OPERANDS_TARGETS,
                     .synopsis =
                         "[-j N] [-k N] [-n] [-a ACTION]... [OPTION]... [DIRECTORY|PRODUCT]...",
                     .purpose = "bring products up to date",
                     .description = ""},
    [COMMAND_INIT] =
        {"init", .operands = OPERANDS_FOLDER, .topic = write_topic,
         .synopsis = "[--signac] [--row] [-w NAME] DIR", .purpose = "begin a new study",
         .description = "Makes DIR with a Rowfile to begin with and an empty workspace. Refuses if "
                        "DIR, or a directory above it, already is a study.",
         .examples = {{"rowbuild init melting", "makes melting/Rowfile and melting/workspace"},
                      {"rowbuild init --signac .",
                       "makes a Rowfile for the signac project in this directory"}}},
    [COMMAND_CHECK] =
        {"check", .topic = write_topic, .synopsis = "[--schema]",
         .purpose = "find all errors without running",
         .description =
             "Reads the Rowfile, the launchers and the values of all directories, and reports "
             "every error and warning that can be found without running anything. Ends with "
             "status 2 when there are errors, which makes it a step for continuous integration.",
         .examples = {{"rowbuild check",
                       "says what is wrong with the Rowfile above this directory"},
                      {"rowbuild -f draft.toml check", "the same of another file"},
                      {"rowbuild check --schema > rowfile.schema.json",
                       "lets an editor complete and check keys"}}},
    [COMMAND_SHOW] =
        {"show", .operands = OPERANDS_SHOWS,
         .synopsis =
             "status|directories|jobs|why|log|machine|cluster|launchers [OPTION]... [DIRECTORY]...",
         .purpose = "show what is recorded, and why",
         .description = "Shows something and changes nothing.",
         .examples = {{"rowbuild show status", "how much of each action is completed"},
                      {"rowbuild show why 'simulate/T1.5-s1'", "why this task would run"},
                      {"rowbuild show status --help", "all about one of them"}}},
    [COMMAND_SHOW_STATUS] =
        {"status", .operands = OPERANDS_TARGETS, .topic = show_topic,
         .synopsis = "[-a ACTION]... [OPTION]... [DIRECTORY]...",
         .purpose = "how much of each action is completed",
         .description =
             "One line for each action: how many directories are completed, submitted, eligible "
             "(they can run now) and waiting (for previous actions), and what the rest costs. A "
             "directory that is out of date, failed or unfinished is eligible or waiting.",
         .section = "ADVICE",
         .more = "Below the table is advice on actions whose last executions used something else "
                 "than they asked for.",
         .examples = {{"rowbuild show status", "the whole study"},
                      {"rowbuild show status -a 'sim*' --eligible",
                       "only actions that have directories to run now"},
                      {"rowbuild show status --recorded",
                       "the same without looking at any product: kind to network file systems"}}},
    [COMMAND_SHOW_DIRECTORIES] =
        {"directories", .operands = OPERANDS_TARGETS, .topic = show_topic,
         .synopsis = "[-a ACTION] [OPTION]... [DIRECTORY]...",
         .purpose = "the directories of an action, with values",
         .description = "Lists directories, group by group, with their status for one action. All "
                        "options except --short and --recorded need --action.",
         .examples = {{"rowbuild show directories -a simulate --value /temperature",
                       "status and temperature of each directory"},
                      {"rowbuild show directories -a simulate --eligible --short | rowbuild -n -",
                       "what would run of those that could run now"}}},
    [COMMAND_SHOW_JOBS] =
        {"jobs", .operands = OPERANDS_TARGETS, .topic = show_topic,
         .synopsis = "[-a ACTION]... [OPTION]... [DIRECTORY]...",
         .purpose = "what is queued or running",
         .description =
             "One line for each job of this study in the cluster's queue, elements of arrays one "
             "by one: its number, its action, how many of the selected directories it works on, "
             "its state, and what it waits for. The queue's answer is remembered for half a "
             "minute.",
         .more =
             "A job whose number isn't known yet has a question mark. Jobs that row has submitted "
             "are listed, too. With --short the numbers are written as scancel(1) takes them.",
         .examples = {{"rowbuild show jobs", "all jobs of this study"},
                      {"rowbuild show jobs -a simulate T1.5-s1",
                       "the job that simulates this directory"},
                      {"rowbuild show jobs --short -a 'sim*' | xargs scancel",
                       "cancels the jobs of some actions"}}},
    [COMMAND_SHOW_WHY] =
        {"why", .operands = OPERANDS_TARGETS, .topic = show_topic,
         .synopsis = "[-a ACTION]... [TASK|ACTION|DIRECTORY|PRODUCT]...",
         .purpose = "why something runs, or doesn't",
         .description =
             "Prints every reason for which tasks aren't up to date: the file, the part of the "
             "value or the key that changed, with its old and its new content. A task is "
             "ACTION/DIRECTORY.",
         .examples = {{"rowbuild show why simulate/T1.5-s1", "one task"},
                      {"rowbuild show why T1.5-s1", "all actions of one directory"},
                      {"rowbuild show why -a analyse", "all directories of one action"}}},
    [COMMAND_SHOW_LOG] =
        {"log", .operands = OPERANDS_TARGETS, .topic = show_topic,
         .synopsis = "[-f] [-a ACTION] TASK", .purpose = "what a task's command printed",
         .description = "Prints the log of the task's last execution, also while it runs. A task "
                        "is ACTION/DIRECTORY, or a directory together with -a. Here -f means "
                        "--follow.",
         .examples = {{"rowbuild show log simulate/T1.5-s1", "what it printed"},
                      {"rowbuild show log -f -a simulate T1.5-s1", "what it prints, as it runs"}}},
    [COMMAND_SHOW_MACHINE] =
        {"machine", .topic = show_topic, .synopsis = "", .purpose = "cores and memory to use",
         .description =
             "Shows the packages, NUMA nodes and cores of this machine that a run may use here "
             "and now, after affinity, control groups and an allocation's limits; how busy their "
             "CPUs are, and which task of a run in this project holds which core.",
         .examples = {{"rowbuild show machine", "what a run without -j would use"},
                      {"taskset -c 0-3 rowbuild show machine",
                       "what it would use when confined to four cores"}}},
    [COMMAND_SHOW_CLUSTER] =
        {"cluster", .topic = show_topic, .synopsis = "[--all] [--short]",
         .purpose = "which cluster this is",
         .description =
             "Shows the cluster that is recognised here, or named by --cluster, in the format of "
             "clusters.toml: its scheduler and its partitions, in the order in which they are "
             "tried.",
         .more = "See rowbuild-clusters(5).",
         .examples = {{"rowbuild show cluster", "where this is"},
                      {"rowbuild show cluster --all --short", "the names of all known clusters"},
                      {"rowbuild show cluster --cluster delta >> ~/.config/rowbuild/clusters.toml",
                       "takes over a built-in cluster, to change it there"}}},
    [COMMAND_SHOW_LAUNCHERS] =
        {"launchers", .topic = show_topic, .synopsis = "[--all] [--short]",
         .purpose = "how processes are started",
         .description = "Shows the launchers that actions may name, built in or from "
                        "launchers.toml, as they are on this cluster.",
         .examples = {{"rowbuild show launchers", "those of this machine or cluster"},
                      {"rowbuild show launchers --all --short", "the names of all"}}},
    [COMMAND_SUBMIT] =
        {"submit", .operands = OPERANDS_DIRECTORIES, .topic = "On a cluster",
         .synopsis =
             "[-a ACTION]... [-n N] [--follow] [OPTION]... [DIRECTORY]... [-- SBATCH_OPTION...]",
         .purpose = "hand what can run to the scheduler", .section = "SUBMITTING",
         .description =
             "Submits a job for each group of directories that can run now. Jobs with equal "
             "requests become an array. With --follow, what depends on them is submitted too. "
             "Only selected actions and directories are submitted, not what they need. What is in "
             "a job isn't touched by any other command until the job has ended; its results are "
             "recorded as they come.\n"
             "Says how many jobs there are and what they cost at most, and asks before it submits "
             "when standard output is a terminal. What follows -- is passed on to sbatch. On the "
             "cluster none the scripts run here, one after the other; the first that fails ends "
             "the rest.",
         .more =
             "Of the options of sbatch(1), --array, --wrap, --test-only and --wait can't be passed "
             "on: they would make other jobs. A condition of --dependency counts besides those "
             "that the jobs have of each other.",
         .examples = {{"rowbuild submit", "all that can run now"},
                      {"rowbuild submit --dry-run -a simulate", "the scripts of one action"},
                      {"rowbuild submit --follow --yes -- --qos=debug",
                       "the whole study, each job when what it needs has succeeded"},
                      {"rowbuild submit --cluster none -n 1", "the first job, here and now"}}},
    [COMMAND_ACCEPT] =
        {"accept", .operands = OPERANDS_TARGETS, .topic = record_topic, .section = existing_results,
         .synopsis = "[-a ACTION]... [DIRECTORY]...", .purpose = "take existing results as right",
         .description =
             "Records the existing products as right for the inputs, values and commands as they "
             "are now, without running anything. Refuses where products are missing. For changes "
             "that you know to be harmless.",
         .examples = {{"rowbuild -n && rowbuild accept",
                       "looks at what would be redone, and takes all of it as done"},
                      {"rowbuild accept -a simulate T1.5-s1", "one task"}}},
    [COMMAND_SCAN] =
        {"scan", .operands = OPERANDS_TARGETS, .topic = record_topic, .section = existing_results,
         .synopsis = "[-a ACTION] [DIRECTORY]...",
         .purpose = "record products that were made elsewhere",
         .description =
             "Looks for the products of tasks without a record, and records those that are "
             "complete. A run does so by itself; scan is for products that came another way, and "
             "for jobs.",
         .examples = {{"rowbuild scan", "all actions and directories"},
                      {"rowbuild scan -a simulate T1.5-s1", "one task"}}},
    [COMMAND_CLEAN] =
        {"clean", .topic = record_topic,
         .synopsis = "[--completed] [--directory] [--submitted] [--force] [-n]",
         .purpose = "forget what is recorded",
         .description =
             "Forgets parts of the state below .rowbuild, all of them when none is named, and "
             "deletes backups of old results. Products stay: after a clean, the next run "
             "adopts existing products as they are.",
         .examples = {{"rowbuild clean -n", "says what would be forgotten and deleted"},
                      {"rowbuild clean --directory",
                       "drops records of vanished directories; files are read anew"}}},
    [COMMAND_JOB] =
        {"job", .operands = OPERANDS_TOKEN, .topic = "Inside a job",
         .synopsis = "[-j N] [--plain] TOKEN", .purpose = "carry out what was submitted",
         .section = "INSIDE A JOB",
         .description =
             "Carries out what `rowbuild submit` registered under TOKEN: the last line of each "
             "job's script. Runs the tasks of the job, or of this element of its array, on the "
             "cores that the job has. However many fail, the others run; what is up to date by "
             "then doesn't run again. Nothing starts that won't fit the time left. TERM near the "
             "end of the job is passed on, and processes may use the time left; what has finished "
             "counts. The results are kept in the inbox of the state until the next command reads "
             "it. Ends with status 1 if a task failed or is unfinished, and does nothing if TOKEN "
             "is no longer registered or another job has claimed it.",
         .examples = {{"exec rowbuild -C /home/me/study --cluster lab job 3f9c2a7be0d15486",
                       "the end of a job's script"}}},
    [COMMAND_HELP] = {"help", .operands = OPERANDS_COMMANDS, .synopsis = "[COMMAND]",
                      .purpose = "explain a command", .description = "The same as --help.",
                      .examples = {{"rowbuild help show why", "all about one command"}}},
};

const struct command *command_by_id(enum command_id id)
{
    return &commands[id];
}

enum command_id command_id(const struct command *command)
{
    return (enum command_id)(command - commands);
}

bool command_is_show(const struct command *command)
{
    return command > &commands[COMMAND_SHOW] && command <= &commands[COMMAND_SHOW_LAUNCHERS];
}

void command_add_name(struct buf *out, const struct command *command)
{
    buf_addf(out, "rowbuild%s%s%s", command_is_show(command) ? " show" : "",
             command->name != NULL ? " " : "", command->name != NULL ? command->name : "");
}

/* ---- Names ---- */

/* The names below `show`, or those of the top level; returns how many. */
static size_t list_names(struct slice names[COMMAND_COUNT], bool show)
{
    size_t count = 0;
    for (size_t i = 1; i < COMMAND_COUNT; i++) {
        if (command_is_show(&commands[i]) == show) {
            names[count] = slice_of(commands[i].name);
            count++;
        }
    }
    return count;
}

const struct command *command_find(const char *name, bool show)
{
    for (size_t i = 1; i < COMMAND_COUNT; i++) {
        if (command_is_show(&commands[i]) == show && strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

const char *command_nearest(const char *name, bool show)
{
    struct slice names[COMMAND_COUNT];
    int nearest = text_nearest(slice_of(name), names, list_names(names, show));
    return nearest >= 0 ? names[nearest].at : NULL;
}

void command_add_names(struct buf *out, bool show, const char *last)
{
    struct slice names[COMMAND_COUNT];
    size_t count = list_names(names, show);
    for (size_t i = 0; i < count; i++) {
        buf_addf(out, "%s%s", i == 0 ? "" : i + 1 < count ? ", " : last, names[i].at);
    }
}

void command_add_unknown(struct buf *out, const char *name, bool show)
{
    const char *level = show ? "show " : "";
    const char *nearest = command_nearest(name, show);
    buf_addf(out, "there is no command `%s", level);
    text_add_name(out, slice_of(name));
    buf_add_char(out, '`');
    if (nearest != NULL) {
        buf_addf(out, "; did you mean `%s%s`?", level, nearest);
    } else if (show) {
        buf_add_string(out, "; there are ");
        command_add_names(out, true, " and ");
    }
}
