/*
 * gen_write.h: writes a map "code point -> kind or string" as a two-stage C table. Shared by the generators beside it;
 * not part of the build.
 *
 * <name>_page[cp >> 6] is the number of a block of 64 entries. An entry below 16 is a kind; else it is the offset in
 * <name>_pool of one length byte and as many bytes of UTF-8.
 */
#ifndef GEN_WRITE_H
#define GEN_WRITE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GEN_END 0x30000u /* planes 0 to 2; the fold handles plane 14 itself */
#define POOL_AT 16u

struct gen {
    uint8_t kind[GEN_END];
    char *text[GEN_END]; /* NULL: kind */
};

static unsigned char gen_pool[1u << 16];
static unsigned gen_pool_n = POOL_AT;

static unsigned gen_intern(const char *s)
{
    unsigned char rec[64];
    size_t n = strlen(s);
    rec[0] = (unsigned char)n;
    memcpy(rec + 1, s, n);
    for (unsigned i = POOL_AT; i + n < gen_pool_n; i += 1u + gen_pool[i]) {
        if (memcmp(gen_pool + i, rec, n + 1) == 0)
            return i;
    }
    if (gen_pool_n + n + 1 > sizeof(gen_pool))
        abort();
    memcpy(gen_pool + gen_pool_n, rec, n + 1);
    gen_pool_n += (unsigned)n + 1;
    return gen_pool_n - (unsigned)n - 1;
}

static void gen_numbers(const char *head, const void *v, size_t n, size_t width)
{
    printf("%s = {", head);
    int column = 150;
    for (size_t i = 0; i < n; i++) {
        char b[16];
        unsigned x = width == 1 ? ((const uint8_t *)v)[i] : ((const uint16_t *)v)[i];
        int len = snprintf(b, sizeof(b), "%u,", x);
        if (column + len > 148) {
            printf("\n");
            column = 0;
        }
        column += printf("%s", b);
    }
    printf("\n};\n");
}

static void gen_print(const char *name, const struct gen *g)
{
    static uint16_t entry[GEN_END / 64][64];
    static uint16_t page[GEN_END / 64];
    unsigned pages = 0;
    for (unsigned p = 0; p < GEN_END / 64; p++) {
        uint16_t e[64];
        for (unsigned i = 0; i < 64; i++) {
            uint32_t cp = p * 64 + i;
            e[i] = g->text[cp] != NULL ? (uint16_t)gen_intern(g->text[cp]) : g->kind[cp];
        }
        unsigned k = 0;
        while (k < pages && memcmp(entry[k], e, sizeof(e)) != 0)
            k++;
        if (k == pages)
            memcpy(entry[pages++], e, sizeof(e));
        page[p] = (uint16_t)k;
    }
    char head[99];
    snprintf(head, sizeof(head), "static const uint16_t %s_page[%u]", name, GEN_END / 64);
    gen_numbers(head, page, GEN_END / 64, 2);
    snprintf(head, sizeof(head), "static const uint16_t %s_entry[%u]", name, pages * 64);
    gen_numbers(head, entry, pages * 64u, 2);
    snprintf(head, sizeof(head), "static const uint8_t %s_pool[%u]", name, gen_pool_n);
    gen_numbers(head, gen_pool, gen_pool_n, 1);
}

#endif
