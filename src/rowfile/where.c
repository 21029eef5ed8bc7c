#include "where.h"

#include "where_grammar.h"
#include "where_parser.h"

#include "memory.h"
#include "text.h"

#include <stdlib.h>

enum { LONGEST_TEXT = 64 * 1024 };

struct where *where_parse(struct slice text, const struct source *source, size_t offset,
                          struct diag *diag)
{
    struct where *where = mem_alloc(sizeof *where);
    arena_init(&where->arena);
    where->text = arena_slice(&where->arena, text);
    struct where_parser parser = {.where = where,
                                  .json = json_parser_new(),
                                  .source = source,
                                  .source_offset = offset,
                                  .diag = diag,
                                  .cursor = (const unsigned char *)where->text.at,
                                  .limit = (const unsigned char *)where->text.at + text.len};
    int result;
    if (text.len > LONGEST_TEXT) {
        result = where_complain(&parser, (struct where_span){0, 1},
                                "the expression is longer than 64 KiB");
    } else {
        result = where_yyparse(&parser);
    }
    json_parser_free(parser.json);
    if (result != 0) {
        where_free(where);
        return NULL;
    }
    return where;
}

void where_free(struct where *where)
{
    if (where == NULL) {
        return;
    }
    vec_each (struct json *, literal, &where->literals) {
        json_free(*literal);
    }
    vec_each (struct regex *, regex, &where->expressions) {
        regex_free(*regex);
    }
    vec_release(&where->literals);
    vec_release(&where->expressions);
    vec_release(&where->pointers);
    arena_release(&where->arena);
    free(where);
}

struct evaluation {
    const struct json *value;
    struct where_problem *problem;
};

static int fail(const struct evaluation *evaluation, enum where_trouble trouble,
                const struct where_node *node)
{
    *evaluation->problem = (struct where_problem){
        .trouble = trouble,
        .left = node->left.spelling,
        .right = node->right.spelling,
        .offset = node->span.offset,
        .length = node->span.length,
    };
    return -1;
}

static int fail_types(const struct evaluation *evaluation, enum where_trouble trouble,
                      const struct where_node *node, const struct json *left,
                      const struct json *right)
{
    fail(evaluation, trouble, node);
    evaluation->problem->left_type = json_type_of(left);
    evaluation->problem->right_type = json_type_of(right);
    return -1;
}

static int find(const struct evaluation *evaluation, const struct where_node *node,
                const struct where_operand *operand, const struct json **value)
{
    *value = operand->literal;
    if (operand->is_pointer && !json_at(evaluation->value, operand->pointer, value)) {
        fail(evaluation, WHERE_MISSING, node);
        evaluation->problem->left = operand->spelling;
        evaluation->problem->right = SLICE_LITERAL("");
        return -1;
    }
    return 0;
}

static bool holds(enum where_operator operator, int order)
{
    switch (operator) {
    case WHERE_LESS:
        return order < 0;
    case WHERE_LESS_EQUAL:
        return order <= 0;
    case WHERE_EQUAL:
        return order == 0;
    case WHERE_NOT_EQUAL:
        return order != 0;
    case WHERE_GREATER_EQUAL:
        return order >= 0;
    case WHERE_GREATER:
    default:
        return order > 0;
    }
}

static bool one_is_null(const struct json *left, const struct json *right)
{
    return (json_type_of(left) == JSON_NULL) != (json_type_of(right) == JSON_NULL);
}

static int evaluate_compare(const struct evaluation *evaluation, const struct where_node *node)
{
    const struct json *left;
    const struct json *right;
    int order = 0;
    if (find(evaluation, node, &node->left, &left) != 0 ||
        find(evaluation, node, &node->right, &right) != 0) {
        return -1;
    }
    if (one_is_null(left, right) &&
        (node->order == WHERE_EQUAL || node->order == WHERE_NOT_EQUAL)) {
        return node->order == WHERE_NOT_EQUAL;
    }
    if (!json_compare(left, right, &order)) {
        return fail_types(evaluation, WHERE_INCOMPARABLE, node, left, right);
    }
    return holds(node->order, order);
}

static int evaluate_in(const struct evaluation *evaluation, const struct where_node *node)
{
    const struct json *value;
    const struct json *list = node->right.literal;
    size_t count = json_array_count(list);
    bool comparable = count == 0;
    if (find(evaluation, node, &node->left, &value) != 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        const struct json *item = json_array_item(list, i);
        int order = 0;
        bool same_type = json_type_of(item) == json_type_of(value);
        if (json_compare(value, item, &order) && order == 0) {
            return !node->negated;
        }
        comparable = comparable || same_type || json_type_of(value) == JSON_NULL;
    }
    return comparable ? node->negated : fail_types(evaluation, WHERE_NO_MEMBER, node, value, list);
}

static int evaluate_search(const struct evaluation *evaluation, const struct where_node *node)
{
    const struct json *value;
    if (find(evaluation, node, &node->left, &value) != 0) {
        return -1;
    }
    if (json_type_of(value) != JSON_STRING) {
        return fail_types(evaluation, WHERE_NO_STRING, node, value, NULL);
    }
    int found = regex_search(node->regex, json_string(value));
    return found < 0 ? fail(evaluation, WHERE_ENDLESS, node) : (found == 1) != node->negated;
}

static int evaluate(const struct evaluation *evaluation, const struct where_node *node)
{
    const struct json *found;
    int first;
    switch (node->kind) {
    case WHERE_AND:
        first = evaluate(evaluation, node->first);
        return first == 1 ? evaluate(evaluation, node->second) : first;
    case WHERE_OR:
        first = evaluate(evaluation, node->first);
        return first == 0 ? evaluate(evaluation, node->second) : first;
    case WHERE_NOT:
        first = evaluate(evaluation, node->first);
        return first < 0 ? first : !first;
    case WHERE_EXISTS:
        return json_at(evaluation->value, node->left.pointer, &found);
    case WHERE_COMPARE:
        return evaluate_compare(evaluation, node);
    case WHERE_IN:
        return evaluate_in(evaluation, node);
    case WHERE_SEARCH:
    default:
        return evaluate_search(evaluation, node);
    }
}

int where_matches(const struct where *where, const struct json *value,
                  struct where_problem *problem)
{
    struct evaluation evaluation = {value, problem};
    return evaluate(&evaluation, where->top);
}

static const char *with_article(enum json_type type)
{
    static const char *const names[] = {"null",     "a boolean", "a number",
                                        "a string", "an array",  "an object"};
    return names[type];
}

static void add_spelling(struct buf *out, struct slice spelling)
{
    if (spelling.len == 0) {
        buf_add_string(out, "the value");
    } else {
        text_add_name(out, spelling);
    }
}

void where_problem_describe(const struct where_problem *problem, struct buf *out)
{
    if (problem->trouble == WHERE_MISSING) {
        buf_add_string(out, "the value has no ");
        text_add_name(out, problem->left);
        return;
    }
    if (problem->trouble == WHERE_ENDLESS) {
        buf_add_string(out, "the search in ");
        add_spelling(out, problem->left);
        buf_add_string(out, " was stopped: the expression backtracks too much");
        return;
    }
    add_spelling(out, problem->left);
    buf_addf(out, " (%s) ", with_article(problem->left_type));
    if (problem->trouble == WHERE_NO_STRING) {
        buf_add_string(out, "can't be searched: only strings can");
        return;
    }
    if (problem->trouble == WHERE_NO_MEMBER) {
        buf_add_string(out, "has a different type than every element of ");
        add_spelling(out, problem->right);
        return;
    }
    bool arrays = problem->left_type == JSON_ARRAY && problem->right_type == JSON_ARRAY;
    buf_add_string(out, "and ");
    add_spelling(out, problem->right);
    buf_addf(out, " (%s) can't be compared%s", with_article(problem->right_type),
             arrays ? ": their lengths or the types inside differ" : "");
}
