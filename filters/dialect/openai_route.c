/* openai_route.c: the exact allow-list of request targets. What is not listed here is not served. */
#include "dialect/dialect.h"

static const char *const providers[] = {"openai", "azure_openai", "openai_compatible", "vllm", "ollama", NULL};

enum piece { P_GENERATE, P_METADATA };

struct row {
    const char *path; /* "*" stands for one segment of [A-Za-z0-9_.:-] */
    enum piece what;
    const char *name;
};
/* Model ids may hold '/' upstream, but here they are one segment: two would be another path. */
static const struct row rows[] = {
    {"/v1/chat/completions", P_GENERATE, "openai_chat"},
    {"/chat/completions", P_GENERATE, "openai_chat"},
    {"/openai/v1/chat/completions", P_GENERATE, "azure_v1_chat"},
    {"/openai/deployments/*/chat/completions", P_GENERATE, "azure_chat"},
    {"/v1/models", P_METADATA, "models"},
    {"/models", P_METADATA, "models"},
    {"/openai/models", P_METADATA, "azure_models"},
    {"/openai/v1/models", P_METADATA, "azure_models"},
    {"/v1/models/*", P_METADATA, "model"},
    {"/models/*", P_METADATA, "model"},
    {"/openai/models/*", P_METADATA, "azure_model"},
    {"/openai/v1/models/*", P_METADATA, "azure_model"},
};

static bool segment_byte(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || c == '.' || c == ':' ||
           c == '-';
}

/* Length of a segment at s; 0 when it is empty, ".", ".." or holds another byte. */
static size_t segment(struct flt_str s)
{
    size_t n = 0;
    while (n < s.n && s.p[n] != '/') {
        if (!segment_byte(s.p[n]))
            return 0;
        n++;
    }
    bool dots = n <= 2;
    for (size_t i = 0; i < n && dots; i++)
        dots = s.p[i] == '.';
    return dots ? 0 : n;
}

static bool path_matches(struct flt_str path, const char *want, struct flt_str *star)
{
    size_t i = 0;
    *star = (struct flt_str){NULL, 0};
    for (; *want != '\0'; want++) {
        if (*want != '*') {
            if (i >= path.n || path.p[i++] != *want)
                return false;
            continue;
        }
        *star = (struct flt_str){path.p + i, segment((struct flt_str){path.p + i, path.n - i})};
        if (star->n == 0)
            return false;
        i += star->n;
    }
    return i == path.n;
}

bool flt_provider_known(const char *provider)
{
    for (size_t i = 0; providers[i] != NULL; i++) {
        if (strcmp(providers[i], provider) == 0)
            return true;
    }
    return false;
}

void flt_route_match(const char *provider, struct flt_str method, struct flt_str target, struct flt_route *out)
{
    const char *query = target.n != 0 ? memchr(target.p, '?', target.n) : NULL;
    struct flt_str path = {target.p, query != NULL ? (size_t)(query - target.p) : target.n};
    *out = (struct flt_route){.kind = FLT_ROUTE_NONE,
                              .dialect = &flt_openai_chat,
                              .provider = provider,
                              .name = "none",
                              .azure_shape = strcmp(provider, "azure_openai") == 0};
    for (size_t i = 0; i < FLT_ARRAY_LEN(rows); i++) {
        struct flt_str star;
        if (!path_matches(path, rows[i].path, &star))
            continue;
        bool generate = rows[i].what == P_GENERATE;
        bool allowed = flt_str_is(method, generate ? "POST" : "GET");
        out->kind = !allowed ? FLT_ROUTE_METHOD : generate ? FLT_ROUTE_GENERATE : FLT_ROUTE_METADATA;
        out->name = rows[i].name;
        out->deployment = generate ? star : (struct flt_str){NULL, 0};
        return;
    }
}
