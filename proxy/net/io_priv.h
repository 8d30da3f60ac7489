/*
 * io_priv.h: what the io*.c files share: the connection and loop records, the transports.
 */
#ifndef PX_IO_PRIV_H
#define PX_IO_PRIV_H

#include <sys/queue.h>

#include <event2/event_struct.h>

#include "net/io.h"

#define PX_IO_READ_BUFFER (64u * 1024u)
#define PX_IO_RECORD      16384u         /* plaintext of one full TLS record */
#define PX_IO_TURN_BUDGET (256u * 1024u) /* bytes one connection may move in one direction per turn */
#define PX_IO_LINGER_MS   5000u
#define PX_IO_KEY_UPDATES 10u /* per second; more is an attack */

enum px_io_state {
    PX_IO_CONNECTING,
    PX_IO_HANDSHAKE,
    PX_IO_OPEN,
    PX_IO_FLUSHING,  /* closing: what is queued still has to leave */
    PX_IO_LINGERING, /* closing: FIN sent, reading and discarding until the peer's */
    PX_IO_DEAD       /* no socket any more */
};

/* How one transport call ended. */
enum px_xfer {
    PX_XFER_OK,
    PX_XFER_WANT_READ,
    PX_XFER_WANT_WRITE,
    PX_XFER_EOF,
    PX_XFER_TRUNCATED,
    PX_XFER_RESET,
    PX_XFER_TLS_ERROR
};

struct px_io {
    LIST_ENTRY(px_io) all; /* of the loop */
    struct px_io_loop *loop;
    const struct px_io_cb *cb;
    void *arg;
    SSL *ssl; /* NULL = plain */
    int fd;
    enum px_io_state state;

    unsigned pause;        /* px_io_pause_reason bits */
    bool reading, writing; /* ev_read, ev_write are registered */
    bool full;             /* between the high and the low water mark */
    bool failed;           /* a fatal end was given to on_end, or is about to be */
    bool write_dead;       /* the socket takes no more; what it still holds for us is read first */
    bool read_done;        /* the peer's end was seen (read_end), perhaps not yet reported */
    bool end_told;         /* ... and reported */
    bool want_open;        /* on_open is due */
    bool fatal_due;        /* on_end(fatal) is due */
    bool freed;            /* release at the end of the turn */
    bool raw_eof;          /* TLS: FIN came; the TLS layer was not told, so that output keeps working */
    bool key_flood;        /* too many KeyUpdates */
    bool write_wants_read; /* SSL_write waits for input */
    bool read_wants_write; /* SSL_read waits for output */
    bool notify;           /* closing: close_notify is still to be sent */
    enum px_io_close how;
    enum px_io_end read_end, fatal;

    struct flt_buf out; /* out.p[out_off..out.n) is queued */
    size_t out_off;
    struct flt_buf held; /* read, but not consumed by on_data */
    size_t high, low, max_out;
    uint64_t sent;

    struct event ev_read, ev_write, ev_timer;
    uint64_t deadline, timer_at; /* loop milliseconds; 0 = none */

    struct px_io *next_dirty, *next_again;
    bool in_dirty, in_again;

    void (*on_session)(void *arg, SSL_SESSION *session);
    void *session_arg;
    unsigned key_updates;
    uint64_t key_window;

    int last_errno;
    char peer[56];
    char error[88];
};

/* ---- io_loop.c */
void px_io_loop_add(struct px_io_loop *l, struct px_io *io); /* whoever is left when the loop ends is released */
BIO_METHOD *px_io_loop_bio(struct px_io_loop *l);
char *px_io_loop_buffer(struct px_io_loop *l);
/* Visits io at the end of this turn (px_io_turn), or after the next poll (px_io_again). */
void px_io_mark_dirty(struct px_io *io);
void px_io_mark_again(struct px_io *io);
void px_io_timer_init(struct px_io *io);
/* Sets the absolute deadline; 0 = none. */
void px_io_timer_set(struct px_io *io, uint64_t at);

/* ---- io.c */
void px_io_readable(evutil_socket_t fd, short what, void *arg); /* events of the socket; arg is the io */
void px_io_writable(evutil_socket_t fd, short what, void *arg);
void px_io_turn(struct px_io *io);  /* everything due at the end of a turn */
void px_io_drive(struct px_io *io); /* reads within the budget */
void px_io_timed_out(struct px_io *io);
void px_io_flush(struct px_io *io); /* writes within the budget */
void px_io_want_write(struct px_io *io);
void px_io_want_read(struct px_io *io);
void px_io_stop_reading(struct px_io *io);
void px_io_drop_output(struct px_io *io);
void px_io_set_error(struct px_io *io, const char *what, const char *detail); /* detail may be NULL */
void px_io_set_errno(struct px_io *io, const char *what, int err);
/* Gives on_end(why) at the end of the turn, after which nothing works. The first call counts. */
void px_io_fail(struct px_io *io, enum px_io_end why);

/* ---- io_close.c */
void px_io_close_step(struct px_io *io); /* goes on with closing */
void px_io_discard(struct px_io *io);    /* lingering: reads and drops */
void px_io_close_timeout(struct px_io *io);
void px_io_teardown(struct px_io *io); /* closes the socket, stops the events */
void px_io_release(struct px_io *io);  /* and frees the memory */

/* ---- io_tls.c */
BIO_METHOD *px_io_bio_new(void);
/* Gives io its SSL object. name is NULL for servers. False = no memory or an unusable name. */
bool px_io_tls_attach(struct px_io *io, SSL_CTX *ctx, const struct px_io_peer *peer);
enum px_xfer px_io_tls_handshake(struct px_io *io);
enum px_xfer px_io_tls_read(struct px_io *io, char *p, size_t cap, size_t *n);
enum px_xfer px_io_tls_write(struct px_io *io, const char *p, size_t len, size_t *n);
/* Sends close_notify: OK also when it cannot be sent any more. */
enum px_xfer px_io_tls_shutdown(struct px_io *io);
/* Sessions of client contexts (tls.c registers it): hands a new one to the connection's on_session. */
int px_io_tls_new_session(SSL *ssl, SSL_SESSION *session);

#endif
