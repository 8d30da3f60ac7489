/*
 * yaml_walk.c: fills structs from YAML by tables. Every complaint names file, line, column, key path and what was
 * expected; nothing stops at the first.
 */
#include <errno.h>
#include <math.h>

#include "flt/yaml.h"

/* ---- paths and reports ----------------------------------------------------------------------------------------- */

size_t flt_walk_push(struct flt_walk *w, const char *key)
{
    size_t mark = strlen(w->path);
    const char *dot = mark == 0 || key[0] == '[' ? "" : ".";
    (void)snprintf(w->path + mark, sizeof w->path - mark, "%s%s", dot, key);
    return mark;
}

size_t flt_walk_push_index(struct flt_walk *w, uint32_t i)
{
    size_t mark = strlen(w->path);
    (void)snprintf(w->path + mark, sizeof w->path - mark, "[%u]", i);
    return mark;
}

void flt_walk_pop(struct flt_walk *w, size_t mark)
{
    if (mark < sizeof w->path)
        w->path[mark] = '\0';
}

unsigned flt_walk_errors(const struct flt_walk *w)
{
    return w->diag->n - w->diag->warnings + w->diag->dropped;
}

static void add(struct flt_walk *w, int status, flt_node *n, const char *key, const char *message)
{
    unsigned line = 0, col = 0;
    flt_node_where(n, &line, &col);
    size_t mark = strlen(w->path);
    if (key)
        (void)flt_walk_push(w, key);
    flt_diag_add(w->diag, status, flt_yaml_file(w->yaml), line, col, w->path, "%s", message);
    flt_walk_pop(w, mark);
}

void flt_walk_error(struct flt_walk *w, flt_node *n, const char *key, const char *fmt, ...)
{
    char message[sizeof((struct flt_err *)0)->message];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    add(w, FLT_E_CONFIG, n, key, message);
}

void flt_walk_warn(struct flt_walk *w, flt_node *n, const char *key, const char *fmt, ...)
{
    char message[sizeof((struct flt_err *)0)->message];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    add(w, FLT_OK, n, key, message);
}

/* "problem (expected what)", where the row's own help is the better "what". */
static void wrong(struct flt_walk *w, flt_node *n, const struct flt_key *key, const char *problem, const char *expected)
{
    flt_walk_error(w, n, NULL, "%s (expected %s)", problem, key->help ? key->help : expected);
}

/* ---- suggestions ----------------------------------------------------------------------------------------------- */

enum { WORD_MAX = 40 };

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

/* Optimal string alignment distance by three rows of the usual table; both at most WORD_MAX bytes. */
static unsigned distance(struct flt_str a, struct flt_str b)
{
    unsigned rows[3][WORD_MAX + 1];
    unsigned *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= b.n; j++)
        last[j] = (unsigned)j;
    for (size_t i = 1; i <= a.n; i++) {
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= b.n; j++) {
            unsigned cost = a.p[i - 1] != b.p[j - 1];
            now[j] = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + cost);
            bool swapped = i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1];
            if (swapped && before[j - 2] + 1 < now[j])
                now[j] = before[j - 2] + 1;
        }
        unsigned *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[b.n];
}

static bool nearer(struct flt_str s, const char *name, unsigned *best)
{
    struct flt_str candidate = flt_str_of(name);
    if (s.n == 0 || s.n > WORD_MAX || candidate.n > WORD_MAX)
        return false;
    unsigned d = distance(s, candidate);
    unsigned limit = (unsigned)(s.n > candidate.n ? s.n : candidate.n) / 3;
    if (d > (limit > 1 ? limit : 1) || d >= s.n || d >= *best)
        return false;
    *best = d;
    return true;
}

const char *flt_walk_nearest(struct flt_str s, const char *const *names)
{
    const char *found = NULL;
    unsigned best = WORD_MAX;
    for (; *names; names++)
        if (nearer(s, *names, &best))
            found = *names;
    return found;
}

static const struct flt_key *nearest_key(struct flt_str s, const struct flt_key *keys)
{
    const struct flt_key *found = NULL;
    unsigned best = WORD_MAX;
    for (; keys->name; keys++)
        if (nearer(s, keys->name, &best))
            found = keys;
    return found;
}

/* ---- numbers --------------------------------------------------------------------------------------------------- */

static bool digits(struct flt_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n != 0;
}

/* Decimal without leading zeros; false when it is not that, or does not fit. */
static bool parse_u63(struct flt_str s, int64_t *out)
{
    if (!digits(s) || (s.n > 1 && s.p[0] == '0'))
        return false;
    int64_t v = 0;
    for (size_t i = 0; i < s.n; i++)
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, s.p[i] - '0', &v))
            return false;
    *out = v;
    return true;
}

/* Takes the trailing unit off s and gives its factor; 0 when it is no unit of the list. */
struct unit {
    const char *name;
    int64_t factor;
};

static bool parse_with_unit(struct flt_str s, const struct unit *units, int64_t *out)
{
    size_t n = 0;
    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
        n++;
    struct flt_str unit = {s.p + n, s.n - n};
    if (!parse_u63((struct flt_str){s.p, n}, out))
        return false;
    for (; units->name; units++)
        if (flt_str_is(unit, units->name))
            return !__builtin_mul_overflow(*out, units->factor, out);
    return *out == 0 && unit.n == 0; /* zero needs no unit */
}

static const struct unit size_units[] = {
    {"TiB", 1LL << 40}, {"GiB", 1LL << 30}, {"MiB", 1LL << 20}, {"KiB", 1LL << 10}, {"", 1}, {NULL, 0},
};
static const struct unit duration_units[] = {
    {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}, {NULL, 0},
};
static const struct unit exponents[] = {
    {"e12", 1000000000000},
    {"e11", 100000000000},
    {"e10", 10000000000},
    {"e9", 1000000000},
    {"e8", 100000000},
    {"e7", 10000000},
    {"e6", 1000000},
    {"e5", 100000},
    {"e4", 10000},
    {"e3", 1000},
    {"", 1},
    {NULL, 0},
};

static bool parse_int(struct flt_str s, int64_t *out)
{
    bool negative = s.n > 1 && s.p[0] == '-';
    if (negative)
        s = (struct flt_str){s.p + 1, s.n - 1};
    if (!parse_with_unit(s, exponents, out))
        return false;
    *out = negative ? -*out : *out;
    return true;
}

/* Writes v in the largest unit that divides it, so that a range reads as one would write it. */
static void show(char *out, size_t cap, int64_t v, const struct unit *units)
{
    for (; v != 0 && units && units->name; units++)
        if (v % units->factor == 0) {
            (void)snprintf(out, cap, "%lld%s", (long long)(v / units->factor), units->name);
            return;
        }
    (void)snprintf(out, cap, "%lld", (long long)v);
}

static void walk_number(struct flt_walk *w, flt_node *n, const struct flt_key *key, int64_t *field)
{
    struct flt_str s = flt_node_str(n);
    int64_t v = 0;
    const struct unit *units = NULL;
    const char *expected = "a whole number";
    bool good;
    if (key->type == FLT_KEY_SIZE) {
        units = size_units;
        expected = "a size such as 65536, 64KiB or 10MiB";
        good = parse_with_unit(s, units, &v);
    } else if (key->type == FLT_KEY_DURATION) {
        units = duration_units;
        expected = "a time such as 250ms, 5s, 2m or 1h";
        good = parse_with_unit(s, units, &v);
    } else {
        good = parse_int(s, &v);
    }
    if (!good) {
        char problem[64];
        (void)snprintf(problem, sizeof problem, "not %s", expected);
        wrong(w, n, key, problem, expected);
    } else if (v < key->min || v > key->max) {
        char low[32], high[32];
        show(low, sizeof low, key->min, units);
        show(high, sizeof high, key->max, units);
        flt_walk_error(w, n, NULL, "out of range (expected %s to %s)", low, high);
    } else {
        *field = v;
    }
}

static void walk_float(struct flt_walk *w, flt_node *n, const struct flt_key *key, double *field)
{
    struct flt_str s = flt_node_str(n);
    static const char bytes[] = "0123456789+-.eE";
    char text[40] = "";
    bool good = s.n != 0 && s.n < sizeof text;
    for (size_t i = 0; good && i < s.n; i++)
        good = memchr(bytes, s.p[i], sizeof bytes - 1) != NULL;
    char *end = text;
    double v = 0;
    if (good) {
        memcpy(text, s.p, s.n);
        errno = 0;
        v = strtod(text, &end);
        good = *end == '\0' && end != text && errno == 0 && isfinite(v);
    }
    if (!good)
        wrong(w, n, key, "not a number", "a number");
    else if (v < (double)key->min || v > (double)key->max)
        flt_walk_error(w, n, NULL, "out of range (expected %lld to %lld)", (long long)key->min, (long long)key->max);
    else
        *field = v;
}

/* ---- words ----------------------------------------------------------------------------------------------------- */

static void walk_bool(struct flt_walk *w, flt_node *n, const struct flt_key *key, bool *field)
{
    struct flt_str s = flt_node_str(n);
    if (flt_str_is(s, "true") || flt_str_is(s, "yes") || flt_str_is(s, "on"))
        *field = true;
    else if (flt_str_is(s, "false") || flt_str_is(s, "no") || flt_str_is(s, "off"))
        *field = false;
    else
        wrong(w, n, key, "not a truth value", "true or false");
}

static void walk_enum(struct flt_walk *w, flt_node *n, const struct flt_key *key, int *field)
{
    struct flt_str s = flt_node_str(n);
    char list[200] = "";
    size_t used = 0;
    for (int i = 0; key->names[i]; i++) {
        if (flt_str_is(s, key->names[i])) {
            *field = i;
            return;
        }
        int k = snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", key->names[i]);
        used = k > 0 && (size_t)k < sizeof list - used ? used + (size_t)k : sizeof list - 1;
    }
    const char *near = flt_walk_nearest(s, key->names);
    if (near)
        flt_walk_error(w, n, NULL, "not one of the accepted words (expected %s; did you mean %s?)", list, near);
    else
        flt_walk_error(w, n, NULL, "not one of the accepted words (expected %s)", list);
}

/* Copies a scalar to the arena; false after a report. */
static bool take_string(struct flt_walk *w, flt_node *n, const struct flt_key *key, struct flt_str *out)
{
    struct flt_str s = flt_node_is_null(n) ? FLT_STR("") : flt_node_str(n);
    bool ok = true;
    if (!flt_node_is_scalar(n)) {
        wrong(w, n, key, "not a string", "a string");
        return false;
    }
    if (s.n == 0 && !(key->flags & FLT_KEY_EMPTY_OK)) {
        wrong(w, n, key, "empty", "a string");
        return false;
    }
    if (key->type == FLT_KEY_STR && key->max > 0 && s.n > (uint64_t)key->max) {
        flt_walk_error(w, n, NULL, "too long (expected at most %lld bytes)", (long long)key->max);
        return false;
    }
    if (s.n != 0 && memchr(s.p, '\0', s.n)) {
        flt_walk_error(w, n, NULL, "holds a NUL character");
        return false;
    }
    struct flt_str copy = flt_arena_str(w->arena, s, &ok);
    if (!ok) {
        flt_walk_error(w, n, NULL, "out of memory");
        return false;
    }
    *out = copy;
    return true;
}

static void walk_strlist(struct flt_walk *w, flt_node *n, const struct flt_key *key, struct flt_strlist *field)
{
    bool one = flt_node_is_scalar(n) && !flt_node_is_null(n);
    uint32_t count = one ? 1 : flt_node_is_list(n) ? flt_node_count(n) : 0;
    if (!one && !flt_node_is_list(n) && !flt_node_is_null(n)) {
        wrong(w, n, key, "not a list", "a list of strings");
        return;
    }
    if (count == 0 && !(key->flags & FLT_KEY_EMPTY_OK)) {
        wrong(w, n, key, "empty", "a list of strings");
        return;
    }
    struct flt_strlist list = {flt_arena_calloc(w->arena, count, sizeof(struct flt_str)), 0};
    if (!list.v) {
        flt_walk_error(w, n, NULL, "out of memory");
        return;
    }
    struct flt_key item = *key;
    item.flags &= ~(unsigned)FLT_KEY_EMPTY_OK;
    for (uint32_t i = 0; i < count; i++) {
        size_t mark = one ? strlen(w->path) : flt_walk_push_index(w, i);
        if (take_string(w, one ? n : flt_node_item(n, i), &item, &list.v[list.n]))
            list.n++;
        flt_walk_pop(w, mark);
    }
    *field = list;
}

/* ---- tables ---------------------------------------------------------------------------------------------------- */

static void walk_scalar(struct flt_walk *w, flt_node *n, const struct flt_key *key, void *field)
{
    if (!flt_node_is_scalar(n)) {
        wrong(w, n, key, flt_node_is_map(n) ? "a map stands here" : "a list stands here", "a single value");
        return;
    }
    switch (key->type) {
    case FLT_KEY_BOOL:
        walk_bool(w, n, key, field);
        break;
    case FLT_KEY_FLOAT:
        walk_float(w, n, key, field);
        break;
    case FLT_KEY_ENUM:
        walk_enum(w, n, key, field);
        break;
    default:
        walk_number(w, n, key, field);
        break;
    }
}

void flt_walk_value(struct flt_walk *w, flt_node *n, const struct flt_key *key, void *out)
{
    void *field = (char *)out + key->offset;
    switch (key->type) {
    case FLT_KEY_STR:
        (void)take_string(w, n, key, field);
        break;
    case FLT_KEY_STRLIST:
        walk_strlist(w, n, key, field);
        break;
    case FLT_KEY_MAP:
        (void)flt_walk_map(w, n, key->keys, field);
        break;
    case FLT_KEY_CUSTOM:
        key->fn(w, n, field);
        break;
    default:
        walk_scalar(w, n, key, field);
        break;
    }
}

static void unknown_key(struct flt_walk *w, flt_node *key_node, const struct flt_key *keys)
{
    struct flt_str s = flt_node_str(key_node);
    char name[WORD_MAX + 1];
    (void)snprintf(name, sizeof name, "%.*s", (int)(s.n < WORD_MAX ? s.n : WORD_MAX), s.p);
    const struct flt_key *near = nearest_key(s, keys);
    if (near)
        flt_walk_error(w, key_node, name, "unknown key (did you mean %s?)", near->name);
    else
        flt_walk_error(w, key_node, name, "unknown key");
}

int flt_walk_map(struct flt_walk *w, flt_node *n, const struct flt_key *keys, void *out)
{
    unsigned before = flt_walk_errors(w);
    /* A key whose whole map is commented out reads as null: the same as an empty map. */
    if (!flt_node_is_map(n) && !flt_node_is_null(n)) {
        flt_walk_error(w, n, NULL, "not a map (expected key: value lines)");
        return FLT_E_CONFIG;
    }
    for (uint32_t i = 0; i < flt_node_count(n); i++) {
        const struct flt_key *key = keys;
        while (key->name && !flt_str_is(flt_node_str(flt_node_key(n, i)), key->name))
            key++;
        if (!key->name) {
            unknown_key(w, flt_node_key(n, i), keys);
            continue;
        }
        size_t mark = flt_walk_push(w, key->name);
        flt_walk_value(w, flt_node_value(n, i), key, out);
        flt_walk_pop(w, mark);
    }
    for (const struct flt_key *key = keys; key->name; key++)
        if ((key->flags & FLT_KEY_REQUIRED) && !flt_node_get(n, key->name))
            flt_walk_error(w, n, key->name, "missing%s%s%s", key->help ? " (expected " : "", key->help ? key->help : "",
                           key->help ? ")" : "");
    return flt_walk_errors(w) == before ? FLT_OK : FLT_E_CONFIG;
}

void flt_walk_keys(const struct flt_key *keys, const char *prefix,
                   void (*fn)(void *arg, const char *path, const char *help), void *arg)
{
    for (; keys->name; keys++) {
        char path[sizeof((struct flt_err *)0)->path];
        (void)snprintf(path, sizeof path, "%s%s%s%s", prefix, *prefix ? "." : "", keys->name,
                       keys->each ? keys->each : "");
        if (keys->keys)
            flt_walk_keys(keys->keys, path, fn, arg);
        else
            fn(arg, path, keys->help ? keys->help : "");
    }
}
