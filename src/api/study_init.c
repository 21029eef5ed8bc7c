/* init: makes a new project. */
#include "study.h"

#include "new_project.h"

int rowbuild_init(const char *directory, const struct rowbuild_init_options *options,
                  struct rowbuild_messages *messages)
{
    struct new_project project = {.directory = directory,
                                  .workspace = options->workspace,
                                  .existing = options->from_workspace,
                                  .signac = options->signac,
                                  .row = options->row};
    int result = project_make(&project, &messages->diag);
    return messages_settle(messages,
                           result == 0 ? ROWBUILD_OK : rowbuild_messages_status(messages));
}
