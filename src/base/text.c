#include "text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>

/* Length of the well-formed UTF-8 sequence at the start of `bytes`, 0 if there is none. */
static size_t utf8_sequence(const unsigned char *at, size_t left)
{
    if (at[0] < 0x80) {
        return 1;
    }
    size_t len = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    if (at[0] < 0xc2 || at[0] > 0xf4 || left < len) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool overlong = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xf0 && at[1] < 0x90);
    bool surrogate = at[0] == 0xed && at[1] >= 0xa0;
    bool beyond = at[0] == 0xf4 && at[1] >= 0x90;
    return overlong || surrogate || beyond ? 0 : len;
}

bool text_is_utf8(struct slice bytes)
{
    const unsigned char *at = (const unsigned char *)bytes.at;
    for (size_t i = 0; i < bytes.len;) {
        size_t len = utf8_sequence(at + i, bytes.len - i);
        if (len == 0) {
            return false;
        }
        i += len;
    }
    return true;
}

/* Characters that a terminal doesn't show, or that change the order of others: direction marks,
 * joiners, zero-width spaces, separators, tags. */
static bool is_invisible(uint32_t point)
{
    static const struct {
        uint32_t first;
        uint32_t last;
    } ranges[] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},       {0x61c, 0x61c},
        {0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180b, 0x180f},   {0x200b, 0x200f},
        {0x2028, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164},   {0xfeff, 0xfeff},
        {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (point >= ranges[i].first && point <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

static uint32_t code_point(const unsigned char *at, size_t len)
{
    uint32_t point = len == 1 ? at[0] : at[0] & (0x7fU >> len);
    for (size_t i = 1; i < len; i++) {
        point = point << 6 | (at[i] & 0x3fU);
    }
    return point;
}

size_t text_next(struct slice text, size_t at, bool *is_visible)
{
    const unsigned char *bytes = (const unsigned char *)text.at + at;
    size_t len = utf8_sequence(bytes, text.len - at);
    *is_visible = len > 0 && !is_invisible(code_point(bytes, len));
    return len > 0 ? len : 1;
}

bool text_is_visible(struct slice text)
{
    bool is_visible = true;
    for (size_t i = 0; i < text.len && is_visible;) {
        i += text_next(text, i, &is_visible);
    }
    return is_visible;
}

void text_add_visible(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.len;) {
        bool is_visible;
        size_t len = text_next(text, i, &is_visible);
        uint32_t point = code_point((const unsigned char *)text.at + i, len);
        if (is_visible || text.at[i] == '\n' || text.at[i] == '\t') {
            buf_add(out, text.at + i, len);
        } else if (len == 1) {
            buf_addf(out, "\\%03o", (unsigned char)text.at[i]);
        } else {
            buf_addf(out, point > 0xffff ? "\\U%08x" : "\\u%04x", (unsigned)point);
        }
        i += len;
    }
}

static void add_ansi_quoted(struct buf *out, struct slice name)
{
    buf_add_string(out, "$'");
    for (size_t i = 0; i < name.len;) {
        bool is_visible;
        size_t len = text_next(name, i, &is_visible);
        if (name.at[i] == '\n') {
            buf_add_string(out, "\\n");
        } else if (name.at[i] == '\t') {
            buf_add_string(out, "\\t");
        } else if (name.at[i] == '\'' || name.at[i] == '\\') {
            buf_addf(out, "\\%c", name.at[i]);
        } else if (is_visible) {
            buf_add(out, name.at + i, len);
        } else {
            for (size_t j = i; j < i + len; j++) { /* byte by byte, since \u depends on the
                                                      locale */
                buf_addf(out, "\\%03o", (unsigned char)name.at[j]);
            }
        }
        i += len;
    }
    buf_add_char(out, '\'');
}

void text_add_shell_word(struct buf *out, struct slice name)
{
    bool plain = name.len > 0;
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.at[i];
        plain = plain && (isalnum(c) || strchr("_-+=.,/:@%", c) != NULL) && c != '\0';
    }
    if (plain && name.at[0] != '=') {
        buf_add_slice(out, name);
        return;
    }
    if (!text_is_visible(name)) {
        add_ansi_quoted(out, name);
        return;
    }
    buf_add_char(out, '\'');
    for (size_t i = 0; i < name.len; i++) {
        if (name.at[i] == '\'') {
            buf_add_string(out, "'\\''");
        } else {
            buf_add_char(out, name.at[i]);
        }
    }
    buf_add_char(out, '\'');
}

void text_add_name(struct buf *out, struct slice name)
{
    if (name.len > 0 && text_is_visible(name)) {
        buf_add_slice(out, name);
    } else {
        text_add_shell_word(out, name);
    }
}

void text_add_command(struct buf *out, const char *indent, struct slice command)
{
    struct buf visible = BUF_EMPTY;
    text_add_visible(&visible, command);
    struct slice left = buf_slice(&visible);
    while (left.len > 0 && left.at[left.len - 1] == '\n') {
        left.len--;
    }
    for (const char *begin = "command: ";; begin = "  ") {
        const char *end = left.len > 0 ? memchr(left.at, '\n', left.len) : NULL;
        size_t len = end != NULL ? (size_t)(end - left.at) : left.len;
        buf_add_string(out, indent);
        buf_add_string(out, begin);
        buf_add(out, left.at, len);
        buf_add_char(out, '\n');
        if (end == NULL) {
            break;
        }
        left = slice_make(end + 1, left.len - len - 1);
    }
    buf_release(&visible);
}

char text_plain_quote(struct slice text)
{
    static const struct {
        const char *bytes;
        char plain;
    } quotes[] = {
        {"\xe2\x80\x9c", '"'},  {"\xe2\x80\x9d", '"'},  {"\xe2\x80\x9e", '"'},
        {"\xe2\x80\x9f", '"'},  {"\xe2\x80\x98", '\''}, {"\xe2\x80\x99", '\''},
        {"\xe2\x80\x9a", '\''}, {"\xe2\x80\x9b", '\''},
    };
    for (size_t i = 0; i < sizeof quotes / sizeof quotes[0]; i++) {
        if (slice_starts_with(text, quotes[i].bytes)) {
            return quotes[i].plain;
        }
    }
    return 0;
}

bool text_has_typographic_quote(struct slice text)
{
    bool found = false;
    for (size_t i = 0; i < text.len && !found; i++) {
        found = text_plain_quote(slice_make(text.at + i, text.len - i)) != 0;
    }
    return found;
}

void text_add_json(struct buf *out, struct slice bytes)
{
    const unsigned char *at = (const unsigned char *)bytes.at;
    buf_add_char(out, '"');
    for (size_t i = 0; i < bytes.len;) {
        size_t len = utf8_sequence(at + i, bytes.len - i);
        if (len == 0) {
            buf_addf(out, "\\udc%02x", at[i]);
            i++;
            continue;
        }
        if (at[i] == '"' || at[i] == '\\') {
            buf_addf(out, "\\%c", at[i]);
        } else if (at[i] == '\n') {
            buf_add_string(out, "\\n");
        } else if (at[i] == '\t') {
            buf_add_string(out, "\\t");
        } else if (at[i] < 0x20 || at[i] == 0x7f) {
            buf_addf(out, "\\u%04x", at[i]);
        } else {
            buf_add(out, at + i, len);
        }
        i += len;
    }
    buf_add_char(out, '"');
}

void text_add_same_in(struct buf *out, size_t more)
{
    if (more > 0) {
        buf_add_string(out, "; the same in ");
        text_add_count(out, more);
        buf_addf(out, " more %s: ", more == 1 ? "directory" : "directories");
    }
}

void text_add_listed(struct buf *out, struct slice name, size_t before)
{
    buf_add_string(out, before > 0 ? ", `" : "`");
    text_add_name(out, name);
    buf_add_char(out, '`');
}

void text_add_count(struct buf *out, uint64_t count)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)count);
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) {
            buf_add_char(out, ',');
        }
        buf_add_char(out, digits[i]);
    }
}

void text_add_duration(struct buf *out, double seconds)
{
    if (!(seconds > 0)) {
        seconds = 0;
    }
    if (seconds < 9.95) {
        buf_addf(out, "%.1fs", seconds);
        return;
    }
    double whole = floor(seconds + 0.5);
    if (whole < 60) {
        buf_addf(out, "%.0fs", whole);
    } else if (whole < 3600) {
        buf_addf(out, "%.0fm %02.0fs", floor(whole / 60), fmod(whole, 60));
    } else if (whole < 86400) {
        buf_addf(out, "%.0fh %02.0fm", floor(whole / 3600), floor(fmod(whole, 3600) / 60));
    } else {
        buf_addf(out, "%.0fd %02.0fh", floor(whole / 86400), floor(fmod(whole, 86400) / 3600));
    }
}

void text_add_cost(struct buf *out, double hours, const char *unit)
{
    static const struct {
        double scale;
        const char *prefix;
    } steps[] = {{1e-9, "n"}, {1e-6, "u"}, {1e-3, "m"}, {1, ""},    {1e3, "k"},
                 {1e6, "M"},  {1e9, "G"},  {1e12, "T"}, {1e15, "P"}};
    if (!(hours > 0)) {
        return;
    }
    size_t step = 0;
    while (step + 1 < sizeof steps / sizeof steps[0] && hours / steps[step].scale >= 999.5) {
        step++;
    }
    buf_addf(out, "%.0f%s %s", hours / steps[step].scale, steps[step].prefix, unit);
}

struct cpu_time_unit text_cpu_time_unit(double hours)
{
    if (hours >= 0.1) {
        return (struct cpu_time_unit){"CPU-hours", 1};
    }
    if (hours * 60 >= 1) {
        return (struct cpu_time_unit){"CPU-minutes", 1.0 / 60};
    }
    return (struct cpu_time_unit){"CPU-seconds", 1.0 / 3600};
}

void text_add_amount(struct buf *out, double amount)
{
    const char *suffix = "";
    if (amount >= 999.5e3) {
        amount /= 1e6;
        suffix = "M";
    } else if (amount >= 999.5) {
        amount /= 1e3;
        suffix = "k";
    }
    buf_addf(out, "%.*f%s", amount < 9.95 ? 1 : 0, amount, suffix);
}

void text_add_cpu_time(struct buf *out, double hours)
{
    struct cpu_time_unit unit = text_cpu_time_unit(hours);
    text_add_amount(out, hours / unit.hours);
    buf_addf(out, " %s", unit.name);
}

void text_add_bytes(struct buf *out, uint64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
    if (bytes < 1024) {
        buf_addf(out, "%llu B", (unsigned long long)bytes);
        return;
    }
    double scaled = (double)bytes / 1024;
    size_t unit = 0;
    while (scaled >= 1023.95 && unit + 1 < sizeof units / sizeof units[0]) {
        scaled /= 1024;
        unit++;
    }
    buf_addf(out, "%.1f %s", scaled, units[unit]);
}

bool text_take_number(struct slice *text, uint64_t limit, uint64_t *number)
{
    uint64_t value = 0;
    size_t digits = 0;
    for (; digits < text->len && text->at[digits] >= '0' && text->at[digits] <= '9'; digits++) {
        unsigned digit = (unsigned)(text->at[digits] - '0');
        if (value > limit / 10 || digit > limit - value * 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    if (digits == 0) {
        return false;
    }
    *text = slice_make(text->at + digits, text->len - digits);
    *number = value;
    return true;
}

bool text_read_number(struct slice text, uint64_t limit, uint64_t *number)
{
    uint64_t value;
    if (!text_take_number(&text, limit, &value) || text.len > 0) {
        return false;
    }
    *number = value;
    return true;
}

enum { LONGEST_WORD = 64 };

/* The number of edits (insertion, deletion, replacement, swap of neighbours) that turn `a` into
 * `b`. */
static size_t edit_distance(struct slice a, struct slice b)
{
    size_t rows[3][LONGEST_WORD + 1];
    for (size_t j = 0; j <= b.len; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= a.len; i++) {
        size_t *above = rows[(i + 2) % 3];
        size_t *two_above = rows[(i + 1) % 3];
        size_t *row = rows[i % 3];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t cost =
                tolower((unsigned char)a.at[i - 1]) != tolower((unsigned char)b.at[j - 1]);
            size_t best = above[j - 1] + cost;
            if (above[j] + 1 < best) {
                best = above[j] + 1;
            }
            if (row[j - 1] + 1 < best) {
                best = row[j - 1] + 1;
            }
            if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] && a.at[i - 2] == b.at[j - 1] &&
                two_above[j - 2] + 1 < best) {
                best = two_above[j - 2] + 1;
            }
            row[j] = best;
        }
    }
    return rows[a.len % 3][b.len];
}

int text_nearest(struct slice word, const struct slice *candidates, size_t count)
{
    int nearest = -1;
    size_t least = word.len / 3 + 1;
    if (word.len == 0 || word.len > LONGEST_WORD) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (candidates[i].len == 0 || candidates[i].len > LONGEST_WORD) {
            continue;
        }
        size_t distance = edit_distance(word, candidates[i]);
        bool nothing_kept = distance >= word.len;
        if (!nothing_kept && (distance < least || (distance == least && nearest < 0))) {
            least = distance;
            nearest = (int)i;
        }
    }
    return nearest;
}
