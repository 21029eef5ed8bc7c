#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "keys.h"
#include "quantity.h"
#include "rowfile.h"
#include "schema.h"

struct loaded {
    struct diag diag;
    struct rowfile *rowfile;
};

static void load_as(struct loaded *loaded, const char *name, const char *text)
{
    diag_init(&loaded->diag);
    loaded->rowfile = rowfile_load(slice_of(text), name, &loaded->diag);
}

static void unload(struct loaded *loaded)
{
    rowfile_free(loaded->rowfile);
    diag_release(&loaded->diag);
}

static void show_entry(const struct diag_entry *entry, struct buf *out)
{
    diag_render(entry, false, out);
    out->len = (size_t)((char *)memchr(out->at, '\n', out->len) - out->at);
    out->at[out->len] = '\0';
}

/* Loads what must be right. */
static void load(struct loaded *loaded, const char *text)
{
    load_as(loaded, "Rowfile", text);
    for (size_t i = 0; i < loaded->diag.entries.count; i++) {
        struct buf shown = BUF_EMPTY;
        show_entry(&loaded->diag.entries.at[i], &shown);
        print_error("%s\n", buf_string(&shown));
        buf_release(&shown);
    }
    assert_int_equal(loaded->diag.entries.count, 0);
    assert_non_null(loaded->rowfile);
}

/* All messages, one a line. */
static void expect_in(const char *name, const char *text, const char *messages)
{
    struct loaded loaded;
    struct buf shown = BUF_EMPTY;
    load_as(&loaded, name, text);
    for (size_t i = 0; i < loaded.diag.entries.count; i++) {
        struct buf line = BUF_EMPTY;
        show_entry(&loaded.diag.entries.at[i], &line);
        buf_addf(&shown, "%s\n", buf_string(&line));
        buf_release(&line);
    }
    unload(&loaded);
    assert_string_equal(buf_string(&shown), messages);
    buf_release(&shown);
}

static void expect(const char *text, const char *messages)
{
    expect_in("Rowfile", text, messages);
}

/* One message for what stands in an action that is right otherwise; places are those of line 4. */
static void expect_key(const char *line, const char *message)
{
    struct buf text = BUF_EMPTY;
    buf_addf(&text, "[[action]]\nname = \"a\"\ncommand = \"x {directory}\"\n%s\n", line);
    expect(buf_string(&text), message);
    buf_release(&text);
}

static void expect_action(const char *text, const char *message)
{
    struct loaded loaded;
    load_as(&loaded, "Rowfile", text);
    assert_non_null(loaded.rowfile);
    assert_int_equal(loaded.diag.errors, 1);
    assert_string_equal(loaded.diag.entries.at[0].action, "a");
    unload(&loaded);
    expect(text, message);
}

static void expect_slice(struct slice slice, const char *text)
{
    assert_int_equal(slice.len, strlen(text));
    assert_memory_equal(slice.at, text, slice.len);
}

static void test_empty(void **state)
{
    (void)state;
    struct loaded loaded;
    load(&loaded, "");
    const struct rowfile *rowfile = loaded.rowfile;
    assert_int_equal(rowfile->contract, CONTRACT_ROWFILE);
    expect_slice(rowfile->workspace_path, "workspace");
    assert_null(rowfile->value_file.at);
    assert_int_equal(rowfile->directories_count, 1);
    expect_slice(rowfile->directories[0], "*");
    assert_int_equal(rowfile->digest_limit, 1 << 30);
    assert_true(rowfile->confirm_above > 23.9 && rowfile->confirm_above < 24.1);
    assert_int_equal(rowfile->action_count, 0);
    unload(&loaded);
}

static void test_defaults_of_an_action(void **state)
{
    (void)state;
    struct loaded loaded;
    load(&loaded, "[[action]]\nname = \"a\"\ncommand = \"x {directory}\"\n");
    const struct action *action = &loaded.rowfile->actions[0];
    assert_int_equal(action->scope, SCOPE_DIRECTORY);
    expect_slice(action->shell, "sh");
    assert_int_equal(action->resources.processes, 1);
    assert_false(action->resources.processes_given);
    assert_false(action->resources.processes_per_directory);
    assert_int_equal(action->resources.threads_per_process, 1);
    assert_false(action->resources.threads_given);
    assert_true(action->resources.walltime_s > 3599 && action->resources.walltime_s < 3601);
    assert_true(action->resources.walltime_per_directory);
    assert_false(action->resources.walltime_given);
    assert_false(action->resumable);
    assert_int_equal(action->group.maximum_size, 0);
    unload(&loaded);
}

static void test_all_keys(void **state)
{
    (void)state;
    struct loaded loaded;
    load(&loaded, "[workspace]\n"
                  "path = './data//runs/'\nvalue_file = 'v.json'\n"
                  "directories = ['*', '!old*']\ndigest_limit = '500 MB'\nconfirm_above = 1.5\n"
                  "[[action]]\nname = 'a'\ncommand = 'x {directory} {/t}'\n"
                  "scope = 'directory'\nproducts = ['out/./b', '//p/{directory}/{/u}']\n"
                  "inputs = ['in', '//src/**/*.c', '!//src/old.c']\nvalue_inputs = ['/a', '/t']\n"
                  "environment = { B = '{/e}', A = '1' }\nshell = 'bash'\n"
                  "launchers = ['openmp', 'mpi']\nretries = 2\ntimeout = '00:10'\n"
                  "resumable = []\nalways = true\njobserver = true\n"
                  "[action.group]\nsort_by = ['/a']\nreverse_sort = true\n"
                  "split_by_sort_key = true\nmaximum_size = 4\n"
                  "include = [{condition = ['/a', '>', 1]}, {all = [['/a', '==', [1, 'x']], "
                  "['/b', '!=', true]]}]\n"
                  "[action.resources]\nprocesses.per_directory = 3\nthreads_per_process = 2\n"
                  "gpus_per_process = 0\nwalltime.per_submission = '1 days, 02:00:00'\n"
                  "memory.per_process = '1.5 GiB'\nmemory_per_cpu_mb = 100\n"
                  "[action.submit_options.x]\naccount = 'me'\ncustom = ['--a', '--b']\n");
    const struct rowfile *rowfile = loaded.rowfile;
    expect_slice(rowfile->workspace_path, "data/runs");
    expect_slice(rowfile->value_file, "v.json");
    assert_int_equal(rowfile->digest_limit, 500000000);
    const struct action *action = &rowfile->actions[0];
    assert_int_equal(action->product_count, 2);
    expect_slice(action->products[0].path, "out/b");
    assert_true(action->products[1].from_project && action->products[1].has_template);
    expect_slice(action->products[1].path, "p/{directory}/{/u}");
    assert_int_equal(action->products[1].template.part_count, 4);
    assert_int_equal(action->input_count, 3);
    assert_true(action->inputs[1].is_glob && action->inputs[1].from_project);
    assert_true(action->inputs[2].is_excluded && !action->inputs[2].is_glob);
    expect_slice(action->inputs[2].path, "src/old.c");
    assert_int_equal(action->value_input_count, 4);
    expect_slice(action->value_inputs[0], "/a");
    expect_slice(action->value_inputs[3], "/u");
    assert_int_equal(action->environment_count, 2);
    expect_slice(action->environment[0].name, "A");
    assert_int_equal(action->launcher_count, 2);
    assert_int_equal(action->retries, 2);
    assert_true(action->timeout_s > 599 && action->timeout_s < 601);
    assert_true(action->resumable && action->always && action->jobserver);
    assert_int_equal(action->group.include_count, 2);
    assert_int_equal(action->group.include[1].count, 2);
    assert_int_equal(action->group.include[1].conditions[1].comparison, COMPARE_NE);
    assert_int_equal(json_type_of(action->group.include[1].conditions[0].operand), JSON_ARRAY);
    assert_true(action->resources.gpus_given && action->resources.processes_per_directory);
    assert_int_equal(action->resources.processes, 3);
    assert_true(action->resources.walltime_s > 93599 && action->resources.walltime_s < 93601);
    assert_false(action->resources.walltime_per_directory);
    assert_int_equal(action->resources.memory_per_process, 3 << 29);
    const struct submit_options *options = action_submit_options(action, "x");
    assert_non_null(options);
    expect_slice(options->account, "me");
    assert_null(options->setup.at);
    assert_int_equal(options->custom_count, 2);
    assert_null(action_submit_options(action, "y"));
    unload(&loaded);
}

static void test_layers(void **state)
{
    (void)state;
    struct loaded loaded;
    load(&loaded, "[default.action]\ncommand = 'd {directory}'\nproducts = ['p']\n"
                  "environment = { A = 'default', B = 'default' }\n"
                  "[default.action.resources]\nprocesses.per_submission = 8\n"
                  "walltime.per_directory = '02:00:00'\n"
                  "[default.action.submit_options.c]\naccount = 'default'\nsetup = 's'\n"
                  "[[action]]\nname = 'a'\ncommand = 'a {directory}'\n"
                  "environment.A = 'own'\n"
                  "[action.resources]\nprocesses.per_directory = 2\nthreads_per_process = 4\n"
                  "[action.submit_options.c]\naccount = 'own'\n"
                  "[[action]]\nfrom = 'a'\ngroup.where = '/x == 1'\n"
                  "resources.threads_per_process = 2\n");
    const struct rowfile *rowfile = loaded.rowfile;
    const struct action *first = &rowfile->actions[0];
    const struct action *second = &rowfile->actions[1];
    assert_int_equal(rowfile->name_count, 1);
    assert_true(first->resources.processes_per_directory);
    assert_int_equal(first->resources.processes, 2);
    assert_true(first->resources.walltime_s > 7199);
    expect_slice(second->name, "a");
    assert_int_equal(second->resources.processes, 2);
    assert_int_equal(second->resources.threads_per_process, 2);
    assert_true(second->resources.walltime_s > 7199 && second->resources.walltime_given);
    expect_slice(second->command.text, "a {directory}");
    assert_int_equal(second->product_count, 1);
    assert_non_null(second->group.where);
    expect_slice(second->environment[0].value.text, "own");
    expect_slice(second->environment[1].value.text, "default");
    const struct submit_options *options = action_submit_options(second, "c");
    expect_slice(options->account, "own");
    expect_slice(options->setup, "s");
    unload(&loaded);
}

/* The nearer of `where` and `include` decides. */
static void test_where_replaces_include(void **state)
{
    (void)state;
    struct loaded loaded;
    load(&loaded, "[[default.action.group.include]]\ncondition = ['/x', '==', 1]\n"
                  "[[action]]\nname = 'a'\ncommand = '{directory}'\n"
                  "[[action]]\nname = 'b'\ncommand = '{directory}'\ngroup.where = '/x == 2'\n");
    assert_int_equal(loaded.rowfile->actions[0].group.include_count, 1);
    assert_null(loaded.rowfile->actions[0].group.where);
    assert_int_equal(loaded.rowfile->actions[1].group.include_count, 0);
    assert_non_null(loaded.rowfile->actions[1].group.where);
    unload(&loaded);
}

static void test_scopes(void **state)
{
    (void)state;
    struct loaded loaded;
    load(&loaded, "[[action]]\nname = 'whole'\ncommand = 'x {directories}'\n"
                  "group.submit_whole = true\n"
                  "[[action]]\nname = 'plot'\ncommand = 'x {/t} {directories}'\n"
                  "products = ['//plots/T{/t}.png']\n"
                  "[[action]]\nname = 'each'\ncommand = 'x {directory}'\n"
                  "products = ['//plots/{directory}.png']\n"
                  "[[action]]\nname = 'build'\ncommand = 'make'\nscope = 'project'\n"
                  "inputs = ['src/*.c']\nproducts = ['prog']\n");
    const struct action *actions = loaded.rowfile->actions;
    assert_int_equal(actions[0].scope, SCOPE_GROUP);
    assert_int_equal(actions[1].scope, SCOPE_GROUP);
    assert_int_equal(actions[2].scope, SCOPE_DIRECTORY);
    assert_int_equal(actions[3].scope, SCOPE_PROJECT);
    assert_true(actions[3].products[0].from_project && actions[3].inputs[0].from_project);
    unload(&loaded);
}

static void test_all_errors_at_once(void **state)
{
    (void)state;
    expect("[workspace]\npaht = 'x'\n"
           "[[action]]\nname = 3\ncomand = 'x'\n"
           "[[action]]\nname = 'b'\ncommand = '{directory}'\nprevious_actions = ['c']\n"
           "resources.walltime = '01:00:00'\n",
           "Rowfile:2:1: error: unknown key `paht`; did you mean `path`?\n"
           "Rowfile:3:1: error: this action has no command; add `command = \"…\"`\n"
           "Rowfile:4:8: error: `action.name` must be a string, not an integer\n"
           "Rowfile:5:1: error: unknown key `comand`; did you mean `command`?\n"
           "Rowfile:9:21: error: there is no action `c`; add it or remove it here\n"
           "Rowfile:10:22: error: `action.resources.walltime` must be a table with "
           "`per_submission` or `per_directory`; choose one\n");
}

static void test_unknown_keys(void **state)
{
    (void)state;
    expect("actions = 1\n", "Rowfile:1:1: error: unknown key `actions`; did you mean `action`?\n");
    expect_key(
        "walltime = '1'",
        "Rowfile:4:1: error: unknown key `walltime` here; it belongs in `action.resources`\n");
    expect_key(
        "zzz = 1\ngroup.qqqqqqqq = 2",
        "Rowfile:4:1: error: unknown key `zzz`; this table knows `name`, `from`, "
        "`command`, `scope`, `previous_actions`, `products`, `temporary`, `inputs`, `depfile`, "
        "`value_inputs`, "
        "`environment`, `shell`, `launchers`, `retries`, `timeout`, `resumable`, `always`, "
        "`jobserver`, `group`, `resources`, `grow`, `submit_options`\n"
        "Rowfile:5:7: error: unknown key `qqqqqqqq`; this table knows `include`, `where`, "
        "`sort_by`, `reverse_sort`, `split_by_sort_key`, `maximum_size`, `submit_whole`, "
        "`skip_failed`\n");
    expect_in("x/workflow.toml", "[default]\nfoo = 1\n",
              "x/workflow.toml:2:1: error: unknown key `foo`; this table knows `action`\n");
}

#define GROW_ACTION(keys) "[[action]]\nname = 'a'\ncommand = 'x {directory}'\n" keys

static void expect_growth(const char *text, double memory, double walltime)
{
    struct loaded loaded;
    load(&loaded, text);
    const struct action *last = &loaded.rowfile->actions[loaded.rowfile->action_count - 1];
    assert_true(last->grow.memory >= memory && last->grow.memory <= memory);
    assert_true(last->grow.walltime >= walltime && last->grow.walltime <= walltime);
    unload(&loaded);
}

static void test_growth(void **state)
{
    (void)state;
    static const char wrong[] = "must be greater than 1, such as 1.5; leave it out for requests "
                                "that don't grow\n";
    struct buf message = BUF_EMPTY;
    expect_growth(GROW_ACTION(""), 0, 0);
    expect_growth(GROW_ACTION("grow = {memory = 1.5, walltime = 2}"), 1.5, 2);
    expect_growth(GROW_ACTION("grow.walltime = 1.25"), 0, 1.25);
    expect_growth(GROW_ACTION("grow.memory = 3\n[default.action.grow]\nmemory = 2\nwalltime = 4"),
                  3, 4);
    expect_growth(GROW_ACTION("grow.memory = 3\n") "[[action]]\nfrom = 'a'\ngrow.walltime = 2\n"
                                                   "group.where = '/x == 1'\n",
                  3, 2);
    static const char *const values[] = {"1", "0.5", "-2", "0", "inf", "nan"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct buf line = BUF_EMPTY;
        buf_addf(&line, "grow.memory = %s", values[i]);
        buf_clear(&message);
        buf_addf(&message, "Rowfile:4:15: error: `action.grow.memory` %s", wrong);
        expect_key(buf_string(&line), buf_string(&message));
        buf_release(&line);
    }
    buf_release(&message);
    expect_key("grow.walltime = '2'", "Rowfile:4:17: error: `action.grow.walltime` must be a "
                                      "number, not a string\n");
    expect_key("grow = 2", "Rowfile:4:8: error: `action.grow` must be a table, not an integer\n");
    expect_key("grow.wall = 2", "Rowfile:4:6: error: unknown key `wall`; this table knows "
                                "`memory`, `walltime`\n");
}

static void test_pools(void **state)
{
    (void)state;
    struct loaded loaded;
    load(&loaded, "[pools]\nlicence = 2\ndisk = 5\n"
                  "[default.action.resources.pools]\nlicence = 1\ndisk = 3\n"
                  "[[action]]\nname = 'a'\ncommand = 'x {directory}'\nresources.pools.disk = 4\n"
                  "[[action]]\nname = 'b'\ncommand = 'x {directory}'\n"
                  "resources.pools = {disk = 0, licence = 0}\n");
    const struct rowfile *rowfile = loaded.rowfile;
    assert_int_equal(rowfile->pool_count, 2);
    expect_slice(rowfile->pools[1].name, "disk");
    assert_int_equal(rowfile->pools[1].count, 5);
    const struct resource_spec *resources = &rowfile->actions[0].resources;
    assert_int_equal(resources->pool_count, 2);
    assert_int_equal(resources->pools[0], 1);
    assert_int_equal(resources->pools[1], 4);
    assert_int_equal(rowfile->actions[1].resources.pool_count, 0);
    unload(&loaded);
    expect_key("resources.pools.licence = 1",
               "Rowfile:4:17: error: there is no pool `licence`; add it to `[pools]`, with its "
               "count\n");
    expect_key("resources.pools.licence = 1\n[pools]\nlicense = 1",
               "Rowfile:4:17: error: there is no pool `licence`; did you mean `license`?\n");
    expect_key("resources.pools.licence = 3\n[pools]\nlicence = 2",
               "Rowfile:4:17: error: a command asks for 3 of the pool `licence`, more than the 2 "
               "that it has; lower this, or raise `licence` in `[pools]`\n");
    expect_key("resources.pools.licence = -1\n[pools]\nlicence = 2",
               "Rowfile:4:27: error: `action.resources.pools` must be at least 0\n");
    expect_key("resources.pools = 1",
               "Rowfile:4:19: error: `action.resources.pools` must be a table of integers, not an "
               "integer\n");
}

static void test_wrong_values(void **state)
{
    (void)state;
    expect_key("group.maximum_size = 0",
               "Rowfile:4:22: error: `action.group.maximum_size` must be at least 1\n");
    expect_key("resources.processes = {}",
               "Rowfile:4:23: error: `action.resources.processes` needs exactly one of "
               "`per_submission` or `per_directory`\n");
    expect_key("resources.walltime.per_directory = '3600'",
               "Rowfile:4:36: error: `3600` is not a valid duration; use e.g. 02:00:00\n");
    expect_key("resources.memory.per_process = '1 XB'",
               "Rowfile:4:32: error: `1 XB` has an unknown unit; use B, kB, MB, GB, TB, PB, KiB, "
               "MiB, GiB, TiB or PiB\n");
    expect_key("scope = 'grup'", "Rowfile:4:9: error: the scope must be \"directory\", \"group\" "
                                 "or \"project\"; did you mean `group`?\n");
    expect_key("group.sort_by = ['a']",
               "Rowfile:4:18: error: `a` is not a JSON pointer; did you mean `/a`?\n");
    expect_key("products = [1]",
               "Rowfile:4:13: error: `action.products` must be an array of strings, not an "
               "integer\n");
    expect_key("environment = { '1A' = 'x', B = 2 }",
               "Rowfile:4:17: error: a variable's name consists of letters, digits and `_`, and "
               "doesn't begin with a digit\nRowfile:4:33: error: `action.environment` must be a "
               "table of strings, not an integer\n");
    expect_key("group.include = [{condition = ['/a', '=', 1]}, {condition = ['/a', '<']}]",
               "Rowfile:4:38: error: the operator must be one of \"<\", \"<=\", \"==\", \"!=\", "
               "\">=\", \">\"\n"
               "Rowfile:4:61: error: a condition has three elements: [JSON pointer, operator, "
               "operand]\n");
    expect_key("group.include = [{all = [['/a', '<', {}], ['/a', '<', 1979-05-27]]}]",
               "Rowfile:4:38: error: tables can't be compared; use conditions with pointers to "
               "their members\nRowfile:4:55: error: JSON has no local date; compare with a string "
               "or a number\n");
    expect_key("group.include = []\ngroup.where = '/a == 1'",
               "Rowfile:5:15: error: use either `include` or `where`, not both\n");
    expect_key("shell = \"a\\u0000\"",
               "Rowfile:4:9: error: `action.shell` can't contain a NUL byte\n");
    expect_key("shell = ''", "Rowfile:4:9: error: `action.shell` can't be empty\n");
    expect_key("shell = ' '", "Rowfile:4:9: error: `action.shell` can't be empty\n");
    expect_key("shell = []", "Rowfile:4:9: error: `action.shell` can't be empty\n");
    expect_key("shell = ['bash', '']", "Rowfile:4:18: error: `action.shell` can't be empty\n");
    expect_key("shell = 3", "Rowfile:4:9: error: `action.shell` must be a string or an array of "
                            "strings, not an integer\n");
    expect_key("shell = \"'/my tools/bash' -e\"",
               "Rowfile:4:9: error: `action.shell` is split at blanks, and quotes have no meaning "
               "in it; write an array of words, such as [\"bash\", \"-e\"]\n");
}

static void test_globs_of_directories(void **state)
{
    (void)state;
    struct loaded loaded;
    load_as(&loaded, "Rowfile", "workspace.directories = ['*', 'a**b']\n");
    assert_null(loaded.rowfile);
    assert_int_equal(loaded.diag.errors, 1);
    assert_int_equal(loaded.diag.entries.at[0].offset, 30);
    unload(&loaded);
    expect(
        "workspace.directories = ['!a']\n",
        "Rowfile:1:25: error: `workspace.directories` includes no directories; add a glob such as "
        "\"*\"\n");
}

static void test_names(void **state)
{
    (void)state;
    expect("[[action]]\ncommand = '{directory}'\n",
           "Rowfile:1:1: error: this action has no name; add `name = \"…\"`\n");
    expect("[[action]]\nname = 'a'\nfrom = 'bb'\n[[action]]\nname = 'bbb'\ncommand = "
           "'{directory}'\nfrom = 'a'\n",
           "Rowfile:1:1: error: this action has no command; add `command = \"…\"`\nRowfile:3:8: "
           "error: there is no other action `bb` to copy from; did you mean `bbb`?\nRowfile:7:8: "
           "error: `a` uses `from` itself, which can't be chained; name the action that it copies "
           "from\n");
    expect_key("[[action]]\ncommand = '{directory}'\nname = \"a\\tb\"",
               "Rowfile:6:8: error: the name of an action can't contain control characters\n");
    expect("[default.action]\nfrom = 'a'\n",
           "Rowfile:2:8: error: `default.action` can't use `from`\n");
}

static void test_cycles(void **state)
{
    (void)state;
    expect("[default.action]\ncommand = '{directory}'\n"
           "[[action]]\nname = 'a'\nprevious_actions = ['b']\n"
           "[[action]]\nname = 'b'\nprevious_actions = ['c']\n"
           "[[action]]\nname = 'c'\nprevious_actions = ['b']\n"
           "[[action]]\nname = 'd'\nprevious_actions = ['d']\n",
           "Rowfile:11:21: error: dependency cycle in previous_actions: b → c → b; remove one of "
           "them\n"
           "Rowfile:14:21: error: dependency cycle in previous_actions: d → d; remove one of "
           "them\n");
}

static void test_elements_of_one_name(void **state)
{
    (void)state;
    expect("[default.action]\ncommand = '{directory}'\n"
           "[[action]]\nname = 'o'\n"
           "[[action]]\nname = 'a'\nproducts = ['x', 'y']\n"
           "[[action]]\nname = 'a'\nproducts = ['y', 'x']\n"
           "[[action]]\nname = 'a'\nproducts = ['x']\nprevious_actions = ['o']\n",
           "Rowfile:12:8: error: all elements called `a` must have the same previous_actions as "
           "the first one; make them equal or give this one another name\n"
           "Rowfile:12:8: error: all elements called `a` must have the same products as the first "
           "one; make them equal or give this one another name\n");
}

static void expect_paths(const char *keys, const char *message)
{
    struct buf text = BUF_EMPTY;
    buf_addf(&text, "[[action]]\nname = 'a'\ncommand = '{directory}'\n%s\n", keys);
    expect_action(buf_string(&text), message);
    buf_release(&text);
}

static void test_depfiles(void **state)
{
    (void)state;
    expect_key("depfile = 'a.d'", "");
    expect_key("depfile = '//d/{directory}.d'", "");
    expect_paths("scope = 'directory'\ndepfile = '//x.d'",
                 "Rowfile:5:11: error: every directory would make this file; put {directory} into "
                 "its name, or set `scope = \"group\"`\n");
    expect_paths(
        "depfile = '/tmp/x.d'",
        "Rowfile:4:11: error: a path is relative to the directory, or, as `//path`, to the "
        "project; it can't be absolute\n");
    expect_paths("scope = 'group'\ndepfile = '//../x.d'",
                 "Rowfile:5:11: error: this depfile is outside of the project; name a file inside "
                 "it\n");
    expect_paths("depfile = '*.d'",
                 "Rowfile:4:11: error: a depfile is one file, not a pattern; name "
                 "each file\n");
    expect_paths(
        "inputs = ['in']\ndepfile = './in'",
        "Rowfile:5:11: error: an action can't have a file as its input and as its depfile; "
        "remove it from `inputs`\n");
}

static void test_paths(void **state)
{
    (void)state;
    expect_paths("products = ['*.out']", "Rowfile:4:13: error: a product is one file, not a "
                                         "pattern; name each file\n");
    expect_paths(
        "products = ['/x']",
        "Rowfile:4:13: error: a path is relative to the directory, or, as `//path`, to the "
        "project; it can't be absolute\n");
    expect_paths("products = ['a/../../b']",
                 "Rowfile:4:13: error: this product is outside of the directory; name it relative "
                 "to the project, as `//path`\n");
    expect_paths("products = ['a', './a']",
                 "Rowfile:4:18: error: the product `./a` is listed twice; remove one\n");
    expect_paths("products = ['a/b', 'a']", "Rowfile:4:13: error: the product `a/b` lies inside "
                                            "the product `a`; list only one of the two\n");
    expect_paths("products = ['a']\ninputs = ['a']",
                 "Rowfile:5:11: error: an action can't have a file as its input and as its "
                 "product; remove it from one of the two\n");
    expect_paths("products = ['.']", "Rowfile:4:13: error: this product has no name\n");
    expect_paths("scope = 'directory'\nproducts = ['//x']",
                 "Rowfile:5:13: error: every directory would make this file; put {directory} into "
                 "its name, or set `scope = \"group\"`\n");
    expect_paths("products = ['//x{value}{directory}']",
                 "Rowfile:4:13: error: a path can contain only {directory}, {workspace_path} and "
                 "{/pointer}\n");
    expect_action("workspace.value_file = 'v'\n[[action]]\nname = 'a'\ncommand = '{directory}'\n"
                  "products = ['v']\n",
                  "Rowfile:5:13: error: this product is the file that holds the directory's "
                  "value, which an action can't write\n");
    expect_key("products = ['{directory}']",
               "Rowfile:4:13: warning: templates work only in paths that begin with `//`; "
               "this product has braces in its name\n");
    expect_key("inputs = ['//../other/x']", "");
    expect_paths(
        "inputs = ['!a']",
        "Rowfile:4:10: error: these inputs only exclude; add an input that they exclude from\n");
}

static void expect_command(const char *command, const char *more, const char *message)
{
    struct buf text = BUF_EMPTY;
    buf_addf(&text, "[[action]]\nname = 'a'\ncommand = '%s'\n%s\n", command, more);
    expect_action(buf_string(&text), message);
    buf_release(&text);
}

static void test_commands(void **state)
{
    (void)state;
    expect_command("make", "",
                   "Rowfile:3:11: error: the command must use {directory} or {directories}; if it "
                   "works on the whole project, set `scope = \"project\"`\n");
    expect_command("x {directory} {directories}", "",
                   "Rowfile:3:11: error: the command must use exactly one of {directory} and "
                   "{directories}\n");
    expect_command("x {directories} {/a}", "",
                   "Rowfile:3:11: error: {/pointer} needs the value of a single directory; use it "
                   "with {directory}, not with {directories}\n");
    expect_command("x {/a}", "scope = 'project'",
                   "Rowfile:3:11: error: an action for the whole project has no value to use here; "
                   "remove the template or set another scope\n");
    expect_command(
        "x {directory}", "scope = 'project'",
        "Rowfile:3:11: error: an action for the whole project runs once; use {directories}, or "
        "remove `scope = \"project\"`\n");
    expect_command("x {directories}", "environment.A = '{directory}'",
                   "Rowfile:4:17: error: {directory} can be put into a variable only if the "
                   "command has {directory}, too\n");
    expect("[[action]]\nname = 'a'\ncommand = \"sh -c 'x {directory}'\"\n",
           "Rowfile:3:21: warning: a template can't be quoted safely for every name here; use "
           "\"$ACTION_DIRECTORY\" instead\n");
    expect("[[action]]\nname = 'a'\ncommand = '''\nx {directory}\ny {directroy}\n'''\n",
           "Rowfile:5:3: warning: `{directroy}` is not a template and stays as it is; did you mean "
           "`{directory}`?\n");
}

static void test_contract_of_row(void **state)
{
    (void)state;
    struct loaded loaded;
    load_as(&loaded, "p/workflow.toml",
            "[[action]]\nname = 'a'\ncommand = 'x {} {directory}'\n"
            "products = ['*.out', 'x', 'x']\nlaunchers = ['nobody']\n"
            "[[action]]\nname = 'b'\ncommand = 'x'\nproducts = ['x']\n");
    assert_non_null(loaded.rowfile);
    assert_int_equal(loaded.rowfile->contract, CONTRACT_ROW);
    assert_int_equal(loaded.diag.errors, 1);
    assert_string_equal(loaded.diag.entries.at[0].action, "b");
    const struct action *action = &loaded.rowfile->actions[0];
    expect_slice(action->shell, "bash");
    assert_int_equal(action->product_count, 2);
    assert_true(action->command.uses_value);
    unload(&loaded);
    load_as(&loaded, "workflow.toml",
            "[[action]]\nname = 'a'\ncommand = '{directories}'\n"
            "[[action]]\nfrom = 'a'\ngroup.submit_whole = true\n");
    assert_non_null(loaded.rowfile);
    assert_int_equal(loaded.rowfile->actions[0].scope, SCOPE_GROUP);
    assert_int_equal(loaded.rowfile->actions[1].scope, SCOPE_GROUP);
    unload(&loaded);
    expect_in(
        "workflow.toml", "[[action]]\nname = 'a'\ncommand = 'x {directory} ${HOME}'\n",
        "workflow.toml:3:27: error: `{HOME}` is not a template, and a workflow.toml allows no "
        "other braces; write `$HOME`\n");
    expect_in("workflow.toml",
              "[[action]]\nname = 'a'\ncommand = 'x {directory}'\ngroup.sort_by = ['a']\n",
              "workflow.toml:4:18: warning: `a` is not a JSON pointer; did you mean `/a`?\n");
}

/* What stands in a shared layer is said once. */
static void test_shared_layers_are_reported_once(void **state)
{
    (void)state;
    expect(
        "[default.action]\ncommand = '{directory} {directroy}'\nretries = -1\n"
        "[[action]]\nname = 'a'\n[[action]]\nname = 'b'\n",
        "Rowfile:2:24: warning: `{directroy}` is not a template and stays as it is; did you mean "
        "`{directory}`?\n"
        "Rowfile:3:11: error: `action.retries` must be at least 0\n");
}

static void test_lookup(void **state)
{
    (void)state;
    struct loaded loaded;
    struct slice nearest;
    load(&loaded, "[default.action]\ncommand = '{directory}'\n"
                  "[[action]]\nname = 'first'\n[[action]]\nname = 'second'\n");
    assert_int_equal(rowfile_name_id(loaded.rowfile, slice_of("second"), &nearest), 1);
    assert_int_equal(rowfile_name_id(loaded.rowfile, slice_of("secnd"), &nearest), -1);
    expect_slice(nearest, "second");
    unload(&loaded);
}

static void expect_duration(const char *text, double wanted)
{
    double seconds = -1;
    const char *why = NULL;
    int result = duration_parse(slice_of(text), &seconds, &why);
    if (wanted < 0) {
        assert_int_equal(result, -1);
        assert_non_null(why);
    } else {
        assert_int_equal(result, 0);
        assert_true(seconds > wanted - 1e-6 && seconds < wanted + 1e-6);
    }
}

static void test_suggested_durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *suggested; /* NULL: nothing */
    } cases[] = {
        {"2h", "02:00:00"},
        {"90m", "01:30:00"},
        {"1-00:00:00", "24:00:00"},
        {"1h30m", "01:30:00"},
        {"1d 2h", "26:00:00"},
        {"1.5 hours", "01:30:00"},
        {"45 s", "00:00:45"},
        {"2H, 30Min", "02:30:00"},
        {"1 week", "168:00:00"},
        {"0-12", "12:00:00"},
        {"2-03:04", "51:04:00"},
        {"10 minutes", "00:10:00"},
        {"", NULL},
        {"h", NULL},
        {"2 parsecs", NULL},
        {"1-", NULL},
        {"1-00:61:00", NULL},
        {"3600", NULL},
        {"0h", NULL},
        {"1.h", NULL},
        {"1-00:00:00x", NULL},
        {"-2h", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out = BUF_EMPTY;
        bool is_known = duration_suggest(slice_of(cases[i].text), &out);
        assert_int_equal(is_known, cases[i].suggested != NULL);
        if (is_known) {
            double seconds;
            const char *why;
            assert_string_equal(buf_string(&out), cases[i].suggested);
            assert_int_equal(duration_parse(buf_slice(&out), &seconds, &why), 0);
        }
        buf_release(&out);
    }
}

static void test_durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double seconds;
    } cases[] = {
        {"01:00:00", 3600},
        {"1:00:00", 3600},
        {"90:00:00", 324000},
        {"00:10", 600},
        {"+00:10", 600},
        {"00:00:01.5", 1.5},
        {"4 days, 12:00:00", 388800},
        {"4 day 12:00:00", 388800},
        {"1d", 86400},
        {"1 D", 86400},
        {"2 days", 172800},
        {"P1DT2H", 93600},
        {"PT90M", 5400},
        {"PT1.5H", 5400},
        {"P1W", 604800},
        {"1d 2h", -1},
        {"3600", -1},
        {"36000", -1},
        {"00:00:60", -1},
        {"00:60", -1},
        {"1 days, 24:00:00", -1},
        {"-01:00:00", -1},
        {"-P1D", -1},
        {"", -1},
        {"P", -1},
        {"PT", -1},
        {"PT1.5H2M", -1},
        {"PT1D", -1},
        {"1:00", -1},
        {"01:00:00 ", -1},
        {"00:00", -1},
        {"1 week", -1},
        {"99999999999:00", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_duration(cases[i].text, cases[i].seconds);
    }
}

static void test_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t bytes; /* 0: refused */
    } cases[] = {
        {"1 GiB", 1073741824},
        {"500 MB", 500000000},
        {"300", 300},
        {"300 B", 300},
        {"1.5KiB", 1536},
        {"2 kb", 2000},
        {"1 PiB", 1125899906842624},
        {"0", 0},
        {"1 G", 0},
        {"GiB", 0},
        {"1. GiB", 0},
        {"-1 GiB", 0},
        {"99999 PiB", 0},
        {"1 GiB x", 0},
        {"", 0},
        {"1 EB", 0},
        {"0.2 B", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t bytes = 0;
        const char *why = NULL;
        int result = size_parse(slice_of(cases[i].text), &bytes, &why);
        assert_int_equal(result, cases[i].bytes > 0 ? 0 : -1);
        assert_int_equal(result == 0 ? bytes : 0, cases[i].bytes);
    }
}

static void test_keys_and_schema(void **state)
{
    (void)state;
    for (size_t i = 0; i < rowfile_key_count; i++) {
        const struct rowfile_key *key = &rowfile_keys[i];
        assert_true(key->parent < (int)i);
        assert_non_null(strstr(rowfile_schema(), key->description));
        if (strcmp(key->name, "*") != 0) {
            assert_int_equal(rowfile_key_child(key->parent, slice_of(key->name)), i);
        }
    }
    struct diag diag;
    diag_init(&diag);
    struct json_parser *parser = json_parser_new();
    struct json *schema = json_parse(parser, slice_of(rowfile_schema()), slice_of("schema"), &diag);
    const struct json *found = NULL;
    assert_non_null(schema);
    assert_true(
        json_at(schema, slice_of("/$defs/action/properties/group/properties/sort_by"), &found));
    assert_true(json_at(schema,
                        slice_of("/$defs/action/properties/submit_options/additionalProperties/"
                                 "properties/account/type"),
                        &found));
    json_free(schema);
    json_parser_free(parser);
    diag_release(&diag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_defaults_of_an_action),
        cmocka_unit_test(test_all_keys),
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_where_replaces_include),
        cmocka_unit_test(test_scopes),
        cmocka_unit_test(test_all_errors_at_once),
        cmocka_unit_test(test_unknown_keys),
        cmocka_unit_test(test_growth),
        cmocka_unit_test(test_pools),
        cmocka_unit_test(test_wrong_values),
        cmocka_unit_test(test_globs_of_directories),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_cycles),
        cmocka_unit_test(test_elements_of_one_name),
        cmocka_unit_test(test_depfiles),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_contract_of_row),
        cmocka_unit_test(test_shared_layers_are_reported_once),
        cmocka_unit_test(test_lookup),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_suggested_durations),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_keys_and_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
