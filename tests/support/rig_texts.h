/* rig_texts.h: random numbers, places to cut at, and texts full of what the rules of rules_fixture.h look for. */
#ifndef TEST_RIG_TEXTS_H
#define TEST_RIG_TEXTS_H

#include "flt/base.h"

static inline uint32_t rig_random(uint64_t *state)
{
    /* xorshift64*, Vigna 2016 */
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * UINT64_C(2685821657736338717)) >> 32);
}

/* n ascending cut places within a text of `len` bytes; returns how many (they may be fewer). */
static inline size_t rig_cuts(uint64_t *state, size_t len, size_t *cuts, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        cuts[i] = rig_random(state) % (len + 1);
    for (size_t i = 1; i < n; i++) {
        for (size_t k = i; k > 0 && cuts[k - 1] > cuts[k]; k--) {
            size_t x = cuts[k];
            cuts[k] = cuts[k - 1];
            cuts[k - 1] = x;
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || cuts[i] != cuts[kept - 1])
            cuts[kept++] = cuts[i];
    }
    return kept;
}

/* Words that are, begin, end or nearly are what the tiny rules look for. */
/* clang-format off: one word a line would be a long list */
static const char *const rig_words[] = {"me@host.example",
                                        "me@",
                                        "host",
                                        ".example",
                                        ".",
                                        "@",
                                        "a.b@c.example",
                                        "x",
                                        "123-456",
                                        "123",
                                        "-",
                                        "456",
                                        "7",
                                        ",",
                                        " ",
                                        " ",
                                        " ",
                                        "my name is Bob",
                                        "my name is ",
                                        "MY NAME IS  Al",
                                        "my name",
                                        "is Carl",
                                        "\xC2\xB5\xC3\xA9\x61\xC2\xB6",
                                        "\xC2\xB5",
                                        "\xC3\xA9",
                                        "\xC2\xB6",
                                        "b",
                                        "abczz",
                                        "a",
                                        "zz",
                                        "zz9",
                                        "zz",
                                        "tk-ab12",
                                        "tk-",
                                        "tk-abcdef",
                                        "1",
                                        "ab12cd34",
                                        "pw=",
                                        "pw=h1@x.example",
                                        "=",
                                        "-----BEGIN X-----",
                                        "-----BEGIN",
                                        " AB-----",
                                        "-----END X-----",
                                        "-----END X-----zz9",
                                        "-----",
                                        "-----END ",
                                        "Y-----",
                                        "stop here now",
                                        "stop here",
                                        " now",
                                        "stop",
                                        "halt: xxx",
                                        "halt:",
                                        "xx",
                                        "12345",
                                        "qqab",
                                        "qq",
                                        "\n",
                                        "\n",
                                        "!",
                                        "-x!",
                                        ";",
                                        "now;!",
                                        "tk-ab12a.",
                                        "n",
                                        "na-",
                                        "e",
                                        "--secret=",
                                        "--secret ",
                                        "m--secretp",
                                        "x--secret=1",
                                        "plain words in between ",
                                        "The answer is long enough. "};
/* clang-format on */

static inline size_t rig_text(uint64_t *state, char *out, size_t cap, unsigned words)
{
    size_t n = 0;
    for (unsigned i = 0; i < words; i++) {
        const char *w = rig_words[rig_random(state) % FLT_ARRAY_LEN(rig_words)];
        size_t len = strlen(w);
        if (n + len > cap)
            break;
        memcpy(out + n, w, len);
        n += len;
    }
    return n;
}

#endif
