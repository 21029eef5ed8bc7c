/* init: makes a new project. */
#include "study.h"

#include "new_project.h"

int rowbuild_init(const char *directory, const char *workspace, bool signac, bool row,
                  struct rowbuild_messages *messages)
{
    int result = project_make(directory, workspace, signac, row, &messages->diag);
    return messages_settle(messages,
                           result == 0 ? ROWBUILD_OK : rowbuild_messages_status(messages));
}
