#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "digest.h"

static void format_is(struct digest digest, const char *expected)
{
    struct buf text = BUF_EMPTY;
    digest_format(digest, &text);
    assert_string_equal(text.at, expected);
    buf_release(&text);
}

/* Digests are on disk: they must never change. (xxhsum -H2 gives the same.) */
static void known_digests(void **state)
{
    (void)state;
    format_is(digest_of(SLICE_LITERAL("")), "99aa06d3014798d86001c324468d497f");
    format_is(digest_of(slice_make(NULL, 0)), "99aa06d3014798d86001c324468d497f");
    format_is(digest_of(SLICE_LITERAL("rowbuild\n")), "3c585bcdbd24258ee29e54467c0b11bf");
    format_is((struct digest){.low = 1, .high = 2}, "00000000000000020000000000000001");
}

static void stream_in_pieces_equals_whole(void **state)
{
    (void)state;
    char bytes[5000];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char)(i * 7 + i / 251);
    }
    struct digest_stream *stream = digest_stream_new();
    for (size_t len = 0; len <= sizeof bytes; len += 97) {
        digest_stream_reset(stream);
        for (size_t at = 0; at < len; at += 61) {
            digest_stream_bytes(stream, bytes + at, len - at < 61 ? len - at : 61);
        }
        assert_true(digest_equal(digest_stream_end(stream), digest_of(slice_make(bytes, len))));
    }
    digest_stream_free(stream);
    digest_stream_free(NULL);
}

static struct digest two_fields(struct digest_stream *stream, const char *a, const char *b)
{
    digest_stream_reset(stream);
    digest_stream_field(stream, slice_of(a));
    digest_stream_field(stream, slice_of(b));
    return digest_stream_end(stream);
}

static void fields_have_borders(void **state)
{
    (void)state;
    struct digest_stream *stream = digest_stream_new();
    assert_false(digest_equal(two_fields(stream, "a", "bc"), two_fields(stream, "ab", "c")));
    assert_false(digest_equal(two_fields(stream, "", "a"), two_fields(stream, "a", "")));
    assert_true(digest_equal(two_fields(stream, "a", "bc"), two_fields(stream, "a", "bc")));
    digest_stream_free(stream);
}

static void numbers_are_little_endian(void **state)
{
    (void)state;
    struct digest_stream *stream = digest_stream_new();
    digest_stream_u64(stream, 0x0807060504030201U);
    assert_true(
        digest_equal(digest_stream_end(stream), digest_of(SLICE_LITERAL("\1\2\3\4\5\6\7\10"))));
    digest_stream_reset(stream);
    digest_stream_digest(stream, (struct digest){.low = 1, .high = 2});
    assert_true(digest_equal(digest_stream_end(stream),
                             digest_of(SLICE_LITERAL("\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0"))));
    digest_stream_free(stream);
}

static void nothing_is_unknown(void **state)
{
    (void)state;
    struct digest_stream *stream = digest_stream_new();
    assert_false(digest_is_unknown(digest_stream_end(stream)));
    assert_false(digest_is_unknown(digest_of(SLICE_LITERAL(""))));
    assert_true(digest_is_unknown(DIGEST_UNKNOWN));
    digest_stream_free(stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_digests),       cmocka_unit_test(stream_in_pieces_equals_whole),
        cmocka_unit_test(fields_have_borders), cmocka_unit_test(numbers_are_little_endian),
        cmocka_unit_test(nothing_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
