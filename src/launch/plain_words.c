/* Splits a command into words if they are plain and need no shell. */
#include "launch.h"

#include "shell_names.h"

#include <string.h>

static bool is_plain(char c)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-+=.,/:@%^";
    return c != '\0' && strchr(plain, c) != NULL;
}

char **launch_split_plain(struct slice text, struct arena *arena)
{
    char *bytes = arena_alloc(arena, text.len + 1);
    size_t limit = text.len / 2 + 3;
    char **argv = arena_array(arena, limit, sizeof *argv);
    size_t count = 0;
    size_t out = 0;
    size_t i = 0;
    while (i < text.len) {
        if (text.at[i] == ' ' || text.at[i] == '\t') {
            i++;
            continue;
        }
        if (text.at[i] == '\n') { /* only at the very end */
            if (i + 1 != text.len) {
                return NULL;
            }
            break;
        }
        argv[count++] = bytes + out;
        while (i < text.len && strchr(" \t\n", text.at[i]) == NULL) {
            char quote = text.at[i];
            if (quote == '\'' || quote == '"') {
                size_t end = i + 1;
                while (end < text.len && text.at[end] != quote) {
                    if (quote == '"' && strchr("$`\\", text.at[end]) != NULL) {
                        return NULL;
                    }
                    bytes[out++] = text.at[end++];
                }
                if (end == text.len) {
                    return NULL;
                }
                i = end + 1;
            } else if (is_plain(text.at[i]) && !(count == 1 && text.at[i] == '=')) {
                bytes[out++] = text.at[i++];
            } else {
                return NULL;
            }
        }
        bytes[out++] = '\0';
    }
    if (count == 0 || shell_has_built_in(slice_of(argv[0]))) {
        return NULL;
    }
    argv[count] = NULL;
    return argv;
}
