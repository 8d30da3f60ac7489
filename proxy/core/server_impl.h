/* server_impl.h: the control thread's state, shared by server.c, server_reload.c and server_admin.c. */
#ifndef PX_SERVER_IMPL_H
#define PX_SERVER_IMPL_H

#include <pthread.h>

#include "core/server.h"
#include "core/worker.h"
#include "watch/admin.h"
#include "watch/log.h"

#define PX_MAX_WORKERS 256u

/* An audit file in use by one generation or more. */
struct px_audit_slot {
    struct px_audit_slot *next;
    struct px_audit *audit;
    char *file;
    unsigned users;
};

/* A generation that some worker has, or will get. */
struct px_live {
    struct px_live *next;
    struct px_generation *g;
    struct px_audit_slot *slot; /* NULL = no audit log */
};

/* A generation being built for a reload, on a thread of its own: it can take seconds, and the control thread has
 * duties. */
struct px_builder {
    pthread_t thread;
    bool running;
    bool again; /* asked for once more meanwhile */
    struct px_generation *g;
    struct flt_diag d;
    struct px_mail mail;
};

/* Listening sockets opened for a generation and not yet handed over. */
struct px_sockets {
    int *fds; /* n_workers rows of n_listen; -1 = taken over, or not opened */
    size_t n; /* of fds */
    uint32_t n_listen;
};

struct px_server {
    const struct px_server_conf *conf;
    struct px_config *first; /* read before there were workers, not built yet */
    struct event_base *base;
    struct px_io_loop *loop;
    struct px_mailbox *box;
    struct event *signals[3];
    struct px_limits *limits;
    struct px_worker *workers[PX_MAX_WORKERS];
    struct px_metrics *metrics[PX_MAX_WORKERS];
    unsigned n_workers, n_stopped;
    _Atomic int64_t connections;
    struct px_live *live; /* newest first */
    struct px_generation *current;
    struct px_audit_slot *slots;
    struct px_admin *admin;
    char *admin_address;
    char first_address[256]; /* as bound, for on_ready */
    unsigned updates_pending;
    bool accepting, stopping;
    unsigned terms; /* SIGTERM and SIGINT so far */
    unsigned generations;
    struct px_builder builder;
    uint64_t reloads, reload_failures;
    bool stale;
    double started_unix;
};

/* server_reload.c: builds the first generation and sends it to the workers. False: problems were printed. */
bool px_server_load(struct px_server *s);
/* Starts building the next one; px_server_built when its mail comes. A problem changes nothing. */
void px_server_reload(struct px_server *s);
void px_server_built(struct px_server *s);
/* Waits for the builder, if there is one, and drops what it made. */
void px_server_join_builder(struct px_server *s);
/* A worker gave it back, or never got it. */
void px_server_release(struct px_server *s, struct px_generation *g);
/* server_admin.c: opens the admin listener of the configuration when its address changed. FLT_E_IO with *err. */
int px_server_admin(struct px_server *s, const struct px_config *c, struct flt_err *err) FLT_MUST_CHECK;

#endif
