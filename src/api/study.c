#include "study.h"

#include "carried.h"
#include "file.h"
#include "first_description.h"
#include "project.h"
#include "schema.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const size_t LARGEST_ROWFILE = 256U << 20;

const char *rowbuild_version(void)
{
    return ROWBUILD_VERSION;
}

const char *rowbuild_schema(void)
{
    return rowfile_schema();
}

static const char *environment(const char *ours, const char *rows)
{
    const char *value = getenv(ours);
    return value != NULL && value[0] != '\0' ? value : getenv(rows);
}

const struct cluster *study_find_cluster(struct clusters *clusters, const char *name,
                                         struct diag *diag)
{
    if (name == NULL || name[0] == '\0') {
        name = environment("ROWBUILD_CLUSTER", "ROW_CLUSTER");
    }
    if (name != NULL && name[0] == '\0') {
        name = NULL;
    }
    return clusters_load(clusters, diag) == 0 ? clusters_identify(clusters, name, environ, diag)
                                              : NULL;
}

static int read_threads(const char *text, unsigned *threads, struct diag *diag)
{
    uint64_t number;
    if (!text_read_number(slice_of(text), UINT_MAX, &number) || number == 0) {
        struct buf shown = BUF_EMPTY;
        text_add_name(&shown, slice_of(text));
        int result = diag_error(diag, FINDING_WRONG_ENVIRONMENT,
                                "the environment variable ROWBUILD_IO_THREADS (or ROW_IO_THREADS) "
                                "is `%s`; it must be a number from 1 on",
                                buf_string(&shown));
        buf_release(&shown);
        return result;
    }
    *threads = (unsigned)number;
    return 0;
}

static void set_state_path(struct rowbuild *study, const char *given)
{
    struct buf path = BUF_EMPTY;
    if (given == NULL || given[0] == '\0') {
        given = getenv("ROWBUILD_STATE");
    }
    if (given == NULL || given[0] == '\0') {
        given = ".rowbuild";
    }
    if (given[0] != '/') {
        buf_addf(&path, "%s/", study->project_path);
    }
    buf_add_string(&path, given);
    study->state_path = mem_copy(path.at, path.len);
    study->state_shown = mem_copy(given, strlen(given));
    buf_release(&path);
}

/* Reads the description; names the project. */
static int read_description(struct rowbuild *study, const struct rowbuild_options *options,
                            struct buf *text, struct diag *diag)
{
    struct buf path = BUF_EMPTY;
    int result = project_locate(options->directory, options->file, &path, diag);
    if (result == 0 && file_read(AT_FDCWD, buf_string(&path), LARGEST_ROWFILE, text) != 0) {
        result = diag_error(diag, FINDING_FILE_TROUBLE, "`%s` can't be read: %s", buf_string(&path),
                            strerror(errno));
    }
    if (result == 0) {
        const char *whole = buf_string(&path);
        const char *slash = strrchr(whole, '/');
        const char *base = slash != NULL ? slash + 1 : whole;
        const char *shown = options->file != NULL ? options->file : base;
        char *folder = slash != NULL ? mem_copy(whole, (size_t)(slash - whole)) : mem_copy(".", 1);
        study->project_path = realpath(folder[0] != '\0' ? folder : "/", NULL);
        study->file_name = mem_copy(shown, strlen(shown));
        free(folder);
        if (study->project_path != NULL) {
            study->project = open(study->project_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        }
        if (study->project < 0) {
            result =
                diag_state_error(diag, FINDING_FILE_TROUBLE,
                                 "the project's directory can't be opened: %s", strerror(errno));
        }
    }
    buf_release(&path);
    return result;
}

/* What `init` has written wins over a workflow.toml that was put beside it: easily overlooked. The
 * points and actions of its sample are then left out, so that they don't mix with the directories of
 * the other file. */
static void look_for_second_file(struct rowbuild *study, const struct rowbuild_options *options,
                                 struct diag *diag)
{
    struct rowfile *rowfile = study->rowfile;
    bool is_sample = first_description_ends(rowfile->source.text);
    if (options->file == NULL && rowfile->contract == CONTRACT_ROWFILE &&
        (rowfile->action_count == 0 || is_sample) &&
        faccessat(study->project, "workflow.toml", R_OK, 0) == 0) {
        diag_warning(diag, FINDING_ROWFILE_WITHOUT_ACTIONS,
                     "the Rowfile %s, and the workflow.toml beside it isn't read: remove the "
                     "Rowfile, or use `-f workflow.toml`",
                     is_sample ? "is the sample that `init` wrote" : "has no action");
        rowfile->action_count = 0;
        rowfile->declaration = NULL;
    }
}

/* Errors about the whole are told at once, with all else that was found; what concerns one action,
 * and warnings, wait until they matter. */
static int sort_findings(struct rowbuild *study, struct rowbuild_messages *messages)
{
    for (size_t i = 0; i < study->own.entries.count; i++) {
        const struct diag_entry *entry = &study->own.entries.at[i];
        if (entry->severity == DIAG_ERROR && entry->action == NULL) {
            messages_take(messages, &study->own, NULL);
            return -1;
        }
    }
    return 0;
}

/* The description and the user's files, as they are now. -1 after an error. */
static int read_files(struct rowbuild *study, const struct rowbuild_options *options,
                      struct rowbuild_messages *messages)
{
    struct buf text = BUF_EMPTY;
    int result = -1;
    if (read_description(study, options, &text, &messages->diag) == 0) {
        messages_describe(messages, study->project_path, study->file_name);
        study->from_project = project_below(study->project_path, options->directory);
        study->project_spelled =
            project_spelled(study->project_path, options->directory, options->file);
        set_state_path(study, options->state);
        study->rowfile = rowfile_load(buf_slice(&text), study->file_name, &study->own);
        study->cluster = study_find_cluster(&study->clusters, options->cluster, &messages->diag);
        if (study->rowfile != NULL) {
            look_for_second_file(study, options, &messages->diag);
        }
        result = launchers_load(&study->launchers, &messages->diag);
    }
    buf_release(&text);
    return result;
}

/* What was registered for the jobs of a submission. 0; 1: nothing was, so that the files count; -1 after
 * an error. */
static int read_carried(struct rowbuild *study, const struct rowbuild_options *options,
                        struct diag *diag)
{
    struct arena arena;
    struct carried carried;
    bool missing = true;
    int result = 1;
    arena_init(&arena);
    study->project_path = realpath(options->directory != NULL ? options->directory : ".", NULL);
    const struct submission *submission = NULL;
    if (study->project_path != NULL) {
        set_state_path(study, options->state);
        submission =
            submission_read(study->state_path, slice_of(options->job), &arena, &missing, diag);
        result = submission != NULL || missing ? 1 : -1;
    }
    if (submission != NULL && submission->description.at != NULL) {
        result = carried_read(study->state_path, submission->description, &arena, &carried, diag);
    }
    if (result == 0) {
        study->project = open(study->project_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        study->file_name = mem_copy(carried.file.at, carried.file.len);
        study->from_project = mem_copy("", 0);
        study->is_carried = true;
        study->rowfile = rowfile_load(carried.rowfile, study->file_name, &study->own);
        result = clusters_load_text(&study->clusters, carried.clusters, "clusters.toml", diag);
        result |= launchers_load_text(&study->launchers, carried.launchers, "launchers.toml", diag);
        study->cluster = study->clusters.count > 0 ? &study->clusters.items[0] : NULL;
        if (study->project < 0) {
            result =
                diag_state_error(diag, FINDING_FILE_TROUBLE,
                                 "the project's directory can't be opened: %s", strerror(errno));
        }
    } else {
        free(study->project_path);
        free(study->state_path);
        free(study->state_shown);
        study->project_path = NULL;
        study->state_path = NULL;
        study->state_shown = NULL;
    }
    arena_release(&arena);
    return result;
}

struct rowbuild *rowbuild_open(const struct rowbuild_options *options,
                               struct rowbuild_messages *messages)
{
    struct rowbuild *study = mem_alloc(sizeof *study);
    const char *threads = environment("ROWBUILD_IO_THREADS", "ROW_IO_THREADS");
    study->project = -1;
    study->workspace.fd = -1;
    diag_init(&study->own);
    arena_init(&study->labels);
    study->io_threads = options->io_threads;
    study->wait_s = options->wait_s;
    if (study->io_threads == 0 && threads != NULL && threads[0] != '\0' &&
        read_threads(threads, &study->io_threads, &messages->diag) != 0) {
        goto fail;
    }
    int loaded = options->job != NULL ? read_carried(study, options, &messages->diag) : 1;
    if (loaded > 0) {
        loaded = read_files(study, options, messages);
    }
    bool complete = study->rowfile != NULL && study->cluster != NULL && loaded == 0;
    if (complete) {
        launchers_check(&study->launchers, study->rowfile, study->cluster->name, &study->own);
    }
    if (sort_findings(study, messages) != 0 || !complete) {
        goto fail;
    }
    messages_settle(messages, 0);
    return study;
fail:
    messages_settle(messages, 0);
    rowbuild_close(study);
    return NULL;
}

void rowbuild_close(struct rowbuild *study)
{
    if (study == NULL) {
        return;
    }
    struct rowbuild_messages *unseen = rowbuild_messages_new();
    study_drop(study, unseen);
    rowbuild_messages_free(unseen);
    launchers_release(&study->launchers);
    clusters_release(&study->clusters);
    points_free(study->points);
    point_records_free(study->point_records);
    free(study->point_formers);
    free(study->told_writer);
    rowfile_free(study->rowfile);
    diag_release(&study->own);
    arena_release(&study->labels);
    if (study->project >= 0) {
        close(study->project);
    }
    free(study->project_path);
    free(study->project_spelled);
    free(study->file_name);
    free(study->state_path);
    free(study->state_shown);
    free(study->from_project);
    free(study);
}

const char *rowbuild_project_path(const struct rowbuild *study)
{
    return study->project_path;
}

const char *rowbuild_file_name(const struct rowbuild *study)
{
    return study->file_name;
}

const char *study_shown_path(const struct rowbuild *study, const char *path)
{
    size_t len = strlen(study->project_path);
    return strncmp(path, study->project_path, len) == 0 && path[len] == '/' ? path + len + 1 : path;
}
