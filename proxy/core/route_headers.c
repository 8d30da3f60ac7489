/* route_headers.c: the header allow-lists, and the heads written from them. */
#include "core/route.h"

/* A name, or with a trailing '*' all names that begin so. */
struct pattern {
    const char *p;
    uint8_t n;
    bool prefix;
};
#define EXACT(s)                                                                                                       \
    {                                                                                                                  \
        s, sizeof(s) - 1, false                                                                                        \
    }
#define PREFIX(s)                                                                                                      \
    {                                                                                                                  \
        s, sizeof(s) - 1, true                                                                                         \
    }

static const struct pattern to_upstream[] = {
    EXACT("accept"),
    EXACT("user-agent"),
    EXACT("openai-beta"),
    EXACT("openai-organization"),
    EXACT("openai-project"),
    EXACT("anthropic-version"),
    EXACT("anthropic-beta"),
    EXACT("idempotency-key"),
    EXACT("extra-parameters"),
    EXACT("x-client-request-id"),
    EXACT("x-ms-client-request-id"),
    EXACT("x-ms-useragent"),
    EXACT("x-goog-api-client"),
    EXACT("x-goog-user-project"),
    EXACT("x-goog-request-params"),
    EXACT("x-server-timeout"),
    PREFIX("x-stainless-"),
};

/* Credentials of the client: pass only where the upstream has none of its own. */
static const struct pattern credentials[] = {
    EXACT("authorization"),
    EXACT("api-key"),
    EXACT("x-api-key"),
    EXACT("x-goog-api-key"),
};

static const struct pattern to_client[] = {
    EXACT("date"),
    EXACT("retry-after"),
    EXACT("retry-after-ms"),
    EXACT("x-should-retry"),
    EXACT("x-request-id"),
    EXACT("request-id"),
    EXACT("apim-request-id"),
    EXACT("x-ms-client-request-id"),
    EXACT("x-ms-region"),
    EXACT("x-ms-deployment-name"),
    EXACT("x-ms-rai-invoked"),
    EXACT("azureml-model-session"),
    EXACT("openai-processing-ms"),
    EXACT("openai-version"),
    EXACT("openai-organization"),
    EXACT("openai-model"),
    EXACT("anthropic-organization-id"),
    EXACT("cf-ray"),
    EXACT("x-cloud-trace-context"),
    EXACT("x-amzn-requestid"),
    EXACT("x-amzn-errortype"),
    EXACT("x-kong-request-id"),
    EXACT("mistral-correlation-id"),
    PREFIX("x-ratelimit-"),
    PREFIX("anthropic-ratelimit-"),
    PREFIX("ratelimitbysize-"),
    PREFIX("x-amzn-bedrock-"),
};

static bool listed(struct flt_str name, const struct pattern *v, size_t n)
{
    char first = (char)(name.p[0] | 0x20); /* the lists are in lower case and begin with letters */
    for (size_t i = 0; i < n; i++) {
        if (v[i].p[0] != first)
            continue;
        bool fits = v[i].prefix ? name.n > v[i].n : name.n == v[i].n;
        if (fits && flt_str_ieq((struct flt_str){name.p, v[i].n}, (struct flt_str){v[i].p, v[i].n}))
            return true;
    }
    return false;
}

static int write_listed(struct flt_buf *out, const struct px_h1_head *h, const struct pattern *v, size_t n)
{
    int rc = FLT_OK;
    for (unsigned i = 0; i < h->n && rc == FLT_OK; i++) {
        if (listed(h->v[i].name, v, n))
            rc = px_h1_write_header(out, h->v[i].name, h->v[i].value);
    }
    return rc;
}

int px_route_write_request(struct flt_buf *out, const struct px_h1_head *h, const struct px_gen_upstream *u,
                           bool has_body, uint64_t body_n)
{
    int rc = px_h1_write_request_line(out, h->method, h->target);
    if (rc == FLT_OK)
        rc = px_h1_write_header(out, FLT_STR("Host"), u->authority);
    if (rc == FLT_OK && has_body)
        rc = px_h1_write_header(out, FLT_STR("Content-Type"), FLT_STR("application/json"));
    if (rc == FLT_OK && has_body)
        rc = px_h1_write_header_u64(out, "Content-Length", body_n);
    if (rc == FLT_OK)
        rc = px_h1_write_header(out, FLT_STR("Accept-Encoding"), FLT_STR("identity"));
    if (rc == FLT_OK && u->credential_name.n != 0)
        rc = px_h1_write_header(out, u->credential_name, u->conf->credential);
    if (rc == FLT_OK && u->credential_name.n == 0)
        rc = write_listed(out, h, credentials, FLT_ARRAY_LEN(credentials));
    if (rc == FLT_OK)
        rc = write_listed(out, h, to_upstream, FLT_ARRAY_LEN(to_upstream));
    return rc == FLT_OK ? px_h1_write_end(out) : rc;
}

int px_route_write_answer(struct flt_buf *out, const struct px_h1_head *h)
{
    return write_listed(out, h, to_client, FLT_ARRAY_LEN(to_client));
}

const struct flt_str *px_route_answer_id(const struct px_h1_head *h)
{
    static const char *const names[] = {"x-request-id", "request-id", "apim-request-id", "x-amzn-requestid"};
    for (size_t i = 0; i < FLT_ARRAY_LEN(names); i++) {
        const struct flt_str *v = px_h1_get(h, names[i]);
        if (v != NULL)
            return v;
    }
    return NULL;
}
