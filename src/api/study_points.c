/* Declared points, as a look at the study sees them. */
#include "study.h"

#include "text.h"

#include <stdlib.h>

enum { MOST_NAMES = 3 };

int study_expand_points(struct rowbuild *study, struct diag *diag)
{
    if (study->rowfile->declaration == NULL || study->points != NULL) {
        return 0;
    }
    study->points = points_new(study->rowfile, study->project, diag);
    return study->points != NULL ? 0 : -1;
}

static bool was_written(const void *context, struct slice name, struct digest digest)
{
    const struct rowbuild *study = context;
    return point_records_have(study->point_records, name, digest);
}

static const struct file_row *row_of_value(const void *context, size_t directory, struct slice name)
{
    const struct rowbuild *study = context;
    return study->state != NULL
               ? state_recorded_file(study->state, directory, name, study->rowfile->value_file)
               : NULL;
}

static int compare_formers(const void *a, const void *b)
{
    return slice_compare(((const struct point_former *)a)->former,
                         ((const struct point_former *)b)->former);
}

void study_add_known_points(struct rowbuild *study, struct points_view *view)
{
    view->known_count = point_records_names(study->point_records, &view->known);
    size_t most = point_records_any_former(study->point_records) ? view->known_count : 0;
    struct point_former *formers = mem_alloc((most + 1) * sizeof *formers);
    size_t count = 0;
    for (size_t i = 0; i < most; i++) {
        struct slice former = point_records_former(study->point_records, i);
        if (former.at != NULL) {
            formers[count++] = (struct point_former){former, view->known[i]};
        }
    }
    if (count > 1) {
        qsort(formers, count, sizeof *formers, compare_formers);
    }
    free(study->point_formers);
    study->point_formers = formers;
    view->formers = formers;
    view->former_count = count;
}

void study_follow_renames(struct rowbuild *study)
{
    const struct points_view *view = &study->workspace.points.view;
    struct state_rename *renames = mem_alloc((view->former_count + 1) * sizeof *renames);
    size_t count = 0;
    for (size_t i = 0; i < view->former_count && study->job == NULL; i++) {
        const struct point_former *one = &view->formers[i];
        if (workspace_find(&study->workspace, one->former, NULL) < 0 &&
            workspace_find(&study->workspace, one->name, NULL) >= 0) {
            renames[count++] = (struct state_rename){one->former, one->name};
        }
    }
    if (count > 0) {
        (void)state_rename_directories(study->state, renames, count);
    }
    free(renames);
}

int study_open_workspace(struct rowbuild *study, enum state_mode mode, struct diag *diag)
{
    struct points_view view = {.points = study->points,
                               .as_declared = mode == STATE_READ || study->makes_points};
    if (study->points != NULL) {
        point_records_free(study->point_records);
        study->point_records = point_records_load(study->state_path, diag);
        if (study->point_records == NULL) {
            return -1;
        }
        view.was_written = was_written;
        view.row = row_of_value;
        view.context = study;
        study_add_known_points(study, &view);
    }
    return workspace_open_declared(&study->workspace, study->project, study->rowfile,
                                   study->state_path, &view, diag);
}

static void add_names(const struct slice *names, size_t count, struct buf *out)
{
    for (size_t i = 0; i < count && i < MOST_NAMES; i++) {
        text_add_listed(out, names[i], i);
    }
    buf_add_string(out, count > MOST_NAMES ? ", …" : "");
}

void study_tell_undeclared(struct rowbuild *study, struct diag *diag)
{
    const struct workspace_points *points = &study->workspace.points;
    if (points->undeclared_count == 0 || study->told_undeclared) {
        return;
    }
    struct buf names = BUF_EMPTY;
    add_names(points->undeclared, points->undeclared_count, &names);
    study->told_undeclared = true;
    diag_note(diag, FINDING_UNDECLARED_DIRECTORIES,
              "%zu %s in the workspace %s declared by no point and %s touched: %s; `rowbuild "
              "points` lists them",
              points->undeclared_count, points->undeclared_count == 1 ? "directory" : "directories",
              points->undeclared_count == 1 ? "is" : "are",
              points->undeclared_count == 1 ? "isn't" : "aren't", buf_string(&names));
    buf_release(&names);
}

/* Whose task is in a job reads its value there: it isn't written now. */
void study_hold_points(struct rowbuild *study, struct diag *diag)
{
    const struct graph *graph = study->graph;
    struct workspace *workspace = &study->workspace;
    VEC(struct slice) held = {0};
    for (uint32_t n = 0; study->points != NULL && study->job == NULL && n < graph->task_count;
         n++) {
        const uint32_t *directories;
        struct task_id task = {n};
        if (!graph_is_present(graph, task) || plan_job(study->plan, task) == NULL) {
            continue;
        }
        size_t count = graph_directories(graph, task, &directories);
        for (size_t i = 0; i < count; i++) {
            enum point_standing standing = workspace_standing(workspace, directories[i]);
            if (standing == POINT_CHANGED || standing == POINT_RENAMED) {
                workspace_hold_point(workspace, directories[i]);
                workspace_forget_value(workspace, directories[i]);
                vec_push(&held, workspace->names[directories[i]]);
            }
        }
    }
    if (held.count > 0) {
        struct buf names = BUF_EMPTY;
        add_names(held.at, held.count, &names);
        diag_note(diag, FINDING_POINTS_HELD,
                  "%zu changed %s written or renamed when %s jobs have ended: %s", held.count,
                  held.count == 1 ? "point is" : "points are", held.count == 1 ? "its" : "their",
                  buf_string(&names));
        buf_release(&names);
    }
    vec_release(&held);
}
