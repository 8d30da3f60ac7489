/*
 * server.h: the control thread: builds generations and hands them to the workers, opens sockets, owns the audit log and
 * the admin listener, obeys signals.
 *
 *   SIGHUP           reads everything again; a problem anywhere changes nothing
 *   SIGTERM, SIGINT  no new work, answers may end (limits.drain_ms); a second one: now
 */
#ifndef PX_SERVER_H
#define PX_SERVER_H

#include "core/config.h"

struct px_server_conf {
    /* Reads the configuration, at start and for each reload; NULL with problems in *d. */
    struct px_config *(*load)(void *arg, struct flt_diag *d);
    /* Once, when all workers accept. first: address of the first listener as bound ("127.0.0.1:8443"). May be NULL. */
    void (*on_ready)(void *arg, const char *first);
    void *arg;
    const char *cache_dir; /* for compiled rules; NULL = none */
};

/* Runs until it is told to stop. Exit status: 0 stopped as asked, 2 it could not start (problems were printed). */
int px_server_run(const struct px_server_conf *conf);
/* Builds a whole generation and throws it away: prints what is wrong, or one line that all is well. Exit status 0 or 2.
 */
int px_server_check(const struct px_server_conf *conf);
/* Prints all problems to standard error as file:line:col. */
void px_print_diag(const struct flt_diag *d);

#endif
