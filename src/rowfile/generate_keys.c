/* Makes the loader's table of keys, the JSON Schema and the manual page from grammar/rowfile.keys.
 *
 *     generate_keys rowfile.keys rowbuild-rowfile.5.in FOLDER
 *
 * writes rowfile_key_ids.h, rowfile_keys.c and rowbuild-rowfile.5 into FOLDER. Runs while rowbuild
 * is being built, so it uses only the C library. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDEST_LINE = 70, MOST_KEYS = 200, LONGEST_PATH = 120, LONGEST_FILE = 1 << 18 };

struct key {
    char *path;
    char *name;
    char *type;
    char *default_text; /* NULL: none */
    char *description;
    int parent;
};

struct keys {
    struct key items[MOST_KEYS];
    int count;
};

static const char *const type_names[] = {
    "table",   "tables",  "choice",   "choices",    "action",    "variables",  "string",   "text",
    "boolean", "count",   "natural",  "number",     "factor",    "size",       "duration", "scope",
    "words",   "strings", "pointers", "expression", "condition", "conditions", "values",   "counts",
};

static int complain(const char *name, int line, const char *what)
{
    (void)fprintf(stderr, "%s:%d: error: %s\n", name, line, what);
    return -1;
}

static char *read_file(const char *name)
{
    FILE *file = fopen(name, "rb");
    char *text = calloc(1, LONGEST_FILE);
    if (file == NULL || text == NULL) {
        perror(name);
        free(text);
        text = NULL;
    } else {
        size_t len = fread(text, 1, LONGEST_FILE - 1, file);
        text[len] = '\0';
        if (ferror(file) || len == LONGEST_FILE - 1 || memchr(text, '\0', len) != NULL) {
            (void)fprintf(stderr, "%s: error: can't be read as text\n", name);
            free(text);
            text = NULL;
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return text;
}

static char *trim(char *text)
{
    while (*text == ' ') {
        text++;
    }
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] == ' ') {
        text[--len] = '\0';
    }
    return text;
}

static int find_key(const struct keys *keys, const char *path, size_t len)
{
    for (int i = 0; i < keys->count; i++) {
        if (strlen(keys->items[i].path) == len && memcmp(keys->items[i].path, path, len) == 0) {
            return i;
        }
    }
    return -1;
}

static bool is_type(const char *name)
{
    for (size_t i = 0; i < sizeof type_names / sizeof type_names[0]; i++) {
        if (strcmp(type_names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* `line` is cut into its fields. */
static int read_key(struct keys *keys, char *line, const char *file_name, int line_number)
{
    char *fields[4];
    for (int i = 0; i < 4; i++) {
        fields[i] = line;
        char *bar = i < 3 ? strstr(line, " | ") : NULL;
        if (i < 3 && bar == NULL) {
            return complain(file_name, line_number, "a key has four fields between bars");
        }
        if (bar != NULL) {
            *bar = '\0';
            line = bar + 3;
        }
        fields[i] = trim(fields[i]);
    }
    if (keys->count == MOST_KEYS || strlen(fields[0]) > LONGEST_PATH) {
        return complain(file_name, line_number, "too many keys, or a path that is too long");
    }
    if (!is_type(fields[1])) {
        return complain(file_name, line_number, "unknown type");
    }
    if (find_key(keys, fields[0], strlen(fields[0])) >= 0) {
        return complain(file_name, line_number, "this key is listed twice");
    }
    char *dot = strrchr(fields[0], '.');
    int parent = dot == NULL ? -1 : find_key(keys, fields[0], (size_t)(dot - fields[0]));
    if (dot != NULL && parent < 0) {
        return complain(file_name, line_number, "the key's parent must come before it");
    }
    keys->items[keys->count++] = (struct key){
        .path = fields[0],
        .name = dot == NULL ? fields[0] : dot + 1,
        .type = fields[1],
        .default_text = strcmp(fields[2], "-") == 0 ? NULL : fields[2],
        .description = fields[3],
        .parent = parent,
    };
    return 0;
}

static int read_keys(struct keys *keys, char *text, const char *file_name)
{
    int line_number = 1;
    while (*text != '\0') {
        char *end = strchr(text, '\n');
        if (end != NULL) {
            *end = '\0';
        }
        if (*trim(text) != '\0' && *text != '#' &&
            read_key(keys, text, file_name, line_number) != 0) {
            return -1;
        }
        if (end == NULL) {
            break;
        }
        text = end + 1;
        line_number++;
    }
    return 0;
}

static void put(FILE *out, const char *text)
{
    (void)fputs(text, out);
}

static void put_upper(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        (void)fputc(c == '*' ? 'X' : isalnum(c) ? toupper(c) : '_', out);
    }
}

/* Writes a C string literal. The table's plain text makes it a JSON string as well. */
static void put_string(FILE *out, const char *text)
{
    (void)fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            (void)fputc('\\', out);
        }
        (void)fputc(*text, out);
    }
    (void)fputc('"', out);
}

static void write_ids(const struct keys *keys, FILE *out)
{
    put(out, "/* Made from grammar/rowfile.keys. */\n#ifndef ROWBUILD_ROWFILE_KEY_IDS_H\n"
             "#define ROWBUILD_ROWFILE_KEY_IDS_H\n\n/* Indices in rowfile_keys. */\n"
             "enum rowfile_key_id {\n");
    for (int i = 0; i < keys->count; i++) {
        put(out, "    ID_");
        put_upper(out, keys->items[i].path);
        put(out, ",\n");
    }
    put(out, "};\n\n/* One TOML document with all defaults. */\n"
             "extern const char rowfile_defaults[];\n\n#endif\n");
}

static bool has_toml_default(const struct key *key)
{
    return key->default_text != NULL && key->default_text[0] != '(' &&
           strchr(key->path, '*') == NULL;
}

static void write_table(const struct keys *keys, FILE *out)
{
    put(out, "const struct rowfile_key rowfile_keys[] = {\n");
    for (int i = 0; i < keys->count; i++) {
        const struct key *key = &keys->items[i];
        put(out, "    {");
        put_string(out, key->path);
        put(out, ", ");
        put_string(out, key->name);
        (void)fprintf(out, ", %d, KEY_", key->parent);
        put_upper(out, key->type);
        put(out, ",\n     ");
        if (key->default_text == NULL) {
            put(out, "NULL");
        } else {
            put_string(out, key->default_text);
        }
        put(out, ",\n     ");
        put_string(out, key->description);
        put(out, "},\n");
    }
    put(out,
        "};\nconst size_t rowfile_key_count = sizeof rowfile_keys / sizeof rowfile_keys[0];\n\n"
        "const char rowfile_defaults[] =\n");
    for (int i = 0; i < keys->count; i++) {
        if (has_toml_default(&keys->items[i])) {
            char line[LONGEST_PATH * 4];
            (void)snprintf(line, sizeof line, "%s = %s", keys->items[i].path,
                           keys->items[i].default_text);
            put(out, "    ");
            put_string(out, line);
            put(out, " \"\\n\"\n");
        }
    }
    put(out, "    ;\n\n");
}

static void indent(FILE *out, int depth)
{
    (void)fprintf(out, "%*s", depth * 2, "");
}

static const char *plain_schema(const char *type)
{
    static const char *const schemas[][2] = {
        {"action", "\"$ref\": \"#/$defs/action\""},
        {"variables", "\"type\": \"object\", \"additionalProperties\": {\"type\": \"string\"}, "
                      "\"propertyNames\": {\"pattern\": \"^[A-Za-z_][A-Za-z0-9_]*$\"}"},
        {"values", "\"type\": \"object\""},
        {"counts", "\"type\": \"object\", \"additionalProperties\": {\"type\": \"integer\", "
                   "\"minimum\": 0}"},
        {"string", "\"type\": \"string\", \"minLength\": 1"},
        {"text", "\"type\": \"string\""},
        {"boolean", "\"type\": \"boolean\""},
        {"count", "\"type\": \"integer\", \"minimum\": 1"},
        {"natural", "\"type\": \"integer\", \"minimum\": 0"},
        {"number", "\"type\": \"number\", \"minimum\": 0"},
        {"factor", "\"type\": \"number\", \"exclusiveMinimum\": 1"},
        {"size", "\"$ref\": \"#/$defs/size\""},
        {"duration", "\"$ref\": \"#/$defs/duration\""},
        {"scope", "\"enum\": [\"directory\", \"group\", \"project\"]"},
        {"words", "\"$ref\": \"#/$defs/words\""},
        {"strings", "\"type\": \"array\", \"items\": {\"type\": \"string\", \"minLength\": 1}"},
        {"pointers", "\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/pointer\"}"},
        {"expression", "\"type\": \"string\", \"minLength\": 1"},
        {"condition", "\"$ref\": \"#/$defs/condition\""},
        {"conditions", "\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/condition\"}"},
    };
    for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++) {
        if (strcmp(schemas[i][0], type) == 0) {
            return schemas[i][1];
        }
    }
    return NULL;
}

static void write_object(const struct keys *keys, int parent, bool choice, FILE *out, int depth);

/* The members of the schema of one key, without braces. */
static void write_schema_of(const struct keys *keys, int index, FILE *out, int depth)
{
    const struct key *key = &keys->items[index];
    indent(out, depth);
    put(out, "\"description\": ");
    put_string(out, key->description);
    put(out, ",\n");
    if (has_toml_default(key)) {
        indent(out, depth);
        (void)fprintf(out, "\"default\": %s,\n", key->default_text);
    }
    bool array = strcmp(key->type, "tables") == 0 || strcmp(key->type, "choices") == 0;
    if (strcmp(key->path, "action") == 0) {
        indent(out, depth);
        put(out, "\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/action\"}\n");
    } else if (array) {
        indent(out, depth);
        put(out, "\"type\": \"array\",\n");
        indent(out, depth);
        put(out, "\"items\": {\n");
        write_object(keys, index, strcmp(key->type, "choices") == 0, out, depth + 1);
        indent(out, depth);
        put(out, "}\n");
    } else if (plain_schema(key->type) != NULL) {
        indent(out, depth);
        (void)fprintf(out, "%s\n", plain_schema(key->type));
    } else {
        if (strcmp(key->path, "action.group") == 0) {
            indent(out, depth);
            put(out, "\"not\": {\"required\": [\"include\", \"where\"]},\n");
        }
        write_object(keys, index, strcmp(key->type, "choice") == 0, out, depth);
    }
}

static void write_object(const struct keys *keys, int parent, bool choice, FILE *out, int depth)
{
    indent(out, depth);
    put(out, "\"type\": \"object\",\n");
    if (choice) {
        indent(out, depth);
        put(out, "\"minProperties\": 1, \"maxProperties\": 1,\n");
    }
    bool wildcard = false;
    bool first = true;
    for (int i = 0; i < keys->count; i++) {
        if (keys->items[i].parent != parent) {
            continue;
        }
        wildcard = strcmp(keys->items[i].name, "*") == 0;
        if (wildcard) {
            indent(out, depth);
            put(out, "\"additionalProperties\": {\n");
            write_schema_of(keys, i, out, depth + 1);
            break;
        }
        if (first) {
            indent(out, depth);
            put(out, "\"additionalProperties\": false,\n");
            indent(out, depth);
            put(out, "\"properties\": {\n");
        } else {
            put(out, ",\n");
        }
        first = false;
        indent(out, depth + 1);
        put_string(out, keys->items[i].name);
        put(out, ": {\n");
        write_schema_of(keys, i, out, depth + 2);
        indent(out, depth + 1);
        put(out, "}");
    }
    if (!wildcard) {
        put(out, "\n");
    }
    indent(out, depth);
    put(out, "}\n");
}

static void write_schema(const struct keys *keys, FILE *out)
{
    put(out, "{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
             "  \"title\": \"Rowfile\",\n"
             "  \"description\": \"What rowbuild builds: a workspace and actions\",\n");
    write_object(keys, -1, false, out, 1);
    (void)fseek(out, -1, SEEK_END); /* the newline */
    put(out, ",\n  \"$defs\": {\n"
             "    \"pointer\": {\n"
             "      \"description\": \"A JSON pointer (RFC 6901)\",\n"
             "      \"type\": \"string\", \"pattern\": \"^(/([^~]|~[01])*)?$\"\n    },\n"
             "    \"words\": {\n"
             "      \"description\": \"A command as one string or as its words\",\n"
             "      \"anyOf\": [{\"type\": \"string\", \"pattern\": \"[^ \\\\t\\\\n]\"},\n"
             "        {\"type\": \"array\", \"minItems\": 1, "
             "\"items\": {\"type\": \"string\", \"minLength\": 1}}]\n    },\n"
             "    \"condition\": {\n"
             "      \"description\": \"JSON pointer, operator, operand\",\n"
             "      \"type\": \"array\", \"minItems\": 3, \"maxItems\": 3,\n"
             "      \"prefixItems\": [{\"$ref\": \"#/$defs/pointer\"}, "
             "{\"enum\": [\"<\", \"<=\", \"==\", \"!=\", \">=\", \">\"]}, "
             "{\"type\": [\"boolean\", \"number\", \"string\", \"array\"]}]\n    },\n"
             "    \"size\": {\n"
             "      \"description\": \"Bytes, or a string such as 1.5 GiB\",\n"
             "      \"anyOf\": [{\"type\": \"integer\", \"minimum\": 1},\n"
             "        {\"type\": \"string\", \"pattern\": "
             "\"^(?=.*[1-9])[0-9]+([.][0-9]+)? *([Bb]|[KkMmGgTtPp][Ii]?[Bb])?$\"}]\n    },\n"
             "    \"duration\": {\n"
             "      \"description\": \"HH:MM:SS, HH:MM, D days, HH:MM:SS, or ISO 8601\",\n"
             "      \"type\": \"string\", \"pattern\": \"^(?=.*[1-9])[+]?("
             "P([0-9]+([.,][0-9]+)?[YMWD])*(T([0-9]+([.,][0-9]+)?[HMS])*)?|"
             "([0-9]{1,9} ?[Dd]([Aa][Yy][Ss]?)?,? ?)?"
             "([0-9]{1,10}:[0-5][0-9](:[0-5][0-9]([.,][0-9]+)?)?)?)$\"\n    },\n"
             "    \"action\": {\n");
    write_object(keys, find_key(keys, "action", strlen("action")), false, out, 3);
    put(out, "    }\n  }\n}\n");
}

/* Writes the schema byte by byte, since C limits the length of string literals. */
static int write_schema_bytes(const struct keys *keys, FILE *out)
{
    FILE *schema = tmpfile();
    if (schema == NULL) {
        perror("tmpfile");
        return -1;
    }
    write_schema(keys, schema);
    rewind(schema);
    put(out, "static const char schema[] = {");
    int c;
    for (int column = 0; (c = fgetc(schema)) != EOF; column++) {
        (void)fprintf(out, "%s%d,", column % 20 == 0 ? "\n    " : " ", c);
    }
    put(out, "\n    0,\n};\n\nconst char *rowfile_schema(void)\n{\n    return schema;\n}\n");
    bool failed = ferror(schema) != 0;
    return fclose(schema) == 0 && !failed ? 0 : -1;
}

static int write_source(const struct keys *keys, FILE *out)
{
    put(out, "/* Made from grammar/rowfile.keys. */\n#include \"keys.h\"\n#include \"schema.h\"\n\n"
             "#include \"rowfile_key_ids.h\"\n\n");
    write_table(keys, out);
    return write_schema_bytes(keys, out);
}

static void put_roff(FILE *out, const char *text)
{
    if (*text == '.' || *text == '\'') {
        put(out, "\\&");
    }
    for (; *text != '\0'; text++) {
        if (*text == '\\') {
            put(out, "\\e");
        } else if (*text == '-') {
            put(out, "\\-");
        } else if (*text == '"') {
            put(out, "\\(dq");
        } else {
            (void)fputc(*text, out);
        }
    }
}

/* Writes a sentence in lines of moderate length. No word in the table begins with a character that
 * is special to roff at the start of a line. */
static void put_wrapped(FILE *out, const char *text)
{
    size_t column = 0;
    while (*text != '\0') {
        char word[LONGEST_PATH];
        size_t len = strcspn(text, " ");
        if (len >= sizeof word) {
            len = sizeof word - 1;
        }
        memcpy(word, text, len);
        word[len] = '\0';
        if (column > 0) {
            bool fits = column + len < WIDEST_LINE;
            put(out, fits ? " " : "\n");
            column = fits ? column + 1 : 0;
        }
        put_roff(out, word);
        column += len;
        text += len;
        text += *text == ' ';
    }
}

static const char *type_for_readers(const char *type)
{
    static const char *const words[][2] = {
        {"tables", "array of tables"},
        {"choice", "table with one of these keys"},
        {"choices", "array of tables with one of these keys"},
        {"action", "table with the keys of action"},
        {"variables", "table of strings"},
        {"values", "table of values"},
        {"counts", "table of integers from 0"},
        {"text", "string"},
        {"count", "integer from 1"},
        {"natural", "integer from 0"},
        {"number", "number from 0"},
        {"factor", "number greater than 1"},
        {"scope", "\"directory\", \"group\" or \"project\""},
        {"words", "string or array of strings"},
        {"strings", "array of strings"},
        {"pointers", "array of JSON pointers"},
        {"conditions", "array of conditions"},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i][0], type) == 0) {
            return words[i][1];
        }
    }
    return type;
}

static void write_manual_keys(const struct keys *keys, FILE *out)
{
    put(out, ".Bl -tag -width Ds\n");
    for (int i = 0; i < keys->count; i++) {
        const struct key *key = &keys->items[i];
        put(out, ".It Ic ");
        put_roff(out, key->path);
        put(out, " Pq ");
        put_roff(out, type_for_readers(key->type));
        put(out, "\n");
        put_wrapped(out, key->description);
        put(out, ".\n");
        if (key->default_text != NULL) {
            put(out, "Default: ");
            bool words = key->default_text[0] == '(';
            size_t len = strlen(key->default_text);
            if (words) {
                key->default_text[len - 1] = '\0';
            }
            put_roff(out, key->default_text + words);
            if (words) {
                key->default_text[len - 1] = ')';
            }
            put(out, ".\n");
        }
    }
    put(out, ".El\n");
}

static int write_manual(const struct keys *keys, const char *text, FILE *out)
{
    static const char place[] = "@KEYS@\n";
    const char *found = strstr(text, place);
    if (found == NULL) {
        return complain("the manual", 1, "no line @KEYS@");
    }
    (void)fwrite(text, 1, (size_t)(found - text), out);
    write_manual_keys(keys, out);
    put(out, found + strlen(place));
    return 0;
}

static FILE *open_output(const char *folder, const char *name)
{
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = len < 0 || (size_t)len >= sizeof path ? NULL : fopen(path, "wb");
    if (file == NULL) {
        perror(name);
    }
    return file;
}

static int close_output(FILE *file)
{
    bool failed = ferror(file) != 0;
    return fclose(file) == 0 && !failed ? 0 : -1;
}

static int write_all(const struct keys *keys, const char *manual, const char *folder)
{
    FILE *ids = open_output(folder, "rowfile_key_ids.h");
    FILE *source = open_output(folder, "rowfile_keys.c");
    FILE *page = open_output(folder, "rowbuild-rowfile.5");
    int result = ids == NULL || source == NULL || page == NULL ? -1 : 0;
    if (result == 0) {
        write_ids(keys, ids);
        result = write_source(keys, source) | write_manual(keys, manual, page);
    }
    if (ids != NULL) {
        result |= close_output(ids);
    }
    if (source != NULL) {
        result |= close_output(source);
    }
    if (page != NULL) {
        result |= close_output(page);
    }
    return result;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        (void)fputs("usage: generate_keys rowfile.keys rowbuild-rowfile.5.in FOLDER\n", stderr);
        return EXIT_FAILURE;
    }
    static struct keys keys;
    char *table = read_file(argv[1]);
    char *manual = read_file(argv[2]);
    int result = table == NULL || manual == NULL ? -1 : read_keys(&keys, table, argv[1]);
    if (result == 0) {
        result = write_all(&keys, manual, argv[3]);
    }
    free(table);
    free(manual);
    return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
