#include "survey.h"

#include "parallel.h"

#include <errno.h>

enum { STAT_GRAIN = 256, READ_GRAIN = 16 };

struct surveying {
    const struct survey *survey;
    const uint32_t *files;
    const uint8_t *adopted;
    uint8_t *statuses;
    struct surveyed *found;
};

static const struct tree_view *view_of(const struct survey *survey, uint32_t file)
{
    return survey->view != NULL ? survey->view(survey->context, file) : NULL;
}

static void stat_range(void *context, unsigned worker, size_t first, size_t end)
{
    const struct surveying *surveying = context;
    const struct survey *survey = surveying->survey;
    struct buf path = BUF_EMPTY;
    (void)worker;
    for (size_t i = first; i < end; i++) {
        uint32_t file = surveying->files[i];
        buf_clear(&path);
        survey->add_path(survey->context, file, &path);
        surveying->statuses[file] =
            (uint8_t)observe_view_stat(survey->observer, buf_string(&path), view_of(survey, file),
                                       survey->row(survey->context, file));
    }
    buf_release(&path);
}

void survey_stat(const struct survey *survey, const uint32_t *files, size_t count,
                 uint8_t *statuses)
{
    struct surveying surveying = {.survey = survey, .files = files};
    surveying.statuses = statuses;
    parallel_for(survey->threads, count, STAT_GRAIN, stat_range, &surveying);
}

static void read_range(void *context, unsigned worker, size_t first, size_t end)
{
    const struct surveying *surveying = context;
    const struct survey *survey = surveying->survey;
    struct buf path = BUF_EMPTY;
    (void)worker;
    for (size_t i = first; i < end; i++) {
        uint32_t file = surveying->files[i];
        struct surveyed *found = &surveying->found[i];
        bool is_adopted = surveying->adopted != NULL && surveying->adopted[file] != 0;
        buf_clear(&path);
        survey->add_path(survey->context, file, &path);
        found->row = *survey->row(survey->context, file);
        found->status = is_adopted
                            ? observe_adopted(survey->observer, buf_string(&path), &found->row)
                            : observe_view(survey->observer, buf_string(&path),
                                           view_of(survey, file), &found->row);
        found->error = found->status == FILE_TROUBLE ? errno : 0;
    }
    buf_release(&path);
}

void survey_read(const struct survey *survey, const uint32_t *files, size_t count,
                 const uint8_t *adopted, struct surveyed *found)
{
    struct surveying surveying = {
        .survey = survey, .files = files, .adopted = adopted, .found = found};
    parallel_for(survey->threads, count, READ_GRAIN, read_range, &surveying);
}
