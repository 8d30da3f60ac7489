/*
 * fuzz_track.c: a text through the stream redactor means what track.h says, and the same for every way of cutting it.
 *
 * Input: a byte of switches (1: blocking rules end the text, 2: the shipped packs, 4: the rest is words of track_rig.h,
 * one a byte), two bytes that choose the cuts, the text.
 */
#include "track_rig.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_MOST 3000u

static struct rig rigs[4];

static const struct rig *rig_for(unsigned which)
{
    if (rigs[0].s == NULL) {
        const struct flt_snapshot *tiny = fixture_snapshot(fixture_tiny, FLT_ARRAY_LEN(fixture_tiny), NULL, 0);
        const struct flt_snapshot *shipped = fixture_shipped(NULL, 0);
        for (unsigned i = 0; i < 4; i++)
            rig_open(&rigs[i], i < 2 ? tiny : shipped, UINT32_MAX, (i & 1) != 0);
    }
    return &rigs[which];
}

static size_t words(const uint8_t *data, size_t n, char *out)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        const char *w = rig_words[data[i] % FLT_ARRAY_LEN(rig_words)];
        if (len + strlen(w) > TEXT_MOST)
            break;
        memcpy(out + len, w, strlen(w));
        len += strlen(w);
    }
    return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[TEXT_MOST + 1];
    size_t cuts[16];
    if (size < 3 || size - 3 > TEXT_MOST)
        return 0;
    const struct rig *r = rig_for((data[0] & 1u) + ((data[0] & 2u) != 0 ? 2u : 0u));
    uint64_t seed = UINT64_C(0x9E3779B97F4A7C15) ^ ((uint64_t)data[1] << 8 | data[2]);
    struct flt_str s = {text, size - 3};
    if ((data[0] & 4u) != 0)
        s.n = words(data + 3, size - 3, text);
    else
        memcpy(text, data + 3, size - 3);
    struct outcome whole = rig_whole(r, s);
    bool good = whole.rc != FLT_OK || rig_means(r, s, &whole);
    for (unsigned i = 0; good && i < 4; i++)
        good = rig_agrees(r, s, &whole, cuts, rig_cuts(&seed, s.n, cuts, 1 + rig_random(&seed) % 15));
    outcome_free(&whole);
    if (!good)
        abort();
    return 0;
}
