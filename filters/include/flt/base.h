/*
 * base.h: the vocabulary every other header builds on: slices, status codes, the error record, the arena and
 * the bounded buffer.
 *
 * Ownership words used in all headers: "borrows" = must stay valid for the call; "pins" = must stay valid as long
 * as the result is used; "takes" = the callee frees it.
 */
#ifndef FLT_BASE_H
#define FLT_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FLT_MUST_CHECK   __attribute__((warn_unused_result))
#define FLT_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define FLT_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* ---- status ------------------------------------------------------------------------------------------------ */

/* 0 is success, failures are negative. Every function that returns one is FLT_MUST_CHECK. */
enum flt_status {
    FLT_OK = 0,
    FLT_E_NOMEM = -1,        /* the allocator, or an arena that reached its maximum */
    FLT_E_LIMIT = -2,        /* a stated maximum was reached: size, depth, count, budget */
    FLT_E_SYNTAX = -3,       /* input is not what its format allows */
    FLT_E_AMBIGUOUS = -4,    /* well-formed, but two readers could disagree (duplicate keys, lone surrogates) */
    FLT_E_ENCODING = -5,     /* not UTF-8 */
    FLT_E_TYPE = -6,         /* a known member has the wrong JSON type */
    FLT_E_ENGINE = -7,       /* Hyperscan or PCRE2 could not finish: the text was not inspected */
    FLT_E_CONFIG = -8,       /* configuration, rule pack or tenant is wrong: see the diagnostics */
    FLT_E_IO = -9,           /* a file could not be read or written */
    FLT_E_UNSUPPORTED = -10, /* valid, but this build cannot inspect it (so it is not let through) */
    FLT_E_TRUNCATED = -11    /* input ended in the middle */
};

/* A short, stable, lower-case name such as "limit"; never NULL, "unknown" for other values. */
const char *flt_status_name(int status);

/* ---- slices ------------------------------------------------------------------------------------------------ */

/* n bytes at p, not NUL-terminated. p may be NULL only when n is 0. Never owns. */
struct flt_str {
    const char *p;
    size_t n;
};

#define FLT_STR(lit)   ((struct flt_str){(lit), sizeof(lit) - 1})
#define FLT_STR_ARG(s) (int)(s).n, ((s).n != 0 ? (s).p : "") /* for "%.*s" */

static inline struct flt_str flt_str_of(const char *cstr)
{
    return (struct flt_str){cstr, cstr != NULL ? strlen(cstr) : 0};
}
static inline bool flt_str_eq(struct flt_str a, struct flt_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
static inline bool flt_str_is(struct flt_str a, const char *cstr)
{
    return flt_str_eq(a, flt_str_of(cstr));
}
/* ASCII case-insensitive equality; other bytes compare as they are. */
bool flt_str_ieq(struct flt_str a, struct flt_str b);
bool flt_str_starts(struct flt_str s, struct flt_str prefix);
/* Shell-like match: '*' stands for any run of bytes, everything else for itself. Linear time. */
bool flt_str_glob(struct flt_str s, struct flt_str pattern);

/* ---- errors and diagnostics (cold paths) ------------------------------------------------------------------- */

/* One problem, ready to print. Never holds inspected text: messages name files, keys, rules and limits only. */
struct flt_err {
    int status;
    unsigned line, col; /* 1-based; 0 = not known */
    char file[256];
    char path[128]; /* key path such as "listen[0].tls.key" */
    char message[384];
    bool truncated; /* something above did not fit */
};

/* A bounded list of problems: loading reports all of them, not the first. Zero-initialise; free with flt_diag_free. */
struct flt_diag {
    struct flt_err *v;
    unsigned n, cap;
    unsigned dropped;  /* problems beyond FLT_DIAG_MAX */
    unsigned warnings; /* entries with status FLT_OK are warnings */
};
#define FLT_DIAG_MAX 200u

/* Adds one problem (status FLT_OK = a warning). Borrows everything. Out of memory is remembered as dropped. */
void flt_diag_add(struct flt_diag *d, int status, const char *file, unsigned line, unsigned col, const char *path,
                  const char *fmt, ...) FLT_PRINTF(7, 8);
/* True when at least one entry is an error. */
bool flt_diag_failed(const struct flt_diag *d);
/* "file:line:col: error: path: message\n" into out (always NUL-terminated); returns the length it wanted. */
size_t flt_err_format(const struct flt_err *e, char *out, size_t cap);
void flt_diag_free(struct flt_diag *d);

/* ---- arena --------------------------------------------------------------------------------------------------- */

/*
 * Bump allocator with one lifetime. Blocks grow geometrically from 4 KiB; the total is bounded by the maximum given
 * at creation. Reset and free wipe every byte that was handed out (prompts are secrets).
 */
struct flt_arena;

/* max_bytes: 4096 .. SIZE_MAX/2. NULL on out of memory. */
struct flt_arena *flt_arena_new(size_t max_bytes);
/* 16-byte aligned, not zeroed. NULL when the maximum or the allocator is exhausted. n may be 0. */
void *flt_arena_alloc(struct flt_arena *a, size_t n);
/* As above, zeroed; count*size is checked for overflow. */
void *flt_arena_calloc(struct flt_arena *a, size_t count, size_t size);
/* Copies n bytes and adds a NUL. NULL as above. */
char *flt_arena_dup(struct flt_arena *a, const char *p, size_t n);
/* Copies the slice; on failure returns {NULL,0} with *ok = false (ok may be NULL). */
struct flt_str flt_arena_str(struct flt_arena *a, struct flt_str s, bool *ok);
/* printf into the arena; NULL as above. */
char *flt_arena_printf(struct flt_arena *a, const char *fmt, ...) FLT_PRINTF(2, 3);
/* Bytes handed out since the last reset; bytes held from the system. */
size_t flt_arena_used(const struct flt_arena *a);
size_t flt_arena_held(const struct flt_arena *a);
/* Forgets everything, wiping what was used; keeps one block of at most 64 KiB for reuse. */
void flt_arena_reset(struct flt_arena *a);
void flt_arena_free(struct flt_arena *a); /* NULL is fine */

/* ---- bounded buffer -------------------------------------------------------------------------------------------- */

/* A growable byte buffer with a mandatory maximum. p[0..n) is the content; p may be NULL when n is 0. */
struct flt_buf {
    char *p;
    size_t n, cap, max;
};

/* max >= 1. Allocates nothing. */
void flt_buf_init(struct flt_buf *b, size_t max);
/* Makes room for n more bytes. FLT_E_LIMIT past max, FLT_E_NOMEM; the content is unchanged on failure. */
int flt_buf_reserve(struct flt_buf *b, size_t n) FLT_MUST_CHECK;
int flt_buf_add(struct flt_buf *b, const void *p, size_t n) FLT_MUST_CHECK;
int flt_buf_add_str(struct flt_buf *b, struct flt_str s) FLT_MUST_CHECK;
int flt_buf_printf(struct flt_buf *b, const char *fmt, ...) FLT_MUST_CHECK FLT_PRINTF(2, 3);
/* Drops the first n bytes (n <= b->n), moving the rest down. */
void flt_buf_consume(struct flt_buf *b, size_t n);
/* Empties and keeps the memory, wiping the content; free wipes too. */
void flt_buf_clear(struct flt_buf *b);
void flt_buf_free(struct flt_buf *b);
static inline struct flt_str flt_buf_str(const struct flt_buf *b)
{
    return (struct flt_str){b->p, b->n};
}

/* ---- seeded string map --------------------------------------------------------------------------------------- */

/* String -> uint32_t, for ids and names. Seeded XXH3, so that keys chosen by a peer cannot collide on purpose. */
struct flt_strmap;
struct flt_strmap *flt_strmap_new(uint64_t seed);
/* Copies the key. FLT_E_AMBIGUOUS when it is already there (value unchanged); FLT_E_NOMEM. */
int flt_strmap_put(struct flt_strmap *m, struct flt_str key, uint32_t value) FLT_MUST_CHECK;
bool flt_strmap_get(const struct flt_strmap *m, struct flt_str key, uint32_t *value);
size_t flt_strmap_count(const struct flt_strmap *m);
void flt_strmap_free(struct flt_strmap *m);

/* Overwrites memory in a way the compiler may not remove. */
void flt_wipe(void *p, size_t n);

#endif
