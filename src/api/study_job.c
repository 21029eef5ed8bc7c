/* rowbuild job: one element of a submission, carried out inside its job. */
#include "study.h"

#include "allocation.h"
#include "disk.h"
#include "job_variables.h"
#include "loop.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/stat.h>

static const double GRACE_S = 20; /* Slurm's default between its TERM and its KILL is 30 s */

static int carry_out(struct rowbuild *study, const struct job_element *element,
                     const struct part *part, const struct rowbuild_run_options *options,
                     const struct rowbuild_observer *observer, struct rowbuild_messages *messages)
{
    struct rowbuild_run_options unlimited = *options;
    struct rowbuild_selection whole = {0};
    struct buf name = BUF_EMPTY;
    struct allocation allocation;
    job_variables_read_own(&allocation);
    buf_addf(&name, "%s.%u", element->attempt.token, (unsigned)element->attempt.element);
    struct element_time time = element_time(element, study->cluster, &allocation);
    bool is_partial = false;
    struct study_job job = {
        .element = element,
        .part = part,
        .in_order = !allocation.exists || !element->is_scheduled,
        .name = buf_string(&name),
        .time = &time,
        .is_partial = &is_partial,
    };
    unlimited.keep_going = UINT_MAX; /* a failing task doesn't end its siblings */
    if (!(unlimited.grace_s > 0)) {
        unlimited.grace_s = GRACE_S;
    }
    int status = study_run(study, &whole, &job, &unlimited, observer, messages);
    status = status == ROWBUILD_OK && is_partial ? ROWBUILD_FAILED : status;
    if (element_end(element, study->state_path, &time, status != ROWBUILD_OK,
                    status == ROWBUILD_INTERRUPTED, &messages->diag) != 0) {
        status = ROWBUILD_STATE;
    }
    allocation_release(&allocation);
    buf_release(&name);
    return status;
}

/* Whether a product is a link: who else reaches its target, only the whole study tells. */
static bool has_links(const struct rowbuild *study, const struct job_element *element)
{
    for (size_t i = 0; i < element->product_count; i++) {
        struct stat found;
        if (disk->stat(study->project, element->products[i].at, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISLNK(found.st_mode)) {
            return true;
        }
    }
    return false;
}

int rowbuild_job(struct rowbuild *study, const char *token,
                 const struct rowbuild_run_options *options,
                 const struct rowbuild_observer *observer, struct rowbuild_messages *messages)
{
    struct arena arena;
    sigset_t before;
    struct job_element element;
    int status = ROWBUILD_OK;
    arena_init(&arena);
    loop_block_signals(&before,
                       false); /* what the scheduler sends while the job is prepared can wait */
    int begun = element_begin(&element, study->state_path, token, &arena, &messages->diag);
    struct part part = {.source_count = 0};
    bool is_whole = true;
    if (begun == 0 && study->is_carried) {
        begun =
            part_read(study->state_path, slice_of(element.attempt.token), element.attempt.element,
                      study->rowfile, &arena, &part, &is_whole, &messages->diag);
        is_whole = is_whole || (begun == 0 && has_links(study, &element));
    }
    if (begun == 0) {
        status = carry_out(study, &element, is_whole ? NULL : &part, options, observer, messages);
    } else if (begun < 0) {
        status = rowbuild_messages_status(messages);
    }
    loop_restore_signals(&before);
    arena_release(&arena);
    return messages_settle(messages, status);
}
