#include "first_description.h"

#include "text.h"

#include <string.h>

static const char head[] =
    "# What is done to each directory of the workspace. `rowbuild check` reads this file,\n"
    "# `rowbuild` brings everything up to date; man 5 rowbuild-rowfile lists all keys.\n";

static const char commented_action[] = "\n"
                                       "# [[action]]\n"
                                       "# name = \"simulate\"\n"
                                       "# command = \"./simulate {workspace_path}/{directory}\"\n"
                                       "# products = [\"result.dat\"]\n"
                                       "# [action.resources]\n"
                                       "# walltime.per_directory = \"00:10:00\"\n";

static const char points_head[] = "# A parameter study that runs as it stands: the logistic map x "
                                  "-> rate x (1 - x). Replace its\n"
                                  "# parameters and commands by your own.\n"
                                  "#\n"
                                  "#   rowbuild -n        what would run, and why\n"
                                  "#   rowbuild           bring everything up to date\n"
                                  "#   rowbuild check     find mistakes in this file\n"
                                  "#\n"
                                  "# man 5 rowbuild-rowfile lists all keys.\n"
                                  "\n"
                                  "# Each point is a directory of the workspace, with its "
                                  "parameters in value.json. Rowbuild makes\n"
                                  "# the directories; `rowbuild points` lists them.\n";

static const char points[] =
    "value_file = \"value.json\"\n"
    "name = \"rate{/rate}-start{/start}\"\n"
    "\n"
    "[[workspace.points]]\n"
    "grid.rate = { from = 2.8, to = 3.8, step = 0.2 }\n"
    "grid.start = [0.2, 0.5]\n"
    "\n"
    "# Once for each directory.\n"
    "[[action]]\n"
    "name = \"simulate\"\n"
    "products = [\"orbit.txt\"]\n"
    "command = \"\"\"\n"
    "awk -v rate={/rate} -v x={/start} 'BEGIN {\n"
    "    for (step = 0; step < 1000; step++) x = rate * x * (1 - x)\n"
    "    print rate, x\n"
    "}' >{workspace_path}/{directory}/orbit.txt\n"
    "\"\"\"\n"
    "\n"
    "# Once for all directories, after the simulations whose products it reads.\n"
    "[[action]]\n"
    "name = \"summarize\"\n"
    "inputs = [\"orbit.txt\"]\n"
    "products = [\"//summary.txt\"]\n"
    "command = \"\"\"\n"
    "for directory in {directories}; do\n"
    "    echo \"$directory $(cat {workspace_path}/\"$directory\"/orbit.txt)\"\n"
    "done >summary.txt\n"
    "\"\"\"\n";

static void add_string(struct buf *out, struct slice text)
{
    text_add_json(out, text); /* a string of TOML is written as one of JSON */
}

/* "a", "b" and at most eight of them. */
static void add_names(struct buf *out, const struct slice *names, size_t count, bool quoted)
{
    for (size_t i = 0; i < count && i < 8; i++) {
        buf_add_string(out, i > 0 ? ", " : "");
        if (quoted) {
            add_string(out, names[i]);
        } else {
            text_add_name(out, names[i]);
        }
    }
    if (count > 8 && !quoted) {
        buf_addf(out, ", and %zu more", count - 8);
    }
}

static void add_found_values(const struct found_workspace *found, struct buf *out)
{
    if (found->values.count > 0) {
        buf_add_string(out, "# other files that could be it: ");
        add_names(out, found->values.at, found->values.count, false);
        buf_add_char(out, '\n');
    }
    if (found->pointers.count > 0) {
        buf_add_string(out, "\n# The parameters, as a command names them:");
        for (size_t i = 0; i < found->pointers.count && i < 12; i++) {
            buf_add_string(out, " {");
            text_add_name(out, found->pointers.at[i]);
            buf_add_char(out, '}');
        }
        buf_addf(out, found->pointers.count > 12 ? ", and %zu more\n" : "\n",
                 found->pointers.count - 12);
    }
}

/* The action that made the files that were found, for the user to complete. */
static void add_found_action(const struct found_workspace *found, struct buf *out)
{
    buf_add_string(out,
                   "\n# The action that makes the results. With `products` that exist already, "
                   "rowbuild takes\n"
                   "# them as they are and reruns nothing.\n"
                   "# [[action]]\n"
                   "# name = \"simulate\"\n"
                   "# command = \"./simulate {workspace_path}/{directory}\"\n"
                   "# products = [");
    if (found->results.count > 0) {
        add_names(out, found->results.at, found->results.count, true);
    } else {
        buf_add_string(out, "\"result.dat\"");
    }
    buf_add_string(out, "]\n");
}

/* Whether a path means itself, in a glob and in a command. */
static bool is_plain(struct slice path)
{
    for (size_t i = 0; i < path.len; i++) {
        char c = path.at[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            c != '.' && c != '_' && c != '/' && (c != '-' || i == 0)) {
            return false;
        }
    }
    return true;
}

static void add_found_summary(const struct first_description *first, struct buf *out)
{
    const struct found_workspace *found = first->found;
    bool reads_values =
        found->value_file.at != NULL && is_plain(found->value_file) && is_plain(first->workspace);
    buf_add_string(out,
                   "\n# One line for each directory. It reads the directories and changes none.\n"
                   "[[action]]\n"
                   "name = \"summarize\"\n"
                   "scope = \"project\"\n");
    if (reads_values) {
        buf_addf(out, "inputs = [\"//%.*s/*/%.*s\"]\n", SLICE_ARGS(first->workspace),
                 SLICE_ARGS(found->value_file));
    }
    buf_add_string(out, "products = [\"//summary.txt\"]\n"
                        "command = \"\"\"\n"
                        "for directory in {workspace_path}/*/; do\n");
    if (reads_values) {
        buf_addf(out, "    echo \"$directory $(tr -d '\\\\n' <\"$directory\"%.*s)\"\n",
                 SLICE_ARGS(found->value_file));
    } else {
        buf_add_string(out, "    echo \"$directory $(ls \"$directory\" | wc -l) files\"\n");
    }
    buf_add_string(out, "done >summary.txt\n"
                        "\"\"\"\n");
}

void first_description_add(const struct first_description *first, struct buf *out)
{
    const struct found_workspace *found = first->found;
    bool has_points = !first->signac && !first->row && found->count == 0;
    bool names_path = !slice_is(first->workspace, "workspace");
    struct slice value_file =
        first->signac ? SLICE_LITERAL("signac_statepoint.json") : found->value_file;
    buf_add_string(out, has_points ? points_head : head);
    if (has_points || names_path || value_file.at != NULL) {
        buf_add_string(out, has_points ? "[workspace]\n" : "\n[workspace]\n");
    }
    if (names_path) {
        buf_add_string(out, "path = ");
        add_string(out, first->workspace);
        buf_add_char(out, '\n');
    }
    if (has_points) {
        buf_add_string(out, points);
        return;
    }
    if (value_file.at != NULL) {
        buf_add_string(out, "value_file = ");
        add_string(out, value_file);
        buf_add_char(out, '\n');
    }
    add_found_values(found, out);
    if (found->count == 0) {
        buf_add_string(out, commented_action);
    } else {
        add_found_action(found, out);
        if (!first->row) {
            add_found_summary(first, out);
        }
    }
}

bool first_description_ends(struct slice rowfile)
{
    size_t len = sizeof points - 1;
    return rowfile.len >= len && memcmp(rowfile.at + rowfile.len - len, points, len) == 0;
}
