/* Ranges of numbers: { from, to, step }, { from, to, count } and scale = "log", in decimal
 * arithmetic, so that 0.1 to 0.5 by 0.1 is five numbers, and each is spelled as one would. */
#include "point_range.h"

#include "text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DIGITS = 18, LONGEST_NUMBER = 64 };

/* -Wpedantic: GCC and Clang have it on all 64-bit machines. */
__extension__ typedef __int128 wide;

/* digits / 10^scale */
struct decimal {
    wide digits;
    int scale;   /* 0 to MOST_DIGITS */
    int written; /* digits after the point, as it was written */
    bool is_float;
    bool is_exact; /* else only `number` counts: it doesn't fit */
    double number;
};

struct range {
    struct loader *loader;
    const struct toml_value *value;
    const struct toml_entry *from;
    const struct toml_entry *to;
    const struct toml_entry *step;
    const struct toml_entry *count;
    const struct toml_entry *scale;
};

static const struct slice range_keys[] = {
    {"from", 4}, {"to", 2}, {"step", 4}, {"count", 5}, {"scale", 5}};
enum { RANGE_KEYS = sizeof range_keys / sizeof range_keys[0] };

bool point_range_is_one(const struct toml_value *value)
{
    for (size_t i = 0; value->type == TOML_TABLE && i < value->table->count; i++) {
        const struct toml_entry *entry = &value->table->entries[i];
        for (size_t k = 0; k < RANGE_KEYS; k++) {
            if (slice_equal(entry->key, range_keys[k]) && entry->value->type != TOML_TABLE &&
                entry->value->type != TOML_ARRAY) {
                return true;
            }
        }
    }
    return false;
}

/* ---- Decimals ---- */

static wide power_of_ten(int exponent)
{
    wide power = 1;
    while (exponent-- > 0) {
        power *= 10;
    }
    return power;
}

/* A number of TOML as JSON spells it: without '_', and not in hexadecimal. */
void point_number_spell(const struct source *source, const struct toml_value *value,
                        struct buf *out)
{
    struct slice text = slice_make(source->text.at + value->offset, value->length);
    size_t start = text.len > 0 && (text.at[0] == '+' || text.at[0] == '-') ? 1 : 0;
    bool is_decimal =
        text.len <= start + 1 || text.at[start] != '0' || strchr("xob", text.at[start + 1]) == NULL;
    if (value->type == TOML_INTEGER && (!is_decimal || value->integer == 0)) {
        buf_addf(out, "%lld", (long long)value->integer);
        return;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] != '_' && (i > 0 || text.at[i] != '+')) {
            buf_add_char(out, text.at[i]);
        }
    }
}

static void read_digits(struct decimal *decimal, const char *text)
{
    const char *at = text + (*text == '-');
    int count = 0;
    bool after_point = false;
    for (; *at != '\0' && *at != 'e' && *at != 'E'; at++) {
        if (*at == '.') {
            after_point = true;
            continue;
        }
        count += count > 0 || *at != '0';
        if (count <= MOST_DIGITS) {
            decimal->digits = decimal->digits * 10 + (*at - '0');
        }
        decimal->written += after_point;
    }
    long exponent = *at != '\0' ? strtol(at + 1, NULL, 10) : 0;
    decimal->is_exact = count <= MOST_DIGITS && exponent > -100 && exponent < 100;
    if (!decimal->is_exact) {
        return;
    }
    decimal->scale = decimal->written - (int)exponent;
    decimal->written = exponent != 0 ? 0 : decimal->written;
    while (decimal->scale > 0 && decimal->digits % 10 == 0) {
        decimal->digits /= 10;
        decimal->scale--;
    }
    while (decimal->scale < 0 && decimal->digits < power_of_ten(MOST_DIGITS)) {
        decimal->digits *= 10;
        decimal->scale++;
    }
    decimal->is_exact = decimal->scale >= 0 && decimal->scale <= MOST_DIGITS;
    if (text[0] == '-') {
        decimal->digits = -decimal->digits;
    }
}

static struct decimal decimal_of(const struct source *source, const struct toml_value *value)
{
    struct buf text = BUF_EMPTY;
    struct decimal decimal = {.is_float = value->type == TOML_FLOAT};
    point_number_spell(source, value, &text);
    decimal.number = value->type == TOML_FLOAT ? value->number : (double)value->integer;
    read_digits(&decimal, buf_string(&text));
    buf_release(&text);
    return decimal;
}

/* digits / 10^scale, with at least `least` digits after the point. */
static void add_decimal(wide digits, int scale, int least, struct buf *out)
{
    char text[LONGEST_NUMBER];
    int count = 0;
    bool is_negative = digits < 0;
    wide left = is_negative ? -digits : digits;
    while (scale > least && left % 10 == 0) {
        left /= 10;
        scale--;
    }
    while (scale < least) {
        left *= 10;
        scale++;
    }
    for (; left > 0 || count <= scale; left /= 10) {
        text[count++] = (char)('0' + (int)(left % 10));
    }
    buf_add_string(out, is_negative ? "-" : "");
    while (count > 0) {
        count--;
        buf_add_char(out, text[count]);
        if (count == scale && scale > 0) {
            buf_add_char(out, '.');
        }
    }
}

static void add_double(double number, struct buf *out)
{
    struct json *json = json_new_number(number);
    json_add_text(json, out);
    json_free(json);
}

/* ---- The keys ---- */

static int complain(struct range *range, const struct toml_entry *entry, const char *message)
{
    error_at(range->loader, FINDING_WRONG_POINTS, entry != NULL ? entry->value : range->value, "%s",
             message);
    return -1;
}

static int find_keys(struct range *range)
{
    const struct toml_entry **places[RANGE_KEYS] = {&range->from, &range->to, &range->step,
                                                    &range->count, &range->scale};
    int result = 0;
    for (size_t i = 0; i < range->value->table->count; i++) {
        const struct toml_entry *entry = &range->value->table->entries[i];
        size_t k = 0;
        while (k < RANGE_KEYS && !slice_equal(entry->key, range_keys[k])) {
            k++;
        }
        if (k < RANGE_KEYS) {
            *places[k] = entry;
            continue;
        }
        struct buf message = BUF_EMPTY;
        buf_add_string(&message, "unknown key `");
        text_add_name(&message, entry->key);
        buf_add_string(&message, "` in a range");
        size_t before = message.len;
        add_suggestion(&message, entry->key, range_keys, RANGE_KEYS);
        if (message.len == before) {
            buf_add_string(&message, "; a range has `from`, `to`, and `step` or `count`");
        }
        diag_error_at(range->loader->diag, FINDING_WRONG_POINTS, range->loader->source,
                      entry->key_offset, entry->key_length, "%s", buf_string(&message));
        buf_release(&message);
        result = -1;
    }
    return result;
}

static int check_number(struct range *range, const struct toml_entry *entry, const char *name)
{
    bool is_number = entry->value->type == TOML_INTEGER ||
                     (entry->value->type == TOML_FLOAT && isfinite(entry->value->number));
    if (!is_number) {
        error_at(range->loader, FINDING_WRONG_POINTS, entry->value,
                 "`%s` of a range must be a number", name);
        return -1;
    }
    return 0;
}

static int check_keys(struct range *range)
{
    if (find_keys(range) != 0) {
        return -1;
    }
    if (range->from == NULL || range->to == NULL) {
        return complain(range, NULL, "a range needs `from` and `to`: { from = 1, to = 3 }");
    }
    if (check_number(range, range->from, "from") != 0 ||
        check_number(range, range->to, "to") != 0 ||
        (range->step != NULL && check_number(range, range->step, "step") != 0)) {
        return -1;
    }
    if (range->step != NULL && range->count != NULL) {
        return complain(range, range->count, "a range has `step` or `count`, not both");
    }
    if (range->count != NULL &&
        (range->count->value->type != TOML_INTEGER || range->count->value->integer < 1)) {
        return complain(range, range->count, "`count` must be an integer from 1");
    }
    if (range->scale == NULL) {
        return 0;
    }
    bool is_word = range->scale->value->type == TOML_STRING &&
                   (slice_is(range->scale->value->string, "log") ||
                    slice_is(range->scale->value->string, "linear"));
    if (!is_word) {
        return complain(range, range->scale, "`scale` must be \"log\" or \"linear\"");
    }
    if (range->count == NULL) {
        return complain(range, range->scale, "`scale` needs `count`, the number of values");
    }
    return 0;
}

/* ---- The numbers ---- */

struct made {
    struct decimal from;
    struct decimal to;
    int scale;  /* common to both, and to the step */
    wide first; /* at that scale */
    wide last;
    bool is_float;
    int least; /* digits after the point */
    point_number_fn *each;
    void *context;
};

static void give(struct made *made, wide digits, int scale, struct buf *text)
{
    buf_clear(text);
    add_decimal(digits, scale, made->least, text);
    made->each(made->context, buf_slice(text));
}

static int by_step(struct range *range, struct made *made)
{
    struct decimal step = {.digits = 1, .is_exact = true};
    if (range->step != NULL) {
        step = decimal_of(range->loader->source, range->step->value);
    } else if (made->is_float) {
        return complain(range, NULL, "a range of decimal fractions needs `step` or `count`");
    }
    if (!made->from.is_exact || !made->to.is_exact || !step.is_exact) {
        return complain(range, NULL,
                        "these numbers have too many digits for exact steps; use `count`");
    }
    int scale = made->scale > step.scale ? made->scale : step.scale;
    wide first = made->from.digits * power_of_ten(scale - made->from.scale);
    wide last = made->to.digits * power_of_ten(scale - made->to.scale);
    wide by = step.digits * power_of_ten(scale - step.scale);
    if (by == 0) {
        return complain(range, range->step, "`step` can't be 0");
    }
    if (first != last && (last > first) != (by > 0)) {
        return complain(range, range->step != NULL ? range->step : range->from,
                        by > 0 ? "`from` is above `to`; use a negative `step` to count down"
                               : "`from` is below `to`; use a positive `step` to count up");
    }
    wide count = (last - first) / by + 1;
    if (count > POINT_MOST_VALUES) {
        return complain(range, NULL, "this range has more than 10,000,000 values");
    }
    if (step.is_float && !made->is_float) {
        made->is_float = true;
        made->least = 1;
    }
    struct buf text = BUF_EMPTY;
    for (wide i = 0; i < count; i++) {
        give(made, first + i * by, scale, &text);
    }
    buf_release(&text);
    return 0;
}

/* numerator / (divisor × 10^scale) as a decimal, if it has one of at most 17 digits. */
static bool divide(wide numerator, wide divisor, int scale, wide *digits, int *digits_scale)
{
    static const wide limit = (wide)100000000000000000; /* 10^17 */
    *digits_scale = scale;
    while (numerator % divisor != 0) {
        if (numerator / divisor > limit || numerator / divisor < -limit ||
            *digits_scale > 2 * MOST_DIGITS) {
            return false;
        }
        numerator *= 10;
        (*digits_scale)++;
    }
    *digits = numerator / divisor;
    return *digits <= limit && *digits >= -limit;
}

/* The nearest double: its decimal digits are cut off only far behind those that count. */
static double nearest_double(wide numerator, wide divisor, int scale)
{
    char text[LONGEST_NUMBER * 2];
    struct buf out = BUF_EMPTY;
    bool is_negative = numerator < 0;
    wide left = is_negative ? -numerator : numerator;
    add_decimal(left / divisor, 0, 0, &out);
    int more = 0;
    for (wide rest = left % divisor; more < 30; more++) {
        rest *= 10;
        buf_add_char(&out, (char)('0' + (int)(rest / divisor)));
        rest %= divisor;
    }
    (void)snprintf(text, sizeof text, "%s%se%d", is_negative ? "-" : "", buf_string(&out),
                   -more - scale);
    buf_release(&out);
    return strtod(text, NULL);
}

static wide linear_numerator(const struct made *made, int64_t i, int64_t count)
{
    return made->first * (count - 1 - i) + made->last * i;
}

static void evenly(struct made *made, int64_t count)
{
    wide digits;
    int scale;
    bool is_whole = !made->is_float;
    for (int64_t i = 0; i < count && is_whole; i++) {
        is_whole = linear_numerator(made, i, count) % (count - 1) == 0;
    }
    made->least = is_whole ? 0 : made->least > 0 ? made->least : 1;
    struct buf text = BUF_EMPTY;
    for (int64_t i = 0; i < count; i++) {
        wide numerator = linear_numerator(made, i, count);
        if (divide(numerator, count - 1, made->scale, &digits, &scale)) {
            give(made, digits, scale, &text);
        } else {
            buf_clear(&text);
            add_double(nearest_double(numerator, count - 1, made->scale), &text);
            made->each(made->context, buf_slice(&text));
        }
    }
    buf_release(&text);
}

/* The whole number by which the smaller one has to be multiplied count - 1 times; 0: there is
 * none. */
static wide whole_factor(const struct made *made, int64_t count)
{
    wide low = made->first < made->last ? made->first : made->last;
    wide high = made->first < made->last ? made->last : made->first;
    long double ratio = (long double)high / (long double)low;
    wide factor = (wide)(powl(ratio, 1.0L / (long double)(count - 1)) + 0.5L);
    wide product = low;
    for (int64_t i = 1; i < count; i++) {
        if (factor < 2 || product > high / factor) {
            return 0;
        }
        product *= factor;
    }
    return product == high ? factor : 0;
}

static void by_factor(struct made *made, int64_t count, wide factor)
{
    struct buf text = BUF_EMPTY;
    wide number = made->first;
    for (int64_t i = 0; i < count; i++) {
        give(made, number, made->scale, &text);
        number = made->first < made->last ? number * factor : number / factor;
    }
    buf_release(&text);
}

static void by_powers(struct made *made, int64_t count)
{
    struct buf text = BUF_EMPTY;
    long double from = made->from.number;
    long double ratio = (long double)made->to.number / from;
    for (int64_t i = 0; i < count; i++) {
        long double part = (long double)i / (long double)(count - 1);
        double number = i == 0           ? made->from.number
                        : i == count - 1 ? made->to.number
                                         : (double)(from * powl(ratio, part));
        buf_clear(&text);
        add_double(number, &text);
        made->each(made->context, buf_slice(&text));
    }
    buf_release(&text);
}

static int by_count(struct range *range, struct made *made)
{
    int64_t count = range->count->value->integer;
    bool is_log = range->scale != NULL && slice_is(range->scale->value->string, "log");
    bool is_exact = made->from.is_exact && made->to.is_exact;
    if (count > POINT_MOST_VALUES) {
        return complain(range, range->count, "this range has more than 10,000,000 values");
    }
    if (is_log && (made->from.number <= 0 || made->to.number <= 0)) {
        return complain(range, made->from.number <= 0 ? range->from : range->to,
                        "a logarithmic range needs numbers above 0");
    }
    bool is_one =
        is_exact ? made->first == made->last : fabs(made->from.number - made->to.number) <= 0;
    if (is_one != (count == 1)) {
        return complain(range, range->count,
                        is_one
                            ? "`from` and `to` are equal: `count` must be 1"
                            : "`count` must be at least 2: `from` and `to` are among the values");
    }
    if (!is_log && !is_exact) {
        return complain(range, NULL,
                        "these numbers have too many digits for an even range; use scale = "
                        "\"log\", or list them");
    }
    if (is_one) {
        struct buf text = BUF_EMPTY;
        point_number_spell(range->loader->source, range->from->value, &text);
        made->each(made->context, buf_slice(&text));
        buf_release(&text);
        return 0;
    }
    if (!is_log) {
        evenly(made, count);
        return 0;
    }
    wide factor = is_exact ? whole_factor(made, count) : 0;
    if (factor > 0) {
        by_factor(made, count, factor);
    } else {
        by_powers(made, count);
    }
    return 0;
}

int point_range_each(struct loader *loader, const struct toml_value *value, point_number_fn *each,
                     void *context)
{
    struct range range = {.loader = loader, .value = value};
    if (check_keys(&range) != 0) {
        return -1;
    }
    struct made made = {.from = decimal_of(loader->source, range.from->value),
                        .to = decimal_of(loader->source, range.to->value),
                        .each = each,
                        .context = context};
    made.is_float = made.from.is_float || made.to.is_float;
    made.least = made.from.written > made.is_float ? made.from.written : made.is_float;
    if (made.from.is_exact && made.to.is_exact) {
        made.scale = made.from.scale > made.to.scale ? made.from.scale : made.to.scale;
        made.first = made.from.digits * power_of_ten(made.scale - made.from.scale);
        made.last = made.to.digits * power_of_ten(made.scale - made.to.scale);
    }
    return range.count != NULL ? by_count(&range, &made) : by_step(&range, &made);
}
