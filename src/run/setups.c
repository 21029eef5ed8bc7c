#include "setups.h"

#include "disk.h"
#include "file.h"
#include "inside.h"
#include "running.h"
#include "setup.h"
#include "state_folder.h"
#include "text.h"
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST_FILE = 16 << 20, SHOWN_OUTPUT = 4 << 10, KILL_ROUNDS = 1000 };
static const int64_t KILL_PAUSE_NS = 2000000;

static uint32_t element_of(const struct run *run, const struct execution *execution)
{
    return plan_graph(run->plan)->tasks[execution_tasks(&run->executions, execution)[0].at].action;
}

static struct setup *setup_of(struct run *run, uint32_t element)
{
    struct setups *setups = &run->setups;
    if (setups->of == NULL) {
        setups->count = plan_graph(run->plan)->rowfile->action_count;
        setups->of = mem_alloc(setups->count * sizeof *setups->of);
        for (size_t i = 0; i < setups->count; i++) {
            setups->of[i].output = -1;
            arena_init(&setups->of[i].arena);
        }
    }
    return &setups->of[element];
}

/* ---- Its files ---- */

/* Its lines, as a file that ends with a newline. */
static int write_text(int folder, struct slice lines)
{
    struct buf text = BUF_EMPTY;
    buf_add_slice(&text, lines);
    buf_add_char(&text, '\n');
    int result = inside_replace(folder, SETUP_TEXT, buf_slice(&text));
    buf_release(&text);
    return result;
}

/* A folder of its own, with its text and the file that its output goes to. */
static int make_folder(const struct run *run, uint32_t element, struct setup *setup,
                       struct diag *diag)
{
    struct buf name = BUF_EMPTY;
    buf_addf(&name, "%s/" STATE_LOGS "/.setup%s-%u", run->options->state_path, run->options->name,
             (unsigned)element);
    setup->folder = mem_copy(name.at, name.len);
    (void)file_remove_tree(AT_FDCWD, setup->folder);
    int folder = inside_root(AT_FDCWD, setup->folder, true);
    if (folder >= 0 && disk->set_mode(folder, S_IRWXU) != 0) { /* what it leaves may be secret */
        disk->close(folder);
        folder = -1;
    }
    const struct action *action = &plan_graph(run->plan)->rowfile->actions[element];
    if (folder >= 0 && write_text(folder, launch_setup_of(run->launch, action)) == 0) {
        setup->output = inside_create(folder, "output", O_APPEND);
    }
    int error = errno;
    if (folder >= 0) {
        disk->close(folder);
    }
    buf_release(&name);
    return setup->output >= 0 ? 0
                              : diag_state_error(diag, FINDING_FILE_TROUBLE, "can't make %s: %s",
                                                 setup->folder, inside_error(error));
}

/* Empty where the setup wrote no such file; *error: it can't be read. */
static struct slice read_file(int folder, const char *name, struct arena *arena, int *error)
{
    struct buf text = BUF_EMPTY;
    struct slice kept = {0};
    if (inside_read(folder, name, LONGEST_FILE, &text) == 0) {
        kept = arena_slice(arena, buf_slice(&text));
    } else if (errno != ENOENT) {
        *error = errno;
    }
    buf_release(&text);
    return kept;
}

/* Reads what it wrote, and writes what commands read. False: it ended its shell before; *error: that
 * can't be read or written. */
static bool take_files(struct run *run, uint32_t element, struct setup *setup, int *error)
{
    const struct action *action = &plan_graph(run->plan)->rowfile->actions[element];
    struct arena arena;
    struct buf state = BUF_EMPTY;
    struct buf path = BUF_EMPTY;
    int folder = inside_root(AT_FDCWD, setup->folder, false);
    arena_init(&arena);
    *error = folder < 0 ? errno : 0;
    struct setup_files files = {.before = read_file(folder, SETUP_BEFORE, &arena, error),
                                .after = read_file(folder, SETUP_AFTER, &arena, error),
                                .folder = read_file(folder, SETUP_FOLDER, &arena, error),
                                .shell = read_file(folder, SETUP_SHELL, &arena, error),
                                .options = read_file(folder, SETUP_OPTIONS, &arena, error),
                                .environment = read_file(folder, SETUP_ENVIRONMENT, &arena, error)};
    char *project = disk->path_of(plan_project(run->plan));
    bool taken =
        *error == 0 &&
        setup_take(&files, setup->started, slice_of(project != NULL ? project : ""),
                   launch_setup_of(run->launch, action), &setup->left, &setup->arena, &state);
    if (taken && inside_replace(folder, SETUP_STATE, buf_slice(&state)) != 0) {
        *error = errno;
        taken = false;
    }
    static const char *const read_once[] = {SETUP_ENVIRONMENT, SETUP_SHELL, SETUP_OPTIONS};
    for (size_t i = 0; folder >= 0 && i < sizeof read_once / sizeof read_once[0]; i++) {
        (void)inside_remove(folder, read_once[i]);
    }
    buf_addf(&path, "%s/" SETUP_STATE, setup->folder);
    setup->left.state = arena_string(&setup->arena, buf_slice(&path));
    free(project);
    if (folder >= 0) {
        disk->close(folder);
    }
    arena_release(&arena);
    buf_release(&path);
    buf_release(&state);
    return taken;
}

/* ---- Starting ---- */

static int start_process(struct run *run, uint32_t number, struct setup *setup)
{
    const struct execution *execution = &run->executions.all.at[number];
    const struct task_id *tasks = execution_tasks(&run->executions, execution);
    const struct rlimit *open_files = &run->slots.open_files;
    struct launch_process process;
    const uint32_t *directories;
    size_t directory_count = plan_directories(run->plan, tasks[0], &directories);
    struct launch_request request = {.tasks = tasks,
                                     .task_count = execution->count,
                                     .directories = directories,
                                     .directory_count = directory_count,
                                     .processes = execution->request.processes,
                                     .threads = execution->request.threads_per_process,
                                     .mark = setup->mark};
    if (launch_prepare_setup(run->launch, &request, setup->folder, &setup->arena, &process,
                             run->diag) != 0) {
        return -1;
    }
    setup->started = process.environment;
    struct spawn_request spawn = {.argv = process.argv,
                                  .envp = process.environment,
                                  .directory = plan_project(run->plan),
                                  .output = setup->output,
                                  .open_files = open_files->rlim_max > 0 ? open_files : NULL};
    if (world->start(&spawn, &setup->child) != 0) {
        return diag_error(run->diag, FINDING_NOT_STARTED, "`%s` can't be started: %s",
                          process.argv[0], strerror(errno));
    }
    return 0;
}

static void pass_over(struct run *run, uint32_t number)
{
    struct execution *execution = &run->executions.all.at[number];
    execution_end(&run->executions, execution);
    outcome_set(run, execution_tasks(&run->executions, execution), execution->count,
                TASK_NOT_STARTED);
}

static void fail_waiting(struct run *run, struct setup *setup)
{
    setup->state = SETUP_FAILED;
    for (size_t i = 0; i < setup->waiting.count; i++) {
        pass_over(run, setup->waiting.at[i]);
    }
    setup->waiting.count = 0;
}

static void start(struct run *run, uint32_t number, uint32_t element, struct setup *setup)
{
    struct buf mark = BUF_EMPTY;
    buf_addf(&mark, "ROWBUILD_EXECUTION=%d-setup-%u", (int)getpid(), (unsigned)element);
    setup->mark = mem_copy(mark.at, mark.len);
    buf_release(&mark);
    if (make_folder(run, element, setup, run->diag) != 0 ||
        start_process(run, number, setup) != 0) {
        fail_waiting(run, setup);
        return;
    }
    setup->state = SETUP_RUNS;
    run->setups.running++;
    world->watch(run->loop, setup->child.pidfd, SETUPS_TOKEN | element);
}

bool setups_hold(struct run *run, uint32_t number)
{
    const struct execution *execution = &run->executions.all.at[number];
    const struct action *action = execution_action(&run->executions, execution);
    if (launch_setup_of(run->launch, action).len == 0) {
        return false;
    }
    uint32_t element = element_of(run, execution);
    struct setup *setup = setup_of(run, element);
    switch (setup->state) {
    case SETUP_DONE:
        return false;
    case SETUP_FAILED:
        pass_over(run, number);
        return true;
    case SETUP_RUNS:
    case SETUP_NONE:
        break;
    }
    vec_push(&setup->waiting, number);
    if (setup->state == SETUP_NONE) {
        start(run, number, element, setup);
    }
    return true;
}

const struct launch_setup *setups_left(const struct run *run, uint32_t element)
{
    return run->setups.of != NULL && run->setups.of[element].state == SETUP_DONE
               ? &run->setups.of[element].left
               : NULL;
}

/* ---- Ending ---- */

bool setups_is_token(uint64_t token)
{
    return token >> 32U == SETUPS_TOKEN >> 32U;
}

/* What it printed, each line indented; its end where it is long. */
static void add_output(const struct setup *setup, struct buf *out)
{
    char text[SHOWN_OUTPUT];
    struct stat found;
    off_t from = disk->stat_open(setup->output, &found) == 0 && found.st_size > SHOWN_OUTPUT
                     ? found.st_size - SHOWN_OUTPUT
                     : 0;
    ssize_t len = disk->read_at(setup->output, text, sizeof text, from);
    for (ssize_t i = 0; i < len; i++) {
        buf_add_string(out, i == 0 || text[i - 1] == '\n' ? "\n  " : "");
        buf_add(out, text[i] == '\n' ? "" : text + i, text[i] != '\n');
    }
}

/* dash has no `source`, and drops the functions that bash exported, as `module` is one. */
static const char *hint_for(const char *text)
{
    return strstr(text, "module: not found") != NULL || strstr(text, "ml: not found") != NULL ||
                   strstr(text, "source: not found") != NULL ||
                   strstr(text, "conda: not found") != NULL
               ? "; bash has it: set `shell = \"bash\"`"
               : "";
}

/* What it set though each directory has a value of its own; NULL: nothing. */
static const char *find_varying(const struct action *action, const struct setup *setup)
{
    for (size_t i = 0; i < setup->left.set_count; i++) {
        const char *entry = setup->left.set[i];
        if (launch_is_varying(action, slice_make(entry, strcspn(entry, "=")))) {
            return entry;
        }
    }
    return NULL;
}

static void tell_failure(struct run *run, const struct action *action, const struct setup *setup,
                         const struct child_end *end, int error)
{
    struct buf output = BUF_EMPTY;
    struct buf how = BUF_EMPTY;
    const char *varying = find_varying(action, setup);
    add_output(setup, &output);
    if (error != 0) {
        buf_addf(&how, "what it left can't be taken over: %s", inside_error(error));
    } else if (varying != NULL) {
        buf_addf(
            &how,
            "it sets %.*s, which `environment` sets for each directory; leave it out of one of "
            "them",
            (int)strcspn(varying, "="), varying);
    } else if (setup->left.is_unclear) {
        buf_add_string(&how,
                       "it defines functions in a way that only bash can hand on to commands; "
                       "set `shell = \"bash\"`");
    } else if (end->signalled) {
        const char *name = sigabbrev_np(end->status);
        buf_addf(&how, "killed by SIG%s", name != NULL ? name : "NAL");
    } else if (end->status != 0) {
        buf_addf(&how, "exit %d", end->status);
    } else {
        buf_add_string(&how, "it ended its shell with `exit 0` or `exec`");
    }
    diag_error(run->diag, FINDING_SETUP_FAILED,
               "the setup of `%.*s` failed: %s; none of the action's commands was started%s%s",
               SLICE_ARGS(action->name), buf_string(&how), hint_for(buf_string(&output)),
               buf_string(&output));
    buf_release(&output);
    buf_release(&how);
}

/* In a job, as in row, what a setup prints stands in the job's output. */
static void tell_output(struct run *run, const struct action *action, const struct setup *setup)
{
    struct buf output = BUF_EMPTY;
    add_output(setup, &output);
    if (output.len > 0 && run->options->name[0] != '\0') {
        run_notice(run, "the setup of `%.*s` printed:%s", SLICE_ARGS(action->name),
                   buf_string(&output));
    }
    buf_release(&output);
}

static void close_output(struct setup *setup)
{
    if (setup->output >= 0) {
        disk->close(setup->output);
    }
    setup->output = -1;
}

void setups_take_end(struct run *run, uint64_t token)
{
    uint32_t element = (uint32_t)token;
    struct setup *setup = setup_of(run, element);
    const struct action *action = &plan_graph(run->plan)->rowfile->actions[element];
    struct child_end end = {0};
    int error = 0;
    if (setup->state != SETUP_RUNS) {
        return;
    }
    world->unwatch(run->loop, setup->child.pidfd);
    int reaped = world->reap(&setup->child, &end);
    if (reaped > 0) {
        world->watch(run->loop, setup->child.pidfd, token);
        return;
    }
    run->setups.running--;
    if (reaped == 0 && !end.signalled && end.status == 0 &&
        take_files(run, element, setup, &error) && find_varying(action, setup) == NULL) {
        setup->state = SETUP_DONE;
        tell_output(run, action, setup);
        for (size_t i = 0; i < setup->waiting.count; i++) {
            ready_add_again(run, setup->waiting.at[i]);
        }
        setup->waiting.count = 0;
    } else if (run->stopping.is_stopping) {
        setup->state = SETUP_FAILED;
    } else {
        tell_failure(run, action, setup, &end, error);
        fail_waiting(run, setup);
    }
    close_output(setup);
}

void setups_stop(const struct run *run)
{
    for (size_t i = 0; run->setups.of != NULL && i < run->setups.count; i++) {
        if (run->setups.of[i].state == SETUP_RUNS) {
            world->signal(&run->setups.of[i].child, SIGTERM);
            world->signal(&run->setups.of[i].child, SIGKILL);
        }
    }
}

void setups_end(struct run *run)
{
    for (size_t i = 0; run->setups.of != NULL && i < run->setups.count; i++) {
        struct setup *setup = &run->setups.of[i];
        unsigned left = setup->mark != NULL ? world->kill_orphans(setup->mark) : 0;
        for (int round = 0; left > 0 && round < KILL_ROUNDS; round++) {
            world->pause(KILL_PAUSE_NS);
            left = world->kill_orphans(setup->mark);
        }
        close_output(setup);
        if (setup->folder != NULL) {
            (void)file_remove_tree(AT_FDCWD, setup->folder);
        }
        free(setup->folder);
        free(setup->mark);
        vec_release(&setup->waiting);
        arena_release(&setup->arena);
    }
    free(run->setups.of);
    run->setups = (struct setups){0};
}
