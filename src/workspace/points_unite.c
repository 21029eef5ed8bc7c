/* Finds points that are declared twice, have one name, or differ only in how a number is written. */
#include "points_inner.h"

#include "text.h"

#include <stdlib.h>

enum { MOST_ERRORS = 5 };

static int compare_points(const void *a, const void *b)
{
    const struct point *left = a;
    const struct point *right = b;
    int order = slice_compare(left->name, right->name);
    if (order != 0) {
        return order;
    }
    if (left->set != right->set) {
        return left->set < right->set ? -1 : 1;
    }
    return left->number < right->number ? -1 : left->number > right->number;
}

static bool are_equal(const struct points *points, const struct point *a, const struct point *b)
{
    struct buf left = BUF_EMPTY;
    struct buf right = BUF_EMPTY;
    bool equal = digest_equal(a->digest, b->digest);
    if (equal) {
        points_add_as(points, a, POINTS_PYTHON, &left);
        points_add_as(points, b, POINTS_PYTHON, &right);
        equal = slice_equal(buf_slice(&left), buf_slice(&right));
    }
    buf_release(&left);
    buf_release(&right);
    return equal;
}

static void refuse_one_name(const struct points *points, const struct point *a,
                            const struct point *b, struct diag *diag)
{
    struct buf message = BUF_EMPTY;
    struct buf value = BUF_EMPTY;
    buf_add_string(&message, "two points have the name `");
    text_add_name(&message, a->name);
    buf_add_string(&message, "`: ");
    points_add_as(points, a, POINTS_TEXT, &value);
    points_add_shown(buf_slice(&value), &message);
    buf_addf(&message, " of line %zu and ",
             points_line(points, points->sets[a->set].declared->offset));
    buf_clear(&value);
    points_add_as(points, b, POINTS_TEXT, &value);
    points_add_shown(buf_slice(&value), &message);
    buf_addf(&message, " of line %zu; put what tells them apart into the name",
             points_line(points, points->sets[b->set].declared->offset));
    diag_error_at(diag, FINDING_WRONG_POINT_NAME, &points->rowfile->source,
                  points->declaration->name_offset, points->declaration->name_length, "%s",
                  buf_string(&message));
    buf_release(&value);
    buf_release(&message);
}

int points_unite(struct points *points, struct diag *diag)
{
    qsort(points->all.at, points->all.count, sizeof *points->all.at, compare_points);
    size_t kept = 0;
    size_t clashes = 0;
    for (size_t i = 0; i < points->all.count; i++) {
        const struct point *point = &points->all.at[i];
        const struct point *before = kept > 0 ? &points->all.at[kept - 1] : NULL;
        if (before == NULL || !slice_equal(before->name, point->name)) {
            points->all.at[kept++] = *point;
        } else if (!are_equal(points, before, point) && clashes++ < MOST_ERRORS) {
            refuse_one_name(points, before, point, diag);
        }
    }
    points->all.count = kept;
    if (clashes > MOST_ERRORS) {
        diag_error_at(diag, FINDING_WRONG_POINT_NAME, &points->rowfile->source,
                      points->declaration->name_offset, points->declaration->name_length,
                      "%zu more points have a name that another one has", clashes - MOST_ERRORS);
    }
    return clashes > 0 ? -1 : 0;
}

struct by_digest {
    struct digest digest;
    uint32_t point;
};

static int compare_digests(const void *a, const void *b)
{
    const struct by_digest *left = a;
    const struct by_digest *right = b;
    if (left->digest.high != right->digest.high) {
        return left->digest.high < right->digest.high ? -1 : 1;
    }
    if (left->digest.low != right->digest.low) {
        return left->digest.low < right->digest.low ? -1 : 1;
    }
    return left->point < right->point ? -1 : left->point > right->point;
}

void points_warn_of_equal(const struct points *points, struct diag *diag)
{
    size_t count = points->all.count;
    struct by_digest *sorted = mem_alloc((count + 1) * sizeof *sorted);
    size_t found = 0;
    size_t first = 0;
    for (size_t i = 0; i < count; i++) {
        sorted[i] = (struct by_digest){points->all.at[i].digest, (uint32_t)i};
    }
    qsort(sorted, count, sizeof *sorted, compare_digests);
    for (size_t i = 1; i < count; i++) {
        if (digest_equal(sorted[i - 1].digest, sorted[i].digest)) {
            first = found++ == 0 ? i : first;
        }
    }
    if (found > 0) {
        struct buf message = BUF_EMPTY;
        buf_add_string(&message, "the points `");
        text_add_name(&message, points->all.at[sorted[first - 1].point].name);
        buf_add_string(&message, "` and `");
        text_add_name(&message, points->all.at[sorted[first].point].name);
        buf_add_string(&message, "` differ only in how a number is written, such as 1 and 1.0");
        if (found > 1) {
            buf_addf(&message, "; so do %zu more", found - 1);
        }
        diag_warning_at(diag, FINDING_EQUAL_POINTS, &points->rowfile->source,
                        points->declaration->name_offset, points->declaration->name_length, "%s",
                        buf_string(&message));
        buf_release(&message);
    }
    free(sorted);
}
