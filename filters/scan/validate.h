/*
 * validate.h: checks on a matched value that a regular expression cannot make: check digits, issuer ranges, country
 * lengths. Pure functions over bytes, no allocation, linear time. Each is named in rule packs (`validate:`).
 */
#ifndef FLT_SCAN_VALIDATE_H
#define FLT_SCAN_VALIDATE_H

#include "flt/base.h"

typedef bool (*flt_validator_fn)(struct flt_str value);

struct flt_validator {
    const char *name;
    flt_validator_fn fn;
    const char *help; /* what it demands, with its source */
};
/* Ended by a NULL name. */
extern const struct flt_validator flt_validators[];
/* NULL when there is no such validator. */
const struct flt_validator *flt_validator_find(struct flt_str name);

#endif
