/* The command of the random studies: what it makes is a function of what its arguments name, and it
 * writes down when it starts and how it ends.
 *
 * usage: random-command -a NAME -r TOKEN [OPTION]... [DIRECTORY]...
 *
 *   -w PATH   the workspace
 *   -V TEXT   counts as it stands
 *   -v KEY    an integer of each directory's value.json
 *   -i PATH   a file of the project, -g GLOB: files of the project
 *   -d NAME   a file of each directory, -D GLOB: files of each directory
 *   -o NAME   a product of each directory
 *   -O PATH   a product of all directories together, or of the project
 *   -c N      only N different results
 *
 * The folder named by $MODEL holds `log`, `pid` (of rowbuild) and `fail/NAME:DIRECTORY` with a
 * letter:
 *
 *   f, p, e   fail before anything is made, with half a product, after all is made
 *   k, K, d   kill rowbuild there
 *   m         make all products but the last */
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 64, MOST_PATH = 4096 };

struct words {
    const char *at[MOST];
    int count;
};

static struct words texts, keys, files, globs, own_files, own_globs, products, whole;
static const char *name = "", *token = "", *workspace = "workspace", *model;
static unsigned long coarse;

static void die(const char *what, const char *which)
{
    fprintf(stderr, "random-command: %s %s\n", what, which);
    exit(9);
}

static uint64_t add(uint64_t hash, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ (unsigned char)bytes[i]) * 1099511628211u;
    }
    return (hash ^ 0xffu) * 1099511628211u;
}

static long slurp(const char *path, char *into, size_t room)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return -1;
    }
    ssize_t len = read(file, into, room - 1);
    close(file);
    into[len < 0 ? 0 : len] = '\0';
    return len;
}

static uint64_t add_file(uint64_t hash, const char *path)
{
    char content[MOST_PATH];
    long len = slurp(path, content, sizeof content);
    if (len < 0) {
        die("no input", path);
    }
    return add(hash, content, (size_t)len);
}

static uint64_t add_glob(uint64_t hash, const char *pattern, int own)
{
    glob_t found;
    if (glob(pattern, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            const char *said = own ? strrchr(found.gl_pathv[i], '/') + 1 : found.gl_pathv[i];
            hash = add(hash, said, strlen(said));
            hash = add_file(hash, found.gl_pathv[i]);
        }
        globfree(&found);
    }
    return hash;
}

static uint64_t add_directory(uint64_t hash, const char *directory)
{
    char path[MOST_PATH];
    char value[MOST_PATH];
    snprintf(path, sizeof path, "%s/%s/value.json", workspace, directory);
    for (int i = 0; i < keys.count; i++) {
        char quoted[64];
        if (slurp(path, value, sizeof value) < 0) {
            die("no value", path);
        }
        snprintf(quoted, sizeof quoted, "\"%s\"", keys.at[i]);
        const char *at = strstr(value, quoted);
        long number = at != NULL ? strtol(strchr(at + strlen(quoted), ':') + 1, NULL, 10) : 0;
        char text[32];
        hash = add(hash, text, (size_t)snprintf(text, sizeof text, "%ld", number));
    }
    for (int i = 0; i < own_files.count; i++) {
        snprintf(path, sizeof path, "%s/%s/%s", workspace, directory, own_files.at[i]);
        hash = add_file(hash, path);
    }
    for (int i = 0; i < own_globs.count; i++) {
        snprintf(path, sizeof path, "%s/%s/%s", workspace, directory, own_globs.at[i]);
        hash = add_glob(hash, path, 1);
    }
    return hash;
}

static uint64_t add_common(uint64_t hash)
{
    hash = add(hash, token, strlen(token));
    for (int i = 0; i < texts.count; i++) {
        hash = add(hash, texts.at[i], strlen(texts.at[i]));
    }
    for (int i = 0; i < files.count; i++) {
        hash = add_file(hash, files.at[i]);
    }
    for (int i = 0; i < globs.count; i++) {
        hash = add_glob(hash, globs.at[i], 0);
    }
    return hash;
}

static void put_log(const char *kind, const char *directory, const char *more)
{
    char path[MOST_PATH];
    char line[MOST_PATH];
    snprintf(path, sizeof path, "%s/log", model);
    int len = snprintf(line, sizeof line, "%s\t%d\t%s\t%s\t%s\n", kind, (int)getpid(), name,
                       directory, more);
    int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0 || write(file, line, (size_t)len) != len) {
        die("can't write", path);
    }
    close(file);
}

static int wanted_failure(const char *directory)
{
    char path[MOST_PATH];
    char text[8];
    snprintf(path, sizeof path, "%s/fail/%s:%s", model, name, directory);
    return slurp(path, text, sizeof text) > 0 ? text[0] : 0;
}

/* As if rowbuild were killed at this moment, and all it runs with it. */
static void kill_rowbuild(void)
{
    char path[MOST_PATH];
    char text[32];
    snprintf(path, sizeof path, "%s/pid", model);
    if (slurp(path, text, sizeof text) > 0) {
        kill((pid_t)strtol(text, NULL, 10), SIGKILL);
    }
    exit(9);
}

static void make(const char *path, uint64_t hash, int failure)
{
    char content[32];
    int len = snprintf(content, sizeof content, "%016llx\n", (unsigned long long)hash);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0 || write(file, "partial-", 8) != 8) {
        die("can't write", path);
    }
    if (failure == 'K') {
        kill_rowbuild();
    }
    if (failure == 'p') {

        exit(3);
    }
    if (pwrite(file, content, (size_t)len, 0) != len) {
        die("can't write", path);
    }
    close(file);
}

static void work(const char *directory, uint64_t hash, const struct words *made, const char *folder)
{
    char path[MOST_PATH];
    char seen[MOST_PATH] = "";
    char content[64];
    int failure = wanted_failure(directory);
    for (int i = 0; i < made->count; i++) { /* what is about to be lost */
        snprintf(path, sizeof path, "%s%s", folder, made->at[i]);
        long len = slurp(path, content, sizeof content);
        size_t used = strlen(seen);
        int line = len > 0 ? (int)strcspn(content, "\n") : 0;
        int added = snprintf(seen + used, sizeof seen - used, "%s=%.*s,", path, line, content);
        if (added < 0 || (size_t)added >= sizeof seen - used) {
            die("too many products", path);
        }
    }
    put_log("S", directory, seen);
    if (failure == 'k') {
        kill_rowbuild();
    }
    if (failure == 'f' || (failure != 0 && made->count == 0)) {
        exit(3);
    }
    for (int i = 0; i < made->count; i++) {
        if (failure == 'm' && i == made->count - 1) { /* exit 0 without the product */
            snprintf(path, sizeof path, "%s%s", folder, made->at[i]);
            unlink(path);
            continue;
        }
        snprintf(path, sizeof path, "%s%s", folder, made->at[i]);
        uint64_t own = coarse > 0 ? hash % coarse : hash;
        make(path, own + (uint64_t)i, failure);
    }
    if (failure == 'd') {
        kill_rowbuild();
    }
    if (failure == 'e') {
        exit(3);
    }
    put_log("E", directory, "");
}

int main(int argc, char **argv)
{
    const struct {
        char letter;
        struct words *words;
    } lists[] = {{'V', &texts},     {'v', &keys},      {'i', &files},    {'g', &globs},
                 {'d', &own_files}, {'D', &own_globs}, {'o', &products}, {'O', &whole}};
    int option;
    model = getenv("MODEL");
    while ((option = getopt(argc, argv, "a:r:w:V:v:i:g:d:D:o:O:c:")) != -1) {
        switch (option) {
        case 'a':
            name = optarg;
            break;
        case 'r':
            token = optarg;
            break;
        case 'w':
            workspace = optarg;
            break;
        case 'c':
            coarse = strtoul(optarg, NULL, 10);
            break;
        default:
            for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
                if (lists[i].letter == option) {
                    lists[i].words->at[lists[i].words->count++] = optarg;
                }
            }
        }
    }
    if (model == NULL) {
        die("no", "$MODEL");
    }
    uint64_t common = add_common(14695981039346656037u);
    if (whole.count > 0 || optind == argc) {
        for (int i = optind; i < argc; i++) {
            common = add(common, argv[i], strlen(argv[i]));
            common = add_directory(common, argv[i]);
        }
        work(whole.count > 0 ? whole.at[0] : "", common, &whole, "");
    } else {
        for (int i = optind; i < argc; i++) {
            char folder[MOST_PATH];
            snprintf(folder, sizeof folder, "%s/%s/", workspace, argv[i]);
            work(argv[i], add_directory(common, argv[i]), &products, folder);
        }
    }
    put_log("X", "", "");
    return 0;
}
