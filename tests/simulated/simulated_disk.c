/* What tests do with the simulated disk. */
#include "simulated_inner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct simulated simulated;

static const int64_t START_NS = 1700000000 * INT64_C(1000000000);
/* Times have a part below the millisecond, as those of a fine clock do. */
static const int64_t FINE_NS = 1234567;
static const int64_t TICK_NS = 4000003;

/* ---- The disk itself ---- */

void simulated_begin(void)
{
    simulated = (struct simulated){
        .now_ns = START_NS + FINE_NS, .tick_ns = TICK_NS, .next_number = 1, .stop_after = SIZE_MAX};
    pthread_mutex_init(&simulated.mutex, NULL);
    simulated.root = tree_new_inode(INODE_FOLDER, 0755);
    simulated.root->parent = simulated.root;
    disk_use(&simulated_table);
}

void simulated_end(void)
{
    simulated_heal();
    simulated_crash(0); /* closes all */
    vec_each (struct inode *, inode, &simulated.inodes) {
        tree_release_inode(*inode);
    }
    vec_release(&simulated.inodes);
    vec_release(&simulated.descriptors);
    vec_release(&simulated.changes);
    vec_release(&simulated.faults);
    pthread_mutex_destroy(&simulated.mutex);
    disk_use(&disk_of_kernel);
}

/* ---- Files ---- */

static void give_up(const char *what, const char *path)
{
    (void)fprintf(stderr, "simulated disk: can't %s `%s`: %s\n", what, path, strerror(errno));
    abort();
}

/* The test's own changes of names are on the disk at once. */
static void name(struct inode *folder, const char *own_name, struct inode *inode)
{
    uint64_t change = tree_begin_change();
    tree_name(folder, own_name, inode, change);
    tree_sync_names(folder);
}

static void find(const char *what, const char *path, enum follow follow, struct place *place)
{
    if (tree_walk(simulated.root, path, follow, place) != 0) {
        give_up(what, path);
    }
}

static struct inode *find_there(const char *what, const char *path, enum follow follow)
{
    struct place place;
    find(what, path, follow, &place);
    if (place.inode == NULL) {
        errno = ENOENT;
        give_up(what, path);
    }
    return place.inode;
}

static void make_folders(const char *path, size_t len)
{
    struct buf whole = BUF_EMPTY;
    for (size_t end = 1; end <= len; end++) {
        if (end < len && path[end] != '/') {
            continue;
        }
        struct place place;
        buf_clear(&whole);
        buf_add(&whole, path, end);
        find("make the folder", whole.at, FOLLOW_ALWAYS, &place);
        if (place.inode == NULL) {
            struct inode *made = tree_new_inode(INODE_FOLDER, 0755);
            made->parent = place.parent;
            name(place.parent, place.name, made);
        }
    }
    buf_release(&whole);
}

static void make_parents(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash != NULL && slash != path) {
        make_folders(path, (size_t)(slash - path));
    }
}

static struct inode *make_file(const char *path)
{
    struct place place;
    make_parents(path);
    find("write", path, FOLLOW_ALWAYS, &place);
    if (place.inode == NULL) {
        place.inode = tree_new_inode(INODE_FILE, 0644);
        place.inode->links = 1;
        name(place.parent, place.name, place.inode);
    }
    return place.inode;
}

void simulated_write(const char *path, const char *text)
{
    pthread_mutex_lock(&simulated.mutex);
    struct inode *inode = make_file(path);
    buf_clear(&inode->content);
    buf_add_string(&inode->content, text);
    tree_note_change(inode);
    tree_sync_content(inode);
    pthread_mutex_unlock(&simulated.mutex);
}

void simulated_append(const char *path, const char *text)
{
    pthread_mutex_lock(&simulated.mutex);
    struct inode *inode = make_file(path);
    buf_add_string(&inode->content, text);
    tree_note_change(inode);
    tree_sync_content(inode);
    pthread_mutex_unlock(&simulated.mutex);
}

void simulated_make_folder(const char *path)
{
    pthread_mutex_lock(&simulated.mutex);
    make_folders(path, strlen(path));
    pthread_mutex_unlock(&simulated.mutex);
}

void simulated_link(const char *path, const char *target)
{
    struct place place;
    pthread_mutex_lock(&simulated.mutex);
    make_parents(path);
    find("make the link", path, FOLLOW_NEVER, &place);
    struct inode *link = tree_new_inode(INODE_LINK, 0777);
    link->links = 1;
    buf_add_string(&link->content, target);
    name(place.parent, place.name, link);
    pthread_mutex_unlock(&simulated.mutex);
}

void simulated_hard_link(const char *path, const char *existing)
{
    struct place place;
    pthread_mutex_lock(&simulated.mutex);
    struct inode *inode = find_there("link", existing, FOLLOW_NEVER);
    make_parents(path);
    find("link", path, FOLLOW_NEVER, &place);
    inode->links++;
    inode->ctime_ns = tree_stamp();
    name(place.parent, place.name, inode);
    pthread_mutex_unlock(&simulated.mutex);
}

static void lose(struct inode *inode)
{
    inode->links -= inode->links > 0;
    inode->is_removed = inode->kind == INODE_FOLDER;
    inode->ctime_ns = tree_stamp();
    while (inode->entries.count > 0) {
        struct inode *inner = inode->entries.at[0].inode;
        name(inode, inode->entries.at[0].name, NULL);
        lose(inner);
    }
}

void simulated_remove(const char *path)
{
    struct place place;
    pthread_mutex_lock(&simulated.mutex);
    if (tree_walk(simulated.root, path, FOLLOW_NEVER, &place) == 0 && place.inode != NULL) {
        name(place.parent, place.name, NULL);
        lose(place.inode);
    }
    pthread_mutex_unlock(&simulated.mutex);
}

void simulated_rename(const char *from, const char *to)
{
    struct place old;
    struct place new;
    pthread_mutex_lock(&simulated.mutex);
    make_parents(to);
    (void)find_there("rename", from, FOLLOW_NEVER);
    find("rename", from, FOLLOW_NEVER, &old);
    find("rename", to, FOLLOW_NEVER, &new);
    name(old.parent, old.name, NULL);
    name(new.parent, new.name, old.inode);
    if (old.inode->kind == INODE_FOLDER) {
        old.inode->parent = new.parent;
    }
    if (new.inode != NULL) {
        lose(new.inode);
    }
    old.inode->ctime_ns = tree_stamp();
    pthread_mutex_unlock(&simulated.mutex);
}

void simulated_set_time(const char *path, int64_t mtime_ns)
{
    pthread_mutex_lock(&simulated.mutex);
    struct inode *inode = find_there("touch", path, FOLLOW_ALWAYS);
    inode->mtime_ns = mtime_ns;
    inode->ctime_ns = tree_stamp();
    pthread_mutex_unlock(&simulated.mutex);
}

const char *simulated_text(const char *path)
{
    struct place place;
    pthread_mutex_lock(&simulated.mutex);
    bool is_there = tree_walk(simulated.root, path, FOLLOW_ALWAYS, &place) == 0 &&
                    place.inode != NULL && place.inode->kind == INODE_FILE;
    const char *text = is_there ? buf_string(&place.inode->content) : NULL;
    pthread_mutex_unlock(&simulated.mutex);
    return text;
}

/* ---- The clock ---- */

int64_t simulated_now(void)
{
    return simulated.now_ns;
}

void simulated_pass(int64_t ns)
{
    simulated.now_ns += ns;
}

void simulated_set_tick(int64_t ns)
{
    simulated.tick_ns = ns;
}

/* ---- Counts ---- */

size_t simulated_reads(const char *path)
{
    struct place place;
    pthread_mutex_lock(&simulated.mutex);
    bool is_there =
        tree_walk(simulated.root, path, FOLLOW_ALWAYS, &place) == 0 && place.inode != NULL;
    size_t reads = is_there ? place.inode->reads : 0;
    pthread_mutex_unlock(&simulated.mutex);
    return reads;
}

void simulated_forget_reads(void)
{
    pthread_mutex_lock(&simulated.mutex);
    vec_each (struct inode *, inode, &simulated.inodes) {
        (*inode)->reads = 0;
    }
    pthread_mutex_unlock(&simulated.mutex);
}

/* ---- Faults ---- */

void simulated_fail(enum simulated_call call, const char *path, unsigned nth, int error)
{
    pthread_mutex_lock(&simulated.mutex);
    vec_push(&simulated.faults,
             (struct fault){.call = call,
                            .path = path != NULL ? mem_copy(path, strlen(path)) : NULL,
                            .left = nth,
                            .error = error});
    pthread_mutex_unlock(&simulated.mutex);
}

bool simulated_heal(void)
{
    bool has_failed = false;
    pthread_mutex_lock(&simulated.mutex);
    vec_each (struct fault, fault, &simulated.faults) {
        has_failed = has_failed || fault->has_struck;
        free(fault->path);
    }
    simulated.faults.count = 0;
    pthread_mutex_unlock(&simulated.mutex);
    return has_failed;
}

void simulated_keep_order(void)
{
    simulated.keeps_order = true;
}

size_t simulated_calls(void)
{
    return simulated.calls;
}

bool simulated_is_stopped(void)
{
    pthread_mutex_lock(&simulated.mutex);
    bool is_stopped = simulated.calls > simulated.stop_after;
    pthread_mutex_unlock(&simulated.mutex);
    return is_stopped;
}

void simulated_stop_after(size_t calls)
{
    simulated.stop_after = calls;
}

void simulated_stop_at(enum simulated_call call, const char *part)
{
    simulated.stop_call = call;
    simulated.stop_part = part;
}
