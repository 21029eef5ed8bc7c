#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "digest.h"
#include "sha256.h"

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

/* Examples of FIPS 180-4, and lengths around a block, in pieces of every size. */
static void known_sha256(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *digits;
    } known[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"0123456789012345678901234567890123456789012345678901234",
         "f34d5a0f80c0cbf84c8c0b90218c22637abd199965249da736a20143c8c9c9d9"},
        {"0123456789012345678901234567890123456789012345678901234567890123",
         "9674d9e078535b7cec43284387a6ee39956188e735a85452b0050b55341cda56"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t len = strlen(known[i].text);
        for (size_t piece = 1; piece <= len + 1; piece++) {
            struct sha256 *sha = sha256_new();
            struct buf digits = BUF_EMPTY;
            for (size_t at = 0; at < len; at += piece) {
                sha256_add(sha, known[i].text + at, len - at < piece ? len - at : piece);
            }
            sha256_end(sha, &digits);
            assert_string_equal(buf_string(&digits), known[i].digits);
            buf_release(&digits);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_digests),       cmocka_unit_test(stream_in_pieces_equals_whole),
        cmocka_unit_test(fields_have_borders), cmocka_unit_test(numbers_are_little_endian),
        cmocka_unit_test(nothing_is_unknown),  cmocka_unit_test(known_sha256),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
