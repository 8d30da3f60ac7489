/*
 * mock.h: a deterministic fake OpenAI and Azure OpenAI upstream, on one thread of its own. For demos, tests and
 * benches: it answers chat completions from a script (conf/mock-script.yaml documents the format) or by echoing,
 * records what it received, and can misbehave on purpose. It authenticates nobody: keep it on loopback.
 */
#ifndef PX_MOCK_H
#define PX_MOCK_H

#include "flt/base.h"

struct px_mock;

struct px_mock_conf {
    const char *listen;            /* "host:port", port 0 picks one; NULL = 127.0.0.1:0 */
    const char *certificate, *key; /* PEM files; NULL = plain HTTP */
    const char *script;            /* YAML file; NULL = built-in behaviours only */
    const char *record;            /* file to which each request is appended as a JSON line; NULL = none */
    bool quiet;                    /* no line per request on standard error */
};

/*
 * Binds, starts the thread and returns once connections are accepted. Borrows conf. NULL with the first problem in
 * *err. The thread inherits the caller's signal mask.
 */
struct px_mock *px_mock_start(const struct px_mock_conf *conf, struct flt_err *err);
/* The port actually bound. */
uint16_t px_mock_port(const struct px_mock *m);
/* Drops all connections, joins the thread, frees. NULL is fine. */
void px_mock_stop(struct px_mock *m);

/* Reads a script and reports all of its problems. True = usable. */
bool px_mock_script_check(const char *file, struct flt_diag *d);

#endif
