#include "sha256.h"

#include <string.h>

enum { ROUNDS = 64, LENGTH_BYTES = 8 };

static const uint32_t constants[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t word, unsigned by)
{
    return word >> by | word << (32 - by);
}

static void take_block(struct sha256 *sha, const uint8_t *block)
{
    uint32_t schedule[ROUNDS];
    for (size_t i = 0; i < 16; i++) {
        const uint8_t *at = block + i * 4;
        schedule[i] =
            (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | (uint32_t)at[3];
    }
    for (size_t i = 16; i < ROUNDS; i++) {
        uint32_t near = schedule[i - 15];
        uint32_t late = schedule[i - 2];
        schedule[i] = schedule[i - 16] + (rotate(near, 7) ^ rotate(near, 18) ^ near >> 3) +
                      schedule[i - 7] + (rotate(late, 17) ^ rotate(late, 19) ^ late >> 10);
    }
    uint32_t w[SHA256_WORDS];
    memcpy(w, sha->words, sizeof w);
    for (size_t i = 0; i < ROUNDS; i++) {
        uint32_t choice = (w[4] & w[5]) ^ (~w[4] & w[6]);
        uint32_t majority = (w[0] & w[1]) ^ (w[0] & w[2]) ^ (w[1] & w[2]);
        uint32_t first = w[7] + (rotate(w[4], 6) ^ rotate(w[4], 11) ^ rotate(w[4], 25)) + choice +
                         constants[i] + schedule[i];
        uint32_t second = (rotate(w[0], 2) ^ rotate(w[0], 13) ^ rotate(w[0], 22)) + majority;
        memmove(w + 1, w, sizeof w - sizeof *w);
        w[4] += first;
        w[0] = first + second;
    }
    for (size_t i = 0; i < SHA256_WORDS; i++) {
        sha->words[i] += w[i];
    }
}

void sha256_init(struct sha256 *sha)
{
    *sha = (struct sha256){
        .words = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
                  0x1f83d9ab, 0x5be0cd19},
    };
}

void sha256_add(struct sha256 *sha, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    size_t held = sha->length % SHA256_BLOCK;
    sha->length += len;
    while (len > 0) {
        if (held == 0 && len >= SHA256_BLOCK) {
            take_block(sha, at);
            at += SHA256_BLOCK;
            len -= SHA256_BLOCK;
            continue;
        }
        size_t piece = SHA256_BLOCK - held < len ? SHA256_BLOCK - held : len;
        memcpy(sha->block + held, at, piece);
        at += piece;
        len -= piece;
        held += piece;
        if (held == SHA256_BLOCK) {
            take_block(sha, sha->block);
            held = 0;
        }
    }
}

void sha256_end(struct sha256 *sha, struct buf *out)
{
    static const uint8_t padding[SHA256_BLOCK] = {0x80};
    uint8_t length[LENGTH_BYTES];
    uint64_t bits = sha->length * 8;
    for (size_t i = 0; i < LENGTH_BYTES; i++) {
        length[i] = (uint8_t)(bits >> (8 * (LENGTH_BYTES - 1 - i)));
    }
    size_t held = sha->length % SHA256_BLOCK;
    size_t room = SHA256_BLOCK - LENGTH_BYTES;
    sha256_add(sha, padding, held < room ? room - held : SHA256_BLOCK + room - held);
    sha256_add(sha, length, sizeof length);
    for (size_t i = 0; i < SHA256_WORDS; i++) {
        buf_addf(out, "%08x", (unsigned)sha->words[i]);
    }
}
