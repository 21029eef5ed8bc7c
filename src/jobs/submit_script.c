#include "submit_script.h"

#include "element.h"
#include "project.h"
#include "script.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef VEC(struct script_variable) variable_list;

/* Whether the variable is the user's, and a job needs it: what a run sets for its own commands, and
 * what the script says otherwise, isn't passed on. */
static bool is_passed_on(struct slice name)
{
    static const char *const ours[] = {"ROWBUILD_ALLOCATION", "ROWBUILD_CLUSTER",
                                       "ROWBUILD_EXECUTION",  "ROWBUILD_RUN",
                                       "ROWBUILD_STATE",      ELEMENT_UNSCHEDULED};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        if (slice_is(name, ours[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_')) {
            return false;
        }
    }
    return slice_starts_with(name, "ROWBUILD_") && !slice_starts_with(name, "ROWBUILD_RANK_");
}

/* What is a path, seen from the current directory, is one from anywhere. */
static struct slice as_absolute(struct slice name, struct slice value, struct arena *arena)
{
    bool is_path = slice_is(name, "ROWBUILD_HOME") || slice_is(name, "ROWBUILD_RANK");
    char *here = is_path && value.len > 0 && value.at[0] != '/' ? project_here() : NULL;
    if (here == NULL) {
        return value;
    }
    struct buf path = BUF_EMPTY;
    buf_addf(&path, "%s/%.*s", here, SLICE_ARGS(value));
    struct slice absolute = arena_slice(arena, buf_slice(&path));
    buf_release(&path);
    free(here);
    return absolute;
}

/* `--export=NONE` keeps the user's variables from the job. */
static void find_variables(variable_list *variables, struct arena *arena)
{
    for (char *const *variable = environ; *variable != NULL; variable++) {
        size_t len = strcspn(*variable, "=");
        struct slice name = slice_make(*variable, len);
        if ((*variable)[len] == '=' && is_passed_on(name)) {
            vec_push(variables, (struct script_variable){
                                    name, as_absolute(name, slice_of(*variable + len + 1), arena)});
        }
    }
}

void submit_add_script(const struct submitting *submitting, size_t number, struct slice token,
                       struct buf *out)
{
    const struct planned_submission *planned = &submitting->jobs.submissions.at[number];
    const struct planned_job *jobs = submit_jobs(submitting, planned);
    const struct submit_place *place = &submitting->place;
    VEC(struct slice) directories = {0};
    VEC(uint32_t) indices = {0};
    variable_list variables = {0};
    struct arena arena;
    arena_init(&arena);
    find_variables(&variables, &arena);
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
            .throttle = job_request_throttle(&planned->request, submitting->throttle),
            .program = slice_of(submitting->program),
            .project = slice_of(place->project_spelled),
            .environment = variables.at,
            .variable_count = variables.count,
            .file = submitting->file != NULL ? slice_of(submitting->file) : (struct slice){0},
            .state = submitting->state != NULL ? slice_of(submitting->state) : (struct slice){0},
            .token = token,
        },
        out);
    vec_release(&directories);
    vec_release(&indices);
    vec_release(&variables);
    arena_release(&arena);
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

/* An option of sbatch with a value, in any of the forms that it takes. */
struct sbatch_option {
    const char *name;     /* "--clusters" */
    const char *letter;   /* "-M"; NULL: none */
    const char *variable; /* of the environment, which wins over lines of the script */
};

static const struct sbatch_option CLUSTERS = {"--clusters", "-M", "SBATCH_CLUSTERS"};
static const struct sbatch_option COMMENT = {"--comment", NULL, "SBATCH_COMMENT"};

/* `next` is the word after it, or NULL. The value is a part of one of them, or NULL. */
static const char *value_of(const struct sbatch_option *option, const char *word, const char *next)
{
    size_t len = strlen(option->name);
    if (strncmp(word, option->name, len) == 0 && (word[len] == '=' || word[len] == ' ')) {
        return word + len + 1;
    }
    if (strcmp(word, option->name) == 0 ||
        (option->letter != NULL && strcmp(word, option->letter) == 0)) {
        return next;
    }
    return option->letter != NULL && strncmp(word, option->letter, 2) == 0 ? word + 2 : NULL;
}

/* sbatch takes quotes away from a line of a script. */
static void take_line_value(const char *value, struct buf *found)
{
    bool is_quoted = false;
    buf_clear(found);
    value += strspn(value, " =");
    for (; *value != '\0' && (is_quoted || *value != ' '); value++) {
        if (*value == '\\' && value[1] != '\0') {
            buf_add_char(found, *++value);
        } else if (*value == '"') {
            is_quoted = !is_quoted;
        } else {
            buf_add_char(found, *value);
        }
    }
}

static void look_in_lines(const struct sbatch_option *option, const struct slice *lines,
                          size_t count, struct buf *found)
{
    for (size_t i = 0; i < count; i++) {
        const char *value = value_of(option, lines[i].at, NULL);
        if (value != NULL) {
            take_line_value(value, found);
        }
    }
}

/* What sbatch is told by all who may: the cluster's lines, the action's, the environment, the command
 * line; the last one counts. Empty: nobody does. */
static void find_option(const struct submitting *submitting, const struct action *action,
                        const struct sbatch_option *option, struct buf *found)
{
    const struct rowbuild_submit_options *options = submitting->options;
    const struct cluster *cluster = submitting->place.cluster;
    const char *variable = getenv(option->variable); /* NOLINT(concurrency-mt-unsafe) */
    look_in_lines(option, cluster->submit_options, cluster->submit_option_count, found);
    if (action != NULL) {
        struct buf name = BUF_EMPTY;
        buf_add_slice(&name, cluster->name);
        const struct submit_options *own = action_submit_options(action, buf_string(&name));
        buf_release(&name);
        look_in_lines(option, own != NULL ? own->custom : NULL, own != NULL ? own->custom_count : 0,
                      found);
    }
    if (variable != NULL && variable[0] != '\0') {
        buf_clear(found);
        buf_add_string(found, variable);
    }
    for (size_t i = 0; i < options->scheduler_option_count; i++) {
        const char *next =
            i + 1 < options->scheduler_option_count ? options->scheduler_options[i + 1] : NULL;
        const char *value = value_of(option, options->scheduler_options[i], next);
        if (value != NULL) {
            buf_clear(found);
            buf_add_string(found, value);
        }
    }
}

struct slice submit_target(struct submitting *submitting, const struct action *action)
{
    struct buf found = BUF_EMPTY;
    find_option(submitting, action, &CLUSTERS, &found);
    struct slice target =
        found.len > 0 ? arena_slice(&submitting->arena, buf_slice(&found)) : (struct slice){0};
    buf_release(&found);
    return target;
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
    struct buf comment = BUF_EMPTY;
    find_option(submitting, submit_action(submitting, planned), &COMMENT, &comment);
    buf_clear(&text);
    buf_addf(&text, "--comment=%s%srowbuild:%.*s", buf_string(&comment),
             comment.len > 0 ? "; " : "", SLICE_ARGS(token));
    buf_release(&comment);
    words[count++] = arena_string(&submitting->arena, buf_slice(&text));
    buf_release(&text);
    return words;
}
