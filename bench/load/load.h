/*
 * load.h: the load side of bench/load/run, one program with three jobs: an upstream that streams events at a pace, the
 * clients of such streams, and a holder of idle keep-alive connections. TLS on loopback, libevent's own bufferevents:
 * none of the proxy's code, so that a fault there cannot hide here.
 */
#ifndef BENCH_LOAD_LOAD_H
#define BENCH_LOAD_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <openssl/ssl.h>

struct load_options {
    uint16_t port;           /* of 127.0.0.1: to listen on, or to connect to */
    const char *certificate; /* upstream */
    const char *key;         /* upstream */
    const char *ca;          /* clients: what the server's certificate must chain to */
    const char *bearer;      /* clients: the key sent in Authorization */
    const char *body;        /* clients: file with the request body */
    unsigned count;          /* streams, connections */
    unsigned events;         /* upstream: events of one answer */
    unsigned pace_ms; /* upstream: between events; clients: between the starts of two streams, in units of 1/10 */
    bool paused;      /* clients: wait for a line on standard input before leaving */
};

/* Prints to standard error and exits with status 2. */
void load_die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
uint64_t load_now_ns(void);
/* Client context that verifies against o->ca. */
SSL_CTX *load_client_tls(const struct load_options *o);
/* Begins to connect to 127.0.0.1:port as "localhost". Callbacks are the caller's to set. */
struct bufferevent *load_connect(struct event_base *base, SSL_CTX *tls, uint16_t port);
/* The whole request: POST /v1/chat/completions with o->body. Made once; lives as long as the process. */
const char *load_request(const struct load_options *o, size_t *n);
/* The v[n] sorted: its value at quantile q. */
double load_quantile(double *v, size_t n, double q);

int load_upstream(const struct load_options *o);
int load_streams(const struct load_options *o);
int load_hold(const struct load_options *o);

#endif
