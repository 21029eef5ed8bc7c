/* rowbuild_submit: from the plan to submissions, one after the other. */
#include "submitting.h"

#include "clock.h"
#include "file.h"
#include "run.h"
#include "sbatch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double PATIENCE_S = 120;

bool submitting_wait(struct submitting *submitting, double seconds)
{
    struct loop_event events[8];
    int64_t until_ns = clock_monotonic_ns() + (int64_t)(seconds * 1e9);
    for (;;) {
        int64_t left_ns = until_ns - clock_monotonic_ns();
        int count = loop_wait(submitting->loop, events, sizeof events / sizeof events[0],
                              left_ns > 0 ? (int)(left_ns / 1000000) + 1 : 0);
        for (int i = 0; i < count; i++) {
            int signal = (int)events[i].token;
            submitting->interrupted =
                submitting->interrupted ||
                (events[i].kind == LOOP_SIGNAL && signal != SIGCHLD && signal != SIGUSR1);
        }
        if (submitting->interrupted || (count <= 0 && left_ns <= 0)) {
            return submitting->interrupted;
        }
    }
}

/* ---- What a submission is about ---- */

/* What is registered for a submission of the plan; nodes and names in the arena. */
static struct submission registration_of(struct submitting *submitting, size_t number,
                                         struct slice token)
{
    const struct planned_submission *planned = &submitting->jobs.submissions.at[number];
    const struct planned_job *jobs = submitting_jobs(submitting, planned);
    const struct graph *graph = submitting->study->graph;
    struct arena *arena = &submitting->arena;
    size_t count = (size_t)jobs[planned->job_count - 1].index + 1;
    struct submission made = {
        .token = token,
        .cluster = submitting->study->cluster->name,
        .is_array = planned->is_array,
        .user = geteuid(),
        .submitted_at_s = clock_wall_s(),
        .minutes = script_minutes(planned->request.walltime_s),
        .action = submitting_action(submitting, planned)->name,
        .elements = arena_array(arena, count, sizeof *made.elements),
        .element_count = count,
    };
    for (size_t e = 0; e < count; e++) {
        made.elements[e].state = ELEMENT_ENDED; /* an index that the array leaves out */
    }
    for (size_t j = 0; j < planned->job_count; j++) {
        struct submission_element *element = &made.elements[jobs[j].index];
        element->state = ELEMENT_QUEUED;
        element->node_count = jobs[j].node_count;
        element->nodes = arena_array(arena, jobs[j].node_count, sizeof *element->nodes);
        for (size_t n = 0; n < jobs[j].node_count; n++) {
            struct buf key = BUF_EMPTY;
            graph_add_key(graph, jobs[j].nodes[n], &key);
            element->nodes[n] = arena_slice(arena, buf_slice(&key));
            buf_release(&key);
        }
    }
    return made;
}

static uint64_t throttle_of(const struct submitting *submitting)
{
    unsigned given = submitting->options->throttle;
    return given > 0 ? given : submitting->study->cluster->array_throttle;
}

void submitting_add_script(const struct submitting *submitting, size_t number, struct slice token,
                           struct buf *out)
{
    const struct planned_submission *planned = &submitting->jobs.submissions.at[number];
    const struct planned_job *jobs = submitting_jobs(submitting, planned);
    const struct rowbuild *study = submitting->study;
    VEC(struct slice) directories = {0};
    VEC(uint32_t) indices = {0};
    for (size_t j = 0; j < planned->job_count; j++) {
        vec_push(&indices, jobs[j].index);
        for (size_t d = 0; d < jobs[j].directory_count; d++) {
            vec_push(&directories, jobs[j].directories[d]);
        }
    }
    script_add(
        &(struct script_facts){
            .action = submitting_action(submitting, planned),
            .cluster = study->cluster,
            .request = planned->request,
            .workspace_path = study->rowfile->workspace_path,
            .directories = directories.at,
            .directory_count = directories.count,
            .indices = planned->is_array ? indices.at : NULL,
            .index_count = indices.count,
            .throttle = throttle_of(submitting),
            .program = slice_of(submitting->program),
            .project = slice_of(study->project_path),
            .file = submitting->file != NULL ? slice_of(submitting->file) : (struct slice){0},
            .state = submitting->state != NULL ? slice_of(submitting->state) : (struct slice){0},
            .token = token,
        },
        out);
    vec_release(&directories);
    vec_release(&indices);
}

/* ---- What jobs must be told ---- */

static bool is_there(const char *folder, const char *name)
{
    struct buf path = BUF_EMPTY;
    buf_addf(&path, "%s/%s", folder, name);
    bool is = access(buf_string(&path), F_OK) == 0;
    buf_release(&path);
    return is;
}

static int find_means(struct submitting *submitting)
{
    const struct rowbuild *study = submitting->study;
    struct arena *arena = &submitting->arena;
    const char *slash = strrchr(study->file_name, '/');
    const char *name = slash != NULL ? slash + 1 : study->file_name;
    struct buf usual = BUF_EMPTY;
    submitting->program = submitting->options->program;
    if (submitting->program == NULL) {
        char path[PATH_MAX];
        ssize_t len = readlink("/proc/self/exe", path, sizeof path);
        if (len <= 0 || (size_t)len == sizeof path) {
            return diag_state_error(submitting->diag, "the path of this program isn't known: %s",
                                    strerror(errno));
        }
        submitting->program = arena_string(arena, slice_make(path, (size_t)len));
    }
    if (strcmp(name, is_there(study->project_path, "Rowfile") ? "Rowfile" : "workflow.toml") != 0) {
        submitting->file = arena_string(arena, slice_of(name));
    }
    buf_addf(&usual, "%s/.rowbuild", study->project_path);
    if (strcmp(study->state_path, buf_string(&usual)) != 0) {
        submitting->state = study->state_path;
    }
    buf_release(&usual);
    return 0;
}

/* Whether the user has named another file for the jobs' output. */
static bool redirects_output(const struct rowbuild_submit_options *options)
{
    static const char named[] = "--output";
    for (size_t i = 0; i < options->scheduler_option_count; i++) {
        const char *option = options->scheduler_options[i];
        if (strncmp(option, "-o", 2) == 0 || strncmp(option, named, strlen(named)) == 0) {
            return true;
        }
    }
    return false;
}

/* Slurm doesn't make the folder that a job's output goes to, and of a job that can't write there it
 * tells nothing. */
static int make_output_folder(struct submitting *submitting, size_t number)
{
    const struct planned_submission *planned = &submitting->jobs.submissions.at[number];
    struct rowbuild *study = submitting->study;
    struct buf path = BUF_EMPTY;
    int result = 0;
    script_add_output(submitting_action(submitting, planned), study->cluster->name,
                      planned->is_array, &path);
    char *slash = strrchr(path.at, '/');
    char *percent = strchr(path.at, '%');
    bool is_known = slash != NULL && (percent == NULL || percent > slash);
    if (is_known && file_make_parents(study->project, path.at) != 0) {
        result = diag_state_error(submitting->diag,
                                  "the folder of the job's output `%s` can't be made: %s", path.at,
                                  strerror(errno));
    } else if ((is_known || slash == NULL) && !redirects_output(submitting->options)) {
        struct slice folder =
            slash != NULL ? slice_make(path.at, (size_t)(slash - path.at) + 1) : SLICE_LITERAL(".");
        if (faccessat(study->project, arena_string(&submitting->arena, folder), W_OK, AT_EACCESS) !=
            0) {
            result = diag_state_error(
                submitting->diag,
                "the job's output `%s` can't be written: %s; `output_file_path` of the action's "
                "submit_options names another folder",
                path.at, strerror(errno));
        }
    }
    buf_release(&path);
    return result;
}

/* ---- Planning ---- */

/* Errors that concern an action of which jobs are to be submitted. */
static int refuse_broken(struct submitting *submitting, struct rowbuild_messages *messages)
{
    const struct rowfile *rowfile = submitting->study->rowfile;
    bool *told = mem_alloc(rowfile->name_count * sizeof *told + 1);
    for (size_t s = 0; s < submitting->jobs.submissions.count; s++) {
        const struct action *action =
            submitting_action(submitting, &submitting->jobs.submissions.at[s]);
        if (!told[action->name_id]) {
            told[action->name_id] = true;
            messages_take(messages, &submitting->study->own, action->name.at);
        }
    }
    free(told);
    return rowbuild_messages_status(messages);
}

static int plan_jobs(struct submitting *submitting, struct rowbuild_messages *messages)
{
    struct rowbuild *study = submitting->study;
    bool uses_slurm = study->cluster->scheduler == SCHEDULER_SLURM;
    struct job_plan_options options = {
        .cluster = study->cluster,
        .launchers = &study->launchers,
        .follow = submitting->options->follow,
        .no_arrays = !uses_slurm || submitting->options->no_arrays || study->cluster->no_arrays,
        .limit = submitting->options->limit,
        .queued = study_count_queued(study),
        .max_array_size = 1,
    };
    struct site site;
    if (uses_slurm) {
        site_ask(&site, environ);
        options.site = &site;
    }
    if (!options.no_arrays) {
        options.max_array_size = site_max_array_size(environ);
    }
    job_plan_release(&submitting->jobs);
    int made = job_plan_make(study->plan, &options, &submitting->jobs, submitting->diag);
    if (uses_slurm) {
        site_release(&site);
    }
    if (made != 0) {
        return rowbuild_messages_status(messages);
    }
    free(submitting->ids);
    submitting->ids = mem_alloc(submitting->jobs.submissions.count * sizeof *submitting->ids + 1);
    int status = refuse_broken(submitting, messages);
    if (status == ROWBUILD_OK && plan_check_pointers(study->plan, submitting->diag) != 0) {
        status = rowbuild_messages_status(messages);
    }
    return status;
}

static int look(struct submitting *submitting, const struct rowbuild_selection *selection,
                enum state_mode mode, struct rowbuild_messages *messages)
{
    struct rowbuild *study = submitting->study;
    study->asks_anew = true;
    study->will_write = !submitting->options->dry_run;
    int status = study_look(study, selection, mode, messages);
    study->will_write = false;
    study->asks_anew = false;
    return status == ROWBUILD_OK ? plan_jobs(submitting, messages) : status;
}

/* ---- Making the submissions ---- */

static int submit_one(struct submitting *submitting, size_t number)
{
    struct rowbuild *study = submitting->study;
    bool uses_slurm = study->cluster->scheduler == SCHEDULER_SLURM;
    struct slice token = submission_new_token(&submitting->arena);
    struct submission registered = registration_of(submitting, number, token);
    if (uses_slurm && make_output_folder(submitting, number) != 0) {
        return ROWBUILD_STATE;
    }
    submitting_tell(submitting, submitting_event(submitting, number, ROWBUILD_SUBMIT_BEGINS));
    if (submission_write(study->state_path, &registered, submitting->diag) != 0) {
        return ROWBUILD_STATE;
    }
    int status = uses_slurm ? submitting_sbatch(submitting, number, &registered)
                            : submitting_bash(submitting, number, &registered);
    if (status != ROWBUILD_OK) {
        return status;
    }
    struct rowbuild_submit_event event = submitting_event(
        submitting, number, uses_slurm ? ROWBUILD_SUBMIT_SUBMITTED : ROWBUILD_SUBMIT_EXECUTED);
    struct buf job = BUF_EMPTY;
    const struct planned_submission *planned = &submitting->jobs.submissions.at[number];
    if (uses_slurm) {
        buf_addf(&job, "%.*s/%llu", SLICE_ARGS(study->cluster->name),
                 (unsigned long long)submitting->ids[number]);
    }
    if (planned->is_array) {
        VEC(uint32_t) indices = {0};
        for (size_t j = 0; j < planned->job_count; j++) {
            vec_push(&indices, submitting->jobs.jobs.at[planned->first_job + j].index);
        }
        buf_add_string(&job, "_[");
        script_add_indices(indices.at, indices.count, &job);
        buf_add_char(&job, ']');
        vec_release(&indices);
    }
    event.job = uses_slurm ? buf_string(&job) : NULL;
    submitting->done += planned->job_count;
    submitting_tell(submitting, event);
    buf_release(&job);
    return ROWBUILD_OK;
}

/* What earlier jobs that have ended might still record of these nodes doesn't count any more. */
static int release_ended(struct submitting *submitting)
{
    struct rowbuild *study = submitting->study;
    bool *starts = mem_alloc(study->graph->node_count * sizeof *starts + 1);
    vec_each (struct planned_job, job, &submitting->jobs.jobs) {
        for (size_t n = 0; n < job->node_count; n++) {
            starts[job->nodes[n].at] = true;
        }
    }
    int result = study_release_jobs(study, starts, submitting->diag);
    free(starts);
    return result;
}

static int submit_all(struct submitting *submitting)
{
    struct rowbuild *study = submitting->study;
    if (run_record_known(study->plan, submitting->diag) != 0 || release_ended(submitting) != 0) {
        return ROWBUILD_STATE;
    }
    submitting->loop = loop_new();
    if (submitting->loop == NULL) {
        return diag_state_error(submitting->diag, "signals can't be waited for: %s",
                                strerror(errno)),
               ROWBUILD_STATE;
    }
    int status = ROWBUILD_OK;
    for (size_t s = 0; s < submitting->jobs.submissions.count && status == ROWBUILD_OK; s++) {
        state_beat(study->state);
        status = submitting_wait(submitting, 0) ? ROWBUILD_INTERRUPTED : submit_one(submitting, s);
    }
    loop_free(submitting->loop);
    return status == ROWBUILD_OK && submitting->unfinished ? ROWBUILD_FAILED : status;
}

/* The state, opened for reading as there was none, becomes one for writing; 1: look again. */
static int begin_writing(struct submitting *submitting, struct rowbuild_messages *messages,
                         int *status)
{
    if (state_writes(submitting->study->state)) {
        return 0;
    }
    int begun = study_begin_writing(submitting->study, submitting->diag);
    if (begun < 0) {
        *status = rowbuild_messages_status(messages);
    }
    return begun;
}

static int submit_planned(struct submitting *submitting, const struct rowbuild_selection *selection,
                          struct rowbuild_messages *messages)
{
    struct rowbuild_submit_event whole;
    int status = ROWBUILD_OK;
    submitting_tell_actions(submitting, &whole);
    submitting_tell_what_waits(submitting);
    if (submitting->options->dry_run) {
        submitting_tell_scripts(submitting);
        return ROWBUILD_OK;
    }
    if (!submitting_tell(submitting, whole) || whole.jobs == 0) {
        return ROWBUILD_OK;
    }
    int begun = begin_writing(submitting, messages, &status);
    if (begun > 0) { /* another writer came first: what is to be submitted may be less now */
        status = look(submitting, selection, STATE_WRITE, messages);
    }
    return status == ROWBUILD_OK ? submit_all(submitting) : status;
}

int rowbuild_submit(struct rowbuild *study, const struct rowbuild_selection *selection,
                    const struct rowbuild_submit_options *options,
                    const struct rowbuild_submit_observer *observer,
                    struct rowbuild_messages *messages)
{
    struct submitting submitting = {.study = study,
                                    .options = options,
                                    .observer = observer,
                                    .diag = &messages->diag,
                                    .patience_s =
                                        options->patience_given ? options->patience_s : PATIENCE_S};
    arena_init(&submitting.arena);
    arena_init(&submitting.jobs.arena);
    bool reads = options->dry_run || access(study->state_path, F_OK) != 0;
    int status = look(&submitting, selection, reads ? STATE_READ : STATE_WRITE, messages);
    if (status == ROWBUILD_OK && find_means(&submitting) != 0) {
        status = ROWBUILD_STATE;
    }
    if (status == ROWBUILD_OK) {
        status = submit_planned(&submitting, selection, messages);
    }
    int closed = study_drop(study, messages);
    if (closed != 0 && (status == ROWBUILD_OK || status == ROWBUILD_FAILED)) {
        status = ROWBUILD_STATE;
    }
    submitting_tell(&submitting, (struct rowbuild_submit_event){.kind = ROWBUILD_SUBMIT_FINISHED,
                                                                .jobs = submitting.done});
    job_plan_release(&submitting.jobs);
    free(submitting.ids);
    arena_release(&submitting.arena);
    return messages_settle(messages, status);
}
