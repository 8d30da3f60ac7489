/*
 * fuzz_fold.c: the folded, skeleton, leet and squashed views of any bytes. Maps are in order and within their source,
 * texts keep to the budget, the fold is UTF-8 and folds to itself, and well-formed text gives well-formed views.
 *
 * Input: a byte that chooses the budget (0: ample), the text.
 */
#include "text/utf8.h"
#include "view_map.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_MOST 20000u
#define AMPLE     ((size_t)1 << 26)

static void die(const char *what, unsigned view)
{
    fprintf(stderr, "view %u: %s\n", view, what);
    abort();
}

static struct flt_str make_one(struct flt_maker *k, unsigned which, struct flt_str text)
{
    static const view_maker makers[] = {flt_fold, flt_skeleton, flt_leet, flt_squash};
    struct flt_derived d;
    size_t before = k->budget, left_out = k->left_out;
    if (makers[which](k, text, &d) != FLT_OK)
        die("status", which);
    if (k->budget > before || d.text.n > before - k->budget)
        die("budget", which);
    if (d.text.n != 0 && k->left_out != left_out)
        die("made and left out", which);
    const char *fault = map_fault(&d, text.n);
    if (fault != NULL)
        die(fault, which);
    if (d.text.n != 0 && (which == 0 || flt_utf8_valid(text, NULL)) && !flt_utf8_valid(d.text, NULL))
        die("not UTF-8", which);
    if (which != 0 && d.text.n > text.n)
        die("longer than its source", which);
    return d.text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > TEXT_MOST)
        return 0;
    struct flt_arena *arena = flt_arena_new((size_t)1 << 28);
    if (arena == NULL)
        return 0;
    struct flt_str text = {(const char *)data + 1, size - 1};
    struct flt_maker k = {.arena = arena, .budget = data[0] != 0 ? (size_t)data[0] * 7 : AMPLE};
    bool ample = data[0] == 0;
    struct flt_str folded = make_one(&k, 0, text);
    if (ample && folded.n != 0 && make_one(&k, 0, folded).n != 0)
        die("folds again", 0);
    for (unsigned which = 1; which < 4; which++) {
        (void)make_one(&k, which, text);
        if (folded.n != 0)
            (void)make_one(&k, which, folded);
    }
    if (ample && k.left_out != 0)
        die("left out", 0);
    flt_arena_free(arena);
    return 0;
}
