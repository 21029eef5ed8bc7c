#include "claims.h"

#include "digest.h"
#include "disk.h"
#include "file.h"
#include "inside.h"
#include "state_folder.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST_JOB = 256 };

static const char CLAIM[] = "claim";
static const char OVER[] = "over";
static const char FAILED[] = "failed";
static const char LATE[] = "late";

/* The inbox of a state folder, and in it the name of a file of an element. */
struct box {
    int folder; /* -1, with errno */
    const char *state_path;
    struct buf name;
};

static void box_open(struct box *box, const char *state_path, bool make)
{
    *box = (struct box){.folder = inbox_open(state_path, make), .state_path = state_path};
}

static void box_name(struct box *box, const struct inbox_attempt *attempt, const char *kind)
{
    int error = errno;
    buf_clear(&box->name);
    inbox_add_name(attempt, kind, &box->name);
    errno = error;
}

static void box_close(struct box *box)
{
    if (box->folder >= 0) {
        disk->close(box->folder);
    }
    buf_release(&box->name);
}

static int report_errno(const char *what, const struct box *box, struct diag *diag)
{
    int error = errno;
    struct buf path = BUF_EMPTY;
    struct buf shown = BUF_EMPTY;
    buf_addf(&path, "%s/" STATE_INBOX "/%.*s", box->state_path, SLICE_ARGS(buf_slice(&box->name)));
    text_add_name(&shown, buf_slice(&path));
    int result = diag_state_error(diag, FINDING_FILE_TROUBLE, "can't %s %s: %s", what,
                                  buf_string(&shown), inside_error(error));
    buf_release(&path);
    buf_release(&shown);
    return result;
}

static struct slice first_line(struct slice text)
{
    const char *newline = text.len > 0 ? memchr(text.at, '\n', text.len) : NULL;
    return newline != NULL ? slice_make(text.at, (size_t)(newline - text.at)) : text;
}

/* How often the scheduler has started the job again. */
static uint64_t starts_of(struct slice claim)
{
    size_t used = first_line(claim).len;
    uint64_t starts = 0;
    if (used < claim.len) {
        struct slice rest = slice_make(claim.at + used + 1, claim.len - used - 1);
        (void)text_take_number(&rest, UINT32_MAX, &starts);
    }
    return starts;
}

static bool read_holder(struct box *box, const struct inbox_attempt *attempt, struct buf *holder)
{
    size_t before = holder->len;
    box_name(box, attempt, CLAIM);
    bool found = box->folder >= 0 &&
                 inside_read(box->folder, buf_string(&box->name), LONGEST_JOB, holder) == 0;
    if (found && holder->len > before && holder->at[holder->len - 1] == '\n') {
        holder->at[--holder->len] = '\0';
    }
    return found;
}

bool claim_holder(const char *state_path, const struct inbox_attempt *attempt, struct buf *holder)
{
    struct box box;
    box_open(&box, state_path, false);
    size_t before = holder->len;
    bool found = read_holder(&box, attempt, holder);
    if (found && holder->len > before) {
        struct slice whole = slice_make(holder->at + before, holder->len - before);
        holder->len = before + first_line(whole).len;
        holder->at[holder->len] = '\0';
    }
    box_close(&box);
    return found;
}

bool claim_stands(const char *state_path, const struct inbox_attempt *attempt, struct slice job)
{
    struct box box;
    struct buf found = BUF_EMPTY;
    box_open(&box, state_path, false);
    bool stands = !read_holder(&box, attempt, &found) || slice_equal(buf_slice(&found), job);
    buf_release(&found);
    box_close(&box);
    return stands;
}

/* Puts a file in place together with its content unless it is there already (EEXIST). A link is
 * what network file systems decide by one. */
static int make_whole(int folder, const char *name, struct slice content)
{
    struct buf fresh = BUF_EMPTY;
    buf_addf(&fresh, "%s.%d-", name, (int)getpid());
    uint64_t salt = digest_of(slice_of(name)).low ^ (uint64_t)(uintptr_t)&fresh;
    buf_addf(&fresh, "%" PRIx64 ".new", salt);
    int result = inside_replace(folder, buf_string(&fresh), content);
    if (result == 0) {
        result = linkat(folder, buf_string(&fresh), folder, name, 0);
        if (result != 0 && errno != EEXIST) { /* a file system without links */
            result = file_rename_new(folder, buf_string(&fresh), name);
        }
        int error = errno;
        (void)disk->unlink(folder, buf_string(&fresh), 0);
        errno = error;
    }
    int error = errno;
    buf_release(&fresh);
    errno = error;
    return result;
}

static void remove_end(struct box *box, const struct inbox_attempt *attempt)
{
    box_name(box, attempt, OVER);
    (void)disk->unlink(box->folder, buf_string(&box->name), 0);
    box_name(box, attempt, FAILED);
    (void)disk->unlink(box->folder, buf_string(&box->name), 0);
    box_name(box, attempt, LATE);
    (void)disk->unlink(box->folder, buf_string(&box->name), 0);
}

int claim_make(const char *state_path, const struct inbox_attempt *attempt, struct slice job,
               struct buf *holder, struct diag *diag)
{
    struct box box;
    struct buf content = BUF_EMPTY;
    struct buf found = BUF_EMPTY;
    buf_add_slice(&content, job);
    buf_add_char(&content, '\n');
    int result = 0;
    box_open(&box, state_path, true);
    box_name(&box, attempt, CLAIM);
    if (box.folder < 0 ||
        (make_whole(box.folder, buf_string(&box.name), buf_slice(&content)) != 0 &&
         errno != EEXIST)) {
        result = report_errno("write", &box, diag);
    } else if (!read_holder(&box, attempt, &found)) {
        result = report_errno("read", &box, diag);
    } else if (slice_equal(buf_slice(&found), job)) { /* also says that our link counted */
        remove_end(&box, attempt);
    } else if (!slice_equal(first_line(buf_slice(&found)), first_line(job)) ||
               starts_of(buf_slice(&found)) > starts_of(job)) {
        buf_add_slice(holder, first_line(buf_slice(&found)));
        result = 1;
    } else { /* the same job, started again: from now on the earlier start records nothing */
        buf_add_slice(holder, buf_slice(&found));
        box_name(&box, attempt, CLAIM);
        result = inside_replace(box.folder, buf_string(&box.name), buf_slice(&content)) != 0
                     ? report_errno("write", &box, diag)
                     : 0;
        remove_end(&box, attempt);
    }
    buf_release(&found);
    buf_release(&content);
    box_close(&box);
    return result;
}

/* Puts an empty file of the element in place, unless its claim is gone. */
static int leave(const char *state_path, const struct inbox_attempt *attempt, const char *kind,
                 struct diag *diag)
{
    struct box box;
    struct buf holder = BUF_EMPTY;
    int result = 0;
    box_open(&box, state_path, false);
    bool is_claimed = read_holder(&box, attempt, &holder);
    box_name(&box, attempt, kind);
    if (is_claimed && inside_replace(box.folder, buf_string(&box.name), (struct slice){0}) != 0) {
        result = report_errno("write", &box, diag);
    }
    buf_release(&holder);
    box_close(&box);
    return result;
}

int claim_end(const char *state_path, const struct inbox_attempt *attempt, bool failed,
              struct diag *diag)
{
    return leave(state_path, attempt, failed ? FAILED : OVER, diag);
}

int claim_is_late(const char *state_path, const struct inbox_attempt *attempt, struct diag *diag)
{
    return leave(state_path, attempt, LATE, diag);
}

bool claims_late(const struct inbox_names *names, const struct inbox_attempt *attempt)
{
    return inbox_names_have(names, attempt, LATE);
}

bool claims_ended(const struct inbox_names *names, const struct inbox_attempt *attempt)
{
    return inbox_names_have(names, attempt, OVER) || claims_failed(names, attempt);
}

bool claims_failed(const struct inbox_names *names, const struct inbox_attempt *attempt)
{
    return inbox_names_have(names, attempt, FAILED);
}

bool claims_made(const struct inbox_names *names, const struct inbox_attempt *attempt)
{
    return inbox_names_have(names, attempt, CLAIM);
}
