#include "submit_script.h"

#include "script.h"

#include <string.h>

static uint64_t throttle_of(const struct submitting *submitting,
                            const struct planned_submission *planned)
{
    unsigned given = submitting->options->throttle;
    uint64_t throttle = given > 0 ? given : submitting->place.cluster->array_throttle;
    uint64_t most = planned->request.throttle;
    return most > 0 && (throttle == 0 || most < throttle) ? most : throttle;
}

void submit_add_script(const struct submitting *submitting, size_t number, struct slice token,
                       struct buf *out)
{
    const struct planned_submission *planned = &submitting->jobs.submissions.at[number];
    const struct planned_job *jobs = submit_jobs(submitting, planned);
    const struct submit_place *place = &submitting->place;
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
            .action = submit_action(submitting, planned),
            .cluster = place->cluster,
            .request = planned->request,
            .workspace_path = plan_graph(submitting->plan)->rowfile->workspace_path,
            .directories = directories.at,
            .directory_count = directories.count,
            .indices = planned->is_array ? indices.at : NULL,
            .index_count = indices.count,
            .throttle = throttle_of(submitting, planned),
            .program = slice_of(submitting->program),
            .project = slice_of(place->project_path),
            .file = submitting->file != NULL ? slice_of(submitting->file) : (struct slice){0},
            .state = submitting->state != NULL ? slice_of(submitting->state) : (struct slice){0},
            .token = token,
        },
        out);
    vec_release(&directories);
    vec_release(&indices);
}

/* Whether the word begins the user's own condition, which counts besides ours: *condition. */
static bool find_condition(const char *const *options, size_t count, size_t at,
                           const char **condition)
{
    static const char named[] = "--dependency=";
    const char *option = options[at];
    if (strncmp(option, named, strlen(named)) == 0) {
        *condition = option + strlen(named);
        return true;
    }
    if (strcmp(option, "--dependency") == 0 || strcmp(option, "-d") == 0) {
        *condition = at + 1 < count ? options[at + 1] : "";
        return at + 1 < count;
    }
    if (strncmp(option, "-d", 2) == 0) {
        *condition = option + 2;
        return true;
    }
    return false;
}

const char *const *submit_sbatch_options(struct submitting *submitting, size_t number,
                                         struct slice token)
{
    const struct planned_submission *planned = &submitting->jobs.submissions.at[number];
    const struct rowbuild_submit_options *options = submitting->options;
    size_t given = options->scheduler_option_count;
    const char **words = arena_array(&submitting->arena, given + 4, sizeof *words);
    size_t count = 0;
    struct buf text = BUF_EMPTY;
    buf_add_string(&text, "--dependency=");
    for (size_t i = 0; i < given; i++) {
        const char *condition;
        if (find_condition(options->scheduler_options, given, i, &condition)) {
            buf_addf(&text, "%s,", condition);
        }
    }
    for (size_t i = 0; i < given; i++) {
        words[count++] = options->scheduler_options[i];
    }
    if (planned->dependency_count > 0) {
        job_plan_add_dependencies(planned, submitting->ids, &text);
        words[count++] = arena_string(&submitting->arena, buf_slice(&text));
        words[count++] = "--kill-on-invalid-dep=yes";
    }
    buf_clear(&text);
    buf_addf(&text, "--comment=rowbuild:%.*s", SLICE_ARGS(token));
    words[count++] = arena_string(&submitting->arena, buf_slice(&text));
    buf_release(&text);
    return words;
}
