/* Random studies, random edits: what a run does is compared with a model that knows contents only.
 *
 * A study is a chain of actions over a few directories. Each action reads some files that are
 * edited and the product of the one before it, or of two before, and its product is a function of
 * what it read, coarse enough for early cutoff. The model keeps, for each task, the contents that
 * it last read and made: it is out of date where one of them is another now. */
#include "random.h"
#include "simulated_study.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ACTIONS = 4, DIRECTORIES = 3, SOURCES = 3, MOST_INPUTS = 3, SHORT = 8 };

/* Files of a directory: sources s0 …, then products p0 … by action. "": missing. */
enum { FILES = SOURCES + ACTIONS };
struct content {
    char text[SHORT];
};

static struct content content_of(const char *text)
{
    struct content content = {""};
    (void)snprintf(content.text, sizeof content.text, "%s", text);
    return content;
}

static bool same(struct content a, struct content b)
{
    return strcmp(a.text, b.text) == 0;
}

static const char *name_of(size_t file)
{
    static const char *const names[FILES] = {"s0", "s1", "s2", "p0", "p1", "p2", "p3"};
    return names[file];
}

struct rule {        /* of one action */
    const char *how; /* a statement of study_command.h */
    size_t read;     /* the file that its product is made from */
    size_t also;     /* another input, which only counts */
    unsigned recipe; /* changed by an edit of the Rowfile */
};

struct record {
    bool is_good;
    struct content inputs[2];
    struct content product;
    unsigned recipe;
};

struct model {
    uint64_t seed;
    struct rule rules[ACTIONS];
    struct content files[DIRECTORIES][FILES];
    struct record records[ACTIONS][DIRECTORIES];
    struct buf rowfile;
    struct buf expected;
};

/* ---- The model ---- */

static int compare_bytes(const void *a, const void *b)
{
    return *(const char *)a - *(const char *)b;
}

static struct content make(const struct rule *rule, struct content from)
{
    struct content made = from;
    size_t len = strlen(made.text);
    if (strcmp(rule->how, "sort") == 0) {
        qsort(made.text, len, 1, compare_bytes);
    } else if (strcmp(rule->how, "count") == 0) {
        made = (struct content){{(char)('0' + len)}};
    }
    return made;
}

static bool is_fresh(const struct model *model, size_t a, size_t d)
{
    const struct record *record = &model->records[a][d];
    const struct rule *rule = &model->rules[a];
    const struct content *files = model->files[d];
    return record->is_good && record->recipe == rule->recipe &&
           same(record->inputs[0], files[rule->read]) &&
           same(record->inputs[1], files[rule->also]) && same(record->product, files[SOURCES + a]);
}

static bool lacks(const struct model *model, size_t a, size_t d)
{
    const struct content *files = model->files[d];
    return files[model->rules[a].read].text[0] == '\0' ||
           files[model->rules[a].also].text[0] == '\0';
}

/* Brings the model up to date, and lists what has to run, in the order of actions. */
static void expect_run(struct model *model)
{
    buf_clear(&model->expected);
    for (size_t a = 0; a < ACTIONS; a++) {
        for (size_t d = 0; d < DIRECTORIES; d++) {
            struct content *files = model->files[d];
            const struct rule *rule = &model->rules[a];
            if (lacks(model, a, d) || is_fresh(model, a, d)) {
                continue;
            }
            files[SOURCES + a] = make(rule, files[rule->read]);
            model->records[a][d] = (struct record){
                true, {files[rule->read], files[rule->also]}, files[SOURCES + a], rule->recipe};
            buf_addf(&model->expected, "%sa%zu/d%zu", model->expected.len > 0 ? " " : "", a, d);
        }
    }
}

/* ---- The study ---- */

static void describe(struct model *model, struct study *study)
{
    struct buf *out = &model->rowfile;
    buf_clear(out);
    buf_add_string(out, "[default.action]\nscope = 'directory'\n");
    for (size_t a = 0; a < ACTIONS; a++) {
        const struct rule *rule = &model->rules[a];
        buf_addf(out,
                 "[[action]]\nname = 'a%zu'\ninputs = ['%s', '%s']\nproducts = ['p%zu']\n"
                 "command = '%s %s p%zu # %u'\n",
                 a, name_of(rule->read), name_of(rule->also), a, rule->how, name_of(rule->read), a,
                 rule->recipe);
    }
    study->rowfile = out->at;
}

static void choose_rules(struct model *model)
{
    static const char *const ways[] = {"copy", "sort", "count"};
    for (size_t a = 0; a < ACTIONS; a++) {
        model->rules[a].how = ways[random_below(&model->seed, 3)];
        /* A file before its own product; mostly the one that was made just before. */
        model->rules[a].read = a > 0 && random_below(&model->seed, 3) > 0
                                   ? SOURCES + a - 1
                                   : random_below(&model->seed, SOURCES + a);
        do {
            model->rules[a].also = random_below(&model->seed, SOURCES + a);
        } while (model->rules[a].also == model->rules[a].read);
    }
}

static void write_file(struct model *model, struct study *study, size_t d, size_t file,
                       const char *text)
{
    char path[32];
    (void)snprintf(path, sizeof path, "d%zu/%s", d, name_of(file));
    study_write(study, path, text);
    model->files[d][file] = content_of(text);
}

/* Few texts, so that an edit is often undone, or makes no difference further down. */
static const char *any_text(uint64_t *seed)
{
    static const char *const texts[] = {"ab", "ba", "abc", "cab", "x"};
    return texts[random_below(seed, sizeof texts / sizeof *texts)];
}

static void touch_file(struct model *model, size_t d, size_t file)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/project/workspace/d%zu/%s", d, name_of(file));
    if (model->files[d][file].text[0] != '\0') {
        simulated_set_time(path, simulated_now());
    }
}

static void remove_file(struct model *model, size_t d, size_t file)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/project/workspace/d%zu/%s", d, name_of(file));
    simulated_remove(path);
    model->files[d][file] = content_of("");
}

static void edit(struct model *model, struct study *study)
{
    uint64_t *seed = &model->seed;
    size_t d = random_below(seed, DIRECTORIES);
    size_t source = random_below(seed, SOURCES);
    size_t product = SOURCES + random_below(seed, ACTIONS);
    switch (random_below(seed, 8)) {
    case 0:
        touch_file(model, d, random_below(seed, FILES));
        break;
    case 1:
        remove_file(model, d, product);
        break;
    case 2:
        write_file(model, study, d, product, any_text(seed));
        break;
    case 3:
        model->rules[random_below(seed, ACTIONS)].recipe++;
        describe(model, study);
        break;
    default:
        write_file(model, study, d, source, any_text(seed));
        break;
    }
}

/* What ran, in the order of actions: tasks that don't need each other run in any. */
static void list_what_ran(const struct study *study, struct buf *out)
{
    buf_clear(out);
    for (size_t a = 0; a < ACTIONS; a++) {
        for (size_t d = 0; d < DIRECTORIES; d++) {
            char key[32];
            (void)snprintf(key, sizeof key, "a%zu/d%zu", a, d);
            const char *found = strstr(buf_string(&study->ran), key);
            if (found != NULL) {
                bool is_back = found >= study->ran.at + 5 && strncmp(found - 5, "back:", 5) == 0;
                buf_addf(out, "%s%s%s", out->len > 0 ? " " : "", is_back ? "back:" : "", key);
            }
        }
    }
}

static void walk(uint64_t number, size_t steps)
{
    struct study study;
    struct model model = {.seed = number};
    struct buf ran = BUF_EMPTY;
    choose_rules(&model);
    study_begin(&study, "");
    describe(&model, &study);
    for (size_t d = 0; d < DIRECTORIES; d++) {
        for (size_t file = 0; file < SOURCES; file++) {
            write_file(&model, &study, d, file, any_text(&model.seed));
        }
    }
    for (size_t step = 0; step < steps; step++) {
        /* Before the first run products by hand would be adopted. */
        for (size_t edits = step > 0 ? random_below(&model.seed, 4) : 0; edits > 0; edits--) {
            edit(&model, &study);
        }
        expect_run(&model);
        buf_clear(&study.ran);
        study_run(&study);
        list_what_ran(&study, &ran);
        if (strcmp(buf_string(&ran), buf_string(&model.expected)) != 0) {
            fail_msg("walk %llu, step %zu: ran \"%s\" where \"%s\" was expected\n%s",
                     (unsigned long long)number, step, buf_string(&ran),
                     buf_string(&model.expected), model.rowfile.at);
        }
        for (size_t d = 0; d < DIRECTORIES; d++) {
            for (size_t a = 0; a < ACTIONS; a++) {
                char path[32];
                (void)snprintf(path, sizeof path, "d%zu/p%zu", d, a);
                assert_string_equal(study_text(&study, path), model.files[d][SOURCES + a].text);
            }
        }
    }
    study_end(&study);
    buf_release(&ran);
    buf_release(&model.rowfile);
    buf_release(&model.expected);
}

static void test_a_run_does_what_contents_ask_for(void **state)
{
    enum { WALKS = 80, STEPS = 50 };
    const char *one = getenv("WALK"); /* to look at one walk alone */
    uint64_t begin = one != NULL ? strtoull(one, NULL, 10) : 0;
    (void)state;
    for (uint64_t number = begin; number < (one != NULL ? begin + 1 : WALKS); number++) {
        walk(number, STEPS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_run_does_what_contents_ask_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
