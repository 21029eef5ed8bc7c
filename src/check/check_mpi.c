/* What check finds about ranks: a program that is linked with another MPI than its launcher's. */
#include "check_inner.h"

#include "mpi_kind.h"
#include "shell_names.h"

#include <unistd.h>

/* What starts the ranks of the action; len == 0: nothing does. */
static struct slice rank_launcher(const struct check *check, const struct action *action)
{
    for (size_t i = 0; i < action->launcher_count; i++) {
        const struct launcher *launcher = launchers_find(check->launchers, action->launchers[i]);
        const struct launcher_variant *variant =
            launcher != NULL && launcher_starts_processes(launcher, check->cluster->name)
                ? launcher_variant_for(launcher, check->cluster->name)
                : NULL;
        if (variant != NULL && variant->executable.at != NULL) {
            return mpi_program_of(variant->executable);
        }
    }
    return (struct slice){0};
}

static void take_program(void *context, const struct shell_name *name)
{
    struct slice *program = context;
    if (name->is_program && program->at == NULL) {
        *program = name->word;
    }
}

/* The file of a command's program; whether there is one. */
static bool find_file(const struct check *check, struct slice program, struct buf *file)
{
    if (program.at == NULL || program.len == 0) {
        return false;
    }
    if (memchr(program.at, '/', program.len) == NULL) {
        return !shell_has_built_in(program) && check_find_program(program, file);
    }
    if (program.at[0] != '/') {
        buf_addf(file, "%s/", check->project_path);
    }
    buf_add_slice(file, program);
    return access(buf_string(file), X_OK) == 0;
}

static void look_at(const struct check *check, const struct action *action, struct slice launcher,
                    struct diag *diag)
{
    struct slice program = {0};
    struct buf file = BUF_EMPTY;
    struct buf library = BUF_EMPTY;
    struct buf starter = BUF_EMPTY;
    struct buf starter_name = BUF_EMPTY;
    shell_names_each(action->command.text, take_program, &program);
    enum mpi_kind own = find_file(check, program, &file)
                            ? mpi_kind_of_program(buf_string(&file), &library)
                            : MPI_UNKNOWN;
    buf_add_slice(&starter, launcher);
    enum mpi_kind kind = own != MPI_UNKNOWN
                             ? mpi_kind_of_launcher(buf_string(&starter), &starter_name)
                             : MPI_UNKNOWN;
    if (kind != MPI_UNKNOWN && kind != own) {
        size_t offset =
            action->command_text_offset + (size_t)(program.at - action->command.text.at);
        diag_warning_at(diag, FINDING_OTHER_MPI, &check->graph->rowfile->source, offset,
                        program.len,
                        "action `%.*s`: `%.*s` is linked with %s (%s), but `%s` is of %s, under "
                        "which each rank runs alone; link the program with that one, or set the "
                        "launcher's `executable` in launchers.toml",
                        SLICE_ARGS(action->name), SLICE_ARGS(program), mpi_kind_name(own),
                        buf_string(&library), buf_string(&starter), buf_string(&starter_name));
    }
    buf_release(&file);
    buf_release(&library);
    buf_release(&starter);
    buf_release(&starter_name);
}

void check_mpi(const struct check *check, struct diag *diag)
{
    const struct rowfile *rowfile = check->graph->rowfile;
    for (size_t a = 0; a < rowfile->action_count; a++) {
        const struct action *action = &rowfile->actions[a];
        struct slice launcher = rank_launcher(check, action);
        if (action->command.text.at != NULL && launcher.len > 0 &&
            !check_searches_elsewhere(check, action) && !check_is_told(rowfile, a)) {
            look_at(check, action, launcher, diag);
        }
    }
}
