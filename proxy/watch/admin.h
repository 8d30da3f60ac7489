/*
 * admin.h: the admin listener on the control thread's base: GET /metrics, /healthz, /readyz. Plain HTTP/1.1, one
 * request a connection, the same strict parser as the data port; nothing else exists there (404), other methods 405,
 * malformed requests and requests with a body 400. A connection lives 10 s at most; there are at most 64 at a time,
 * further ones are closed.
 */
#ifndef PX_ADMIN_H
#define PX_ADMIN_H

#include "net/io.h"

struct px_admin;
struct px_admin_cb {
    /* Writes the Prometheus text (up to 16 MiB). Anything but FLT_OK is answered with 500. */
    int (*metrics)(void *arg, struct flt_buf *out);
    /* True = ready; else static words why not. */
    bool (*ready)(void *arg, const char **why);
    void *arg;
};
/* Takes fd (a listening socket), also on failure; copies *cb; borrows loop for its life. NULL = no memory. */
struct px_admin *px_admin_new(struct px_io_loop *loop, int fd, const struct px_admin_cb *cb);
/* Closes the listener and every connection. Not from inside a callback of cb. NULL is fine. */
void px_admin_free(struct px_admin *a);

#endif
