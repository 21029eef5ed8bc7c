/* The table: what each call does to the tree. */
#include "simulated_inner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FIRST_DESCRIPTOR = 1 << 20, /* the kernel has none of that number */
    UMASK = 022,
    BLOCK = 4096,
};

static int fail(int error)
{
    errno = error;
    return -1;
}

/* ---- Descriptors ---- */

/* NULL with errno. */
static struct description *description_of(int fd)
{
    size_t number = (size_t)fd - FIRST_DESCRIPTOR;
    if (fd < FIRST_DESCRIPTOR || number >= simulated.descriptors.count ||
        simulated.descriptors.at[number] == NULL) {
        errno = EBADF;
        return NULL;
    }
    return simulated.descriptors.at[number];
}

/* A descriptor that isn't by path only; NULL with errno. */
static struct description *real_description(int fd)
{
    struct description *description = description_of(fd);
    if (description != NULL && (description->flags & O_PATH) != 0) {
        errno = EBADF;
        return NULL;
    }
    return description;
}

static int new_descriptor(struct description *description)
{
    size_t number = 0;
    while (number < simulated.descriptors.count && simulated.descriptors.at[number] != NULL) {
        number++;
    }
    if (number == simulated.descriptors.count) {
        vec_push(&simulated.descriptors, description);
    }
    simulated.descriptors.at[number] = description;
    description->references++;
    return FIRST_DESCRIPTOR + (int)number;
}

static struct inode *folder_of(int fd)
{
    if (fd == AT_FDCWD) {
        return simulated.root;
    }
    struct description *description = description_of(fd);
    return description != NULL ? description->inode : NULL;
}

/* ---- Before and after each call ---- */

/* The absolute path that a call is about, by its words: faults are ordered by it. */
static void add_subject(int folder, const char *path, struct buf *out)
{
    const struct description *at = folder != AT_FDCWD ? description_of(folder) : NULL;
    buf_add_string(out, path != NULL && path[0] == '/' ? "" : at != NULL ? at->path : "/");
    for (const char *rest = path; rest != NULL && *rest != '\0';) {
        size_t len = strcspn(rest, "/");
        if (len == 2 && memcmp(rest, "..", 2) == 0) {
            while (out->len > 0 && out->at[--out->len] != '/') {
            }
            buf_add_string(out, out->len == 0 ? "/" : "");
        } else if (len > 1 || (len == 1 && *rest != '.')) {
            buf_add_string(out, out->len == 0 || out->at[out->len - 1] != '/' ? "/" : "");
            buf_add(out, rest, len);
        }
        rest += len;
        rest += strspn(rest, "/");
    }
}

static bool strikes(struct fault *fault, enum simulated_call call, const char *path)
{
    if (fault->is_over || (fault->call != SIMULATED_ANY && fault->call != call) ||
        (fault->path != NULL && strcmp(fault->path, path) != 0)) {
        return false;
    }
    if (fault->left > 1) {
        fault->left--;
        return false;
    }
    fault->is_over = fault->left == 1;
    fault->has_struck = true;
    return true;
}

/* Takes the mutex, unless the call is to fail: then errno is set. */
static bool begins(enum simulated_call call, int folder, const char *path)
{
    int error = 0;
    pthread_mutex_lock(&simulated.mutex);
    if (simulated.faults.count > 0 || simulated.stop_part != NULL) {
        struct buf subject = BUF_EMPTY;
        add_subject(folder, path, &subject);
        if (simulated.stop_part != NULL && simulated.stop_call == call &&
            strstr(buf_string(&subject), simulated.stop_part) != NULL) {
            simulated.stop_after = simulated.calls;
        }
        vec_each (struct fault, fault, &simulated.faults) {
            error = strikes(fault, call, buf_string(&subject)) ? fault->error : error;
        }
        buf_release(&subject);
    }
    if (simulated.calls++ >= simulated.stop_after) {
        error = EIO;
    }
    if (error != 0) {
        pthread_mutex_unlock(&simulated.mutex);
        errno = error;
    }
    return error == 0;
}

static int ends(int result)
{
    pthread_mutex_unlock(&simulated.mutex);
    return result;
}

static ssize_t ends_with_size(ssize_t result)
{
    pthread_mutex_unlock(&simulated.mutex);
    return result;
}

/* ---- Opening ---- */

static bool wants_writing(int flags)
{
    return (flags & O_ACCMODE) != O_RDONLY;
}

static int walk_from(int folder, const char *path, enum follow follow, struct place *place)
{
    struct inode *at = folder_of(folder);
    return at == NULL ? -1 : tree_walk(at, path, follow, place);
}

/* What is there, as stat and the like see it; NULL with errno. */
static struct inode *inode_at(int folder, const char *path, enum follow follow)
{
    struct place place;
    if (walk_from(folder, path, follow, &place) != 0) {
        return NULL;
    }
    if (place.inode == NULL || (place.has_slash && place.inode->kind != INODE_FOLDER)) {
        errno = place.inode == NULL ? ENOENT : ENOTDIR;
        return NULL;
    }
    return place.inode;
}

static void forget_content(struct inode *inode)
{
    buf_clear(&inode->content);
    vec_push(&inode->writes, (struct unsynced_write){0});
    tree_note_change(inode);
}

/* An open file that was there before; 0 or an errno. */
static int check_open(const struct place *place, int flags)
{
    const struct inode *inode = place->inode;
    if ((flags & O_CREAT) != 0) {
        if ((flags & O_EXCL) != 0) {
            return EEXIST;
        }
        if (inode->kind == INODE_FOLDER) {
            return EISDIR;
        }
    }
    if ((place->has_slash || (flags & O_DIRECTORY) != 0) && inode->kind != INODE_FOLDER) {
        return ENOTDIR;
    }
    if ((flags & O_PATH) != 0) {
        return 0;
    }
    return inode->kind == INODE_LINK                             ? ELOOP
           : inode->kind == INODE_FOLDER && wants_writing(flags) ? EISDIR
                                                                 : 0;
}

/* The inode that is to be opened, made if need be; NULL with errno. */
static struct inode *open_inode(int folder, const char *path, int flags, mode_t mode)
{
    struct place place;
    bool creates = (flags & O_CREAT) != 0;
    enum follow follow = (flags & O_NOFOLLOW) != 0 || (creates && (flags & O_EXCL) != 0)
                             ? (creates ? FOLLOW_NEVER : FOLLOW_WITH_SLASH)
                             : (creates ? FOLLOW_WITHOUT_SLASH : FOLLOW_ALWAYS);
    int error = 0;
    if (walk_from(folder, path, follow, &place) != 0) {
        return NULL;
    }
    if (creates && place.has_slash && place_is_named(&place)) {
        error = EISDIR;
    } else if (place.inode != NULL) {
        error = check_open(&place, flags);
    } else if (!creates || place.parent->is_removed) {
        error = ENOENT;
    }
    if (error != 0) {
        errno = error;
        return NULL;
    }
    if (place.inode == NULL) {
        place.inode = tree_new_inode(INODE_FILE, mode & ~(mode_t)UMASK);
        place.inode->links = 1;
        tree_name(place.parent, place.name, place.inode, tree_begin_change());
    } else if ((flags & O_TRUNC) != 0 && place.inode->kind == INODE_FILE && (flags & O_PATH) == 0) {
        forget_content(place.inode);
    }
    return place.inode;
}

static struct inode *nameless(int folder, const char *path, int flags, mode_t mode)
{
    struct inode *inode = inode_at(folder, path, FOLLOW_ALWAYS);
    if (inode == NULL || inode->kind != INODE_FOLDER || !wants_writing(flags)) {
        errno = inode == NULL ? errno : !wants_writing(flags) ? EINVAL : ENOTDIR;
        return NULL;
    }
    return tree_new_inode(INODE_FILE, mode & ~(mode_t)UMASK);
}

static int open_path(int folder, const char *path, int flags, mode_t mode)
{
    if (!begins(SIMULATED_OPEN, folder, path)) {
        return -1;
    }
    flags &= (flags & O_PATH) != 0 ? O_PATH | O_DIRECTORY | O_NOFOLLOW : ~0;
    struct inode *inode = (flags & O_TMPFILE) == O_TMPFILE ? nameless(folder, path, flags, mode)
                                                           : open_inode(folder, path, flags, mode);
    if (inode == NULL) {
        return ends(-1);
    }
    struct buf whole = BUF_EMPTY;
    add_subject(folder, path, &whole);
    struct description *description = mem_alloc(sizeof *description);
    *description =
        (struct description){.inode = inode, .flags = flags, .path = mem_copy(whole.at, whole.len)};
    buf_release(&whole);
    return ends(new_descriptor(description));
}

/* A close that fails has closed the descriptor all the same, as on Linux (close(2)). */
static int close_descriptor(int fd)
{
    int error = 0;
    if (!begins(SIMULATED_OTHER, fd, NULL)) {
        error = errno;
        pthread_mutex_lock(&simulated.mutex);
    }
    struct description *description = description_of(fd);
    if (description == NULL) {
        return ends(-1);
    }
    simulated.descriptors.at[fd - FIRST_DESCRIPTOR] = NULL;
    if (--description->references == 0) {
        if (description->inode->lock == description) {
            description->inode->lock = NULL;
        }
        free(description->path);
        free(description);
    }
    errno = error;
    return ends(error == 0 ? 0 : -1);
}

static int duplicate(int fd)
{
    if (!begins(SIMULATED_OTHER, fd, NULL)) {
        return -1;
    }
    struct description *description = description_of(fd);
    return ends(description != NULL ? new_descriptor(description) : -1);
}

/* ---- Reading and writing ---- */

/* The file that may be written (or read) through a descriptor; NULL with errno. */
static struct inode *usable(int fd, bool writes, struct description **found)
{
    struct description *description = description_of(fd);
    *found = description;
    if (description == NULL) {
        return NULL;
    }
    int access = description->flags & O_ACCMODE;
    bool may = writes ? access != O_RDONLY : access != O_WRONLY;
    if ((description->flags & O_PATH) != 0 || !may) {
        errno = EBADF;
        return NULL;
    }
    if (description->inode->kind == INODE_FOLDER) {
        errno = EISDIR;
        return NULL;
    }
    return description->inode;
}

static size_t take(struct inode *inode, void *into, size_t size, size_t at)
{
    size_t len = at < inode->content.len ? inode->content.len - at : 0;
    len = len < size ? len : size;
    if (len > 0) {
        memcpy(into, inode->content.at + at, len);
    }
    inode->reads++;
    return len;
}

static ssize_t read_next(int fd, void *into, size_t size)
{
    struct description *description;
    if (!begins(SIMULATED_READ, fd, NULL)) {
        return -1;
    }
    struct inode *inode = usable(fd, false, &description);
    if (inode == NULL) {
        return ends_with_size(-1);
    }
    size_t got = take(inode, into, size, description->offset);
    description->offset += got;
    return ends_with_size((ssize_t)got);
}

static ssize_t read_at(int fd, void *into, size_t size, off_t at)
{
    struct description *description;
    if (!begins(SIMULATED_READ, fd, NULL)) {
        return -1;
    }
    struct inode *inode = usable(fd, false, &description);
    return ends_with_size(inode == NULL ? -1 : (ssize_t)take(inode, into, size, (size_t)at));
}

/* Makes a file longer by zeros, or shorter. */
static void set_size(struct buf *content, size_t size)
{
    if (size > content->len) {
        buf_reserve(content, size - content->len);
        memset(content->at + content->len, 0, size - content->len);
    }
    if (content->at != NULL) {
        content->len = size;
        content->at[size] = '\0';
    }
}

void tree_put_bytes(struct buf *content, const struct unsynced_write *write)
{
    if (write->bytes == NULL) {
        set_size(content, write->at);
        return;
    }
    if (content->len < write->at + write->len) {
        set_size(content, write->at + write->len);
    }
    memcpy(content->at + write->at, write->bytes, write->len);
}

static void put(struct inode *inode, const void *from, size_t size, size_t at)
{
    if (size > 0) {
        struct unsynced_write write = {at, size, mem_copy(from, size)};
        tree_put_bytes(&inode->content, &write);
        tree_note_change(inode);
        if (inode->links > 0) {
            vec_push(&inode->writes, write);
        } else {
            free(write.bytes);
        }
    }
}

static ssize_t write_next(int fd, const void *from, size_t size)
{
    struct description *description;
    if (!begins(SIMULATED_WRITE, fd, NULL)) {
        return -1;
    }
    struct inode *inode = usable(fd, true, &description);
    if (inode == NULL) {
        return ends_with_size(-1);
    }
    if ((description->flags & O_APPEND) != 0 && size > 0) {
        description->offset = inode->content.len;
    }
    put(inode, from, size, description->offset);
    description->offset += size;
    return ends_with_size((ssize_t)size);
}

static ssize_t write_at(int fd, const void *from, size_t size, off_t at)
{
    struct description *description;
    if (!begins(SIMULATED_WRITE, fd, NULL)) {
        return -1;
    }
    struct inode *inode = usable(fd, true, &description);
    if (inode == NULL) {
        return ends_with_size(-1);
    }
    bool appends =
        (description->flags & O_APPEND) != 0; /* Linux's own: wherever it is said to be */
    put(inode, from, size, appends ? inode->content.len : (size_t)at);
    return ends_with_size((ssize_t)size);
}

static int truncate_to(int fd, off_t size)
{
    if (!begins(SIMULATED_CHANGE, fd, NULL)) {
        return -1;
    }
    struct description *description = size >= 0 ? real_description(fd) : NULL;
    if (description == NULL) {
        return ends(size >= 0 ? -1 : fail(EINVAL));
    }
    struct inode *inode = description->inode;
    if (inode->kind != INODE_FILE || !wants_writing(description->flags)) {
        return ends(fail(EINVAL));
    }
    set_size(&inode->content, (size_t)size);
    vec_push(&inode->writes, (struct unsynced_write){.at = (size_t)size});
    tree_note_change(inode);
    return ends(0);
}

/* ---- Syncing and the like ---- */

void tree_sync_content(struct inode *inode)
{
    buf_clear(&inode->synced);
    buf_add_slice(&inode->synced, buf_slice(&inode->content));
    vec_each (struct unsynced_write, write, &inode->writes) {
        free(write->bytes);
    }
    inode->writes.count = 0;
}

static int sync_file(int fd)
{
    if (!begins(SIMULATED_SYNC, fd, NULL)) {
        return -1;
    }
    struct description *description = real_description(fd);
    if (description == NULL) {
        return ends(-1);
    }
    if (description->inode->kind == INODE_FOLDER) {
        tree_sync_names(description->inode);
    } else {
        tree_sync_content(description->inode);
    }
    return ends(0);
}

static int sync_all(int fd)
{
    if (!begins(SIMULATED_SYNC, fd, NULL)) {
        return -1;
    }
    if (real_description(fd) == NULL) {
        return ends(-1);
    }
    vec_each (struct inode *, inode, &simulated.inodes) {
        if ((*inode)->kind == INODE_FOLDER) {
            tree_sync_names(*inode);
        } else {
            tree_sync_content(*inode);
        }
    }
    return ends(0);
}

static int set_mode(int fd, mode_t mode)
{
    if (!begins(SIMULATED_CHANGE, fd, NULL)) {
        return -1;
    }
    struct description *description = real_description(fd);
    if (description == NULL) {
        return ends(-1);
    }
    description->inode->mode = mode & 07777;
    description->inode->ctime_ns = tree_stamp();
    return ends(0);
}

static int touch(int fd)
{
    if (!begins(SIMULATED_CHANGE, fd, NULL)) {
        return -1;
    }
    struct description *description = real_description(fd);
    if (description == NULL) {
        return ends(-1);
    }
    tree_note_change(description->inode);
    return ends(0);
}

static int lock(int fd)
{
    if (!begins(SIMULATED_OTHER, fd, NULL)) {
        return -1;
    }
    struct description *description = real_description(fd);
    if (description == NULL) {
        return ends(-1);
    }
    struct inode *inode = description->inode;
    if (!wants_writing(description->flags)) {
        return ends(fail(EBADF));
    }
    if (inode->lock != NULL && inode->lock != description) {
        return ends(fail(EAGAIN));
    }
    inode->lock = description;
    return ends(0);
}

/* ---- Stat ---- */

static unsigned count_folders(const struct inode *folder)
{
    unsigned count = 0;
    vec_each (const struct entry, entry, &folder->entries) {
        count += entry->inode->kind == INODE_FOLDER;
    }
    return count;
}

static struct timespec time_of(int64_t ns)
{
    return (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
}

static void fill_stat(const struct inode *inode, struct stat *found)
{
    static const mode_t formats[] = {
        [INODE_FILE] = S_IFREG, [INODE_FOLDER] = S_IFDIR, [INODE_LINK] = S_IFLNK};
    bool is_folder = inode->kind == INODE_FOLDER;
    *found = (struct stat){
        .st_dev = 1,
        .st_ino = inode->number,
        .st_mode = formats[inode->kind] | inode->mode,
        .st_nlink = !is_folder          ? inode->links
                    : inode->is_removed ? 0
                                        : 2 + count_folders(inode),
        .st_uid = geteuid(),
        .st_gid = getegid(),
        .st_size = is_folder ? BLOCK : (off_t)inode->content.len,
        .st_blksize = BLOCK,
        .st_mtim = time_of(inode->mtime_ns),
        .st_ctim = time_of(inode->ctime_ns),
        .st_atim = time_of(inode->mtime_ns),
    };
}

static int stat_open(int fd, struct stat *found)
{
    if (!begins(SIMULATED_STAT, fd, NULL)) {
        return -1;
    }
    struct description *description = description_of(fd);
    if (description == NULL) {
        return ends(-1);
    }
    fill_stat(description->inode, found);
    return ends(0);
}

static enum follow follow_of(int flags)
{
    return (flags & AT_SYMLINK_NOFOLLOW) != 0 ? FOLLOW_WITH_SLASH : FOLLOW_ALWAYS;
}

static int stat_path(int folder, const char *path, struct stat *found, int flags)
{
    if (!begins(SIMULATED_STAT, folder, path)) {
        return -1;
    }
    struct inode *inode = inode_at(folder, path, follow_of(flags));
    if (inode == NULL) {
        return ends(-1);
    }
    fill_stat(inode, found);
    return ends(0);
}

/* As for root: all may be read and written, but only what somebody may execute is executed. */
static int may(int folder, const char *path, int how)
{
    if (!begins(SIMULATED_STAT, folder, path)) {
        return -1;
    }
    const struct inode *inode = inode_at(folder, path, FOLLOW_ALWAYS);
    if (inode == NULL) {
        return ends(-1);
    }
    bool refused = (how & X_OK) != 0 && inode->kind != INODE_FOLDER && (inode->mode & 0111) == 0;
    return ends(refused ? fail(EACCES) : 0);
}

static ssize_t read_link(int folder, const char *path, char *into, size_t size)
{
    if (!begins(SIMULATED_OTHER, folder, path)) {
        return -1;
    }
    const struct inode *inode = inode_at(folder, path, FOLLOW_WITH_SLASH);
    if (inode == NULL || inode->kind != INODE_LINK) {
        return ends_with_size(inode == NULL ? -1 : fail(EINVAL));
    }
    size_t len = inode->content.len < size ? inode->content.len : size;
    memcpy(into, inode->content.at, len);
    return ends_with_size((ssize_t)len);
}

/* ---- Names ---- */

struct listed {
    char *name;
    unsigned char type;
};
typedef VEC(struct listed) listed_names;

static void note_names(const struct inode *folder, listed_names *names)
{
    static const unsigned char types[] = {
        [INODE_FILE] = DT_REG, [INODE_FOLDER] = DT_DIR, [INODE_LINK] = DT_LNK};
    vec_each (const struct entry, entry, &folder->entries) {
        vec_push(names, (struct listed){mem_copy(entry->name, strlen(entry->name)),
                                        types[entry->inode->kind]});
    }
}

static int list(int folder, const char *path, int flags, disk_name_fn *name, void *context)
{
    listed_names names = {0};
    int fd = open_path(folder, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags, 0);
    if (fd < 0) {
        return -1;
    }
    int result = -1;
    if (begins(SIMULATED_LIST, fd, NULL)) {
        note_names(description_of(fd)->inode, &names);
        result = ends(0);
    }
    for (size_t i = 0; i < names.count && result == 0; i++) {
        result = name(context, fd, names.at[i].name, names.at[i].type);
    }
    int error = errno;
    vec_each (struct listed, listed, &names) {
        free(listed->name);
    }
    vec_release(&names);
    close_descriptor(fd);
    errno = error;
    return result;
}

static int make_folder(int folder, const char *path, mode_t mode)
{
    struct place place;
    if (!begins(SIMULATED_MAKE_FOLDER, folder, path)) {
        return -1;
    }
    if (walk_from(folder, path, FOLLOW_NEVER, &place) != 0) {
        return ends(-1);
    }
    if (!place_is_named(&place) || place.inode != NULL || place.parent->is_removed) {
        return ends(fail(!place_is_named(&place) || place.inode != NULL ? EEXIST : ENOENT));
    }
    struct inode *made = tree_new_inode(INODE_FOLDER, mode & ~(mode_t)UMASK);
    made->parent = place.parent;
    tree_name(place.parent, place.name, made, tree_begin_change());
    return ends(0);
}

static void lose_name(struct inode *inode)
{
    if (inode->kind == INODE_FOLDER) {
        inode->is_removed = true;
    } else {
        inode->links--;
    }
    inode->ctime_ns = tree_stamp();
}

static int why_folder_stays(const struct place *place)
{
    return strcmp(place->name, "") == 0         ? EBUSY
           : strcmp(place->name, ".") == 0      ? EINVAL
           : strcmp(place->name, "..") == 0     ? ENOTEMPTY
           : place->inode == NULL               ? ENOENT
           : place->inode->kind != INODE_FOLDER ? ENOTDIR
           : place->inode->entries.count > 0    ? ENOTEMPTY
                                                : 0;
}

static int why_file_stays(const struct place *place)
{
    return !place_is_named(place)               ? EISDIR
           : place->inode == NULL               ? ENOENT
           : place->inode->kind == INODE_FOLDER ? EISDIR
           : place->has_slash                   ? ENOTDIR
                                                : 0;
}

static int unlink_path(int folder, const char *path, int flags)
{
    struct place place;
    if (!begins(SIMULATED_UNLINK, folder, path)) {
        return -1;
    }
    if (walk_from(folder, path, FOLLOW_NEVER, &place) != 0) {
        return ends(-1);
    }
    int error = (flags & AT_REMOVEDIR) != 0 ? why_folder_stays(&place) : why_file_stays(&place);
    if (error != 0) {
        return ends(fail(error));
    }
    tree_name(place.parent, place.name, NULL, tree_begin_change());
    lose_name(place.inode);
    return ends(0);
}

static bool lies_in(const struct inode *inode, const struct inode *folder)
{
    while (inode != folder && inode != inode->parent) {
        inode = inode->parent;
    }
    return inode == folder;
}

/* Why a rename can't be, in the kernel's own order; 0: it can. */
static int why_not_renamed(const struct place *from, const struct place *to, unsigned flags)
{
    bool is_new = (flags & RENAME_NOREPLACE) != 0;
    if (!place_is_named(from)) {
        return EBUSY;
    }
    if (!place_is_named(to)) {
        return is_new ? EEXIST : EBUSY;
    }
    if (from->inode == NULL) {
        return ENOENT;
    }
    if (is_new && to->inode != NULL) {
        return EEXIST;
    }
    bool moves_folder = from->inode->kind == INODE_FOLDER;
    if (!moves_folder && (from->has_slash || to->has_slash)) {
        return ENOTDIR;
    }
    if (moves_folder && lies_in(to->parent, from->inode)) {
        return EINVAL;
    }
    if (to->inode != NULL && to->inode->kind == INODE_FOLDER && lies_in(from->parent, to->inode)) {
        return ENOTEMPTY;
    }
    if (to->inode == from->inode) {
        return 0;
    }
    if (to->inode == NULL) {
        return to->parent->is_removed ? ENOENT : 0;
    }
    bool replaces_folder = to->inode->kind == INODE_FOLDER;
    return moves_folder && !replaces_folder                  ? ENOTDIR
           : !moves_folder && replaces_folder                ? EISDIR
           : replaces_folder && to->inode->entries.count > 0 ? ENOTEMPTY
                                                             : 0;
}

static int rename_path(int folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    struct place old;
    struct place new;
    if (!begins(SIMULATED_RENAME, folder, from)) {
        return -1;
    }
    if ((flags & ~(unsigned)RENAME_NOREPLACE) != 0) {
        return ends(fail(EINVAL));
    }
    if (walk_from(folder, from, FOLLOW_NEVER, &old) != 0 ||
        walk_from(to_folder, to, FOLLOW_NEVER, &new) != 0) {
        return ends(-1);
    }
    int error = why_not_renamed(&old, &new, flags);
    if (error != 0 || old.inode == new.inode) {
        return ends(error != 0 ? fail(error) : 0);
    }
    uint64_t change = tree_begin_change();
    tree_name(old.parent, old.name, NULL, change);
    tree_name(new.parent, new.name, old.inode, change);
    if (new.inode != NULL) {
        lose_name(new.inode);
    }
    if (old.inode->kind == INODE_FOLDER) {
        old.inode->parent = new.parent;
    }
    old.inode->ctime_ns = tree_stamp();
    return ends(0);
}

static int link_path(int folder, const char *existing, int to_folder, const char *name)
{
    struct place new;
    if (!begins(SIMULATED_OTHER, folder, existing)) {
        return -1;
    }
    struct inode *inode = inode_at(folder, existing, FOLLOW_WITH_SLASH);
    if (inode == NULL || walk_from(to_folder, name, FOLLOW_NEVER, &new) != 0) {
        return ends(-1);
    }
    int error = !place_is_named(&new) || new.inode != NULL ? EEXIST
                : new.has_slash || new.parent->is_removed  ? ENOENT
                : inode->kind == INODE_FOLDER              ? EPERM
                                                           : 0;
    if (error != 0) {
        return ends(fail(error));
    }
    inode->links++;
    inode->ctime_ns = tree_stamp();
    tree_name(new.parent, new.name, inode, tree_begin_change());
    return ends(0);
}

/* ---- Absolute paths ---- */

/* NULL with errno. */
static char *path_of_folder(const struct inode *folder)
{
    struct buf path = BUF_EMPTY;
    if (folder->is_removed) {
        errno = ENOENT;
        return NULL;
    }
    tree_add_path(folder, &path);
    return path.at;
}

static char *path_of(int fd)
{
    if (!begins(SIMULATED_OTHER, fd, NULL)) {
        return NULL;
    }
    const struct inode *folder = folder_of(fd);
    char *path = folder != NULL ? path_of_folder(folder) : NULL;
    (void)ends(0);
    return path;
}

static char *real_path(const char *path)
{
    struct place place;
    char *result = NULL;
    if (!begins(SIMULATED_OTHER, AT_FDCWD, path)) {
        return NULL;
    }
    if (tree_walk(simulated.root, path, FOLLOW_ALWAYS, &place) == 0) {
        if (place.inode == NULL) {
            errno = ENOENT;
        } else if (place.inode->kind == INODE_FOLDER) {
            result = path_of_folder(place.inode);
        } else if (place.has_slash) {
            errno = ENOTDIR;
        } else {
            struct buf whole = BUF_EMPTY;
            tree_add_path(place.parent, &whole);
            buf_addf(&whole, "%s%s", whole.len > 1 ? "/" : "", place.name);
            result = whole.at;
        }
    }
    (void)ends(0);
    return result;
}

const struct disk simulated_table = {
    .open = open_path,
    .close = close_descriptor,
    .duplicate = duplicate,
    .read = read_next,
    .read_at = read_at,
    .write = write_next,
    .write_at = write_at,
    .truncate = truncate_to,
    .sync = sync_file,
    .sync_data = sync_file,
    .sync_all = sync_all,
    .set_mode = set_mode,
    .touch = touch,
    .lock = lock,
    .stat_open = stat_open,
    .stat = stat_path,
    .may = may,
    .read_link = read_link,
    .list = list,
    .make_folder = make_folder,
    .rename = rename_path,
    .unlink = unlink_path,
    .link = link_path,
    .path_of = path_of,
    .real_path = real_path,
};
