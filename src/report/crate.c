/* A crate as a whole: its document, the workflow, and what it leaves out. */
#include "crate_inner.h"

#include "clock.h"
#include "text.h"

#include <inttypes.h>
#include <stdlib.h>

#define CRATE_1_1 "https://w3id.org/ro/crate/1.1"
#define WORKFLOW_CRATE "https://w3id.org/workflowhub/workflow-ro-crate/1.0"

static const struct profile {
    const char *id;
    const char *name;
    const char *version;
} profiles[] = {
    {"https://w3id.org/ro/wfrun/process/0.5", "Process Run Crate", "0.5"},
    {"https://w3id.org/ro/wfrun/workflow/0.5", "Workflow Run Crate", "0.5"},
    {"https://w3id.org/ro/wfrun/provenance/0.5", "Provenance Run Crate", "0.5"},
    {WORKFLOW_CRATE, "Workflow RO-Crate", "1.0"},
};
enum { PROFILES = sizeof profiles / sizeof *profiles };

static const char *const licences[] = {"LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE",
                                       "COPYING"};
enum { LICENCES = sizeof licences / sizeof *licences };

/* ---- What is told, and what isn't ---- */

struct coverage {
    VEC(struct task_id) told;
    size_t missing; /* without a success */
    size_t stale;
    struct buf first_missing; /* the first names */
    struct buf first_stale;
};

enum { NAMED = 3 };

static void add_label(const struct graph *graph, struct task_id task, size_t before,
                      struct buf *names)
{
    if (before < NAMED) {
        struct buf label = BUF_EMPTY;
        graph_add_label(graph, task, &label);
        text_add_listed(names, buf_slice(&label), before);
        buf_release(&label);
    }
}

static void find_coverage(const struct plan *plan, struct coverage *coverage)
{
    const struct graph *graph = plan_graph(plan);
    for (uint32_t n = 0; n < graph->task_count; n++) {
        struct task_id task = {n};
        if (!graph_is_present(graph, task)) {
            continue;
        }
        uint8_t verdict = plan_verdict(plan, task);
        if (state_task(plan_state(plan), n)->success == SUCCESS_NONE) {
            add_label(graph, task, coverage->missing++, &coverage->first_missing);
            continue;
        }
        if (verdict != VERDICT_FRESH && verdict != VERDICT_HELD && verdict != VERDICT_MAYBE &&
            !graph_action(graph, task)->always) {
            add_label(graph, task, coverage->stale++, &coverage->first_stale);
        }
        vec_push(&coverage->told, task);
    }
}

/* "3 tasks (`a`, `b`, …)" */
static void add_tasks(size_t count, const struct buf *names, struct buf *out)
{
    text_add_count(out, count);
    buf_addf(out, " task%s (%s%s)", count == 1 ? "" : "s", buf_string(names),
             count > NAMED ? ", …" : "");
}

static void warn(const struct crate *crate, const struct coverage *coverage)
{
    struct buf tasks = BUF_EMPTY;
    if (coverage->missing > 0) {
        add_tasks(coverage->missing, &coverage->first_missing, &tasks);
        diag_warning(crate->diag, FINDING_NO_RECORD, "%s %s no success on record, and %s left out",
                     buf_string(&tasks), coverage->missing == 1 ? "has" : "have",
                     coverage->missing == 1 ? "is" : "are");
    }
    if (coverage->stale > 0) {
        buf_clear(&tasks);
        add_tasks(coverage->stale, &coverage->first_stale, &tasks);
        diag_warning(crate->diag, FINDING_NOT_UP_TO_DATE,
                     "%s %s up to date; the crate tells of the last success, without files that "
                     "have changed since",
                     buf_string(&tasks), coverage->stale == 1 ? "isn't" : "aren't");
    }
    buf_release(&tasks);
    if (crate->skipped > 0) {
        diag_warning(crate->diag, FINDING_NOT_COPIED,
                     "%zu entr%s of folders %s not copied: links that lead out of the project or "
                     "to folders, devices, sockets",
                     crate->skipped, crate->skipped == 1 ? "y" : "ies",
                     crate->skipped == 1 ? "was" : "were");
    }
}

/* ---- The document ---- */

static void add_descriptor(struct crate *crate)
{
    id_list standards = {0};
    vec_push(&standards, SLICE_LITERAL(CRATE_1_1));
    vec_push(&standards, SLICE_LITERAL(WORKFLOW_CRATE));
    crate_begin(crate, SLICE_LITERAL("ro-crate-metadata.json"), "CreativeWork");
    crate_reference(crate, "about", SLICE_LITERAL("./"));
    crate_references(crate, "conformsTo", &standards);
    crate_end(crate);
    for (size_t i = 0; i < PROFILES; i++) {
        crate_begin(crate, slice_of(profiles[i].id), "CreativeWork");
        crate_string(crate, "name", slice_of(profiles[i].name));
        crate_string(crate, "version", slice_of(profiles[i].version));
        crate_end(crate);
    }
    vec_release(&standards);
}

static struct slice study_name(const struct crate *crate)
{
    const char *slash = strrchr(crate->options->project_path, '/');
    const char *name = slash != NULL ? slash + 1 : crate->options->project_path;
    return name[0] != '\0' ? slice_of(name) : SLICE_LITERAL("study");
}

static void add_root(struct crate *crate, struct slice workflow, struct slice licence)
{
    struct buf text = BUF_EMPTY;
    id_list standards = {0};
    for (size_t i = 0; i < PROFILES; i++) {
        vec_push(&standards, slice_of(profiles[i].id));
    }
    text_add_count(&text, crate->story.steps.count);
    crate_begin(crate, SLICE_LITERAL("./"), "Dataset");
    crate_string(crate, "name", study_name(crate));
    buf_addf(&text,
             " task%s of a parameter study, with values, inputs and results, as rowbuild "
             "recorded them.",
             crate->story.steps.count == 1 ? "" : "s");
    crate_string(crate, "description", buf_slice(&text));
    crate_time(crate, "datePublished", clock_wall_s() * 1000000000);
    if (licence.len > 0) {
        crate_reference(crate, "license", licence);
    } else {
        crate_string(crate, "license", SLICE_LITERAL("No license is stated."));
    }
    crate_references(crate, "conformsTo", &standards);
    crate_reference(crate, "mainEntity", workflow);
    crate_references(crate, "hasPart", &crate->parts);
    crate_references(crate, "mentions", &crate->mentions);
    crate_end(crate);
    vec_release(&standards);
    buf_release(&text);
}

static int add_workflow(struct crate *crate, struct slice id)
{
    static const char *const types[] = {"File", "SoftwareSourceCode", "ComputationalWorkflow",
                                        "HowTo", NULL};
    const char *name = crate->options->description;
    struct package_file copied;
    id_list steps = {0};
    id_list tools = {0};
    id_list inputs = {0};
    id_list outputs = {0};
    struct buf text = BUF_EMPTY;
    int result = crate_copy(crate, name, name, &copied);
    crate_add_actions(crate, &steps, &tools, &outputs);
    crate_add_parameters(crate, &inputs);
    crate_begin_types(crate, id, types);
    crate_string(crate, "name", slice_of(name));
    if (result == 0) {
        buf_addf(&text, "%" PRIu64, copied.size);
        crate_string(crate, "contentSize", buf_slice(&text));
        crate_string(crate, "sha256", slice_of(copied.sha256));
    }
    crate_reference(crate, "programmingLanguage", SLICE_LITERAL("#rowfile"));
    buf_clear(&text);
    crate_add_commit(crate, &text);
    if (text.len > 0) {
        crate_string(crate, "version", buf_slice(&text));
    }
    if (crate->options->repository != NULL) {
        crate_string(crate, "codeRepository", slice_of(crate->options->repository));
    }
    crate_references(crate, "hasPart", &tools);
    crate_references(crate, "step", &steps);
    crate_references(crate, "input", &inputs);
    crate_references(crate, "output", &outputs);
    crate_end(crate);
    crate_begin(crate, SLICE_LITERAL("#rowfile"), "ComputerLanguage");
    crate_string(crate, "name",
                 crate->graph->rowfile->contract == CONTRACT_ROW
                     ? SLICE_LITERAL("workflow.toml of row")
                     : SLICE_LITERAL("Rowfile of rowbuild"));
    crate_end(crate);
    buf_release(&text);
    vec_release(&outputs);
    vec_release(&inputs);
    vec_release(&tools);
    vec_release(&steps);
    return result;
}

/* The run of the workflow as a whole: from the first start to the last end. */
static void add_study(struct crate *crate, struct slice id, struct slice workflow, bool is_finished)
{
    int64_t start_ns = INT64_MAX;
    int64_t end_ns = 0;
    id_list users = {0};
    struct intern known;
    intern_init(&known);
    vec_each (const struct story_step, step, &crate->story.steps) {
        bool has_run = step->how == SUCCESS_RAN;
        struct slice user = has_run ? crate_user(crate, step) : SLICE_LITERAL("");
        if (has_run && step->started_at_ns != 0 && step->started_at_ns < start_ns) {
            start_ns = step->started_at_ns;
        }
        if (has_run && step->finished_at_ns > end_ns) {
            end_ns = step->finished_at_ns;
        }
        if (user.len > 0) {
            crate_add_once(&known, &users, user);
        }
    }
    crate_begin(crate, id, "CreateAction");
    crate_string(crate, "name", study_name(crate));
    crate_reference(crate, "instrument", workflow);
    crate_references(crate, "object", &crate->objects);
    crate_references(crate, "result", &crate->results);
    crate_references(crate, "agent", &users);
    crate_time(crate, "startTime", start_ns == INT64_MAX ? 0 : start_ns);
    crate_time(crate, "endTime", end_ns);
    crate_reference(crate, "actionStatus",
                    is_finished ? SLICE_LITERAL("http://schema.org/CompletedActionStatus")
                                : SLICE_LITERAL("http://schema.org/ActiveActionStatus"));
    crate_end(crate);
    vec_push(&crate->mentions, id);
    intern_release(&known);
    vec_release(&users);
}

static int add_value_files(struct crate *crate)
{
    const struct graph *graph = crate->graph;
    struct slice id;
    int result = 0;
    for (uint32_t d = 0;
         graph->value_column != GRAPH_NONE && d < graph->workspace->count && result == 0; d++) {
        result =
            crate_add_plain_file(crate, plan_path(crate->plan, graph_value_file(graph, d)), &id);
    }
    return result;
}

static int add_all(struct crate *crate, bool is_finished)
{
    struct slice workflow =
        crate_id(crate, "", slice_of(crate->options->description), SLICE_LITERAL(""));
    struct slice study = SLICE_LITERAL("#study");
    struct slice licence = SLICE_LITERAL("");
    add_descriptor(crate);
    vec_push(&crate->parts, workflow);
    intern_add(&crate->ids, workflow); /* it may be an input, too */
    for (size_t i = 0; i < LICENCES && licence.len == 0; i++) {
        if (crate_add_plain_file(crate, licences[i], &licence) != 0) {
            return -1;
        }
    }
    if (crate_add_steps(crate) != 0 || add_value_files(crate) != 0 ||
        add_workflow(crate, workflow) != 0) {
        return -1;
    }
    add_study(crate, study, workflow, is_finished);
    crate_add_runs(crate, study);
    add_root(crate, workflow, licence);
    return 0;
}

static int write_document(struct crate *crate)
{
    struct buf text = BUF_EMPTY;
    buf_add_string(&text, "{\"@context\": [\"" CRATE_1_1 "/context\", "
                          "\"https://w3id.org/ro/terms/workflow-run/context\"],\n\"@graph\": [");
    buf_add_slice(&text, buf_slice(&crate->entities));
    buf_add_string(&text, "\n]}\n");
    int result =
        package_add_text(crate->package, "ro-crate-metadata.json", buf_slice(&text), crate->diag);
    buf_release(&text);
    return result;
}

/* ---- All of it ---- */

static void crate_init(struct crate *crate, struct plan *plan, const struct crate_options *options,
                       struct diag *diag)
{
    *crate = (struct crate){
        .plan = plan,
        .graph = plan_graph(plan),
        .options = options,
        .diag = diag,
        .parser = json_parser_new(),
        .actions = mem_alloc(plan_graph(plan)->rowfile->name_count * sizeof *crate->actions + 1),
    };
    arena_init(&crate->names);
    intern_init(&crate->ids);
    intern_init(&crate->run_keys);
    intern_init(&crate->parameter_names);
    intern_init(&crate->value_texts);
    intern_init(&crate->object_ids);
    intern_init(&crate->result_ids);
}

static void crate_release(struct crate *crate)
{
    for (size_t i = 0; i < crate->graph->rowfile->name_count; i++) {
        vec_release(&crate->actions[i].tools);
        vec_release(&crate->actions[i].inputs);
        vec_release(&crate->actions[i].outputs);
    }
    vec_each (struct crate_run, run, &crate->runs) {
        vec_release(&run->controls);
    }
    free(crate->actions);
    vec_release(&crate->runs);
    vec_release(&crate->parameters);
    vec_release(&crate->parts);
    vec_release(&crate->mentions);
    vec_release(&crate->objects);
    vec_release(&crate->results);
    buf_release(&crate->entities);
    intern_release(&crate->ids);
    intern_release(&crate->run_keys);
    intern_release(&crate->parameter_names);
    intern_release(&crate->value_texts);
    intern_release(&crate->object_ids);
    intern_release(&crate->result_ids);
    json_parser_free(crate->parser);
    arena_release(&crate->names);
    package_free(crate->package);
}

int report_crate(struct plan *plan, const struct crate_options *options,
                 struct crate_counts *counts, struct diag *diag)
{
    struct coverage coverage = {0};
    struct crate crate;
    int result = -1;
    find_coverage(plan, &coverage);
    crate_init(&crate, plan, options, diag);
    story_tell(plan, coverage.told.at, coverage.told.count, &crate.story);
    if (crate.story.steps.count == 0) {
        diag_error(diag, FINDING_NO_RECORD,
                   "no task has a success on record, so there is nothing to report; run "
                   "`rowbuild` first, or record existing products with `rowbuild scan`");
        goto out;
    }
    crate.package = package_begin(options->path, options->without_data, diag);
    if (crate.package == NULL ||
        add_all(&crate, coverage.missing == 0 && coverage.stale == 0) != 0 ||
        write_document(&crate) != 0 || package_finish(crate.package, diag) != 0) {
        goto out;
    }
    warn(&crate, &coverage);
    *counts = (struct crate_counts){.tasks = crate.story.steps.count, .files = crate.files};
    result = 0;
out:
    story_release(&crate.story);
    crate_release(&crate);
    vec_release(&coverage.told);
    buf_release(&coverage.first_missing);
    buf_release(&coverage.first_stale);
    return result;
}
