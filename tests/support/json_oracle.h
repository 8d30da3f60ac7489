/*
 * json_oracle.h: jansson as the judge of our scanner. Shared by the unit tests and the fuzz targets.
 */
#ifndef TESTS_JSON_ORACLE_H
#define TESTS_JSON_ORACLE_H

#include "flt/json.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

/* True when jansson takes it for an object or array without a duplicate name. */
static inline bool is_json(struct flt_str s)
{
    json_error_t err;
    json_t *v = json_loadb(s.p, s.n, JSON_REJECT_DUPLICATES, &err);
    json_decref(v);
    return v != NULL;
}

/*
 * What jansson says about text; NULL when it refuses. *skip: it refuses for a reason that is its own limit. No JSON
 * text holds a NUL byte, but jansson 2.14 overlooks one that follows a number, so that is judged here.
 */
static inline json_t *oracle_load(struct flt_str text, bool *skip)
{
    json_error_t err;
    *skip = false;
    if (text.n != 0 && memchr(text.p, '\0', text.n) != NULL)
        return NULL;
    json_t *v =
        json_loadb(text.n != 0 ? text.p : "", text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &err);
    enum json_error_code code = v == NULL ? json_error_code(&err) : json_error_unknown;
    *skip = v == NULL && (code == json_error_numeric_overflow || code == json_error_null_byte_in_key ||
                          code == json_error_stack_overflow || code == json_error_out_of_memory);
    return v;
}

static inline bool oracle_number_agrees(struct flt_str raw, const json_t *v)
{
    char copy[256];
    if (raw.n >= sizeof(copy))
        return true;
    memcpy(copy, raw.p, raw.n);
    copy[raw.n] = '\0';
    if (strpbrk(copy, ".eE") == NULL)
        return json_is_integer(v) && json_integer_value(v) == strtoll(copy, NULL, 10);
    double x = strtod(copy, NULL);
    return json_is_real(v) && !(json_real_value(v) < x) && !(json_real_value(v) > x);
}

static inline bool oracle_scalar_agrees(const struct flt_json *j, uint32_t i, struct flt_arena *room, const json_t *v)
{
    struct flt_str text;
    struct flt_offmap map;
    switch (j->tok[i].type) {
    case FLT_JSON_STRING:
        return json_is_string(v) && flt_json_text(j, i, room, &text, &map) == FLT_OK &&
               flt_str_eq(text, (struct flt_str){json_string_value(v), json_string_length(v)}) &&
               flt_json_str_is(j, i, text);
    case FLT_JSON_NUMBER:
        return oracle_number_agrees(flt_json_raw(j, i), v);
    case FLT_JSON_TRUE:
        return json_is_true(v);
    case FLT_JSON_FALSE:
        return json_is_false(v);
    default:
        return j->tok[i].type == FLT_JSON_NULL && json_is_null(v);
    }
}

/* True when the subtree of token i has the same content as v. Depth is bounded by the scanner's limit. */
static inline bool oracle_agrees(const struct flt_json *j, uint32_t i, struct flt_arena *room, const json_t *v)
{
    const struct flt_json_tok *t = &j->tok[i];
    uint32_t k = i + 1;
    if (t->type == FLT_JSON_ARRAY) {
        if (!json_is_array(v) || json_array_size(v) != t->count)
            return false;
        for (uint32_t m = 0; m < t->count; m++, k = j->tok[k].next) {
            if (!oracle_agrees(j, k, room, json_array_get(v, m)))
                return false;
        }
        return k == t->next;
    }
    if (t->type != FLT_JSON_OBJECT)
        return t->next == k && oracle_scalar_agrees(j, i, room, v);
    if (!json_is_object(v) || json_object_size(v) != t->count)
        return false;
    for (uint32_t m = 0; m < t->count; m++, k = j->tok[k + 1].next) {
        struct flt_str name;
        struct flt_offmap map;
        if (!j->tok[k].name || flt_json_text(j, k, room, &name, &map) != FLT_OK)
            return false;
        const json_t *member = json_object_getn(v, name.n != 0 ? name.p : "", name.n);
        if (member == NULL || flt_json_get(j, i, name) != k + 1 || !oracle_agrees(j, k + 1, room, member))
            return false;
    }
    return k == t->next;
}

#endif
