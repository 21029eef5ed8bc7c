#include "cluster_check.h"

#include "groups.h"
#include "script.h"
#include "text.h"

#include <stdlib.h>

static void add_nearest(struct buf *message, struct slice nearest)
{
    if (nearest.at != NULL) {
        buf_add_string(message, "; did you mean `");
        text_add_name(message, nearest);
        buf_add_string(message, "`?");
    }
}

/* Options of `default.action` occur in every action, but each place is reported once. */
static bool is_first_at(const struct rowfile *rowfile, size_t action, size_t offset)
{
    for (size_t a = 0; a < action; a++) {
        for (size_t i = 0; i < rowfile->actions[a].submit_option_count; i++) {
            if (rowfile->actions[a].submit_options[i].cluster_offset == offset) {
                return false;
            }
        }
    }
    return true;
}

static void check_cluster_names(const struct clusters *clusters, const struct rowfile *rowfile,
                                size_t index, struct diag *diag)
{
    const struct action *action = &rowfile->actions[index];
    for (size_t i = 0; i < action->submit_option_count; i++) {
        const struct submit_options *options = &action->submit_options[i];
        struct slice nearest;
        if (clusters_find(clusters, options->cluster, &nearest) != NULL ||
            !is_first_at(rowfile, index, options->cluster_offset)) {
            continue;
        }
        struct buf message = BUF_EMPTY;
        buf_add_string(&message, "there is no cluster `");
        text_add_name(&message, options->cluster);
        buf_add_string(&message, "` in clusters.toml or built in");
        add_nearest(&message, nearest);
        diag_warning_at(diag, FINDING_UNKNOWN_CLUSTER, &rowfile->source, options->cluster_offset,
                        options->cluster_length, "%s", buf_string(&message));
        buf_release(&message);
    }
}

/* ---- Partitions ---- */

struct partition_check {
    const struct graph *graph;
    const struct cluster *cluster;
    const struct action *action;
    const struct submit_options *options; /* may be NULL */
    struct diag *diag;
};

static bool has_named_partition(const struct partition_check *check)
{
    const struct submit_options *options = check->options;
    const struct cluster *cluster = check->cluster;
    struct slice nearest;
    if (options == NULL || options->partition.at == NULL ||
        cluster_has_partition(cluster, options->partition, &nearest)) {
        return true;
    }
    struct buf message = BUF_EMPTY;
    buf_add_string(&message, "the cluster `");
    text_add_name(&message, cluster->name);
    buf_add_string(&message, "` has no partition `");
    text_add_name(&message, options->partition);
    buf_add_char(&message, '`');
    add_nearest(&message, nearest);
    diag_warning_at(check->diag, FINDING_UNKNOWN_PARTITION, &check->graph->rowfile->source,
                    options->partition_offset, options->partition_length, "%s",
                    buf_string(&message));
    buf_release(&message);
    return false;
}

/* A message is one line, so lines are joined. */
static void add_joined(struct buf *message, struct slice lines)
{
    for (size_t i = 0; i < lines.len; i++) {
        if (lines.at[i] != '\n') {
            buf_add_char(message, lines.at[i]);
        } else if (i + 1 < lines.len) {
            buf_add_string(message, "; ");
        }
    }
}

/* Whether a partition accepts a job for this many directories; if not, a warning is added. */
static bool fits(const struct partition_check *check, size_t directories)
{
    struct job_request request = job_request_of(check->action, directories > 0 ? directories : 1);
    struct job_size size = job_request_size(&request);
    struct slice named = check->options != NULL ? check->options->partition : (struct slice){0};
    struct buf reasons = BUF_EMPTY;
    struct buf warnings = BUF_EMPTY;
    bool found = cluster_choose_partition(check->cluster, named, size, &reasons, &warnings) != NULL;
    if (!found) {
        struct buf message = BUF_EMPTY;
        buf_add_string(&message, "no partition of the cluster `");
        text_add_name(&message, check->cluster->name);
        buf_add_string(&message, "` accepts a job of this action");
        if (directories > 1) {
            buf_addf(&message, " for %zu directories", directories);
        }
        buf_add_string(&message, ": ");
        add_joined(&message, buf_slice(&reasons));
        diag_warning_at(check->diag, FINDING_NO_PARTITION, &check->graph->rowfile->source,
                        check->action->name_offset, check->action->name.len + 2, "%s",
                        buf_string(&message));
        buf_release(&message);
    }
    buf_release(&warnings);
    buf_release(&reasons);
    return found;
}

static void check_groups(const struct partition_check *check, const uint32_t *directories,
                         size_t count)
{
    struct groups groups = {0};
    size_t begin = 0;
    if (groups_form(check->action, check->graph->workspace, directories, count, &groups,
                    check->diag) == 0) {
        for (size_t i = 0; i < groups.ends.count; i++) {
            if (!fits(check, groups.ends.at[i] - begin)) {
                break;
            }
            begin = groups.ends.at[i];
        }
    }
    groups_release(&groups);
}

/* Checks the jobs that a submission of all directories would consist of. */
static void check_partitions(const struct partition_check *check, uint32_t element)
{
    const struct graph *graph = check->graph;
    VEC(uint32_t) directories = {0};
    for (uint32_t n = 0; n < graph->task_count; n++) {
        if (graph->tasks[n].action != element) {
            continue;
        }
        if (graph->tasks[n].directory != GRAPH_NONE) {
            vec_push(&directories, graph->tasks[n].directory);
        } else if (!fits(check, graph->tasks[n].member_count)) {
            break;
        }
    }
    if (directories.count > 0) {
        check_groups(check, directories.at, directories.count);
    }
    vec_release(&directories);
}

void cluster_check(const struct clusters *clusters, const struct cluster *current,
                   const struct graph *graph, struct diag *diag)
{
    const struct rowfile *rowfile = graph->rowfile;
    for (uint32_t a = 0; a < rowfile->action_count; a++) {
        struct partition_check check = {
            .graph = graph,
            .cluster = current,
            .action = &rowfile->actions[a],
            .options = action_submit_options(&rowfile->actions[a], current->name.at),
            .diag = diag,
        };
        check_cluster_names(clusters, rowfile, a, diag);
        if (current->scheduler == SCHEDULER_SLURM && current->partition_count > 0 &&
            has_named_partition(&check)) {
            check_partitions(&check, a);
        }
    }
}
