#include "scancel.h"

#include "buf.h"
#include "slurm_call.h"
#include "vec.h"

enum { JOBS_EACH = 300 };

int scancel_jobs(struct slice site, const struct job_ref *jobs, size_t count,
                 char *const *environment, struct diag *diag)
{
    struct arena arena;
    int result = 0;
    arena_init(&arena);
    for (size_t first = 0; first < count; first += JOBS_EACH) {
        VEC(char *) argv = {0};
        struct buf text = BUF_EMPTY;
        vec_push(&argv, (char *)"scancel");
        if (site.len > 0) {
            buf_addf(&text, "--clusters=%.*s", SLICE_ARGS(site));
            vec_push(&argv, arena_string(&arena, buf_slice(&text)));
        }
        for (size_t i = first; i < count && i < first + JOBS_EACH; i++) {
            buf_clear(&text);
            job_ref_add_id(&jobs[i], &text);
            vec_push(&argv, arena_string(&arena, buf_slice(&text)));
        }
        vec_push(&argv, NULL);
        buf_clear(&text);
        if (!slurm_call(argv.at, environment, NULL, &text)) {
            result = diag_state_error(diag, FINDING_QUEUE_UNKNOWN,
                                      "the jobs can't be cancelled: %s", buf_string(&text));
        }
        vec_release(&argv);
        buf_release(&text);
    }
    arena_release(&arena);
    return result;
}
