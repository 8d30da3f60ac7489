/* Steps shared by the tests of validators: look one up by name and try values on it. */
#ifndef TEST_VALIDATE_VECTORS_H
#define TEST_VALIDATE_VECTORS_H

#include "scan/validate.h"

static inline bool check(const char *name, struct flt_str value)
{
    const struct flt_validator *v = flt_validator_find(flt_str_of(name));
    if (v == NULL)
        fail_msg("no validator %s", name);
    return v != NULL && v->fn(value);
}

static inline void accepts(const char *name, const char *value)
{
    if (!check(name, flt_str_of(value)))
        fail_msg("%s refuses %s", name, value);
}

static inline void rejects(const char *name, const char *value)
{
    if (check(name, flt_str_of(value)))
        fail_msg("%s accepts %s", name, value);
}

/* The value is accepted, and no value that differs from it in one digit is. */
static inline void notices_every_wrong_digit(const char *name, const char *value)
{
    char text[64];
    size_t n = strlen(value);
    assert_true(n < sizeof(text));
    accepts(name, value);
    for (size_t i = 0; i < n; i++) {
        memcpy(text, value, n + 1);
        for (char d = '0'; d <= '9' && value[i] >= '0' && value[i] <= '9'; d++) {
            text[i] = d;
            if (d != value[i])
                rejects(name, text);
        }
    }
}

#endif
