#include "inbox.h"

#include "digest.h"
#include "disk.h"
#include "file.h"
#include "inbox_files.h"
#include "inside.h"
#include "state_folder.h"
#include "text.h"
#include "vec.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_ATTEMPTS = 1000000 };

static const uint64_t LARGEST_NUMBER = UINT64_C(999999999999999999);

/* ---- Names ---- */

void inbox_add_element(struct slice token, uint64_t element, struct buf *out)
{
    buf_add_slice(out, token);
    buf_addf(out, ".%" PRIu64, element);
}

static void add_stem(struct slice token, uint64_t element, struct buf *out)
{
    inbox_add_element(token, element, out);
    buf_add_char(out, '.');
}

int inbox_open(const char *state_path, bool make)
{
    return state_folder_open(state_path, STATE_INBOX, make);
}

void inbox_add_name(const struct inbox_attempt *attempt, const char *kind, struct buf *out)
{
    add_stem(slice_of(attempt->token), attempt->element, out);
    buf_add_string(out, kind);
}

/* Digits up to `end`, which is cut off together with them; without leading zeros. */
static bool take_number(struct slice *rest, char end, uint64_t *number)
{
    struct slice after = *rest;
    if (!text_take_number(&after, LARGEST_NUMBER, number) ||
        (rest->at[0] == '0' && rest->len - after.len > 1) ||
        (end == '\0' ? after.len > 0 : after.len == 0 || after.at[0] != end)) {
        return false;
    }
    size_t cut = end != '\0';
    *rest = slice_make(after.at + cut, after.len - cut);
    return true;
}

bool inbox_parse_name(struct slice name, struct inbox_file *file)
{
    const char *dot = memchr(name.at, '.', name.len);
    if (dot == NULL || dot == name.at) {
        return false;
    }
    file->name = name;
    file->token = slice_make(name.at, (size_t)(dot - name.at));
    struct slice rest = slice_make(dot + 1, name.len - file->token.len - 1);
    return take_number(&rest, '.', &file->element) && take_number(&rest, '-', &file->attempt) &&
           take_number(&rest, '\0', &file->number);
}

uint64_t inbox_journal_id(struct slice token)
{
    return digest_of(token).low | 1U; /* never 0, which no attempt has */
}

/* ---- All names at once ---- */

static int take_name(void *context, const char *name, size_t len, bool is_directory)
{
    struct inbox_names *names = context;
    if (!is_directory) {
        intern_add(&names->all, slice_make(name, len));
    }
    return 0;
}

void inbox_list_at(struct inbox_names *names, int folder)
{
    intern_init(&names->all);
    if (folder >= 0) {
        (void)file_list(folder, ".", take_name, names);
    }
}

void inbox_list(struct inbox_names *names, const char *state_path)
{
    int folder = inbox_open(state_path, false);
    inbox_list_at(names, folder);
    if (folder >= 0) {
        disk->close(folder);
    }
}

void inbox_names_release(struct inbox_names *names)
{
    intern_release(&names->all);
}

bool inbox_names_have(const struct inbox_names *names, const struct inbox_attempt *attempt,
                      const char *kind)
{
    struct buf name = BUF_EMPTY;
    inbox_add_name(attempt, kind, &name);
    bool found = intern_find(&names->all, buf_slice(&name)) != INTERN_NONE;
    buf_release(&name);
    return found;
}

void inbox_forget_in(int folder, const char *const *prefixes, size_t prefix_count,
                     const struct slice *tokens, size_t count)
{
    struct inbox_names names;
    struct intern forgotten;
    inbox_list_at(&names, folder);
    intern_init(&forgotten);
    for (size_t i = 0; i < count; i++) {
        intern_add(&forgotten, tokens[i]);
    }
    for (size_t i = 0; i < names.all.count * prefix_count; i++) {
        struct slice name = intern_name(&names.all, (uint32_t)(i / prefix_count));
        const char *prefix = prefixes[i % prefix_count];
        const char *token = name.at + strlen(prefix);
        const char *dot = slice_starts_with(name, prefix) ? strchr(token, '.') : NULL;
        if (dot != NULL &&
            intern_find(&forgotten, slice_make(token, (size_t)(dot - token))) != INTERN_NONE) {
            (void)disk->unlink(folder, name.at, 0);
        }
    }
    intern_release(&forgotten);
    inbox_names_release(&names);
    if (folder >= 0) {
        disk->close(folder);
    }
}

void inbox_forget(const char *state_path, const struct slice *tokens, size_t count)
{
    inbox_forget_in(inbox_open(state_path, false), (const char *const[]){""}, 1, tokens, count);
}

/* ---- Records ---- */

static int make_empty(int folder, const char *name)
{
    int fd = disk->open(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return fd < 0 ? -1 : disk->close(fd);
}

uint64_t inbox_begin_attempt(int folder, const struct inbox_attempt *attempt)
{
    struct buf name = BUF_EMPTY;
    uint64_t number = 0;
    int result = -1;
    errno = EEXIST;
    while (result != 0 && errno == EEXIST && number < MOST_ATTEMPTS) {
        buf_clear(&name);
        add_stem(slice_of(attempt->token), attempt->element, &name);
        buf_addf(&name, "attempt-%" PRIu64, ++number);
        result = make_empty(folder, buf_string(&name));
    }
    int error = errno;
    buf_release(&name);
    errno = error;
    return result == 0 ? number : 0;
}

static int write_whole(int fd, struct slice content)
{
    for (size_t done = 0; done < content.len;) {
        ssize_t part = disk->write(fd, content.at + done, content.len - done);
        if (part < 0 && errno != EINTR) {
            return -1;
        }
        done += part > 0 ? (size_t)part : 0;
    }
    return disk->sync(fd);
}

int inbox_write(int folder, const struct inbox_attempt *attempt, uint64_t number, uint64_t file,
                struct slice content)
{
    struct buf name = BUF_EMPTY;
    struct buf fresh = BUF_EMPTY;
    add_stem(slice_of(attempt->token), attempt->element, &name);
    buf_addf(&name, "%" PRIu64 "-%" PRIu64, number, file);
    buf_addf(&fresh, "%s.new", buf_string(&name));
    /* Its name is this attempt's alone: what is there is left from a failure. */
    int fd = inside_create(folder, buf_string(&fresh), 0);
    int result = fd < 0 ? -1 : write_whole(fd, content);
    int error = errno;
    if (fd >= 0 && disk->close(fd) != 0 &&
        result == 0) { /* where some file systems tell of a full disk */
        error = errno;
        result = -1;
    }
    if (result == 0) {
        result = disk->rename(folder, buf_string(&fresh), folder, buf_string(&name), 0);
        error = errno;
    }
    if (result == 0) {
        (void)disk->sync(folder); /* some file systems refuse: theirs are in order by themselves */
    } else if (fd >= 0) {
        (void)disk->unlink(folder, buf_string(&fresh), 0);
    }
    buf_release(&fresh);
    buf_release(&name);
    errno = error;
    return result;
}

void inbox_remove(int folder, const struct inbox_attempt *attempt, uint64_t number, uint64_t file)
{
    struct buf name = BUF_EMPTY;
    add_stem(slice_of(attempt->token), attempt->element, &name);
    buf_addf(&name, "%" PRIu64 "-%" PRIu64, number, file);
    (void)disk->unlink(folder, buf_string(&name), 0);
    buf_release(&name);
}

static void add_past(const struct inbox_file *file, uint64_t attempt, struct buf *name)
{
    add_stem(file->token, file->element, name);
    buf_addf(name, "past-%" PRIu64, attempt);
}

bool inbox_is_past(const struct inbox_names *names, const struct inbox_file *file)
{
    struct buf name = BUF_EMPTY;
    bool is_past = false;
    bool begun = true;
    for (uint64_t later = file->attempt + 1; begun && !is_past; later++) {
        buf_clear(&name);
        add_stem(file->token, file->element, &name);
        buf_addf(&name, "attempt-%" PRIu64, later);
        begun = intern_find(&names->all, buf_slice(&name)) != INTERN_NONE;
        buf_clear(&name);
        add_past(file, later, &name);
        is_past = intern_find(&names->all, buf_slice(&name)) != INTERN_NONE;
    }
    buf_release(&name);
    return is_past;
}

int inbox_make_past(int folder, const struct inbox_file *newest)
{
    struct buf name = BUF_EMPTY;
    add_past(newest, newest->attempt, &name);
    int result = make_empty(folder, buf_string(&name));
    int error = errno;
    buf_release(&name);
    errno = error;
    return result == 0 || error == EEXIST ? 0 : -1;
}
