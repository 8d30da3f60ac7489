"""Whole exchanges through the proxy: clean, grounded, blocked, redacted both ways, monitored; credentials and
headers."""
import json

from harness.site import ATTACK, EMAIL, GROUNDING, PROMPT_WORD, PROVIDER_KEY, SECRET, Site, chat_body, key_of
from harness.suite import Suite, check, contains, equal, lacks
from harness.wire import finish_reasons, request, stream_text

suite = Suite()
site = suite.site(Site("exchanges"))
mock = site.mock
DEPLOYMENT = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"


@suite.test
def clean_request_and_answer_pass_byte_for_byte():
    mock.script()
    body = ('{ "model":"gpt-test" ,"x_number":1.0e+3,\t"x_big":12345678901234567890,"zeta":null,'
            '"messages":[ {"role":"user",'
            '"content":"%s caf\\u00e9 \\/ 1.50 \U0001F600"}],"alpha":[]}' % PROMPT_WORD).encode()
    r = site.post(body)
    equal(r.status, 200, "status")
    equal(mock.last()["body"].encode(), body, "forwarded body")
    equal(r.content(), "echo: %s caf\u00e9 / 1.50 \U0001F600" % PROMPT_WORD, "answer")
    equal(r.get("content-type"), "application/json", "content type")


@suite.test
def answer_bytes_are_kept():
    raw = '{"id":"x", "object":"chat.completion","n":1.10,"choices":[{"index":0,"message":{"role":"assistant",' \
          '"content":"ok"' \
          ',"future":[1,2]},"finish_reason":"stop"}],"usage":{"total_tokens":3}}\n'
    mock.reply(body=raw)
    equal(site.chat("hi").body, raw.encode(), "answer body")


@suite.test
def clean_stream_passes_event_for_event():
    mock.reply(content="The kettle is on the hob.", stream={"delta_bytes": 3})
    r = site.chat("tea?", stream=True)
    equal(r.status, 200, "status")
    equal(r.get("content-type").split(";")[0], "text/event-stream", "content type")
    check(r.complete, "the body ends properly")
    equal(stream_text(r.body), "The kettle is on the hob.", "text")
    equal(r.events()[-1], "[DONE]", "last event")
    equal(finish_reasons(r.body), {0: ["stop"]}, "finish reasons")


@suite.test
def usage_chunk_is_kept():
    mock.reply(content="ok")
    r = site.chat("hi", stream=True, stream_options={"include_usage": True})
    usage = json.loads(r.events()[-2])
    equal(usage["choices"], [], "choices of the usage chunk")
    check(usage["usage"]["total_tokens"] > 0, "usage is there")


@suite.test
def grounding_is_added_once_and_the_rest_kept():
    mock.script()
    body = b'{"model":"m", "temperature":0.50,"messages":[{"role":"user","content":"%s what is tea?"}]}'
    body %= PROMPT_WORD.encode()
    equal(site.post(body, tenant="grounded").status, 200, "status")
    got = mock.last()
    equal(got["body"].count(GROUNDING), 1, "occurrences of the grounding text")
    first = got["json"]["messages"][0]
    check(first["role"] in ("system", "developer"), "the grounding stands in a system message")
    contains(json.dumps(first["content"]), GROUNDING, "system message")
    equal(got["json"]["messages"][-1], {"role": "user", "content": PROMPT_WORD + " what is tea?"}, "user message")
    contains(got["body"], '"temperature":0.50', "untouched bytes")


@suite.test
def grounding_keeps_the_clients_system_message():
    mock.script()
    body = {"model": "m", "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "tea?"}]}
    equal(site.post(body, tenant="grounded").status, 200, "status")
    text = mock.last()["body"]
    contains(text, "Be brief.", "forwarded body")
    equal(text.count(GROUNDING), 1, "occurrences of the grounding text")


def blocked(r, what):
    equal(r.status, 400, what + ": status")
    equal(r.get("content-type").split(";")[0], "application/json", what + ": content type")
    equal(r.error()["code"], "content_filter", what + ": code")
    equal(r.get("x-should-retry"), "false", what + ": x-should-retry")
    check(r.get("x-request-id"), what + ": x-request-id is there")
    equal(mock.stats()["requests"], 0, what + ": requests at the upstream")
    equal(mock.stats()["bytes"], 0, what + ": bytes at the upstream")


@suite.test
def injection_is_refused_in_openai_shape():
    mock.script()
    r = site.chat(ATTACK)
    blocked(r, "plain")
    equal(r.error()["type"], "invalid_request_error", "type")
    check("param" in r.error(), "param is there")
    check(r.error()["message"], "message is there")


@suite.test
def injection_in_a_stream_request_is_refused_as_json():
    mock.script()
    blocked(site.chat(ATTACK, stream=True), "stream")


@suite.test
def injection_is_refused_in_azure_shape():
    mock.script()
    r = site.chat(ATTACK, tenant="azure", path=DEPLOYMENT, how="api-key")
    blocked(r, "azure")
    e = r.error()
    equal(e["param"], "prompt", "param")
    equal(e["status"], 400, "status in the body")
    equal(e["innererror"]["code"], "ResponsibleAIPolicyViolation", "inner code")
    details = e["innererror"]["content_filter_result"]["custom_blocklists"]
    check(details["filtered"], "filtered")
    check(details["details"][0]["id"].startswith("proxy:"), "the id says it was the proxy")


@suite.each([
    ("text part", {"messages": [{"role": "user", "content": [{"type": "text", "text": ATTACK}]}]}),
    ("escaped", b'{"model":"m","messages":[{"role":"user","content":"' +
     "".join("\\u%04x" % ord(c) for c in ATTACK).encode() + b'"}]}'),
    ("tool result", {"messages": [{"role": "user", "content": "sum up"}, {"role": "tool", "tool_call_id": "a",
                                                                           "content": ATTACK}]}),
    ("earlier turn", {"messages": [{"role": "user", "content": ATTACK}, {"role": "assistant", "content": "no"},
                                   {"role": "user", "content": "thanks"}]}),
])
def injection_is_found_wherever_it_stands(body):
    mock.script()
    if isinstance(body, dict):
        body = dict(body, model="m")
    blocked(site.post(body), "request")


@suite.test
def azure_deployment_path_works():
    mock.script()
    r = site.chat("hi", tenant="azure", path=DEPLOYMENT, how="api-key")
    equal(r.status, 200, "status")
    equal(mock.last()["target"], DEPLOYMENT, "forwarded target")
    check("prompt_filter_results" in r.json(), "provider annotations are kept")


@suite.test
def request_is_redacted_before_it_leaves():
    mock.script()
    r = site.chat("write to %s with %s please" % (EMAIL, SECRET))
    equal(r.status, 200, "status")
    sent = mock.last()["body"]
    lacks(sent, EMAIL, "forwarded body")
    lacks(sent, SECRET, "forwarded body")
    contains(sent, "[EMAIL]", "forwarded body")
    contains(sent, " please", "text after the values")
    equal(mock.last()["json"]["model"], "gpt-test", "the rest is the same")
    length = int(mock.last()["header"]["content-length"])
    equal(length, len(sent.encode()), "content-length")


@suite.test
def escaped_value_is_redacted_in_the_request():
    mock.script()
    escaped = "".join("\\u%04x" % ord(c) for c in EMAIL)
    body = '{"model":"m","messages":[{"role":"user","content":"%s %s!"}]}' % (PROMPT_WORD, escaped)
    equal(site.post(body.encode()).status, 200, "status")
    equal(mock.last()["json"]["messages"][0]["content"], PROMPT_WORD + " [EMAIL]!", "forwarded text")


ANSWER = "Dear all, %s has the key %s; ask \u00e9lan \U0001F600 too." % (EMAIL, SECRET)


@suite.test
def answer_is_redacted():
    mock.reply(content=ANSWER)
    r = site.chat("who?")
    equal(r.status, 200, "status")
    text = r.content()
    lacks(text, EMAIL, "answer")
    lacks(text, SECRET, "answer")
    contains(text, "Dear all, [EMAIL] has the key [", "answer")
    contains(text, "ask \u00e9lan \U0001F600 too.", "answer")


@suite.each([(str(n), n) for n in list(range(1, 40)) + [64, 200]])
def streamed_answer_is_the_whole_answer_at_every_delta_size(n):
    mock.reply(content=ANSWER)
    whole = site.chat("who?").content()
    mock.reply(content=ANSWER, stream={"delta_bytes": n})
    r = site.chat("who?", stream=True)
    check(r.complete, "the body ends properly")
    equal(stream_text(r.body), whole, "text")
    equal(finish_reasons(r.body), {0: ["stop"]}, "finish reasons")
    equal(r.events()[-1], "[DONE]", "last event")


@suite.test
def every_choice_is_redacted_on_its_own():
    for stream in (False, True):
        mock.reply(content="to %s now" % EMAIL, stream={"delta_bytes": 2})
        r = site.chat("hi", n=3, stream=stream)
        for i in range(3):
            text = stream_text(r.body, i) if stream else r.content(i)
            equal(text, "to [EMAIL] now", "choice %d, stream %s" % (i, stream))


@suite.test
def other_channels_are_redacted():
    for stream in (False, True):
        mock.reply(content="ok", reasoning="think of %s." % EMAIL, refusal="not to %s." % EMAIL,
                   stream={"delta_bytes": 5})
        r = site.chat("hi", stream=stream)
        lacks(r.body.decode(), EMAIL, "answer, stream %s" % stream)
        if stream:
            equal(stream_text(r.body, member="reasoning_content"), "think of [EMAIL].", "reasoning")
            equal(stream_text(r.body, member="refusal"), "not to [EMAIL].", "refusal")
        else:
            equal(r.json()["choices"][0]["message"]["reasoning_content"], "think of [EMAIL].", "reasoning")
            equal(r.json()["choices"][0]["message"]["refusal"], "not to [EMAIL].", "refusal")


@suite.test
def tool_arguments_are_redacted_and_stay_json():
    arguments = json.dumps({"to": EMAIL, "text": 'say "hi"\n'})
    for stream in (False, True):
        mock.reply(tool_calls=[{"name": "mail", "arguments": arguments}], stream={"delta_bytes": 3})
        r = site.chat("hi", stream=stream)
        if stream:
            got = ""
            for data in r.events()[:-1]:
                for call in json.loads(data)["choices"][0]["delta"].get("tool_calls", []):
                    got += call["function"].get("arguments", "")
            equal(finish_reasons(r.body), {0: ["tool_calls"]}, "finish reasons")
        else:
            got = r.json()["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"]
        equal(json.loads(got), {"to": "[EMAIL]", "text": 'say "hi"\n'}, "arguments, stream %s" % stream)


@suite.test
def blocked_answer_is_filtered_whole():
    mock.reply(content="Surely. %s is the one." % EMAIL)
    r = site.chat("who?", tenant="blocker")
    equal(r.status, 200, "status")
    lacks(r.body.decode(), EMAIL, "answer")
    lacks(r.body.decode(), "is the one", "answer")
    equal(r.json()["choices"][0]["finish_reason"], "content_filter", "finish reason")


@suite.test
def monitor_mode_changes_nothing_and_records_everything():
    mock.reply(content=ANSWER)
    text = "%s Mail %s." % (ATTACK, EMAIL)
    r = site.chat(text, tenant="monitor")
    equal(r.status, 200, "status")
    equal(r.content(), ANSWER, "answer")
    equal(mock.last()["json"]["messages"][0]["content"], PROMPT_WORD + " " + text, "forwarded text")
    mock.reply(content=ANSWER, stream={"delta_bytes": 3})
    equal(stream_text(site.chat(text, tenant="monitor", stream=True).body), ANSWER, "streamed answer")
    final = [a for a in site.audit() if a["record"] == "final" and a["tenant"] == "monitor"][-1]
    equal(final["decision"]["request"]["action"], "allow", "action")
    equal(final["decision"]["request"]["would"], "block", "would")
    equal(final["decision"]["answer"]["would"], "redact", "would, answer")


# ---- credentials and headers ----

@suite.each([(h, h) for h in ("authorization", "api-key", "x-api-key", "x-goog-api-key")])
def client_key_counts_in_every_header_and_is_swapped(how):
    mock.script()
    equal(site.chat("hi", how=how).status, 200, "status")
    got = mock.last()
    equal(got["header"].get("api-key"), PROVIDER_KEY, "provider credential")
    lacks(json.dumps(got["headers"]), key_of("app"), "forwarded headers")
    if how != "api-key":
        check(how not in got["header"], "the client's header is gone")


@suite.each([(h, h) for h in ("authorization", "api-key")])
def client_key_passes_where_the_upstream_has_none(how):
    mock.script()
    equal(site.chat("hi", tenant="ownkey", how=how).status, 200, "status")
    want = "Bearer " + key_of("ownkey") if how == "authorization" else key_of("ownkey")
    equal(mock.last()["header"].get(how), want, "credential at the upstream")


@suite.test
def heads_are_written_anew():
    mock.script()
    extra = [("X-Forwarded-For", "10.1.2.3"), ("X-Tenant", "other"), ("Cookie", "a=b"), ("Baggage", "k=v"),
             ("X-Policy-Id", "weak"), ("X-HTTP-Method-Override", "DELETE"), ("Accept-Encoding", "gzip, br"),
             ("OpenAI-Organization", "org-1"), ("X-Stainless-Lang", "js"), ("User-Agent", "test/1")]
    equal(site.post(chat_body("hi"), headers=extra).status, 200, "status")
    h = mock.last()["header"]
    for gone in ("x-forwarded-for", "x-tenant", "cookie", "baggage", "x-policy-id", "x-http-method-override"):
        check(gone not in h, gone + " is not forwarded")
    equal(h["accept-encoding"], "identity", "accept-encoding")
    equal(h["openai-organization"], "org-1", "openai-organization")
    equal(h["x-stainless-lang"], "js", "x-stainless-lang")
    equal(h["user-agent"], "test/1", "user-agent")
    equal(h["host"], "localhost:%d" % mock.port, "host")


@suite.test
def answer_headers_are_chosen():
    mock.reply(content="ok", headers={"Set-Cookie": "sid=1", "Alt-Svc": "h3=\":443\"",
                                      "Strict-Transport-Security": "max-age=1",
                                      "Refresh": "0", "x-ratelimit-remaining-requests": "59",
                                      "openai-processing-ms": "12"})
    for stream in (False, True):
        r = site.chat("hi", stream=stream)
        for gone in ("set-cookie", "alt-svc", "refresh", "strict-transport-security"):
            check(gone not in r.names(), gone + " does not pass")
        equal(r.get("x-ratelimit-remaining-requests"), "59", "rate limit header")
        equal(r.get("openai-processing-ms"), "12", "processing header")
        check(r.get("x-request-id"), "x-request-id")


@suite.test
def model_list_passes():
    mock.script()
    r = site.send(request("GET", "/v1/models", site.headers()[:1]))
    equal(r.status, 200, "status")
    check(any(m["id"] == "mock-leak" for m in r.json()["data"]), "the models are there")


@suite.test
def one_connection_serves_many_requests():
    mock.script()
    with site.connect() as c:
        for i in range(20):
            body = json.dumps(chat_body("turn %d" % i, stream=i % 2 == 1)).encode()
            c.send(request("POST", "/v1/chat/completions", site.headers(), body))
            r = c.response()
            equal(r.status, 200, "status")
            text = stream_text(r.body) if i % 2 else r.content()
            equal(text, "echo: %s turn %d" % (PROMPT_WORD, i), "text")
        c.send(request("POST", "/v1/chat/completions", site.headers(), json.dumps(chat_body(ATTACK)).encode()))
        equal(site.note(c.response()).status, 400, "blocked on the same connection")
    check(mock.stats()["connections"] <= 2, "upstream connections are kept too")


@suite.test
def upstream_error_bodies_are_inspected():
    mock.reply(status=429, content="too many for %s" % EMAIL, headers={"retry-after": "7"})
    r = site.chat("hi")
    equal(r.status, 429, "status")
    equal(r.get("retry-after"), "7", "retry-after")
    lacks(r.body.decode(), EMAIL, "body")


suite.run()
