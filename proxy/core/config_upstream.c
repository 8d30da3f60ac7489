/* config_upstream.c: the `upstreams` part: where requests go, how the provider is verified, which credential it gets.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/config_priv.h"

#define UP(member) offsetof(struct px_upstream_entry, member)
enum { CREDENTIAL_MAX = 8192 };

/* ---- url and provider ------------------------------------------------------------------------------------------ */

static void walk_url(struct flt_walk *w, flt_node *n, void *field)
{
    struct px_upstream_entry *u = field;
    static const char expected[] = "https://host or https://host:port";
    u->url = px_conf_str(w, n, 300, expected);
    if (u->url.n == 0)
        return;
    struct flt_str host = {0};
    const char *wrong = px_conf_split_url(u->url, &u->tls, &host, &u->port);
    if (wrong) {
        flt_walk_error(w, n, NULL, "%s (expected %s)", wrong, expected);
        return;
    }
    if (!u->tls && !px_conf_is_loopback(host))
        flt_walk_error(w, n, NULL, "plain http:// beyond loopback (expected %s)", expected);
    char *lower = flt_arena_dup(w->arena, host.p, host.n);
    if (!lower) {
        flt_walk_error(w, n, NULL, "out of memory");
        return;
    }
    for (size_t i = 0; i < host.n; i++)
        if (lower[i] >= 'A' && lower[i] <= 'Z')
            lower[i] = (char)(lower[i] | 0x20);
    u->host = (struct flt_str){lower, host.n};
}

static void walk_provider(struct flt_walk *w, flt_node *n, void *field)
{
    static const char *const providers[] = {
        "openai", "azure_openai",      "vertex", "gemini", "anthropic", "bedrock", "ollama",
        "vllm",   "openai_compatible", NULL};
    static const struct flt_key row = {.name = "", .type = FLT_KEY_ENUM, .names = providers};
    struct flt_str *out = field;
    int which = -1;
    flt_walk_value(w, n, &row, &which);
    if (which < 0)
        return;
    *out = flt_str_of(providers[which]);
    if (!flt_provider_known(providers[which]))
        flt_walk_error(w, n, NULL, "this build has no dialect for %s", providers[which]);
}

/* ---- tls ------------------------------------------------------------------------------------------------------- */

static void walk_pin(struct flt_walk *w, flt_node *n, void *field)
{
    struct flt_str *out = field, s = px_conf_str(w, n, 64, "64 hexadecimal digits");
    bool good = s.n == 0 || s.n == 64;
    for (size_t i = 0; good && i < s.n; i++)
        good = (s.p[i] >= '0' && s.p[i] <= '9') || ((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'f');
    if (!good)
        flt_walk_error(w, n, NULL, "not a SHA-256 digest (expected 64 hexadecimal digits)");
    *out = s;
}

static const struct flt_key tls_keys[] = {
    {.name = "ca",
     .type = FLT_KEY_CUSTOM,
     .offset = UP(ca),
     .fn = px_conf_file,
     .help = "PEM file of the authorities to trust; the system's roots when absent"},
    {.name = "certificate",
     .type = FLT_KEY_CUSTOM,
     .offset = UP(certificate),
     .fn = px_conf_file,
     .help = "PEM file of our client certificate"},
    {.name = "key",
     .type = FLT_KEY_CUSTOM,
     .offset = UP(key),
     .fn = px_conf_file,
     .help = "PEM file of its private key"},
    {.name = "pin_sha256",
     .type = FLT_KEY_CUSTOM,
     .offset = UP(pin_sha256),
     .fn = walk_pin,
     .help = "SHA-256 of the server's public key (SPKI), 64 hexadecimal digits; checked besides the chain"},
    {0},
};

static void walk_tls(struct flt_walk *w, flt_node *n, void *field)
{
    struct px_upstream_entry *u = field;
    if (!flt_node_is_map(n) && !flt_node_is_null(n)) {
        flt_walk_error(w, n, NULL, "verification cannot be switched off (expected {ca}, {pin_sha256}, or no tls key)");
        return;
    }
    (void)flt_walk_map(w, n, tls_keys, u);
    bool certificate = flt_node_get(n, "certificate"), key = flt_node_get(n, "key");
    if (certificate != key)
        flt_walk_error(w, n, certificate ? "key" : "certificate", "missing: a client certificate needs both");
}

/* ---- credential ------------------------------------------------------------------------------------------------ */

/* Text that may be sent as a header's value; the words name no byte of it. */
static const char *bad_value(struct flt_str s)
{
    if (s.n == 0)
        return "is empty";
    if (s.n > CREDENTIAL_MAX)
        return "is longer than 8 KiB";
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 0x20 || s.p[i] > 0x7E)
            return "holds a byte that may not stand in a header";
    if (s.p[0] == ' ' || s.p[s.n - 1] == ' ')
        return "begins or ends with a space";
    return NULL;
}

static void set_credential(struct flt_walk *w, flt_node *n, struct flt_str value, struct px_upstream_entry *u)
{
    while (value.n != 0 && (value.p[value.n - 1] == '\n' || value.p[value.n - 1] == '\r'))
        value.n--;
    const char *wrong = bad_value(value);
    if (wrong) {
        flt_walk_error(w, n, NULL, "the credential %s", wrong);
        return;
    }
    static const struct flt_str bearer = {"Bearer ", 7};
    bool has_scheme = value.n > bearer.n && flt_str_ieq((struct flt_str){value.p, bearer.n}, bearer);
    bool add = flt_str_is(u->credential_header, "authorization") && !has_scheme;
    char *copy = flt_arena_printf(w->arena, "%s%.*s", add ? bearer.p : "", FLT_STR_ARG(value));
    if (copy)
        u->credential = flt_str_of(copy);
    else
        flt_walk_error(w, n, NULL, "out of memory");
}

static void credential_from_env(struct flt_walk *w, flt_node *n, struct px_upstream_entry *u)
{
    struct flt_str name = px_conf_str(w, n, 255, "the name of an environment variable");
    if (name.n == 0 || px_conf_of(w)->policy_only)
        return;
    const char *value = getenv(name.p);
    size_t mark = flt_walk_push(w, "env");
    if (value)
        set_credential(w, n, flt_str_of(value), u);
    else
        flt_walk_error(w, n, NULL, "this environment variable is not set");
    flt_walk_pop(w, mark);
}

static void credential_from_file(struct flt_walk *w, flt_node *n, struct px_upstream_entry *u)
{
    struct flt_str path = {0};
    unsigned before = flt_walk_errors(w);
    size_t mark = flt_walk_push(w, "file");
    px_conf_file(w, n, &path);
    if (path.n != 0 && flt_walk_errors(w) == before && !px_conf_of(w)->policy_only) {
        char value[CREDENTIAL_MAX + 3]; /* room to see that it is longer, and for a line's end */
        int fd = open(path.p, O_RDONLY | O_CLOEXEC);
        ssize_t got = fd >= 0 ? read(fd, value, sizeof value) : -1;
        if (got >= 0)
            set_credential(w, n, (struct flt_str){value, (size_t)got}, u);
        else
            flt_walk_error(w, n, NULL, "cannot be read: %s", strerror(errno));
        if (fd >= 0)
            (void)close(fd);
        flt_wipe(value, sizeof value);
    }
    flt_walk_pop(w, mark);
}

/* The values are looked up by walk_credential, once it is known which header they are for. */
static void later(struct flt_walk *w, flt_node *n, void *field)
{
    (void)w;
    (void)n;
    (void)field;
}

static void walk_header(struct flt_walk *w, flt_node *n, void *field)
{
    static const char *const headers[] = {"authorization", "api-key", "x-api-key", "x-goog-api-key", NULL};
    static const struct flt_key row = {.name = "", .type = FLT_KEY_ENUM, .names = headers};
    struct px_upstream_entry *u = field;
    int which = -1;
    flt_walk_value(w, n, &row, &which);
    if (which >= 0)
        u->credential_header = flt_str_of(headers[which]);
}

static const struct flt_key credential_keys[] = {
    {.name = "header",
     .type = FLT_KEY_CUSTOM,
     .flags = FLT_KEY_REQUIRED,
     .fn = walk_header,
     .help = "authorization (sent as Bearer), api-key, x-api-key or x-goog-api-key"},
    {.name = "env", .type = FLT_KEY_CUSTOM, .fn = later, .help = "environment variable that holds the value"},
    {.name = "file", .type = FLT_KEY_CUSTOM, .fn = later, .help = "file that holds the value"},
    {0},
};

static void walk_credential(struct flt_walk *w, flt_node *n, void *field)
{
    struct px_upstream_entry *u = field;
    (void)flt_walk_map(w, n, credential_keys, u);
    if (!flt_node_is_map(n))
        return;
    flt_node *env = flt_node_get(n, "env"), *file = flt_node_get(n, "file");
    if (!env == !file)
        flt_walk_error(w, n, NULL, "%s (expected env or file)", env ? "both env and file" : "no value");
    else if (env)
        credential_from_env(w, env, u);
    else
        credential_from_file(w, file, u);
}

/* ---- one upstream ---------------------------------------------------------------------------------------------- */

#define TIME(key, member, words)                                                                                       \
    {                                                                                                                  \
        .name = key, .type = FLT_KEY_DURATION, .offset = UP(member), .min = 1, .max = PX_CONF_MS_MAX, .help = words    \
    }
const struct flt_key px_conf_upstream_keys[] = {
    {.name = "url",
     .type = FLT_KEY_CUSTOM,
     .flags = FLT_KEY_REQUIRED,
     .fn = walk_url,
     .help = "https://host or https://host:port; http:// only on loopback"},
    {.name = "provider",
     .type = FLT_KEY_CUSTOM,
     .offset = UP(provider),
     .flags = FLT_KEY_REQUIRED,
     .fn = walk_provider,
     .help = "whose wire formats are spoken there"},
    {.name = "tls", .type = FLT_KEY_CUSTOM, .fn = walk_tls, .keys = tls_keys, .help = "{ca, pin_sha256}"},
    {.name = "credential",
     .type = FLT_KEY_CUSTOM,
     .fn = walk_credential,
     .keys = credential_keys,
     .help = "{header, env} or {header, file}; absent: the client's own credential passes through"},
    {.name = "max_connections",
     .type = FLT_KEY_INT,
     .offset = UP(max_connections),
     .min = 1,
     .max = PX_CONF_COUNT_MAX,
     .help = "connections a worker opens to it"},
    {.name = "max_queue",
     .type = FLT_KEY_INT,
     .offset = UP(max_queue),
     .max = PX_CONF_COUNT_MAX,
     .help = "requests of a worker that wait for a connection"},
    TIME("connect_timeout", connect_ms, "until connected and verified"),
    TIME("first_byte_timeout", first_byte_ms, "from the request's end to the first byte of the answer"),
    TIME("idle_timeout", idle_body_ms, "between two pieces of an answer's body"),
    TIME("keepalive", idle_ms, "an idle connection is kept so long"),
    {0},
};

void px_conf_upstream_defaults(struct px_upstream_entry *u)
{
    u->max_connections = 1024;
    u->max_queue = 1024;
    u->connect_ms = 10000;
    u->first_byte_ms = 600000;
    u->idle_body_ms = 300000;
    u->idle_ms = 60000;
}

static bool is_name(struct flt_str s)
{
    static const char words[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    bool good = s.n != 0 && s.n <= PX_CONF_NAME_MAX && !strchr("_-.", s.p[0]);
    for (size_t i = 0; good && i < s.n; i++)
        good = memchr(words, s.p[i], sizeof words - 1) != NULL;
    return good;
}

static int64_t at_most(int64_t v, int64_t max)
{
    return v < max ? v : max;
}

static void walk_upstream(struct flt_walk *w, flt_node *key, flt_node *value, struct px_upstream_entry *u)
{
    struct flt_str name = flt_node_str(key);
    bool ok = true;
    if (!is_name(name))
        flt_walk_error(w, key, NULL, "not a name (expected letters, digits, . _ and -, first a letter or digit)");
    u->name = flt_arena_str(w->arena, name, &ok);
    if (!ok)
        flt_walk_error(w, key, NULL, "out of memory");
    px_conf_upstream_defaults(u);
    (void)flt_walk_map(w, value, px_conf_upstream_keys, u);
    u->max_connections = at_most(u->max_connections, PX_CONF_COUNT_USE);
    u->max_queue = at_most(u->max_queue, PX_CONF_COUNT_USE);
    flt_node *tls = flt_node_get(value, "tls");
    if (tls && flt_node_count(tls) != 0 && u->host.n != 0 && !u->tls)
        flt_walk_error(w, tls, "tls", "has no meaning for an http:// upstream");
}

void px_conf_upstreams(struct flt_walk *w, flt_node *n, void *field)
{
    struct px_config *c = field;
    uint32_t count = flt_node_count(n);
    if (!flt_node_is_map(n) || count == 0) {
        flt_walk_error(w, n, NULL, "%s (expected name: {url, provider} lines)",
                       flt_node_is_list(n) ? "not a map" : "empty");
        return;
    }
    c->upstreams = flt_arena_calloc(w->arena, count, sizeof *c->upstreams);
    if (!c->upstreams) {
        flt_walk_error(w, n, NULL, "out of memory");
        return;
    }
    c->n_upstreams = count;
    for (uint32_t i = 0; i < count; i++) {
        char name[PX_CONF_NAME_MAX + 1];
        (void)snprintf(name, sizeof name, "%.*s", FLT_STR_ARG(flt_node_str(flt_node_key(n, i))));
        size_t mark = flt_walk_push(w, name);
        walk_upstream(w, flt_node_key(n, i), flt_node_value(n, i), &c->upstreams[i]);
        flt_walk_pop(w, mark);
    }
}
