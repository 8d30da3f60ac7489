/* text.c: plain text through the engine, whole or in pieces: the command line, tests, and the packs' examples. */
#include "engine/snapshot.h"
#include "engine/views.h"
#include "policy/decide.h"
#include "text/utf8.h"

const char *const flt_cause_names[] = {"none", "policy", "malformed", "limit", "engine", "opaque", NULL};

static int track_whole(struct flt_worker *w, const struct flt_text_in *in, struct flt_track *t,
                       const struct flt_track_conf *conf)
{
    int rc = flt_track_begin(t, conf, in->text);
    return rc == FLT_OK ? flt_track_scan_whole(t, &w->kit) : rc;
}

static int track_pieces(struct flt_worker *w, const struct flt_text_in *in, size_t piece, struct flt_track *t,
                        const struct flt_track_conf *conf)
{
    int rc = flt_track_open(t, conf);
    for (size_t at = 0; rc == FLT_OK && at < in->text.n; at += piece) {
        size_t n = in->text.n - at < piece ? in->text.n - at : piece;
        rc = flt_track_feed(t, &w->kit, (struct flt_str){in->text.p + at, n});
    }
    if (rc == FLT_OK)
        rc = flt_track_finish(t, &w->kit);
    return rc;
}

static int edit(const struct flt_text_in *in, const struct flt_views *v, struct flt_arena *arena,
                struct flt_str *edited)
{
    struct flt_buf out;
    bool ok = true;
    flt_buf_init(&out, in->text.n + (size_t)v->n_cut * (FLT_PLACEHOLDER_MAX + 1u) + 1u);
    int rc = flt_cut_text(v->conf.rs, v->cut, v->n_cut, in->text, &out);
    if (rc == FLT_OK)
        *edited = flt_arena_str(arena, flt_buf_str(&out), &ok);
    flt_buf_free(&out);
    return rc == FLT_OK && !ok ? FLT_E_NOMEM : rc;
}

static int inspect(struct flt_worker *w, const struct flt_text_in *in, size_t piece, struct flt_arena *arena,
                   struct flt_decision *dec, struct flt_str *edited)
{
    const struct flt_policy *p = flt_snapshot_policy(in->snapshot, in->tenant);
    const struct flt_ruleset *rs = in->snapshot->rs;
    struct flt_record rec = {0};
    struct flt_track t = {0};
    struct flt_hold *hold = NULL;
    if (!flt_utf8_valid(in->text, NULL))
        return FLT_E_ENCODING;
    int rc = flt_record_init(&rec, rs, p);
    rec.thresholds = in->direction == FLT_REQUEST;
    struct flt_track_conf conf = {.rs = rs, .policy = p, .record = &rec, .direction = in->direction, .role = in->role};
    if (rc == FLT_OK && piece != 0) {
        conf.hold = in->direction == FLT_RESPONSE && in->role == FLT_ROLE_ASSISTANT ? p->answer : NULL;
        if (conf.hold == NULL)
            conf.hold = hold = flt_hold_new(p, rs, in->direction, in->role);
        rc = conf.hold != NULL ? FLT_OK : FLT_E_NOMEM;
    }
    if (rc == FLT_OK)
        rc = piece == 0 ? track_whole(w, in, &t, &conf) : track_pieces(w, in, piece, &t, &conf);
    rec.total = rec.scanned = in->text.n;
    conf.hold = NULL;
    struct flt_views views = {.conf = conf, .kit = &w->kit, .text = in->text, .arena = arena};
    if (rc == FLT_OK && in->direction == FLT_REQUEST)
        rc = flt_views_inspect(&views);
    if (rc == FLT_OK)
        rc = flt_views_merge(&views, t.cut, t.n_cut);
    if (rc == FLT_OK)
        rc = flt_record_decide(&rec, arena, dec);
    *edited = in->text;
    if (rc == FLT_OK && views.n_cut != 0 && p->tenant->mode == FLT_ENFORCE)
        rc = edit(in, &views, arena, edited);
    flt_track_close(&t);
    flt_hold_free(hold);
    flt_record_free(&rec);
    return rc;
}

int flt_inspect_text(struct flt_worker *w, const struct flt_text_in *in, struct flt_arena *arena,
                     struct flt_decision *dec, struct flt_str *edited)
{
    return inspect(w, in, 0, arena, dec, edited);
}

int flt_inspect_text_stream(struct flt_worker *w, const struct flt_text_in *in, size_t piece, struct flt_arena *arena,
                            struct flt_decision *dec, struct flt_str *edited)
{
    return inspect(w, in, piece, arena, dec, edited);
}
