"""Routes are an exact allow-list on the raw target: whatever only resembles one is not served."""
from harness.daemons import wait_until
from harness.site import Site, chat_body
from harness.suite import Suite, check, equal, lacks
from harness.wire import request

import json

suite = Suite()
site = suite.site(Site("routes", tenants={"app": {"upstream": "openai"}, "azure": {"upstream": "azure"}}))
mock = site.mock
BODY = json.dumps(chat_body("hi")).encode()

TRICKS = ["//v1/chat/completions", "/v1//chat/completions", "/v1/./chat/completions", "/v1/x/../chat/completions",
          "/v1/chat%2fcompletions", "/V1/Chat/Completions", "/v1/chat/completions/", "/v1/chat/completions;a=b",
          "/v1/chat/completions%00", "/v1/%63hat/completions", "/v1/chat/%2e%2e/chat/completions",
          "/v1\\chat\\completions",
          "/v1/chat/completions%3fx", "/v1/chat/completions.json", "/v1/chat/completionsx", "/chat/completions/../v1",
          "/openai/deployments//chat/completions", "/openai/deployments/a/b/chat/completions",
          "/openai/deployments/../chat/completions", "/openai/deployments/a%2fb/chat/completions", "/", "/v1", "/v1/",
          "/admin", "/metrics", "/healthz", "/readyz", "/__received"]

UNKNOWN = ["/v1/realtime", "/v1/realtime/client_secrets", "/v1/files", "/v1/batches", "/v1/threads", "/v1/assistants",
           "/v1/images/edits", "/v1/audio/transcriptions", "/v1/fine_tuning/jobs", "/v1/uploads", "/v1/vector_stores",
           "/v1/conversations", "/v1/evals", "/v1/videos", "/v1/containers"]


def not_served(r, statuses):
    check(r.status in statuses, "status %d is one of %r" % (r.status, statuses))
    equal(r.get("content-type").split(";")[0], "application/json", "content type")
    check(r.error()["message"] and "code" in r.error(), "an error in the provider's shape")
    equal((mock.stats()["requests"], mock.stats()["bytes"]), (0, 0), "requests and bytes at the upstream")


@suite.each([(t, t) for t in TRICKS])
def spelling_is_not_served(target):
    mock.script()
    not_served(site.send(request("POST", target, site.headers(), BODY)), (400, 404))


@suite.each([(t, t) for t in UNKNOWN])
def uninspected_route_is_not_served(target):
    mock.script()
    not_served(site.send(request("POST", target, site.headers(), BODY)), (403, 404))


@suite.each([(m, m) for m in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD")])
def other_method_is_refused(method):
    mock.script()
    with site.connect() as c:
        c.send(request(method, "/v1/chat/completions", site.headers()[:1]))
        r = c.head() if method == "HEAD" else site.note(c.response())
    equal(r.status, 405, "status")
    equal(r.get("allow"), "POST", "allow")
    equal(mock.stats()["bytes"], 0, "bytes at the upstream")


@suite.test
def unknown_method_is_refused():
    mock.script()
    r = site.send(request("BREW", "/v1/chat/completions", site.headers()[:1]))
    check(r.status in (400, 405, 501), "status %d" % r.status)
    equal(mock.stats()["bytes"], 0, "bytes at the upstream")


@suite.test
def post_on_the_model_list_is_refused():
    mock.script()
    not_served(site.send(request("POST", "/v1/models", site.headers(), b"{}")), (405,))


@suite.each([("openai", "/v1/chat/completions", "app"), ("v1 of azure", "/openai/v1/chat/completions", "azure"),
             ("deployment", "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21", "azure")])
def known_route_is_forwarded_as_it_came(target, tenant):
    mock.script()
    equal(site.send(request("POST", target, site.headers(tenant), BODY)).status, 200, "status")
    equal(mock.last()["target"], target, "forwarded target")


@suite.test
def azure_errors_have_azures_shape_on_its_paths():
    mock.script()
    r = site.send(request("POST", "/openai/deployments/x/unknown?api-version=1", site.headers("azure"), BODY))
    not_served(r, (404,))


@suite.test
def upstream_cannot_be_chosen_by_the_client():
    mock.script()
    for extra in ("api_base", "base_url"):
        body = json.dumps(dict(chat_body("hi"), **{extra: "http://127.0.0.1:1/"})).encode()
        r = site.post(body)
        check(r.status in (200, 400), "status %d" % r.status)
        if r.status == 200:
            equal(mock.last()["header"]["host"], "localhost:%d" % mock.port, "host at the upstream")


@suite.test
def redirects_are_not_followed_and_not_passed():
    mock.script({"reply": {"status": 302, "headers": {"Location": "http://169.254.169.254/"}, "body": "{}"}})
    r = site.chat("hi")
    equal(r.status, 502, "status")
    check("location" not in r.names(), "no location header")
    equal(mock.stats()["requests"], 1, "requests at the upstream")


@suite.test
def sni_and_host_must_agree():
    mock.script()
    data = request("POST", "/v1/chat/completions", site.headers(), BODY, host="other.example")
    equal(site.send(data).status, 421, "status")
    equal(site.send(request("POST", "/v1/chat/completions", site.headers(), BODY,
                            host="localhost:%d" % site.serve.port)).status, 200, "Host with a port")
    equal(site.send(request("POST", "/v1/chat/completions", site.headers(), BODY, host="LOCALHOST.")).status, 200,
          "same name, other spelling")
    equal(mock.stats()["requests"], 2, "requests at the upstream")


@suite.test
def admin_port_serves_only_its_own():
    status, body = site.serve.admin("/healthz")
    equal(status, 200, "/healthz")
    equal(site.serve.admin("/readyz")[0], 200, "/readyz")
    for path in ("/v1/chat/completions", "/", "/metrics/", "//metrics", "/config"):
        equal(site.serve.admin(path)[0], 404, path)
    equal(site.serve.admin("/metrics", method="POST")[0], 405, "POST /metrics")
    lacks(body.decode(), "sk-client", "/healthz")


@suite.test
def metrics_are_counted():
    before = site.serve.metric("sallyport_requests_total")
    site.chat("hi")
    wait_until(lambda: site.serve.metric("sallyport_requests_total") >= before + 1, 3, "the counter")
    text = site.serve.metrics()
    for line in text.splitlines():
        check(not line or line.startswith("#") or len(line.rsplit(" ", 1)) == 2, "exposition line %r" % line)
    scanned, total = site.serve.metric("sallyport_scanned_bytes_total"), site.serve.metric("sallyport_text_bytes_total")
    check(total > 0 and scanned == total, "all text was looked at: %s of %s" % (scanned, total))


suite.run()
