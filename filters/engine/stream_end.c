/* stream_end.c: the two ways a stream ends before its time: policy (properly) and failure (visibly). */
#include "engine/stream_impl.h"

static bool tool_left(const struct flt_stream *s)
{
    for (uint32_t i = 0; i < s->n_channel; i++) {
        if (s->channel[i].tool && s->channel[i].left)
            return true;
    }
    return false;
}

enum flt_stream_state flt_stream_block(struct flt_stream *s)
{
    struct flt_open_choice open[FLT_MAX_CHOICES];
    struct flt_ending e = {.open = open, .include_usage = s->include_usage};
    int rc = flt_stream_flush_cut(s);
    bool seen = false;
    for (uint32_t i = 0; i < FLT_MAX_CHOICES; i++) {
        seen = seen || s->choice[i].seen;
        if (s->choice[i].seen && !s->choice[i].finish_sent)
            open[e.n_open++] = (struct flt_open_choice){i, s->choice[i].role_sent};
    }
    if (!seen)
        open[e.n_open++] = (struct flt_open_choice){0, false}; /* clients expect one */
    e.id = (struct flt_str){s->facts[0], s->fact_len[0]};
    e.created = (struct flt_str){s->facts[1], s->fact_len[1]};
    e.model = (struct flt_str){s->facts[2], s->fact_len[2]};
    e.hard = tool_left(s);
    e.message = "The answer was blocked by policy.";
    if (rc == FLT_OK)
        rc = s->dialect->end_blocked(&e, s->out);
    s->state = rc == FLT_OK ? FLT_STREAM_BLOCKED : FLT_STREAM_FAILED;
    return s->state;
}

enum flt_stream_state flt_stream_fail(struct flt_stream *s, enum flt_cause cause, const char *message, const char *code)
{
    struct frame *f;
    /* What is held was not decided: it does not leave. */
    while ((f = STAILQ_FIRST(&s->queue)) != NULL) {
        STAILQ_REMOVE_HEAD(&s->queue, link);
        flt_frame_give(s, f);
    }
    s->held = 0;
    if (cause != FLT_CAUSE_NONE)
        s->record.cause = cause;
    s->state = FLT_STREAM_FAILED;
    (void)!s->dialect->end_failed(message, code, s->out); /* out of room: the unclean end still says it */
    return s->state;
}
