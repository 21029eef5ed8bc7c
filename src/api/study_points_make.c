/* Writing declared points, and the command that shows them. */
#include "study.h"

#include "report.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_NAMES = 3 };

/* ---- Writing ---- */

struct pending {
    size_t made;
    size_t rewritten;
    size_t renamed;
};

static struct pending count_pending(const struct workspace *workspace)
{
    struct pending pending = {0};
    for (size_t i = 0; i < workspace->count; i++) {
        enum point_standing standing = workspace_standing(workspace, i);
        pending.made += standing == POINT_NEW || standing == POINT_UNWRITTEN;
        pending.rewritten += standing == POINT_CHANGED;
        pending.renamed += standing == POINT_RENAMED;
    }
    return pending;
}

static bool any_pending(const struct pending *pending)
{
    return pending->made + pending->rewritten + pending->renamed > 0;
}

/* "; renamed 2 directories: `a` to `b`, `c` to `d`" */
static void add_renamed(const struct workspace *workspace, size_t count, bool would,
                        struct buf *text)
{
    size_t shown = 0;
    buf_add_string(text, text->len > 0 ? "; " : "");
    buf_add_string(text, would ? "would rename " : "renamed ");
    text_add_count(text, count);
    buf_add_string(text, count == 1 ? " directory: " : " directories: ");
    for (size_t i = 0; i < workspace->count && shown < MOST_NAMES; i++) {
        if (workspace_standing(workspace, i) == POINT_RENAMED) {
            text_add_listed(text, workspace->names[i], shown++);
            buf_add_string(text, " to `");
            text_add_name(text, workspace_point_name(workspace, i));
            buf_add_char(text, '`');
        }
    }
    buf_add_string(text, count > MOST_NAMES ? ", …" : "");
}

/* "made 6 points and rewrote the values of 2" */
static void add_written(const struct workspace *workspace, const struct pending *pending,
                        bool would, struct buf *text)
{
    size_t made = pending->made;
    size_t rewritten = pending->rewritten;
    if (made > 0) {
        buf_add_string(text, would ? "would make " : "made ");
        text_add_count(text, made);
        buf_add_string(text, made == 1 ? " point" : " points");
    }
    if (rewritten > 0) {
        buf_add_string(text, made > 0 ? " and " : "");
        buf_add_string(text, would ? (made > 0 ? "rewrite" : "would rewrite") : "rewrote");
        buf_add_string(text, rewritten == 1 ? " the value of " : " the values of ");
        text_add_count(text, rewritten);
        buf_add_string(text, made > 0 ? "" : rewritten == 1 ? " point" : " points");
    }
    if (pending->renamed > 0) {
        add_renamed(workspace, pending->renamed, would, text);
    }
}

bool study_add_pending_points(const struct rowbuild *study, struct buf *text)
{
    struct pending pending = count_pending(&study->workspace);
    add_written(&study->workspace, &pending, true, text);
    return any_pending(&pending);
}

/* What is to be written is on record before it is. */
static int record(struct rowbuild *study, const uint32_t *directories, size_t count,
                  struct diag *diag)
{
    const struct workspace *workspace = &study->workspace;
    struct point_record *records = mem_alloc((count + 1) * sizeof *records);
    for (size_t i = 0; i < count; i++) {
        uint32_t d = directories[i];
        records[i] = (struct point_record){
            .name = workspace_point_name(workspace, d),
            .before = workspace->points.found[d],
            .after = points_digest(study->points, workspace->points.numbers[d]),
        };
        if (workspace_standing(workspace, d) == POINT_RENAMED) {
            records[i].former = workspace->names[d];
        }
    }
    int result = point_records_add(study->point_records, records, count, diag);
    free(records);
    return result;
}

/* Under the lock. */
static int write_points(struct rowbuild *study, struct buf *told, struct diag *diag)
{
    uint32_t *directories;
    struct pending pending = count_pending(&study->workspace);
    size_t count = workspace_pending_points(&study->workspace, &directories);
    size_t written = 0;
    int result = count > 0 ? record(study, directories, count, diag) : 0;
    if (result == 0 && count > 0) {
        result = workspace_make_points(&study->workspace, study->project, directories, count,
                                       &written, diag);
    }
    if (result == 0 && written > 0) {
        add_written(&study->workspace, &pending, false, told);
    }
    free(directories);
    return result;
}

int study_make_points(struct rowbuild *study, const struct rowbuild_selection *selection,
                      struct buf *told, struct rowbuild_messages *messages)
{
    struct pending pending = count_pending(&study->workspace);
    struct workspace found;
    if (study->points == NULL || study->job != NULL || !any_pending(&pending)) {
        return ROWBUILD_OK;
    }
    if (write_points(study, told, &messages->diag) != 0) {
        return ROWBUILD_STATE;
    }
    struct points_view view = study->workspace.points.view;
    study_add_known_points(study, &view);
    if (workspace_open_declared(&found, study->project, study->rowfile, study->state_path, &view,
                                &messages->diag) != 0) {
        workspace_release(&found);
        return ROWBUILD_STATE;
    }
    int status = study_load_anew(study, selection, &found, messages);
    return status == ROWBUILD_OK ? study_plan_anew(study, messages) : status;
}

/* ---- The command ---- */

static int find_point(const struct workspace *workspace, const char *asked, size_t *directory,
                      struct diag *diag)
{
    struct slice name = slice_of(asked);
    struct slice nearest;
    while (name.len > 1 && name.at[name.len - 1] == '/') {
        name.len--;
    }
    struct slice below = path_below(name, workspace->path);
    int64_t found = workspace_find(workspace, name, &nearest);
    if (found < 0 && below.at != NULL) {
        found = workspace_find(workspace, below, NULL);
    }
    if (found >= 0 && workspace_standing(workspace, (size_t)found) != POINT_NONE) {
        *directory = (size_t)found;
        return 0;
    }
    struct buf shown = BUF_EMPTY;
    buf_add_string(&shown, "no point has the directory `");
    text_add_name(&shown, name);
    buf_add_char(&shown, '`');
    if (found < 0 && nearest.at != NULL) {
        buf_add_string(&shown, "; did you mean `");
        text_add_name(&shown, nearest);
        buf_add_string(&shown, "`?");
    }
    diag_error(diag, FINDING_UNKNOWN_TARGET, "%s", buf_string(&shown));
    buf_release(&shown);
    return -1;
}

/* Marks what was asked for by name to be written, whatever its file has. */
static int force_named(struct rowbuild *study, const struct rowbuild_points_options *options,
                       struct diag *diag)
{
    int result = 0;
    for (size_t i = 0; i < options->write_count; i++) {
        size_t directory;
        if (find_point(&study->workspace, options->write[i], &directory, diag) != 0) {
            result = -1;
            continue;
        }
        enum point_standing standing = workspace_standing(&study->workspace, directory);
        if (standing == POINT_HELD) {
            struct buf shown = BUF_EMPTY;
            text_add_name(&shown, study->workspace.names[directory]);
            result = diag_state_error(diag, FINDING_POINTS_HELD,
                                      "a task of `%s` is in a job: its value can be written when "
                                      "the job has ended",
                                      buf_string(&shown));
            buf_release(&shown);
        } else if (standing == POINT_EDITED || standing == POINT_REFUSED) {
            workspace_force_point(&study->workspace, directory);
        }
    }
    return result;
}

static int write_and_look(struct rowbuild *study, const struct rowbuild_points_options *options,
                          const struct rowbuild_selection *selection,
                          struct rowbuild_messages *messages)
{
    struct buf told = BUF_EMPTY;
    int status = ROWBUILD_OK;
    if (force_named(study, options, &messages->diag) != 0) {
        status = rowbuild_messages_status(messages);
    } else if (!options->dry_run) {
        status = study_make_points(study, selection, &told, messages);
    }
    if (status == ROWBUILD_OK && options->dry_run) {
        (void)study_add_pending_points(study, &told);
    }
    if (told.len > 0) {
        diag_note(&messages->diag, FINDING_POINTS_MADE, "%s", buf_string(&told));
    }
    buf_release(&told);
    return status;
}

/* ---- Pruning ---- */

static void tell_pruned(const struct workspace *workspace, size_t count, bool would,
                        struct diag *diag)
{
    struct buf text = BUF_EMPTY;
    struct buf to = BUF_EMPTY;
    buf_add_string(&text, would ? "would move " : "moved ");
    text_add_count(&text, count);
    buf_add_string(&text, count == 1 ? " directory to `" : " directories to `");
    workspace_add_pruned_path(workspace, &to);
    text_add_name(&text, buf_slice(&to));
    buf_add_string(&text, "`: ");
    for (size_t i = 0; i < count && i < MOST_NAMES; i++) {
        text_add_listed(&text, workspace->points.undeclared[i], i);
    }
    buf_add_string(&text, count > MOST_NAMES ? ", …" : "");
    diag_note(diag, FINDING_UNDECLARED_DIRECTORIES, "%s", buf_string(&text));
    buf_release(&text);
    buf_release(&to);
}

/* A job may work in a directory that was declared when it was submitted. */
static int prune(struct rowbuild *study, bool dry_run, struct diag *diag)
{
    struct workspace *workspace = &study->workspace;
    size_t count = workspace->points.undeclared_count;
    int result = 0;
    if (count > 0 && jobs_may_be_queued(study->jobs)) {
        return diag_state_error(diag, FINDING_POINTS_HELD,
                                "jobs are queued or running, and may work in undeclared "
                                "directories; use --prune when they have ended");
    }
    if (!dry_run) {
        result = workspace_prune(workspace, study->project, &count, diag);
    }
    if (count > 0) {
        tell_pruned(workspace, count, dry_run, diag);
    }
    if (!dry_run) {
        struct workspace_points *own = &workspace->points;
        own->undeclared_count -= count;
        memmove(own->undeclared, own->undeclared + count,
                own->undeclared_count * sizeof *own->undeclared);
    }
    return result;
}

/* Before anything is written or moved. */
static bool may_prune(const struct rowbuild *study, const struct rowbuild_points_options *options)
{
    struct rowbuild_undeclared undeclared;
    if (!options->prune || options->dry_run || options->yes) {
        return true;
    }
    study_find_undeclared(study, false, &undeclared);
    return undeclared.core_hours <= study->rowfile->confirm_above ||
           (options->confirm != NULL && options->confirm(options->context, &undeclared));
}

static void report(const struct rowbuild *study, const struct rowbuild_show_options *show,
                   struct buf *out)
{
    const struct workspace_points *points = &study->workspace.points;
    struct recorded_work *works = mem_alloc((points->undeclared_count + 1) * sizeof *works);
    if (points->undeclared_count > 0) {
        plan_find_recorded_work(study->plan, points->undeclared, points->undeclared_count, works);
    }
    report_points(&study->workspace, works, show, out);
    free(works);
}

/* Whether a point keeps its tasks from being run. */
static bool any_unusable(const struct workspace *workspace)
{
    for (size_t i = 0; i < workspace->count; i++) {
        enum point_standing standing = workspace_standing(workspace, i);
        if (standing == POINT_EDITED || standing == POINT_REFUSED) {
            return true;
        }
    }
    return false;
}

int rowbuild_points(struct rowbuild *study, const struct rowbuild_points_options *options,
                    const struct rowbuild_show_options *show, const struct rowbuild_writer *writer,
                    struct rowbuild_messages *messages)
{
    struct rowbuild_selection quick = {.recorded = true, .no_adopt = true};
    struct buf out = BUF_EMPTY;
    if (study->rowfile->declaration == NULL) {
        diag_error(&messages->diag, FINDING_WRONG_POINTS,
                   "%s declares no points; use [[workspace.points]]", study->file_name);
        return messages_settle(messages, ROWBUILD_USAGE);
    }
    study->makes_points = true;
    study->told_undeclared = true; /* they are listed */
    int status = study_look(study, &quick, options->dry_run ? STATE_READ : STATE_WRITE, messages);
    if (status == ROWBUILD_OK && !may_prune(study, options)) {
        status = ROWBUILD_USAGE;
    }
    if (status == ROWBUILD_OK) {
        status = write_and_look(study, options, &quick, messages);
    }
    if (status == ROWBUILD_OK && options->prune &&
        prune(study, options->dry_run, &messages->diag) != 0) {
        status = ROWBUILD_STATE;
    }
    if (status == ROWBUILD_OK) {
        report(study, show, &out);
        writer->write(writer->context, out.at, out.len);
        status = any_unusable(&study->workspace) ? ROWBUILD_FAILED : ROWBUILD_OK;
    }
    study->makes_points = false;
    if (study_drop(study, messages) != 0 && status == ROWBUILD_OK) {
        status = ROWBUILD_STATE;
    }
    buf_release(&out);
    return messages_settle(messages, status);
}
