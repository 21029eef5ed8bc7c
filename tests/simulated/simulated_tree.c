/* Inodes and names of the simulated disk, and what was written since they were synced. */
#include "simulated_inner.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LINKS = 40 }; /* that are followed on one path */

/* ---- Inodes ---- */

struct inode *tree_new_inode(enum inode_kind kind, mode_t mode)
{
    struct inode *inode = mem_alloc(sizeof *inode);
    *inode = (struct inode){.kind = kind, .mode = mode, .number = simulated.next_number++};
    vec_push(&simulated.inodes, inode);
    tree_note_change(inode);
    return inode;
}

void tree_release_inode(struct inode *inode)
{
    buf_release(&inode->content);
    buf_release(&inode->synced);
    vec_each (struct unsynced_write, write, &inode->writes) {
        free(write->bytes);
    }
    vec_release(&inode->writes);
    tree_release_entries(&inode->entries);
    tree_release_entries(&inode->synced_entries);
    free(inode);
}

int64_t tree_stamp(void)
{
    return simulated.now_ns - simulated.now_ns % simulated.tick_ns;
}

void tree_note_change(struct inode *inode)
{
    inode->mtime_ns = tree_stamp();
    inode->ctime_ns = inode->mtime_ns;
}

/* ---- Names ---- */

static size_t place_of(const entry_list *entries, const char *name)
{
    size_t i = 0;
    while (i < entries->count && strcmp(entries->at[i].name, name) != 0) {
        i++;
    }
    return i;
}

struct inode *tree_find(const entry_list *entries, const char *name)
{
    size_t i = place_of(entries, name);
    return i < entries->count ? entries->at[i].inode : NULL;
}

void tree_set(entry_list *entries, const char *name, struct inode *inode)
{
    size_t i = place_of(entries, name);
    if (i < entries->count && inode != NULL) {
        entries->at[i].inode = inode;
    } else if (inode != NULL) {
        vec_push(entries, (struct entry){mem_copy(name, strlen(name)), inode});
    } else if (i < entries->count) {
        free(entries->at[i].name);
        entries->at[i] = entries->at[--entries->count];
    }
}

void tree_release_entries(entry_list *entries)
{
    vec_each (struct entry, entry, entries) {
        free(entry->name);
    }
    vec_release(entries);
}

uint64_t tree_begin_change(void)
{
    return simulated.next_change++;
}

void tree_name(struct inode *folder, const char *name, struct inode *inode, uint64_t change)
{
    char *copy = mem_copy(name, strlen(name)); /* `name` may be the entry's own */
    const struct inode *subject = inode != NULL ? inode : tree_find(&folder->entries, copy);
    tree_set(&folder->entries, copy, inode);
    tree_note_change(folder);
    vec_push(&simulated.changes, (struct name_change){folder, copy, inode, subject, change});
}

static bool belongs_to(const struct name_change *change, const struct name_change *later)
{
    return change->number == later->number ||
           (change->subject == later->subject && change->number < later->number);
}

void tree_complete_choice(bool *chosen)
{
    const struct name_change *changes = simulated.changes.at;
    bool grows = true;
    while (grows) {
        grows = false;
        for (size_t i = 0; i < simulated.changes.count; i++) {
            for (size_t j = 0; chosen[i] && j < simulated.changes.count; j++) {
                if (!chosen[j] && belongs_to(&changes[j], &changes[i])) {
                    chosen[j] = true;
                    grows = true;
                }
            }
        }
    }
}

void tree_put_on_disk(const bool *chosen, bool keeps_others)
{
    size_t kept = 0;
    for (size_t i = 0; i < simulated.changes.count; i++) {
        struct name_change change = simulated.changes.at[i];
        if (chosen[i]) {
            tree_set(&change.folder->synced_entries, change.name, change.inode);
        }
        if (!chosen[i] && keeps_others) {
            simulated.changes.at[kept++] = change;
        } else {
            free(change.name);
        }
    }
    simulated.changes.count = kept;
}

void tree_sync_names(const struct inode *folder)
{
    bool *chosen = mem_alloc(simulated.changes.count + 1);
    for (size_t i = 0; i < simulated.changes.count; i++) {
        chosen[i] = simulated.changes.at[i].folder == folder;
    }
    tree_complete_choice(chosen);
    tree_put_on_disk(chosen, true);
    free(chosen);
}

/* ---- Paths ---- */

static int fail(int error)
{
    errno = error;
    return -1;
}

bool place_is_named(const struct place *place)
{
    return place->name[0] != '\0' && strcmp(place->name, ".") != 0 &&
           strcmp(place->name, "..") != 0;
}

/* What comes next on a path: the part that begins it is cut off. */
struct part {
    char name[NAME_MAX + 1];
    bool has_slash;
    bool is_last;
};

static int take_part(const char **rest, struct part *part)
{
    size_t len = strcspn(*rest, "/");
    if (len > NAME_MAX) {
        return fail(ENAMETOOLONG);
    }
    memcpy(part->name, *rest, len);
    part->name[len] = '\0';
    *rest += len;
    part->has_slash = **rest == '/';
    *rest += strspn(*rest, "/");
    part->is_last = **rest == '\0';
    return 0;
}

static struct inode *look_up(struct inode *folder, const char *name)
{
    return strcmp(name, ".") == 0    ? folder
           : strcmp(name, "..") == 0 ? folder->parent
                                     : tree_find(&folder->entries, name);
}

static bool is_followed(const struct part *part, enum follow follow)
{
    return follow == FOLLOW_ALWAYS || (follow == FOLLOW_WITH_SLASH && part->has_slash) ||
           (follow == FOLLOW_WITHOUT_SLASH && !part->has_slash);
}

static int walk(struct inode *at, const char *path, enum follow follow, int *links,
                struct place *place)
{
    const char *rest = path + strspn(path, "/");
    at = path[0] == '/' ? simulated.root : at;
    *place = (struct place){.parent = at, .inode = at};
    if (path[0] == '\0') {
        return fail(ENOENT);
    }
    while (*rest != '\0') {
        struct part part;
        if (at->kind != INODE_FOLDER) {
            return fail(ENOTDIR);
        }
        if (take_part(&rest, &part) != 0) {
            return -1;
        }
        struct inode *next = look_up(at, part.name);
        bool is_link = next != NULL && next->kind == INODE_LINK;
        if (is_link && (!part.is_last || is_followed(&part, follow))) {
            /* What comes last at the end of a link is followed as what came last here. */
            enum follow inner =
                part.is_last && follow == FOLLOW_WITHOUT_SLASH ? follow : FOLLOW_ALWAYS;
            if (++*links > MOST_LINKS) {
                return fail(ELOOP);
            }
            if (walk(at, buf_string(&next->content), inner, links, place) != 0) {
                return -1;
            }
            place->has_slash = place->has_slash || part.has_slash;
        } else {
            *place = (struct place){.parent = at, .inode = next, .has_slash = part.has_slash};
            memcpy(place->name, part.name, sizeof part.name);
        }
        if (part.is_last) {
            return 0;
        }
        if (place->inode == NULL) {
            return fail(ENOENT);
        }
        at = place->inode;
    }
    return 0;
}

int tree_walk(struct inode *at, const char *path, enum follow follow, struct place *place)
{
    int links = 0;
    return strlen(path) >= PATH_MAX ? fail(ENAMETOOLONG) : walk(at, path, follow, &links, place);
}

void tree_add_path(const struct inode *folder, struct buf *out)
{
    if (folder == folder->parent) {
        buf_add_string(out, out->len == 0 ? "/" : "");
        return;
    }
    size_t before = out->len;
    tree_add_path(folder->parent, out);
    if (out->len == before || out->at[out->len - 1] != '/') {
        buf_add_char(out, '/');
    }
    vec_each (const struct entry, entry, &folder->parent->entries) {
        if (entry->inode == folder) {
            buf_add_string(out, entry->name);
        }
    }
}
