/* The exact allow-list of request targets: what is not spelled like it is not served. */
#include <setjmp.h>
#include <stdarg.h>

#include "flt/engine.h"

#include <cmocka.h>

static struct flt_route match(const char *provider, const char *method, const char *target)
{
    struct flt_route r;
    flt_route_match(provider, flt_str_of(method), flt_str_of(target), &r);
    return r;
}

static void serves_what_is_listed(void **state)
{
    static const struct {
        const char *method, *target, *name, *deployment;
        enum flt_route_kind kind;
    } v[] = {
        {"POST", "/v1/chat/completions", "openai_chat", "", FLT_ROUTE_GENERATE},
        {"POST", "/chat/completions", "openai_chat", "", FLT_ROUTE_GENERATE},
        {"POST", "/v1/chat/completions?x=/../%2e", "openai_chat", "", FLT_ROUTE_GENERATE},
        {"POST", "/openai/v1/chat/completions", "azure_v1_chat", "", FLT_ROUTE_GENERATE},
        {"POST", "/openai/deployments/gpt-4o.mini_2:x/chat/completions?api-version=2024-10-21", "azure_chat",
         "gpt-4o.mini_2:x", FLT_ROUTE_GENERATE},
        {"POST", "/openai/deployments/.../chat/completions", "azure_chat", "...", FLT_ROUTE_GENERATE},
        {"GET", "/v1/models", "models", "", FLT_ROUTE_METADATA},
        {"GET", "/models/m-1", "model", "", FLT_ROUTE_METADATA},
        {"GET", "/openai/models?api-version=1", "azure_models", "", FLT_ROUTE_METADATA},
        {"GET", "/openai/v1/models/m", "azure_model", "", FLT_ROUTE_METADATA},
        {"GET", "/v1/chat/completions", "openai_chat", "", FLT_ROUTE_METHOD},
        {"post", "/v1/chat/completions", "openai_chat", "", FLT_ROUTE_METHOD},
        {"POSTS", "/v1/chat/completions", "openai_chat", "", FLT_ROUTE_METHOD},
        {"", "/v1/chat/completions", "openai_chat", "", FLT_ROUTE_METHOD},
        {"POST", "/v1/models", "models", "", FLT_ROUTE_METHOD},
        {"DELETE", "/v1/models/m", "model", "", FLT_ROUTE_METHOD},
    };
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(v); i++) {
        struct flt_route r = match("openai", v[i].method, v[i].target);
        if (r.kind != v[i].kind)
            fail_msg("%s %s is %d", v[i].method, v[i].target, r.kind);
        assert_string_equal(r.name, v[i].name);
        assert_true(flt_str_is(r.deployment, v[i].deployment));
        assert_non_null(r.dialect);
    }
}

static void serves_nothing_that_resembles_it(void **state)
{
    static const char *const targets[] = {"",
                                          "/",
                                          "*",
                                          "/v1/chat/completions/",
                                          "//v1/chat/completions",
                                          "/v1//chat/completions",
                                          "/v1/./chat/completions",
                                          "/v1/x/../chat/completions",
                                          "/V1/chat/completions",
                                          "/v1/chat/completion",
                                          "/v1/chat/completionss",
                                          "/v1/chat%2Fcompletions",
                                          "/v1/chat/completion%73",
                                          "/v1/chat/completions#a",
                                          "/v1/chat/completions;x=1",
                                          "/v1/chat/completions ",
                                          "v1/chat/completions",
                                          "http://h/v1/chat/completions",
                                          "/openai/deployments//chat/completions",
                                          "/openai/deployments/./chat/completions",
                                          "/openai/deployments/../chat/completions",
                                          "/openai/deployments/a/b/chat/completions",
                                          "/openai/deployments/a%2fb/chat/completions",
                                          "/openai/deployments/a\xC3\xA9/chat/completions",
                                          "/openai/deployments/chat/completions",
                                          "/openai/deployments/a?/chat/completions",
                                          "/v1/models/",
                                          "/v1/models/a/b",
                                          "/v1/models/..",
                                          "/v1/responses",
                                          "/v1/embeddings",
                                          "/v1/completions",
                                          "/v1/files",
                                          "/v1/chat/completions\\",
                                          "/v1/chat/completions/chatcmpl-1",
                                          "?/v1/chat/completions"};
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(targets); i++) {
        struct flt_route r = match("openai", "POST", targets[i]);
        if (r.kind != FLT_ROUTE_NONE)
            fail_msg("%s is served", targets[i]);
        assert_non_null(r.dialect); /* refusals have a shape all the same */
        assert_int_equal(r.deployment.n, 0);
    }
    struct flt_route r;
    flt_route_match("openai", FLT_STR("POST"), FLT_STR("/v1/chat/completions\0x"), &r);
    assert_int_equal(r.kind, FLT_ROUTE_NONE);
}

static void providers_select_shapes(void **state)
{
    static const char *const known[] = {"openai", "azure_openai", "openai_compatible", "vllm", "ollama"};
    (void)state;
    for (size_t i = 0; i < FLT_ARRAY_LEN(known); i++) {
        struct flt_route r = match(known[i], "POST", "/v1/chat/completions");
        assert_true(flt_provider_known(known[i]));
        assert_int_equal(r.kind, FLT_ROUTE_GENERATE);
        assert_int_equal(r.azure_shape, i == 1);
        assert_string_equal(r.provider, known[i]);
    }
    assert_false(flt_provider_known(""));
    assert_false(flt_provider_known("OpenAI"));
    assert_false(flt_provider_known("bedrock"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serves_what_is_listed),
        cmocka_unit_test(serves_nothing_that_resembles_it),
        cmocka_unit_test(providers_select_shapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
