#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "template.h"

/* The parts as text: literal bytes, and templates as <kind:place> or <pointer:place>. */
static void show(const struct template *template, struct buf *out)
{
    static const char *const kinds[] = {"",          "directory", "directories",
                                        "workspace", "project",   "pointer",
                                        "value",     "products",  "inputs"};
    static const char *const places[] = {"bare", "single", "double", "here", "literal", "raw"};
    for (size_t i = 0; i < template->part_count; i++) {
        const struct template_part *part = &template->parts[i];
        if (part->kind == TEMPLATE_TEXT) {
            buf_add_slice(out, part->text);
        } else if (part->kind == TEMPLATE_POINTER) {
            buf_addf(out, "<%.*s:%s>", SLICE_ARGS(part->text), places[part->place]);
        } else {
            buf_addf(out, "<%s:%s>", kinds[part->kind], places[part->place]);
        }
    }
}

struct parsed {
    struct arena arena;
    struct diag diag;
    struct source source;
    struct template template;
    int result;
};

static void parse(struct parsed *parsed, const char *text, enum template_dialect dialect, bool raw)
{
    arena_init(&parsed->arena);
    diag_init(&parsed->diag);
    parsed->source = (struct source){.name = "Rowfile", .text = slice_of(text)};
    parsed->result = template_parse(&parsed->template, slice_of(text), dialect, raw, &parsed->arena,
                                    &parsed->source, 0, &parsed->diag);
}

static void forget(struct parsed *parsed)
{
    diag_release(&parsed->diag);
    arena_release(&parsed->arena);
}

static void expect_dialect(const char *text, enum template_dialect dialect, bool raw,
                           const char *wanted)
{
    struct parsed parsed;
    struct buf shown = BUF_EMPTY;
    parse(&parsed, text, dialect, raw);
    show(&parsed.template, &shown);
    assert_string_equal(buf_string(&shown), wanted);
    assert_int_equal(parsed.result, 0);
    buf_release(&shown);
    forget(&parsed);
}

static void expect(const char *text, const char *wanted)
{
    expect_dialect(text, DIALECT_ROWFILE, false, wanted);
}

static void expect_message(const char *text, enum template_dialect dialect, const char *message)
{
    struct parsed parsed;
    parse(&parsed, text, dialect, false);
    assert_int_equal(parsed.diag.entries.count, message != NULL);
    if (message != NULL) {
        assert_string_equal(parsed.diag.entries.at[0].message, message);
    }
    forget(&parsed);
}

static bool is_nested(const char *text)
{
    struct parsed parsed;
    parse(&parsed, text, DIALECT_ROWFILE, false);
    bool nested = parsed.template.nested_shell;
    forget(&parsed);
    return nested;
}

static void test_all_templates(void **state)
{
    (void)state;
    expect("run {directory} {directories}", "run <directory:bare> <directories:bare>");
    expect("{workspace_path}/{directory}", "<workspace:bare>/<directory:bare>");
    expect("{project} {value} {products} {inputs}",
           "<project:bare> <value:bare> <products:bare> <inputs:bare>");
    expect("t={/a/b~1c} {/with space}", "t=</a/b~1c:bare> </with space:bare>");
    expect("", "");
    expect("plain", "plain");
}

static void test_places(void **state)
{
    (void)state;
    expect("a '{directory}' b", "a '<directory:single>' b");
    expect("a \"{directory}\" b", "a \"<directory:double>\" b");
    expect("a \"it's {directory}\"", "a \"it's <directory:double>\"");
    expect("a 'say \"{directory}'", "a 'say \"<directory:single>'");
    expect("a \\'{directory}", "a \\'<directory:bare>");
    expect("a \"\\\"{directory}\"", "a \"\\\"<directory:double>\"");
    expect("a 'b\\'{directory}", "a 'b\\'<directory:bare>");
    expect_dialect("'{directory}'", DIALECT_ROWFILE, true, "'<directory:raw>'");
}

static void test_substitutions(void **state)
{
    (void)state;
    expect("a \"$(b {directory} \"{directory}\")\" {directory}",
           "a \"$(b <directory:bare> \"<directory:double>\")\" <directory:bare>");
    expect("a \"$(b ')' {directory})\"", "a \"$(b ')' <directory:bare>)\"");
    expect("a \"$(b (c) {directory})\"{directory}",
           "a \"$(b (c) <directory:bare>)\"<directory:bare>");
    expect("a \"`b {directory}`{directory}\"", "a \"`b <directory:bare>`<directory:double>\"");
    expect("a \"${x:-{directory}}\"", "a \"${x:-<directory:double>}\"");
    expect("a \"${x:-y}{directory}\"", "a \"${x:-y}<directory:double>\"");
    expect("a $((1 << 2)) {directory}", "a $((1 << 2)) <directory:bare>");
    expect("((x << 2))\na {directory}", "((x << 2))\na <directory:bare>");
    expect("a \"$(case x in y) echo {directory};; esac)\" '{directory}'",
           "a \"$(case x in y) echo <directory:bare>;; esac)\" '<directory:single>'");
}

static void test_comments_are_left_alone(void **state)
{
    (void)state;
    expect("a # it's {directory}\nb {directory}", "a # it's {directory}\nb <directory:bare>");
    expect("a#'{directory}'", "a#'<directory:single>'");
    expect("echo ${#x} '{directory}'", "echo ${#x} '<directory:single>'");
}

static void test_here_documents(void **state)
{
    (void)state;
    expect("cat <<E\nit's {directory}\nE\nb '{directory}'",
           "cat <<E\nit's <directory:here>\nE\nb '<directory:single>'");
    expect("cat <<'E'\nit's {directory}\nE\nb {directory}",
           "cat <<'E'\nit's <directory:literal>\nE\nb <directory:bare>");
    expect("cat <<-\"E\" && x {directory}\n\t{directory}\n\tE\nb {directory}",
           "cat <<-\"E\" && x <directory:bare>\n\t<directory:literal>\n\tE\nb <directory:bare>");
    expect("cat <<A <<\\B\n{directory}\nA\n{directory}\nB\n{directory}",
           "cat <<A <<\\B\n<directory:here>\nA\n<directory:literal>\nB\n<directory:bare>");
    expect("cat <<E\n$(x '{directory}')\nE\n{directory}",
           "cat <<E\n$(x '<directory:single>')\nE\n<directory:bare>");
    expect("cat <<E\n${x:-\nE\n{directory}", "cat <<E\n${x:-\nE\n<directory:bare>");
    expect("cat <<<x\n'{directory}'", "cat <<<x\n'<directory:single>'");
    expect("cat <<E\n {directory}\n E\n'{directory}",
           "cat <<E\n <directory:here>\n E\n'<directory:here>");
}

/* What stands beside a template keeps its meaning, whatever is put there. */
static void test_neighbours(void **state)
{
    (void)state;
    expect("a $x{directory} \"$y{directory}\"",
           "a ${x}<directory:bare> \"${y}<directory:double>\"");
    expect("a '$x{directory}'", "a '$x<directory:single>'");
    expect("a \\$x{directory}", "a \\$x<directory:bare>");
    expect("a \\\\$x{directory}", "a \\\\${x}<directory:bare>");
    expect("a $1{directory}", "a $1<directory:bare>");
    expect("a {directory}>b", "a <directory:bare>''>b");
    expect("a \"{directory}\">b", "a \"<directory:double>\">b");
    expect("a $'b{directory}c\\''", "a $'b'<directory:bare>$'c\\''");
    expect("a \"\\{directory}\"", "a \"\\\\<directory:double>\"");
}

static void test_braces_of_others(void **state)
{
    (void)state;
    expect("awk '{print $1}' {directory}", "awk '{print $1}' <directory:bare>");
    expect("echo ${HOME} {a,b} {}", "echo ${HOME} {a,b} {}");
    expect("{{directory}} {{/a}} {directory}", "{directory} {/a} <directory:bare>");
    expect("a \\{directory}", "a \\{directory}");
    expect("{ a; } {", "{ a; } {");
    expect("{/a~2} {/a\nb}", "{/a~2} {/a\nb}");
    expect_message("a {b} {print}", DIALECT_ROWFILE, NULL);
    expect_message(
        "a {directroy}", DIALECT_ROWFILE,
        "`{directroy}` is not a template and stays as it is; did you mean `{directory}`?");
    expect_message(
        "a { Directory }", DIALECT_ROWFILE,
        "`{ Directory }` is not a template and stays as it is; did you mean `{directory}`?");
    static const char *const meant[][2] = {
        {"{dir}", "directory"},    {"{DIR}", "directory"},
        {"{dirs}", "directories"}, {"{direct}", "directory"},
        {"{product}", "products"}, {"{output}", "products"},
        {"{input}", "inputs"},     {"{workspace}", "workspace_path"},
        {"{values}", "value"},     {"{projct}", "project"},
    };
    for (size_t i = 0; i < sizeof meant / sizeof meant[0]; i++) {
        struct buf words = BUF_EMPTY;
        buf_addf(&words, "`%s` is not a template and stays as it is; did you mean `{%s}`?",
                 meant[i][0], meant[i][1]);
        expect_message(meant[i][0], DIALECT_ROWFILE, buf_string(&words));
        buf_release(&words);
    }
    expect_message("{d} {in} {x} {exit} {next} {sum} {NR} {END}", DIALECT_ROWFILE, NULL);
    expect_message("a ${directory}", DIALECT_ROWFILE,
                   "`${directory}` is a variable of the shell; the template is `{directory}`");
}

/* What may be a key of the values: told where values are known. */
static void test_words_in_braces(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *words; /* each with its place */
    } cases[] = {
        {"{x} a{y}b '{z}' \"{u}\"", "x@0 y@5 z@11 u@17 "},
        {"{ x } {a.b} {a/b} {x:.3f} {m-1}", "x@0 a.b@6 a/b@12 x@18 m-1@26 "},
        {"${x} \\{x} {{x}} {a,b} {} {directory} {/x} {a b}", ""},
        {"true # {x}\n{y}", "y@11 "},
        {"{dir}", "dir@0 "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct parsed parsed;
        struct buf words = BUF_EMPTY;
        parse(&parsed, cases[i].text, DIALECT_ROWFILE, false);
        for (size_t w = 0; w < parsed.template.word_count; w++) {
            buf_addf(&words, "%.*s@%zu ", SLICE_ARGS(parsed.template.words[w].word),
                     parsed.template.words[w].offset);
        }
        assert_string_equal(buf_string(&words), cases[i].words);
        buf_release(&words);
        forget(&parsed);
    }
}

static void test_dialect_of_row(void **state)
{
    (void)state;
    expect_dialect("a {} {{}} {value}", DIALECT_ROW, false, "a <value:bare> {} <value:bare>");
    expect_message("a ${HOME}", DIALECT_ROW,
                   "`{HOME}` is not a template, and a workflow.toml allows no other braces; write "
                   "`$HOME`");
    expect_message(
        "a {directroy}", DIALECT_ROW,
        "`{directroy}` is not a template, and a workflow.toml allows no other braces; did you "
        "mean `{directory}`?");
    expect_message(
        "a }", DIALECT_ROW,
        "`}` is not a template, and a workflow.toml allows no other braces; move them to a "
        "script, or name the file Rowfile");
    struct parsed parsed;
    parse(&parsed, "a {b} {c}", DIALECT_ROW, false);
    assert_int_equal(parsed.result, -1);
    assert_int_equal(parsed.diag.errors, 2);
    assert_int_equal(parsed.diag.entries.at[1].offset, 6);
    forget(&parsed);
}

static void test_nested_shells(void **state)
{
    (void)state;
    assert_true(is_nested("sh -c 'cd {directory}'"));
    assert_true(is_nested("mpirun -n 2 /bin/bash -lc \"cd {directory}\""));
    assert_true(is_nested("eval cd {directory}"));
    assert_true(is_nested("X=1 exec ssh host cd {directory}"));
    assert_true(is_nested("echo `cat {directory}`"));
    assert_true(is_nested("a && sh -c {directory}"));
    assert_false(is_nested("sh -c 'cd \"$1\"' sh {directory}"));
    assert_false(is_nested("sh -c 'true'; run {directory}"));
    assert_false(is_nested("echo ssh {directory}"));
    assert_false(is_nested("echo \"$(cat {directory})\""));
    assert_false(is_nested("python -c 'x' {directory}"));
}

static void test_uses(void **state)
{
    (void)state;
    struct parsed parsed;
    parse(&parsed, "a {directory} {/x} {{directories}}", DIALECT_ROWFILE, false);
    assert_true(parsed.template.uses_directory);
    assert_true(parsed.template.uses_pointers);
    assert_false(parsed.template.uses_directories);
    assert_false(parsed.template.uses_value);
    assert_int_equal(parsed.template.parts[1].offset, 2);
    forget(&parsed);
}

/* What the last template of the text can be given: "any", "harmless", …; "sh" where it is less for
 * shells other than bash. */
static void expect_care(const char *text, enum shell_care care, bool is_unclear_in_sh)
{
    struct parsed parsed;
    parse(&parsed, text, DIALECT_ROWFILE, false);
    const struct template_part *last = NULL;
    for (size_t i = 0; i < parsed.template.part_count; i++) {
        last = parsed.template.parts[i].kind != TEMPLATE_TEXT ? &parsed.template.parts[i] : last;
    }
    if (last == NULL || last->care != care || last->is_unclear_in_sh != is_unclear_in_sh) {
        fail_msg("%s: care %d", text, last != NULL ? (int)last->care : -1);
    }
    forget(&parsed);
}

static void test_care(void **state)
{
    (void)state;
    expect_care("a {directory} \"$(b '{/x}')\"", SHELL_ANY, false);
    expect_care("a $(( 1 << 2 )) {/x}", SHELL_ANY, false);
    expect_care("a $(({/x} + 1))", SHELL_NUMBER, false);
    expect_care("((a = '{/x}'))", SHELL_NUMBER, false);
    expect_care("a $(($(wc -l {/x}) + 1))", SHELL_ANY, false);
    expect_care("((1 << 2)); a {/x}", SHELL_ANY, true);
    expect_care("a $((b {/x}) | c)", SHELL_ANY, true);
    expect_care("a $'\\'' {/x}", SHELL_ANY, true);
    expect_care("a \"${b:-{/x}}\"", SHELL_HARMLESS, false);
    expect_care("a \"${b#{/x}}\"", SHELL_PLAIN, false);
    expect_care("a ${b:-{/x}}", SHELL_ANY, false);
    expect_care("a ${b:{/x}}", SHELL_HARMLESS, false);
    expect_care("a[{/x}]=1", SHELL_HARMLESS, false);
    expect_care("[[ {/x} -eq 1 ]]", SHELL_HARMLESS, false);
    expect_care("[[ {/x} == 1 ]]", SHELL_ANY, false);
    expect_care("a `b {/x}`", SHELL_ANY, false);
    expect_care("a `b \\$c {/x}`", SHELL_PLAIN, false);
    expect_care("a `b \\`c {/x}\\``", SHELL_PLAIN, false);
    expect_care("a `b '`' {/x}", SHELL_PLAIN, false);
    expect_care("a $\\\n(b {/x})", SHELL_PLAIN, false);
    expect_care("cat <<E\n$(cat <<F\n{/x}\nF\n)\nE", SHELL_PLAIN, false);
    expect_care("cat <<EOF\nE\\\nOF\n{/x}", SHELL_PLAIN, false);
    expect_care("a $(true)#' {/x}'", SHELL_ANY, false);
    expect_care("$((((((((((((((((((((((((((((((((((((((((({/x}", SHELL_NUMBER, false);
}

static void expect_here_error(const char *text, enum template_here_error error)
{
    struct parsed parsed;
    parse(&parsed, text, DIALECT_ROWFILE, false);
    if (parsed.template.here_error != error) {
        fail_msg("%s: %d", text, parsed.template.here_error);
    }
    forget(&parsed);
}

static void test_delimiters(void **state)
{
    (void)state;
    expect_here_error("cat <<E\n{/x}\nE", HERE_FINE);
    expect_here_error("cat <<$x\n{/x}\n$x", HERE_FINE);
    expect_here_error("cat <<E; a {/x}", HERE_FINE);
    expect_here_error("cat <<{/x}\n{/y}", HERE_NAMED_BY_TEMPLATE);
    expect_here_error("cat <<-'E{directory}'", HERE_NAMED_BY_TEMPLATE);
    expect_here_error("cat <<$(a)\n{/x}", HERE_ODD_DELIMITER);
    expect_here_error("cat <<$'E'\n{/x}", HERE_ODD_DELIMITER);
    expect_here_error("cat <<E`a`\n{/x}", HERE_ODD_DELIMITER);
    expect_here_error("cat <<'a\nb'\n{/x}", HERE_ODD_DELIMITER);
    expect_here_error("cat <<$(a)\nb", HERE_FINE);
    expect("cat <<''\n{/x}\n\n{/y}", "cat <<''\n</x:literal>\n\n</y:bare>");
    expect("cat <<E\nfoo\\\nE\n{/x}", "cat <<E\nfoo\\\nE\n</x:here>");
    expect("cat <<E\r\n{/x}\nE\r\n{/y}", "cat <<E\r\n</x:here>\nE\r\n</y:bare>");
    expect("a $${directory} '{/x}'", "a $$<directory:bare> '</x:single>'");
    expect("a $$x{directory}", "a $$x<directory:bare>");
    expect("a $(({/x}>1))", "a $((</x:bare>>1))");
    expect("a {directory}\\\n>b", "a <directory:bare>''\\\n>b");
    expect("a `# it's {directory}` '{/x}'", "a `# it's {directory}` '</x:single>'");
    expect("a $(true)#'{/x}'", "a $(true)#'</x:single>'");
    expect("a \\\n# it's {/x}\n{/y}", "a \\\n# it's {/x}\n</y:bare>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_templates),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_substitutions),
        cmocka_unit_test(test_comments_are_left_alone),
        cmocka_unit_test(test_here_documents),
        cmocka_unit_test(test_neighbours),
        cmocka_unit_test(test_braces_of_others),
        cmocka_unit_test(test_words_in_braces),
        cmocka_unit_test(test_dialect_of_row),
        cmocka_unit_test(test_nested_shells),
        cmocka_unit_test(test_uses),
        cmocka_unit_test(test_care),
        cmocka_unit_test(test_delimiters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
