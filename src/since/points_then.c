/* The points that the commit's Rowfile declared. A point that has another name today, since the
 * template of names changed, has today's: a run renames its directory with its records. */
#include "since_inner.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>

static int compare_points(const void *a, const void *b)
{
    return slice_compare(((const struct since_point *)a)->name,
                         ((const struct since_point *)b)->name);
}

/* A point whose name the other study doesn't declare. */
struct lone {
    struct digest digest;
    size_t number; /* of the commit's point, or of today's directory */
    bool is_then;
};

static int compare_lone(const void *a, const void *b)
{
    const struct lone *first = a;
    const struct lone *second = b;
    int order = memcmp(&first->digest, &second->digest, sizeof first->digest);
    return order != 0 ? order : (int)second->is_then - (int)first->is_then;
}

/* The point of today that a directory is for, or -1. One that is to be renamed still has its former
 * name. */
static int64_t find_now(const struct since *since, struct slice name)
{
    const struct workspace *today = since->now.graph->workspace;
    int64_t directory = today->points.numbers != NULL ? workspace_find(today, name, NULL) : -1;
    return directory >= 0 && today->points.numbers[directory] != POINT_UNDECLARED
               ? (int64_t)today->points.numbers[directory]
               : -1;
}

/* Gives today's name to each point of the commit that alone has a value which alone one new point of
 * today has, too. */
static void follow_names(const struct since *since, struct since_points *then)
{
    const struct workspace *today = since->now.graph->workspace;
    VEC(struct lone) lone = {0};
    for (size_t i = 0; i < then->count; i++) {
        if (find_now(since, then->sorted[i].name) < 0) {
            vec_push(&lone, (struct lone){points_digest(then->points, i), i, true});
        }
    }
    for (size_t i = 0; i < today->count && lone.count > 0; i++) {
        if (today->points.numbers[i] != POINT_UNDECLARED &&
            points_find(then->points, today->names[i]) < 0) {
            vec_push(&lone, (struct lone){workspace_declared_digest(today, i), i, false});
        }
    }
    if (lone.count > 0) {
        qsort(lone.at, lone.count, sizeof *lone.at, compare_lone);
    }
    for (size_t i = 0, end = 0; i < lone.count; i = end) {
        for (end = i + 1; end < lone.count && digest_equal(lone.at[i].digest, lone.at[end].digest);
             end++) {
        }
        if (end == i + 2 && lone.at[i].is_then && !lone.at[i + 1].is_then) {
            then->sorted[lone.at[i].number].name = today->names[lone.at[i + 1].number];
        }
    }
    vec_release(&lone);
}

int since_find_points(struct since *since, points_read_fn *read_table, struct diag *diag)
{
    struct since_points *then = &since->points_then;
    if (since->rowfile_then->declaration == NULL) {
        return 0;
    }
    then->points = points_new_from(since->rowfile_then, read_table, since, diag);
    if (then->points == NULL) {
        return -1;
    }
    then->count = points_count(then->points);
    then->sorted = mem_alloc((then->count + 1) * sizeof *then->sorted);
    for (size_t i = 0; i < then->count; i++) {
        then->sorted[i] = (struct since_point){points_name(then->points, i), i};
    }
    if (since->now.graph->workspace->points.numbers != NULL) {
        follow_names(since, then);
        qsort(then->sorted, then->count, sizeof *then->sorted, compare_points);
    }
    return 0;
}

void since_release_points(struct since_points *points)
{
    points_free(points->points);
    free(points->sorted);
    *points = (struct since_points){0};
}

int64_t since_find_point(const struct since_points *points, struct slice name)
{
    struct since_point wanted = {name, 0};
    const struct since_point *found = points->count > 0
                                          ? bsearch(&wanted, points->sorted, points->count,
                                                    sizeof *points->sorted, compare_points)
                                          : NULL;
    return found != NULL ? (int64_t)found->number : -1;
}

bool since_look_at_point(const struct since *since, struct slice name, struct since_path *found)
{
    const struct points *now = since->now.graph->workspace->points.view.points;
    int64_t before = since_find_point(&since->points_then, name);
    int64_t after = find_now(since, name);
    if (before < 0 && after < 0) {
        return false;
    }
    found->was_there |= before >= 0;
    found->is_there |= after >= 0;
    found->differs = before < 0 || after < 0 ||
                     !digest_equal(points_digest(since->points_then.points, (size_t)before),
                                   points_digest(now, (size_t)after));
    return true;
}
