/* Spells names, numbers, durations and costs for people, and reads numbers that programs wrote.
 *
 * Knows: spelling. Doesn't know: where the text is printed. text_add_… append to a buffer. */
#ifndef ROWBUILD_TEXT_H
#define ROWBUILD_TEXT_H

#include "buf.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A name as a POSIX shell word: unchanged where no quoting is needed, else '…'; names with control
 * or invisible characters or invalid UTF-8 become $'…' with octal escapes, so that a terminal is
 * never disturbed and bash reads the same bytes back. An empty name is ''. */
void text_add_shell_word(struct buf *out, struct slice name);

/* A name for tables and messages: unchanged if it is printable UTF-8 (spaces included), otherwise
 * as text_add_shell_word writes it. The result never contains a newline, a control character or an
 * invisible character, such as those that change the direction of writing. */
void text_add_name(struct buf *out, struct slice name);

/* A text that may contain names or values: invisible characters become \033, \u202e or \U000e0001;
 * newlines and tabs stay. */
void text_add_visible(struct buf *out, struct slice text);

/* Whether all of `text` is visible UTF-8; newlines and tabs aren't visible. */
bool text_is_visible(struct slice text);

/* The length of the character at `at`, 1 where it isn't UTF-8, and whether it is visible. */
size_t text_next(struct slice text, size_t at, bool *is_visible);

/* "command: " and a command as it runs, made visible, each line after `indent` and ended; the lines
 * after the first are indented further. */
void text_add_command(struct buf *out, const char *indent, struct slice command);

/* A typographic quote, such as editors put in the place of plain ones, at the beginning of the text:
 * the plain one, \" or '; 0: there is none. */
char text_plain_quote(struct slice text);
bool text_has_typographic_quote(struct slice text);

/* A JSON string with its quotes. Bytes that aren't UTF-8 become \udc80…\udcff (Python's
 * surrogateescape), so that different names stay different. */
void text_add_json(struct buf *out, struct slice bytes);

/* "; the same in 11 more directories: ", to be followed by names; nothing for none. */
void text_add_same_in(struct buf *out, size_t more);

/* A name in backticks, after ", " if others stand before it. */
void text_add_listed(struct buf *out, struct slice name, size_t before);

/* "1,234,567" */
void text_add_count(struct buf *out, uint64_t count);

/* "0.2s", "12s", "3m 05s", "2h 07m", "3d 04h" */
void text_add_duration(struct buf *out, double seconds);

/* row's form of a cost: "8 CPU-hours", "2k CPU-hours"; SI prefixes without decimals, "167m" below
 * one, nothing for zero. `unit` is "CPU-hours" or "GPU-hours". */
void text_add_cost(struct buf *out, double hours, const char *unit);

/* "0.2", "12", "3.4k", "1.2M" */
void text_add_amount(struct buf *out, double amount);

/* The unit in which a number of hours is shown, and its length in hours: "CPU-minutes", 1/60. */
struct cpu_time_unit {
    const char *name;
    double hours;
};
struct cpu_time_unit text_cpu_time_unit(double hours);

/* Hours in the unit that suits them: "3.4k CPU-hours", "12 CPU-seconds" */
void text_add_cpu_time(struct buf *out, double hours);

/* "1.5 GiB", "300 B" */
void text_add_bytes(struct buf *out, uint64_t bytes);

/* Whether `bytes` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool text_is_utf8(struct slice bytes);

/* Takes a decimal number of at most `limit` from the beginning of a text, without a sign or leading
 * white space; leading zeros are allowed. False, and nothing is changed, if the text doesn't begin
 * with a digit or the number is greater. */
bool text_take_number(struct slice *text, uint64_t limit, uint64_t *number);

/* The same for a text that consists only of such a number. */
bool text_read_number(struct slice text, uint64_t limit, uint64_t *number);

/* Index of the candidate nearest to `word` by edits, or -1 when none is near enough to be meant. */
int text_nearest(struct slice word, const struct slice *candidates, size_t count);

#endif
