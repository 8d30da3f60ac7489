/*
 * document.h: the pass that requests and whole answers share: fields -> texts -> scan -> confirm -> cuts -> wire edits.
 */
#ifndef FLT_ENGINE_DOCUMENT_H
#define FLT_ENGINE_DOCUMENT_H

#include "dialect/dialect.h"
#include "engine/cut.h"
#include "engine/inner.h"
#include "engine/record.h"

struct flt_document {
    /* in */
    const struct flt_ruleset *rs;
    const struct flt_policy *policy;
    struct flt_kit *kit;
    const struct flt_json *json;
    const struct flt_fields *fields;
    struct flt_arena *arena;
    enum flt_direction direction;
    /* out */
    struct flt_record *record;
    struct flt_edits edits;
    bool *blocked_choice; /* FLT_MAX_CHOICES flags, or NULL for requests */
    bool blocked_outside; /* a blocking hit outside all choices */
    bool unreadable;      /* a field no decoder exists for */
};
/* FLT_E_ENGINE, FLT_E_LIMIT, FLT_E_NOMEM: the document was not inspected. */
int flt_document_inspect(struct flt_document *d) FLT_MUST_CHECK;
#endif
