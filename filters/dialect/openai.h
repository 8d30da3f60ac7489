/* openai.h: the parts of the openai_chat dialect; openai_chat.c puts them together. */
#ifndef FLT_DIALECT_OPENAI_H
#define FLT_DIALECT_OPENAI_H

#include "dialect/dialect.h"

enum flt_role flt_openai_role(const struct flt_json *j, uint32_t tok);
int flt_openai_request(const struct flt_json *j, const char *provider, struct flt_arena *arena,
                       struct flt_request_map *out, const char **why);
int flt_openai_answer(const struct flt_json *j, bool json_answer, struct flt_arena *arena, struct flt_answer_map *out,
                      const char **why);
int flt_openai_chunk(const struct flt_json *j, bool json_answer, struct flt_arena *arena, struct flt_answer_map *out,
                     const char **why);
int flt_openai_block_answer(const struct flt_json *j, const struct flt_answer_map *m, const bool *blocked,
                            const char *notice, struct flt_arena *arena, struct flt_edits *edits);
int flt_openai_end_blocked(const struct flt_ending *e, struct flt_buf *out);
int flt_openai_end_failed(const char *message, const char *code, struct flt_buf *out);

#endif
