/*
 * track.h: the stream redactor: one channel's text, fed in any pieces, and what may leave of it.
 *
 *      0 ............ released ............ front ............ end
 *      |  may leave      |  decided, but    |  an open candidate |
 *      |  (cuts applied) |  overlapped by   |  begins here: it   |
 *      |                 |  an open match   |  may become a match|
 *
 * Semantics, the same for a whole text and for every way of cutting it:
 *   - each detector's matches are its leftmost, non-overlapping, valid ones;
 *   - overlapping values merge into one cut, which takes the graver rule's placeholder;
 *   - a run or block match takes everything up to its end; candidates that begin inside it do not exist;
 *   - of values that begin at one place, a blocking one comes first, then a run or block, with which the others merge.
 * A decision about a place is only made when no candidate that begins before it is open, so it never depends on how the
 * text arrived. tests/unit/test_track.c and fuzz_track check this against every split.
 */
#ifndef FLT_ENGINE_TRACK_H
#define FLT_ENGINE_TRACK_H

#include "engine/record.h"
#include "flt/json.h"
#include "policy/view.h"

/* PCRE2 may look at this many bytes per byte of text, plus a base: far above what honest text needs. */
#define FLT_TRACK_BUDGET_PER_BYTE 256u

/* Tables that a track of a whole text left behind for the next one. */
struct flt_spare {
    struct flt_track_seen *seen; /* zeroed, as is word */
    struct flt_scan_hit *hit;
    struct flt_window *win;
    uint32_t *word;
    uint32_t cap_seen, cap_hit, cap_win, n_words;
};
void flt_spare_free(struct flt_spare *s);

/* Scratch of one thread. */
struct flt_kit {
    struct flt_spare spare;
    struct flt_scratch *scan;
    struct flt_match_scratch *match;
    struct flt_arena *views; /* derived texts of the span under inspection */
};

/* A derived text: where it comes from. */
struct flt_origin {
    const struct flt_origin *parent; /* NULL = made from the span's own text */
    struct flt_offmap map;           /* its offsets -> the parent's */
    const char *text, *above;        /* its bytes, and those of the parent */
    enum flt_view view;
    uint32_t chain; /* bit per view on the way from the span's own text */
};
/* Maps [*a, *b) of the derived text to the span's own text; o NULL = leaves it. */
void flt_origin_map(const struct flt_origin *o, uint64_t *a, uint64_t *b);
/*
 * True when the derived text in [a, b) (b may lie behind its end) stands in the parent as it is here, and the same
 * detectors look at both.
 */
bool flt_origin_same(const struct flt_origin *o, uint64_t a, uint64_t b);
/* Writes the views on the way, outermost first, for a finding; of more than FLT_CHAIN_MAX the innermost are left out.
 */
void flt_origin_views(const struct flt_origin *o, uint8_t out[FLT_CHAIN_MAX]);

/* Replace text [a,b) by the rule's placeholder. */
struct flt_cut {
    uint64_t a, b;
    uint32_t rule;
    bool open;   /* the end is not known yet: b grows */
    bool placed; /* the placeholder was written */
    bool inside; /* ... within a string of inner JSON */
};

struct flt_track_conf {
    const struct flt_ruleset *rs;
    const struct flt_policy *policy;
    const struct flt_hold *hold; /* NULL for whole texts */
    struct flt_record *record;
    enum flt_direction direction;
    enum flt_role role;
    uint32_t span;                   /* number for findings */
    bool stop_at_block;              /* a blocking match ends the text (real streams) */
    const struct flt_origin *origin; /* NULL = the span's own text */
};

struct flt_match {
    uint64_t ma, mb; /* whole match (head) */
    uint64_t a, b;   /* value */
    uint32_t det;
    uint8_t adds; /* percent that its surroundings add to the rule's confidence */
    bool mention; /* its surroundings say that it is talked about: it is recorded and nothing else */
};
struct flt_window {
    uint32_t det;
    uint64_t lo, hi; /* a match here holds a scanner hit that ends in (lo, hi] */
    bool done;
};

struct flt_track_seen {
    uint32_t det;      /* counted from 1; 0 = free */
    uint32_t last_win; /* its newest window, counted from 1; 0 = none */
    uint64_t resume;   /* no match begins before */
};

struct flt_scan_hit {
    uint64_t end;
    uint32_t expression;
};

struct flt_track {
    struct flt_track_conf conf;
    struct flt_scan_stream *scan;
    char *text; /* bytes [base, end) */
    uint64_t base, end;
    size_t cap;
    bool borrowed; /* text belongs to the caller */
    uint64_t front, released;
    struct flt_track_seen *seen; /* hash table: detectors that had a window; few ever do */
    uint32_t n_seen, cap_seen;
    bool worded;              /* something was written to */
    uint32_t *word;           /* [flt_ruleset.n_words] end of each one's newest place; 0, or no table = none */
    struct flt_scan_hit *hit; /* of the scan under way */
    uint32_t n_hit, cap_hit;
    struct flt_window *win;
    uint32_t n_win, cap_win;
    bool unsearched;         /* a window is not done */
    struct flt_match *found; /* [from_found, n_found): decided, not yet cut */
    uint32_t from_found, n_found, cap_found;
    bool ordered;        /* by where the matches begin */
    struct flt_cut *cut; /* ascending; drop with flt_track_forget */
    uint32_t n_cut, cap_cut;
    bool swallowing; /* inside a run or block: cut[n_cut-1] is open */
    uint32_t swallow_det, swallow_finding;
    uint64_t swallow_pos;
    uint64_t swallow_least; /* the cut reaches at least to here (merged earlier matches) */
    bool blocked;
    uint64_t block_at;
    uint32_t block_rule;
    uint64_t budget; /* bytes of text PCRE2 may still look at */
    int status;      /* first failure; sticks */
};

/* The views that made the text, as bits; 0 = it is the span's own. */
static inline uint32_t flt_track_chain(const struct flt_track *t)
{
    return t->conf.origin != NULL ? t->conf.origin->chain : 0;
}

/* Streams: opens scanner state. Zero-initialise t before. FLT_E_NOMEM. */
int flt_track_open(struct flt_track *t, const struct flt_track_conf *conf) FLT_MUST_CHECK;
/* Whole texts: no scanner state; give hits with flt_track_hit, then call flt_track_whole once. */
int flt_track_begin(struct flt_track *t, const struct flt_track_conf *conf, struct flt_str text) FLT_MUST_CHECK;
/* A match may begin in [end - reach, end]. */
void flt_track_hit(struct flt_track *t, uint32_t detector, uint64_t end, uint32_t reach);
/* A flt_hit_fn for scanners, which collects; arg is the struct flt_track. */
void flt_track_scan_hit(void *arg, uint32_t id, uint64_t end);
int flt_track_whole(struct flt_track *t, struct flt_kit *kit) FLT_MUST_CHECK;
/* Scans the whole text given to flt_track_begin, then does flt_track_whole. */
int flt_track_scan_whole(struct flt_track *t, struct flt_kit *kit) FLT_MUST_CHECK;

/* Streams: FLT_E_ENGINE, FLT_E_LIMIT, FLT_E_NOMEM: the text was not inspected; nothing more may leave. */
int flt_track_feed(struct flt_track *t, struct flt_kit *kit, struct flt_str text) FLT_MUST_CHECK;
/* The text is over: everything is decided and released (or blocked). */
int flt_track_finish(struct flt_track *t, struct flt_kit *kit) FLT_MUST_CHECK;
/* Cuts that end at or before `upto` are not needed any more. */
void flt_track_forget(struct flt_track *t, uint64_t upto);
size_t flt_track_memory(const struct flt_track *t);
void flt_track_close(struct flt_track *t);

/* Before and after the work on a whole text: its tables come from, and go back to, the thread's. */
void flt_track_take(struct flt_track *t, struct flt_spare *s);
void flt_track_give(struct flt_track *t, struct flt_spare *s);

/* ---- between track.c, track_find.c and track_open.c ---- */
void flt_track_scan_hits(struct flt_track *t);
/* The detector's entry, made where there is none; valid until the next call. NULL = no memory (t->status says so). */
struct flt_track_seen *flt_track_seen(struct flt_track *t, uint32_t det);
int flt_track_search(struct flt_track *t, struct flt_kit *kit, bool over, uint64_t *open);
int flt_track_open_start(struct flt_track *t, struct flt_kit *kit, uint64_t *open);
int flt_track_add_cut(struct flt_track *t, uint64_t a, uint64_t b, uint32_t rule);
enum flt_action flt_track_act(const struct flt_track *t, uint32_t det);
/* Records the finding of a holding match; returns its index in the record. */
uint32_t flt_track_note(struct flt_track *t, const struct flt_match *m);

#endif
