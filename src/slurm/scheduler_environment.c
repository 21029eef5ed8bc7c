#include "scheduler_environment.h"

#include "buf.h"
#include "slice.h"

#include <stdlib.h>
#include <string.h>

#define CLUSTERS "SBATCH_CLUSTERS="

static bool starts_with_any(struct slice variable, const char *const *starts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_starts_with(variable, starts[i])) {
            return true;
        }
    }
    return false;
}

static bool is_kept(struct slice variable)
{
    static const char *const configuration[] = {
        "SLURM_CONF=", "SLURM_JWT=", "SLURM_CONF_SERVER=", "SLURM_SACK_"};
    static const char *const others[] = {"SLURM_",       "SLURMD_",           "SQUEUE_",
                                         "SBATCH_WAIT=", "SBATCH_ARRAY_INX=", "SBATCH_TEST_ONLY="};
    return starts_with_any(variable, configuration, sizeof configuration / sizeof *configuration) ||
           !starts_with_any(variable, others, sizeof others / sizeof *others);
}

void scheduler_environment_make(struct scheduler_environment *made, char *const *environment)
{
    *made = (struct scheduler_environment){0};
    for (size_t i = 0; environment[i] != NULL; i++) {
        struct slice variable = slice_of(environment[i]);
        if (is_kept(variable)) {
            vec_push(&made->variables, environment[i]);
        }
        if (slice_starts_with(variable, CLUSTERS) && made->clusters == NULL) {
            struct buf text = BUF_EMPTY;
            buf_addf(&text, "SLURM_CLUSTERS=%s", environment[i] + strlen(CLUSTERS));
            made->clusters = text.at;
        }
    }
    if (made->clusters != NULL) {
        vec_push(&made->variables, made->clusters);
    }
    vec_push(&made->variables, NULL);
}

void scheduler_environment_release(struct scheduler_environment *made)
{
    vec_release(&made->variables);
    free(made->clusters);
    made->clusters = NULL;
}
