#include "pieces.h"

#include "digest.h"
#include "disk.h"
#include "inside.h"
#include "state_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { COUNT_DIGITS = 8, LINE_BYTES = 64, DIGEST_AT = 31, DIGEST_DIGITS = 32 };

static const uint64_t LARGEST_PIECE = (uint64_t)1 << 30;

void pieces_end_one(struct pieces *pieces)
{
    vec_push(&pieces->ends, pieces->bytes.len);
}

void pieces_release(struct pieces *pieces)
{
    buf_release(&pieces->bytes);
    vec_release(&pieces->ends);
}

void pieces_add_name(struct slice token, const char *suffix, struct buf *name)
{
    buf_add_slice(name, token);
    buf_add_string(name, suffix);
}

static struct slice piece_at(const struct pieces *pieces, size_t i)
{
    size_t begin = i > 0 ? pieces->ends.at[i - 1] : 0;
    return slice_make(pieces->bytes.at + begin, pieces->ends.at[i] - begin);
}

static void add_index(const struct pieces *pieces, struct buf *out)
{
    size_t offset = out->len + pieces->ends.count * LINE_BYTES;
    for (size_t i = 0; i < pieces->ends.count; i++) {
        struct slice piece = piece_at(pieces, i);
        buf_addf(out, "%013" PRIx64 " %016" PRIx64 " ", (uint64_t)offset, (uint64_t)piece.len);
        digest_format(digest_of(piece), out);
        buf_add_string(out, "\n");
        offset += piece.len;
    }
}

int pieces_write(const char *state_path, struct slice token, const char *suffix, const char *head,
                 const struct pieces *pieces)
{
    struct buf name = BUF_EMPTY;
    struct buf text = BUF_EMPTY;
    pieces_add_name(token, suffix, &name);
    buf_addf(&text, "%s%0*zu\n", head, (int)COUNT_DIGITS, pieces->ends.count);
    add_index(pieces, &text);
    buf_add_slice(&text, buf_slice(&pieces->bytes));
    int folder = state_folder_open(state_path, STATE_JOBS, true);
    int result = folder < 0 ? -1 : inside_replace(folder, buf_string(&name), buf_slice(&text));
    int error = errno;
    if (folder >= 0) {
        disk->close(folder);
    }
    buf_release(&text);
    buf_release(&name);
    errno = error;
    return result;
}

/* Appends `len` bytes; 0; 1: there are fewer; -1 with errno. */
static int read_at(int fd, uint64_t offset, size_t len, struct buf *out)
{
    size_t before = out->len;
    buf_reserve(out, len);
    while (out->len - before < len) {
        size_t done = out->len - before;
        ssize_t got = disk->read_at(fd, out->at + out->len, len - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got < 0 ? -1 : 1;
        }
        out->len += (size_t)got;
    }
    return 0;
}

static enum pieces_found found_of(int read)
{
    return read < 0 ? PIECES_FAILED : read > 0 ? PIECES_DAMAGED : PIECES_FOUND;
}

/* Whether a line of the index is one; where its piece lies. */
static bool read_line(const char *line, uint64_t *offset, uint64_t *len)
{
    int used = 0;
    return sscanf(line, "%13" SCNx64 " %16" SCNx64 " %n", offset, len, &used) == 2 &&
           used == DIGEST_AT && *len <= LARGEST_PIECE;
}

static enum pieces_found read_piece(int fd, size_t head_bytes, size_t element, struct buf *piece)
{
    struct buf line = BUF_EMPTY;
    struct buf digits = BUF_EMPTY;
    uint64_t offset;
    uint64_t len;
    enum pieces_found found = found_of(
        read_at(fd, head_bytes + (uint64_t)element * LINE_BYTES, (size_t)LINE_BYTES, &line));
    if (found == PIECES_FOUND && !read_line(buf_string(&line), &offset, &len)) {
        found = PIECES_DAMAGED;
    }
    if (found == PIECES_FOUND) {
        found = found_of(read_at(fd, offset, (size_t)len, piece));
    }
    if (found == PIECES_FOUND) {
        digest_format(digest_of(buf_slice(piece)), &digits);
        bool is_same =
            slice_equal(buf_slice(&digits), slice_make(line.at + DIGEST_AT, (size_t)DIGEST_DIGITS));
        found = is_same ? PIECES_FOUND : PIECES_DAMAGED;
    }
    buf_release(&digits);
    buf_release(&line);
    return found;
}

/* Of a file that is open: its head, then the piece. */
static enum pieces_found read_open(int fd, const char *head, size_t element, struct buf *piece)
{
    struct buf start = BUF_EMPTY;
    size_t words = strlen(head);
    size_t head_bytes = words + COUNT_DIGITS + 1;
    size_t count = 0;
    enum pieces_found found = found_of(read_at(fd, 0, head_bytes, &start));
    if (found != PIECES_FAILED && !slice_starts_with(buf_slice(&start), head)) {
        found = PIECES_OTHER;
    }
    if (found == PIECES_FOUND &&
        (sscanf(buf_string(&start) + words, "%8zu", &count) != 1 || element >= count)) {
        found = PIECES_DAMAGED;
    }
    if (found == PIECES_FOUND) {
        found = read_piece(fd, head_bytes, element, piece);
    }
    buf_release(&start);
    return found;
}

enum pieces_found pieces_read(const char *state_path, struct slice token, const char *suffix,
                              const char *head, size_t element, struct buf *piece)
{
    struct buf name = BUF_EMPTY;
    pieces_add_name(token, suffix, &name);
    int folder = state_folder_open(state_path, STATE_JOBS, false);
    int fd = folder < 0 ? -1 : inside_open(folder, buf_string(&name), O_RDONLY);
    enum pieces_found found = fd >= 0           ? read_open(fd, head, element, piece)
                              : errno == ENOENT ? PIECES_MISSING
                                                : PIECES_FAILED;
    int error = errno;
    if (fd >= 0) {
        disk->close(fd);
    }
    if (folder >= 0) {
        disk->close(folder);
    }
    buf_release(&name);
    errno = error;
    return found;
}
