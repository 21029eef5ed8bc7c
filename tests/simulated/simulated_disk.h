/* A disk in memory, behind the table of disk.h: folders, files, symbolic and hard links, nameless
 * files, inodes and times, with faults that are ordered and a crash that loses what was not synced.
 *
 * Knows: what Linux does and which errno it says, as far as the table goes (test_disk compares it
 * with the kernel, call by call). Doesn't know: users and permissions (a fault says EACCES), device
 * files, what the files mean.
 *
 * There is one disk at a time. Paths are from its root, "/", which is the current directory too.
 * Descriptors are large numbers, so that a call of the kernel's by mistake says EBADF. Parallel
 * calls are safe; what a test orders (faults, crash, clock) is its own thread's alone.
 *
 * What a test does through the functions below stands for somebody else's work: it is on the disk
 * at once, synced. Only what comes through the table can be lost in a crash. A path that a function
 * below needs and can't use ends the program: then the test is wrong. */
#ifndef ROWBUILD_SIMULATED_DISK_H
#define ROWBUILD_SIMULATED_DISK_H

#include "disk.h"
#include "slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Makes an empty disk and puts it in force; ends it, and the kernel's is in force again. */
void simulated_begin(void);
void simulated_end(void);

/* ---- Files ---- */

/* Missing folders are made. A file that exists is written in place: it keeps its inode. */
void simulated_write(const char *path, const char *text);
void simulated_append(const char *path, const char *text);
void simulated_make_folder(const char *path);
void simulated_link(const char *path, const char *target);        /* a symbolic link */
void simulated_hard_link(const char *path, const char *existing); /* another name of a file */
void simulated_remove(const char *path);                          /* a tree, too; or nothing */
void simulated_rename(const char *from, const char *to);
void simulated_set_time(const char *path, int64_t mtime_ns); /* as touch -d: ctime is now */

/* NULL where there is no such file; valid until something is written. */
const char *simulated_text(const char *path);

/* ---- The clock ---- */

/* It stands still until it is moved. Times of files are rounded down to the tick, 4 ms at first. */
int64_t simulated_now(void);
void simulated_pass(int64_t ns);
void simulated_set_tick(int64_t ns);

/* ---- Counts ---- */

/* How often the file of that name was read from since the last simulated_forget_reads. */
size_t simulated_reads(const char *path);
void simulated_forget_reads(void);

/* ---- Faults ---- */

enum simulated_call {
    SIMULATED_ANY,
    SIMULATED_OPEN,
    SIMULATED_READ,
    SIMULATED_WRITE,
    SIMULATED_STAT,
    SIMULATED_LIST,
    SIMULATED_SYNC,
    SIMULATED_RENAME,
    SIMULATED_UNLINK,
    SIMULATED_MAKE_FOLDER,
    SIMULATED_CHANGE, /* truncate, touch, modes */
    SIMULATED_OTHER,
};

/* Lets calls about a path (NULL: any) fail: the n-th from now on only, or all of them (`nth` 0). A
 * descriptor stands for the path that it was opened by. */
void simulated_fail(enum simulated_call call, const char *path, unsigned nth, int error);
bool simulated_heal(void); /* no faults any more; whether any call failed by one */

/* ---- Crashes ---- */

/* How many calls have been made so far, and after how many the power goes: all later ones say EIO
 * and do nothing. SIZE_MAX: never. */
size_t simulated_calls(void);
void simulated_stop_after(size_t calls);
bool simulated_is_stopped(void); /* a call was refused since */

/* The same, before the first such call about a path that contains that text. */
void simulated_stop_at(enum simulated_call call, const char *part);

/* The program was killed: all descriptors are closed, and calls work again. Nothing is lost. Whether
 * calls had stopped. */
bool simulated_kill(void);

/* What a machine finds on its disk after the power went, one of several legal outcomes: contents
 * since the last sync of a file, and names since the last sync of their folder, may be there, not
 * be there, or be there in part; a rename is there or not as a whole. All descriptors are closed,
 * and calls work again. */
void simulated_crash(uint64_t seed);

/* From now on what was written to a file reaches the disk in the order of the writes, as it does
 * where a journal of the file system orders data (ext4): a crash leaves no hole between two. */
void simulated_keep_order(void);

#endif
