/*
 * io.h: the stream seam. One connection's bytes, plain or TLS, over a non-blocking socket and a libevent base.
 *
 * Why not bufferevent_openssl: in libevent 2.1 it can report EOF before the last bytes, drops unsent output when freed,
 * sends no close_notify and writes one TLS record per chain. Here reads go from SSL_read into one buffer of the worker
 * and straight to the parser; writes are gathered until the end of the loop turn and leave as few, full records.
 *
 *        on_open          on_data* / on_drain*           on_close (exactly once, never from inside a px_io_ call)
 *   new ---------> OPEN ------------------------------> CLOSED ---> px_io_free
 *
 * Callbacks never run from inside px_io_write, px_io_pause or px_io_close: those only schedule. An io may be freed inside
 * its own callbacks (the memory is released at the end of the loop turn).
 */
#ifndef PX_IO_H
#define PX_IO_H

#include <event2/event.h>
#include <openssl/ssl.h>

#include "flt/base.h"

struct px_io;

/* Shared by all connections of one thread: the read buffer, and the list of what to free at the end of the turn. */
struct px_io_loop;
struct px_io_loop *px_io_loop_new(struct event_base *base); /* NULL = no memory; borrows base for its whole life */
struct event_base *px_io_loop_base(struct px_io_loop *l);
void px_io_loop_free(struct px_io_loop *l);                  /* after the last io of it is freed */
/* Loop's monotonic clock in milliseconds, cached once per turn. */
uint64_t px_io_loop_now(struct px_io_loop *l);
/*
 * What has to be done at the end of a turn before the bytes queued in it leave (output that a full socket held back
 * may leave earlier). fn runs when px_io_loop_due was called since it last ran; it may call anything a callback may.
 * One for a loop; NULL = none.
 */
void px_io_loop_before_sending(struct px_io_loop *l, void (*fn)(void *arg), void *arg);
void px_io_loop_due(struct px_io_loop *l);

enum px_io_end {
    PX_IO_EOF,       /* clean end: FIN (plain) or close_notify (TLS); the other direction may still work */
    PX_IO_TRUNCATED, /* TLS peer closed without close_notify: decide completeness by framing */
    PX_IO_RESET,     /* reset or other socket error */
    PX_IO_TLS_ERROR, /* handshake or record failure, certificate refused */
    PX_IO_CONNECT_FAILED,
    PX_IO_TIMEOUT,   /* the deadline given to px_io_deadline passed; the connection still works (an answer 408 can go out) */
    PX_IO_OVERFLOW   /* more output queued than max_out */
};
const char *px_io_end_name(enum px_io_end e);

struct px_io_cb {
    /* TCP connected and TLS handshake done. */
    void (*on_open)(void *arg);
    /*
     * Bytes arrived. Returns how many were consumed; the rest is kept and given again (with what follows) after
     * px_io_resume. Returning less than n without having paused is a programming error (asserted).
     */
    size_t (*on_data)(void *arg, const char *p, size_t n);
    /* Queued output fell to the low-water mark (or to 0) after it had been above the high one. */
    void (*on_drain)(void *arg);
    /*
     * PX_IO_EOF and PX_IO_TRUNCATED: the peer sends no more; output still works until px_io_close. PX_IO_TIMEOUT: nothing
     * changed. Others: nothing works any more. EOF may be followed once by a fatal end.
     */
    void (*on_end)(void *arg, enum px_io_end why);
    /* px_io_close finished (all written, linger done, or its deadline passed). Free it here. May be NULL: then it frees itself. */
    void (*on_closed)(void *arg);
};

struct px_io_conf {
    const struct px_io_cb *cb;
    void *arg;
    size_t high_water, low_water; /* of queued output; 0 = 256 KiB / 64 KiB */
    size_t max_out;               /* px_io_write fails with FLT_E_LIMIT past this; 0 = 64 MiB */
};

/* Takes fd (made non-blocking, TCP_NODELAY). ssl_ctx NULL = plain. The handshake starts at once. NULL = no memory (fd closed). */
struct px_io *px_io_accept(struct px_io_loop *l, int fd, SSL_CTX *ssl_ctx, const struct px_io_conf *conf);

struct px_io_peer {
    const struct sockaddr *addr;
    unsigned addr_len;
    SSL_CTX *ssl_ctx;     /* NULL = plain */
    const char *name;     /* SNI and the name the certificate must carry (DNS name or IP literal); needed with TLS */
    SSL_SESSION *session; /* offered for resumption when not NULL; borrowed */
    /* A new session to keep: takes it; may be NULL. arg is that of px_io_connect's conf, whoever owns the io by then. */
    void (*on_session)(void *arg, SSL_SESSION *session);
};
/* Starts connecting; on_open or on_end follows. Verification of chain and name cannot be switched off. NULL = no memory, or
 * TLS without a name. */
struct px_io *px_io_connect(struct px_io_loop *l, const struct px_io_peer *peer, const struct px_io_conf *conf);

/* Other owner for the callbacks (an idle pooled connection). */
void px_io_rebind(struct px_io *io, const struct px_io_cb *cb, void *arg);

/* Queues bytes (copies). FLT_E_LIMIT, FLT_E_NOMEM, FLT_E_IO when already ended. Sent at the end of the turn. */
int px_io_write(struct px_io *io, const void *p, size_t n) FLT_MUST_CHECK;
size_t px_io_queued(const struct px_io *io);
/* True from crossing the high-water mark until the low one: stop producing. */
bool px_io_full(const struct px_io *io);
/* Total bytes the socket (not the queue) has taken, before TLS. 0 = nothing of a request left us. */
uint64_t px_io_sent(const struct px_io *io);

/* Reading pauses while any reason bit is set. */
enum px_io_pause_reason { PX_PAUSE_PEER_FULL = 1, PX_PAUSE_BUSY = 2, PX_PAUSE_DONE = 4 };
void px_io_pause(struct px_io *io, unsigned reason);
void px_io_resume(struct px_io *io, unsigned reason);

/* One absolute deadline, replaced by each call: milliseconds from now, 0 = none. Passing it gives on_end(PX_IO_TIMEOUT). */
void px_io_deadline(struct px_io *io, uint64_t ms);

enum px_io_close { PX_CLOSE_CLEAN, /* write all, close_notify, FIN, short linger so that the peer reads it */
                   PX_CLOSE_UNCLEAN, /* write all, then FIN or RST without close_notify: the peer sees truncation */
                   PX_CLOSE_NOW };   /* drop queued output, RST */
/* Starts closing; on_data and on_end are not called any more. linger_ms bounds the writing too (0 = 5,000). */
void px_io_close(struct px_io *io, enum px_io_close how, uint64_t linger_ms);
/* Releases it at the end of the turn, closing at once if still open. NULL is fine. */
void px_io_free(struct px_io *io);

bool px_io_is_tls(const struct px_io *io);
/* TLS SNI sent by the client; NULL = none. TLS version and cipher for logs; "" when plain. Session reused. */
const char *px_io_sni(const struct px_io *io);
const char *px_io_tls_version(const struct px_io *io);
bool px_io_tls_reused(const struct px_io *io);
/* Words for the last TLS or socket error, safe for logs ("certificate verify failed: hostname mismatch"). */
const char *px_io_error(const struct px_io *io);
/* "ip:port" of the peer. */
const char *px_io_peer(const struct px_io *io);
size_t px_io_memory(const struct px_io *io); /* ours, TLS library aside */

#endif
