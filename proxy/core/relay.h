/*
 * relay.h: an upstream's event stream through flt_stream to the client, with back-pressure: when the client's queue is
 * full the upstream is not read. Bytes are gathered over one read of the upstream and leave as one chunk.
 */
#ifndef PX_RELAY_H
#define PX_RELAY_H

#include "flt/engine.h"
#include "net/io.h"

struct px_relay {
    struct flt_stream *stream; /* NULL = not open */
    struct px_io *client, *upstream;
    bool chunked;       /* to the client; false = its body ends with the connection (HTTP/1.0) */
    bool paused;        /* the upstream, because the client is full */
    struct flt_buf out; /* released by the engine, not yet framed */
    struct flt_buf wire;
    uint64_t sent; /* body bytes handed to the client, framing aside */
    enum flt_stream_state state;
};

/* Once in an object's life, and when the object goes. */
void px_relay_init(struct px_relay *r);
void px_relay_free(struct px_relay *r);

struct px_relay_conf {
    struct flt_worker *engine;
    struct flt_stream_in in; /* max_frame and max_queue are set */
    struct px_io *client, *upstream;
    bool chunked;
};
/* FLT_E_NOMEM. */
int px_relay_open(struct px_relay *r, const struct px_relay_conf *conf) FLT_MUST_CHECK;
/* Upstream body bytes. After a state other than RUNNING they are ignored. */
enum flt_stream_state px_relay_feed(struct px_relay *r, const char *p, size_t n);
/* The upstream's body ended. */
enum flt_stream_state px_relay_end(struct px_relay *r, bool complete);
/* Ends it from outside; reason: static words. */
enum flt_stream_state px_relay_abort(struct px_relay *r, const char *reason);
/*
 * Sends what was released, with the last chunk when the stream ended properly. Pauses the upstream when the client is
 * full. FLT_E_*: the client cannot be written to any more.
 */
int px_relay_flush(struct px_relay *r) FLT_MUST_CHECK;
/* The client took enough: read the upstream on. */
void px_relay_drained(struct px_relay *r);
/* The same whatever the client's queue holds: for a connection that goes back to its pool. */
void px_relay_unpause(struct px_relay *r);
/* Bytes held back now. */
size_t px_relay_held(const struct px_relay *r);
/* Forgets stream and bytes; the upstream is not touched. */
void px_relay_close(struct px_relay *r);

#endif
