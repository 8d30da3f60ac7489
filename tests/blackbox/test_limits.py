"""Limits: sizes, times, rates. Each has its status, and what is refused never reaches the upstream."""
import json
import time

from harness.daemons import wait_until
from harness.site import Site, chat_body
from harness.suite import Suite, check, equal
from harness.wire import Closed, Conn, request

suite = Suite()
site = suite.site(Site("limits", tenants={
    "app": {"upstream": "openai"},
    "small": {"upstream": "openai", "limits": {"body_bytes": 2000}},
    "rate": {"upstream": "openai", "limits": {"requests_per_minute": 3}},
    "rate2": {"upstream": "openai", "limits": {"requests_per_minute": 1000000}},
    "tokens": {"upstream": "openai", "limits": {"tokens_per_minute": 1000}},
    "single": {"upstream": "openai", "limits": {"concurrent": 1}},
    "answer": {"upstream": "openai", "limits": {"answer_bytes": 100000}},
}, config={"limits": {"head_timeout": "1500ms", "body_timeout": "1500ms", "handshake_timeout": "1500ms",
                      "max_connections": 400,
                      "keepalive": "2s"}}))
mock = site.mock
BODY = json.dumps(chat_body("hi")).encode()


def nothing_sent():
    equal((mock.stats()["requests"], mock.stats()["bytes"]), (0, 0), "requests and bytes at the upstream")


def head(length, tenant="app", extra=()):
    headers = site.headers(tenant) + list(extra) + [("Content-Length", str(length))]
    return request("GET", "/v1/chat/completions", headers).replace(b"GET", b"POST", 1)


def sized(n):
    """A chat body of exactly n bytes."""
    frame = len(json.dumps(chat_body("")))
    return json.dumps(chat_body("a " * ((n - frame) // 2) + "a" * ((n - frame) % 2))).encode()


# ---- sizes ----

@suite.test
def body_of_the_limit_passes_and_one_more_does_not():
    mock.script()
    equal(len(sized(2000)), 2000, "size of the body")
    equal(site.post(sized(2000), tenant="small").status, 200, "at the limit")
    mock.reset()
    equal(site.post(sized(2001), tenant="small").status, 413, "past the limit")
    nothing_sent()


@suite.test
def a_declared_length_past_the_limit_is_refused_at_once():
    mock.script()
    with site.connect() as c:
        c.send(head(2001, "small"))
        r = site.note(c.response())
        equal(r.status, 413, "status")
        equal((r.get("connection") or "").lower(), "close", "connection")
    with site.connect() as c:
        c.send(head(1 << 40))
        equal(site.note(c.response()).status, 413, "a terabyte")
    nothing_sent()


@suite.test
def an_endless_chunked_body_is_refused_at_the_limit():
    mock.script()
    data = request("GET", "/v1/chat/completions", site.headers("small") + [("Transfer-Encoding", "chunked")])
    with site.connect(plain=True) as c:
        c.send(data.replace(b"GET", b"POST", 1))
        sent = 0
        try:
            while sent < 200000 and not c.readable(0):
                c.send(b"3e8\r\n" + b"a" * 1000 + b"\r\n")
                sent += 1000
        except Closed:
            pass
        equal(site.note(c.response()).status, 413, "status")
    nothing_sent()


@suite.each([
    ("one large header", [("X-A", "a" * 17000)]),
    ("many bytes", [("X-%d" % i, "a" * 1000) for i in range(20)]),
    ("120 headers", [("X-%d" % i, "a") for i in range(120)]),
])
def large_heads_are_refused(extra):
    mock.script()
    r = site.post(chat_body("hi"), headers=extra)
    equal(r.status, 431, "status")
    nothing_sent()


@suite.test
def long_target_is_refused():
    mock.script()
    r = site.send(request("POST", "/v1/chat/completions?" + "a" * 9000, site.headers(), BODY))
    equal(r.status, 414, "status")
    nothing_sent()


@suite.test
def endless_head_is_refused():
    mock.script()
    with site.connect(plain=True) as c:
        try:
            c.send(b"POST /v1/chat/completions HTTP/1.1\r\n")
            for i in range(200):
                c.send(b"X-%d: %s\r\n" % (i, b"a" * 500))
                if c.readable(0):
                    break
        except Closed:
            pass
        equal(site.note(c.response()).status, 431, "status")
    nothing_sent()


@suite.test
def answer_past_the_limit_is_502():
    mock.reply(content="The tea is ready. ", repeat=20000)
    equal(site.chat("hi", tenant="answer").status, 502, "status")
    mock.reply(content="The tea is ready. ", repeat=2000)
    equal(site.chat("hi", tenant="answer").status, 200, "status below the limit")


# ---- times ----

@suite.test
def slow_head_and_body_get_408():
    mock.script()
    conns = []
    for data in (b"POST /v1/chat", head(len(BODY)), head(len(BODY)) + BODY[:5]):
        c = site.connect()
        c.send(data)
        conns.append(c)
    began = time.monotonic()
    for c in conns:
        r = site.note(c.response())
        equal(r.status, 408, "status")
        check(c.ended(2) is not None, "the connection is closed")
        c.close()
    check(0.5 < time.monotonic() - began < 6, "after the deadline, not much later")
    nothing_sent()


@suite.test
def dribbling_does_not_extend_the_deadline():
    mock.script()
    began = time.monotonic()
    with site.connect(plain=True) as c:
        data = head(len(BODY))
        try:
            for i in range(len(data) - 5):
                c.send(data[i:i + 1])
                if c.readable(0.05):
                    break
        except Closed:
            pass
        equal(site.note(c.response()).status, 408, "status")
    check(time.monotonic() - began < 6, "refused at the deadline")
    nothing_sent()


@suite.test
def silent_connections_are_closed():
    began = time.monotonic()
    with site.connect() as c, Conn(site.serve.port) as half:
        half.send(b"\x16\x03\x01")
        check(c.ended(6) is not None, "no request was begun")
        check(half.ended(6) is not None, "no handshake was finished")
    check(time.monotonic() - began < 8, "in time")


@suite.test
def idle_kept_connection_is_closed_cleanly():
    with site.connect() as c:
        c.send(request("POST", "/v1/chat/completions", site.headers(), BODY))
        equal(c.response().status, 200, "status")
        equal(c.ended(6), "eof", "end of the idle connection")


# ---- rates ----

@suite.test
def requests_per_minute():
    mock.script()
    statuses = [site.chat("hi", tenant="rate").status for _ in range(5)]
    equal(statuses, [200, 200, 200, 429, 429], "statuses")
    r = site.chat("hi", tenant="rate")
    wait = int(r.get("retry-after"))
    check(1 <= wait <= 60, "retry-after %d" % wait)
    check(r.error()["message"], "an error in the provider's shape")
    equal(mock.stats()["requests"], 3, "requests at the upstream")
    equal(site.chat("hi", tenant="rate2").status, 200, "another tenant")


@suite.test
def tokens_per_minute():
    mock.script()
    text = "tea " * 700  # about 700 tokens
    statuses = [site.chat(text, tenant="tokens").status for _ in range(3)]
    equal(statuses[0], 200, "first")
    equal(statuses[-1], 429, "last")


@suite.test
def concurrent_requests():
    mock.reply(content="ok", delay="600ms")
    with site.connect() as a, site.connect() as b:
        a.send(request("POST", "/v1/chat/completions", site.headers("single"), BODY))
        wait_until(lambda: mock.stats()["requests"] == 1, 3, "the first request")
        b.send(request("POST", "/v1/chat/completions", site.headers("single"), BODY))
        equal(site.note(b.response()).status, 429, "second at the same time")
        equal(a.response().status, 200, "first")
    equal(site.chat("hi", tenant="single").status, 200, "afterwards")


# ---- connections ----

@suite.test
def too_many_connections_are_turned_away_and_service_goes_on():
    conns = []
    try:
        for _ in range(450):
            conns.append(Conn(site.serve.plain_port, timeout=3))
        equal(site.serve.admin("/healthz")[0], 200, "/healthz meanwhile")
    finally:
        for c in conns:
            c.close()
    wait_until(lambda: _ok(), 5, "service after the flood")


def _ok():
    try:
        return site.chat("hi").status == 200
    except (OSError, Closed, ValueError):
        return False


suite.run()
