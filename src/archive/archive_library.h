/* The functions of libarchive, by a table that is filled in when the library is opened. Only files of
 * this folder include this. */
#ifndef ROWBUILD_ARCHIVE_LIBRARY_H
#define ROWBUILD_ARCHIVE_LIBRARY_H

#include "diag.h"

#include <archive.h>
#include <archive_entry.h>

/* Every function of libarchive that is used. */
#define ARCHIVE_FUNCTIONS(X)                                                                       \
    X(archive_entry_clear)                                                                         \
    X(archive_entry_free)                                                                          \
    X(archive_entry_new)                                                                           \
    X(archive_entry_set_filetype)                                                                  \
    X(archive_entry_set_mtime)                                                                     \
    X(archive_entry_set_pathname)                                                                  \
    X(archive_entry_set_perm)                                                                      \
    X(archive_entry_set_size)                                                                      \
    X(archive_errno)                                                                               \
    X(archive_error_string)                                                                        \
    X(archive_write_close)                                                                         \
    X(archive_write_data)                                                                          \
    X(archive_write_free)                                                                          \
    X(archive_write_header)                                                                        \
    X(archive_write_new)                                                                           \
    X(archive_write_open)                                                                          \
    X(archive_write_set_bytes_in_last_block)                                                       \
    X(archive_write_set_format_zip)

struct archive_library {
#define MEMBER(name) __typeof__ (&name)(name);
    ARCHIVE_FUNCTIONS(MEMBER)
#undef MEMBER
};

/* The open library; NULL after an error that names the package. */
const struct archive_library *archive_library_open(struct diag *diag);

#endif
