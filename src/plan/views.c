/* What counts of a file: of a folder product, without the entries that the task didn't make (stays.h). */
#include "plan_inner.h"

const struct tree_view *plan_view(const struct plan *plan, struct file_id file)
{
    const struct tree_view *stays = plan->stays != NULL ? plan->stays[file.at] : NULL;
    return stays != NULL ? stays : graph_view(plan->graph, file);
}

size_t plan_stays(const struct plan *plan, struct file_id file, const struct slice **entries)
{
    const struct tree_view *view = plan->stays != NULL ? plan->stays[file.at] : NULL;
    *entries = view != NULL ? view->without : NULL;
    return view != NULL ? view->without_count : 0;
}
