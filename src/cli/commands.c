#include "commands.h"

#include "slice.h"
#include "text.h"

#include <string.h>

#define END                                                                                        \
    {                                                                                              \
        0, 0, NULL, NULL, NULL                                                                     \
    }
#define ACTION_PATTERN                                                                             \
    {                                                                                              \
        OPTION_ACTION, 'a', "action", "ACTION",                                                    \
            "only actions of this name; * and ? match as in a\nshell; may be given several times"  \
    }
#define ACTION_NAME                                                                                \
    {                                                                                              \
        OPTION_ACTION, 'a', "action", "ACTION", "only the action of exactly this name"             \
    }
#define TARGETS_NULL                                                                               \
    {                                                                                              \
        OPTION_NULL, '0', "null", NULL, "targets on standard input end with NUL, not newline"      \
    }
#define RECORDED                                                                                   \
    {                                                                                              \
        OPTION_RECORDED, 0, "recorded", NULL, "answer from the state alone: look at no file"       \
    }
#define NO_HEADER                                                                                  \
    {                                                                                              \
        OPTION_NO_HEADER, 0, "no-header", NULL, "leave the table's first line out"                 \
    }
#define STATUS_FILTERS                                                                             \
    {OPTION_COMPLETED, 0, "completed", NULL, "show what is completed"},                            \
        {OPTION_SUBMITTED, 0, "submitted", NULL, "show what is submitted"},                        \
        {OPTION_ELIGIBLE, 0, "eligible", NULL, "show what can run now"},                           \
    {                                                                                              \
        OPTION_WAITING, 0, "waiting", NULL, "show what waits for previous actions"                 \
    }

const struct option_spec command_global_options[] = {
    {OPTION_DIRECTORY, 'C', NULL, "DIR", "change to DIR before anything else"},
    {OPTION_FILE, 'f', "file", "FILE", "read FILE, not the Rowfile or workflow.toml above"},
    {OPTION_VERBOSE, 'v', "verbose", NULL, "say more: each node that starts, too"},
    {OPTION_QUIET, 'q', "quiet", NULL,
     "say less: only failures and errors;\ntwice: no errors either"},
    {OPTION_EXPLAIN, 0, "explain", NULL, "say with each node why it runs"},
    {OPTION_COLOR, 0, "color", "WHEN", "auto (the default), always or never"},
    {OPTION_NO_PROGRESS, 0, "no-progress", NULL, "no status block on the terminal"},
    {OPTION_CLEAR_PROGRESS, 0, "clear-progress", NULL, "leave nothing of the status block behind"},
    {OPTION_JSON, 0, "json", NULL, "print JSON, for programs"},
    {OPTION_CLUSTER, 0, "cluster", "NAME",
     "be on this cluster, not on the one that is recognised\n(none: this machine only)"},
    {OPTION_IO_THREADS, 0, "io-threads", "N", "look at files with N threads"},
    {OPTION_VERSION, 'V', "version", NULL, "print the version"},
    {OPTION_HELP, 'h', "help", NULL, "print help; also for each command"},
    END};

static const struct option_spec run_options[] = {
    {OPTION_JOBS, 'j', "jobs", "N", "use N cores (default: all that this process may use)"},
    {OPTION_GPUS, 0, "gpus", "N", "there are N GPUs to use (default: as many as are found)"},
    {OPTION_KEEP_GOING, 'k', "keep-going", "N",
     "start nothing new after N failures (default 1);\n0: never stop"},
    {OPTION_DRY_RUN, 'n', "dry-run", NULL,
     "run nothing, write nothing: say what would run,\nwhy, and what it would cost"},
    ACTION_PATTERN,
    {OPTION_ONLY, 0, "only", NULL, "don't bring up to date what the selected need"},
    {OPTION_RERUN, 0, "rerun", NULL, "run the selected although they are up to date"},
    {OPTION_ADOPT, 0, "adopt", NULL, "start anew where the state can't be read"},
    {OPTION_NO_ADOPT, 0, "no-adopt", NULL, "products that nobody recorded don't count"},
    {OPTION_YES, 0, "yes", NULL, "redo much finished work without asking"},
    {OPTION_GRACE, 0, "grace", "SECONDS", "time between TERM and KILL on Ctrl-C (default 5)"},
    TARGETS_NULL,
    END};

static const struct option_spec check_options[] = {
    {OPTION_SCHEMA, 0, "schema", NULL, "print the JSON Schema of a Rowfile, for editors"}, END};

static const struct option_spec no_options[] = {END};

static const struct option_spec show_status_options[] = {
    ACTION_PATTERN,
    {OPTION_ALL, 0, "all", NULL, "also actions without directories"},
    STATUS_FILTERS,
    NO_HEADER,
    RECORDED,
    TARGETS_NULL,
    END};

static const struct option_spec show_directories_options[] = {
    ACTION_NAME,
    {OPTION_VALUE, 0, "value", "POINTER",
     "a column with this part of the values, such as\n/temperature; may be given several times"},
    STATUS_FILTERS,
    {OPTION_GROUPS, 'n', "n-groups", "N", "only the first N groups"},
    {OPTION_SHORT, 0, "short", NULL, "only names, one a line"},
    NO_HEADER,
    {OPTION_NO_SEPARATE_GROUPS, 0, "no-separate-groups", NULL, "no blank lines between groups"},
    RECORDED,
    TARGETS_NULL,
    END};

static const struct option_spec show_why_options[] = {ACTION_PATTERN, RECORDED, TARGETS_NULL, END};

static const struct option_spec show_log_options[] = {
    ACTION_PATTERN,
    {OPTION_FOLLOW, 'f', "follow", NULL, "go on as the log grows, until the node ends"},
    END};

static const struct option_spec show_jobs_options[] = {
    ACTION_PATTERN,
    {OPTION_SHORT, 0, "short", NULL, "only the jobs' numbers, one a line"},
    NO_HEADER,
    TARGETS_NULL,
    END};

static const struct option_spec show_cluster_options[] = {
    {OPTION_ALL, 0, "all", NULL, "all clusters that are known"},
    {OPTION_SHORT, 0, "short", NULL, "only names, one a line"},
    END};

static const struct option_spec show_launchers_options[] = {
    {OPTION_ALL, 0, "all", NULL, "the launchers of all clusters"},
    {OPTION_SHORT, 0, "short", NULL, "only names, one a line"},
    END};

static const struct option_spec submit_options[] = {
    ACTION_PATTERN,
    {OPTION_LIMIT, 'n', NULL, "N", "submit N jobs at most, over all actions"},
    {OPTION_DRY_RUN, 0, "dry-run", NULL, "print the scripts; submit nothing, write nothing"},
    {OPTION_YES, 0, "yes", NULL, "don't ask"},
    {OPTION_FOLLOW, 0, "follow", NULL,
     "also what waits for something submitted: its jobs\nstart when what they need has succeeded"},
    {OPTION_NO_ARRAY, 0, "no-array", NULL, "each job by itself, not as a part of an array"},
    {OPTION_THROTTLE, 0, "throttle", "N", "run N jobs of an array at once"},
    {OPTION_PATIENCE, 0, "patience", "SECONDS",
     "try for so long while the scheduler takes nothing\n(default 120)"},
    {OPTION_ONLY, 0, "only", NULL, "don't ask whether what comes before is up to date"},
    {OPTION_NO_ADOPT, 0, "no-adopt", NULL, "products that nobody recorded don't count"},
    END};

static const struct option_spec scan_options[] = {ACTION_NAME, TARGETS_NULL, END};
static const struct option_spec accept_options[] = {ACTION_PATTERN, TARGETS_NULL, END};

static const struct option_spec clean_options[] = {
    {OPTION_CLEAN_COMPLETED, 0, "completed", NULL, "forget what was completed"},
    {OPTION_CLEAN_DIRECTORY, 0, "directory", NULL, "forget what was read of directories and files"},
    {OPTION_CLEAN_SUBMITTED, 0, "submitted", NULL, "forget submitted jobs"},
    {OPTION_FORCE, 0, "force", NULL, "although jobs are submitted"},
    {OPTION_DRY_RUN, 'n', "dry-run", NULL, "only say what would be forgotten"},
    {OPTION_YES, 0, "yes", NULL, "don't ask"},
    END};

static const struct option_spec init_options[] = {
    {OPTION_SIGNAC, 0, "signac", NULL, "read values where signac keeps them"},
    {OPTION_ROW, 0, "row", NULL, "write a workflow.toml, which row reads too"},
    {OPTION_WORKSPACE, 'w', "workspace", "NAME", "name of the workspace (default: workspace)"},
    END};

static const struct option_spec job_options[] = {
    {OPTION_JOBS, 'j', "jobs", "N", "use N cores (default: those that the job has)"},
    {OPTION_GPUS, 0, "gpus", "N", "there are N GPUs to use (default: as many as are found)"},
    {OPTION_GRACE, 0, "grace", "SECONDS",
     "time between TERM and KILL when the job is cancelled\nor preempted (default 20)"},
    {OPTION_PLAIN, 0, "plain", NULL, "of what went well, print only what the commands print"},
    END};

static const struct command commands[COMMAND_COUNT] = {
    [COMMAND_RUN] =
        {COMMAND_RUN, OPERANDS_TARGETS, NULL,
         "rowbuild [-j N] [-k N] [-n] [-a ACTION]... [OPTION]... [DIRECTORY|PRODUCT]...",
         "bring products up to date", "", run_options, ""},
    [COMMAND_CHECK] =
        {COMMAND_CHECK, OPERANDS_NONE, "check", "rowbuild check [--schema]",
         "find all errors without running",
         "Reads the Rowfile, the launchers and the values of all directories, and reports every\n"
         "error and warning that can be found without running anything. Ends with status 2 when\n"
         "there are errors, which makes it a step for continuous integration.\n",
         check_options,
         "rowbuild check\n"
         "    says what is wrong with the Rowfile above this directory\n"
         "rowbuild -f draft.toml check\n"
         "    the same of another file\n"
         "rowbuild check --schema > rowfile.schema.json\n"
         "    lets an editor complete and check keys\n"},
    [COMMAND_SHOW] = {COMMAND_SHOW, OPERANDS_OTHER, "show",
                      "rowbuild show status|directories|jobs|why|log|machine|cluster|launchers ...",
                      "show what is there, and why", "Shows something and changes nothing.\n",
                      no_options,
                      "rowbuild show status\n"
                      "    how much of each action is completed\n"
                      "rowbuild show why 'simulate/T1.5-s1'\n"
                      "    why this node would run\n"
                      "rowbuild show status --help\n"
                      "    all about one of them\n"},
    [COMMAND_SHOW_STATUS] =
        {COMMAND_SHOW_STATUS, OPERANDS_TARGETS, "status",
         "rowbuild show status [OPTION]... [DIRECTORY]...", "how much of each action is completed",
         "One line for each action: how many directories are completed, submitted, eligible (they\n"
         "can run now) and waiting (for previous actions), and what the rest costs. A directory\n"
         "that is out of date, failed or unfinished is eligible or waiting.\n",
         show_status_options,
         "rowbuild show status\n"
         "    the whole study\n"
         "rowbuild show status -a 'sim*' --eligible\n"
         "    only actions that have directories to run now\n"
         "rowbuild show status --recorded\n"
         "    the same without looking at any product: kind to network file systems\n"},
    [COMMAND_SHOW_DIRECTORIES] =
        {COMMAND_SHOW_DIRECTORIES, OPERANDS_TARGETS, "directories",
         "rowbuild show directories [-a ACTION] [OPTION]... [DIRECTORY]...",
         "the directories of an action, with values",
         "Lists directories, group by group, with their status for one action. All options except\n"
         "--short and --recorded need --action.\n",
         show_directories_options,
         "rowbuild show directories -a simulate --value /temperature\n"
         "    status and temperature of each directory\n"
         "rowbuild show directories -a simulate --eligible --short | rowbuild -n -\n"
         "    what would run of those that could run now\n"},
    [COMMAND_SHOW_JOBS] =
        {COMMAND_SHOW_JOBS, OPERANDS_TARGETS, "jobs",
         "rowbuild show jobs [-a ACTION]... [OPTION]... [DIRECTORY]...",
         "what is queued or running",
         "One line for each job of this study in the cluster's queue, elements of arrays one by\n"
         "one: its number, its action, how many directories it works on, its state, and what it\n"
         "waits for. The queue's answer is remembered for half a minute.\n",
         show_jobs_options,
         "rowbuild show jobs\n"
         "    all jobs of this study\n"
         "rowbuild show jobs -a simulate T1.5-s1\n"
         "    the job that simulates this directory\n"
         "rowbuild show jobs --short -a 'sim*' | xargs scancel\n"
         "    cancels the jobs of some actions\n"},
    [COMMAND_SHOW_WHY] =
        {COMMAND_SHOW_WHY, OPERANDS_TARGETS, "why",
         "rowbuild show why [-a ACTION]... [NODE|ACTION|DIRECTORY]...",
         "why something runs, or doesn't",
         "Prints every reason for which nodes aren't up to date: the file, the part of the value "
         "or\n"
         "the key that changed, with its old and its new content. A node is ACTION/DIRECTORY.\n",
         show_why_options,
         "rowbuild show why simulate/T1.5-s1\n"
         "    one node\n"
         "rowbuild show why T1.5-s1\n"
         "    all actions of one directory\n"
         "rowbuild show why -a analyse\n"
         "    all directories of one action\n"},
    [COMMAND_SHOW_LOG] =
        {COMMAND_SHOW_LOG, OPERANDS_TARGETS, "log", "rowbuild show log [-f] NODE",
         "what a node's command printed",
         "Prints the log of the node's last execution, running or over. A node is\n"
         "ACTION/DIRECTORY, or a directory together with -a. Here -f means --follow.\n",
         show_log_options,
         "rowbuild show log simulate/T1.5-s1\n"
         "    what it printed\n"
         "rowbuild show log -f -a simulate T1.5-s1\n"
         "    what it prints, as it runs\n"},
    [COMMAND_SHOW_MACHINE] = {COMMAND_SHOW_MACHINE, OPERANDS_NONE, "machine",
                              "rowbuild show machine", "cores and memory to use",
                              "Shows the packages, NUMA nodes and cores of this machine that a run "
                              "may use here and now,\n"
                              "after affinity, control groups and an allocation's limits.\n",
                              no_options,
                              "rowbuild show machine\n"
                              "    what a run without -j would use\n"
                              "taskset -c 0-3 rowbuild show machine\n"
                              "    what it would use when confined to four cores\n"},
    [COMMAND_SHOW_CLUSTER] = {COMMAND_SHOW_CLUSTER, OPERANDS_NONE, "cluster",
                              "rowbuild show cluster [--all] [--short]", "which cluster this is",
                              "Shows the cluster that is recognised here, or named by --cluster, "
                              "in the format of\n"
                              "clusters.toml: its scheduler and its partitions, in the order in "
                              "which they are tried.\n",
                              show_cluster_options,
                              "rowbuild show cluster\n"
                              "    where this is\n"
                              "rowbuild show cluster --all --short\n"
                              "    the names of all clusters that are known\n"
                              "rowbuild show cluster --cluster delta >> "
                              "~/.config/rowbuild/clusters.toml\n"
                              "    takes over a built-in cluster, to change it there\n"},
    [COMMAND_SHOW_LAUNCHERS] = {COMMAND_SHOW_LAUNCHERS, OPERANDS_NONE, "launchers",
                                "rowbuild show launchers [--all] [--short]",
                                "how processes are started",
                                "Shows the launchers that actions may name, built in or from "
                                "launchers.toml, as they are on\n"
                                "this cluster.\n",
                                show_launchers_options,
                                "rowbuild show launchers\n"
                                "    those of this machine or cluster\n"
                                "rowbuild show launchers --all --short\n"
                                "    the names of all\n"},
    [COMMAND_SUBMIT] =
        {COMMAND_SUBMIT, OPERANDS_OTHER, "submit",
         "rowbuild submit [-a ACTION]... [-n N] [--follow] [OPTION]... [DIRECTORY]...\n"
         "                [-- SBATCH_OPTION...]",
         "hand what can run to the scheduler",
         "Submits a job for each group of directories that can run now. Jobs with equal requests\n"
         "become an array. With --follow, what comes after is submitted too. Only selected "
         "actions\n"
         "and directories are submitted, not what they need. What is in a job is left alone by "
         "all\n"
         "other commands until the job is over; its results are recorded as it goes.\n"
         "\n"
         "Says how many jobs there are and what they cost at most, and asks before it submits "
         "when\n"
         "standard output is a terminal. What follows -- is passed on to sbatch. On the cluster\n"
         "none the scripts run here, one after the other; the first that fails ends the rest.\n",
         submit_options,
         "rowbuild submit\n"
         "    all that can run now\n"
         "rowbuild submit --dry-run -a simulate\n"
         "    the scripts of one action\n"
         "rowbuild submit --follow --yes -- --qos=debug\n"
         "    the whole study, each job when what it needs is there\n"
         "rowbuild submit --cluster none -n 1\n"
         "    the first job, here and now\n"},
    [COMMAND_SCAN] =
        {COMMAND_SCAN, OPERANDS_TARGETS, "scan", "rowbuild scan [-a ACTION] [DIRECTORY]...",
         "learn which products are there",
         "Looks for the products of nodes that nobody recorded, and records those that are "
         "complete.\n"
         "A run does it by itself; scan is for products that came another way, and for jobs.\n",
         scan_options,
         "rowbuild scan\n"
         "    all actions and directories\n"
         "rowbuild scan -a simulate T1.5-s1\n"
         "    one node\n"},
    [COMMAND_ACCEPT] =
        {COMMAND_ACCEPT, OPERANDS_TARGETS, "accept",
         "rowbuild accept [-a ACTION]... [DIRECTORY]...", "take what is there as right",
         "Records the products that are there as right for the inputs, values and commands as "
         "they\n"
         "are now, without running anything. Refuses where products are missing. For changes that\n"
         "you know to be harmless.\n",
         accept_options,
         "rowbuild -n && rowbuild accept\n"
         "    looks at what would be redone, and takes all of it as done\n"
         "rowbuild accept -a simulate T1.5-s1\n"
         "    one node\n"},
    [COMMAND_CLEAN] =
        {COMMAND_CLEAN, OPERANDS_NONE, "clean",
         "rowbuild clean [--completed] [--directory] [--submitted] [--force] [-n]",
         "forget what is remembered",
         "Forgets parts of the state below .rowbuild, all of them when none is named, and deletes\n"
         "old results that were set aside. Products stay: after a clean, those that are there are\n"
         "adopted by the next run as they stand.\n",
         clean_options,
         "rowbuild clean -n\n"
         "    says what would be forgotten and deleted\n"
         "rowbuild clean --directory\n"
         "    drops records of directories that are gone; files are read anew\n"},
    [COMMAND_INIT] =
        {COMMAND_INIT, OPERANDS_OTHER, "init", "rowbuild init [--signac] [--row] [-w NAME] DIR",
         "begin a new study",
         "Makes DIR with a Rowfile to begin with and an empty workspace. Refuses where a study is\n"
         "already, or above.\n",
         init_options,
         "rowbuild init melting\n"
         "    makes melting/Rowfile and melting/workspace\n"
         "rowbuild init --signac .\n"
         "    makes a Rowfile for the signac project in this directory\n"},
    [COMMAND_JOB] =
        {COMMAND_JOB, OPERANDS_OTHER, "job", "rowbuild job [-j N] [--plain] TOKEN",
         "inside a job: carry it out",
         "Carries out what `rowbuild submit` registered under TOKEN: the last line of each job's\n"
         "script. Runs the nodes of the job, or of this element of its array, on the cores that\n"
         "the job has, whatever fails; what is up to date by then doesn't run again. Nothing\n"
         "starts that won't fit the time left. TERM near the end of the job is passed on, and\n"
         "processes may use the time left; what has finished counts. What the job learns lies in\n"
         "the inbox of the state until the next command reads it. Ends with status 1 if a node\n"
         "failed or is unfinished, and does nothing if TOKEN isn't registered any more or another\n"
         "job has claimed it.\n",
         job_options,
         "exec rowbuild -C /home/me/study --cluster lab job 3f9c2a7be0d15486\n"
         "    the end of a job's script\n"},
    [COMMAND_HELP] = {COMMAND_HELP, OPERANDS_OTHER, "help", "rowbuild help [COMMAND]",
                      "explain a command", "The same as --help.\n", no_options,
                      "rowbuild help show why\n"
                      "    all about one command\n"},
};

static bool is_show(enum command_id id)
{
    return id >= COMMAND_SHOW_STATUS && id <= COMMAND_SHOW_LAUNCHERS;
}

const struct command *command_by_id(enum command_id id)
{
    return &commands[id];
}

static const struct command *find(const char *name, bool show)
{
    for (size_t i = 1; i < COMMAND_COUNT; i++) {
        if (is_show(commands[i].id) == show && strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

const struct command *command_find(const char *name)
{
    return find(name, false);
}

const struct command *command_find_show(const char *name)
{
    return find(name, true);
}

void command_add_name(struct buf *out, const struct command *command)
{
    buf_addf(out, "rowbuild%s%s%s", is_show(command->id) ? " show" : "",
             command->name != NULL ? " " : "", command->name != NULL ? command->name : "");
}

const char *command_nearest(const char *name, bool show)
{
    struct slice names[COMMAND_COUNT];
    size_t count = 0;
    for (size_t i = 1; i < COMMAND_COUNT; i++) {
        if (is_show(commands[i].id) == show) {
            names[count] = slice_of(commands[i].name);
            count++;
        }
    }
    int nearest = text_nearest(slice_of(name), names, count);
    return nearest >= 0 ? names[nearest].at : NULL;
}
