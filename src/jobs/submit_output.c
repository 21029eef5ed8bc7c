#include "submit_output.h"

#include "disk.h"
#include "file.h"
#include "sbatch_files.h"
#include "script.h"
#include "site.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct output {
    struct submitting *submitting;
    struct sbatch_files files;
    struct sbatch_file_facts facts;
    const char *what; /* "output" */
    bool is_own;      /* by output_file_path and output_file_name */
    bool only_looks;  /* nothing is made yet */
};

static const char *user_name(struct arena *arena)
{
    char space[4096];
    struct passwd entry;
    struct passwd *found = NULL;
    return getpwuid_r(geteuid(), &entry, space, sizeof space, &found) == 0 && found != NULL
               ? arena_string(arena, slice_of(found->pw_name))
               : NULL;
}

/* The file as the project sees it, with the patterns whose values only the job has. */
static const char *path_of(const struct output *output, struct slice file, bool *is_whole)
{
    struct buf path = BUF_EMPTY;
    struct slice folder = output->files.folder;
    if (file.at[0] != '/' && folder.len > 0) {
        buf_add_slice(&path, folder); /* has no patterns */
        buf_add_char(&path, '/');
    }
    *is_whole = sbatch_file_expand(file, &output->facts, &path);
    const char *kept = arena_string(&output->submitting->arena, buf_slice(&path));
    buf_release(&path);
    return kept;
}

/* Slurm makes the folders of --output from 23.02 on. */
static bool makes_folders(struct submitting *submitting)
{
    const struct site_version wanted = {23, 2};
    struct site_version version;
    if (!submitting->has_asked_version) {
        submitting->has_asked_version = true;
        submitting->makes_folders =
            site_ask_version(&version, environ) && site_version_reaches(&version, wanted);
    }
    return submitting->makes_folders;
}

/* A pattern in a folder's name: nobody can make it before the job has its number. */
static int check_unknown_folder(const struct output *output, const char *path)
{
    struct submitting *submitting = output->submitting;
    if (makes_folders(submitting)) {
        return 0;
    }
    return diag_error(
        submitting->diag, FINDING_FILE_TROUBLE,
        "the folder of the job's %s `%s` has a name that is known only in the job, and "
        "Slurm before 23.02 doesn't make it: the job would fail without a word; leave "
        "the pattern out of the folder's name",
        output->what, path);
}

/* Whether a job can write there, as far as it can be seen from here. */
static int check_writable(const struct output *output, const char *path, const char *folder,
                          bool is_pattern)
{
    struct submitting *submitting = output->submitting;
    int project = submitting->place.project;
    if ((!is_pattern && faccessat(project, path, W_OK, AT_EACCESS) == 0) ||
        faccessat(project, folder != NULL ? folder : ".", W_OK, AT_EACCESS) == 0) {
        return 0;
    }
    return diag_state_error(submitting->diag, FINDING_FILE_TROUBLE,
                            "the job's %s `%s` can't be written: %s; `output_file_path` of the "
                            "action's submit_options names another folder",
                            output->what, path, strerror(errno));
}

/* The same for the registration, in which a later look fills in what only the job has. */
static struct slice registered_path(const struct output *output, struct slice file)
{
    struct buf path = BUF_EMPTY;
    if (file.at[0] != '/' && output->files.folder.len > 0) {
        sbatch_file_add_plain(output->files.folder, &path);
        buf_add_char(&path, '/');
    }
    sbatch_file_fill(file, &output->facts, &path);
    struct slice kept = arena_slice(&output->submitting->arena, buf_slice(&path));
    buf_release(&path);
    return kept;
}

/* The folder's own path; false: it has a pattern that only the job fills in. */
static bool find_folder(const struct output *output, struct slice file, const char **folder)
{
    struct buf path = BUF_EMPTY;
    const char *slash = file.len > 0 ? memrchr(file.at, '/', file.len) : NULL;
    bool is_whole = true;
    if (file.at[0] != '/' && output->files.folder.len > 0) {
        buf_add_slice(&path, output->files.folder);
        buf_add_char(&path, '/');
    }
    if (slash != NULL) {
        is_whole = sbatch_file_expand(slice_make(file.at, (size_t)(slash - file.at) + 1),
                                      &output->facts, &path);
    }
    *folder = path.len > 0 ? arena_string(&output->submitting->arena, buf_slice(&path)) : NULL;
    buf_release(&path);
    return is_whole;
}

/* Whether the folder is there, or can be made: what is there of its path is a folder that may be written to.
 * -1 with errno. */
static int look_for_folder(int project, const char *folder, bool *is_made)
{
    struct buf path = BUF_EMPTY;
    struct stat found;
    int result;
    *is_made = true;
    buf_add_string(&path, folder);
    while ((result = disk->stat(project, buf_string(&path), &found, 0)) != 0 && errno == ENOENT &&
           path.len > 0) {
        *is_made = false;
        do {
            path.at[--path.len] = '\0';
        } while (path.len > 0 && path.at[path.len - 1] != '/');
        if (path.len == 0) {
            result = disk->stat(project, ".", &found, 0);
            break;
        }
    }
    if (result == 0 && !S_ISDIR(found.st_mode)) {
        errno = ENOTDIR;
        result = -1;
    }
    if (result == 0 && !*is_made) {
        result = disk->may(project, path.len > 0 ? path.at : ".", W_OK | X_OK);
    }
    int error = errno;
    buf_release(&path);
    errno = error;
    return result;
}

static int prepare(const struct output *output, struct slice file, struct slice *registered)
{
    struct submitting *submitting = output->submitting;
    bool is_whole;
    const char *folder;
    const char *path = path_of(output, file, &is_whole);
    *registered = registered_path(output, file);
    if (!find_folder(output, file, &folder)) {
        return check_unknown_folder(output, path);
    }
    bool is_made = true;
    if (folder != NULL &&
        (output->only_looks ? look_for_folder(submitting->place.project, folder, &is_made)
                            : file_make_parents(submitting->place.project, folder)) != 0) {
        if (path[0] == '/' && !output->is_own) { /* it may exist where the job runs */
            if (!output->only_looks) {
                diag_warning(submitting->diag, FINDING_FILE_TROUBLE,
                             "the folder of the job's %s `%s` can't be made here: %s; if the host "
                             "of the job lacks it as well, the job fails without any message",
                             output->what, path, strerror(errno));
            }
            return 0;
        }
        return diag_state_error(submitting->diag, FINDING_FILE_TROUBLE,
                                "the folder of the job's %s `%s` can't be made: %s", output->what,
                                path, strerror(errno));
    }
    return !is_made ? 0 : check_writable(output, path, folder, !is_whole);
}

int submit_prepare_output(struct submitting *submitting, size_t number, struct slice script,
                          const char *const *words, bool only_looks, struct submission *registered)
{
    const struct planned_submission *planned = &submitting->jobs.submissions.at[number];
    struct output output = {.submitting = submitting, .what = "output", .only_looks = only_looks};
    struct buf own = BUF_EMPTY;
    sbatch_files_find(&output.files, script, words, environ, &submitting->arena);
    output.facts.name = output.files.name.at;
    output.facts.user = user_name(&submitting->arena);
    struct slice file = output.files.output;
    if (file.len == 0) {
        file = planned->is_array ? SLICE_LITERAL("slurm-%A_%a.out") : SLICE_LITERAL("slurm-%j.out");
    }
    script_add_output(submit_action(submitting, planned), submitting->place.cluster->name,
                      planned->is_array, &own);
    output.is_own = slice_equal(file, buf_slice(&own));
    buf_release(&own);
    if (prepare(&output, file, &registered->output) != 0) {
        return -1;
    }
    output.what = "error output";
    output.is_own = false;
    return output.files.errors.len > 0 ? prepare(&output, output.files.errors, &registered->errors)
                                       : 0;
}
