#include "audit.h"

#include "declared.h"
#include "file.h"
#include "program.h"
#include "reserved.h"
#include "spawn.h"
#include "trace_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STATUS_ADVISED = 4, LIMIT_OF_TRY_MS = 60000 };
static const int64_t NS_PER_S = 1000000000;

/* A command that was made to be watched. */
struct watched {
    char *log;
    struct task_id *tasks; /* owned */
    size_t count;
    bool is_taken;
};

/* Of one of an action's inputs, over all commands that succeeded. */
struct input_use {
    bool is_named; /* it names a file */
    bool is_read;
};

struct audit {
    struct audit_findings findings;
    char *folder; /* of the logs */
    char *helper; /* rowbuild-trace */
    char *project_path;
    enum audit_way way;
    bool outside;
    VEC(struct watched) watched;
    size_t first_open; /* the first that may not be taken */
    struct audit_places places;
    char *workspace;        /* real path; NULL: not known yet */
    struct input_use **use; /* by action element and input; owned */
    uint64_t lost;
    size_t elsewhere; /* commands with processes on other hosts */
};

/* ---- Beginning ---- */

static char *make_folder(void)
{
    const char *given = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe) */
    struct buf path = BUF_EMPTY;
    buf_addf(&path, "%s/rowbuild-audit-XXXXXX", given != NULL && *given == '/' ? given : "/tmp");
    if (mkdtemp(path.at) == NULL) {
        buf_release(&path);
        return NULL;
    }
    return path.at;
}

static const char by_notification[] = "--notification"; /* to rowbuild-trace */

/* Whether the system lets a process be watched. */
static int try_helper(const char *helper, enum audit_way way, struct diag *diag)
{
    char *by_ptrace[] = {(char *)helper, (char *)"--try", NULL};
    char *notified[] = {(char *)helper, (char *)by_notification, (char *)"--try", NULL};
    char **argv = way == AUDIT_BY_NOTIFICATION ? notified : by_ptrace;
    struct program_request request = {
        .argv = argv, .environment = environ, .limit_ms = LIMIT_OF_TRY_MS};
    struct program_answer answer = {.signalled = false};
    int result = 0;
    if (program_run(&request, &answer) != 0) {
        result = diag_state_error(diag, FINDING_NOT_STARTED, "`%s` can't be started: %s", helper,
                                  strerror(errno));
    } else if (answer.signalled || answer.status != 0) {
        while (answer.errors.len > 0 && answer.errors.at[answer.errors.len - 1] == '\n') {
            answer.errors.at[--answer.errors.len] = '\0';
        }
        const char *said = buf_string(&answer.errors);
        result = diag_state_error(diag, FINDING_NOT_WATCHED,
                                  "commands can't be watched here: %s; nothing was run%s",
                                  said[0] != '\0' ? said : "rowbuild-trace fails without a word",
                                  answer.status == STATUS_ADVISED && !answer.signalled
                                      ? ""
                                      : ". In a container, allow ptrace and seccomp: `--cap-add "
                                        "SYS_PTRACE --security-opt "
                                        "seccomp=unconfined` for docker and podman");
    }
    program_release(&answer);
    return result;
}

struct audit *audit_new(const struct rowfile *rowfile, const char *project_path, enum audit_way way,
                        bool outside, struct diag *diag)
{
    struct audit *audit = mem_alloc(sizeof *audit);
    spawn_become_subreaper(); /* of what watches, as a run is */
    struct buf helper = BUF_EMPTY;
    audit_findings_init(&audit->findings, rowfile);
    audit->way = way;
    audit->outside = outside;
    audit->use = mem_alloc((rowfile->action_count + 1) * sizeof *audit->use);
    for (size_t a = 0; a < rowfile->action_count; a++) {
        audit->use[a] = mem_alloc((rowfile->actions[a].input_count + 1) * sizeof **audit->use);
    }
    audit->project_path = realpath(project_path, NULL);
    int result = 0;
    if (!launch_find_helper("ROWBUILD_TRACE", "rowbuild-trace", &helper)) {
        result = diag_state_error(diag, FINDING_NOT_WATCHED,
                                  "the program rowbuild-trace is not where it was installed; "
                                  "set ROWBUILD_TRACE to its path");
    } else {
        audit->helper = mem_copy(helper.at, helper.len);
        result = try_helper(audit->helper, way, diag);
    }
    if (result == 0 && audit->project_path == NULL) {
        result =
            diag_state_error(diag, FINDING_FILE_TROUBLE, "%s: %s", project_path, strerror(errno));
    }
    if (result == 0) {
        audit->folder = make_folder();
        if (audit->folder == NULL) {
            result = diag_state_error(diag, FINDING_FILE_TROUBLE,
                                      "a temporary folder can't be made: %s; set TMPDIR",
                                      strerror(errno));
        }
    }
    buf_release(&helper);
    if (result != 0) {
        audit_free(audit);
        return NULL;
    }
    return audit;
}

void audit_free(struct audit *audit)
{
    if (audit == NULL) {
        return;
    }
    vec_each (struct watched, watched, &audit->watched) {
        free(watched->log);
        free(watched->tasks);
    }
    vec_release(&audit->watched);
    for (size_t a = 0; a < audit->findings.rowfile->action_count; a++) {
        free(audit->use[a]);
    }
    free(audit->use);
    free(audit->workspace);
    if (audit->folder != NULL) {
        (void)file_remove_tree(AT_FDCWD, audit->folder);
    }
    audit_findings_release(&audit->findings);
    free(audit->folder);
    free(audit->helper);
    free(audit->project_path);
    free(audit);
}

/* ---- Watching ---- */

static void find_places(struct audit *audit, const struct graph *graph)
{
    struct buf path = BUF_EMPTY;
    struct slice shown = graph->workspace->path;
    if (audit->workspace != NULL) {
        return;
    }
    if (graph->workspace->path.len == 0 || graph->workspace->path.at[0] != '/') {
        buf_addf(&path, "%s/", audit->project_path);
    }
    buf_add_slice(&path, graph->workspace->path);
    audit->workspace = realpath(buf_string(&path), NULL);
    if (audit->workspace == NULL) {
        audit->workspace = mem_copy(buf_string(&path), path.len);
    }
    while (shown.len > 1 && shown.at[shown.len - 1] == '/') {
        shown.len--;
    }
    audit->places = (struct audit_places){
        .project_path = slice_of(audit->project_path),
        .workspace_path = slice_of(audit->workspace),
        .workspace_shown =
            shown.len > 0 && shown.at[0] == '/' ? SLICE_LITERAL("{workspace_path}") : shown,
    };
    buf_release(&path);
}

static void wrap_process(const struct audit *audit, const char *log, struct launch_process *process,
                         struct arena *arena)
{
    size_t count = 0;
    while (process->argv[count] != NULL) {
        count++;
    }
    enum { MOST_BEFORE = 8 };
    char **argv = arena_array(arena, count + MOST_BEFORE, sizeof *argv);
    size_t at = 0;
    argv[at++] = arena_string(arena, slice_of(audit->helper));
    if (audit->way == AUDIT_BY_NOTIFICATION) {
        argv[at++] = arena_string(arena, slice_of(by_notification));
    }
    if (audit->outside) {
        argv[at++] = arena_string(arena, SLICE_LITERAL("--outside"));
    }
    argv[at++] = arena_string(arena, SLICE_LITERAL("--root"));
    argv[at++] = arena_string(arena, slice_of(audit->project_path));
    argv[at++] = arena_string(arena, SLICE_LITERAL("--root"));
    argv[at++] = arena_string(arena, slice_of(audit->workspace));
    argv[at++] = arena_string(arena, slice_of(log));
    memcpy(argv + at, process->argv, count * sizeof *argv);
    process->argv = argv;
    process->script_word += at;
}

void audit_start(void *context, const struct graph *graph, const struct task_id *tasks,
                 size_t count, struct launch_command *command, struct arena *arena)
{
    struct audit *audit = context;
    find_places(audit, graph);
    audit->elsewhere += command->has_steps;
    for (size_t i = 0; i < command->count; i++) {
        struct buf log = BUF_EMPTY;
        buf_addf(&log, "%s/%zu", audit->folder, audit->watched.count);
        struct watched watched = {.log = mem_copy(log.at, log.len),
                                  .tasks = mem_alloc(count * sizeof *tasks),
                                  .count = count};
        memcpy(watched.tasks, tasks, count * sizeof *tasks);
        wrap_process(audit, watched.log, &command->processes[i], arena);
        vec_push(&audit->watched, watched);
        buf_release(&log);
    }
}

size_t audit_count(const struct audit *audit)
{
    return audit->watched.count;
}

/* ---- Comparing ---- */

struct taking {
    struct audit *audit;
    const struct graph *graph;
    const struct audit_places *places;
    const struct declared *declared;
    struct task_id task; /* the first */
    struct buf text;
};

static bool is_reserved(struct slice path)
{
    for (size_t start = 0, i = 0; i <= path.len; i++) {
        if (i == path.len || path.at[i] == '/') {
            if (reserved_is_name(slice_make(path.at + start, i - start))) {
                return true;
            }
            start = i + 1;
        }
    }
    return false;
}

static bool ignores(void *context, struct slice path)
{
    struct taking *taking = context;
    const struct state_place *place = &taking->graph->workspace->place;
    for (size_t i = 1; i <= path.len; i++) {
        if ((i == path.len || path.at[i] == '/') &&
            state_place_is_in_project(place, slice_make(path.at, i))) {
            return true;
        }
    }
    return is_reserved(path) || (path.len > 0 && path.at[0] != '/' &&
                                 graph_glob_ignores(taking->graph, SLICE_LITERAL("**"), path));
}

static struct slice maker(void *context, struct slice path)
{
    struct taking *taking = context;
    for (size_t len = path.len; len > 0; len--) { /* the file, or a folder around it */
        if (len < path.len && path.at[len] != '/') {
            continue;
        }
        struct file_id file = graph_find_file(taking->graph, slice_make(path.at, len));
        if (file.at == GRAPH_NONE) {
            continue;
        }
        struct origin origin = graph_maker(taking->graph, file);
        if (origin.task.at != GRAPH_NONE) {
            buf_clear(&taking->text);
            graph_add_label(taking->graph, origin.task, &taking->text);
            return buf_slice(&taking->text);
        }
    }
    return (struct slice){0};
}

static bool exists(void *context, struct slice path, int64_t *mtime_ns)
{
    struct taking *taking = context;
    struct buf real = BUF_EMPTY;
    struct stat status;
    places_add_real(taking->places, path, &real);
    bool found = lstat(buf_string(&real), &status) == 0;
    if (found && S_ISLNK(status.st_mode)) {
        (void)stat(buf_string(&real), &status);
    }
    if (found) {
        *mtime_ns = (int64_t)status.st_mtim.tv_sec * NS_PER_S + (int64_t)status.st_mtim.tv_nsec;
    }
    buf_release(&real);
    return found;
}

/* Files of packages as one, "/usr/lib/python3", and those of a hidden folder. */
static struct slice package_of(struct slice path)
{
    static const char *const shelves[] = {"lib",           "lib64", "libexec", "share",
                                          "site-packages", "opt",   "etc",     NULL};
    static const char *const whole[] = {"bin", "sbin", "include", "proc", "sys", "dev", NULL};
    bool is_next = false; /* the part after a shelf is a package */
    for (size_t start = 1, i = 1; i <= path.len; i++) {
        if (i < path.len && path.at[i] != '/') {
            continue;
        }
        struct slice part = slice_make(path.at + start, i - start);
        bool ends = is_next || (part.len > 1 && part.at[0] == '.');
        for (size_t w = 0; whole[w] != NULL; w++) {
            ends = ends || slice_is(part, whole[w]);
        }
        if (ends) {
            return slice_make(path.at, i);
        }
        for (size_t s = 0; shelves[s] != NULL; s++) {
            is_next = is_next || slice_is(part, shelves[s]);
        }
        start = i + 1;
    }
    return path;
}

static void found(void *context, const struct audit_difference *difference)
{
    struct taking *taking = context;
    const struct graph *graph = taking->graph;
    const struct action *action = graph_action(graph, taking->task);
    uint32_t element = graph->tasks[taking->task.at].action;
    struct slice by = difference->maker.len > 0 ? difference->maker : (struct slice){0};
    if (difference->kind == AUDIT_OUTSIDE || difference->kind == AUDIT_PTRACE) {
        struct slice name =
            difference->kind == AUDIT_OUTSIDE ? package_of(difference->path) : difference->program;
        if (difference->kind == AUDIT_PTRACE || taking->audit->outside) {
            audit_findings_add(&taking->audit->findings, element, difference->kind, name, by,
                               difference->program, (struct slice){0});
        }
        return;
    }
    struct buf name = BUF_EMPTY;
    uint32_t directory;
    declared_spell(taking->declared, graph, taking->places, action, difference->path, &name,
                   &directory);
    if (difference->is_folder && difference->kind == AUDIT_PRODUCT) {
        buf_add_string(&name, "/");
    }
    if (directory != GRAPH_NONE) {
        audit_findings_add(&taking->audit->findings, element, difference->kind, buf_slice(&name),
                           by, difference->program, graph->workspace->names[directory]);
    } else {
        vec_each (uint32_t, own, &taking->declared->directories) {
            audit_findings_add(&taking->audit->findings, element, difference->kind,
                               buf_slice(&name), by, difference->program,
                               graph->workspace->names[*own]);
        }
        if (taking->declared->directories.count == 0) {
            audit_findings_add(&taking->audit->findings, element, difference->kind,
                               buf_slice(&name), by, difference->program, (struct slice){0});
        }
    }
    buf_release(&name);
}

/* What wasn't known of a file before it was made: what it is. */
static void identify_new(struct deeds *deeds)
{
    vec_each (struct deed, deed, &deeds->all) {
        struct stat status;
        if (deed->is_foreseen && deed->is_new && deed->inode == 0 &&
            stat(deed->path.at, &status) == 0) {
            deed->device = (uint64_t)status.st_dev;
            deed->inode = (uint64_t)status.st_ino;
        }
    }
}

static void name_deeds(struct deeds *deeds, const struct audit_places *places)
{
    vec_each (struct deed, deed, &deeds->all) {
        deed->path = places_name(places, deed->path, &deeds->bytes);
        deed->other = places_name(places, deed->other, &deeds->bytes);
    }
}

static void note_use(struct audit *audit, uint32_t element, const struct declared *declared,
                     const bool *used)
{
    vec_each (const struct audit_file, file, &declared->files) {
        if (file->role == ROLE_INPUT && file->input != UINT32_MAX) {
            struct input_use *use = &audit->use[element][file->input];
            use->is_named = true;
            use->is_read = use->is_read || used[file->input];
        }
    }
}

static void take(struct audit *audit, const struct graph *graph, const struct watched *watched,
                 bool succeeded)
{
    struct deeds deeds;
    struct declared declared;
    uint32_t element = graph->tasks[watched->tasks[0].at].action;
    if (deeds_read(&deeds, watched->log) != 0) {
        audit->lost++;
        deeds_release(&deeds);
        return;
    }
    audit->lost += deeds.lost + deeds.unknown;
    identify_new(&deeds);
    name_deeds(&deeds, &audit->places);
    declared_find(&declared, graph, &audit->places, watched->tasks, watched->count);
    struct taking taking = {.audit = audit,
                            .graph = graph,
                            .places = &audit->places,
                            .declared = &declared,
                            .task = watched->tasks[0]};
    struct audit_questions questions = {
        .context = &taking, .ignores = ignores, .maker = maker, .exists = exists};
    struct audit_execution execution = {.files = declared.files.at,
                                        .file_count = declared.files.count,
                                        .deeds = deeds.all.at,
                                        .deed_count = deeds.all.count,
                                        .value_is_read = declared.value_is_read};
    bool *used = mem_alloc((graph->rowfile->actions[element].input_count + 1) * sizeof *used);
    audit_compare(&execution, &questions, used, found, &taking);
    if (succeeded) {
        note_use(audit, element, &declared, used);
    }
    free(used);
    buf_release(&taking.text);
    declared_release(&declared);
    deeds_release(&deeds);
}

void audit_end(void *context, const struct graph *graph, const struct task_id *tasks, size_t count,
               bool succeeded)
{
    struct audit *audit = context;
    for (size_t i = audit->first_open; i < audit->watched.count; i++) {
        struct watched *watched = &audit->watched.at[i];
        if (!watched->is_taken && watched->count == count &&
            memcmp(watched->tasks, tasks, count * sizeof *tasks) == 0) {
            take(audit, graph, watched, succeeded);
            (void)unlink(watched->log);
            watched->is_taken = true;
        }
    }
    while (audit->first_open < audit->watched.count &&
           audit->watched.at[audit->first_open].is_taken) {
        audit->first_open++;
    }
}

static void add_unused(struct audit *audit, uint32_t element)
{
    const struct action *action = &audit->findings.rowfile->actions[element];
    for (size_t i = 0; i < action->input_count; i++) {
        const struct input_use *use = &audit->use[element][i];
        if (use->is_named && !use->is_read) {
            audit_findings_add(&audit->findings, element, AUDIT_UNUSED, action->inputs[i].text,
                               (struct slice){0}, (struct slice){0}, (struct slice){0});
        }
    }
}

const struct audit_findings *audit_finish(struct audit *audit, struct diag *diag)
{
    for (uint32_t a = 0; a < audit->findings.rowfile->action_count; a++) {
        add_unused(audit, a);
    }
    if (audit->lost > 0) {
        diag_warning(diag, FINDING_NOT_WATCHED,
                     "%llu calls of the watched commands could not be seen; the findings may be "
                     "incomplete",
                     (unsigned long long)audit->lost);
    }
    if (audit->elsewhere > 0) {
        diag_warning(diag, FINDING_NOT_WATCHED,
                     "processes that srun starts aren't watched; the findings of %zu "
                     "command%s are incomplete",
                     audit->elsewhere, audit->elsewhere == 1 ? "" : "s");
    }
    audit_findings_finish(&audit->findings);
    return &audit->findings;
}
