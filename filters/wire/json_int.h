/*
 * json_int.h: what the JSON scanner and the text functions share: decoding one piece of string content at a time, and
 * the search for duplicate member names.
 */
#ifndef FLT_WIRE_JSON_INT_H
#define FLT_WIRE_JSON_INT_H

#include "flt/json.h"

/*
 * Decodes the escape at p (p[0] is a backslash; the scanner accepted the string it is in, which ends at p + n) to out
 * and says how many bytes of source and of text it has. Both halves of a surrogate pair are one escape.
 */
void flt_json_unescape_one(const char *p, size_t n, char out[4], unsigned *source, unsigned *text);

/* Decodes all of raw (accepted by the scanner) to out, which has room for raw.n bytes. Returns the length. */
size_t flt_json_unescape(struct flt_str raw, char *out);

/* Working memory of the duplicate search, reused over the objects of one document. */
struct flt_json_dups {
    struct flt_arena *arena;
    uint64_t seed;
    struct flt_json_dup_slot *slot;
    size_t slots;
    char *scratch;
    size_t scratch_cap;
};
void flt_json_dups_init(struct flt_json_dups *d, struct flt_arena *arena, uint64_t seed);
/*
 * Looks for two equal names (after unescaping) among the members of object token obj. FLT_E_AMBIGUOUS with *dup = the
 * later of the two, FLT_E_NOMEM, or FLT_OK. Time linear in the bytes of the names.
 */
int flt_json_find_dup(struct flt_json_dups *d, const struct flt_json *j, uint32_t obj, uint32_t *dup) FLT_MUST_CHECK;

#endif
