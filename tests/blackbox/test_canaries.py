"""Values planted in every place a request or an answer has never show up in logs, audit file,
metrics or error bodies."""
import json
import os

from harness.daemons import wait_until
from harness.site import ATTACK, EMAIL, PROMPT_WORD, PROVIDER_KEY, SECRET, Site, chat_body, key_of
from harness.suite import Suite, check, equal
from harness.wire import Closed, request

suite = Suite()
site = suite.site(Site("canaries", config={"log": {"level": "debug"}}))
mock = site.mock
PLANT = "%s %s %s %s" % (PROMPT_WORD, EMAIL, SECRET, ATTACK)


def post(body, tenant="app", headers=(), **kw):
    try:
        r = site.post(body, tenant=tenant, headers=headers, **kw)
        return r
    except (Closed, ValueError, TimeoutError):
        return None


def everywhere(value):
    """Requests with the value at every position of a chat body that is not a name the audit file is meant to hold."""
    base = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    for role in ("system", "developer", "user", "assistant", "tool", value):
        yield dict(base, messages=[{"role": role, "content": value, "tool_call_id": value}])
    for member in ("name", "refusal", value):
        yield dict(base, messages=[{"role": "user", "content": "hi", member: value}])
    yield dict(base, messages=[{"role": "user", "content": [{"type": "text", "text": value}]}])
    yield dict(base, messages=[{"role": "user", "content": [{"type": value, "text": "hi"}]}])
    yield dict(base, messages=[{"role": "user", "content": [{"type": "image_url",
                                                             "image_url": {"url": "https://x/?q=" + value}}]}])
    yield dict(base, messages=[{"role": "assistant", "tool_calls": [
        {"id": value, "type": "function", "function": {"name": value, "arguments": json.dumps({value: value})}}]}])
    yield dict(base, tools=[{"type": "function", "function": {"name": "f", "description": value, "parameters": {
        "type": "object", "properties": {value: {"enum": [value], "description": value}}}}}])
    for member in ("user", "stop", "suffix", "metadata", "response_format", "prediction", "x_unknown", value):
        yield dict(base, **{member: value})
        yield dict(base, **{member: {value: [value]}})


@suite.test
def planted_in_requests():
    mock.script()
    for tenant in ("app", "monitor", "grounded"):
        for body in everywhere(PLANT):
            post(body, tenant=tenant)


@suite.test
def planted_in_broken_requests():
    whole = json.dumps(chat_body(PLANT)).encode()
    for data in (whole[:-3], whole + b"x", whole.replace(b'"model"', b'"messages"'), whole.replace(b'hi', b'\xff'),
                 b'{"%s":1,"%s":2}' % (PLANT.encode(), PLANT.encode()), PLANT.encode(),
                 b'{"messages":"%s"}' % PLANT.encode(),
                 b"[" * 100 + PLANT.encode()):
        post(data)


@suite.test
def planted_in_heads():
    body = json.dumps(chat_body("hi")).encode()
    word = PROMPT_WORD + EMAIL
    site.send(request("POST", "/v1/" + word, site.headers(), body))
    site.send(request("POST", "/v1/chat/completions?x=" + word, site.headers(), body))
    site.send(request("POST", "/openai/deployments/%s/chat/completions?api-version=1" % PROMPT_WORD,
                      site.headers("azure"), body))
    site.send(request(PROMPT_WORD.upper(), "/v1/chat/completions", site.headers(), body))
    for name, value in (("X-Custom", word), ("User-Agent", word), ("Host", word), ("Content-Type", word),
                        ("Expect", word),
                        ("Transfer-Encoding", word), ("Content-Length", word), ("Connection", word),
                        (PROMPT_WORD, word),
                        (PROMPT_WORD + "_x", word), ("Authorization", "Bearer " + word), ("Upgrade", word),
                        ("Content-Encoding", word)):
        try:
            site.send(request("POST", "/v1/chat/completions", site.headers() + [(name, value)], body), plain=True)
        except (Closed, ValueError, TimeoutError):
            pass
    for data in (word.encode(), b"POST " + word.encode() + b"\r\n\r\n", b"\x16\x03" + word.encode()):
        for plain in (False, True):
            try:
                site.send(data + b"\r\n\r\n", plain=plain)
            except (Closed, ValueError, TimeoutError):
                pass


@suite.test
def planted_in_answers():
    for tenant in ("app", "monitor", "blocker"):
        for stream in (False, True):
            for reply in ({"content": PLANT}, {"reasoning": PLANT, "refusal": PLANT, "content": ""},
                          {"tool_calls": [{"name": PROMPT_WORD, "arguments": json.dumps({"a": PLANT})}]},
                          {"content": "x", "headers": {"x-custom": PLANT, "x-ratelimit-remaining": PLANT}},
                          {"content": PLANT, "finish_reason": PROMPT_WORD}):
                mock.reply(**reply)
                post(chat_body("hi", stream=stream), tenant=tenant)


@suite.test
def planted_in_errors_of_the_upstream():
    for reply in ({"status": 400, "content": PLANT}, {"status": 401, "content": key_of("app") + PROVIDER_KEY},
                  {"status": 500, "body": PLANT, "content_type": "text/plain"}, {"body": PLANT},
                  {"body": "{\"a\":\"%s\"" % PLANT},
                  {"stream": {"raw": "data: %s\n\n" % PLANT, "when": "always"}},
                  {"stream": {"raw": "event: %s\ndata: {}\n\n" % PLANT, "when": "always"}},
                  {"stream": {"raw": "data: {\"error\":{\"message\":\"%s\"}}\n\n" % PLANT, "when": "always"}},
                  {"raw_http": PLANT + "\r\n\r\n"}, {"raw_http": "HTTP/1.1 200 " + PLANT + "\r\nBad Header: " + PLANT +
                                                     "\r\n\r\n"},
                  {"content": PLANT, "error": "reset_mid_chunk"}, {"content": PLANT, "error": "bad_chunk"},
                  {"content": PLANT, "error": "truncated_tls"}):
        mock.reply(**reply)
        for tenant in ("app", "blocker"):
            for stream in (False, True):
                try:
                    # answers of the upstream are not error bodies of ours: what we write about them matters here
                    with site.connect() as c:
                        c.send(request("POST", "/v1/chat/completions", site.headers(tenant),
                                       json.dumps(chat_body("hi", stream=stream)).encode()))
                        r = c.response()
                    if r.status in (502, 503, 504):
                        site.note(r)
                except (Closed, ValueError, TimeoutError):
                    pass


@suite.test
def the_server_lives_and_answers():
    mock.script()
    equal(site.chat("hi").status, 200, "status")
    check(site.serve.alive(), "the server lives")


@suite.test
def the_search_itself_finds_what_is_there():
    site.extra_sinks.append(("probe", b"..." + SECRET.encode() + b"..."))
    equal(len(site.leaks()), 1, "findings with a value planted in a sink")
    site.extra_sinks.clear()
    sinks = site.sinks()
    for name in ("audit", "metrics", "serve stderr"):
        check(len(sinks[name]) > 1000, "%s has content" % name)
    check(len(site.error_bodies) > 50, "error bodies were kept")


@suite.test
def files_of_the_run_hold_nothing_else():
    wait_until(lambda: site.audit()[-1]["record"] == "final", 3, "the last record")
    core = [f for f in os.listdir(site.dir) if f.startswith("core")]
    equal(core, [], "core files")


suite.run()
