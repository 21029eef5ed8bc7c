/* Finds the mend in the words of a message: what to type instead, which follows what is wrong. */
#include "diag.h"

#include <string.h>

/* How a mend begins, in the words that messages use. What follows a semicolon otherwise is part of
 * what is wrong ("; jobs count as submitted"). */
static const char *const beginnings[] = {
    "`rowbuild ",
    "`show ",
    "`output_file_path` ",
    "-j N ",
    "a backslash itself is written ",
    "a pointer begins with ",
    "a string needs quotes",
    "add ",
    "an empty key is written ",
    "an empty part is written ",
    "begin ",
    "change ",
    "choose ",
    "compare ",
    "did you mean ",
    "end ",
    "exclude ",
    "if it works ",
    "is it mounted? ",
    "it must ",
    "join ",
    "keep ",
    "let ",
    "list ",
    "lower ",
    "make ",
    "mount ",
    "move ",
    "name ",
    "put ",
    "raise ",
    "remove ",
    "rename ",
    "replace ",
    "run ",
    "set ",
    "shorten ",
    "sort ",
    "start ",
    "submit ",
    "the template is ",
    "their groups must ",
    "undo ",
    "use ",
    "wait ",
    "wait, ",
    "write ",
};

static bool begins_mend(const char *text)
{
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        if (strncmp(text, beginnings[i], strlen(beginnings[i])) == 0) {
            return true;
        }
    }
    return false;
}

const char *diag_mend(const char *message)
{
    bool quoted = false;
    for (const char *at = message; *at != '\0'; at++) {
        quoted = quoted != (*at == '`');
        if (!quoted && at[0] == ';' && at[1] == ' ' && begins_mend(at + 2)) {
            return at + 2;
        }
    }
    return NULL;
}
