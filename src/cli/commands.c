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
         .synopsis = "[--signac] [--row] [-w NAME] DIR | --from-workspace DIR [DIR]",
         .purpose = "create a new study",
         .description =
             "Creates DIR with a Rowfile that runs as it stands: points, an action for each, and "
             "one "
             "that summarizes all. Where the workspace has directories already, or with "
             "--from-workspace, the Rowfile is for those: it names their file of parameters, the "
             "parameters, and the files that are probably results. It is an error if DIR or one "
             "of its parents already is a study.",
         .examples = {{"rowbuild init melting", "creates melting/Rowfile and melting/workspace"},
                      {"rowbuild init --from-workspace runs",
                       "creates a Rowfile for the directories in ./runs"},
                      {"rowbuild init --signac .",
                       "creates a Rowfile for the signac project in this directory"}}},
    [COMMAND_CHECK] =
        {"check", .operands = OPERANDS_CODE, .topic = write_topic,
         .synopsis = "[--since REV] [--strict] [--format FORMAT] [--explain CODE] [--schema]",
         .section = "FINDINGS", .purpose = "find all errors without running",
         .description =
             "Reads the Rowfile, the launchers and the values of all directories, and reports "
             "every error and warning that can be found without running anything. The exit status "
             "is 2 if there are errors, so it can be a step of continuous integration. With "
             "--explain, "
             "says what the finding CODE means instead.",
         .examples = {{"rowbuild check",
                       "checks the nearest Rowfile, here or in a parent directory"},
                      {"rowbuild -f draft.toml check", "the same for another file"},
                      {"rowbuild check --strict --format sarif > rowbuild.sarif",
                       "a report for a CI system; warnings count as errors"},
                      {"rowbuild check --explain missing-input", "what this finding means"},
                      {"rowbuild check --since origin/main...",
                       "also lists the tasks that this branch affects"},
                      {"rowbuild check --schema > rowfile.schema.json",
                       "lets an editor complete and check keys"}}},
    [COMMAND_AUDIT] =
        {"audit", .operands = OPERANDS_TARGETS, .topic = write_topic,
         .synopsis = "[-j N] [-a ACTION]... [--outside] [--keep-records] [OPTION]... "
                     "[DIRECTORY|PRODUCT]...",
         .purpose = "find what the Rowfile doesn't declare", .section = "AUDIT",
         .description =
             "Runs the selected tasks, also those that are up to date, and watches which files of "
             "the project their commands read, write, rename and delete. Then lists what differs "
             "from the Rowfile, with the line to change: files that are read and aren't inputs, "
             "files that are left and aren't products, inputs that are never read. The exit "
             "status is 1 if something is missing in the Rowfile. Results and records are those "
             "of a usual run, unless --keep-records is given.",
         .examples = {{"rowbuild audit -a simulate T1.5-s1", "one task"},
                      {"rowbuild audit --yes", "the whole study, all of which runs"},
                      {"rowbuild audit -a plot --outside",
                       "also which programs and libraries are read"},
                      {"rowbuild audit -a test --watch-by notification",
                       "a command that runs strace or a leak check"}}},
    [COMMAND_POINTS] =
        {"points", .topic = write_topic, .synopsis = "[-n] [--write DIR]... [--prune [--yes]]",
         .section = "POINTS", .purpose = "make the directories of declared points",
         .description =
             "Makes the directories of the points that the Rowfile declares, writes their values, "
             "and lists the points that need attention. A run and `rowbuild submit` make points, "
             "too.\n"
             "A new point's directory appears together with its value. A value that rowbuild wrote "
             "is rewritten when the declaration changes. A value that was edited by hand is never "
             "overwritten: the tasks of its directory can't run until it is as declared, or "
             "--write names it. While a task of a directory is in a job, its value isn't changed.",
         .more =
             "Statuses are new, changed (the declaration has changed since the value was "
             "written), renamed (its directory has the name that another `workspace.name` gave), "
             "held (changed or renamed, with a task in a job), edited (by hand), unusable "
             "(something else has the name, or the value can't be read) and undeclared. "
             "Undeclared directories are touched by --prune only, which asks if their results cost "
             "more than `workspace.confirm_above` CPU-hours.",
         .examples = {{"rowbuild points -n", "what would be made and changed"},
                      {"rowbuild points --write T1.5-s1",
                       "replaces a value that was edited by hand"},
                      {"rowbuild points --prune -n", "which directories would be moved away"},
                      {"rowbuild points --json | jq .undeclared_directories",
                       "what no point declares"}}},
    [COMMAND_SHOW] = {"show", .operands = OPERANDS_SHOWS,
                      .synopsis = "status|durations|directories|jobs|why|provenance|log|command| "
                                  "machine|cluster|launchers [OPTION]... [DIRECTORY]...",
                      .purpose = "show the state of the study",
                      .description = "Shows one of the following, and changes nothing.",
                      .examples = {{"rowbuild show status", "how much of each action is completed"},
                                   {"rowbuild show why simulate T1.5-s1",
                                    "why this task would run"},
                                   {"rowbuild show status --help", "help on one of them"}}},
    [COMMAND_SHOW_STATUS] =
        {"status", .operands = OPERANDS_TARGETS, .topic = show_topic,
         .synopsis = "[-a ACTION]... [OPTION]... [DIRECTORY]...",
         .purpose = "how much of each action is completed",
         .description =
             "One line for each action: how many directories are completed, submitted, eligible "
             "(they can run now) and waiting (for previous actions), and the remaining cost. A "
             "directory that is out of date, failed or unfinished is eligible or waiting, and so "
             "is "
             "one in which a run executes a command now; the last column says which. The "
             "cost comes from what was recorded. A task that never ran counts as the median of "
             "its action's tasks, and is unknown as long as none of them has run. For a "
             "workflow.toml, and on a cluster as long as nothing is recorded, the cost comes from "
             "the walltime.",
         .section = "ADVICE",
         .more = "Below the table, there is advice on actions whose last executions used more or "
                 "less than they requested. `rowbuild top` shows what a run does now.",
         .examples = {{"rowbuild show status", "the whole study"},
                      {"rowbuild show status -a 'sim*' --eligible",
                       "only actions that have directories to run now"},
                      {"rowbuild show status --recorded",
                       "the same without looking at any file: fast on network file systems"}}},
    [COMMAND_SHOW_DURATIONS] =
        {"durations", .operands = OPERANDS_TARGETS, .topic = show_topic,
         .synopsis = "[-a ACTION]... [OPTION]... [DIRECTORY]...",
         .purpose = "how long tasks took, and what they used",
         .description =
             "One line for each action, from the last success of each task: how many executions "
             "there were, the median and the longest of them, the time of all together, how much "
             "of the time of their cores they spent computing, and the most memory that one of "
             "them used.",
         .more = "Tasks that were adopted have no duration. Several directories that one command "
                 "worked on are one execution.",
         .examples = {{"rowbuild show durations", "the whole study"},
                      {"rowbuild show durations -a simulate --json", "for programs"}}},
    [COMMAND_SHOW_DIRECTORIES] =
        {"directories", .operands = OPERANDS_TARGETS, .topic = show_topic,
         .synopsis = "[-a ACTION] [OPTION]... [DIRECTORY]...",
         .purpose = "the directories of an action, with values",
         .description = "Lists directories, group by group, with their status for one action. All "
                        "options except --short and --recorded require --action.",
         .examples = {{"rowbuild show directories -a simulate --value /temperature",
                       "status and temperature of each directory"},
                      {"rowbuild show directories -a simulate --eligible --short | rowbuild -n -",
                       "what would run of the directories that can run now"}}},
    [COMMAND_SHOW_JOBS] =
        {"jobs", .operands = OPERANDS_TARGETS, .topic = show_topic,
         .synopsis = "[-a ACTION]... [OPTION]... [DIRECTORY]...",
         .purpose = "what is queued or running",
         .description =
             "One line for each job of this study in the cluster's queue, elements of arrays one "
             "by one: its number, its action, how many of the selected directories it works on, "
             "its state, and what it waits for. The scheduler's answer is reused for half a "
             "minute.",
         .more =
             "A job whose number isn't known yet has a question mark, and one that sbatch sent to "
             "another cluster has that cluster's name before it: scancel --clusters=NAME cancels "
             "it. Jobs that row has submitted are listed, too. With --short the numbers have the "
             "form that scancel(1) takes; those of other clusters are left out.",
         .examples = {{"rowbuild show jobs", "all jobs of this study"},
                      {"rowbuild show jobs -a simulate T1.5-s1",
                       "the job that simulates this directory"},
                      {"rowbuild show jobs --short -a 'sim*' | xargs scancel",
                       "cancels the jobs of some actions, as `rowbuild cancel` does"}}},
    [COMMAND_SHOW_WHY] =
        {"why", .operands = OPERANDS_TARGETS, .topic = show_topic,
         .synopsis = "[-a ACTION]... [ACTION [NAME]...|DIRECTORY|PRODUCT]...",
         .purpose = "why something runs, or doesn't",
         .description =
             "Prints every reason why tasks aren't up to date: the file, the part of the value or "
             "the key that changed, with its old and its new content, and the commit that changed "
             "a "
             "file which git tracks. A task is named as it is printed, ACTION NAME.",
         .more = "The commit is the last one that changed the file since the task's last success. "
                 "Nothing is said where the history doesn't tell: without a repository, for files "
                 "that git doesn't track, in a shallow clone.",
         .examples = {{"rowbuild show why simulate T1.5-s1", "one task"},
                      {"rowbuild show why T1.5-s1", "all actions of one directory"},
                      {"rowbuild show why -a analyse", "all directories of one action"}}},
    [COMMAND_SHOW_PROVENANCE] =
        {"provenance", .operands = OPERANDS_TARGETS, .topic = show_topic, .synopsis = "PRODUCT...",
         .purpose = "how a file came about",
         .description =
             "Tells how products came about, step by step back to values and inputs, as it was "
             "recorded: the command, when and where it ran, the commit, and the digests of inputs "
             "and products. Each step appears once.\nThe path of a product is written as for any "
             "other command; //PATH begins in the project. A file in a folder that is a product "
             "counts as that product.",
         .more =
             "The command is shown as it ran, with its templates filled in, and below it the "
             "shell, "
             "what a launcher put before the command, the lines of `setup` and the values. Of a "
             "command that worked on several directories at once, {directories} has only the one "
             "of the task. A product whose bytes differ now from the recorded ones says so, and so "
             "does an input "
             "that was made anew since. Of products that were adopted or accepted only that is "
             "known: nobody saw them being made. Records of earlier versions have no host, user "
             "and commit. Digests are XXH3 of 128 bits.",
         .examples = {{"rowbuild show provenance results/summary.csv", "the story of one file"},
                      {"rowbuild show provenance --json results/*.pdf",
                       "of several, for programs"}}},
    [COMMAND_SHOW_LOG] =
        {"log", .operands = OPERANDS_TARGETS, .topic = show_topic,
         .synopsis = "[-f] [-a ACTION]... [ACTION [NAME]...|DIRECTORY|PRODUCT]...",
         .purpose = "what a task's command printed",
         .description =
             "Prints the log of the task's last execution, also while it runs. Name the "
             "task as it is printed, ACTION NAME. Several logs have headings; tasks that "
             "printed nothing are left out. Here -f means --follow.",
         .examples = {{"rowbuild show log simulate T1.5-s1", "what it printed"},
                      {"rowbuild show log -f -a simulate T1.5-s1", "what it prints, as it runs"},
                      {"rowbuild show log --failed | less", "what all that failed printed"}}},
    [COMMAND_SHOW_COMMAND] =
        {"command", .operands = OPERANDS_TARGETS, .topic = show_topic,
         .synopsis = "[-a ACTION]... [ACTION [NAME]...|DIRECTORY|PRODUCT]...",
         .purpose = "what a task runs, and how",
         .description =
             "Prints the command of a task as a run would start it, with its templates filled in "
             "and its launcher in front, and below it the shell, the lines of `setup`, how many "
             "cores it gets, and the variables that rowbuild sets for it. Nothing is looked at "
             "but the Rowfile and the values, and nothing runs.",
         .more = "Variables that the command inherits aren't shown, unless the Rowfile sets them. "
                 "Which cores and GPUs a command gets is decided when it starts. A run prints the "
                 "command of each task that starts with -v, and that of each task that fails.",
         .examples = {{"rowbuild show command simulate T1.5-s1", "one task"},
                      {"rowbuild show command --json -a plot | jq -r '.[].command'",
                       "the commands of an action, for programs"},
                      {"rowbuild -n -v", "the commands of all tasks that would run"}}},
    [COMMAND_SHOW_MACHINE] =
        {"machine", .topic = show_topic, .synopsis = "", .purpose = "cores and memory to use",
         .description =
             "Shows the packages, NUMA nodes and cores of this machine that a run may use now, "
             "within its affinity, control group and allocation. Also shows how busy their CPUs "
             "are, which task of a run in this project uses which core, and what such a run has "
             "taken of its pools, and names the MPI of the launcher `mpi`. `rowbuild top` shows "
             "the same as it changes.",
         .examples = {{"rowbuild show machine", "what a run without -j would use"},
                      {"taskset -c 0-3 rowbuild show machine",
                       "what it would use if confined to four cores"}}},
    [COMMAND_SHOW_CLUSTER] =
        {"cluster", .topic = show_topic, .synopsis = "[--all] [--short]",
         .purpose = "which cluster this is",
         .description =
             "Shows the cluster that is recognised here, or named by --cluster, in the format of "
             "clusters.toml: its scheduler and its partitions, in the order in which they are "
             "tried.",
         .more = "See rowbuild-clusters(5).",
         .examples = {{"rowbuild show cluster", "the current cluster"},
                      {"rowbuild show cluster --all --short", "the names of all known clusters"},
                      {"rowbuild show cluster --cluster delta >> ~/.config/rowbuild/clusters.toml",
                       "copies a built-in cluster to the file, to change it there"}}},
    [COMMAND_SHOW_LAUNCHERS] =
        {"launchers", .topic = show_topic, .synopsis = "[--all] [--short]",
         .purpose = "how processes are started",
         .description = "Shows the launchers that actions can name, built in or from "
                        "launchers.toml, as they are on this cluster.",
         .examples = {{"rowbuild show launchers", "the launchers on this machine or cluster"},
                      {"rowbuild show launchers --all --short", "the names of all launchers"}}},
    [COMMAND_TOP] =
        {"top", .topic = show_topic, .synopsis = "[--once] [--json]", .purpose = "watch a run",
         .section = "TOP",
         .description =
             "Watches a run in this project from another terminal: how far it is, which task has "
             "which core, how long each task has run and how long it took the last time, what its "
             "processes use, and what has failed, with the paths of the logs. It is refreshed "
             "each second. It takes no lock, and the run isn't affected by it.\n"
             "Without a run it says so, and waits for one. When the run ends, top ends, too, and "
             "its result stays on the terminal. With --once, and where standard output isn't a "
             "terminal, it prints plain text once. Press ? for the keys.",
         .examples = {{"rowbuild top", "watches the run; q quits"},
                      {"rowbuild top --once", "what runs now, as plain text"},
                      {"rowbuild top --json | jq '.tasks[].label'", "the same, for programs"}}},
    [COMMAND_SUBMIT] =
        {"submit", .operands = OPERANDS_DIRECTORIES, .topic = "On a cluster",
         .synopsis =
             "[-a ACTION]... [-n N] [--follow] [OPTION]... [DIRECTORY]... [-- SBATCH_OPTION...]",
         .purpose = "submit what can run to the scheduler", .section = "SUBMITTING",
         .description =
             "Submits a job for each group of directories that can run now. Jobs with equal "
             "requests become an array. With --follow, their dependents are submitted, too. Only "
             "the selected actions and directories are submitted, not their dependencies. Other "
             "commands don't touch the directories of a job until it has ended; its results are "
             "recorded as they arrive.\n"
             "Says how many jobs there are and what they cost at most. If standard output is a "
             "terminal, asks before submitting. Arguments after -- are passed on to sbatch. On "
             "the cluster none the scripts run here, one after the other; if one fails, the rest "
             "doesn't run.",
         .more =
             "The options --array, --wrap, --test-only and --wait of sbatch(1) can't be passed on, "
             "because the jobs would differ from those that are recorded. A condition of "
             "--dependency is added to the dependencies between the jobs.",
         .examples = {{"rowbuild submit", "all that can run now"},
                      {"rowbuild submit --dry-run -a simulate", "the scripts of one action"},
                      {"rowbuild submit --follow --yes -- --qos=debug",
                       "the whole study, each job after its dependencies have succeeded"},
                      {"rowbuild submit --cluster none -n 1", "runs the first job here"}}},
    [COMMAND_CANCEL] =
        {"cancel", .operands = OPERANDS_TARGETS, .topic = "On a cluster",
         .synopsis = "[-a ACTION]... [OPTION]... [DIRECTORY]...",
         .purpose = "cancel jobs of this study",
         .description =
             "Cancels the jobs of the named actions and directories that are queued or running, "
             "elements of arrays one by one, together with the jobs that wait for them; without "
             "names, all jobs of the study. Says how many there are, and asks. What has run keeps "
             "its records, and what was cut short counts as interrupted.",
         .more =
             "Afterwards the queue is asked, since scancel(1) says nothing of jobs that it didn't "
             "find. The exit status is 1 if some are still there after a few seconds. A run on "
             "this machine is ended by Ctrl-C.",
         .examples = {{"rowbuild cancel -n", "what would be cancelled"},
                      {"rowbuild cancel -a simulate", "all jobs of an action"},
                      {"rowbuild cancel --yes T1.5-s1", "the jobs that work on this directory"}}},
    [COMMAND_ACCEPT] =
        {"accept", .operands = OPERANDS_TARGETS, .topic = record_topic, .section = existing_results,
         .synopsis = "[-a ACTION]... [--include-failed] [DIRECTORY]...",
         .purpose = "record existing results as up to date",
         .description =
             "Records the existing products as up to date with the current inputs, values and "
             "commands, without running anything. It is an error if products are missing. Use it "
             "after changes that you know to be harmless. Tasks whose last attempt failed, was "
             "killed or never ended are skipped and counted, unless their directory is named.",
         .examples = {{"rowbuild -n && rowbuild accept",
                       "shows what would be redone, then accepts all existing results"},
                      {"rowbuild accept -a simulate T1.5-s1", "one task"}}},
    [COMMAND_SCAN] =
        {"scan", .operands = OPERANDS_TARGETS, .topic = record_topic, .section = existing_results,
         .synopsis = "[-a ACTION] [DIRECTORY]...",
         .purpose = "record products that were made elsewhere",
         .description =
             "Looks for the products of tasks without a record, and records those that are "
             "complete. A run does so by itself; scan is for products that were made elsewhere, "
             "and for use in jobs.",
         .examples = {{"rowbuild scan", "all actions and directories"},
                      {"rowbuild scan -a simulate T1.5-s1", "one task"}}},
    [COMMAND_CLEAN] =
        {"clean", .topic = record_topic,
         .synopsis =
             "[--completed] [--directory] [--submitted [-a ACTION]] [--backups] [--temporary] "
             "[--leftovers] [--force] [--yes] [-n]",
         .purpose = "forget records and delete backups",
         .description =
             "Forgets parts of the state below .rowbuild, or all of it if none is named, and "
             "deletes backups of old results. Products are not deleted: after a clean, the next "
             "run adopts existing products as they are. What a failed attempt left is not adopted: "
             "that it failed stays known as long as its files are there.",
         .more = "A backup of a good result is deleted only if the result is in its place as well. "
                 "--temporary and --leftovers list the products first, and ask; without a "
                 "terminal they want --yes. Leftovers are products of actions, directories and "
                 "values that the study no longer has; what was changed since it was made stays.",
         .examples = {{"rowbuild clean --backups -n", "lists the backups"},
                      {"rowbuild clean -n", "says what would be forgotten and deleted"},
                      {"rowbuild clean --directory",
                       "forgets vanished directories; files are read again"}}},
    [COMMAND_REPORT] =
        {"report", .topic = record_topic, .synopsis = "--crate FOLDER|ZIP [--no-data]",
         .section = "CRATES", .purpose = "pack results with their provenance",
         .description =
             "Writes the study's files, and what the records know of them, into a new folder, or "
             "into a new zip file if the name ends with .zip: a Provenance Run Crate of Workflow "
             "Run RO-Crate, which archives and repositories of data read. Nothing runs, and "
             "nothing "
             "existing is overwritten.",
         .examples = {{"rowbuild report --crate ../melting.zip", "a zip file, to be published"},
                      {"rowbuild report --crate /tmp/crate --no-data",
                       "only the description, with size and SHA-256 of each file"}}},
    [COMMAND_JOB] =
        {"job", .operands = OPERANDS_TOKEN, .topic = "Inside a job",
         .synopsis = "[-j N] [--plain] TOKEN", .purpose = "run the tasks of a submitted job",
         .section = "INSIDE A JOB",
         .description =
             "Runs the tasks that `rowbuild submit` registered under TOKEN. It is the last line of "
             "each job's script. Runs the tasks of the job, or of this element of its array, on "
             "the cores of the job. A failure doesn't stop the other tasks, and tasks that are up "
             "to date by then don't run again. A task doesn't start if the time left is too short "
             "for it. TERM near the end of the job is passed on, and processes may use the time "
             "left; tasks that have finished are recorded. The results are kept in the inbox of "
             "the state until the next command reads it. The exit status is 1 if a task failed or "
             "is unfinished. Nothing is done if TOKEN is no longer registered or another job has "
             "claimed it.",
         .examples = {{"exec rowbuild -C /home/me/study --cluster lab job 3f9c2a7be0d15486",
                       "the last line of a job's script"}}},
    [COMMAND_HELP] = {"help", .operands = OPERANDS_COMMANDS, .synopsis = "[COMMAND]",
                      .purpose = "explain a command", .description = "The same as --help.",
                      .examples = {{"rowbuild help show why", "help on one command"}}},
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

/* Lists the names below `show` or at the top level; returns their number. */
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

static const char *nearest_name(const char *name, bool show)
{
    struct slice names[COMMAND_COUNT];
    int nearest = text_nearest(slice_of(name), names, list_names(names, show));
    return nearest >= 0 ? names[nearest].at : NULL;
}

const char *command_meant(const char *word, bool *is_show)
{
    const struct command *shown = command_find(word, true);
    *is_show = shown != NULL;
    if (shown != NULL) {
        return shown->name;
    }
    const char *nearest = nearest_name(word, false);
    if (nearest == NULL) {
        nearest = nearest_name(word, true);
        *is_show = nearest != NULL;
    }
    return nearest;
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
    bool is_show = show;
    const char *nearest = show ? nearest_name(name, true) : command_meant(name, &is_show);
    buf_addf(out, "there is no command `%s", show ? "show " : "");
    text_add_name(out, slice_of(name));
    buf_add_char(out, '`');
    if (nearest != NULL) {
        buf_addf(out, "; did you mean `%s%s`?", is_show ? "show " : "", nearest);
    } else if (show) {
        buf_add_string(out, "; there are ");
        command_add_names(out, true, " and ");
    }
}
