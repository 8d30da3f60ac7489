/*
 * listener.h: one listening socket of one worker (SO_REUSEPORT, SO_REUSEADDR), accept loop with a budget per turn; on
 * EMFILE/ENFILE it pauses 100 ms instead of spinning.
 */
#ifndef PX_LISTENER_H
#define PX_LISTENER_H

#include "net/io.h"

struct px_listener;
/* Opens and binds a listening socket for "host:port", "[v6]:port"; port 0 picks one. reuse_port for worker sockets. -1 with *err. */
int px_listen_socket(const char *address, bool reuse_port, struct flt_err *err);
/* Address actually bound, "ip:port", into out. */
void px_listen_name(int fd, char *out, size_t cap);
typedef void (*px_accept_fn)(void *arg, int fd);
/* Takes fd. on_accept takes each accepted fd. NULL = no memory. */
struct px_listener *px_listener_new(struct event_base *base, int fd, px_accept_fn on_accept, void *arg);
void px_listener_free(struct px_listener *l); /* closes the socket */

#endif
