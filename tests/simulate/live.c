#include "live.h"

#include "reference.h"
#include "simulated_study.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static const int64_t START_NS = 120 * INT64_C(1000000000); /* of a machine; a lock is old by then */

struct living {
    const struct life *life;
    struct life_now now;
    struct reference *reference;
    struct study study;
    struct buf rowfile;
    struct buf path;
    unsigned starts; /* of the machine */
    struct buf *wrong;
    struct buf *story; /* NULL: nobody wants it */
};

/* ---- Files ---- */

static void pass(const struct living *living)
{
    enum {
        HASTY_NS = 1000
    }; /* within a tick of the file system, though not of the machine's own clock */
    simulated_pass(living->life->is_hasty ? HASTY_NS : STUDY_WHILE_NS);
}

static const char *whole(struct living *living, const char *path)
{
    buf_clear(&living->study.text);
    buf_addf(&living->study.text, "/project/%s", path);
    return living->study.text.at;
}

static bool is_there(struct living *living, const char *path)
{
    return simulated_text(whole(living, path)) != NULL;
}

static void put(struct living *living, const char *path, const char *text)
{
    pass(living);
    simulated_write(whole(living, path), text);
    pass(living);
}

static void put_value(struct living *living, int directory)
{
    struct buf json = BUF_EMPTY;
    life_add_value(&living->now, directory, &json);
    put(living, life_value_path(directory, &living->path), json.at);
    buf_release(&json);
}

static void make_directory(struct living *living, int directory)
{
    char text[LIFE_TEXT];
    living->now.is_there[directory] = true;
    for (unsigned i = 0; i < LIFE_INPUTS; i++) {
        put(living, life_input_path(directory, i, &living->path),
            life_first_text(directory, i, text));
    }
    put_value(living, directory);
}

/* The machine started, for the n-th time. */
static void start_machine(struct living *living)
{
    struct buf id = BUF_EMPTY;
    buf_addf(&id, "boot-%u\n", ++living->starts);
    simulated_write("/proc/sys/kernel/random/boot_id", id.at);
    buf_release(&id);
}

static void begin(struct living *living)
{
    char text[LIFE_TEXT];
    life_start(living->life, &living->now);
    study_begin(&living->study, "");
    living->study.is_hasty = living->life->is_hasty;
    start_machine(living);
    simulated_keep_order();
    simulated_set_tick(living->life->tick_ms > 0 ? living->life->tick_ms * INT64_C(1000000) : 1);
    for (unsigned i = 0; i < LIFE_INPUTS; i++) {
        put(living, life_input_path(-1, i, &living->path), life_first_text(-1, i, text));
    }
    for (size_t d = 0; d < living->life->directory_count; d++) {
        make_directory(living, (int)d);
    }
    living->reference = reference_new(living->life, &living->now);
}

static void end(struct living *living)
{
    reference_free(living->reference);
    study_end(&living->study);
    buf_release(&living->rowfile);
    buf_release(&living->path);
}

/* ---- Runs ---- */

static const struct {
    enum simulated_call call;
    int error;
} faults[LIFE_FAULTS] = {
    {SIMULATED_WRITE, ENOSPC}, {SIMULATED_SYNC, EIO}, {SIMULATED_READ, EIO},
    {SIMULATED_OPEN, EMFILE},  {SIMULATED_STAT, EIO}, {SIMULATED_RENAME, EIO},
    {SIMULATED_UNLINK, EIO},   {SIMULATED_LIST, EIO}, {SIMULATED_ANY, EINTR},
    {SIMULATED_ANY, ESTALE},
};

static void open_project(struct living *living)
{
    living->study.project = disk->open(AT_FDCWD, "/project", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
}

/* Whether it was in time. */
static bool kill_or_crash(struct living *living, const struct life_step *step)
{
    simulated_world_crash();
    bool was_dead = simulated_is_stopped();
    if (step->kind == LIFE_KILL || !was_dead) {
        (void)simulated_kill();
    } else {
        simulated_crash(step->seed);
        simulated_pass(START_NS);
        start_machine(living);
    }
    open_project(living);
    return was_dead;
}

static enum run_ending run_as(struct living *living, const struct life_step *step, int *status)
{
    struct study *study = &living->study;
    enum run_ending ending = RUN_WHOLE;
    study->jobs = step->kind == LIFE_RUN ? step->number : 2;
    if (step->kind == LIFE_KILL || step->kind == LIFE_CRASH) {
        simulated_stop_after(simulated_calls() + step->number);
    } else if (step->kind == LIFE_FAULT) {
        simulated_fail(faults[step->fault].call, NULL, step->number + 1, faults[step->fault].error);
    }
    *status = study_try(study);
    if (step->kind == LIFE_KILL || step->kind == LIFE_CRASH) {
        ending = kill_or_crash(living, step) ? RUN_KILLED : RUN_WHOLE;
    } else if (step->kind == LIFE_FAULT) {
        ending = simulated_heal() ? RUN_TROUBLED : RUN_WHOLE;
    }
    return ending;
}

/* Files below a folder, with their content; not the state's own. */
static int tell_file(void *context, int folder, const char *name, unsigned char type)
{
    struct living *living = context;
    char text[LIFE_TEXT * 8] = "";
    if (type == DT_DIR) {
        if (strcmp(name, ".rowbuild") != 0) {
            buf_addf(living->story, "      %s/\n", name);
            (void)disk->list(folder, name, 0, tell_file, living);
        }
        return 0;
    }
    int fd = disk->open(folder, name, O_RDONLY | O_CLOEXEC, 0);
    if (fd >= 0) {
        (void)disk->read(fd, text, sizeof text - 1);
        disk->close(fd);
    }
    text[strcspn(text, "\n")] = '\0';
    buf_addf(living->story, "      %s: \"%s\"\n", name, text);
    return 0;
}

static void tell(struct living *living, enum run_ending ending, int status)
{
    static const char *const endings[] = {"", ", in trouble", ", killed"};
    if (living->story != NULL) {
        buf_addf(living->story, "    ran%s (status %d): %s\n", endings[ending], status,
                 buf_string(&living->study.ran));
        (void)disk->list(AT_FDCWD, "/project", 0, tell_file, living);
    }
}

static void run(struct living *living, const struct life_step *step)
{
    static const char *const names[] = {"a0", "a1", "a2", "a3", "a4"};
    struct study *study = &living->study;
    int status;
    buf_clear(&living->rowfile);
    life_add_rowfile(living->life, &living->now, false, &living->rowfile);
    study->rowfile = buf_string(&living->rowfile);
    study->action = step->action >= 0 ? names[step->action] : NULL;
    pass(living);
    reference_before_run(living->reference);
    study->result = (struct run_result){0};
    enum run_ending ending = run_as(living, step, &status);
    tell(living, ending, status);
    if (ending == RUN_WHOLE && status != 0) {
        buf_addf(living->wrong, "the run ended with an error: %s", buf_string(&study->text));
        return;
    }
    struct run_report report = {.ran = buf_string(&study->ran),
                                .failed = buf_string(&study->failed),
                                .ending = ending,
                                .action = step->action};
    if (!reference_judge(living->reference, &report, living->wrong)) {
        buf_addf(living->wrong, "events of the run:\n%s", buf_string(&study->log));
    }
}

/* ---- Edits ---- */

static void rewrite(struct living *living, const char *path, bool is_replaced)
{
    struct buf text = BUF_EMPTY;
    if (is_there(living, path)) {
        buf_add_string(&text, simulated_text(whole(living, path)));
        if (is_replaced) {
            simulated_remove(whole(living, path));
        }
        put(living, path, buf_string(&text));
        reference_note_touch(living->reference);
    }
    buf_release(&text);
}

static void remove_file(struct living *living, const char *path)
{
    pass(living);
    simulated_remove(whole(living, path));
    pass(living);
}

static size_t directories(const struct living *living)
{
    size_t count = 0;
    for (size_t d = 0; d < LIFE_DIRECTORIES; d++) {
        count += living->now.is_there[d];
    }
    return count;
}

static void edit_product(struct living *living, const struct life_step *step)
{
    const struct life_action *action = &living->life->actions[step->action];
    size_t product = life_has_product(action, step->number) ? step->number : 1 - step->number;
    const char *path = life_product_path(living->life, (size_t)step->action, step->directory,
                                         product, &living->path);
    bool is_in_life = action->scope != LIFE_DIRECTORY || living->now.is_there[step->directory];
    if (!life_has_product(action, product) || !is_in_life || !is_there(living, path)) {
        return;
    }
    if (step->kind == LIFE_DELETE) {
        remove_file(living, path);
    } else {
        put(living, path, step->kind == LIFE_CUT ? "" : step->text);
    }
    reference_note_edit(living->reference, (size_t)step->action, step->directory, product);
}

static void edit_input(struct living *living, const struct life_step *step)
{
    const char *path = life_input_path(step->directory, step->number, &living->path);
    if (step->directory >= 0 && !living->now.is_there[step->directory]) {
        return;
    }
    switch (step->kind) {
    case LIFE_WRITE:
        put(living, path, step->text);
        reference_note_touch(living->reference);
        break;
    case LIFE_TOUCH:
    case LIFE_REPLACE:
        rewrite(living, path, step->kind == LIFE_REPLACE);
        break;
    default:
        remove_file(living, path);
        break;
    }
}

static void change_directories(struct living *living, const struct life_step *step)
{
    int directory = step->directory;
    if (step->kind == LIFE_ADD && !living->now.is_there[directory]) {
        make_directory(living, directory);
    } else if (step->kind == LIFE_LOSE && living->now.is_there[directory] &&
               directories(living) > 1) {
        buf_clear(&living->path);
        buf_addf(&living->path, "workspace/d%d", directory);
        remove_file(living, living->path.at);
        living->now.is_there[directory] = false;
        reference_lose_directory(living->reference, directory);
    }
}

static void take(struct living *living, const struct life_step *step)
{
    switch (step->kind) {
    case LIFE_RUN:
    case LIFE_KILL:
    case LIFE_CRASH:
    case LIFE_FAULT:
        run(living, step);
        break;
    case LIFE_WRITE:
    case LIFE_TOUCH:
    case LIFE_REPLACE:
    case LIFE_REMOVE:
        edit_input(living, step);
        break;
    case LIFE_VALUE:
        living->now.values[step->directory][step->number] = step->value;
        if (living->now.is_there[step->directory]) {
            put_value(living, step->directory);
            reference_note_touch(living->reference);
        }
        break;
    case LIFE_EDIT:
    case LIFE_CUT:
    case LIFE_DELETE:
        edit_product(living, step);
        break;
    case LIFE_COMMENT:
        living->now.comments[step->action] = step->value;
        break;
    case LIFE_TOKEN:
        living->now.tokens[step->action] = step->value;
        break;
    case LIFE_ADD:
    case LIFE_LOSE:
        change_directories(living, step);
        break;
    case LIFE_FORGET:
        pass(living);
        simulated_remove("/project/.rowbuild");
        reference_forget_state(living->reference);
        break;
    default:
        break;
    }
}

/* ---- The end: all is well again ---- */

static void mend_inputs(struct living *living, int directory)
{
    char text[LIFE_TEXT];
    for (unsigned i = 0; i < LIFE_INPUTS; i++) {
        const char *path = life_input_path(directory, i, &living->path);
        const char *found = simulated_text(whole(living, path));
        if (found == NULL || strchr(found, 'z') != NULL) {
            put(living, path, life_first_text(directory, i, text));
            reference_note_touch(living->reference);
        }
    }
}

static void finish(struct living *living)
{
    static const struct life_step all = {.kind = LIFE_RUN, .action = -1, .number = 2};
    mend_inputs(living, -1);
    for (size_t d = 0; d < LIFE_DIRECTORIES; d++) {
        if (living->now.is_there[d]) {
            mend_inputs(living, (int)d);
        }
    }
    run(living, &all);
    if (living->wrong->len == 0 && living->study.result.failed > 0) {
        buf_add_string(living->wrong, "something failed although nothing can fail any more\n");
    }
    if (living->wrong->len == 0) {
        run(living, &all);
    }
}

void life_live(const struct life *life, struct buf *wrong, struct buf *story)
{
    struct living living = {.life = life, .wrong = wrong, .story = story};
    begin(&living);
    for (size_t i = 0; i < life->step_count && wrong->len == 0; i++) {
        if (story != NULL) {
            buf_addf(story, "step %zu\n", i + 1);
        }
        take(&living, &life->steps[i]);
        if (wrong->len > 0) {
            buf_addf(wrong, "(in step %zu)\n", i + 1);
        }
    }
    if (wrong->len == 0) {
        finish(&living);
        if (wrong->len > 0) {
            buf_add_string(wrong, "(in the runs after the last step)\n");
        }
    }
    end(&living);
}
