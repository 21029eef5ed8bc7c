/* Why a program that exists can't be started.
 *
 * execve(2) says "No such file or directory" of a script whose interpreter is missing, too. Knows:
 * `#!` lines, ELF, permissions, PATH. Doesn't know: who wanted to start it. */
#ifndef ROWBUILD_UNSTARTABLE_H
#define ROWBUILD_UNSTARTABLE_H

#include "buf.h"

#include <stdbool.h>

/* Appends "its interpreter `/nowhere/python3` doesn't exist" or the like. `name` is looked up in
 * PATH of `envp` (NULL: not at all) where it has no '/', relative names are relative to
 * `directory`. False: there is no such file, or nothing is wrong with it. */
bool unstartable_explain(int directory, const char *name, char *const *envp, struct buf *out);

#endif
