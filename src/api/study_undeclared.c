/* Directories with results that no point declares any more, and the records of which ones were
 * declared. */
#include "study.h"

#include "text.h"

#include <stdlib.h>

enum { MOST_NAMES = 3 };

/* Appends the name of one more directory. */
static void count_one(struct rowbuild_undeclared *found, struct slice name,
                      const struct recorded_work *work, struct buf *names)
{
    if (found->directories < MOST_NAMES) {
        text_add_listed(names, name, found->directories);
    } else if (found->directories == MOST_NAMES) {
        buf_add_string(names, ", …");
    }
    found->directories++;
    found->core_hours += work->core_seconds / 3600;
}

void study_find_undeclared(const struct rowbuild *study, bool only_new,
                           struct rowbuild_undeclared *found)
{
    const struct workspace_points *points = &study->workspace.points;
    struct buf names = BUF_EMPTY;
    *found = (struct rowbuild_undeclared){.names = ""};
    size_t count = study->points != NULL ? points->undeclared_count : 0;
    struct slice *directories = mem_alloc((count + 1) * sizeof *directories);
    struct recorded_work *works = mem_alloc((count + 1) * sizeof *works);
    size_t chosen = 0;
    for (size_t i = 0; i < count; i++) {
        if (!only_new || point_records_declared(study->point_records, points->undeclared[i])) {
            directories[chosen++] = points->undeclared[i];
        }
    }
    if (chosen > 0) {
        plan_find_recorded_work(study->plan, directories, chosen, works);
    }
    for (size_t i = 0; i < chosen; i++) {
        if (works[i].has_results) {
            count_one(found, directories[i], &works[i], &names);
        }
    }
    if (found->directories > 0) {
        /* as labels of tasks: made when they are asked for; the arena is the study's own */
        found->names = arena_string((struct arena *)&study->labels, buf_slice(&names));
    }
    free(directories);
    free(works);
    buf_release(&names);
}

bool study_must_ask(const struct rowbuild *study, const struct rowbuild_estimate *estimate)
{
    double core_hours = estimate->again_core_hours + estimate->undeclared.core_hours;
    return estimate->again + estimate->undeclared.directories > 0 &&
           core_hours > study->rowfile->confirm_above;
}

/* A directory that is still to be renamed is declared under its other name. */
static bool is_point(const struct workspace *workspace, size_t directory)
{
    enum point_standing standing = workspace_standing(workspace, directory);
    return standing != POINT_NONE && standing != POINT_NEW && standing != POINT_RENAMED &&
           slice_equal(workspace->names[directory], workspace_point_name(workspace, directory));
}

int study_mark_points(const struct rowbuild *study, struct diag *diag)
{
    const struct workspace *workspace = &study->workspace;
    VEC(struct point_mark) marks = {0};
    if (study->points == NULL) {
        return 0;
    }
    for (size_t i = 0; i < workspace->points.undeclared_count; i++) {
        struct slice name = workspace->points.undeclared[i];
        if (point_records_declared(study->point_records, name)) {
            vec_push(&marks, ((struct point_mark){name, false}));
        }
    }
    for (size_t i = 0; i < workspace->count; i++) {
        struct slice name = workspace->names[i];
        if (is_point(workspace, i) && !point_records_declared(study->point_records, name)) {
            vec_push(&marks, ((struct point_mark){name, true}));
        }
    }
    int result =
        marks.count > 0 ? point_records_mark(study->point_records, marks.at, marks.count, diag) : 0;
    vec_release(&marks);
    return result;
}
