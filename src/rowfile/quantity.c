#include "quantity.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST_HOUR_DIGITS = 10, MOST_DAY_DIGITS = 9, LONGEST_NUMBER = 40 };

static const double DAY_S = 86400;

struct reader {
    struct slice text;
    size_t at;
    const char **why;
};

static int refuse(struct reader *reader, const char *why)
{
    *reader->why = why;
    return -1;
}

static char peek(const struct reader *reader)
{
    if (reader->at < reader->text.len) {
        return reader->text.at[reader->at];
    }
    return 0;
}

static bool take(struct reader *reader, char c)
{
    if (reader->at < reader->text.len && reader->text.at[reader->at] == c) {
        reader->at++;
        return true;
    }
    return false;
}

static bool take_letter(struct reader *reader, char lower)
{
    return take(reader, lower) || take(reader, (char)toupper(lower));
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads at most `most` digits and returns their number. */
static size_t take_digits(struct reader *reader, size_t most, double *value)
{
    size_t count = 0;
    *value = 0;
    while (count < most && is_digit(peek(reader))) {
        *value = *value * 10 + (peek(reader) - '0');
        reader->at++;
        count++;
    }
    return count;
}

/* Reads the digits after a decimal point or comma. */
static size_t take_fraction(struct reader *reader, double *value)
{
    size_t count = 0;
    double unit = 1;
    *value = 0;
    while (is_digit(peek(reader))) {
        unit /= 10;
        *value += unit * (peek(reader) - '0');
        reader->at++;
        count++;
    }
    return count;
}

/* Reads two digits, a number below 60. */
static int take_sixty(struct reader *reader, double *value)
{
    if (take_digits(reader, 2, value) != 2) {
        return refuse(reader, "needs two digits for minutes and seconds, as in 01:30:00");
    }
    return *value < 60 ? 0 : refuse(reader, "has 60 or more minutes or seconds after a colon");
}

/* HH:MM[:SS[.fraction]] up to the end of the text. */
static int take_time(struct reader *reader, double *seconds)
{
    double hours;
    double minutes;
    double rest = 0;
    double fraction = 0;
    if (take_digits(reader, MOST_HOUR_DIGITS, &hours) == 0 || !take(reader, ':')) {
        return refuse(reader, "is not a valid duration; use e.g. 02:00:00");
    }
    if (take_sixty(reader, &minutes) != 0) {
        return -1;
    }
    if (take(reader, ':')) {
        if (take_sixty(reader, &rest) != 0) {
            return -1;
        }
        if ((take(reader, '.') || take(reader, ',')) && take_fraction(reader, &fraction) == 0) {
            return refuse(reader, "has no digits after its decimal point");
        }
    }
    if (reader->at != reader->text.len) {
        return refuse(reader, "is not a valid duration; use e.g. 02:00:00");
    }
    *seconds = hours * 3600 + minutes * 60 + rest + fraction;
    return 0;
}

/* "1d", "2 days", "4 day 12:00:00", "1 days, 02:00:00" */
static int take_days(struct reader *reader, double *seconds)
{
    double days;
    double time = 0;
    size_t digits = take_digits(reader, MOST_DAY_DIGITS, &days);
    (void)take(reader, ' ');
    if (digits == 0 || !take_letter(reader, 'd')) {
        return refuse(reader, "is not a valid duration; use e.g. `2 days, 12:00:00`");
    }
    if (take_letter(reader, 'a')) {
        if (!take_letter(reader, 'y')) {
            return refuse(reader, "is not a valid duration; use e.g. `2 days, 12:00:00`");
        }
        (void)take_letter(reader, 's');
    }
    (void)take(reader, ',');
    (void)take(reader, ' ');
    if (reader->at < reader->text.len) {
        if (take_time(reader, &time) != 0) {
            return refuse(reader, "is not a valid duration; use e.g. `2 days, 12:00:00`");
        }
        if (time >= DAY_S) {
            return refuse(reader, "has 24 or more hours in addition to its days");
        }
    }
    *seconds = days * DAY_S + time;
    return 0;
}

/* Seconds of an ISO unit, 0 for an unknown one. */
static double iso_unit(char c, bool in_time)
{
    switch (c) {
    case 'H':
        return in_time ? 3600 : 0;
    case 'M':
        return in_time ? 60 : 30 * DAY_S;
    case 'S':
        return in_time ? 1 : 0;
    case 'D':
        return in_time ? 0 : DAY_S;
    case 'W':
        return in_time ? 0 : 7 * DAY_S;
    case 'Y':
        return in_time ? 0 : 365 * DAY_S;
    default:
        return 0;
    }
}

static int take_iso(struct reader *reader, double *seconds)
{
    bool in_time = false;
    bool ended = false;
    size_t numbers = 0;
    *seconds = 0;
    while (reader->at < reader->text.len) {
        if (!in_time && take(reader, 'T')) {
            in_time = true;
            continue;
        }
        double value;
        double fraction = 0;
        if (ended || take_digits(reader, MOST_DAY_DIGITS, &value) == 0) {
            return refuse(reader, "is not a valid ISO 8601 duration; use e.g. P1DT2H");
        }
        if (take(reader, '.') || take(reader, ',')) {
            ended = true;
            if (take_fraction(reader, &fraction) == 0) {
                return refuse(reader, "has no digits after its decimal point");
            }
        }
        double unit = iso_unit(peek(reader), in_time);
        if (unit <= 0) {
            return refuse(reader, "is not a valid ISO 8601 duration; use e.g. P1DT2H");
        }
        reader->at++;
        *seconds += (value + fraction) * unit;
        numbers++;
    }
    return numbers > 0 ? 0 : refuse(reader, "is a duration without a number");
}

int duration_parse(struct slice text, double *seconds, const char **why)
{
    struct reader reader = {.text = text, .why = why};
    if (peek(&reader) == '-') {
        return refuse(&reader, "is negative");
    }
    (void)take(&reader, '+');
    int result;
    if (take(&reader, 'P')) {
        result = take_iso(&reader, seconds);
    } else if (text.len > 0 &&
               (memchr(text.at, 'd', text.len) != NULL || memchr(text.at, 'D', text.len) != NULL)) {
        result = take_days(&reader, seconds);
    } else if (text.len < sizeof "00:00" - 1) {
        result = refuse(&reader, "is not a valid duration; use e.g. 02:00:00");
    } else {
        result = take_time(&reader, seconds);
    }
    if (result == 0 && *seconds <= 0) {
        return refuse(&reader, "is a duration of zero");
    }
    return result;
}

/* Seconds of a unit that people write, 0 for an unknown one. */
static double spoken_unit(struct slice word)
{
    static const struct {
        const char *words; /* each ended by a space */
        double seconds;
    } units[] = {
        {"s sec secs second seconds ", 1}, {"m min mins minute minutes ", 60},
        {"h hr hrs hour hours ", 3600},    {"d day days ", 86400},
        {"w week weeks ", 604800},
    };
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        for (const char *at = units[i].words; *at != '\0'; at = strchr(at, ' ') + 1) {
            size_t len = strcspn(at, " ");
            if (len == word.len && strncasecmp(at, word.at, len) == 0) {
                return units[i].seconds;
            }
        }
    }
    return 0;
}

/* "1h 30min", "1.5 hours": numbers, each with a unit. */
static bool take_spoken(struct reader *reader, double *seconds)
{
    *seconds = 0;
    while (reader->at < reader->text.len) {
        double number;
        double fraction = 0;
        if (take_digits(reader, MOST_DAY_DIGITS, &number) == 0 ||
            (take(reader, '.') && take_fraction(reader, &fraction) == 0)) {
            return false;
        }
        (void)take(reader, ' ');
        struct slice unit = slice_make(reader->text.at + reader->at, 0);
        while (isalpha((unsigned char)peek(reader))) {
            reader->at++;
            unit.len++;
        }
        double each = spoken_unit(unit);
        if (each <= 0) {
            return false;
        }
        *seconds += (number + fraction) * each;
        (void)take(reader, ',');
        (void)take(reader, ' ');
    }
    return *seconds > 0;
}

/* Slurm's "D-HH", "D-HH:MM" and "D-HH:MM:SS". */
static bool take_slurm(struct reader *reader, double *seconds)
{
    static const double units[] = {3600, 60, 1};
    double number;
    if (take_digits(reader, MOST_DAY_DIGITS, &number) == 0 || !take(reader, '-')) {
        return false;
    }
    *seconds = number * DAY_S;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (take_digits(reader, 2, &number) == 0 || (i > 0 && number >= 60)) {
            return false;
        }
        *seconds += number * units[i];
        if (!take(reader, ':')) {
            break;
        }
    }
    return reader->at == reader->text.len && *seconds > 0;
}

bool duration_suggest(struct slice text, struct buf *out)
{
    const char *unused;
    double seconds;
    struct reader spoken = {.text = text, .why = &unused};
    struct reader slurm = spoken;
    if (!take_spoken(&spoken, &seconds) && !take_slurm(&slurm, &seconds)) {
        return false;
    }
    uint64_t whole = (uint64_t)(seconds + 0.5);
    if (whole == 0) {
        return false;
    }
    buf_addf(out, "%02llu:%02llu:%02llu", (unsigned long long)(whole / 3600),
             (unsigned long long)(whole / 60 % 60), (unsigned long long)(whole % 60));
    return true;
}

/* The bytes of a unit, 0 for an unknown one. */
static double unit_bytes(struct slice unit)
{
    static const char prefixes[] = "kmgtp";
    if (unit.len == 0 || (unit.len == 1 && tolower((unsigned char)unit.at[0]) == 'b')) {
        return 1;
    }
    const char *prefix = strchr(prefixes, tolower((unsigned char)unit.at[0]));
    bool binary = unit.len == 3 && tolower((unsigned char)unit.at[1]) == 'i';
    if (prefix == NULL || *prefix == '\0' || (unit.len != 2 && !binary) ||
        tolower((unsigned char)unit.at[unit.len - 1]) != 'b') {
        return 0;
    }
    double bytes = 1;
    for (const char *p = prefixes; p <= prefix; p++) {
        bytes *= binary ? 1024 : 1000;
    }
    return bytes;
}

int size_parse(struct slice text, uint64_t *bytes, const char **why)
{
    struct reader reader = {.text = text, .why = why};
    double value;
    double fraction = 0;
    if (take_digits(&reader, LONGEST_NUMBER, &value) == 0 ||
        (take(&reader, '.') && take_fraction(&reader, &fraction) == 0)) {
        return refuse(&reader, "is not a valid size; use e.g. \"1 GiB\" or \"500 MB\"");
    }
    while (take(&reader, ' ')) {
    }
    double unit = unit_bytes(slice_make(text.at + reader.at, text.len - reader.at));
    if (unit <= 0) {
        return refuse(&reader,
                      "has an unknown unit; use B, kB, MB, GB, TB, PB, KiB, MiB, GiB, TiB or PiB");
    }
    double total = (value + fraction) * unit;
    if (total < 1) {
        return refuse(&reader, "is less than one byte");
    }
    if (total >= 9.2e18) {
        return refuse(&reader, "is larger than any machine's memory");
    }
    *bytes = (uint64_t)total;
    return 0;
}
