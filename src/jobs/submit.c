#include "submit.h"

#include "carried.h"
#include "grown.h"
#include "kept_program.h"
#include "memory.h"
#include "part.h"
#include "script.h"
#include "site.h"
#include "site_names.h"
#include "state_folder.h"
#include "submit_bash.h"
#include "submit_grown.h"
#include "submit_sbatch.h"
#include "submit_script.h"
#include "submit_tell.h"
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double PATIENCE_S = 120;

typedef VEC(struct slice) name_list;

/* ---- What a submission is about ---- */

/* The products of a task, by their names and by where links lead. */
static void claim_products(const struct graph *graph, struct task_id task, struct arena *arena,
                           name_list *claimed)
{
    struct buf path = BUF_EMPTY;
    struct buf real = BUF_EMPTY;
    for (uint32_t p = graph->product_start[task.at]; p < graph->product_start[task.at + 1]; p++) {
        buf_clear(&path);
        buf_clear(&real);
        graph_add_path(graph, graph->products.at[p], &path);
        vec_push(claimed, arena_slice(arena, buf_slice(&path)));
        if (graph->folders.paths.count > 0) { /* links are on the way to some product */
            graph_add_real_path(graph, graph->products.at[p], &real);
        }
        if (real.len > 0 && !slice_equal(buf_slice(&real), buf_slice(&path))) {
            vec_push(claimed, arena_slice(arena, buf_slice(&real)));
        }
    }
    buf_release(&path);
    buf_release(&real);
}

/* What is registered for a submission of the plan; tasks and names in the arena. */
static struct submission registration_of(struct submitting *submitting, size_t number,
                                         struct slice token)
{
    const struct planned_submission *planned = &submitting->jobs.submissions.at[number];
    const struct planned_job *jobs = submit_jobs(submitting, planned);
    const struct graph *graph = plan_graph(submitting->plan);
    struct arena *arena = &submitting->arena;
    size_t count = (size_t)jobs[planned->job_count - 1].index + 1;
    struct submission made = {
        .token = token,
        .cluster = submitting->place.cluster->name,
        .is_array = planned->is_array,
        .user = geteuid(),
        .submitted_at_s = world->wall_s(),
        .minutes = script_minutes(planned->request.walltime_s),
        .action = submit_action(submitting, planned)->name,
        .basis = grown_basis(submitting->plan, planned->element, arena),
        .grown = job_growth_factors(&planned->request.grown),
        .grown_memory_mb = planned->request.grown.memory_mb,
        .workspace = graph->rowfile->workspace_path,
        .program = submitting->kept,
        .description = submitting->description,
        .elements = arena_array(arena, count, sizeof *made.elements),
        .element_count = count,
    };
    /* until sbatch says which of them */
    made.site = submit_target(submitting, submit_action(submitting, planned));
    for (size_t e = 0; e < count; e++) {
        made.elements[e].state = ELEMENT_ENDED; /* an index that the array leaves out */
    }
    for (size_t j = 0; j < planned->job_count; j++) {
        struct submission_element *element = &made.elements[jobs[j].index];
        element->state = ELEMENT_QUEUED;
        element->task_count = jobs[j].task_count;
        element->tasks = arena_array(arena, jobs[j].task_count, sizeof *element->tasks);
        name_list claimed = {0};
        for (size_t n = 0; n < jobs[j].task_count; n++) {
            struct buf key = BUF_EMPTY;
            graph_add_key(graph, jobs[j].tasks[n], &key);
            element->tasks[n] = arena_slice(arena, buf_slice(&key));
            buf_release(&key);
            claim_products(graph, jobs[j].tasks[n], arena, &claimed);
        }
        element->product_count = claimed.count;
        element->products = arena_array(arena, claimed.count, sizeof *element->products);
        for (size_t c = 0; c < claimed.count; c++) {
            element->products[c] = claimed.at[c];
        }
        vec_release(&claimed);
    }
    return made;
}

/* The part of the study that each element is about. */
static int write_parts(struct submitting *submitting, size_t number,
                       const struct submission *registered)
{
    const struct planned_submission *planned = &submitting->jobs.submissions.at[number];
    const struct planned_job *jobs = submit_jobs(submitting, planned);
    struct buf lines = BUF_EMPTY;
    size_t e = 0;
    for (size_t j = 0; j < planned->job_count; j++, e++) {
        for (; e < jobs[j].index; e++) { /* an index that the array leaves out */
            part_maker_add(submitting->parts, NULL, 0, &lines);
        }
        part_maker_add(submitting->parts, jobs[j].tasks, jobs[j].task_count, &lines);
    }
    int result = part_write(submitting->place.state_path, registered->token, buf_slice(&lines),
                            submitting->diag);
    part_maker_note(submitting->parts, registered);
    buf_release(&lines);
    return result;
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

/* A path, with the project in it as the user's shell spells it. */
static const char *as_spelled(struct submitting *submitting, const char *path)
{
    const struct submit_place *place = &submitting->place;
    size_t len = strlen(place->project_path);
    if (strncmp(path, place->project_path, len) != 0 || path[len] != '/') {
        return path;
    }
    struct buf text = BUF_EMPTY;
    buf_addf(&text, "%s%s", place->project_spelled, path + len);
    const char *spelled = arena_string(&submitting->arena, buf_slice(&text));
    buf_release(&text);
    return spelled;
}

static int find_means(struct submitting *submitting)
{
    const struct submit_place *place = &submitting->place;
    struct arena *arena = &submitting->arena;
    const char *slash = strrchr(place->file_name, '/');
    const char *name = slash != NULL ? slash + 1 : place->file_name;
    struct buf usual = BUF_EMPTY;
    submitting->program = submitting->options->program;
    if (submitting->program == NULL) {
        char path[PATH_MAX];
        ssize_t len = readlink("/proc/self/exe", path, sizeof path);
        if (len <= 0 || (size_t)len == sizeof path) {
            return diag_state_error(submitting->diag, FINDING_SYSTEM_TROUBLE,
                                    "the path of this program is unknown: %s", strerror(errno));
        }
        submitting->program = arena_string(arena, slice_make(path, (size_t)len));
    }
    if (strcmp(name, is_there(place->project_path, "Rowfile") ? "Rowfile" : "workflow.toml") != 0) {
        submitting->file = arena_string(arena, slice_of(name));
    }
    buf_addf(&usual, "%s/.rowbuild", place->project_path);
    if (strcmp(place->state_path, buf_string(&usual)) != 0) {
        submitting->state = as_spelled(submitting, place->state_path);
    }
    buf_release(&usual);
    return 0;
}

/* ---- Planning ---- */

int submit_plan(struct submitting *submitting, struct plan *plan, struct jobs *jobs)
{
    const struct cluster *cluster = submitting->place.cluster;
    bool uses_slurm = cluster->scheduler == SCHEDULER_SLURM;
    struct job_plan_options options = {
        .cluster = cluster,
        .launchers = submitting->place.launchers,
        .follow = submitting->options->follow,
        .no_arrays = !uses_slurm || submitting->options->no_arrays || cluster->no_arrays,
        .limit = submitting->options->limit,
        .throttle = submitting->options->throttle > 0 ? submitting->options->throttle
                                                      : cluster->array_throttle,
        .queued = jobs_count_queued(jobs),
        .growth = grown_find(jobs, plan),
        .target = submit_target(submitting, NULL),
        .max_array_size = 1,
    };
    struct site site;
    if (uses_slurm) {
        site_ask(&site, environ);
        if (plan_graph(plan)->rowfile->pool_count > 0) {
            site_ask_licences(&site, environ);
        }
        if (options.growth != NULL) {
            site_ask_limits(&site, environ);
        }
        options.site = &site;
    }
    if (!options.no_arrays) {
        options.max_array_size = site_max_array_size(environ);
    }
    job_plan_release(&submitting->jobs);
    submitting->plan = plan;
    submitting->growth = options.growth;
    submitting->throttle = options.throttle;
    int made = job_plan_make(plan, &options, &submitting->jobs, submitting->diag);
    if (uses_slurm) {
        site_release(&site);
    }
    free(submitting->ids);
    submitting->ids = mem_alloc(submitting->jobs.submissions.count * sizeof *submitting->ids + 1);
    free(submitting->sites);
    submitting->sites =
        mem_alloc(submitting->jobs.submissions.count * sizeof *submitting->sites + 1);
    return made;
}

/* ---- Making the submissions ---- */

/* Whether it would wait for jobs of another cluster than its own, where their ids mean others. */
static bool waits_elsewhere(struct submitting *submitting, size_t number)
{
    const struct planned_submission *planned = &submitting->jobs.submissions.at[number];
    struct slice target = submit_target(submitting, submit_action(submitting, planned));
    struct slice whole = submit_target(submitting, NULL);
    for (size_t i = 0; i < planned->dependency_count; i++) {
        size_t before = planned->dependencies[i].submission;
        struct slice site = before == JOB_PLAN_EARLIER ? whole : submitting->sites[before];
        bool is_left_out = before != JOB_PLAN_EARLIER && submitting->ids[before] == 0;
        if (is_left_out || !site_is_same(site, target)) {
            return true;
        }
    }
    return false;
}

static void tell_left_out(const struct submitting *submitting, size_t number)
{
    const struct planned_submission *planned = &submitting->jobs.submissions.at[number];
    struct buf text = BUF_EMPTY;
    buf_addf(&text,
             "%zu %s left out: the jobs that %s for are on another cluster; submit again when "
             "these have ended",
             planned->job_count, planned->job_count == 1 ? "job is" : "jobs are",
             planned->job_count == 1 ? "it waits" : "they wait");
    submit_tell(submitting, (struct rowbuild_submit_event){.kind = ROWBUILD_SUBMIT_NOTICE,
                                                           .text = buf_string(&text)});
    buf_release(&text);
}

static int submit_one(struct submitting *submitting, size_t number)
{
    if (submitting->place.cluster->scheduler == SCHEDULER_SLURM &&
        waits_elsewhere(submitting, number)) {
        tell_left_out(submitting, number);
        return ROWBUILD_OK;
    }
    const struct submit_place *place = &submitting->place;
    bool uses_slurm = place->cluster->scheduler == SCHEDULER_SLURM;
    struct slice token = submission_new_token(&submitting->arena);
    struct submission registered = registration_of(submitting, number, token);
    if (uses_slurm && submit_sbatch_prepare(submitting, number, false, &registered) != 0) {
        return ROWBUILD_STATE;
    }
    submit_tell(submitting, submit_event(submitting, number, ROWBUILD_SUBMIT_BEGINS));
    if (write_parts(submitting, number, &registered) != 0 ||
        submission_write(place->state_path, &registered, submitting->diag) != 0) {
        return ROWBUILD_STATE;
    }
    int status = uses_slurm ? submit_sbatch(submitting, number, &registered)
                            : submit_bash(submitting, number, &registered);
    if (status != ROWBUILD_OK) {
        return status;
    }
    struct rowbuild_submit_event event = submit_event(
        submitting, number, uses_slurm ? ROWBUILD_SUBMIT_SUBMITTED : ROWBUILD_SUBMIT_EXECUTED);
    struct buf job = BUF_EMPTY;
    const struct planned_submission *planned = &submitting->jobs.submissions.at[number];
    if (uses_slurm) {
        struct slice site = submitting->sites[number];
        buf_addf(&job, "%.*s/%llu", SLICE_ARGS(site.at != NULL ? site : place->cluster->name),
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
    submit_tell(submitting, event);
    buf_release(&job);
    return ROWBUILD_OK;
}

/* Halves an array for which a limit on jobs is too small until a part of it is accepted. What waits
 * for the rest is planned anew by the next submit: its jobs depend on indices that there aren't now. */
static int submit_what_fits(struct submitting *submitting, size_t number)
{
    struct planned_submission *planned = &submitting->jobs.submissions.at[number];
    size_t whole = planned->job_count;
    size_t all = 0;
    int status;
    while ((status = submit_one(submitting, number)) == SUBMIT_ARRAY_TOO_LARGE) {
        planned->job_count /= 2;
        submitting->patience_s = 0; /* it was waited for the whole array */
    }
    if (planned->job_count == whole || status != ROWBUILD_OK) {
        return status;
    }
    vec_each (const struct planned_submission, one, &submitting->jobs.submissions) {
        all += one == planned ? whole : one->job_count;
    }
    diag_error(
        submitting->diag, FINDING_SCHEDULER_BUSY,
        "the scheduler's limit on jobs is too small for the array of %zu jobs of `%s`: %zu %s "
        "submitted, and %zu of %zu jobs remain; submit again when some have ended (set the "
        "cluster's `maximum_jobs` to stay below a limit)",
        whole, submit_action(submitting, planned)->name.at, planned->job_count,
        planned->job_count == 1 ? "was" : "were", all - submitting->done, all);
    return ROWBUILD_FAILED;
}

/* What earlier jobs that have ended might still record of these tasks doesn't count any more. */
static int release_ended(struct submitting *submitting, struct jobs *jobs)
{
    const struct plan *plan = submitting->plan;
    bool *starts = mem_alloc(plan_graph(plan)->task_count * sizeof *starts + 1);
    vec_each (struct planned_job, job, &submitting->jobs.jobs) {
        for (size_t n = 0; n < job->task_count; n++) {
            starts[job->tasks[n].at] = true;
        }
    }
    int result = jobs_release(jobs, plan, starts, submitting->diag);
    free(starts);
    return result;
}

/* What the jobs run is what is described now. */
static int carry(struct submitting *submitting)
{
    const struct submit_place *place = &submitting->place;
    struct buf clusters = BUF_EMPTY;
    struct buf launchers = BUF_EMPTY;
    const char *slash = strrchr(place->file_name, '/');
    cluster_add_text(place->cluster, &clusters);
    launchers_add_text(place->launchers, &launchers);
    struct carried carried = {.file = slice_of(slash != NULL ? slash + 1 : place->file_name),
                              .rowfile = plan_graph(submitting->plan)->rowfile->source.text,
                              .clusters = buf_slice(&clusters),
                              .launchers = buf_slice(&launchers)};
    int result = carried_write(place->state_path, &carried, &submitting->arena,
                               &submitting->description, submitting->diag);
    buf_release(&clusters);
    buf_release(&launchers);
    return result;
}

/* The jobs execute this very program, whatever becomes of it where it is. */
static void keep_program(struct submitting *submitting)
{
    const struct submit_place *place = &submitting->place;
    struct slice name = {0};
    if (place->cluster->scheduler == SCHEDULER_BASH || submitting->options->program != NULL) {
        return;
    }
    const char *wrong =
        kept_program_keep(place->state_path, submitting->program, &submitting->arena, &name);
    if (wrong != NULL) {
        diag_warning(submitting->diag, FINDING_FILE_TROUBLE,
                     "can't copy the program to `%s/" KEPT_PROGRAM_FOLDER
                     "` for the jobs: %s; they will run %s, so leave it in place until they have "
                     "ended",
                     place->state_path, wrong, submitting->program);
        return;
    }
    struct buf path = BUF_EMPTY;
    buf_addf(&path, "%s/" KEPT_PROGRAM_FOLDER "/%.*s/rowbuild",
             as_spelled(submitting, place->state_path), SLICE_ARGS(name));
    submitting->program = arena_string(&submitting->arena, buf_slice(&path));
    submitting->kept = name;
    buf_release(&path);
}

/* What was executed at once, or refused, leaves nothing that is carried. */
static void sweep(const struct submitting *submitting)
{
    struct submissions registered;
    struct diag unseen;
    diag_init(&unseen);
    if (submissions_load(&registered, submitting->place.state_path, &unseen) == 0) {
        carried_sweep(submitting->place.state_path, &registered);
    }
    submissions_release(&registered);
    diag_release(&unseen);
}

int submit_all(struct submitting *submitting, struct jobs *jobs)
{
    if (release_ended(submitting, jobs) != 0 || carry(submitting) != 0) {
        return ROWBUILD_STATE;
    }
    submitting->loop = world->open_loop(false);
    if (submitting->loop == NULL) {
        return diag_state_error(submitting->diag, FINDING_SYSTEM_TROUBLE,
                                "signals can't be waited for: %s", strerror(errno)),
               ROWBUILD_STATE;
    }
    int status = ROWBUILD_OK;
    submitting->registered = jobs != NULL ? &jobs->submissions : NULL;
    keep_program(submitting);
    submitting->parts = part_maker_new(plan_graph(submitting->plan));
    for (size_t i = 0; jobs != NULL && i < jobs->submissions.count; i++) {
        part_maker_note(submitting->parts, &jobs->submissions.items[i]);
    }
    for (size_t s = 0; s < submitting->jobs.submissions.count && status == ROWBUILD_OK; s++) {
        state_beat(plan_state(submitting->plan));
        status =
            submit_wait(submitting, 0) ? ROWBUILD_INTERRUPTED : submit_what_fits(submitting, s);
    }
    world->close_loop(submitting->loop);
    part_maker_free(submitting->parts);
    submitting->parts = NULL;
    if (status != ROWBUILD_OK || submitting->place.cluster->scheduler == SCHEDULER_BASH) {
        sweep(submitting);
    }
    return status == ROWBUILD_OK && submitting->unfinished ? ROWBUILD_FAILED : status;
}

/* Before anything is submitted: a later action's jobs couldn't write where they are told to. */
static int check_outputs(struct submitting *submitting)
{
    int result = 0;
    for (size_t s = 0; s < submitting->jobs.submissions.count && result == 0; s++) {
        struct submission unregistered = {.token = SLICE_LITERAL("0000000000000000")};
        result = submit_sbatch_prepare(submitting, s, true, &unregistered);
    }
    return result;
}

int submit_confirm(struct submitting *submitting)
{
    struct rowbuild_submit_event whole;
    if (find_means(submitting) != 0 || (submitting->place.cluster->scheduler == SCHEDULER_SLURM &&
                                        check_outputs(submitting) != 0)) {
        return -1;
    }
    submit_tell_actions(submitting, &whole);
    submit_tell_what_waits(submitting);
    submit_tell_grown(submitting);
    if (submitting->place.cluster->scheduler == SCHEDULER_SLURM) {
        submit_warn_of_walltimes(submitting);
    }
    if (submitting->options->dry_run) {
        submit_tell_scripts(submitting);
        return 0;
    }
    return submit_tell(submitting, whole) && whole.jobs > 0;
}

void submit_init(struct submitting *submitting, const struct submit_place *place,
                 const struct rowbuild_submit_options *options,
                 const struct rowbuild_submit_observer *observer, struct diag *diag)
{
    *submitting = (struct submitting){.place = *place,
                                      .options = options,
                                      .observer = observer,
                                      .diag = diag,
                                      .patience_s = options->patience_given ? options->patience_s
                                                                            : PATIENCE_S};
    arena_init(&submitting->arena);
    arena_init(&submitting->jobs.arena);
}

void submit_release(struct submitting *submitting)
{
    job_plan_release(&submitting->jobs);
    free(submitting->ids);
    free(submitting->sites);
    arena_release(&submitting->arena);
}
