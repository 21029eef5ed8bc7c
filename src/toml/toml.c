#include "toml.h"

#include "text.h"
#include "toml_grammar.h"
#include "toml_parser.h"

#include <stdlib.h>

/* Offset of the first byte that is not UTF-8. The text is known to have one. */
static size_t find_invalid(struct slice text)
{
    size_t at = 0;
    for (;;) {
        unsigned char byte = (unsigned char)text.at[at];
        size_t len = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
        if (len > text.len - at || !text_is_utf8(slice_make(text.at + at, len))) {
            return at;
        }
        at += len;
    }
}

static int check_utf8(const struct source *source, struct diag *diag)
{
    struct slice text = source->text;
    if (text_is_utf8(text)) {
        return 0;
    }
    if (slice_starts_with(text, "\xff\xfe") || slice_starts_with(text, "\xfe\xff")) {
        return diag_error_at(diag, FINDING_NOT_UTF8, source, 0, 1,
                             "the text is UTF-16, but TOML must be UTF-8");
    }
    size_t offset = find_invalid(text);
    return diag_error_at(diag, FINDING_NOT_UTF8, source, offset, 1,
                         "the byte 0x%02x here is not UTF-8", (unsigned char)text.at[offset]);
}

const struct toml_table *toml_parse(const struct source *source, struct arena *arena,
                                    struct diag *diag)
{
    if (check_utf8(source, diag) < 0) {
        return NULL;
    }
    struct slice text = source->text;
    struct toml_parser parser = {.source = source, .arena = arena, .diag = diag};
    char *copy = mem_copy(text.at, text.len);
    parser.numbers = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    parser.lexer.start = copy;
    parser.lexer.limit = copy + text.len;
    parser.lexer.cursor = slice_starts_with(text, "\xef\xbb\xbf") ? copy + 3 : copy;
    const struct toml_table *root = toml_open_root(&parser);
    if (toml_yyparse(&parser) != 0) {
        root = NULL;
    }
    freelocale(parser.numbers);
    buf_release(&parser.lexer.decoded);
    vec_release(&parser.lexer.brackets);
    vec_release(&parser.path);
    vec_release(&parser.items);
    vec_release(&parser.tables);
    free(copy);
    return root;
}
