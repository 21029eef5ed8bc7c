/* What a crash leaves: the names and contents that were synced, and some of the others. */
#include "random.h"
#include "simulated_inner.h"

#include <stdlib.h>
#include <string.h>

/* How much of what wasn't synced is there. */
enum survival { SURVIVE_NONE, SURVIVE_ALL, SURVIVE_FIRST, SURVIVE_SOME };
enum { SURVIVALS = 4 };

/* Chooses, for steps that were taken one after another, which of them are on the disk. */
struct choice {
    enum survival survival;
    size_t first; /* SURVIVE_FIRST: so many */
};

static struct choice choose(uint64_t *seed, size_t steps)
{
    struct choice choice = {.survival = (enum survival)(random_next(seed) % SURVIVALS)};
    choice.first = random_next(seed) % (steps + 1);
    return choice;
}

static bool survives(const struct choice *choice, size_t step, uint64_t *seed)
{
    switch (choice->survival) {
    case SURVIVE_NONE:
        return false;
    case SURVIVE_ALL:
        return true;
    case SURVIVE_FIRST:
        return step < choice->first;
    case SURVIVE_SOME:
    default:
        return random_next(seed) % 2 == 0;
    }
}

static void settle_content(struct inode *inode, uint64_t *seed)
{
    struct choice choice = choose(seed, inode->writes.count);
    bool is_over = false;
    if (simulated.keeps_order && choice.survival == SURVIVE_SOME) {
        choice.survival = SURVIVE_FIRST;
    }
    buf_clear(&inode->content);
    buf_add_slice(&inode->content, buf_slice(&inode->synced));
    for (size_t i = 0; i < inode->writes.count && !is_over; i++) {
        struct unsynced_write write = inode->writes.at[i];
        if (survives(&choice, i, seed)) {
            bool is_torn =
                write.len > 0 && choice.survival != SURVIVE_ALL && random_next(seed) % 3 == 0;
            is_over = is_torn && simulated.keeps_order;
            write.len = is_torn ? random_next(seed) % write.len : write.len;
            tree_put_bytes(&inode->content, &write);
        }
    }
    tree_sync_content(inode);
}

static void settle_names(uint64_t *seed)
{
    bool *chosen = mem_alloc(simulated.changes.count + 1);
    struct choice choice = choose(seed, simulated.changes.count);
    for (size_t i = 0; i < simulated.changes.count; i++) {
        chosen[i] = survives(&choice, i, seed);
    }
    tree_complete_choice(chosen);
    tree_put_on_disk(chosen, false);
    free(chosen);
}

static void restore_tree(struct inode *folder)
{
    tree_release_entries(&folder->entries);
    folder->is_removed = false;
    vec_each (const struct entry, entry, &folder->synced_entries) {
        tree_set(&folder->entries, entry->name, entry->inode);
        if (entry->inode->kind == INODE_FOLDER) {
            entry->inode->parent = folder;
            restore_tree(entry->inode);
        } else {
            entry->inode->links++;
        }
    }
}

static void close_all(void)
{
    for (size_t i = 0; i < simulated.descriptors.count; i++) {
        struct description *description = simulated.descriptors.at[i];
        if (description != NULL && --description->references == 0) {
            free(description->path);
            free(description);
        }
    }
    simulated.descriptors.count = 0;
}

static void start_anew(void)
{
    close_all();
    simulated.stop_after = SIZE_MAX;
    simulated.stop_part = NULL;
}

bool simulated_kill(void)
{
    pthread_mutex_lock(&simulated.mutex);
    bool had_stopped = simulated.calls > simulated.stop_after;
    vec_each (struct inode *, inode, &simulated.inodes) {
        (*inode)->lock = NULL;
    }
    start_anew();
    pthread_mutex_unlock(&simulated.mutex);
    return had_stopped;
}

void simulated_crash(uint64_t seed)
{
    pthread_mutex_lock(&simulated.mutex);
    settle_names(&seed);
    vec_each (struct inode *, inode, &simulated.inodes) {
        (*inode)->links = 0;
        (*inode)->lock = NULL;
        (*inode)->is_removed = (*inode)->kind == INODE_FOLDER;
        if ((*inode)->kind == INODE_FILE) {
            settle_content(*inode, &seed);
        }
    }
    restore_tree(simulated.root);
    start_anew();
    pthread_mutex_unlock(&simulated.mutex);
}
