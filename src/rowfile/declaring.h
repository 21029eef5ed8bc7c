/* Shared by the files that read `workspace.points` and `workspace.name`. Internal to this folder. */
#ifndef ROWBUILD_DECLARING_H
#define ROWBUILD_DECLARING_H

#include "declaration.h"
#include "load.h"

/* declaration.c: sets rowfile->declaration if points are declared. Needs the value file. */
void build_points(struct loader *loader, const struct layers *layers);

/* point_name.c: the template of the directories' names. -1 after errors. */
int build_point_name(struct loader *loader, struct declaration *declaration,
                     const struct toml_value *value);

/* declaration_check.c: what the keys need of each other. Reports errors. */
void check_declaration(struct loader *loader, const struct declaration *declaration,
                       const struct toml_value *points, const struct toml_value *name);

/* declaration_check.c: the line of the Rowfile. */
size_t declared_line(const struct loader *loader, size_t offset);

#endif
