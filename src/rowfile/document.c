/* Checks that every key of the document is known and that every value has its key's type. */
#include "load.h"
#include "quantity.h"
#include "text.h"

#include <math.h>

enum { MOST_SIBLINGS = 64, DEEPEST_OPERAND = 100 };

static const int64_t LARGEST_COUNT = INT32_MAX; /* so that a product of two counts fits into 64
                                                   bits */

static void check_value(struct loader *loader, int key, const struct toml_value *value);

static void wrong_type(struct loader *loader, int key, const struct toml_value *value,
                       const char *wanted)
{
    error_at(loader, FINDING_WRONG_TYPE, value, "`%s` must be %s, not %s %s",
             rowfile_keys[key].path, wanted,
             strchr("aeiou", toml_type_name(value->type)[0]) != NULL ? "an" : "a",
             toml_type_name(value->type));
}

static bool has_type(struct loader *loader, int key, const struct toml_value *value,
                     enum toml_type type, const char *wanted)
{
    if (value->type != type) {
        wrong_type(loader, key, value, wanted);
        return false;
    }
    return true;
}

/* A key of that name in another table, in case it was written in the wrong one. Most keys are those
 * of actions. */
static const struct rowfile_key *elsewhere(struct slice name)
{
    const struct rowfile_key *found = NULL;
    for (size_t i = 0; i < rowfile_key_count; i++) {
        bool is_of_action = slice_starts_with(slice_of(rowfile_keys[i].path), "action.");
        if (slice_is(name, rowfile_keys[i].name) && (found == NULL || is_of_action)) {
            found = &rowfile_keys[i];
        }
        if (found != NULL && is_of_action && found == &rowfile_keys[i]) {
            break;
        }
    }
    return found;
}

static void unknown_key(struct loader *loader, int parent, const struct toml_entry *entry)
{
    struct slice siblings[MOST_SIBLINGS];
    size_t count = 0;
    for (size_t i = 0; i < rowfile_key_count && count < MOST_SIBLINGS; i++) {
        if (rowfile_keys[i].parent == parent) {
            siblings[count++] = slice_of(rowfile_keys[i].name);
        }
    }
    struct buf message = BUF_EMPTY;
    buf_add_string(&message, "unknown key `");
    text_add_name(&message, entry->key);
    buf_add_char(&message, '`');
    size_t before = message.len;
    const struct rowfile_key *other = elsewhere(entry->key);
    if (other != NULL) {
        buf_addf(&message, " here; it belongs in `%s`",
                 other->parent < 0 ? "the top of the file" : rowfile_keys[other->parent].path);
    } else {
        add_suggestion(&message, entry->key, siblings, count);
    }
    if (message.len == before) {
        buf_addf(&message, "; %s knows", parent < 0 ? "the top of the file" : "this table");
        for (size_t i = 0; i < count; i++) {
            buf_addf(&message, "%s `%.*s`", i == 0 ? "" : ",", SLICE_ARGS(siblings[i]));
        }
    }
    diag_error_at(loader->diag, FINDING_UNKNOWN_KEY, loader->source, entry->key_offset,
                  entry->key_length, "%s", buf_string(&message));
    buf_release(&message);
}

static void check_table(struct loader *loader, int key, const struct toml_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct toml_entry *entry = &table->entries[i];
        int child = rowfile_key_child(key, entry->key);
        if (child < 0) {
            unknown_key(loader, key, entry);
        } else if (memchr(entry->key.at, '\0', entry->key.len) != NULL || entry->key.len == 0) {
            diag_error_at(loader->diag, FINDING_WRONG_NAME, loader->source, entry->key_offset,
                          entry->key_length, "a name can't be empty or contain a NUL byte");
        } else {
            check_value(loader, child, entry->value);
        }
    }
}

/* "`per_submission` or `per_directory`" */
static void add_children(struct buf *out, int key)
{
    const char *between = "";
    for (size_t i = 0; i < rowfile_key_count; i++) {
        if (rowfile_keys[i].parent == key) {
            buf_addf(out, "%s`%s`", between, rowfile_keys[i].name);
            between = " or ";
        }
    }
}

static void check_choice(struct loader *loader, int key, const struct toml_value *value)
{
    bool is_table = value->type == TOML_TABLE;
    if (is_table && value->table->count == 1) {
        check_table(loader, key, value->table);
        return;
    }
    struct buf keys = BUF_EMPTY;
    add_children(&keys, key);
    if (is_table) {
        error_at(loader, FINDING_WRONG_TYPE, value, "`%s` needs exactly one of %s",
                 rowfile_keys[key].path, buf_string(&keys));
        check_table(loader, key, value->table);
    } else {
        error_at(loader, FINDING_WRONG_TYPE, value, "`%s` must be a table with %s; choose one",
                 rowfile_keys[key].path, buf_string(&keys));
    }
    buf_release(&keys);
}

static bool check_array(struct loader *loader, int key, const struct toml_value *value,
                        const char *wanted)
{
    return has_type(loader, key, value, TOML_ARRAY, wanted);
}

static void check_tables(struct loader *loader, int key, const struct toml_value *value)
{
    if (!check_array(loader, key, value, "an array of tables")) {
        return;
    }
    for (size_t i = 0; i < value->array.count; i++) {
        const struct toml_value *item = value->array.items[i];
        if (rowfile_keys[key].type == KEY_CHOICES) {
            check_choice(loader, key, item);
        } else if (has_type(loader, key, item, TOML_TABLE, "an array of tables")) {
            check_table(loader, key, item->table);
        }
    }
}

static bool check_string(struct loader *loader, int key, const struct toml_value *value,
                         bool may_be_empty, const char *wanted)
{
    if (!has_type(loader, key, value, TOML_STRING, wanted)) {
        return false;
    }
    if (value->string.len == 0 && !may_be_empty) {
        error_at(loader, FINDING_WRONG_VALUE, value, "`%s` can't be empty", rowfile_keys[key].path);
        return false;
    }
    if (value->string.len > 0 && memchr(value->string.at, '\0', value->string.len) != NULL) {
        error_at(loader, FINDING_WRONG_VALUE, value, "`%s` can't contain a NUL byte",
                 rowfile_keys[key].path);
        return false;
    }
    return true;
}

static void check_integer(struct loader *loader, int key, const struct toml_value *value,
                          int64_t least)
{
    if (!has_type(loader, key, value, TOML_INTEGER, "an integer")) {
        return;
    }
    if (value->integer < least) {
        error_at(loader, FINDING_WRONG_VALUE, value, "`%s` must be at least %d",
                 rowfile_keys[key].path, (int)least);
    } else if (value->integer > LARGEST_COUNT) {
        error_at(loader, FINDING_WRONG_VALUE, value, "`%s` must be at most %d",
                 rowfile_keys[key].path, (int)LARGEST_COUNT);
    }
}

static void check_number(struct loader *loader, int key, const struct toml_value *value)
{
    if (value->type != TOML_INTEGER && value->type != TOML_FLOAT) {
        wrong_type(loader, key, value, "a number");
    } else if (value->type == TOML_INTEGER ? value->integer < 0 : !(value->number >= 0)) {
        error_at(loader, FINDING_WRONG_VALUE, value, "`%s` must be at least 0",
                 rowfile_keys[key].path);
    }
}

static void check_factor(struct loader *loader, int key, const struct toml_value *value)
{
    bool is_number = value->type == TOML_INTEGER || value->type == TOML_FLOAT;
    double factor = value->type == TOML_INTEGER ? (double)value->integer : value->number;
    if (!is_number) {
        wrong_type(loader, key, value, "a number");
    } else if (!(factor > 1 && isfinite(factor))) {
        error_at(
            loader, FINDING_WRONG_VALUE, value,
            "`%s` must be greater than 1, such as 1.5; leave it out for requests that don't grow",
            rowfile_keys[key].path);
    }
}

static void check_quantity(struct loader *loader, int key, const struct toml_value *value)
{
    bool is_size = rowfile_keys[key].type == KEY_SIZE;
    const char *why = NULL;
    uint64_t bytes;
    double seconds;
    if (is_size && value->type == TOML_INTEGER) {
        if (value->integer < 1) {
            error_at(loader, FINDING_WRONG_VALUE, value, "`%s` must be at least one byte",
                     rowfile_keys[key].path);
        }
        return;
    }
    const char *wanted = is_size ? "a number of bytes or a string such as \"1 GiB\""
                                 : "a string such as \"01:30:00\"";
    if (!check_string(loader, key, value, false, wanted)) {
        return;
    }
    int result = is_size ? size_parse(value->string, &bytes, &why)
                         : duration_parse(value->string, &seconds, &why);
    if (result != 0) {
        struct buf shown = BUF_EMPTY;
        struct buf meant = BUF_EMPTY;
        text_add_name(&shown, value->string);
        if (!is_size && duration_suggest(value->string, &meant)) {
            error_at(loader, FINDING_WRONG_VALUE, value, "`%s` is not a valid duration; use \"%s\"",
                     buf_string(&shown), buf_string(&meant));
        } else {
            error_at(loader, FINDING_WRONG_VALUE, value, "`%s` %s", buf_string(&shown), why);
        }
        buf_release(&meant);
        buf_release(&shown);
    }
}

static void check_pointer(struct loader *loader, int key, const struct toml_value *value)
{
    const char *wanted = "a JSON pointer such as \"/temperature\"";
    if (!check_string(loader, key, value, true, wanted) || json_pointer_is_valid(value->string)) {
        return;
    }
    struct buf message = BUF_EMPTY;
    buf_add_char(&message, '`');
    text_add_name(&message, value->string);
    buf_add_string(&message, "` is not a JSON pointer; ");
    if (value->string.at[0] != '/') {
        buf_add_string(&message, "did you mean `/");
        text_add_name(&message, value->string);
        buf_add_string(&message, "`?");
    } else {
        buf_add_string(&message, "write `~` as `~0`");
    }
    if (loader->rowfile->contract == CONTRACT_ROW) {
        warning_at(loader, FINDING_WRONG_VALUE, value, "%s", buf_string(&message));
    } else {
        error_at(loader, FINDING_WRONG_VALUE, value, "%s", buf_string(&message));
    }
    buf_release(&message);
}

static void check_strings(struct loader *loader, int key, const struct toml_value *value)
{
    if (!check_array(loader, key, value, "an array of strings")) {
        return;
    }
    for (size_t i = 0; i < value->array.count; i++) {
        const struct toml_value *item = value->array.items[i];
        if (rowfile_keys[key].type == KEY_POINTERS) {
            check_pointer(loader, key, item);
        } else {
            check_string(loader, key, item, false, "an array of strings");
        }
    }
}

static bool is_blank(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] != ' ' && text.at[i] != '\t' && text.at[i] != '\n') {
            return false;
        }
    }
    return true;
}

/* A command as one string or as its words. */
static void check_words(struct loader *loader, int key, const struct toml_value *value)
{
    const char *wanted = "a string or an array of strings";
    if (value->type == TOML_STRING) {
        struct slice text = value->string;
        if (!check_string(loader, key, value, false, wanted)) {
            return;
        }
        if (memchr(text.at, '\'', text.len) != NULL || memchr(text.at, '"', text.len) != NULL) {
            error_at(loader, FINDING_WRONG_VALUE, value,
                     "`%s` is split at blanks, and quotes have no meaning in it; write an array of "
                     "words, such as [\"bash\", \"-e\"]",
                     rowfile_keys[key].path);
        } else if (is_blank(text)) {
            error_at(loader, FINDING_WRONG_VALUE, value, "`%s` can't be empty",
                     rowfile_keys[key].path);
        }
        return;
    }
    if (!check_array(loader, key, value, wanted)) {
        return;
    }
    if (value->array.count == 0) {
        error_at(loader, FINDING_WRONG_VALUE, value, "`%s` can't be empty", rowfile_keys[key].path);
    }
    for (size_t i = 0; i < value->array.count; i++) {
        check_string(loader, key, value->array.items[i], false, wanted);
    }
}

/* Reports operands that JSON or row can't compare. */
static void check_operand(struct loader *loader, const struct toml_value *value, int depth)
{
    switch (value->type) {
    case TOML_BOOLEAN:
    case TOML_INTEGER:
    case TOML_STRING:
        break;
    case TOML_FLOAT:
        if (!isfinite(value->number)) {
            error_at(loader, FINDING_WRONG_CONDITION, value,
                     "this number can't be compared with a JSON value");
        }
        break;
    case TOML_ARRAY:
        if (depth == DEEPEST_OPERAND) {
            error_at(loader, FINDING_WRONG_CONDITION, value, "arrays are nested too deeply here");
            break;
        }
        for (size_t i = 0; i < value->array.count; i++) {
            check_operand(loader, value->array.items[i], depth + 1);
        }
        break;
    case TOML_TABLE:
        error_at(loader, FINDING_WRONG_CONDITION, value,
                 "tables can't be compared; use conditions with pointers to their members");
        break;
    default:
        error_at(loader, FINDING_WRONG_CONDITION, value,
                 "JSON has no %s; compare with a string or a number", toml_type_name(value->type));
        break;
    }
}

static void check_condition(struct loader *loader, int key, const struct toml_value *value)
{
    static const struct slice operators[] = {
        {"<", 1}, {"<=", 2}, {"==", 2}, {"!=", 2}, {">=", 2}, {">", 1},
    };
    const char *wanted = "[JSON pointer, operator, operand]";
    if (!check_array(loader, key, value, wanted)) {
        return;
    }
    if (value->array.count != 3) {
        error_at(loader, FINDING_WRONG_CONDITION, value, "a condition has three elements: %s",
                 wanted);
        return;
    }
    check_pointer(loader, key, value->array.items[0]);
    check_operand(loader, value->array.items[2], 0);
    const struct toml_value *operator= value->array.items[1];
    if (operator->type == TOML_STRING) {
        for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
            if (slice_equal(operator->string, operators[i])) {
                return;
            }
        }
    }
    error_at(loader, FINDING_WRONG_CONDITION, operator,
             "the operator must be one of \"<\", \"<=\", \"==\", \"!=\", \">=\", "
             "\">\"");
}

static void check_conditions(struct loader *loader, int key, const struct toml_value *value)
{
    if (check_array(loader, key, value, "an array of conditions")) {
        for (size_t i = 0; i < value->array.count; i++) {
            check_condition(loader, key, value->array.items[i]);
        }
    }
}

static bool is_variable_name(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && (i == 0 || c < '0' || c > '9')) {
            return false;
        }
    }
    return name.len > 0;
}

static void check_variables(struct loader *loader, int key, const struct toml_value *value)
{
    if (!has_type(loader, key, value, TOML_TABLE, "a table of strings")) {
        return;
    }
    for (size_t i = 0; i < value->table->count; i++) {
        const struct toml_entry *entry = &value->table->entries[i];
        check_string(loader, key, entry->value, true, "a table of strings");
        if (!is_variable_name(entry->key)) {
            diag_error_at(loader->diag, FINDING_WRONG_NAME, loader->source, entry->key_offset,
                          entry->key_length,
                          "a variable's name consists of letters, digits and `_`, and doesn't "
                          "begin with a digit");
        }
    }
}

static void check_counts(struct loader *loader, int key, const struct toml_value *value)
{
    if (!has_type(loader, key, value, TOML_TABLE, "a table of integers")) {
        return;
    }
    for (size_t i = 0; i < value->table->count; i++) {
        check_integer(loader, key, value->table->entries[i].value, 0);
    }
}

static void check_scope(struct loader *loader, int key, const struct toml_value *value)
{
    static const struct slice scopes[] = {{"directory", 9}, {"group", 5}, {"project", 7}};
    const char *wanted = "\"directory\", \"group\" or \"project\"";
    if (!has_type(loader, key, value, TOML_STRING, wanted)) {
        return;
    }
    for (size_t i = 0; i < 3; i++) {
        if (slice_equal(value->string, scopes[i])) {
            return;
        }
    }
    struct buf suggestion = BUF_EMPTY;
    add_suggestion(&suggestion, value->string, scopes, 3);
    error_at(loader, FINDING_WRONG_VALUE, value, "the scope must be %s%s", wanted,
             buf_string(&suggestion));
    buf_release(&suggestion);
}

static void check_value(struct loader *loader, int key, const struct toml_value *value)
{
    switch (rowfile_keys[key].type) {
    case KEY_TABLE:
        if (has_type(loader, key, value, TOML_TABLE, "a table")) {
            check_table(loader, key, value->table);
        }
        break;
    case KEY_COUNTS:
        check_counts(loader, key, value);
        break;
    case KEY_VALUES:
        has_type(loader, key, value, TOML_TABLE, "a table of values");
        break;
    case KEY_ACTION:
        if (has_type(loader, key, value, TOML_TABLE, "a table")) {
            check_table(loader, ID_ACTION, value->table);
        }
        break;
    case KEY_TABLES:
    case KEY_CHOICES:
        check_tables(loader, key, value);
        break;
    case KEY_CHOICE:
        check_choice(loader, key, value);
        break;
    case KEY_VARIABLES:
        check_variables(loader, key, value);
        break;
    case KEY_STRING:
    case KEY_EXPRESSION:
        check_string(loader, key, value, false, "a string");
        break;
    case KEY_TEXT:
        check_string(loader, key, value, true, "a string");
        break;
    case KEY_BOOLEAN:
        has_type(loader, key, value, TOML_BOOLEAN, "true or false");
        break;
    case KEY_COUNT:
        check_integer(loader, key, value, 1);
        break;
    case KEY_NATURAL:
        check_integer(loader, key, value, 0);
        break;
    case KEY_NUMBER:
        check_number(loader, key, value);
        break;
    case KEY_FACTOR:
        check_factor(loader, key, value);
        break;
    case KEY_SIZE:
    case KEY_DURATION:
        check_quantity(loader, key, value);
        break;
    case KEY_SCOPE:
        check_scope(loader, key, value);
        break;
    case KEY_WORDS:
        check_words(loader, key, value);
        break;
    case KEY_STRINGS:
    case KEY_POINTERS:
        check_strings(loader, key, value);
        break;
    case KEY_CONDITION:
        check_condition(loader, key, value);
        break;
    case KEY_CONDITIONS:
        check_conditions(loader, key, value);
        break;
    }
}

void document_check(struct loader *loader)
{
    check_table(loader, -1, loader->root);
    const struct toml_value *defaults =
        toml_get(loader->root, slice_of(rowfile_keys[ID_DEFAULT].name));
    if (defaults == NULL || defaults->type != TOML_TABLE) {
        return;
    }
    const struct toml_value *action =
        toml_get(defaults->table, slice_of(rowfile_keys[ID_DEFAULT_ACTION].name));
    const struct toml_value *from =
        action != NULL && action->type == TOML_TABLE
            ? toml_get(action->table, slice_of(rowfile_keys[ID_ACTION_FROM].name))
            : NULL;
    if (from != NULL) {
        error_at(loader, FINDING_WRONG_FROM, from, "`default.action` can't use `from`");
    }
}
