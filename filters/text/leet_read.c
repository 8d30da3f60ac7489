/* leet_read.c: the likeliest sequence of letters, of all that a sequence of guesses allows. */
#include "text/leet_read.h"

#include "text/trigram.h"

#define BREAK 3u /* in the place of the letter before: there is a space */
#define NONE  UINT32_MAX

/*
 * Of one character: the least cost of the text up to it, by which guess the character before it is (or BREAK) and which
 * guess it is itself.
 */
struct column {
    uint32_t cost[4][3];
    uint8_t back[4][3]; /* the guess two before it on that path */
};

static unsigned code(const struct flt_guess *g, unsigned k)
{
    return flt_trigram_letter[(uint8_t)g->of[k]];
}

/* Letter c after a and b; several other bytes count as one space. */
static uint32_t cost_of(unsigned a, unsigned b, unsigned c)
{
    return b == 0 && c == 0 ? 0 : flt_trigram_cost(a, b, c);
}

static void lower(struct column *col, unsigned k, unsigned j, uint32_t cost, unsigned back)
{
    if (cost < col->cost[k][j]) {
        col->cost[k][j] = cost;
        col->back[k][j] = (uint8_t)back;
    }
}

static void clear(struct column *col)
{
    for (unsigned k = 0; k < 4; k++) {
        for (unsigned j = 0; j < 3; j++)
            col->cost[k][j] = NONE;
    }
}

/* The column of `here`, from that of the character before it; `old` is the character two before, NULL at the begin. */
static void advance(const struct column *last, struct column *now, const struct flt_guess *old,
                    const struct flt_guess here[2], bool breaks)
{
    clear(now);
    for (unsigned k = 0; k < 4; k++) {
        for (unsigned j = 0; j < 3; j++) {
            uint32_t so_far = last->cost[k][j];
            if (so_far == NONE)
                continue;
            unsigned a = k != BREAK && old != NULL ? code(old, k) : 0, b = code(&here[0], j);
            uint32_t spaced = so_far + cost_of(a, b, 0);
            for (unsigned c = 0; c < 3 && here[1].of[c] != '\0'; c++) {
                unsigned letter = code(&here[1], c), more = c != 0 ? here[1].dear : 0;
                lower(now, j, c, so_far + more + cost_of(a, b, letter), k);
                if (breaks && b != 0 && letter != 0)
                    lower(now, BREAK, c, spaced + more + flt_trigram_cost(b, 0, letter), k * 4 + j);
            }
        }
    }
}

/* Which path ends best: guesses of the last character and of the one before it; its cost. */
static uint32_t best_end(const struct column *col, const struct flt_guess *g, unsigned n, unsigned at[2])
{
    uint32_t best = NONE;
    at[0] = BREAK;
    at[1] = 0;
    for (unsigned k = 0; k < 4; k++) {
        for (unsigned j = 0; j < 3; j++) {
            uint32_t so_far = col->cost[k][j];
            if (so_far == NONE)
                continue;
            unsigned a = k != BREAK && n > 1 ? code(&g[n - 2], k) : 0, b = code(&g[n - 1], j);
            uint32_t cost = so_far + (b != 0 ? cost_of(a, b, 0) : 0);
            if (cost < best) {
                best = cost;
                at[0] = k;
                at[1] = j;
            }
        }
    }
    return best;
}

double flt_read_best(const struct flt_guess *g, unsigned n, bool breaks, char *out)
{
    struct column col[FLT_READ_MOST];
    if (n == 0 || n > FLT_READ_MOST)
        return FLT_TRIGRAM_FLOOR;
    clear(&col[0]);
    for (unsigned j = 0; j < 3 && g[0].of[j] != '\0'; j++)
        lower(&col[0], BREAK, j, (j != 0 ? g[0].dear : 0u) + cost_of(0, 0, code(&g[0], j)), BREAK);
    for (unsigned i = 1; i < n; i++)
        advance(&col[i - 1], &col[i], i > 1 ? &g[i - 2] : NULL, g + i - 1, breaks);
    unsigned at[2], letters = 0;
    uint32_t cost = best_end(&col[n - 1], g, n, at);
    for (unsigned i = n; i-- > 0;) {
        unsigned back = col[i].back[at[0]][at[1]];
        out[i] = g[i].of[at[1]];
        letters += flt_trigram_letter[(uint8_t)out[i]] != 0;
        if (at[0] == BREAK) { /* the path's last two states are both kept: there is a space between */
            at[1] = i > 0 ? back % 4 : 0;
            at[0] = back / 4;
        } else {
            at[1] = at[0];
            at[0] = back;
        }
    }
    double score = letters != 0 ? -(double)cost / 4.0 / (double)letters : FLT_TRIGRAM_FLOOR;
    return score > FLT_TRIGRAM_FLOOR ? score : FLT_TRIGRAM_FLOOR;
}
