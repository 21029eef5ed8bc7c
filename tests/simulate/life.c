#include "life.h"

#include <stdio.h>
#include <string.h>

void life_start(const struct life *life, struct life_now *now)
{
    *now = (struct life_now){0};
    for (size_t d = 0; d < life->directory_count; d++) {
        now->is_there[d] = true;
        now->values[d][0] = (unsigned)d % 2;
    }
}

const char *life_first_text(int directory, unsigned number, char text[LIFE_TEXT])
{
    (void)snprintf(text, LIFE_TEXT, "%c%c", 'b' + directory + 1, 'a' + (int)number);
    return text;
}

/* ---- Names ---- */

const char *life_input_path(int directory, unsigned number, struct buf *path)
{
    buf_clear(path);
    if (directory >= 0) {
        buf_addf(path, "workspace/d%d/in%u", directory, number);
    } else {
        buf_addf(path, "p%u", number);
    }
    return path->at;
}

const char *life_value_path(int directory, struct buf *path)
{
    buf_clear(path);
    buf_addf(path, "workspace/d%d/v.json", directory);
    return path->at;
}

bool life_has_product(const struct life_action *action, size_t product)
{
    return product == 0 ? action->has_file : action->has_stamp;
}

static const char *suffix(size_t product)
{
    return product == 0 ? "" : ".s";
}

const char *life_product_path(const struct life *life, size_t action, int directory, size_t product,
                              struct buf *path)
{
    buf_clear(path);
    if (life->actions[action].scope == LIFE_DIRECTORY) {
        buf_addf(path, "workspace/d%d/", directory);
    }
    buf_addf(path, "a%zu%s", action, suffix(product));
    return path->at;
}

void life_add_value(const struct life_now *now, int directory, struct buf *json)
{
    buf_addf(json, "{\"x\": %u, \"y\": %u}\n", now->values[directory][0],
             now->values[directory][1]);
}

const char *life_key(const struct life *life, size_t action, int directory, struct buf *key)
{
    const struct life_action *its = &life->actions[action];
    buf_clear(key);
    buf_addf(key, "a%zu", action);
    if (its->scope == LIFE_DIRECTORY) {
        buf_addf(key, "/d%d", directory);
    } else if (its->scope == LIFE_GROUP) {
        if (its->has_file || its->has_stamp) {
            buf_addf(key, "///a%zu%s", action, suffix(its->has_file ? 0 : 1));
        }
    }
    return key->at;
}

/* ---- The Rowfile ---- */

/* As the action of that scope names it, in inputs and commands. */
static void add_source(const struct life *life, const struct life_source *source, size_t product,
                       struct buf *out)
{
    switch (source->kind) {
    case SOURCE_OWN:
        buf_addf(out, "in%u", source->number);
        break;
    case SOURCE_PROJECT:
        buf_addf(out, "//p%u", source->number);
        break;
    case SOURCE_ACTION:
        buf_addf(out, "%sa%u%s", life->actions[source->number].scope == LIFE_DIRECTORY ? "" : "//",
                 source->number, suffix(product));
        break;
    }
}

/* Where its product lies, as the Rowfile names it. */
static void add_product(const struct life_action *action, size_t number, size_t product,
                        struct buf *out)
{
    buf_addf(out, "%sa%zu%s", action->scope == LIFE_DIRECTORY ? "" : "//", number, suffix(product));
}

/* Whether the command reads it, rather than only coming after it. */
static bool is_read(const struct life *life, const struct life_action *action,
                    const struct life_source *source)
{
    if (source->kind != SOURCE_ACTION) {
        return true;
    }
    const struct life_action *maker = &life->actions[source->number];
    return maker->has_file && (action->scope != LIFE_PROJECT || maker->scope != LIFE_DIRECTORY);
}

/* Whether a group reads it in each of its directories. */
static bool is_gathered(const struct life *life, const struct life_action *action,
                        const struct life_source *source)
{
    bool is_own =
        source->kind == SOURCE_OWN ||
        (source->kind == SOURCE_ACTION && life->actions[source->number].scope == LIFE_DIRECTORY);
    return action->scope == LIFE_GROUP && is_own;
}

/* ---- Commands ---- */

struct command {
    const struct life_action *action;
    bool for_shell;
    struct buf *out;
};

/* A path as the command names it: "//x" is x of the project, which a shell in a directory reaches by "..". */
static void add_path(const struct command *command, const char *path)
{
    bool is_of_project = strncmp(path, "//", 2) == 0;
    bool is_in_directory = command->action->scope == LIFE_DIRECTORY;
    if (command->for_shell && is_of_project) {
        buf_addf(command->out, "%s%s", is_in_directory ? "../../" : "", path + 2);
    } else {
        buf_add_string(command->out, path);
    }
}

/* `simulated` and `shell` have a %1 for the first path or word and a %2 for the second path. */
static void add_statement(const struct command *command, const char *simulated, const char *shell,
                          const char *first, const char *second)
{
    for (const char *at = command->for_shell ? shell : simulated; *at != '\0'; at++) {
        if (*at == '%' && (at[1] == '1' || at[1] == '2')) {
            add_path(command, *++at == '1' ? first : second);
        } else {
            buf_add_char(command->out, *at);
        }
    }
    buf_add_string(command->out, "; ");
}

static void add_reading(const struct life *life, const struct command *command,
                        const struct life_source *source, const char *product)
{
    struct buf path = BUF_EMPTY;
    add_source(life, source, 0, &path);
    if (is_gathered(life, command->action, source)) {
        add_statement(command, "gather_also %1 %2",
                      "for d in {directories}; do cat workspace/$d/%1 >> %2; done", path.at,
                      product);
    } else {
        add_statement(command, "add %1 %2", "cat %1 >> %2", path.at, product);
    }
    buf_release(&path);
}

static void add_change(const struct command *command, const char *product)
{
    switch (command->action->change) {
    case CHANGE_SORT:
        add_statement(command, "sort %1 %1",
                      "fold -w1 %1 | LC_ALL=C sort | tr -d \"\\\\n\" > t; mv t %1", product, "");
        break;
    case CHANGE_UPPER:
        add_statement(command, "upper %1 %1", "tr a-z A-Z < %1 > t; mv t %1", product, "");
        break;
    case CHANGE_COUNT:
        add_statement(command, "count %1 %1", "wc -c < %1 | tr -d \"\\\\n\" > t; mv t %1", product,
                      "");
        break;
    default:
        break;
    }
}

static void add_making(const struct life *life, const struct life_now *now, size_t number,
                       const struct command *command)
{
    const struct life_action *action = command->action;
    char token[16];
    struct buf product = BUF_EMPTY;
    add_product(action, number, 0, &product);
    add_statement(command, "empty %1", ": > %1", product.at, "");
    for (size_t i = 0; i < action->source_count; i++) {
        if (is_read(life, action, &action->sources[i])) {
            add_reading(life, command, &action->sources[i], product.at);
        }
    }
    add_change(command, product.at);
    if (action->reads_x) {
        add_statement(command, "append {/x} %1", "printf %s {/x} >> %1", product.at, "");
    }
    (void)snprintf(token, sizeof token, "t%u", now->tokens[number]);
    add_statement(command, "append %1 %2", "printf %s %1 >> %2", token, product.at);
    buf_release(&product);
}

static void add_work(const struct life *life, const struct life_now *now, size_t number,
                     const struct command *command)
{
    const struct life_action *action = command->action;
    struct buf path = BUF_EMPTY;
    if (action->has_file && action->leaves_half) {
        add_product(action, number, 0, &path);
        add_statement(command, "write half %1", "printf half > %1", path.at, "");
    }
    if (action->fails_on_z) {
        buf_clear(&path);
        add_source(life, &action->sources[0], 0, &path);
        add_statement(command, "fail_if z %1", "if grep -q z %1; then exit 1; fi", path.at, "");
    }
    if (action->has_file) {
        add_making(life, now, number, command);
    }
    if (action->has_stamp) {
        buf_clear(&path);
        add_product(action, number, 1, &path);
        add_statement(command, "empty %1", ": > %1", path.at, "");
    }
    buf_release(&path);
}

static void add_command(const struct life *life, const struct life_now *now, size_t number,
                        bool for_shell, struct buf *out)
{
    const struct life_action *action = &life->actions[number];
    struct command command = {.action = action, .for_shell = for_shell, .out = out};
    bool is_in_directory = for_shell && action->scope == LIFE_DIRECTORY;
    if (is_in_directory && action->is_batch) {
        buf_add_string(out, "for b in {directories}; do cd workspace/$b; ");
    } else if (is_in_directory) {
        buf_add_string(out, "cd workspace/{directory}; ");
    }
    add_work(life, now, number, &command);
    if (is_in_directory && action->is_batch) {
        buf_add_string(out, "cd ../..; done; ");
    }
    buf_addf(out, "# c%u%s", now->comments[number],
             action->is_batch && !for_shell ? " {directories}" : "");
}

static void add_inputs(const struct life *life, const struct life_action *action, struct buf *out)
{
    const char *before = "inputs = [";
    for (size_t i = 0; i < action->source_count; i++) {
        const struct life_source *source = &action->sources[i];
        if (source->kind != SOURCE_ACTION || source->is_listed) {
            buf_addf(out, "%s'", before);
            add_source(life, source,
                       source->kind == SOURCE_ACTION && !life->actions[source->number].has_file,
                       out);
            buf_add_char(out, '\'');
            before = ", ";
        }
    }
    buf_add_string(out, before[0] == ',' ? "]\n" : "");
}

static void add_previous(const struct life_action *action, struct buf *out)
{
    const char *before = "previous_actions = [";
    for (size_t i = 0; i < action->source_count; i++) {
        if (action->sources[i].kind == SOURCE_ACTION && !action->sources[i].is_listed) {
            buf_addf(out, "%s'a%u'", before, action->sources[i].number);
            before = ", ";
        }
    }
    buf_add_string(out, before[0] == ',' ? "]\n" : "");
}

static void add_action(const struct life *life, const struct life_now *now, size_t number,
                       bool for_shell, struct buf *out)
{
    static const char *const scopes[] = {"directory", "group", "project"};
    const struct life_action *action = &life->actions[number];
    const char *before = "products = [";
    buf_addf(out, "\n[[action]]\nname = 'a%zu'\nscope = '%s'\ncommand = '''", number,
             scopes[action->scope]);
    add_command(life, now, number, for_shell, out);
    buf_add_string(out, "'''\n");
    add_inputs(life, action, out);
    for (size_t product = 0; product < LIFE_PRODUCTS; product++) {
        if (life_has_product(action, product)) {
            buf_addf(out, "%s'", before);
            add_product(action, number, product, out);
            buf_add_char(out, '\'');
            before = ", ";
        }
    }
    buf_add_string(out, before[0] == ',' ? "]\n" : "");
    add_previous(action, out);
    buf_add_string(out, action->only_x ? "value_inputs = ['/x']\n" : "");
    buf_add_string(out, action->is_always ? "always = true\n" : "");
    buf_add_string(out, action->is_resumable ? "resumable = []\n" : "");
}

void life_add_rowfile(const struct life *life, const struct life_now *now, bool for_shell,
                      struct buf *out)
{
    buf_add_string(out, "[workspace]\nvalue_file = 'v.json'\n");
    for (size_t i = 0; i < life->action_count; i++) {
        if (!life->actions[i].is_gone) {
            add_action(life, now, i, for_shell, out);
        }
    }
}
