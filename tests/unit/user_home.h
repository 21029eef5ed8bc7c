/* A home directory for tests of files that belong to a user. */
#ifndef TEST_USER_HOME_H
#define TEST_USER_HOME_H

#include "buf.h"
#include "file.h"

#include <fcntl.h>

/* Writes HOME/.config/PROGRAM/NAME. */
static inline void home_write(const char *home, const char *program, const char *name,
                              const char *text)
{
    struct buf path = BUF_EMPTY;
    buf_addf(&path, "%s/.config/%s/%s", home, program, name);
    assert_int_equal(file_make_parents(AT_FDCWD, buf_string(&path)), 0);
    assert_int_equal(file_replace(AT_FDCWD, buf_string(&path), slice_of(text)), 0);
    buf_release(&path);
}

static inline void home_empty(const char *home)
{
    struct buf path = BUF_EMPTY;
    buf_addf(&path, "%s/.config", home);
    assert_int_equal(file_remove_tree(AT_FDCWD, buf_string(&path)), 0);
    buf_release(&path);
}

#endif
