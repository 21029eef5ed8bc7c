/* report --crate: what the records know, as a Provenance Run Crate.
 *
 * A crate is a folder or a zip file with `ro-crate-metadata.json`, a JSON-LD document that describes
 * the files beside it (RO-Crate 1.1), here by the profile of Workflow Run RO-Crate for workflows whose
 * steps are known (https://w3id.org/ro/wfrun/provenance/0.5). The Rowfile is the workflow, an action
 * is a step and its tool, the last success of a task is a CreateAction, a run is an OrganizeAction.
 *
 * Knows: how records become entities. Doesn't know: how files are copied (package.h). The records
 * decide, not the Rowfile of today. A file that isn't what was recorded any more is named, and its
 * content is left out. Which file holds what: crate_entities.c (ids and references), crate_files.c
 * (files and folders), crate_values.c (values), crate_steps.c (actions and tasks), crate_runs.c (runs,
 * people, hosts), crate.c (the whole). */
#ifndef ROWBUILD_CRATE_H
#define ROWBUILD_CRATE_H

#include "diag.h"
#include "plan.h"

#include <stdbool.h>
#include <stddef.h>

struct crate_options {
    const char *path; /* of the new folder or zip file, from the current directory */
    bool without_data;
    const char *project_path; /* absolute, without links */
    const char *description;  /* file name of the Rowfile, in the project */
    const char *repository;   /* address of the git repository; NULL: not known */
};

struct crate_counts {
    size_t tasks;
    size_t files; /* that are copied, or (without data) described */
};

/* Writes the crate: whole, or after an error not at all. Tasks without a success are left out and
 * counted in a warning; so are tasks that aren't up to date, which are in the crate as they last
 * succeeded. The plan must be of everything, made with `no_adopt`. */
int report_crate(struct plan *plan, const struct crate_options *options,
                 struct crate_counts *counts, struct diag *diag);

#endif
