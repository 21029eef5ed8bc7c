#include "life_script.h"

static void add_rowfile(const struct life *life, const struct life_now *now, struct buf *out)
{
    buf_add_string(out, "cat > Rowfile <<'END'\n");
    life_add_rowfile(life, now, true, out);
    buf_add_string(out, "END\n");
}

static void add_input(int directory, unsigned number, const char *text, struct buf *out)
{
    struct buf path = BUF_EMPTY;
    buf_addf(out, "printf %%s %s > %s\n", text, life_input_path(directory, number, &path));
    buf_release(&path);
}

static void add_value(const struct life_now *now, int directory, struct buf *out)
{
    struct buf path = BUF_EMPTY;
    buf_addf(out, "cat > %s <<'END'\n", life_value_path(directory, &path));
    life_add_value(now, directory, out);
    buf_add_string(out, "END\n");
    buf_release(&path);
}

static void add_directory(const struct life_now *now, int directory, struct buf *out)
{
    char text[LIFE_TEXT];
    buf_addf(out, "mkdir -p workspace/d%d\n", directory);
    for (unsigned i = 0; i < LIFE_INPUTS; i++) {
        add_input(directory, i, life_first_text(directory, i, text), out);
    }
    add_value(now, directory, out);
}

static void add_run(const struct life_step *step, struct buf *out)
{
    static const char *const remarks[] = {
        [LIFE_KILL] = "killed", [LIFE_CRASH] = "the power goes", [LIFE_FAULT] = "a call fails"};
    if (step->kind != LIFE_RUN) {
        buf_addf(out, "# %s after %u calls of the disk\n", remarks[step->kind], step->number);
    }
    buf_addf(out, "\"${ROWBUILD:-rowbuild}\" -j %u -k 0",
             step->kind == LIFE_RUN ? step->number : 2);
    buf_add_string(out, step->action >= 0 ? " -a a" : "");
    if (step->action >= 0) {
        buf_addf(out, "%d", step->action);
    }
    buf_add_char(out, '\n');
}

static void add_edit_of_input(const struct life_step *step, struct buf *out)
{
    struct buf path = BUF_EMPTY;
    life_input_path(step->directory, step->number, &path);
    switch (step->kind) {
    case LIFE_WRITE:
        add_input(step->directory, step->number, step->text, out);
        break;
    case LIFE_TOUCH:
        buf_addf(out, "touch -c %s\n", path.at);
        break;
    case LIFE_REPLACE:
        buf_addf(out, "[ ! -e %s ] || { cp %s copy && mv copy %s; }\n", path.at, path.at, path.at);
        break;
    default:
        buf_addf(out, "rm -f %s\n", path.at);
        break;
    }
    buf_release(&path);
}

static void add_edit_of_product(const struct life *life, const struct life_step *step,
                                struct buf *out)
{
    const struct life_action *action = &life->actions[step->action];
    size_t product = life_has_product(action, step->number) ? step->number : 1 - step->number;
    struct buf path = BUF_EMPTY;
    life_product_path(life, (size_t)step->action, step->directory, product, &path);
    if (step->kind == LIFE_DELETE) {
        buf_addf(out, "rm -f %s\n", path.at);
    } else {
        buf_addf(out, "[ ! -e %s ] || printf '%s' > %s\n", path.at,
                 step->kind == LIFE_CUT ? "" : step->text, path.at);
    }
    buf_release(&path);
}

static void add_step(const struct life *life, const struct life_step *step, struct life_now *now,
                     struct buf *out)
{
    switch (step->kind) {
    case LIFE_RUN:
    case LIFE_KILL:
    case LIFE_CRASH:
    case LIFE_FAULT:
        add_run(step, out);
        break;
    case LIFE_WRITE:
    case LIFE_TOUCH:
    case LIFE_REPLACE:
    case LIFE_REMOVE:
        add_edit_of_input(step, out);
        break;
    case LIFE_VALUE:
        now->values[step->directory][step->number] = step->value;
        add_value(now, step->directory, out);
        break;
    case LIFE_EDIT:
    case LIFE_CUT:
    case LIFE_DELETE:
        add_edit_of_product(life, step, out);
        break;
    case LIFE_COMMENT:
        now->comments[step->action] = step->value;
        add_rowfile(life, now, out);
        break;
    case LIFE_TOKEN:
        now->tokens[step->action] = step->value;
        add_rowfile(life, now, out);
        break;
    case LIFE_ADD:
        add_directory(now, step->directory, out);
        break;
    case LIFE_LOSE:
        buf_addf(out, "rm -rf workspace/d%d\n", step->directory);
        break;
    case LIFE_FORGET:
        buf_add_string(out, "rm -rf .rowbuild\n");
        break;
    default:
        break;
    }
}

void life_add_script(const struct life *life, struct buf *out)
{
    struct life_now now;
    char text[LIFE_TEXT];
    life_start(life, &now);
    buf_add_string(out, "#!/bin/sh\ncd \"$(mktemp -d)\" && pwd && mkdir workspace || exit 1\n");
    for (unsigned i = 0; i < LIFE_INPUTS; i++) {
        add_input(-1, i, life_first_text(-1, i, text), out);
    }
    for (size_t d = 0; d < life->directory_count; d++) {
        add_directory(&now, (int)d, out);
    }
    add_rowfile(life, &now, out);
    for (size_t i = 0; i < life->step_count; i++) {
        add_step(life, &life->steps[i], &now, out);
    }
}
