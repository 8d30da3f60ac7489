/*
 * json.h: strict JSON over complete bytes, as byte ranges.
 *
 * The scanner accepts exactly RFC 8259 text that has one reading everywhere (RFC 8785 / I-JSON, RFC 7493, in spirit):
 * valid UTF-8 (RFC 3629), no BOM, no trailing bytes, no duplicate member names after unescaping, no lone surrogate
 * escapes, depth at most 64. Numbers are never converted, only delimited. The result is a flat tape of tokens, so
 * callers walk the document without recursion and every value keeps its byte range for splicing.
 */
#ifndef FLT_JSON_H
#define FLT_JSON_H

#include "flt/base.h"

enum flt_json_type {
    FLT_JSON_OBJECT, /* children alternate: name string, value */
    FLT_JSON_ARRAY,
    FLT_JSON_STRING, /* range is the content between the quotes */
    FLT_JSON_NUMBER,
    FLT_JSON_TRUE,
    FLT_JSON_FALSE,
    FLT_JSON_NULL
};

struct flt_json_tok {
    uint32_t off, len; /* bytes of the input; strings without their quotes, containers with their brackets */
    uint32_t next;     /* index of the first token after this one's subtree (its next sibling, if it has one) */
    uint32_t count;    /* object: members; array: elements; else 0 */
    uint8_t type;      /* enum flt_json_type */
    uint8_t depth;     /* 0 for the root */
    bool escaped;      /* string holds at least one backslash */
    bool name;         /* this string is a member name */
};

struct flt_json {
    struct flt_str text;
    const struct flt_json_tok *tok; /* tok[0] is the root */
    uint32_t n;
};

struct flt_json_limits {
    uint32_t max_depth;   /* 64 */
    uint32_t max_tokens;  /* default 1,000,000 */
    uint32_t max_number;  /* bytes of one number, default 128 */
    bool lone_surrogates; /* accept \ud800 alone (answers cut mid-pair); never for requests */
    uint64_t seed;        /* for the duplicate-name table */
};
extern const struct flt_json_limits flt_json_strict; /* the defaults above, seed 0 */

/*
 * Scans text (1 byte .. 2^31-1 bytes; pins it) into *out, tokens in the arena. On failure *where is the byte offset
 * of the problem. FLT_E_SYNTAX, FLT_E_ENCODING, FLT_E_AMBIGUOUS (duplicate name or lone surrogate), FLT_E_LIMIT,
 * FLT_E_NOMEM. Linear time for any input.
 */
int flt_json_scan(struct flt_str text, const struct flt_json_limits *lim, struct flt_arena *arena, struct flt_json *out,
                  size_t *where) FLT_MUST_CHECK;

/* The value of member `name` (compared after unescaping) of object token `obj`; 0 when absent or obj is no object. */
uint32_t flt_json_get(const struct flt_json *j, uint32_t obj, struct flt_str name);
/* Raw bytes of token i (string content without quotes, still escaped). */
static inline struct flt_str flt_json_raw(const struct flt_json *j, uint32_t i)
{
    return (struct flt_str){j->text.p + j->tok[i].off, j->tok[i].len};
}
/* True when token i is a string whose unescaped content equals s. */
bool flt_json_str_is(const struct flt_json *j, uint32_t i, struct flt_str s);

/* ---- text and offsets -------------------------------------------------------------------------------------------- */

/*
 * A map from offsets of derived text to offsets of the bytes it came from. Steps are sorted by `to`; between two
 * steps text and source advance together (identity), except that an `atom` step's text (up to the next step) stands
 * for its whole source range (up to the next step's source) and cannot be cut.
 */
struct flt_offstep {
    uint32_t to;   /* offset in the derived text */
    uint32_t from; /* offset in the source */
    bool atom;
};
struct flt_offmap {
    const struct flt_offstep *v; /* n == 0: identity with offset `base` */
    uint32_t n;
    uint32_t base;
    uint32_t to_end, from_end; /* where both sides end */
};
/* Source offset at which the text byte at offset t begins (inside an atom: the atom's begin). t <= to_end. */
uint32_t flt_offmap_begin(const struct flt_offmap *m, uint32_t t);
/* Source offset just after the text that ends at offset t (inside an atom: the atom's end). t <= to_end. */
uint32_t flt_offmap_end(const struct flt_offmap *m, uint32_t t);

/*
 * The decoded text of string token i and its map to offsets of j->text. Without escapes the text points into j->text
 * (pins it) and nothing is allocated. A lone surrogate becomes its three-byte generalised UTF-8 form. FLT_E_NOMEM.
 */
int flt_json_text(const struct flt_json *j, uint32_t i, struct flt_arena *arena, struct flt_str *text,
                  struct flt_offmap *map) FLT_MUST_CHECK;

/* ---- writing ---------------------------------------------------------------------------------------------------- */

/*
 * Appends s as JSON string content without quotes: '"' '\\' and U+0000..1F as required, and also U+007F, U+0085,
 * U+2028, U+2029 (some clients split lines there). Invalid UTF-8 becomes U+FFFD. Buffer errors only.
 */
int flt_json_escape(struct flt_buf *out, struct flt_str s) FLT_MUST_CHECK;

/* Append-only writer: emits commas and quotes; the caller balances begin/end. Errors stick until finish. */
struct flt_jw {
    struct flt_buf *out;
    int status;
    uint8_t depth;
    uint64_t comma; /* bit per depth: a value was already written at this level */
    bool after_name;
};
void flt_jw_init(struct flt_jw *w, struct flt_buf *out);
void flt_jw_obj(struct flt_jw *w);
void flt_jw_obj_end(struct flt_jw *w);
void flt_jw_arr(struct flt_jw *w);
void flt_jw_arr_end(struct flt_jw *w);
void flt_jw_name(struct flt_jw *w, const char *name);
void flt_jw_str(struct flt_jw *w, struct flt_str s);
void flt_jw_cstr(struct flt_jw *w, const char *s); /* NULL writes null */
void flt_jw_u64(struct flt_jw *w, uint64_t v);
void flt_jw_i64(struct flt_jw *w, int64_t v);
void flt_jw_f64(struct flt_jw *w, double v); /* %.6g; not-a-number writes null */
void flt_jw_bool(struct flt_jw *w, bool v);
void flt_jw_null(struct flt_jw *w);
void flt_jw_raw(struct flt_jw *w, struct flt_str json); /* a value that is JSON already */
/* The first error met; FLT_E_SYNTAX when begin and end do not balance. */
int flt_jw_finish(struct flt_jw *w) FLT_MUST_CHECK;

#endif
