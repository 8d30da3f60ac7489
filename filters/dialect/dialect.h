/*
 * dialect.h: what one provider wire format must tell the engine: where text stands in requests, answers and stream
 * chunks, where grounding goes, and how policy says no. One dialect is one const struct; nothing above this layer knows
 * a provider.
 */
#ifndef FLT_DIALECT_DIALECT_H
#define FLT_DIALECT_DIALECT_H

#include "flt/edit.h"
#include "flt/engine.h"
#include "flt/json.h"

enum flt_field_kind {
    FLT_FIELD_TEXT,       /* the string's content is text */
    FLT_FIELD_JSON,       /* the string's content is JSON text: strings inside it are decoded once more */
    FLT_FIELD_NAME,       /* a member name we do not know: text that cannot be rewritten */
    FLT_FIELD_NUMBER,     /* a long JSON number: digits are text too (a card number); a cut replaces it by a string */
    FLT_FIELD_OPAQUE,     /* images, audio: counted, not scanned */
    FLT_FIELD_UNREADABLE, /* encoded text no decoder exists for: refused */
    FLT_FIELD_REPEAT      /* repeats another text (logprobs): when it or its channel is cut, `container` becomes null */
};

#define FLT_CHANNEL_ALONE 0u /* the field is complete in itself */

struct flt_field {
    uint32_t tok;
    uint8_t kind;       /* enum flt_field_kind */
    uint8_t role;       /* enum flt_role */
    uint32_t join;      /* fields with the same non-zero number are read as one text by the model */
    uint32_t turn;      /* messages with the same non-zero number follow each other in one role */
    uint64_t channel;   /* streams: which accumulating text it continues; FLT_CHANNEL_ALONE otherwise */
    uint32_t container; /* token to null (FLT_FIELD_REPEAT) */
    uint32_t choice;    /* answers: choice index; UINT32_MAX = outside */
    bool tool;          /* part of a tool call: once some of it left, only an error keeps clients from running it */
};
struct flt_fields {
    struct flt_field *v;
    uint32_t n, cap;
};
int flt_fields_add(struct flt_fields *f, struct flt_arena *arena, struct flt_field field) FLT_MUST_CHECK;

struct flt_request_map {
    struct flt_fields fields;
    bool stream, include_usage, json_answer;
    uint32_t model; /* token; 0 = absent */
    /* Grounding: insert prefix + escaped text + suffix at this offset. */
    bool can_ground;
    uint32_t ground_at;
    const char *ground_prefix, *ground_suffix;
};

#define FLT_MAX_CHOICES 128u

struct flt_choice {
    uint32_t index;
    uint32_t message;  /* token of the whole message object (answers) */
    uint32_t finish;   /* token of finish_reason's value; 0 = absent */
    uint32_t logprobs; /* token of logprobs' value when it is not null; 0 */
    bool finished;     /* finish_reason is a string */
    bool role;         /* the delta names a role */
    bool text;         /* the delta carries text */
};
struct flt_answer_map {
    struct flt_fields fields;
    struct flt_choice *choices;
    uint32_t n_choices;
    /* chunks: what an ending needs to look like its stream */
    uint32_t id, created, model; /* tokens; 0 = absent */
};

struct flt_open_choice {
    uint32_t index;
    bool role_sent;
};

/* Facts about a stream that its ending needs. Strings are raw JSON values, pinned by the caller. */
struct flt_ending {
    struct flt_str id, created, model;  /* raw JSON (with quotes); empty = absent */
    const struct flt_open_choice *open; /* choices that have no finish_reason yet */
    uint32_t n_open;
    bool include_usage;
    bool hard; /* a tool call left in part: only an error keeps clients from running it */
    const char *message;
};

struct flt_dialect {
    const char *name;
    /* Token 0 is the root. FLT_E_TYPE with static words when a known member has the wrong type. */
    int (*request)(const struct flt_json *j, const char *provider, struct flt_arena *arena, struct flt_request_map *out,
                   const char **why);
    int (*answer)(const struct flt_json *j, bool json_answer, struct flt_arena *arena, struct flt_answer_map *out,
                  const char **why);
    int (*chunk)(const struct flt_json *j, bool json_answer, struct flt_arena *arena, struct flt_answer_map *out,
                 const char **why);
    /* True for the data that ends a stream. */
    bool (*terminator)(struct flt_str data);
    /* Edits that turn a whole answer into its filtered form; blocked(index) says which choices. */
    int (*block_answer)(const struct flt_json *j, const struct flt_answer_map *m, const bool *blocked,
                        const char *notice, struct flt_arena *arena, struct flt_edits *edits);
    /* Appends the events that end a blocked stream properly, terminator included. */
    int (*end_blocked)(const struct flt_ending *e, struct flt_buf *out);
    /* Appends an event that tells the client that the stream failed. */
    int (*end_failed)(const char *message, const char *code, struct flt_buf *out);
};
extern const struct flt_dialect flt_openai_chat;

#endif
