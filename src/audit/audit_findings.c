#include "audit_findings.h"

#include "text.h"

#include <stdlib.h>

enum { MOST_NAMES = 5 };

struct kind_words {
    enum finding_code code;
    enum diag_severity severity;
    const char *does;  /* after "action `x` " */
    const char *after; /* for one file */
    const char *after_many;
    const char *mend;       /* NULL: none */
    const char *mend_after; /* NULL: the mend names no files */
};

static const struct kind_words words[AUDIT_KINDS] = {
    [AUDIT_INPUT] = {FINDING_UNDECLARED_INPUT, DIAG_ERROR, "reads ",
                     ", which isn't among its inputs", ", which aren't among its inputs", "add ",
                     " to `inputs`"},
    [AUDIT_VALUE] =
        {FINDING_UNDECLARED_VALUE, DIAG_ERROR, "reads ", ", but its `value_inputs` is empty",
         ", but its `value_inputs` is empty",
         "name in `value_inputs` what the command uses of the value, or remove that key", NULL},
    [AUDIT_PRODUCT] = {FINDING_UNDECLARED_PRODUCT, DIAG_ERROR, "leaves ",
                       ", which isn't among its products", ", which aren't among its products",
                       "add ", " to `products`, or delete it at the end of the command"},
    [AUDIT_INPUT_CHANGED] = {FINDING_CHANGED_INPUT, DIAG_ERROR, "changes its own input ", "", "",
                             "let the command change a copy, and name the copy in `products`",
                             NULL},
    [AUDIT_VALUE_CHANGED] = {FINDING_CHANGED_VALUE, DIAG_ERROR, "changes the value ", "", "",
                             "let the command write another file, and name it in `products`", NULL},
    [AUDIT_FOREIGN] = {FINDING_CHANGED_PRODUCT, DIAG_ERROR, "changes ",
                       ", a product of another task", ", products of other tasks",
                       "let one action alone write a file, or use a copy", NULL},
    [AUDIT_DELETED] = {FINDING_DELETED_FILE, DIAG_ERROR, "deletes or renames ",
                       ", which it didn't make", ", which it didn't make",
                       "let the command delete only what it made itself", NULL},
    [AUDIT_LISTED] = {FINDING_UNDECLARED_LISTING, DIAG_NOTE, "lists the folder ",
                      ", nothing of which is among its inputs",
                      ", nothing of which is among its inputs", "if the names in it matter: add ",
                      " to `inputs`"},
    [AUDIT_UNUSED] = {FINDING_UNUSED_INPUT, DIAG_NOTE, "never reads ",
                      ", which is among its inputs", ", which are among its inputs", "remove ",
                      " from `inputs`"},
    [AUDIT_OUTSIDE] = {FINDING_OUTSIDE_FILE, DIAG_NOTE, "reads outside of the project: ", "", "",
                       NULL, NULL},
    [AUDIT_PTRACE] = {FINDING_PTRACE_INSIDE, DIAG_WARNING, "runs ",
                      ", which uses ptrace: that fails while the command is watched",
                      ", which use ptrace: that fails while the command is watched",
                      "use `--watch-by notification`, with which ptrace works", NULL},
};

void audit_findings_init(struct audit_findings *findings, const struct rowfile *rowfile)
{
    *findings = (struct audit_findings){.rowfile = rowfile};
    arena_init(&findings->arena);
}

void audit_findings_release(struct audit_findings *findings)
{
    vec_each (struct audit_finding, finding, &findings->all) {
        vec_each (struct audit_item, item, &finding->items) {
            vec_release(&item->directories);
        }
        vec_release(&finding->items);
        vec_release(&finding->directories);
    }
    vec_release(&findings->all);
    arena_release(&findings->arena);
}

/* ---- Collecting ---- */

static struct audit_finding *finding_of(struct audit_findings *findings, uint32_t action,
                                        enum audit_kind kind)
{
    vec_each (struct audit_finding, finding, &findings->all) {
        if (finding->action == action && finding->kind == kind) {
            return finding;
        }
    }
    vec_push(&findings->all, (struct audit_finding){.action = action, .kind = kind});
    return &findings->all.at[findings->all.count - 1];
}

static struct audit_item *item_of(struct audit_findings *findings, struct audit_finding *finding,
                                  struct slice name)
{
    vec_each (struct audit_item, item, &finding->items) {
        if (slice_equal(item->name, name)) {
            return item;
        }
    }
    vec_push(&finding->items, (struct audit_item){.name = arena_slice(&findings->arena, name)});
    return &finding->items.at[finding->items.count - 1];
}

void audit_findings_add(struct audit_findings *findings, uint32_t action, enum audit_kind kind,
                        struct slice name, struct slice maker, struct slice program,
                        struct slice directory)
{
    struct audit_item *item = item_of(findings, finding_of(findings, action, kind), name);
    if (item->maker.len == 0 && maker.len > 0) {
        item->maker = arena_slice(&findings->arena, maker);
    }
    if (item->program.len == 0 && program.len > 0) {
        item->program = arena_slice(&findings->arena, program);
    }
    /* Executions come one after the other, so that duplicates come together. */
    size_t count = item->directories.count;
    if (directory.len > 0 &&
        (count == 0 || !slice_equal(item->directories.at[count - 1], directory))) {
        vec_push(&item->directories, arena_slice(&findings->arena, directory));
    }
}

/* ---- Words ---- */

static int by_bytes(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

static int by_name(const void *a, const void *b)
{
    return slice_compare(((const struct audit_item *)a)->name,
                         ((const struct audit_item *)b)->name);
}

static int by_action(const void *a, const void *b)
{
    const struct audit_finding *first = a;
    const struct audit_finding *second = b;
    if (first->action != second->action) {
        return first->action < second->action ? -1 : 1;
    }
    return (int)first->kind - (int)second->kind;
}

static size_t drop_duplicates(struct slice *names, size_t count)
{
    size_t kept = 0;
    if (count > 0) {
        qsort(names, count, sizeof *names, by_bytes);
    }
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || !slice_equal(names[i], names[kept - 1])) {
            names[kept++] = names[i];
        }
    }
    return kept;
}

static void add_more(struct buf *out, size_t count)
{
    if (count > MOST_NAMES) {
        buf_addf(out, " and %zu more", count - MOST_NAMES);
    }
}

static void add_names(const struct audit_finding *finding, struct buf *out)
{
    for (size_t i = 0; i < finding->items.count && i < MOST_NAMES; i++) {
        const struct audit_item *item = &finding->items.at[i];
        text_add_listed(out, item->name, i);
        if (item->maker.len > 0) {
            buf_add_string(out, " (made by ");
            text_add_name(out, item->maker);
            buf_add_char(out, ')');
        }
    }
    add_more(out, finding->items.count);
}

static void add_quoted(const struct audit_finding *finding, struct buf *out)
{
    for (size_t i = 0; i < finding->items.count && i < MOST_NAMES; i++) {
        buf_add_string(out, i > 0 ? ", " : "");
        text_add_json(out, finding->items.at[i].name); /* also TOML's */
    }
    add_more(out, finding->items.count);
}

static void add_directories(const struct audit_finding *finding, struct buf *out)
{
    size_t count = finding->directories.count;
    if (count == 0) {
        return;
    }
    buf_addf(out, "; in %zu director%s: ", count, count == 1 ? "y" : "ies");
    for (size_t i = 0; i < count && i < MOST_NAMES; i++) {
        buf_add_string(out, i > 0 ? ", " : "");
        text_add_name(out, finding->directories.at[i]);
    }
    add_more(out, count);
}

static void add_message(const struct audit_findings *findings, const struct audit_finding *finding,
                        struct buf *out)
{
    const struct kind_words *word = &words[finding->kind];
    buf_addf(out, "action `%.*s` %s", SLICE_ARGS(findings->rowfile->actions[finding->action].name),
             word->does);
    add_names(finding, out);
    buf_add_string(out, finding->items.count == 1 ? word->after : word->after_many);
    add_directories(finding, out);
}

static void add_mend(const struct audit_finding *finding, struct buf *out)
{
    const struct kind_words *word = &words[finding->kind];
    buf_add_string(out, word->mend != NULL ? word->mend : "");
    if (word->mend_after != NULL) {
        add_quoted(finding, out);
        buf_add_string(out, word->mend_after);
    }
}

/* The place to change: the key where it is given, else the action's beginning. */
static size_t place_of(const struct action *action, enum audit_kind kind)
{
    bool is_of_products = kind == AUDIT_PRODUCT;
    bool is_of_inputs = kind == AUDIT_INPUT || kind == AUDIT_UNUSED || kind == AUDIT_LISTED;
    if (is_of_products && action->product_count > 0) {
        return action->products[0].offset;
    }
    if (is_of_inputs && action->input_count > 0) {
        return action->inputs[0].offset;
    }
    return is_of_products || is_of_inputs ? action->offset : action->command_offset;
}

static const char *keep(struct audit_findings *findings, struct buf *text)
{
    const char *kept = arena_string(&findings->arena, buf_slice(text));
    buf_clear(text);
    return kept;
}

static void finish(struct audit_findings *findings, struct audit_finding *finding)
{
    struct buf text = BUF_EMPTY;
    size_t column;
    const struct rowfile *rowfile = findings->rowfile;
    qsort(finding->items.at, finding->items.count, sizeof *finding->items.at, by_name);
    vec_each (struct audit_item, item, &finding->items) {
        item->directories.count = drop_duplicates(item->directories.at, item->directories.count);
        vec_each (struct slice, directory, &item->directories) {
            vec_push(&finding->directories, *directory);
        }
    }
    finding->directories.count =
        drop_duplicates(finding->directories.at, finding->directories.count);
    finding->code = finding_table[words[finding->kind].code].code;
    finding->severity = words[finding->kind].severity;
    finding->file = rowfile->source.name;
    source_place(&rowfile->source, place_of(&rowfile->actions[finding->action], finding->kind),
                 &finding->line, &column);
    add_message(findings, finding, &text);
    finding->message = keep(findings, &text);
    add_mend(finding, &text);
    finding->mend = keep(findings, &text);
    buf_release(&text);
}

void audit_findings_finish(struct audit_findings *findings)
{
    vec_each (struct audit_finding, finding, &findings->all) {
        finish(findings, finding);
    }
    if (findings->all.count > 0) {
        qsort(findings->all.at, findings->all.count, sizeof *findings->all.at, by_action);
    }
}

size_t audit_findings_count(const struct audit_findings *findings, enum diag_severity severity)
{
    size_t count = 0;
    vec_each (const struct audit_finding, finding, &findings->all) {
        count += finding->severity == severity;
    }
    return count;
}
