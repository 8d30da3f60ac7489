#include "engine/inner.h"

#include "text/utf8.h"

struct writer {
    char *text;
    struct flt_offstep *step;
    uint32_t *flip;
    uint32_t n_text, n_step, n_flip;
    const struct flt_offmap *map;
    bool identity; /* the last step is an identity step */
};

/* One decoded unit: len bytes of text that stand for source bytes [a, b). */
static void put(struct writer *w, const char *p, uint32_t len, uint32_t a, uint32_t b, bool atom)
{
    uint32_t wire = flt_offmap_begin(w->map, a);
    uint32_t wire_end = flt_offmap_end(w->map, b);
    bool plain = !atom && wire_end - wire == len;
    const struct flt_offstep *last = w->n_step != 0 ? &w->step[w->n_step - 1] : NULL;
    if (!plain || last == NULL || !w->identity || last->from + (w->n_text - last->to) != wire) {
        w->step[w->n_step++] = (struct flt_offstep){.to = w->n_text, .from = wire, .atom = !plain};
        w->identity = plain;
    }
    memcpy(w->text + w->n_text, p, len);
    w->n_text += len;
}

static void put_code_point(struct writer *w, uint32_t cp, uint32_t a, uint32_t b)
{
    char utf8[4];
    uint32_t n = flt_utf8_encode(cp, utf8);
    put(w, utf8, n, a, b, true);
}

static void flip(struct writer *w, struct flt_inner *in)
{
    in->inside = !in->inside;
    w->flip[w->n_flip++] = w->n_text;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A \uXXXX is complete: surrogate halves wait for each other; a lone one stands as itself. */
static void end_unit(struct writer *w, struct flt_inner *in, uint32_t a, uint32_t b)
{
    uint32_t u = in->unit;
    if (in->high != 0 && u >= 0xDC00 && u <= 0xDFFF) {
        put_code_point(w, 0x10000 + ((in->high - 0xD800) << 10) + (u - 0xDC00), a, b);
        in->high = 0;
        return;
    }
    if (in->high != 0)
        put_code_point(w, in->high, a, a);
    in->high = 0;
    if (u >= 0xD800 && u <= 0xDBFF)
        in->high = u;
    else
        put_code_point(w, u, a, b);
}

static char simple_escape(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case 'r':
        return '\r';
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    default:
        return c;
    }
}

/* One byte inside an escape; *begin = where the escape began in this piece. */
static void step_escape(struct writer *w, struct flt_inner *in, char c, uint32_t begin, uint32_t i)
{
    if (in->escape == 1 && c == 'u') {
        in->escape = 5;
        in->unit = 0;
        return;
    }
    if (in->escape == 1) {
        char one = simple_escape(c);
        in->escape = 0;
        in->high = 0;
        put(w, &one, 1, begin, i + 1, true);
        return;
    }
    int h = hex_value(c);
    in->unit = in->unit * 16 + (uint32_t)(h >= 0 ? h : 0);
    if (h < 0 || --in->escape == 1) {
        in->escape = 0;
        end_unit(w, in, begin, i + 1);
    }
}

/* Quotes belong to the outside: a string is what lies between them. */
static void step_plain(struct writer *w, struct flt_inner *in, char c, uint32_t i)
{
    bool opens = c == '"' && !in->inside;
    if (c == '"' && in->inside)
        flip(w, in);
    put(w, &c, 1, i, i + 1, false);
    if (opens)
        flip(w, in);
}

int flt_inner_feed(struct flt_inner *in, struct flt_str text, const struct flt_offmap *map, struct flt_arena *arena,
                   struct flt_inner_piece *out)
{
    /* Decoding never grows text: the longest result of a six-byte escape has three bytes (a lone half that waited: six
     * of twelve). */
    size_t room = text.n + 8;
    struct writer w = {.map = map};
    uint32_t begin = 0;
    w.text = flt_arena_alloc(arena, room);
    w.step = flt_arena_alloc(arena, room * sizeof(*w.step));
    w.flip = flt_arena_alloc(arena, room * sizeof(*w.flip));
    if (w.text == NULL || w.step == NULL || w.flip == NULL)
        return FLT_E_NOMEM;
    *out = (struct flt_inner_piece){.starts_inside = in->inside};
    for (uint32_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (in->escape != 0) {
            step_escape(&w, in, c, begin, i);
        } else if (in->inside && c == '\\') {
            if (in->high == 0)
                begin = i;
            in->escape = 1;
        } else {
            if (in->high != 0)
                put_code_point(&w, in->high, begin, i);
            in->high = 0;
            step_plain(&w, in, c, i);
        }
    }
    out->pending = in->escape != 0 || in->high != 0;
    if (out->pending) /* the unfinished escape: a cut of its character takes these bytes too */
        w.step[w.n_step++] = (struct flt_offstep){.to = w.n_text, .from = flt_offmap_begin(map, begin), .atom = true};
    out->text = (struct flt_str){w.text, w.n_text};
    out->flips = w.flip;
    out->n_flips = w.n_flip;
    out->map = (struct flt_offmap){.v = w.step,
                                   .n = w.n_step,
                                   .to_end = w.n_text + out->pending,
                                   .from_end = flt_offmap_end(map, (uint32_t)text.n)};
    return FLT_OK;
}
