/* stream_impl.h: what stream.c, stream_frame.c and stream_end.c share. */
#ifndef FLT_ENGINE_STREAM_IMPL_H
#define FLT_ENGINE_STREAM_IMPL_H

#include <sys/queue.h>

#include "dialect/dialect.h"
#include "engine/document.h"
#include "engine/snapshot.h"
#include "flt/sse.h"

#define STREAM_MAX_CHANNELS 1024u
#define STREAM_FACT_MAX     256u
#define STREAM_FREE_FRAMES  32u
/*
 * A text whose choice said so many other things since, in other texts, has ended: a model that has begun to answer does
 * not go back into the middle of a word of its reasoning. Without this the last word of the reasoning would hold up the
 * whole answer.
 */
#define STREAM_QUIET_EVENTS 16u

/* One independently accumulating text. */
struct channel {
    uint64_t key;
    uint32_t choice;
    bool tool;      /* part of a tool call */
    bool json;      /* JSON text: its strings go on where they stopped */
    bool repeat;    /* logprobs: repeats another channel */
    bool finished;  /* its choice said finish_reason */
    bool left;      /* some of its text reached the client */
    uint32_t quiet; /* events of its choice since its last text */
    uint64_t event; /* number of its last one */
    struct flt_track track;
    struct flt_inner inner;
};

/* The part of one channel's text that one frame carries. */
struct piece {
    uint32_t channel;
    uint8_t kind;          /* enum flt_field_kind */
    uint64_t begin, end;   /* channel text; end is one further while an escape is unfinished */
    uint64_t text_end;     /* begin + bytes of text */
    uint32_t step, n_step; /* offsets map: steps of the frame */
    uint32_t map_base, map_to_end, map_from_end;
    uint32_t flip, n_flip;
    bool starts_inside;
    uint32_t null_a, null_b; /* REPEAT: payload range to null */
};

/* What a frame says about a choice. */
struct frame_choice {
    uint32_t index;
    bool role, finished;
    uint32_t finish_a, finish_b;     /* payload range of finish_reason's value, quotes included */
    uint32_t logprobs_a, logprobs_b; /* payload range of a non-null logprobs; equal = none */
};

/* An edit that outlives the parse it was made in. */
struct frame_edit {
    uint32_t a, b; /* payload offsets */
    uint32_t n;
    char with[FLT_PLACEHOLDER_MAX + 8]; /* room for the quotes of a number's placeholder */
};

struct frame {
    STAILQ_ENTRY(frame) link;
    struct flt_buf bytes; /* as received */
    /* payload (joined data lines) -> frame bytes */
    struct line {
        uint32_t payload, frame, len;
    } * line;
    uint32_t n_line, cap_line;
    struct piece *piece;
    uint32_t n_piece, cap_piece;
    struct flt_offstep *step;
    uint32_t n_step, cap_step;
    uint32_t *flip;
    uint32_t n_flip, cap_flip;
    struct frame_choice *choice;
    uint32_t n_choice, cap_choice;
    struct frame_edit *edit; /* of texts that stand alone */
    uint32_t n_edit, cap_edit;
    bool drop;     /* nothing of it may leave */
    uint32_t trim; /* bytes at its end that are not the upstream's */
};
STAILQ_HEAD(frame_list, frame);

struct choice_state {
    bool seen, role_sent, finish_sent, finished;
    uint64_t event; /* number of the last one with text for it */
};

struct flt_stream {
    struct flt_worker *worker;
    const struct flt_snapshot *snapshot;
    const struct flt_policy *policy;
    const struct flt_dialect *dialect;
    bool include_usage, json_answer;
    size_t max_queue;
    struct flt_sse *sse;
    struct flt_arena *arena; /* one frame's parse */
    struct flt_record record;
    struct flt_decision decision;
    struct channel *channel;
    uint32_t n_channel, cap_channel;
    struct choice_state choice[FLT_MAX_CHOICES];
    uint64_t n_events;
    struct frame_list queue, spare;
    uint32_t n_spare;
    size_t held; /* bytes of queued frames */
    char facts[3][STREAM_FACT_MAX];
    uint32_t fact_len[3]; /* id, created, model as raw JSON */
    enum flt_stream_state state;
    bool passthrough;    /* monitor, or told to go on without inspection */
    bool blocked_alone;  /* a text that stands alone blocked */
    uint32_t trim;       /* bytes of ours in the frame under way */
    struct flt_buf *out; /* during a call */
};

/* stream_frame.c */
struct frame *flt_frame_take(struct flt_stream *s); /* NULL = no memory */
void flt_frame_give(struct flt_stream *s, struct frame *f);
void flt_frame_free(struct frame *f);
/* Writes all frames whose text is released. */
int flt_stream_flush(struct flt_stream *s);
/* Writes what is decided and lies before the block, of every frame that waits, and drops the rest. */
int flt_stream_flush_cut(struct flt_stream *s);
/* vector growth: makes room for one more element */
bool flt_grow(void **v, uint32_t n, uint32_t *cap, size_t size);

/* stream_end.c */
enum flt_stream_state flt_stream_block(struct flt_stream *s);
enum flt_stream_state flt_stream_fail(struct flt_stream *s, enum flt_cause cause, const char *message,
                                      const char *code);

/* stream_chunk.c: one frame's events into channels */
int flt_stream_chunk(struct flt_stream *s, struct frame *f, struct flt_str payload);
int flt_stream_finish_channels(struct flt_stream *s, uint32_t choice); /* UINT32_MAX = all */
/* Inspects text that stands alone (comments, odd fields); *acts = something in it would be redacted or blocked (then
 * noted). */
int flt_stream_scan_alone(struct flt_stream *s, struct flt_str text, bool *acts);

#endif
