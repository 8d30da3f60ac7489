/*
 * selftest_disguise.h: encoders that hide a text the way attackers do, and sentences and markup in which people put a
 * text. For trying rules (selftest_variant.c), for benches and for fuzz targets; never used on anyone's text.
 */
#ifndef FLT_ENGINE_SELFTEST_DISGUISE_H
#define FLT_ENGINE_SELFTEST_DISGUISE_H

#include "flt/policy.h"

struct flt_disguise {
    const char *name;
    enum flt_view view; /* that undoes it */
    /*
     * Appends text, disguised, to out. FLT_OK; FLT_E_TYPE: it does not suit this text (which is then as it was: too
     * short for a cipher, no letter to replace ...); FLT_E_NOMEM, FLT_E_LIMIT: of the buffer.
     */
    int (*fn)(struct flt_str text, struct flt_buf *out);
};
extern const struct flt_disguise flt_disguises[]; /* ended by a NULL name */
#define FLT_DISGUISES 15u

struct flt_carrier {
    const char *name, *before, *after;
    bool one_line;       /* holds no line breaks */
    const char *without; /* bytes that a text in it cannot have without being written otherwise; NULL = none */
};
extern const struct flt_carrier flt_carriers[]; /* ended by a NULL name */
#define FLT_CARRIERS 13u

/* Appends the text in the carrier. FLT_E_TYPE: the text does not fit in it. FLT_E_NOMEM, FLT_E_LIMIT. */
int flt_carry(const struct flt_carrier *c, struct flt_str text, struct flt_buf *out) FLT_MUST_CHECK;

#endif
