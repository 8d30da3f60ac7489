#include "scan/scanner.h"

#include <hs.h>

#include "scan/digits.h"
#include "scan/scanner_cache.h"

/* One call of hs_scan takes 32-bit lengths; larger texts go through a stream in slices of this size. */
#define SLICE (64u * 1024 * 1024)

struct flt_scanner {
    struct flt_finder *finder;
    uint32_t gate[FLT_DIGIT_GATES]; /* expressions, or FLT_GATE_UNUSED */
    bool gates;
    hs_database_t *stream; /* of what is left, all of it; NULL when the other two do it all */
    /* For whole texts: of the first n_ascii, and of those that only match where bytes beyond ASCII are; or NULL. */
    hs_database_t *ascii, *beyond;
    uint32_t n_ascii, reach; /* reach: greatest width of the latter */
    uint32_t *left;          /* Hyperscan's ids -> expressions */
    uint32_t n_left;
    size_t ascii_bytes, beyond_bytes, stream_bytes, stream_state;
};

struct flt_scratch {
    hs_scratch_t *hs;
    bool busy; /* scratch must not be re-entered: a callback may not scan */
};

/* The longest string but its last byte, which a later feed can still complete, and the byte before it. */
#define TAIL FLT_FINDER_MAX

struct flt_scan_stream {
    const struct flt_scanner *s;
    hs_stream_t *hs; /* NULL when Hyperscan has nothing to do */
    struct flt_digits digits;
    uint64_t total;
    uint8_t n_tail;
    char tail[TAIL];
};

const char *flt_scanner_engine(void)
{
    const char *v = hs_version();
    bool trusted = strncmp(v, "5.4.0", 5) == 0 || strncmp(v, "5.4.1", 5) == 0 || strncmp(v, "5.4.2", 5) == 0;
    return trusted && hs_valid_platform() == HS_SUCCESS ? v : NULL;
}

static hs_database_t *compile(const struct flt_expression *v, uint32_t n, unsigned mode, uint32_t *bad, char *why,
                              size_t cap)
{
    const char **patterns = calloc(n, sizeof(*patterns));
    unsigned *flags = calloc(n, sizeof(*flags));
    unsigned *ids = calloc(n, sizeof(*ids));
    hs_database_t *db = NULL;
    *bad = UINT32_MAX;
    if (patterns == NULL || flags == NULL || ids == NULL) {
        snprintf(why, cap, "out of memory");
        goto out;
    }
    for (uint32_t i = 0; i < n; i++) {
        patterns[i] = v[i].pattern;
        flags[i] = v[i].caseless ? HS_FLAG_CASELESS : 0;
        ids[i] = i;
    }
    hs_compile_error_t *err = NULL;
    if (hs_compile_multi(patterns, flags, ids, n, mode, NULL, &db, &err) != HS_SUCCESS) {
        db = NULL;
        snprintf(why, cap, "%s", err != NULL ? err->message : "unknown compile error");
        if (err != NULL && err->expression >= 0)
            *bad = (uint32_t)err->expression;
        hs_free_compile_error(err);
    }
out:
    free(patterns);
    free(flags);
    free(ids);
    return db;
}

static hs_database_t *obtain(const struct flt_expression *v, uint32_t n, unsigned mode, const char *cache_dir,
                             uint32_t *bad, char *why, size_t cap)
{
    hs_database_t *db = cache_dir != NULL ? flt_scanner_cache_get(cache_dir, v, n, mode) : NULL;
    if (db != NULL)
        return db;
    db = compile(v, n, mode, bad, why, cap);
    if (db != NULL && cache_dir != NULL)
        flt_scanner_cache_put(cache_dir, v, n, mode, db);
    return db;
}

static uint32_t gate_of(const struct flt_expression *e)
{
    uint32_t g = 0;
    while (g < FLT_DIGIT_GATES && strcmp(e->pattern, flt_digit_gates[g]) != 0)
        g++;
    return g;
}

/*
 * Strings without an anchor (finder.h): Hyperscan finds a few of them in a fraction of the time that the finder needs
 * to look at every place, and many of them in many times that.
 */
#define FEW_ANYWHERE 600u
#define ESCAPED      4u /* bytes of pattern a byte of string: \xHH */

static bool is_anywhere(const struct flt_expression *e)
{
    return e->len != 0 && !flt_finder_anchored(e->pattern, e->len, e->fresh);
}

struct dealer {
    struct flt_expression *rest; /* for Hyperscan: rest[0..s->n_left) */
    char *text, *at;             /* their patterns, where they were strings */
    bool few;
};

/* Is it for Hyperscan? Gates aside. */
static bool leaves(const struct dealer *d, const struct flt_expression *e)
{
    return e->len == 0 || (d->few && is_anywhere(e));
}

static bool is_beyond(const struct flt_expression *e)
{
    bool beyond = e->beyond;
    for (uint32_t i = 0; i < e->len && !beyond; i++)
        beyond = (unsigned char)e->pattern[i] >= 0x80;
    return beyond;
}

static void leave(struct flt_scanner *s, struct dealer *d, const struct flt_expression *e)
{
    struct flt_expression *r = &d->rest[s->n_left];
    *r = *e;
    s->left[s->n_left++] = e->id;
    if (e->len == 0)
        return;
    r->pattern = d->at;
    r->len = 0;
    for (uint32_t i = 0; i < e->len; i++)
        d->at += snprintf(d->at, ESCAPED + 1u, "\\x%02x", (unsigned char)e->pattern[i]);
    d->at++;
}

/* Deals the expressions out. */
static int deal(struct flt_scanner *s, const struct flt_expression *v, uint32_t n, struct dealer *d)
{
    struct flt_finder_string *string = calloc(n + 1u, sizeof(*string));
    uint32_t n_string = 0;
    for (uint32_t g = 0; g < FLT_DIGIT_GATES; g++)
        s->gate[g] = FLT_GATE_UNUSED;
    for (uint32_t i = 0; string != NULL && i < n; i++) {
        if (is_beyond(&v[i]) && leaves(d, &v[i]))
            continue;
        uint32_t g = v[i].len == 0 ? gate_of(&v[i]) : FLT_DIGIT_GATES;
        if (v[i].len != 0 && !leaves(d, &v[i])) {
            string[n_string++] = (struct flt_finder_string){v[i].pattern, v[i].len, v[i].id, v[i].caseless, v[i].fresh};
        } else if (g < FLT_DIGIT_GATES && s->gate[g] == FLT_GATE_UNUSED) {
            s->gate[g] = v[i].id;
            s->gates = true;
        } else {
            leave(s, d, &v[i]);
        }
    }
    s->n_ascii = s->n_left;
    for (uint32_t i = 0; i < n; i++) {
        if (!is_beyond(&v[i]) || !leaves(d, &v[i]))
            continue;
        uint32_t width = v[i].len != 0 ? v[i].len : v[i].width;
        s->reach = width > s->reach ? width : s->reach;
        leave(s, d, &v[i]);
    }
    s->finder = string != NULL ? flt_finder_new(string, n_string) : NULL;
    free(string);
    return s->finder != NULL ? FLT_OK : FLT_E_NOMEM;
}

static bool prepare(struct dealer *d, const struct flt_expression *v, uint32_t n)
{
    uint32_t anywhere = 0;
    for (uint32_t i = 0; i < n; i++)
        anywhere += is_anywhere(&v[i]);
    d->few = anywhere <= FEW_ANYWHERE;
    d->rest = calloc(n + 1u, sizeof(*d->rest));
    d->text = d->at = calloc(d->few ? anywhere + 1u : 1u, ESCAPED * FLT_FINDER_MAX + 1u);
    return d->rest != NULL && d->text != NULL;
}

/* The databases for what was left over; all of them, or none. */
static bool build(struct flt_scanner *s, const struct flt_expression *rest, const char *cache_dir, uint32_t *bad,
                  char *why, size_t cap)
{
    if (s->n_left == 0)
        return true;
    if (s->n_ascii != 0)
        s->ascii = obtain(rest, s->n_ascii, HS_MODE_BLOCK, cache_dir, bad, why, cap);
    if (s->ascii == NULL && s->n_ascii != 0)
        goto out;
    if (s->n_ascii != s->n_left) {
        s->beyond = obtain(rest + s->n_ascii, s->n_left - s->n_ascii, HS_MODE_BLOCK, cache_dir, bad, why, cap);
        *bad += *bad != UINT32_MAX ? s->n_ascii : 0;
    }
    if (s->beyond == NULL && s->n_ascii != s->n_left)
        goto out;
    s->stream = obtain(rest, s->n_left, HS_MODE_STREAM, cache_dir, bad, why, cap);
    if (s->stream == NULL)
        goto out;
    if ((s->ascii == NULL || hs_database_size(s->ascii, &s->ascii_bytes) == HS_SUCCESS) &&
        (s->beyond == NULL || hs_database_size(s->beyond, &s->beyond_bytes) == HS_SUCCESS) &&
        hs_database_size(s->stream, &s->stream_bytes) == HS_SUCCESS &&
        hs_stream_size(s->stream, &s->stream_state) == HS_SUCCESS)
        return true;
    snprintf(why, cap, "the compiled database does not answer");
out:
    if (*bad != UINT32_MAX)
        *bad = s->left[*bad];
    return false;
}

struct flt_scanner *flt_scanner_new(const struct flt_expression *v, uint32_t n, const char *cache_dir, uint32_t *bad,
                                    char *why, size_t cap)
{
    *bad = UINT32_MAX;
    if (flt_scanner_engine() == NULL) {
        snprintf(why, cap, "libhs reports version %s: Intel Hyperscan 5.4.0 to 5.4.2 is needed", hs_version());
        return NULL;
    }
    snprintf(why, cap, "out of memory");
    struct flt_scanner *s = calloc(1, sizeof(*s));
    struct dealer d = {0};
    bool ok = s != NULL && prepare(&d, v, n);
    if (ok)
        s->left = calloc(n + 1u, sizeof(*s->left));
    ok = ok && s->left != NULL && deal(s, v, n, &d) == FLT_OK && build(s, d.rest, cache_dir, bad, why, cap);
    free(d.rest);
    free(d.text);
    if (ok)
        return s;
    flt_scanner_free(s);
    return NULL;
}

void flt_scanner_free(struct flt_scanner *s)
{
    if (s == NULL)
        return;
    flt_finder_free(s->finder);
    hs_free_database(s->ascii);
    hs_free_database(s->beyond);
    hs_free_database(s->stream);
    free(s->left);
    free(s);
}

size_t flt_scanner_memory(const struct flt_scanner *s)
{
    return sizeof(*s) + flt_finder_memory(s->finder) + s->n_left * sizeof(*s->left) + s->ascii_bytes + s->beyond_bytes +
           s->stream_bytes;
}

size_t flt_scanner_stream_size(const struct flt_scanner *s)
{
    return sizeof(struct flt_scan_stream) + s->stream_state;
}

struct flt_scratch *flt_scratch_new(void)
{
    return calloc(1, sizeof(struct flt_scratch));
}

int flt_scratch_fit(struct flt_scratch *k, const struct flt_scanner *s)
{
    if (s->n_left == 0)
        return FLT_OK;
    const hs_database_t *const db[] = {s->ascii, s->beyond, s->stream};
    for (unsigned i = 0; i < FLT_ARRAY_LEN(db); i++) {
        if (db[i] != NULL && hs_alloc_scratch(db[i], &k->hs) != HS_SUCCESS)
            return FLT_E_NOMEM;
    }
    return FLT_OK;
}

void flt_scratch_free(struct flt_scratch *k)
{
    if (k == NULL)
        return;
    hs_free_scratch(k->hs);
    free(k);
}

struct hit_call {
    const uint32_t *left;
    flt_hit_fn fn;
    void *arg;
    uint64_t base;
};

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx)
{
    const struct hit_call *c = ctx;
    (void)from;
    (void)flags;
    c->fn(c->arg, c->left[id], c->base + to);
    return 0;
}

/* The first byte beyond ASCII in text[at..], or its end. */
static size_t next_beyond(struct flt_str text, size_t at)
{
    uint64_t w;
    for (; at + sizeof(w) <= text.n; at += sizeof(w)) {
        memcpy(&w, text.p + at, sizeof(w));
        if ((w & UINT64_C(0x8080808080808080)) != 0)
            break;
    }
    while (at < text.n && (uint8_t)text.p[at] < 0x80)
        at++;
    return at;
}

/* Around bytes beyond ASCII; parts that are nearer to each other than a match is wide are one. */
static hs_error_t scan_beyond(const struct flt_scanner *s, hs_scratch_t *k, struct flt_str text, struct hit_call *call)
{
    hs_error_t rc = HS_SUCCESS;
    size_t at = next_beyond(text, 0), reach = s->reach;
    while (rc == HS_SUCCESS && at < text.n) {
        size_t from = at > reach ? at - reach : 0, next = next_beyond(text, at + 1);
        while (next < text.n && next - at <= 2 * reach) {
            at = next;
            next = next_beyond(text, at + 1);
        }
        size_t to = text.n - at > reach ? at + reach : text.n;
        call->base = from;
        rc = hs_scan(s->beyond, text.p + from, (unsigned)(to - from), 0, k, on_match, call);
        at = next;
    }
    return rc;
}

int flt_scan_block(const struct flt_scanner *s, struct flt_scratch *k, struct flt_str text, flt_hit_fn fn, void *arg)
{
    struct hit_call call = {s->left, fn, arg, 0};
    struct flt_digits digits = {0};
    if (text.n == 0)
        return FLT_OK;
    if (text.n > SLICE) {
        struct flt_scan_stream *st = flt_scan_open(s);
        int rc = st != NULL ? flt_scan_feed(st, k, text, fn, arg) : FLT_E_NOMEM;
        flt_scan_close(st);
        return rc;
    }
    if (k->busy)
        return FLT_E_ENGINE;
    k->busy = true;
    hs_error_t rc = HS_SUCCESS;
    flt_finder_run(s->finder, text, 0, 0, fn, arg);
    if (s->gates)
        flt_digits_run(&digits, text, 0, s->gate, fn, arg);
    if (s->ascii != NULL)
        rc = hs_scan(s->ascii, text.p, (unsigned)text.n, 0, k->hs, on_match, &call);
    call.left += s->n_ascii;
    if (s->beyond != NULL && rc == HS_SUCCESS)
        rc = scan_beyond(s, k->hs, text, &call);
    k->busy = false;
    return rc == HS_SUCCESS ? FLT_OK : FLT_E_ENGINE;
}

struct flt_scan_stream *flt_scan_open(const struct flt_scanner *s)
{
    struct flt_scan_stream *st = calloc(1, sizeof(*st));
    if (st == NULL)
        return NULL;
    st->s = s;
    if (s->n_left != 0 && hs_open_stream(s->stream, 0, &st->hs) != HS_SUCCESS) {
        free(st);
        st = NULL;
    }
    return st;
}

/* Keeps the last bytes of what was fed. */
static void keep_tail(struct flt_scan_stream *st, struct flt_str text)
{
    size_t fresh = text.n < TAIL ? text.n : TAIL, old = TAIL - fresh < st->n_tail ? TAIL - fresh : st->n_tail;
    memmove(st->tail, st->tail + (st->n_tail - old), old);
    memcpy(st->tail + old, text.p + (text.n - fresh), fresh);
    st->n_tail = (uint8_t)(old + fresh);
}

/* Strings that began in earlier feeds are found where old and new text are laid side by side, the others in place. */
static void feed_finder(struct flt_scan_stream *st, struct flt_str text, flt_hit_fn fn, void *arg)
{
    char joint[3 * TAIL];
    size_t n = text.n < 2 * TAIL ? text.n : TAIL;
    memcpy(joint, st->tail, st->n_tail);
    memcpy(joint + st->n_tail, text.p, n);
    flt_finder_run(st->s->finder, (struct flt_str){joint, st->n_tail + n}, st->n_tail, st->total - st->n_tail, fn, arg);
    if (n < text.n)
        flt_finder_run(st->s->finder, text, n, st->total, fn, arg);
    keep_tail(st, text);
}

int flt_scan_feed(struct flt_scan_stream *st, struct flt_scratch *k, struct flt_str text, flt_hit_fn fn, void *arg)
{
    struct hit_call call = {st->s->left, fn, arg, 0};
    if (k->busy)
        return FLT_E_ENGINE;
    k->busy = true;
    hs_error_t rc = HS_SUCCESS;
    if (text.n != 0)
        feed_finder(st, text, fn, arg);
    if (st->s->gates)
        flt_digits_run(&st->digits, text, st->total, st->s->gate, fn, arg);
    for (size_t at = 0; st->hs != NULL && rc == HS_SUCCESS && at < text.n; at += SLICE) {
        size_t n = text.n - at < SLICE ? text.n - at : SLICE;
        rc = hs_scan_stream(st->hs, text.p + at, (unsigned)n, 0, k->hs, on_match, &call);
    }
    st->total += text.n;
    k->busy = false;
    return rc == HS_SUCCESS ? FLT_OK : FLT_E_ENGINE;
}

void flt_scan_close(struct flt_scan_stream *st)
{
    if (st == NULL)
        return;
    if (st->hs != NULL)
        hs_close_stream(st->hs, NULL, NULL, NULL); /* no end-anchored patterns: nothing can be reported here */
    flt_wipe(st->tail, sizeof(st->tail));
    free(st);
}
