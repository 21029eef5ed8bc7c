#include "reference_inner.h"

#include "simulated_disk.h"
#include "vec.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reference *reference_new(const struct life *life, const struct life_now *now)
{
    struct reference *reference = mem_alloc(sizeof *reference);
    *reference = (struct reference){.life = life, .now = now};
    arena_init(&reference->arena);
    for (size_t a = 0; a < LIFE_ACTIONS; a++) {
        for (size_t d = 0; d < LIFE_DIRECTORIES; d++) {
            reference->tasks[a][d].is_exact = true;
        }
    }
    return reference;
}

static void forget_successes(struct task *task)
{
    vec_each (struct success, success, &task->successes) {
        vec_release(&success->parts.list);
    }
    vec_release(&task->successes);
}

void reference_free(struct reference *reference)
{
    for (size_t a = 0; a < LIFE_ACTIONS; a++) {
        for (size_t d = 0; d < LIFE_DIRECTORIES; d++) {
            forget_successes(&reference->tasks[a][d]);
        }
    }
    arena_release(&reference->arena);
    buf_release(&reference->text);
    free(reference);
}

static void forget(struct task *task)
{
    forget_successes(task);
    *task = (struct task){.is_exact = true};
}

void reference_forget_state(struct reference *reference)
{
    for (size_t a = 0; a < LIFE_ACTIONS; a++) {
        for (size_t d = 0; d < LIFE_DIRECTORIES; d++) {
            forget(&reference->tasks[a][d]);
        }
    }
    reference->state = STATE_NONE;
}

void reference_lose_directory(struct reference *reference, int directory)
{
    for (size_t a = 0; a < reference->life->action_count; a++) {
        struct task *task = &reference->tasks[a][directory];
        if (reference->life->actions[a].scope == LIFE_DIRECTORY) {
            task->is_backed = BACKED_NO; /* backups are gone with it */
            memset(task->kept, 0, sizeof task->kept);
        }
    }
}

void reference_note_edit(struct reference *reference, size_t action, int directory, size_t product)
{
    bool is_in_directory = reference->life->actions[action].scope == LIFE_DIRECTORY;
    reference->tasks[action][is_in_directory ? directory : 0].kept[product] = NULL;
    reference_note_touch(reference);
}

void reference_note_touch(struct reference *reference)
{
    for (size_t a = 0; a < LIFE_ACTIONS; a++) {
        for (size_t d = 0; d < LIFE_DIRECTORIES; d++) {
            vec_each (struct success, success, &reference->tasks[a][d].successes) {
                success->is_touched = true;
            }
        }
    }
}

/* ---- What happened ---- */

static bool is_selected(const struct reference *reference, int selected, size_t action)
{
    if (selected < 0 || (size_t)selected == action) {
        return true;
    }
    const struct life_action *its = &reference->life->actions[selected];
    for (size_t i = 0; i < its->source_count; i++) {
        if (its->sources[i].kind == SOURCE_ACTION &&
            is_selected(reference, (int)its->sources[i].number, action)) {
            return true;
        }
    }
    return false;
}

static bool task_has_stopped(const struct task *maker)
{
    return maker->standing == STOPPED;
}

/* What is on the disk now. */
static struct made look_at_products(struct reference *reference, size_t action, size_t directory)
{
    struct made made = {{NULL}};
    struct buf path = BUF_EMPTY;
    for (size_t p = 0; p < LIFE_PRODUCTS; p++) {
        if (reference_has(reference, action, directory) &&
            life_has_product(&reference->life->actions[action], p)) {
            life_product_path(reference->life, action, (int)directory, p, &path);
            made.text[p] = reference_on_disk(reference, path.at);
        }
    }
    buf_release(&path);
    return made;
}

static bool was_told(const char *ran, const char *before, const char *key)
{
    size_t len = strlen(key);
    size_t before_len = strlen(before);
    for (const char *at = ran; at != NULL && *at != '\0'; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (strncmp(at, before, before_len) == 0 && strncmp(at + before_len, key, len) == 0 &&
            (at[before_len + len] == ' ' || at[before_len + len] == '\0')) {
            return true;
        }
    }
    return false;
}

static bool did_fail(struct reference *reference, size_t action, size_t directory)
{
    life_key(reference->life, action, (int)directory, &reference->text);
    return was_told(reference->report->failed, "", reference->text.at);
}

static void complain(struct reference *reference, size_t action, size_t directory, const char *what,
                     const char *why)
{
    life_key(reference->life, action, (int)directory, &reference->text);
    buf_addf(reference->wrong, "%s %s: %s\n", reference->text.at, what, why);
}

static void remember(struct task *task, struct parts *parts, const struct made *made)
{
    vec_push(&task->successes, (struct success){.parts = *parts, .made = *made});
    *parts = (struct parts){{0}};
}

static struct parts copy_parts(const struct parts *parts)
{
    struct parts copy = {{0}};
    vec_each (const struct part, part, &parts->list) {
        vec_push(&copy.list, *part);
    }
    return copy;
}

static void succeed(struct task *task, struct parts *parts, const struct made *made)
{
    forget_successes(task);
    remember(task, parts, made);
    task->now = *made;
    task->is_exact = true;
    task->is_adoptable = false;
    task->has_failed = false;
    task->is_backed = BACKED_NO;
}

static void fail(struct task *task, const struct made *left)
{
    const struct success *good =
        task->is_exact && task->successes.count > 0 ? task->successes.at : NULL;
    if (good == NULL) {
        task->is_backed = task->is_exact ? BACKED_NO : BACKED_MAYBE;
    } else if (!task->has_failed) {
        task->is_backed = made_is_same(&good->made, &task->before) ? BACKED_YES
                          : made_is_any(&task->before)             ? BACKED_MAYBE
                                                                   : BACKED_NO;
    }
    task->has_failed = true;
    task->is_adoptable = false;
    task->now = *left;
}

/* It wasn't executed, though it might have been, or its products were put back. */
static void stand(struct reference *reference, size_t action, size_t directory, struct parts *parts,
                  const struct decision *decision, bool came_back)
{
    struct task *task = &reference->tasks[action][directory];
    const struct success *equal = decision->equal;
    if (came_back) {
        struct made found = look_at_products(reference, action, directory);
        equal = success_explaining(task, parts, &found);
    }
    if (came_back && equal == NULL) {
        complain(reference, action, directory, "got back its products",
                 "they are of another success");
        return;
    }
    bool is_adopted = equal == NULL || equal->is_adopted;
    struct made made = is_adopted && !came_back ? task->before : equal->made;
    if (!is_adopted && !came_back && !made_is_same(&made, &task->before)) {
        complain(reference, action, directory, "counts as done, but its product is wrong",
                 decision->why);
    }
    if (is_adopted && !made_is_complete(&reference->life->actions[action], &made)) {
        complain(reference, action, directory, "counts as done without its products",
                 decision->why);
    }
    bool is_in_doubt =
        !task->is_exact || task->is_adoptable || (equal != NULL && equal->is_in_doubt);
    succeed(task, parts, &made);
    task->successes.at[0].is_adopted = is_adopted;
    task->successes.at[0].is_in_doubt = is_in_doubt;
}

/* What a task that failed left. A batch fails as a whole, and what it left depends on how far it came. */
static struct made fail_together(struct reference *reference, size_t action, size_t directory,
                                 const struct made *alone, bool works)
{
    struct made made = *alone;
    struct made others;
    bool has_reason = !works;
    if (reference->life->actions[action].is_batch) {
        for (size_t d = 0; d < LIFE_DIRECTORIES; d++) {
            has_reason = has_reason ||
                         (reference_has(reference, action, d) && did_fail(reference, action, d) &&
                          !reference_evaluate(reference, action, d, &others));
        }
        made = look_at_products(reference, action, directory);
    }
    if (!has_reason) {
        complain(reference, action, directory, "failed", "nothing is in its way");
    }
    return made;
}

/* Of a run that came to its end without faults. */
static void judge_exactly(struct reference *reference, size_t action, size_t directory,
                          struct parts *parts, const struct decision *decision, bool did_run,
                          bool did_return)
{
    struct task *task = &reference->tasks[action][directory];
    bool is_always = reference->life->actions[action].is_always;
    if (decision->duty == MUST && !did_run && !(is_always && did_return)) {
        complain(reference, action, directory, "had to run", decision->why);
    } else if (decision->duty == MUST_RETURN && !did_return) {
        complain(reference, action, directory, "had to get back its products", decision->why);
    } else if (decision->duty == MUST_NOT && did_run) {
        complain(reference, action, directory, "ran", decision->why);
    }
    if (!did_run) {
        stand(reference, action, directory, parts, decision, did_return);
        return;
    }
    struct made made;
    bool works = reference_evaluate(reference, action, directory, &made);
    if (!works && !did_fail(reference, action, directory)) {
        complain(reference, action, directory, "succeeded", "it can't");
    } else if (did_fail(reference, action, directory)) {
        made = fail_together(reference, action, directory, &made, works);
        works = false;
    }
    if (works) {
        succeed(task, parts, &made);
    } else {
        fail(task, &made);
        task->standing = STOPPED;
        reference->unfinished++;
    }
}

/* Of a run that was cut short: what it may have done is open. */
static void judge_loosely(struct reference *reference, size_t action, size_t directory,
                          struct parts *parts, const struct decision *decision, bool did_run,
                          bool did_return)
{
    struct task *task = &reference->tasks[action][directory];
    struct made made;
    if (decision->may_be_adopted) { /* whether it was is open, too */
        struct parts copy = copy_parts(parts);
        remember(task, &copy, &task->before);
        task->successes.at[task->successes.count - 1].is_adopted = true;
        task->is_exact = false;
    }
    if (decision->duty == MUST_NOT) {
        if (did_run) {
            complain(reference, action, directory, "ran in a run that was cut short",
                     decision->why);
        }
        return;
    }
    bool works = reference_evaluate(reference, action, directory, &made);
    bool is_known_to_stay = reference->report->ending == RUN_TROUBLED && !did_run && !did_return &&
                            !did_fail(reference, action, directory);
    if (is_known_to_stay) {
        task->standing = decision->duty == MUST ? STOPPED : STANDS;
        return;
    }
    task->is_exact = false;
    task->is_backed = BACKED_MAYBE;
    if (works) {
        remember(task, parts, &made);
        task->now = made;
    }
    task->standing = works ? STANDS : STOPPED;
}

static void judge_task(struct reference *reference, size_t action, size_t directory)
{
    struct task *task = &reference->tasks[action][directory];
    const struct run_report *report = reference->report;
    struct parts parts = {{0}};
    life_key(reference->life, action, (int)directory, &reference->text);
    bool did_run = was_told(report->ran, "", reference->text.at);
    bool did_return = was_told(report->ran, "back:", reference->text.at);
    task->standing = STANDS;
    task->is_adoptable = task->is_adoptable || reference->state == STATE_IN_DOUBT;
    task->did_run = did_run || did_return;
    if (reference_comes_after(reference, action, directory, task_has_stopped)) {
        task->standing = STOPPED;
        if (did_run) {
            complain(reference, action, directory, "ran", "a task before it couldn't");
        }
    } else if (!reference_collect(reference, action, directory, &parts)) {
        task->standing = STOPPED;
        reference->unfinished++;
        if (did_run) {
            complain(reference, action, directory, "ran", "an input is missing");
        }
    } else {
        struct decision decision = reference_decide(reference, action, directory, &parts);
        (report->ending == RUN_WHOLE ? judge_exactly : judge_loosely)(
            reference, action, directory, &parts, &decision, did_run, did_return);
    }
    vec_release(&parts.list);
}

/* ---- What is on the disk ---- */

/* One generation of what was made by hand is kept, be it empty. */
static void note_what_is_by_hand(struct task *task, size_t product)
{
    const char *text = task->before.text[product];
    if (text != NULL && task->is_exact && !task->has_failed && task->successes.count > 0 &&
        !made_same_text(text, task->successes.at[0].made.text[product])) {
        task->kept[product] = text[0] == 'H' ? text : NULL;
    }
}

void reference_before_run(struct reference *reference)
{
    for (size_t a = 0; a < reference->life->action_count; a++) {
        for (size_t d = 0; d < LIFE_DIRECTORIES; d++) {
            struct task *task = &reference->tasks[a][d];
            task->before = look_at_products(reference, a, d);
            task->now = task->before;
            for (size_t p = 0; p < LIFE_PRODUCTS; p++) {
                note_what_is_by_hand(task, p);
            }
        }
    }
}

struct search {
    const char *text;
    bool found;
};

static int look_at(void *context, int folder, const char *name, unsigned char type)
{
    struct search *search = context;
    char bytes[LIFE_TEXT * 8] = "";
    (void)type;
    int fd = disk->open(folder, name, O_RDONLY | O_CLOEXEC, 0);
    if (fd >= 0) {
        (void)disk->read(fd, bytes, sizeof bytes - 1);
        disk->close(fd);
    }
    search->found = search->found || strcmp(bytes, search->text) == 0;
    return 0;
}

/* What somebody made by hand lies where it was, or beside it. */
static void check_kept(struct reference *reference, size_t action, size_t directory)
{
    const struct task *task = &reference->tasks[action][directory];
    struct buf folder = BUF_EMPTY;
    buf_add_string(&folder, "/project");
    if (reference->life->actions[action].scope == LIFE_DIRECTORY) {
        buf_addf(&folder, "/workspace/d%zu", directory);
    }
    for (size_t p = 0; p < LIFE_PRODUCTS; p++) {
        struct search search = {.text = task->kept[p]};
        if (search.text != NULL) {
            (void)disk->list(AT_FDCWD, folder.at, 0, look_at, &search);
            if (!search.found) {
                complain(reference, action, directory, "lost what was made by hand", search.text);
            }
        }
    }
    buf_release(&folder);
}

static void check_products(struct reference *reference, size_t action, size_t directory)
{
    const struct made *now = &reference->tasks[action][directory].now;
    struct made found = look_at_products(reference, action, directory);
    for (size_t p = 0; p < LIFE_PRODUCTS; p++) {
        if (!made_same_text(found.text[p], now->text[p])) {
            life_product_path(reference->life, action, (int)directory, p, &reference->text);
            buf_addf(reference->wrong, "%s is \"%s\", not \"%s\"\n", reference->text.at,
                     found.text[p] != NULL ? found.text[p] : "(absent)",
                     now->text[p] != NULL ? now->text[p] : "(absent)");
        }
    }
}

/* Of a task that wasn't part of the run nothing is on record yet, or it is in doubt. */
static void note_those_left_out(struct reference *reference)
{
    for (size_t a = 0; a < LIFE_ACTIONS; a++) {
        for (size_t d = 0; d < LIFE_DIRECTORIES; d++) {
            struct task *task = &reference->tasks[a][d];
            bool is_judged = reference_has(reference, a, d) &&
                             is_selected(reference, reference->report->action, a) &&
                             (task->standing == STANDS || task->did_run);
            if (!is_judged && reference->state != STATE_THERE) {
                task->is_adoptable = true;
            }
        }
    }
}

bool reference_judge(struct reference *reference, const struct run_report *report,
                     struct buf *wrong)
{
    size_t before = wrong->len;
    reference->report = report;
    reference->wrong = wrong;
    reference->unfinished = 0;
    for (size_t a = 0; a < reference->life->action_count; a++) {
        for (size_t d = 0; d < LIFE_DIRECTORIES; d++) {
            if (reference_has(reference, a, d) && is_selected(reference, report->action, a)) {
                judge_task(reference, a, d);
            }
        }
    }
    for (size_t a = 0; a < reference->life->action_count; a++) {
        for (size_t d = 0; d < LIFE_DIRECTORIES; d++) {
            if (reference_has(reference, a, d)) {
                struct task *task = &reference->tasks[a][d];
                if (report->ending == RUN_KILLED && task->has_failed) {
                    task->is_backed = BACKED_MAYBE; /* moves may be undone by a crash */
                } else if (report->ending == RUN_WHOLE || task->is_exact) {
                    check_products(reference, a, d);
                }
                check_kept(reference, a, d);
            }
        }
    }
    if (report->ending == RUN_WHOLE) {
        note_those_left_out(reference);
        reference->state = STATE_THERE;
    } else if (reference->state == STATE_NONE) {
        reference->state = STATE_IN_DOUBT;
    }
    return wrong->len == before;
}

size_t reference_unfinished(const struct reference *reference)
{
    return reference->unfinished;
}
