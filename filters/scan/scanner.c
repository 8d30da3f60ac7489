#include "scan/scanner.h"

#include <hs.h>

#include "scan/scanner_cache.h"

/* One call of hs_scan takes 32-bit lengths; larger texts go through a stream in slices of this size. */
#define SLICE (64u * 1024 * 1024)

struct flt_scanner {
    hs_database_t *block, *stream;
    size_t block_bytes, stream_bytes, stream_state;
};

struct flt_scratch {
    hs_scratch_t *hs;
    bool busy; /* scratch must not be re-entered: a callback may not scan */
};

struct flt_scan_stream {
    hs_stream_t *hs;
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

struct flt_scanner *flt_scanner_new(const struct flt_expression *v, uint32_t n, const char *cache_dir, uint32_t *bad,
                                    char *why, size_t cap)
{
    *bad = UINT32_MAX;
    if (flt_scanner_engine() == NULL) {
        snprintf(why, cap, "libhs reports version %s: Intel Hyperscan 5.4.0 to 5.4.2 is needed", hs_version());
        return NULL;
    }
    struct flt_scanner *s = calloc(1, sizeof(*s));
    if (s == NULL) {
        snprintf(why, cap, "out of memory");
        return NULL;
    }
    s->block = obtain(v, n, HS_MODE_BLOCK, cache_dir, bad, why, cap);
    if (s->block != NULL)
        s->stream = obtain(v, n, HS_MODE_STREAM, cache_dir, bad, why, cap);
    if (s->block == NULL || s->stream == NULL) {
        flt_scanner_free(s);
        return NULL;
    }
    if (hs_database_size(s->block, &s->block_bytes) != HS_SUCCESS ||
        hs_database_size(s->stream, &s->stream_bytes) != HS_SUCCESS ||
        hs_stream_size(s->stream, &s->stream_state) != HS_SUCCESS) {
        snprintf(why, cap, "the compiled database does not answer");
        flt_scanner_free(s);
        return NULL;
    }
    return s;
}

void flt_scanner_free(struct flt_scanner *s)
{
    if (s == NULL)
        return;
    hs_free_database(s->block);
    hs_free_database(s->stream);
    free(s);
}

size_t flt_scanner_memory(const struct flt_scanner *s)
{
    return sizeof(*s) + s->block_bytes + s->stream_bytes;
}

size_t flt_scanner_stream_size(const struct flt_scanner *s)
{
    return s->stream_state;
}

struct flt_scratch *flt_scratch_new(void)
{
    return calloc(1, sizeof(struct flt_scratch));
}

int flt_scratch_fit(struct flt_scratch *k, const struct flt_scanner *s)
{
    if (hs_alloc_scratch(s->block, &k->hs) != HS_SUCCESS || hs_alloc_scratch(s->stream, &k->hs) != HS_SUCCESS)
        return FLT_E_NOMEM;
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
    flt_hit_fn fn;
    void *arg;
};

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx)
{
    const struct hit_call *c = ctx;
    (void)from;
    (void)flags;
    c->fn(c->arg, id, to);
    return 0;
}

int flt_scan_block(const struct flt_scanner *s, struct flt_scratch *k, struct flt_str text, flt_hit_fn fn, void *arg)
{
    struct hit_call call = {fn, arg};
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
    hs_error_t rc = hs_scan(s->block, text.p, (unsigned)text.n, 0, k->hs, on_match, &call);
    k->busy = false;
    return rc == HS_SUCCESS ? FLT_OK : FLT_E_ENGINE;
}

struct flt_scan_stream *flt_scan_open(const struct flt_scanner *s)
{
    struct flt_scan_stream *st = calloc(1, sizeof(*st));
    if (st != NULL && hs_open_stream(s->stream, 0, &st->hs) != HS_SUCCESS) {
        free(st);
        st = NULL;
    }
    return st;
}

int flt_scan_feed(struct flt_scan_stream *st, struct flt_scratch *k, struct flt_str text, flt_hit_fn fn, void *arg)
{
    struct hit_call call = {fn, arg};
    if (k->busy)
        return FLT_E_ENGINE;
    k->busy = true;
    hs_error_t rc = HS_SUCCESS;
    for (size_t at = 0; rc == HS_SUCCESS && at < text.n; at += SLICE) {
        size_t n = text.n - at < SLICE ? text.n - at : SLICE;
        rc = hs_scan_stream(st->hs, text.p + at, (unsigned)n, 0, k->hs, on_match, &call);
    }
    k->busy = false;
    return rc == HS_SUCCESS ? FLT_OK : FLT_E_ENGINE;
}

void flt_scan_close(struct flt_scan_stream *st)
{
    if (st == NULL)
        return;
    hs_close_stream(st->hs, NULL, NULL, NULL); /* no end-anchored patterns: nothing can be reported here */
    free(st);
}
