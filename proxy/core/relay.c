/* relay.c: see relay.h. */
#include "core/relay.h"

#include "net/h1.h"

#define ENDING   ((size_t)1 << 20)
#define FRAMING  64u                /* of one chunk, and the last one */
#define KEEP_CAP ((size_t)64 << 10) /* buffers larger than this are given back after a stream */

void px_relay_init(struct px_relay *r)
{
    memset(r, 0, sizeof(*r));
    flt_buf_init(&r->out, 1);
    flt_buf_init(&r->wire, 1);
}

void px_relay_free(struct px_relay *r)
{
    px_relay_close(r);
    flt_buf_free(&r->out);
    flt_buf_free(&r->wire);
}

int px_relay_open(struct px_relay *r, const struct px_relay_conf *conf)
{
    r->stream = flt_stream_open(conf->engine, &conf->in);
    if (r->stream == NULL)
        return FLT_E_NOMEM;
    /* One feed can release all that was held, what it brought itself, and an ending. */
    r->out.max = conf->in.max_queue + conf->in.max_frame + ENDING;
    r->wire.max = r->out.max + FRAMING;
    r->client = conf->client;
    r->upstream = conf->upstream;
    r->chunked = conf->chunked;
    r->state = FLT_STREAM_RUNNING;
    r->sent = 0;
    r->paused = false;
    return FLT_OK;
}

enum flt_stream_state px_relay_feed(struct px_relay *r, const char *p, size_t n)
{
    if (r->state == FLT_STREAM_RUNNING)
        r->state = flt_stream_feed(r->stream, p, n, &r->out);
    return r->state;
}

enum flt_stream_state px_relay_end(struct px_relay *r, bool complete)
{
    if (r->state == FLT_STREAM_RUNNING)
        r->state = flt_stream_end(r->stream, complete, &r->out);
    return r->state;
}

enum flt_stream_state px_relay_abort(struct px_relay *r, const char *reason)
{
    if (r->state == FLT_STREAM_RUNNING)
        r->state = flt_stream_abort(r->stream, reason, &r->out);
    return r->state;
}

static int write_plain(struct px_relay *r)
{
    int rc = r->out.n != 0 ? px_io_write(r->client, r->out.p, r->out.n) : FLT_OK;
    if (rc == FLT_OK)
        r->sent += r->out.n;
    flt_buf_clear(&r->out);
    return rc;
}

static int write_chunk(struct px_relay *r)
{
    int rc = FLT_OK;
    if (r->out.n != 0)
        rc = px_h1_write_chunk(&r->wire, r->out.p, r->out.n);
    if (rc == FLT_OK && (r->state == FLT_STREAM_ENDED || r->state == FLT_STREAM_BLOCKED))
        rc = px_h1_write_last_chunk(&r->wire);
    if (rc == FLT_OK && r->wire.n != 0)
        rc = px_io_write(r->client, r->wire.p, r->wire.n);
    if (rc == FLT_OK)
        r->sent += r->out.n;
    flt_buf_clear(&r->wire);
    flt_buf_clear(&r->out);
    return rc;
}

int px_relay_flush(struct px_relay *r)
{
    int rc = r->chunked ? write_chunk(r) : write_plain(r);
    if (rc == FLT_OK && r->state == FLT_STREAM_RUNNING && !r->paused && px_io_full(r->client)) {
        r->paused = true;
        px_io_pause(r->upstream, PX_PAUSE_PEER_FULL);
    }
    return rc;
}

void px_relay_drained(struct px_relay *r)
{
    if (!px_io_full(r->client))
        px_relay_unpause(r);
}

void px_relay_unpause(struct px_relay *r)
{
    if (!r->paused)
        return;
    r->paused = false;
    px_io_resume(r->upstream, PX_PAUSE_PEER_FULL);
}

size_t px_relay_held(const struct px_relay *r)
{
    return r->stream != NULL ? flt_stream_held(r->stream) : 0;
}

static void shrink(struct flt_buf *b)
{
    if (b->cap > KEEP_CAP)
        flt_buf_free(b);
    else
        flt_buf_clear(b);
}

void px_relay_close(struct px_relay *r)
{
    if (r->stream != NULL)
        flt_stream_close(r->stream);
    r->stream = NULL;
    r->client = r->upstream = NULL;
    shrink(&r->out);
    shrink(&r->wire);
}
