/* How a point stands, in words. */
#include "workspace.h"

#include "file.h"
#include "text.h"

#include <errno.h>
#include <string.h>

enum { MOST_DIFFERENCES = 3, LONGEST_QUOTE = 60 };
static const size_t LARGEST_VALUE = 64U << 20;

struct difference {
    struct buf *out;
    size_t shown;
};

static void add_one(const struct json *value, bool is_there, struct buf *out)
{
    struct buf text = BUF_EMPTY;
    if (!is_there) {
        buf_add_string(out, "missing");
        return;
    }
    json_add_text(value, &text);
    size_t len = text.len;
    while (len > LONGEST_QUOTE) {
        len--;
        while (len > 0 && ((unsigned char)text.at[len] & 0xc0) == 0x80) {
            len--;
        }
    }
    text_add_name(out, slice_make(text.at, len));
    buf_add_string(out, len < text.len ? "…" : "");
    buf_release(&text);
}

static void add_difference(void *context, struct slice pointer, const struct json *found,
                           bool is_found, const struct json *declared, bool is_declared)
{
    struct difference *difference = context;
    struct buf *out = difference->out;
    buf_add_string(out, difference->shown++ > 0 ? ", " : "");
    text_add_name(out, pointer.len > 0 ? pointer : SLICE_LITERAL("the whole"));
    buf_add_string(out, " is ");
    add_one(found, is_found, out);
    if (is_declared) {
        buf_add_string(out, ", declared ");
        add_one(declared, true, out);
    } else {
        buf_add_string(out, ", which isn't declared");
    }
}

/* The value on disk; NULL where it can't be read, with what is wrong in `trouble`. */
static struct json *read_found(const struct workspace *workspace, size_t directory,
                               struct json_parser *parser, struct buf *trouble)
{
    struct buf path = BUF_EMPTY;
    struct buf text = BUF_EMPTY;
    struct diag wrong;
    struct json *value = NULL;
    diag_init(&wrong);
    buf_add_slice(&path, workspace->names[directory]);
    buf_add_char(&path, '/');
    buf_add_slice(&path, workspace->rowfile->value_file);
    if (file_read(workspace->fd, buf_string(&path), LARGEST_VALUE, &text) != 0) {
        buf_add_string(trouble, strerror(errno));
    } else {
        value = json_parse(parser, buf_slice(&text), workspace->rowfile->value_file, &wrong);
        if (value == NULL) {
            buf_add_string(trouble, wrong.entries.at[0].message);
        }
    }
    diag_release(&wrong);
    buf_release(&path);
    buf_release(&text);
    return value;
}

static void add_mend(const struct workspace *workspace, size_t directory, struct buf *out)
{
    buf_add_string(out, "; to write the declared value: rowbuild points --write ");
    text_add_shell_word(out, workspace->names[directory]);
}

static void describe_edited(const struct workspace *workspace, size_t directory, struct buf *out)
{
    const struct workspace_points *own = &workspace->points;
    struct json_parser *parser = json_parser_new();
    struct buf trouble = BUF_EMPTY;
    struct json *found = read_found(workspace, directory, parser, &trouble);
    struct json *declared = points_value(own->view.points, own->numbers[directory], parser);
    text_add_name(out, workspace->rowfile->value_file);
    if (found != NULL) {
        struct difference difference = {.out = out};
        buf_add_string(out, " was edited by hand: ");
        size_t count =
            json_differences(found, declared, MOST_DIFFERENCES, add_difference, &difference);
        if (count > MOST_DIFFERENCES) {
            buf_addf(out, ", and %zu more", count - MOST_DIFFERENCES);
        }
    } else {
        buf_addf(out, " can't be used: %s", buf_string(&trouble));
    }
    add_mend(workspace, directory, out);
    json_free(found);
    json_free(declared);
    json_parser_free(parser);
    buf_release(&trouble);
}

static void describe_refused(const struct workspace *workspace, size_t directory, struct buf *out)
{
    struct file_stat found;
    struct buf path = BUF_EMPTY;
    text_add_name(&path, workspace->path);
    buf_add_char(&path, '/');
    text_add_name(&path, workspace->names[directory]);
    if (file_lstat(workspace->fd, workspace->names[directory].at, &found) != 0) {
        buf_addf(out, "%s can't be looked at: %s", buf_string(&path), strerror(errno));
    } else if (found.kind != FILE_DIRECTORY) {
        buf_addf(out, "%s is not a directory; move it away", buf_string(&path));
    } else {
        describe_edited(workspace, directory, out);
    }
    buf_release(&path);
}

void workspace_describe_point(const struct workspace *workspace, size_t directory, struct buf *out)
{
    switch (workspace_standing(workspace, directory)) {
    case POINT_EDITED:
        describe_edited(workspace, directory, out);
        break;
    case POINT_REFUSED:
        describe_refused(workspace, directory, out);
        break;
    case POINT_HELD:
        buf_add_string(out, workspace_renamed_point(workspace, workspace->names[directory]) >= 0
                                ? "its directory will be renamed when its job has ended"
                                : "its value will be written when its job has ended");
        break;
    case POINT_RENAMED:
        buf_add_string(out, "becomes ");
        text_add_name(out, workspace_point_name(workspace, directory));
        break;
    default:
        break;
    }
}
