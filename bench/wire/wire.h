/*
 * wire.h: recorded answers of real providers, and what the library makes of them. A proxy that has nothing to redact
 * passes each through byte for byte, however the network cuts it.
 */
#ifndef BENCH_WIRE_WIRE_H
#define BENCH_WIRE_WIRE_H

#include "flt/engine.h"

enum wire_group {
    WIRE_OPENAI,
    WIRE_OPENAI_STREAM,
    WIRE_AZURE,
    WIRE_AZURE_STREAM,
    WIRE_OTHER, /* other providers that speak the same protocol */
    WIRE_OTHER_STREAM,
    WIRE_REQUEST,
    WIRE_GROUPS
};

/* One recorded exchange. Slices live until the callback returns. */
struct wire_row {
    const char *set;
    unsigned line;
    enum wire_group group; /* of the answer */
    const char *provider;
    struct flt_str target; /* request target */
    struct flt_str body;   /* of the answer; events are framed here where only their data was recorded */
    struct flt_str request;
    bool framed; /* the events' framing is ours */
    int status;
};

typedef void (*wire_fn)(void *arg, const struct wire_row *row);
/* Calls fn with every chat-completions exchange of DIR/SET.jsonl.gz; false when the file cannot be read. */
bool wire_read(const char *dir, const char *set, wire_fn fn, void *arg);

enum wire_verdict {
    WIRE_SAME,
    WIRE_REDACTED,
    WIRE_BLOCKED,
    WIRE_REFUSED,
    WIRE_WRONG, /* other bytes though nothing was redacted, or another result for another cut */
    WIRE_VERDICTS
};
extern const char *const wire_verdict_names[WIRE_VERDICTS];

#define WIRE_RULES_MAX 4000u

struct wire_rig {
    struct flt_snapshot *snapshot;
    struct flt_worker *worker;
    struct flt_arena *arena;
    unsigned count[WIRE_GROUPS][WIRE_VERDICTS];
    unsigned rows, framed, rule[WIRE_RULES_MAX]; /* [rule] bodies it acted on */
    uint64_t bytes;                              /* of answers */
    uint64_t text, scanned;                      /* bytes of text in answers and requests; of those, inspected */
    unsigned noted;                              /* findings that changed nothing */
};

/* Counts what becomes of one exchange, and prints where something went wrong: places and reasons, never text. */
void wire_check(struct wire_rig *r, const struct wire_row *row);

#endif
