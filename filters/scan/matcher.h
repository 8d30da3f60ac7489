/*
 * matcher.h: one pattern of a rule, compiled by PCRE2 with its boundaries: it decides whether and where the text
 * matches.
 *
 * PCRE2 runs with JIT only and with limits; it never sees more than a window of a few widths, so no input makes it
 * quadratic.
 */
#ifndef FLT_SCAN_MATCHER_H
#define FLT_SCAN_MATCHER_H

#include "flt/base.h"
#include "scan/shape.h"
#include "scan/validate.h"

enum flt_boundary {
    FLT_BOUND_NONE,
    FLT_BOUND_WORD,
    FLT_BOUND_ALNUM,
    FLT_BOUND_TOKEN,
    FLT_BOUND_DIGIT,
    FLT_BOUND_NUMBER,
    FLT_BOUND_EMAIL,
    FLT_BOUND_HEX,
    FLT_BOUND_BASE64
};
extern const char *const flt_boundary_names[];

#define FLT_MATCHER_BEHIND  2u /* most bytes a left boundary looks at */
#define FLT_MATCHER_AHEAD   2u /* most bytes a right boundary looks at */
#define FLT_MATCHER_BARRIER 0x100u

struct flt_matcher_conf {
    struct flt_str pattern; /* the rule's, or the block's opening */
    struct flt_str close;   /* block shape: the closing pattern; empty otherwise */
    bool caseless;
    enum flt_boundary left, right;
    const struct flt_validator *const *validate; /* pinned */
    uint32_t n_validate;
    bool whole; /* only looks in texts that are there as a whole: its finds have windows, but no text is to come */
};

struct flt_matcher;
/* On failure NULL, with *where (offset in pattern, or in close when *in_close) and words in why (cap bytes). */
struct flt_matcher *flt_matcher_new(const struct flt_matcher_conf *conf, size_t *where, bool *in_close, char *why,
                                    size_t cap);
void flt_matcher_free(struct flt_matcher *m);
const struct flt_shape *flt_matcher_shape(const struct flt_matcher *m);
/* The pattern for the scanner: the head, without boundaries. */
const char *flt_matcher_head(const struct flt_matcher *m);
/*
 * [byte]: bit i (below FLT_LEAD_TABLE, lead.h): it can stand at place i of a match, or the match may be over by then;
 * FLT_MATCHER_BARRIER: it may not stand directly before a match.
 */
const uint16_t *flt_matcher_starts(const struct flt_matcher *m);
/* Bytes after a match that its right boundary must see (0..2). */
uint32_t flt_matcher_ahead(const struct flt_matcher *m);
uint32_t flt_matcher_close_width(const struct flt_matcher *m); /* greatest width of a block's closing marker */
size_t flt_matcher_memory(const struct flt_matcher *m);

/* Per-thread match data and JIT stack. */
struct flt_match_scratch;
struct flt_match_scratch *flt_match_scratch_new(void);
void flt_match_scratch_free(struct flt_match_scratch *k);
/*
 * Bounds the finds that follow: together they may look at so many bytes. Bytes are charged as often as they are looked
 * at to decide something; an open candidate, which the caller will look at again, is not. A new scratch has no bound.
 */
void flt_match_scratch_allow(struct flt_match_scratch *k, uint64_t bytes);
uint64_t flt_match_scratch_left(const struct flt_match_scratch *k);

enum flt_found { FLT_FOUND_NONE, FLT_FOUND_MATCH, FLT_FOUND_PARTIAL };
struct flt_found_at {
    size_t begin, end;             /* the whole match (head, opening); partial: begin only */
    size_t value_begin, value_end; /* the capture group, or the whole match */
    size_t last;                   /* in: no match that begins behind this is wanted; SIZE_MAX = all are */
};
/*
 * First match (validators included) in text[from..], looking back at text before `from`. more = text may go on, so a
 * match or a boundary that touches the end is PARTIAL. FLT_E_ENGINE on any PCRE2 error, FLT_E_LIMIT when the bound is
 * reached: the text counts as not inspected.
 */
int flt_matcher_find(const struct flt_matcher *m, struct flt_match_scratch *k, struct flt_str text, size_t from,
                     bool more, enum flt_found *found, struct flt_found_at *at) FLT_MUST_CHECK;
/* True when a match could begin exactly at `at` and still be open at the end of text. Always true of patterns that hold
 * no space. */
int flt_matcher_open_at(const struct flt_matcher *m, struct flt_match_scratch *k, struct flt_str text, size_t at,
                        bool *open) FLT_MUST_CHECK;
/* Block: the first closing marker in text[from..]; *end = offset after it. */
int flt_matcher_close(const struct flt_matcher *m, struct flt_match_scratch *k, struct flt_str text, size_t from,
                      bool more, enum flt_found *found, size_t *end) FLT_MUST_CHECK;

#endif
