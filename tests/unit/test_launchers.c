#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "launchers.h"
#include "rowfile.h"
#include "user_home.h"

#include <stdio.h>
#include <stdlib.h>

static char home[] = "/tmp/test_launchers.XXXXXX";

static void write_file(const char *program, const char *text)
{
    home_write(home, program, "launchers.toml", text);
}

static void expect_prefix(const struct launchers *launchers, const char *name, const char *cluster,
                          uint64_t processes, uint64_t threads, uint64_t gpus, const char *wanted)
{
    struct buf out = BUF_EMPTY;
    const struct launcher *launcher = launchers_find(launchers, slice_of(name));
    assert_non_null(launcher);
    launcher_add_prefix(launcher, slice_of(cluster), processes, threads, gpus, &out);
    assert_string_equal(buf_string(&out), wanted);
    buf_release(&out);
}

static void test_text_says_the_same(void **state)
{
    (void)state;
    struct launchers launchers;
    struct launchers again;
    struct diag diag;
    struct buf text = BUF_EMPTY;
    diag_init(&diag);
    write_file("rowbuild",
               "[\"my own\".default]\nexecutable = 'run \"it\"'\nprocesses = \"-n \"\n"
               "[\"my own\".lab]\n"
               "[mpi.default]\nexecutable = \"own-mpirun\"\nthreads_per_process = \"-t\"\n");
    assert_int_equal(launchers_load(&launchers, &diag), 0);
    launchers_add_text(&launchers, &text);
    assert_int_equal(launchers_load_text(&again, buf_slice(&text), "text", &diag), 0);
    assert_int_equal(again.count, launchers.count);
    expect_prefix(&again, "my own", "x", 2, 1, 0, "run \"it\" -n 2 ");
    expect_prefix(&again, "my own", "lab", 2, 1, 0, "");
    expect_prefix(&again, "mpi", "x", 2, 4, 0, "own-mpirun -t4 ");
    expect_prefix(&again, "mpi", "none", 2, 4, 0, "mpirun -n 2 ");
    expect_prefix(&again, "openmp", "x", 0, 4, 0, "OMP_NUM_THREADS=4 ");
    launchers_release(&launchers);
    launchers_release(&again);
    write_file("rowbuild", "");
    buf_release(&text);
    diag_release(&diag);
}

static void test_built_in(void **state)
{
    (void)state;
    struct launchers launchers;
    struct diag diag;
    diag_init(&diag);
    assert_int_equal(launchers_load(&launchers, &diag), 0);
    assert_int_equal(launchers.count, 5);
    expect_prefix(&launchers, "openmp", "none", 1, 4, 0, "OMP_NUM_THREADS=4 ");
    expect_prefix(&launchers, "openmp", "none", 1, 0, 0, "");
    expect_prefix(&launchers, "rayon", "x", 1, 4, 0, "RAYON_NUM_THREADS=4 ");
    expect_prefix(&launchers, "mpi", "none", 8, 4, 2, "mpirun -n 8 ");
    expect_prefix(&launchers, "mpi", "anvil", 8, 4, 0,
                  "srun --mpi=pmi2 --ntasks=8 --cpus-per-task=4 ");
    expect_prefix(&launchers, "mpi", "x", 8, 4, 2,
                  "srun --ntasks=8 --cpus-per-task=4 --tres-per-task=gres/gpu:2 ");
    expect_prefix(&launchers, "process", "none", 8, 4, 2, "");
    expect_prefix(&launchers, "threads", "none", 8, 4, 2, "");
    struct slice none = slice_of("none");
    assert_true(launcher_starts_processes(launchers_find(&launchers, slice_of("mpi")), none));
    assert_true(launcher_starts_processes(launchers_find(&launchers, slice_of("process")), none));
    assert_false(launcher_starts_processes(launchers_find(&launchers, slice_of("openmp")), none));
    assert_null(launchers_find(&launchers, slice_of("nobody")));
    launchers_release(&launchers);
    diag_release(&diag);
}

static void test_files(void **state)
{
    (void)state;
    struct launchers launchers;
    struct diag diag;
    diag_init(&diag);
    write_file("row", "[mpi.none]\nexecutable = \"row\"\nprocesses = \"-np \"\n"
                      "[wrap.default]\nexecutable = \"wrap\"\n[wrap.x]\n");
    write_file("rowbuild", "[wrap.default]\nexecutable = \"ours\"\n");
    assert_int_equal(launchers_load(&launchers, &diag), 0);
    expect_prefix(&launchers, "mpi", "none", 2, 0, 0, "row -np 2 ");
    expect_prefix(&launchers, "mpi", "x", 2, 0, 0, "srun --ntasks=2 ");
    expect_prefix(&launchers, "wrap", "none", 2, 0, 0, "ours ");
    expect_prefix(&launchers, "wrap", "x", 2, 0, 0, "");
    const struct launcher *wrap = launchers_find(&launchers, slice_of("wrap"));
    assert_false(wrap->built_in);
    assert_non_null(strstr(wrap->origin, "/.config/rowbuild/launchers.toml"));
    launchers_release(&launchers);
    diag_release(&diag);
    home_empty(home);
}

static void test_wrong_files(void **state)
{
    (void)state;
    struct launchers launchers;
    struct diag diag;
    diag_init(&diag);
    write_file("row", "[a.none]\nexecutabel = \"x\"\nprocesses = 2\n");
    assert_int_equal(launchers_load(&launchers, &diag), -1);
    launchers_release(&launchers);
    assert_int_equal(diag.errors, 3);
    assert_string_equal(diag.entries.at[0].message,
                        "this launcher has no default; add `[NAME.default]`, which may be empty");
    assert_string_equal(diag.entries.at[1].message,
                        "unknown key `executabel`; did you mean `executable`?");
    assert_int_equal(diag.entries.at[1].offset, 9);
    struct buf shown = BUF_EMPTY;
    diag_render(&diag.entries.at[2], false, &shown);
    assert_non_null(strstr(buf_string(&shown), "launchers.toml:3:13: error: `processes` must be"));
    buf_release(&shown);
    diag_release(&diag);
    home_empty(home);
}

static void expect_found(const char *keys, const char *message)
{
    struct launchers launchers;
    struct diag diag;
    struct buf text = BUF_EMPTY;
    diag_init(&diag);
    buf_addf(&text, "[[action]]\nname = 'a'\n%s\n", keys);
    struct rowfile *rowfile = rowfile_load(buf_slice(&text), "Rowfile", &diag);
    assert_non_null(rowfile);
    assert_int_equal(launchers_load(&launchers, &diag), 0);
    launchers_check(&launchers, rowfile, slice_of("none"), &diag);
    assert_int_equal(diag.errors, message != NULL);
    if (message != NULL) {
        assert_string_equal(diag.entries.at[0].message, message);
        assert_string_equal(diag.entries.at[0].action, "a");
    }
    assert_null(diag.action);
    launchers_release(&launchers);
    rowfile_free(rowfile);
    diag_release(&diag);
    buf_release(&text);
}

static void test_check(void **state)
{
    (void)state;
    static const char several[] =
        "this action asks for several processes, and no launcher starts them; add `launchers = "
        "[\"mpi\"]` or `[\"process\"]`, or use threads_per_process";
    expect_found("command = '{directory}'\nlaunchers = ['opnmp']",
                 "there is no launcher `opnmp`; did you mean `openmp`?");
    expect_found("command = '{directory}'\nlaunchers = ['mpi', 'process']",
                 "two launchers that start processes can't be combined; remove one");
    expect_found("command = '{directory}'\nresources.processes.per_submission = 2", several);
    expect_found("command = '{directories}'\nresources.processes.per_directory = 1", several);
    expect_found("command = '{directory}'\nresources.processes.per_directory = 1", NULL);
    expect_found("command = '{directory}'\nlaunchers = ['openmp', 'mpi']\n"
                 "resources.processes.per_submission = 2",
                 NULL);
}

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(home) == NULL || setenv("HOME", home, 1) != 0) {
        return -1;
    }
    return unsetenv("ROW_HOME") | unsetenv("ROWBUILD_HOME");
}

static int tear_down(void **state)
{
    (void)state;
    return file_remove_tree(AT_FDCWD, home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_built_in), cmocka_unit_test(test_text_says_the_same),
        cmocka_unit_test(test_files),    cmocka_unit_test(test_wrong_files),
        cmocka_unit_test(test_check),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
