#include "cgroup.h"

#include "buf.h"
#include "slice.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum cgroup_kind { CGROUP_V2, CGROUP_V1_CPU, CGROUP_V1_MEMORY, CGROUP_KINDS };

struct hierarchy {
    struct buf mount; /* where it is mounted; empty: nowhere */
    struct buf top;   /* the group that is mounted there, "/" if it is the hierarchy's root */
    struct buf group; /* this process's group, from the hierarchy's root */
};

static bool read_line_of(const char *path, struct buf *line)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    char text[128];
    bool there = fgets(text, sizeof text, file) != NULL;
    if (there) {
        text[strcspn(text, "\n")] = '\0';
        buf_add_string(line, text);
    }
    fclose(file);
    return there;
}

/* Whether the comma-separated list holds `name`. */
static bool lists(const char *list, const char *name)
{
    size_t len = strlen(name);
    while (list != NULL) {
        if (strncmp(list, name, len) == 0 && (list[len] == ',' || list[len] == '\0')) {
            return true;
        }
        list = strchr(list, ',');
        list = list != NULL ? list + 1 : NULL;
    }
    return false;
}

static void set_text(struct buf *buf, const char *text)
{
    buf_clear(buf);
    buf_add_string(buf, text);
}

/* mountinfo writes white space and backslashes in paths as three octal digits. */
static void set_unescaped(struct buf *buf, const char *text)
{
    buf_clear(buf);
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\\' && strspn(c + 1, "01234567") >= 3) {
            buf_add_char(buf, (char)(((c[1] - '0') << 6) | ((c[2] - '0') << 3) | (c[3] - '0')));
            c += 3;
        } else {
            buf_add_char(buf, *c);
        }
    }
}

/* "31 23 0:28 ROOT MOUNT OPTIONS … - TYPE SOURCE SUPER_OPTIONS" */
static void take_mount(char *line, struct hierarchy hierarchies[CGROUP_KINDS])
{
    char *rest;
    char *behind = strstr(line, " - ");
    strtok_r(line, " ", &rest);
    strtok_r(NULL, " ", &rest);
    strtok_r(NULL, " ", &rest);
    const char *top = strtok_r(NULL, " ", &rest);
    const char *mount = strtok_r(NULL, " ", &rest);
    if (behind == NULL || mount == NULL || mount > behind) {
        return;
    }
    char *rest_behind;
    const char *type = strtok_r(behind + 3, " ", &rest_behind);
    strtok_r(NULL, " ", &rest_behind);
    const char *options = strtok_r(NULL, " ", &rest_behind);
    if (type == NULL || options == NULL) {
        return;
    }
    bool version1 = strcmp(type, "cgroup") == 0;
    const bool is[CGROUP_KINDS] = {
        [CGROUP_V2] = strcmp(type, "cgroup2") == 0,
        [CGROUP_V1_CPU] = version1 && lists(options, "cpu"),
        [CGROUP_V1_MEMORY] = version1 && lists(options, "memory"),
    };
    for (int kind = 0; kind < CGROUP_KINDS; kind++) {
        if (is[kind] && hierarchies[kind].mount.len == 0) {
            set_unescaped(&hierarchies[kind].mount, mount);
            set_unescaped(&hierarchies[kind].top, top);
        }
    }
}

/* "4:cpu,cpuacct:/group" or, for version 2, "0::/group" */
static void take_group(char *line, struct hierarchy hierarchies[CGROUP_KINDS])
{
    char *controllers = strchr(line, ':');
    char *group = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
    if (group == NULL) {
        return;
    }
    *group++ = '\0';
    controllers++;
    if (*controllers == '\0') {
        set_text(&hierarchies[CGROUP_V2].group, group);
    }
    if (lists(controllers, "cpu")) {
        set_text(&hierarchies[CGROUP_V1_CPU].group, group);
    }
    if (lists(controllers, "memory")) {
        set_text(&hierarchies[CGROUP_V1_MEMORY].group, group);
    }
}

static void each_line(const char *root, const char *path,
                      void (*take)(char *line, struct hierarchy hierarchies[CGROUP_KINDS]),
                      struct hierarchy hierarchies[CGROUP_KINDS])
{
    struct buf full = BUF_EMPTY;
    buf_addf(&full, "%s%s", root, path);
    FILE *file = fopen(buf_string(&full), "re");
    char *line = NULL;
    size_t capacity = 0;
    ssize_t len;
    while (file != NULL && (len = getline(&line, &capacity, file)) > 0) {
        if (line[len - 1] == '\n') {
            line[len - 1] = '\0';
        }
        take(line, hierarchies);
    }
    free(line);
    if (file != NULL) {
        fclose(file);
    }
    buf_release(&full);
}

static bool read_text(const char *directory, const char *name, struct buf *text)
{
    struct buf path = BUF_EMPTY;
    buf_clear(text);
    buf_addf(&path, "%s/%s", directory, name);
    bool there = read_line_of(buf_string(&path), text);
    buf_release(&path);
    return there;
}

static void tighten_cpus(struct cgroup_limits *limits, double quota, double period)
{
    if (quota > 0 && period > 0 && (limits->cpus == 0 || quota / period < limits->cpus)) {
        limits->cpus = quota / period;
    }
}

static void tighten_memory(struct cgroup_limits *limits, const char *text)
{
    static const uint64_t none = UINT64_C(1) << 62; /* version 1 writes "no limit" as a huge
                                                       number */
    char *end;
    uint64_t bytes = strtoull(text, &end, 10);
    if (end != text && bytes > 0 && bytes < none &&
        (limits->memory_bytes == 0 || bytes < limits->memory_bytes)) {
        limits->memory_bytes = bytes;
    }
}

static void read_group(enum cgroup_kind kind, const char *directory, struct cgroup_limits *limits)
{
    struct buf text = BUF_EMPTY;
    struct buf more = BUF_EMPTY;
    if (kind == CGROUP_V2) {
        if (read_text(directory, "cpu.max", &text)) { /* "max 100000" or "150000 100000" */
            char *end;
            double quota = strtod(buf_string(&text), &end);
            tighten_cpus(limits, quota, strtod(end, NULL));
        }
        if (read_text(directory, "memory.max", &text)) {
            tighten_memory(limits, buf_string(&text));
        }
    } else if (kind == CGROUP_V1_CPU) {
        if (read_text(directory, "cpu.cfs_quota_us", &text) &&
            read_text(directory, "cpu.cfs_period_us", &more)) {
            tighten_cpus(limits, strtod(buf_string(&text), NULL), strtod(buf_string(&more), NULL));
        }
    } else if (read_text(directory, "memory.limit_in_bytes", &text)) {
        tighten_memory(limits, buf_string(&text));
    }
    buf_release(&text);
    buf_release(&more);
}

/* The group's path below the mount point; groups above the mounted one aren't visible. A group
 * outside of it (a path of the host, seen from a container) is taken for the mounted one. */
static const char *below_mount(const struct hierarchy *hierarchy)
{
    const char *group = buf_string(&hierarchy->group);
    size_t len = hierarchy->top.len;
    if (strcmp(buf_string(&hierarchy->top), "/") == 0) {
        return group;
    }
    bool inside = strncmp(group, buf_string(&hierarchy->top), len) == 0 &&
                  (group[len] == '/' || group[len] == '\0');
    return inside ? group + len : "";
}

static void walk_up(const char *root, enum cgroup_kind kind, const struct hierarchy *hierarchy,
                    struct cgroup_limits *limits)
{
    if (hierarchy->mount.len == 0) {
        return;
    }
    struct buf directory = BUF_EMPTY;
    buf_addf(&directory, "%s%s", root, buf_string(&hierarchy->mount));
    size_t top_len = directory.len;
    buf_add_string(&directory, below_mount(hierarchy));
    for (;;) {
        read_group(kind, buf_string(&directory), limits);
        if (directory.len <= top_len) {
            break;
        }
        while (directory.len > top_len && directory.at[directory.len - 1] != '/') {
            directory.len--;
        }
        if (directory.len > top_len) {
            directory.len--;
        }
        directory.at[directory.len] = '\0';
    }
    buf_release(&directory);
}

struct cgroup_limits cgroup_read(const char *root)
{
    struct cgroup_limits limits = {0};
    struct hierarchy hierarchies[CGROUP_KINDS] = {0};
    each_line(root, "/proc/self/mountinfo", take_mount, hierarchies);
    each_line(root, "/proc/self/cgroup", take_group, hierarchies);
    for (int kind = 0; kind < CGROUP_KINDS; kind++) {
        walk_up(root, (enum cgroup_kind)kind, &hierarchies[kind], &limits);
        buf_release(&hierarchies[kind].mount);
        buf_release(&hierarchies[kind].top);
        buf_release(&hierarchies[kind].group);
    }
    return limits;
}
