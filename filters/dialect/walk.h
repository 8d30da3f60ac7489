/* walk.h: helpers that dialects share for walking a token tape. */
#ifndef FLT_DIALECT_WALK_H
#define FLT_DIALECT_WALK_H

#include "dialect/dialect.h"

/* What a walk adds fields with. */
struct flt_walker {
    const struct flt_json *j;
    struct flt_arena *arena;
    struct flt_fields *fields;
    enum flt_role role;
    uint32_t join, turn, choice;
    bool tool; /* inside a tool call */
    uint64_t
        channel; /* base of channel keys: a string's key is this hashed with its path; 0 = every field stands alone */
    bool (*known_name)(struct flt_str raw); /* member names that are part of the format */
};

/* Every member of object token `obj`: for (m = first; m != end; m = next) with value m+1. */
static inline uint32_t flt_member_first(const struct flt_json *j, uint32_t obj)
{
    (void)j;
    return obj + 1;
}
static inline uint32_t flt_member_next(const struct flt_json *j, uint32_t m)
{
    return j->tok[m + 1].next;
}
/* True when member name token m reads `name`, however it is escaped. */
static inline bool flt_name_is(const struct flt_json *j, uint32_t m, const char *name)
{
    return j->tok[m].escaped ? flt_json_str_is(j, m, flt_str_of(name)) : flt_str_is(flt_json_raw(j, m), name);
}
static inline bool flt_tok_is(const struct flt_json *j, uint32_t i, enum flt_json_type t)
{
    return i != 0 && j->tok[i].type == t;
}
/* Members that a stream never sends in pieces: joined to what came before they would look like one endless word. */
bool flt_comes_complete(const struct flt_json *j, uint32_t m);
/* Adds one string token as a field of the given kind. */
int flt_walk_string(const struct flt_walker *w, uint32_t tok, enum flt_field_kind kind) FLT_MUST_CHECK;
/*
 * Adds every string below (and including) tok: values as text, "arguments" as JSON text, unknown member names as names.
 * In a stream values continue the channel of their path, but for members that come complete ("id", "type", "url"):
 * those stand alone.
 */
int flt_walk_all(const struct flt_walker *w, uint32_t tok) FLT_MUST_CHECK;
/* Adds a value that may be a data: URL or plain base64. */
int flt_walk_media(const struct flt_walker *w, uint32_t tok, bool bare_base64) FLT_MUST_CHECK;
/* The names of a message in the OpenAI family; sorted for bsearch. */
bool flt_openai_known_name(struct flt_str raw);
uint64_t flt_channel_key(uint64_t base, struct flt_str name, uint32_t index);

#endif
