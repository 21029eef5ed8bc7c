/* What is known of a file on disk compared with what was last recorded of it: the one fact that
 * every look at a file answers.
 *
 * Not to be confused with enum file_kind (file.h), which says what kind of thing a path names. */
#ifndef ROWBUILD_FILE_STATUS_H
#define ROWBUILD_FILE_STATUS_H

enum file_status {
    FILE_UNSEEN,  /* not looked at yet */
    FILE_CURRENT, /* as recorded, by stat alone */
    FILE_READ,    /* it was read anew, and its record with it */
    FILE_MOVED,   /* there, but it has to be read before anything is known of its content */
    FILE_MOVING,  /* there, but it changed each time it was read */
    FILE_GONE,
    FILE_TROUBLE, /* it can't be looked at: an errno says why */
};

#endif
