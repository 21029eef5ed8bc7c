/* Runs in a crate: who ran rowbuild, where, when, and at which commit. */
#include "crate_inner.h"

static bool has_facts(const struct story_step *step)
{
    return step->run.host.len > 0 || step->run.user.len > 0;
}

/* An entity of which only the name is known; "": not even that. */
static struct slice named(struct crate *crate, const char *beginning, const char *type,
                          struct slice name)
{
    if (name.len == 0) {
        return SLICE_LITERAL("");
    }
    struct slice id = crate_id(crate, beginning, name, SLICE_LITERAL(""));
    if (crate_begin(crate, id, type)) {
        crate_string(crate, "name", name);
        crate_end(crate);
    }
    return id;
}

struct slice crate_user(struct crate *crate, const struct story_step *step)
{
    return named(crate, "#user/", "Person", step->run.user);
}

struct slice crate_host(struct crate *crate, const struct story_step *step)
{
    return named(crate, "#host/", "Place", step->run.host);
}

static struct slice engine(struct crate *crate, struct slice version)
{
    struct slice id = crate_id(crate, "#rowbuild", SLICE_LITERAL(""), version);
    if (crate_begin(crate, id, "SoftwareApplication")) {
        crate_string(crate, "name", SLICE_LITERAL("rowbuild"));
        if (version.len > 0) {
            crate_string(crate, "softwareVersion", version);
        }
        crate_end(crate);
    }
    return id;
}

void crate_add_to_run(struct crate *crate, const struct story_step *step, struct slice control)
{
    struct run_facts run = step->run;
    struct buf key = BUF_EMPTY;
    run.shell = run.launcher = run.setup = SLICE_LITERAL(""); /* of the action, not of the run */
    run_facts_add(&run, &key);
    uint32_t number = intern_add(&crate->run_keys, buf_slice(&key));
    buf_release(&key);
    if (number == crate->runs.count) {
        vec_push(&crate->runs, (struct crate_run){.first = step});
    }
    vec_push(&crate->runs.at[number].controls, control);
}

static void add_commit(const struct run_facts *run, struct buf *out)
{
    buf_add_slice(out, run->commit);
    buf_add_string(out, run->tree == TREE_DIRTY ? "-dirty" : "");
}

void crate_add_commit(const struct crate *crate, struct buf *out)
{
    const struct run_facts *newest = NULL;
    vec_each (const struct crate_run, run, &crate->runs) {
        const struct run_facts *facts = &run->first->run;
        if (facts->commit.len > 0 && (newest == NULL || facts->begun_at_s > newest->begun_at_s)) {
            newest = facts;
        }
    }
    if (newest != NULL) {
        add_commit(newest, out);
    }
}

static void add_description(const struct story_step *step, struct buf *out)
{
    const struct run_facts *run = &step->run;
    if (!has_facts(step)) {
        buf_add_string(out, "Nothing is recorded of this run.");
        return;
    }
    if (run->commit.len > 0) {
        buf_add_string(out, "At commit ");
        buf_add_slice(out, run->commit);
        buf_add_string(out, run->tree == TREE_DIRTY ? ", with uncommitted changes." : ".");
    } else {
        buf_add_string(out, "The commit is not known.");
    }
    if (run->job.len > 0) {
        buf_add_string(out, " In job ");
        buf_add_slice(out, run->job);
        buf_add_char(out, '.');
    }
}

static void add_run(struct crate *crate, const struct crate_run *run, size_t number,
                    struct slice study)
{
    const struct story_step *step = run->first;
    struct slice user = crate_user(crate, step);
    struct slice host = crate_host(crate, step);
    struct slice program = engine(crate, step->run.version);
    struct buf text = BUF_EMPTY;
    buf_addf(&text, "%zu", number + 1);
    struct slice id = crate_id(crate, "#run/", buf_slice(&text), SLICE_LITERAL(""));
    crate_begin(crate, id, "OrganizeAction");
    buf_clear(&text);
    buf_add_string(&text, "Run of rowbuild");
    if (step->run.host.len > 0) {
        buf_add_string(&text, " on ");
        buf_add_slice(&text, step->run.host);
    }
    crate_string(crate, "name", buf_slice(&text));
    buf_clear(&text);
    add_description(step, &text);
    crate_string(crate, "description", buf_slice(&text));
    crate_reference(crate, "instrument", program);
    crate_references(crate, "object", &run->controls);
    crate_reference(crate, "result", study);
    crate_reference(crate, "agent", user);
    crate_reference(crate, "location", host);
    crate_time(crate, "startTime", step->run.begun_at_s * 1000000000);
    crate_end(crate);
    vec_push(&crate->mentions, id);
    buf_release(&text);
}

void crate_add_runs(struct crate *crate, struct slice study)
{
    for (size_t i = 0; i < crate->runs.count; i++) {
        add_run(crate, &crate->runs.at[i], i, study);
    }
}
