/* What the simulated disk is made of; its own files alone include this. simulated_tree.c has inodes
 * and names, simulated_calls.c the table, simulated_crash.c what a crash leaves, simulated_disk.c
 * what tests do. The mutex is held by whoever calls a tree_… function. */
#ifndef ROWBUILD_SIMULATED_INNER_H
#define ROWBUILD_SIMULATED_INNER_H

#include "buf.h"
#include "simulated_disk.h"
#include "vec.h"

#include <pthread.h>

enum inode_kind { INODE_FILE, INODE_FOLDER, INODE_LINK };

struct entry {
    char *name;
    struct inode *inode;
};
typedef VEC(struct entry) entry_list;

/* A write since the last sync; without bytes, a truncation to `at`. */
struct unsynced_write {
    size_t at;
    size_t len;
    char *bytes;
};

struct inode {
    enum inode_kind kind;
    uint64_t number;
    mode_t mode;
    unsigned links; /* of a file: its names */
    int64_t mtime_ns;
    int64_t ctime_ns;
    size_t reads;
    const struct description *lock;

    struct buf content; /* a link's is its target */
    struct buf synced;
    VEC(struct unsynced_write) writes;

    entry_list entries;
    entry_list synced_entries;
    struct inode *parent; /* of a folder; the root's is itself */
    bool is_removed;      /* a folder that has no name any more */
};

/* What descriptors stand for; those that were duplicated share it. */
struct description {
    struct inode *inode;
    int flags;
    size_t offset;
    char *path; /* absolute, as it was opened */
    unsigned references;
};

/* A name that came, went or changed since the last sync of its folder. Those of one number are
 * there together or not at all. */
struct name_change {
    struct inode *folder;
    char *name;
    struct inode *inode;         /* NULL: it went */
    const struct inode *subject; /* which came or went */
    uint64_t number;
};

struct fault {
    enum simulated_call call;
    char *path;
    unsigned left; /* calls until the one that fails; 0: all do */
    bool is_over;
    bool has_struck;
    int error;
};

struct simulated {
    pthread_mutex_t mutex;
    int64_t now_ns;
    int64_t tick_ns;
    uint64_t next_number;
    uint64_t next_change;
    struct inode *root;
    VEC(struct inode *) inodes;
    VEC(struct description *) descriptors; /* by number; NULL: free */
    VEC(struct name_change) changes;
    VEC(struct fault) faults;
    size_t calls;
    size_t stop_after;
    enum simulated_call stop_call; /* with stop_part */
    const char *stop_part;         /* NULL: none */
    bool keeps_order;
};

extern struct simulated simulated;
extern const struct disk simulated_table;

/* ---- simulated_calls.c ---- */

void tree_put_bytes(struct buf *content, const struct unsynced_write *write);
void tree_sync_content(struct inode *inode);

/* ---- simulated_tree.c ---- */

struct inode *tree_new_inode(enum inode_kind kind, mode_t mode);
void tree_release_inode(struct inode *inode);
int64_t tree_stamp(void);                   /* now, as times of files tell it */
void tree_note_change(struct inode *inode); /* both times become now */

struct inode *tree_find(const entry_list *entries, const char *name);
void tree_set(entry_list *entries, const char *name, struct inode *inode); /* NULL: removes */
void tree_release_entries(entry_list *entries);

/* Which name a folder's entry gets, in a change of that number; for a new one tree_begin_change. */
uint64_t tree_begin_change(void);
void tree_name(struct inode *folder, const char *name, struct inode *inode, uint64_t change);
void tree_sync_names(const struct inode *folder);

/* Adds to the changes that are chosen (by place in the list) what no file system would leave out
 * beside them: the other half of a rename, and what happened to the same inode before. */
void tree_complete_choice(bool *chosen);
/* Puts the chosen changes on the disk, and forgets all of them or (`keeps_others`) those. */
void tree_put_on_disk(const bool *chosen, bool keeps_others);

enum follow {
    FOLLOW_NEVER,
    FOLLOW_WITH_SLASH,    /* a link that a slash comes after */
    FOLLOW_WITHOUT_SLASH, /* …or doesn't */
    FOLLOW_ALWAYS,
};

struct place {
    struct inode *parent;
    struct inode *inode; /* NULL: there is no such name in `parent` */
    char name[256];      /* "." and ".." included; "" for the root */
    bool has_slash;      /* at the end */
};

/* -1 with errno where the way to the last part fails. */
int tree_walk(struct inode *at, const char *path, enum follow follow, struct place *place);
bool place_is_named(const struct place *place); /* neither ".", ".." nor "/" */

/* Appends the absolute path of a folder. */
void tree_add_path(const struct inode *folder, struct buf *out);

#endif
