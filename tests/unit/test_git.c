/* Repositories, as the git program makes them. */
#include "git.h"

#include "memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct scratch {
    char top[64];
    struct diag diag;
};

static char home[] = "/tmp/test_git.XXXXXX"; /* libgit2 asks for it once */

static void shell(const char *folder, const char *commands)
{
    struct buf line = BUF_EMPTY;
    buf_addf(&line,
             "cd '%s' && { %s\n} </dev/null >\"$HOME/git.log\" 2>&1 || { cat ~/git.log; false; }",
             folder, commands);
    int status = system(buf_string(&line)); // NOLINT(cert-env33-c)
    buf_release(&line);
    assert_int_equal(status, 0);
}

static int set_up(void **state)
{
    struct scratch *scratch = mem_alloc(sizeof *scratch);
    snprintf(scratch->top, sizeof scratch->top, "%s/repositories", home);
    assert_int_equal(mkdir(scratch->top, 0777), 0);
    diag_init(&scratch->diag);
    shell(scratch->top, "rm -f ~/.gitconfig && git config --global user.name N && git config "
                        "--global user.email e@x &&"
                        "git config --global init.defaultBranch main && mkdir study &&"
                        "cd study && git init -q && mkdir -p a/src b && echo 1 >a/src/f &&"
                        "echo 2 >b/g && ln -s g b/link && git add . && git commit -qm 'first one'");
    *state = scratch;
    return 0;
}

static int tear_down(void **state)
{
    struct scratch *scratch = *state;
    shell(home, "rm -rf repositories");
    diag_release(&scratch->diag);
    free(scratch);
    return 0;
}

/* Opens the repository of a folder below the scratch folder. */
static int open_at(struct scratch *scratch, const char *folder, struct repository **repository)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", scratch->top, folder);
    return repository_open(path, repository, &scratch->diag);
}

static bool is_dirty(struct scratch *scratch, const char *folder)
{
    struct repository *repository;
    bool dirty = false;
    assert_int_equal(open_at(scratch, folder, &repository), 0);
    assert_int_equal(repository_is_dirty(repository, &dirty, &scratch->diag), 0);
    repository_free(repository);
    return dirty;
}

static const char *said(const struct scratch *scratch)
{
    return scratch->diag.entries.count > 0
               ? scratch->diag.entries.at[scratch->diag.entries.count - 1].message
               : "";
}

#define assert_says(scratch, words) assert_non_null(strstr(said(scratch), words))

static void ids_are_read_and_written(void **state)
{
    struct git_id id;
    struct buf text = BUF_EMPTY;
    (void)state;
    assert_true(git_id_read(slice_of("0123456789abcdef0123456789abcdef01234567"), &id));
    assert_int_equal(id.bytes[1], 0x23);
    git_id_add(&id, 7, &text);
    assert_string_equal(buf_string(&text), "0123456");
    assert_false(git_id_read(slice_of("0123456789abcdef0123456789abcdef0123456"), &id));
    assert_false(git_id_read(slice_of("g123456789abcdef0123456789abcdef01234567"), &id));
    assert_false(git_id_read(slice_of("0123456789abcdef0123456789abcdef012345678"), &id));
    buf_release(&text);
}

static void a_repository_is_found_from_a_folder_in_it(void **state)
{
    struct scratch *scratch = *state;
    struct repository *repository;
    struct git_id head;
    struct buf shown = BUF_EMPTY;
    char expected[128];
    assert_int_equal(open_at(scratch, "study/a/src", &repository), 0);
    snprintf(expected, sizeof expected, "%s/study", scratch->top);
    assert_string_equal(repository_top(repository), expected);
    assert_true(slice_is(repository_prefix(repository), "a/src/"));
    assert_int_equal(repository_head(repository, &head, &scratch->diag), 0);
    git_id_add(&head, GIT_ID_DIGITS, &shown);
    repository_free(repository);
    char command[160];
    snprintf(command, sizeof command, "cd study && test \"$(git rev-parse HEAD)\" = %s",
             buf_string(&shown));
    shell(scratch->top, command);
    buf_release(&shown);
    assert_int_equal(open_at(scratch, "study", &repository), 0);
    assert_true(slice_is(repository_prefix(repository), ""));
    repository_free(repository);
}

static void no_repository_and_no_commit_are_no_errors(void **state)
{
    struct scratch *scratch = *state;
    struct repository *repository;
    struct git_id head;
    assert_int_equal(open_at(scratch, "", &repository), 1);
    assert_null(repository);
    shell(scratch->top, "git init -q empty && mkdir empty/p");
    assert_int_equal(open_at(scratch, "empty/p", &repository), 0);
    assert_int_equal(repository_head(repository, &head, &scratch->diag), 1);
    repository_free(repository);
    assert_false(is_dirty(scratch, "empty/p"));
    shell(scratch->top, "cd empty && echo 1 >p/f && git add p/f");
    assert_true(is_dirty(scratch, "empty/p"));
    assert_int_equal(scratch->diag.errors, 0);
}

static void what_git_tracks_makes_a_folder_dirty(void **state)
{
    static const struct {
        const char *commands;
        bool a;
        bool b;
    } edits[] = {
        {"true", false, false},
        {"touch a/src/f b/g", false, false},
        {"echo new >a/untracked", false, false},
        {"echo 9 >a/src/f", true, false},
        {"git add -A", true, false},
        {"git commit -qm x", false, false},
        {"rm b/g", false, true},
        {"git checkout -q b/g && ln -sfn elsewhere b/link", false, true},
        {"git checkout -q b/link && chmod +x a/src/f", true, false},
        {"chmod -x a/src/f && git mv a/src/f b/f", true, true},
        {"git mv b/f a/src/f && git rm -q --cached a/src/f", true, false},
        {"git reset -q --hard && echo 1 >b/z && git add -N b/z", false, true},
    };
    struct scratch *scratch = *state;
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        char line[512];
        snprintf(line, sizeof line, "cd study && %s", edits[i].commands);
        shell(scratch->top, line);
        assert_int_equal(is_dirty(scratch, "study/a"), edits[i].a);
        assert_int_equal(is_dirty(scratch, "study/b"), edits[i].b);
        assert_int_equal(is_dirty(scratch, "study"), edits[i].a || edits[i].b);
    }
}

/* Within one second, and of the same size: the times may be what the index has. */
static void an_edit_right_after_adding_is_seen(void **state)
{
    struct scratch *scratch = *state;
    shell(scratch->top, "cd study && echo 5 >b/g && git add b/g && git commit -qm x &&"
                        "touch -d @2000000000 b/g .git/index && git add b/g && git status -s &&"
                        "echo 6 >b/g && touch -d @2000000000 b/g .git/index");
    assert_true(is_dirty(scratch, "study"));
}

static void unusable_repositories_name_the_command_that_helps(void **state)
{
    struct scratch *scratch = *state;
    struct repository *repository;
    bool dirty;
    shell(scratch->top, "git clone -q --bare study bare && git init -q --object-format=sha256 new");
    assert_int_equal(open_at(scratch, "bare", &repository), -1);
    assert_says(scratch, "is bare");
    assert_says(scratch, "git clone ");
    assert_int_equal(open_at(scratch, "new", &repository), -1);
    assert_says(scratch, "sha256");
    assert_says(scratch, "git fast-export");
    shell(scratch->top, "cd study && git update-index --split-index");
    assert_int_equal(open_at(scratch, "study", &repository), 0);
    assert_int_equal(repository_is_dirty(repository, &dirty, &scratch->diag), -1);
    assert_says(scratch, "update-index --no-split-index");
    repository_free(repository);
    shell(scratch->top, "cd study && git update-index --no-split-index");
    assert_false(is_dirty(scratch, "study"));
    shell(scratch->top, "cd study && git sparse-checkout set --sparse-index a");
    assert_int_equal(open_at(scratch, "study", &repository), 0);
    assert_int_equal(repository_is_dirty(repository, &dirty, &scratch->diag), -1);
    assert_says(scratch, "sparse-checkout reapply --no-sparse-index");
    repository_free(repository);
    shell(scratch->top, "cd study && git sparse-checkout reapply --no-sparse-index");
    assert_false(is_dirty(scratch, "study"));
}

static void another_owner_has_to_be_trusted(void **state)
{
    struct scratch *scratch = *state;
    struct repository *repository;
    if (geteuid() != 0) {
        skip();
    }
    shell(scratch->top, "chown -R 12345 study");
    assert_int_equal(open_at(scratch, "study/a", &repository), -1);
    assert_says(scratch, "belongs to another user");
    assert_says(scratch, "git config --global --add safe.directory ");
    shell(scratch->top, "git config --global --add safe.directory '*'");
    assert_int_equal(open_at(scratch, "study/a", &repository), 0);
    repository_free(repository);
    shell(scratch->top, "git config --global --replace-all safe.directory \"$PWD/study\"");
    assert_int_equal(open_at(scratch, "study/a", &repository), 0);
    repository_free(repository);
}

static void worktrees_and_submodules_are_repositories(void **state)
{
    struct scratch *scratch = *state;
    shell(scratch->top,
          "cd study && git worktree add -q ../tree && git -c protocol.file.allow=always "
          "submodule add -q \"$PWD\" b/sub && git commit -qm sub");
    assert_false(is_dirty(scratch, "tree/a"));
    assert_false(is_dirty(scratch, "study/b/sub/a"));
    assert_false(is_dirty(scratch, "study"));
    shell(scratch->top, "echo 7 >tree/a/src/f && echo 8 >study/b/sub/a/src/f");
    assert_true(is_dirty(scratch, "tree/a"));
    assert_true(is_dirty(scratch, "study/b/sub/a"));
}

static void line_ends_are_no_difference(void **state)
{
    struct scratch *scratch = *state;
    shell(scratch->top, "cd study && printf '1\\n2\\n' >a/t && echo '* text=auto eol=crlf' >"
                        ".gitattributes && git add . && git commit -qm x && rm a/t &&"
                        "git checkout -q a/t && grep -q \"$(printf '\\r')\" a/t && touch a/t");
    assert_false(is_dirty(scratch, "study"));
}

/* "A path", "C path" … of all that differs from a revision, in order. */
static char *differences(struct scratch *scratch, const char *folder, const char *revision)
{
    struct repository *repository;
    struct git_comparison *comparison;
    const struct git_difference *found;
    struct git_id commit;
    struct buf text = BUF_EMPTY;
    assert_int_equal(open_at(scratch, folder, &repository), 0);
    assert_int_equal(repository_resolve(repository, revision, &commit, &scratch->diag), 0);
    assert_int_equal(repository_compare(repository, &commit, repository_prefix(repository),
                                        &comparison, &scratch->diag),
                     0);
    size_t count = git_comparison_differences(comparison, &found);
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(git_comparison_find(comparison, found[i].path), &found[i]);
        buf_addf(&text, "%s%c %s", i > 0 ? ", " : "", "ACMSD"[found[i].change], found[i].path.at);
    }
    git_comparison_free(comparison);
    repository_free(repository);
    char *copy = mem_copy(buf_string(&text), text.len);
    buf_release(&text);
    return copy;
}

static void assert_differs(struct scratch *scratch, const char *folder, const char *revision,
                           const char *expected)
{
    char *found = differences(scratch, folder, revision);
    assert_string_equal(found, expected);
    free(found);
}

static void commits_index_and_files_are_compared(void **state)
{
    struct scratch *scratch = *state;
    shell(scratch->top,
          "cd study && git tag base && echo 3 >a/new && git add . && git commit -qm 2 &&"
          "echo 4 >a/staged && git add a/staged && echo 5 >a/src/f");
    assert_differs(scratch, "study", "base", "A a/new, C a/src/f, A a/staged");
    assert_differs(scratch, "study", "HEAD", "C a/src/f, A a/staged");
    assert_differs(scratch, "study/b", "base", "");
    shell(scratch->top,
          "cd study && rm a/new a/staged && git rm -q --cached b/g && git mv b/link b.l");
    assert_differs(scratch, "study", "base", "C a/src/f, A b.l, S b/g, D b/link");
    assert_differs(scratch, "study/b", "base", "S b/g, D b/link");
    shell(scratch->top, "cd study && git reset -q --hard base && echo 9 >a/src/f && git add . &&"
                        "echo 1 >a/src/f");
    assert_differs(scratch, "study", "base", "S a/src/f");
    shell(scratch->top,
          "cd study && git reset -q --hard base && rm -r a && echo x >a && git add .");
    assert_differs(scratch, "study", "base", "A a, D a/src/f");
    shell(scratch->top, "cd study && git reset -q --hard base && ln -sfn f a/src/f2 && rm b/link &&"
                        "printf g >b/link && chmod +x b/g");
    assert_differs(scratch, "study", "base", "M b/g, C b/link");
}

/* The index notes the trees of its folders: such a tree isn't read, so that here nobody misses it. */
static void folders_that_the_index_has_as_the_commit_are_compared_by_their_files(void **state)
{
    struct scratch *scratch = *state;
    struct repository *repository;
    struct git_comparison *comparison;
    struct git_id commit;
    shell(scratch->top,
          "cd study && echo 1 >a/src/a-much-longer-name && git add . && git commit -qm 2 &&"
          "tree=$(git rev-parse HEAD:a/src) &&"
          "rm -f .git/objects/$(echo $tree | sed 's,^..,&/,')");
    for (unsigned version = 2; version <= 4; version++) {
        char command[128];
        snprintf(command, sizeof command, "cd study && git update-index --index-version %u",
                 version);
        shell(scratch->top, command);
        assert_differs(scratch, "study", "HEAD", "");
        assert_differs(scratch, "study/a/src", "HEAD", "");
        shell(scratch->top, "cd study && echo 5 >a/src/f && chmod +x a/src/a-much-longer-name");
        assert_differs(scratch, "study", "HEAD", "M a/src/a-much-longer-name, C a/src/f");
        assert_differs(scratch, "study/b", "HEAD", "");
        shell(scratch->top, "cd study && rm a/src/f && chmod -x a/src/a-much-longer-name");
        assert_differs(scratch, "study/a", "HEAD", "D a/src/f");
        shell(scratch->top, "cd study && echo 1 >a/src/f && echo n >a/n && git add a/n");
        assert_differs(scratch, "study", "HEAD", "A a/n");
        shell(scratch->top, "cd study && git rm -qf a/n");
    }
    assert_int_equal(open_at(scratch, "study", &repository), 0);
    assert_int_equal(repository_resolve(repository, "HEAD", &commit, &scratch->diag), 0);
    assert_int_equal(
        repository_compare(repository, &commit, SLICE_LITERAL(""), &comparison, &scratch->diag), 0);
    assert_true(git_comparison_had_folder(comparison, SLICE_LITERAL("a")));
    assert_true(git_comparison_had_folder(comparison, SLICE_LITERAL("a/src")));
    assert_false(git_comparison_had_folder(comparison, SLICE_LITERAL("a/s")));
    assert_int_equal(git_comparison_folders(comparison), 3);
    git_comparison_free(comparison);
    repository_free(repository);
    /* What the index doesn't have as the commit has it has to be read. */
    shell(scratch->top, "cd study && git rm -qf a/src/f");
    assert_int_equal(open_at(scratch, "study", &repository), 0);
    assert_int_equal(
        repository_compare(repository, &commit, SLICE_LITERAL(""), &comparison, &scratch->diag),
        -1);
    assert_says(scratch, "the folder `a/src/` of the commit can't be read");
    repository_free(repository);
}

/* Names are bytes, sorted as such; "a.b" comes before "a/b". */
static void names_are_bytes(void **state)
{
    struct scratch *scratch = *state;
    shell(scratch->top, "cd study && git tag base && mkdir \"$(printf 'a\\377')\" && echo 1 >"
                        "\"$(printf 'a\\377/x\\ny')\" && echo 2 >a.b && echo 3 >a-b && git add . &&"
                        "git commit -qm x");
    assert_differs(scratch, "study", "base", "A a-b, A a.b, A a\377/x\ny");
    shell(scratch->top, "cd study && git tag -f base && git rm -qr . && git commit -qm x");
    assert_differs(scratch, "study", "base",
                   "D a-b, D a.b, D a/src/f, D a\377/x\ny, D b/g, D b/link");
}

static void revisions_are_as_git_reads_them(void **state)
{
    struct scratch *scratch = *state;
    struct repository *repository;
    struct git_id commit;
    shell(scratch->top, "cd study && git branch other && echo 2 >a/src/f && git commit -qam two &&"
                        "git tag -a -m t two && git checkout -q other && echo 3 >b/g &&"
                        "git commit -qam three");
    assert_differs(scratch, "study", "main", "C a/src/f, C b/g");
    assert_differs(scratch, "study", "two", "C a/src/f, C b/g");
    assert_differs(scratch, "study", "main...HEAD", "C b/g");
    assert_differs(scratch, "study", "main...", "C b/g");
    assert_differs(scratch, "study", "HEAD~1", "C b/g");
    assert_int_equal(open_at(scratch, "study", &repository), 0);
    assert_int_equal(repository_resolve(repository, "main..HEAD", &commit, &scratch->diag), -1);
    assert_says(scratch, "use `main`, or `main...HEAD`");
    assert_int_equal(repository_resolve(repository, "nowhere", &commit, &scratch->diag), -1);
    assert_says(scratch, "fetch --all --tags");
    assert_int_equal(repository_resolve(repository, "HEAD:a", &commit, &scratch->diag), -1);
    assert_says(scratch, "isn't a commit");
    repository_free(repository);
    shell(scratch->top, "git clone -q --depth 1 \"file://$PWD/study\" shallow");
    assert_int_equal(open_at(scratch, "shallow", &repository), 0);
    assert_int_equal(repository_resolve(repository, "HEAD~1", &commit, &scratch->diag), -1);
    assert_says(scratch, "fetch --unshallow");
    assert_says(scratch, "fetch --deepen=");
    repository_free(repository);
    shell(scratch->top, "cd study && git checkout -q --orphan alone && git commit -qm alone");
    assert_int_equal(open_at(scratch, "study", &repository), 0);
    assert_int_equal(repository_resolve(repository, "main...", &commit, &scratch->diag), -1);
    assert_says(scratch, "no commit in common");
    repository_free(repository);
}

static void submodules_are_compared_where_they_are_checked_out(void **state)
{
    struct scratch *scratch = *state;
    struct repository *repository;
    struct git_comparison *comparison;
    struct git_id commit;
    const struct slice *unknown;
    shell(scratch->top,
          "git clone -q study other && cd study && git -c protocol.file.allow=always "
          "submodule add -q \"$PWD/../other\" sub && git commit -qm sub && git tag base");
    assert_differs(scratch, "study", "base", "");
    assert_differs(scratch, "study", "base~1",
                   "A .gitmodules, A sub/a/src/f, A sub/b/g, A sub/b/link");
    shell(scratch->top, "cd study/sub && echo 5 >b/g && git commit -qam five && echo 6 >a/src/f");
    assert_differs(scratch, "study", "base", "C sub/a/src/f, C sub/b/g");
    assert_differs(scratch, "study/sub", "HEAD~1", "C a/src/f, C b/g");
    shell(scratch->top, "git clone -q study clone");
    assert_int_equal(open_at(scratch, "clone", &repository), 0);
    assert_int_equal(repository_head(repository, &commit, &scratch->diag), 0);
    assert_int_equal(
        repository_compare(repository, &commit, SLICE_LITERAL(""), &comparison, &scratch->diag), 0);
    assert_int_equal(git_comparison_unknown(comparison, &unknown), 1);
    assert_true(slice_is(unknown[0], "sub"));
    git_comparison_free(comparison);
    repository_free(repository);
}

static void what_is_tracked_and_ignored_is_known(void **state)
{
    struct scratch *scratch = *state;
    struct repository *repository;
    struct git_comparison *comparison;
    struct git_id commit;
    const struct git_difference *found;
    struct buf content = BUF_EMPTY;
    shell(scratch->top, "cd study && echo '*.log' >.gitignore && mkdir a/x && echo 1 >a/x/1.log &&"
                        "echo 8 >b/g");
    assert_int_equal(open_at(scratch, "study", &repository), 0);
    assert_int_equal(repository_head(repository, &commit, &scratch->diag), 0);
    assert_int_equal(
        repository_compare(repository, &commit, SLICE_LITERAL(""), &comparison, &scratch->diag), 0);
    assert_true(git_comparison_tracks(comparison, SLICE_LITERAL("a/src/f")));
    assert_true(git_comparison_tracks(comparison, SLICE_LITERAL("a")));
    assert_false(git_comparison_tracks(comparison, SLICE_LITERAL("a/x")));
    assert_false(git_comparison_tracks(comparison, SLICE_LITERAL("a/s")));
    assert_true(git_comparison_ignores(comparison, SLICE_LITERAL("a/x/1.log")));
    assert_false(git_comparison_ignores(comparison, SLICE_LITERAL("a/x/1.txt")));
    assert_true(git_comparison_had_folder(comparison, SLICE_LITERAL("a/src")));
    assert_false(git_comparison_had_folder(comparison, SLICE_LITERAL("a/x")));
    found = git_comparison_find(comparison, SLICE_LITERAL("b/g"));
    assert_non_null(found);
    assert_int_equal(git_comparison_read(comparison, found, &content, &scratch->diag), 0);
    assert_string_equal(buf_string(&content), "2\n");
    buf_release(&content);
    git_comparison_free(comparison);
    repository_free(repository);
}

static void missing_contents_of_a_partial_clone_are_told(void **state)
{
    struct scratch *scratch = *state;
    struct repository *repository;
    struct git_comparison *comparison;
    struct git_id commit;
    const struct git_difference *found;
    struct buf content = BUF_EMPTY;
    shell(scratch->top, "cd study && git config uploadpack.allowFilter true && echo 7 >b/g &&"
                        "git commit -qam x && cd .. && git clone -q --filter=blob:none "
                        "\"file://$PWD/study\" partial");
    assert_differs(scratch, "partial", "HEAD~1", "C b/g");
    assert_int_equal(open_at(scratch, "partial", &repository), 0);
    assert_int_equal(repository_resolve(repository, "HEAD~1", &commit, &scratch->diag), 0);
    assert_int_equal(
        repository_compare(repository, &commit, SLICE_LITERAL(""), &comparison, &scratch->diag), 0);
    assert_int_equal(git_comparison_differences(comparison, &found), 1);
    assert_int_equal(git_comparison_read(comparison, found, &content, &scratch->diag), -1);
    assert_says(scratch, "git -C ");
    assert_says(scratch, "partial diff COMMIT");
    shell(scratch->top, "cd partial && git diff HEAD~1 >/dev/null");
    git_comparison_free(comparison);
    repository_free(repository);
    buf_release(&content);
}

static int set_up_home(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(home));
    setenv("HOME", home, 1);
    setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
    return 0;
}

static int remove_home(void **state)
{
    (void)state;
    shell("/tmp", "rm -rf \"$HOME\"");
    return 0;
}

/* ---- Which commit changed a file last ---- */

static struct git_id id_of(struct scratch *scratch, struct repository *repository,
                           const char *revision)
{
    struct git_id id;
    assert_int_equal(repository_resolve(repository, revision, &id, &scratch->diag), 0);
    return id;
}

/* "uncommitted", the commit's subject, or "" if nothing is known. */
static void expect_last(struct scratch *scratch, const char *folder, const char *since,
                        const char *path, const char *expected)
{
    struct repository *repository;
    struct arena names;
    arena_init(&names);
    assert_int_equal(open_at(scratch, folder, &repository), 0);
    struct git_last asked[2] = {
        {.path = slice_of(path), .since = id_of(scratch, repository, since)},
        {.path = slice_of("nowhere"), .since = id_of(scratch, repository, since)},
    };
    repository_find_last(repository, asked, 2, &names);
    assert_int_equal(asked[1].kind, GIT_LAST_UNKNOWN);
    const char *found = asked[0].kind == GIT_LAST_UNKNOWN       ? ""
                        : asked[0].kind == GIT_LAST_UNCOMMITTED ? "uncommitted"
                                                                : asked[0].subject.at;
    assert_string_equal(found, expected);
    repository_free(repository);
    arena_release(&names);
}

static void the_last_commit_of_a_file_is_found(void **state)
{
    struct scratch *scratch = *state;
    shell(scratch->top,
          "cd study && git tag start && echo 3 >a/src/f && git commit -qam 'edit f' &&"
          "git checkout -qb side && echo 4 >b/g && git commit -qam 'side g' &&"
          "git checkout -q main && echo 5 >c && git add c && git commit -qm 'add c' &&"
          "git merge -q --no-ff -m merge side && git rm -q b/link && git commit -qm 'no link' &&"
          "echo 9 >d && git add d && git commit -qm other && echo 1 >loose");
    expect_last(scratch, "study", "start", "a/src/f", "edit f");
    expect_last(scratch, "study", "start", "a/src", "edit f");
    expect_last(scratch, "study/b", "start", "b/g", "side g"); /* as git log, through the merge */
    expect_last(scratch, "study", "start", "c", "add c");
    expect_last(scratch, "study", "start", "b/link", "no link");
    expect_last(scratch, "study", "HEAD", "a/src/f", ""); /* it is as it was */
    expect_last(scratch, "study", "side", "a/src/f", "");
    expect_last(scratch, "study", "start", "loose", "");
    shell(scratch->top, "cd study && echo 6 >a/src/f && echo 7 >e && git add e && rm d");
    expect_last(scratch, "study", "start", "a/src/f", "uncommitted");
    expect_last(scratch, "study", "start", "a", "uncommitted");
    expect_last(scratch, "study", "start", "e", "uncommitted");
    expect_last(scratch, "study", "start", "d", "uncommitted");
    expect_last(scratch, "study", "start", "b", "no link");
    /* Two sides that both edit: the merge itself is the last. */
    shell(scratch->top, "cd study && git reset -q --hard && git checkout -q side &&"
                        "echo 8 >a/src/f && git commit -qam 'other f' && git checkout -q main &&"
                        "{ git merge side; echo both >a/src/f; git commit -qam 'join f'; }");
    expect_last(scratch, "study", "start", "a/src/f", "join f");
    /* A history that is cut off, and a commit that isn't there. */
    shell(scratch->top, "git clone -q --depth 1 file://$PWD/study cut && cd cut && echo 1 >>c &&"
                        "git commit -qam 'c here'");
    expect_last(scratch, "cut", "HEAD~1", "c", "c here");
    struct repository *repository;
    struct arena names;
    arena_init(&names);
    assert_int_equal(open_at(scratch, "cut", &repository), 0);
    struct git_last asked = {.path = slice_of("c"), .since = {{1}}};
    repository_find_last(repository, &asked, 1, &names);
    assert_int_equal(asked.kind, GIT_LAST_UNKNOWN);
    repository_free(repository);
    arena_release(&names);
}

static void the_address_of_origin_has_no_password(void **state)
{
    struct scratch *scratch = *state;
    static const char *const addresses[][2] = {
        {"https://me:secret@example.org/a/b.git", "https://example.org/a/b.git"},
        {"https://example.org/a@b", "https://example.org/a@b"},
        {"git@example.org:a/b.git", "git@example.org:a/b.git"},
        {"/somewhere/a", ""},
        {"file:///somewhere/a", ""},
    };
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        struct repository *repository;
        struct buf found = BUF_EMPTY;
        char command[160];
        snprintf(command, sizeof command, "cd study && git config remote.origin.url '%s'",
                 addresses[i][0]);
        shell(scratch->top, command);
        assert_int_equal(open_at(scratch, "study", &repository), 0);
        repository_add_origin(repository, &found);
        assert_string_equal(buf_string(&found), addresses[i][1]);
        buf_release(&found);
        repository_free(repository);
    }
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_read_and_written),
        TEST(a_repository_is_found_from_a_folder_in_it),
        TEST(no_repository_and_no_commit_are_no_errors),
        TEST(what_git_tracks_makes_a_folder_dirty),
        TEST(an_edit_right_after_adding_is_seen),
        TEST(unusable_repositories_name_the_command_that_helps),
        TEST(another_owner_has_to_be_trusted),
        TEST(worktrees_and_submodules_are_repositories),
        TEST(line_ends_are_no_difference),
        TEST(commits_index_and_files_are_compared),
        TEST(folders_that_the_index_has_as_the_commit_are_compared_by_their_files),
        TEST(names_are_bytes),
        TEST(revisions_are_as_git_reads_them),
        TEST(submodules_are_compared_where_they_are_checked_out),
        TEST(what_is_tracked_and_ignored_is_known),
        TEST(missing_contents_of_a_partial_clone_are_told),
        TEST(the_last_commit_of_a_file_is_found),
        TEST(the_address_of_origin_has_no_password),
    };
    return cmocka_run_group_tests(tests, set_up_home, remove_home);
}
