"""Streams over real sockets: the client's bytes do not depend on how the upstream's were cut; nothing leaves early;
nobody waits longer than needed; both ends may leave at any time."""
import json
import os
import threading
import time

from harness.daemons import wait_until
from harness.site import EMAIL, PROMPT_WORD, SECRET, Site, chat_body
from harness.suite import Suite, check, contains, equal, lacks
from harness.wire import Closed, finish_reasons, request, sse_events, stream_text

suite = Suite()
site = suite.site(Site("stream", config={"limits": {"slow_client_timeout": "2s"}}))
mock = site.mock
BODY = json.dumps(chat_body("hi", stream=True)).encode()
REQUEST = request("POST", "/v1/chat/completions", site.headers(), BODY)
TEXT = ("Dear caf\u00e9 \U0001F600, %s has %s. " %
        (EMAIL, SECRET)) + "wilma.kq7 is no address, northwind-mail.net neither; " \
    "line\r\nevent: x\r\ndata: y\r\n\r\n\"quoted\" \\ and \u2028 end %s" % EMAIL


def get(tenant="app"):
    return site.send(request("POST", "/v1/chat/completions", site.headers(tenant), BODY))


def event(delta, index=0, finish=None, **more):
    chunk = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m",
             "choices": [{"index": index, "delta": delta, "finish_reason": finish}]}
    chunk.update(more)
    return "data: %s\n\n" % json.dumps(chunk)


# ---- invariance ----

@suite.test
def the_same_bytes_for_every_segmentation():
    mock.reply(content=TEXT, reasoning=TEXT, stream={"delta_bytes": 7})
    want = get()
    equal(want.status, 200, "status")
    text = stream_text(want.body)
    lacks(text, EMAIL, "text")
    lacks(text, SECRET, "text")
    contains(text, "wilma.kq7 is no address", "text")
    equal(text.count("[EMAIL]"), 2, "redactions")
    for seed in range(1, 61):
        stream = {"delta_bytes": 7, "write_bytes": [3, 17, 90, 400, 2000][seed % 5], "write_seed": seed,
                  "chunk_bytes": [1, 5, 64, 777][seed % 4]}
        mock.reply(content=TEXT, reasoning=TEXT, stream=stream)
        got = get()
        check(got.complete, "seed %d: a proper end" % seed)
        equal(got.body.replace(b"chatcmpl-mock-000001", b""), want.body.replace(b"chatcmpl-mock-000001", b""),
              "seed %d" % seed)


@suite.each([("one byte a write", {"write_bytes": 1, "chunk_bytes": 1, "delta_bytes": 40}),
             ("one write", {"one_write": True}),
             ("CRLF lines", {"newline": "crlf"}), ("CR lines", {"newline": "cr"})])
def the_same_text_for_every_form(stream):
    mock.reply(content=TEXT)
    whole = site.chat("hi").content()
    mock.reply(content=TEXT, stream=stream)
    got = get()
    check(got.complete, "a proper end")
    text = ""
    for block in got.body.decode().replace("\r\n", "\n").replace("\r", "\n").split("\n\n"):
        data = block[6:] if block.startswith("data: ") else ""
        if data and data != "[DONE]":
            for c in json.loads(data)["choices"]:
                text += c["delta"].get("content") or ""
    equal(text, whole, "text")


@suite.test
def json_escapes_may_be_cut_anywhere():
    escaped = "".join("\\u%04x" % ord(c) for c in EMAIL)
    raw = event({"role": "assistant", "content": ""})
    for i in range(0, len(escaped), 24):  # four characters an event
        raw += 'data: {"choices":[{"index":0,"delta":{"content":"%s"},"finish_reason":null}]}\n\n' % escaped[i:i + 24]
    raw += event({}, finish="stop") + "data: [DONE]\n\n"
    for n in (1, 2, 3, 5, 11):
        mock.reply(stream={"raw": raw, "chunk_bytes": n})
        equal(stream_text(get().body), "[EMAIL]", "text at %d" % n)


@suite.test
def value_at_the_very_end_is_redacted():
    for tail in (event({}, finish="stop") + "data: [DONE]\n\n", "data: [DONE]\n\n"):
        raw = event({"role": "assistant",
                     "content": ""}) + event({"content": "to "}) + event({"content": EMAIL[:9]}) + \
            event({"content": EMAIL[9:]}) + tail
        mock.reply(stream={"raw": raw})
        got = get()
        equal(stream_text(got.body), "to [EMAIL]", "text")
        equal(got.events()[-1], "[DONE]", "last event")


@suite.test
def the_beginning_of_a_value_is_delivered_when_it_is_none():
    for start in (EMAIL.split("@")[0], EMAIL.split("@")[0] + "@", "AKIA", SECRET[:-4]):
        mock.reply(content="say " + start, stream={"delta_bytes": 1})
        equal(stream_text(get().body), "say " + start, "text")


@suite.test
def interleaved_choices_do_not_mix():
    raw, parts = "", [EMAIL[:6], EMAIL[6:12], EMAIL[12:]]
    for i in range(3):
        raw += event({"role": "assistant", "content": ""}, index=i)
    for k in range(3):
        for i in range(3):
            raw += event({"content": parts[k] if i != 1 else "word%d " % k}, index=i)
    for i in range(3):
        raw += event({}, index=i, finish="stop")
    mock.reply(stream={"raw": raw + "data: [DONE]\n\n"})
    body = get().body
    equal([stream_text(body, i) for i in range(3)], ["[EMAIL]", "word0 word1 word2 ", "[EMAIL]"], "texts")
    equal(finish_reasons(body), {0: ["stop"], 1: ["stop"], 2: ["stop"]}, "finish reasons")


@suite.test
def log_probabilities_repeat_nothing():
    lp = {"content": [{"token": EMAIL, "logprob": -0.1, "bytes": list(EMAIL.encode()), "top_logprobs": []}],
          "refusal": None}
    raw = event({"role": "assistant", "content": ""})
    chunk = json.loads(event({"content": EMAIL})[6:])
    chunk["choices"][0]["logprobs"] = lp
    raw += "data: %s\n\n" % json.dumps(chunk) + event({}, finish="stop") + "data: [DONE]\n\n"
    mock.reply(stream={"raw": raw})
    body = get().body.decode()
    lacks(body, EMAIL, "stream")
    lacks(body, ", ".join(str(b) for b in EMAIL.encode()), "stream")


@suite.test
def comments_and_unknown_members_do_not_disturb():
    raw = ": keep-alive\n\n" + event({"role": "assistant", "content": "a"}, x_new={"y": [1.50]}) + ": ping\n\n" + \
        event({}, finish="stop") + "data: [DONE]\n\n"
    mock.reply(stream={"raw": raw})
    got = get()
    equal(stream_text(got.body), "a", "text")
    contains(got.body.decode(), '"x_new": {"y": [1.5', "unknown member")


# ---- timing ----

@suite.test
def text_leaves_as_soon_as_it_can_be_nothing_else():
    mock.reply(content="one two three four five six", stream={"delta_bytes": 4, "pace": "120ms"})
    arrivals, began = [], time.monotonic()
    with site.connect() as c:
        c.send(REQUEST)
        r = c.head()
        for piece in c.chunks(r, time.monotonic() + 10):
            arrivals.append((time.monotonic() - began, piece))
    check(r.complete, "a proper end")
    firsts = [t for t, p in arrivals if b"one" in p]
    check(firsts and firsts[0] < 0.45, "the first word came at once, not at the end: %r" % firsts)
    check(len(arrivals) >= 5 and arrivals[-1][0] - arrivals[0][0] > 0.5, "pieces came one after the other")


@suite.test
def no_byte_of_a_value_leaves_before_it_is_known():
    mock.reply(content="to " + EMAIL + " now", stream={"delta_bytes": 1, "pace": "10ms"})
    seen = ""
    with site.connect() as c:
        c.send(REQUEST)
        r = c.head()
        for piece in c.chunks(r, time.monotonic() + 10):
            seen += piece.decode()
            whole = seen[:seen.rfind("\n\n") + 2] if "\n\n" in seen else ""
            text = stream_text(whole.encode())
            check("to [EMAIL] now".startswith(text), "text so far: %r" % text)
    equal(stream_text(seen.encode()), "to [EMAIL] now", "text")


# ---- blocked midway ----

@suite.test
def blocked_midway_ends_properly_and_cancels_the_upstream():
    text = "First there is some harmless text about tea. " * 3 + "Then " + EMAIL + " and more. " * 400
    mock.reply(content=text, stream={"delta_bytes": 8, "pace": "2ms"})
    r = get("blocker")
    equal(r.status, 200, "status")
    check(r.complete, "the body ends properly")
    equal(r.events()[-1], "[DONE]", "last event")
    equal(finish_reasons(r.body), {0: ["content_filter"]}, "finish reasons")
    lacks(stream_text(r.body), EMAIL[:6], "text")
    check(stream_text(r.body).startswith("First there is some harmless text"), "what came before was delivered")
    wait_until(lambda: mock.received()[-1]["outcome"] == "gone", 2, "the upstream's connection to be closed")


@suite.test
def blocked_midway_keeps_the_client_connection():
    mock.reply(content="Well: " + EMAIL + " it is.", stream={"delta_bytes": 4})
    with site.connect() as c:
        for _ in range(2):
            c.send(request("POST", "/v1/chat/completions", site.headers("blocker"), BODY))
            r = c.response()
            check(r.complete and finish_reasons(r.body) == {0: ["content_filter"]}, "a proper end, twice")


@suite.test
def blocked_midway_ends_every_choice_and_gives_usage():
    mock.reply(content="Well: " + EMAIL + " it is.", stream={"delta_bytes": 4})
    r = site.chat("hi", tenant="blocker", stream=True, n=2, stream_options={"include_usage": True})
    check(r.complete, "the body ends properly")
    equal(finish_reasons(r.body), {0: ["content_filter"], 1: ["content_filter"]}, "finish reasons")
    last = json.loads(r.events()[-2])
    check(last["choices"] == [] and "usage" in last, "the usage chunk comes before [DONE]")


# ---- clients ----

@suite.test
def a_client_that_leaves_cancels_the_upstream():
    for leave in ("close", "reset"):
        mock.reply(content="word " * 4000, stream={"delta_bytes": 5, "pace": "5ms"})
        c = site.connect()
        c.send(REQUEST)
        c.head()
        c.recv()
        began = time.monotonic()
        c.sock.close() if leave == "close" else c.reset()
        wait_until(lambda: mock.received()[-1]["outcome"] == "gone", 3, "the upstream's connection to be closed")
        check(time.monotonic() - began < 1.5, "within a second (%s)" % leave)
    final = wait_until(lambda: _final("client_gone"), 3, "the audit record")
    check(final["stream"], "the record says it was a stream")


def _final(outcome):
    last = site.audit()[-1]
    return last if last["record"] == "final" and last["outcome"] == outcome else None


@suite.test
def a_client_that_leaves_before_the_answer_cancels_too():
    mock.reply(error="stall")
    c = site.connect()
    c.send(REQUEST)
    wait_until(lambda: mock.stats()["requests"] == 1, 3, "the request")
    c.reset()
    wait_until(lambda: mock.received()[-1]["outcome"] == "gone", 3, "the upstream's connection to be closed")


@suite.test
def half_close_after_the_request_still_gets_the_answer():
    for plain in (True, False):
        mock.reply(content=TEXT, stream={"pace": "2ms"})
        with site.connect(plain=plain) as c:
            c.send(REQUEST)
            c.half_close()
            r = c.response()
        check(r.complete and r.events()[-1] == "[DONE]", "the whole stream, plain %s" % plain)


@suite.test
def a_slow_reader_gets_every_byte_and_holds_the_upstream_back():
    mock.reply(content="The tea is ready. ", repeat=60000, stream={"delta_bytes": 1000})
    with site.connect(receive_buffer=4096, timeout=30) as c:
        c.send(REQUEST)
        time.sleep(1.0)  # the proxy cannot send: it must not read everything either
        held = site.serve.metric("sallyport_held_bytes")
        rss = _rss(site.serve.child.pid)
        r = c.response(deadline=time.monotonic() + 30)
    check(r.complete, "a proper end")
    equal(stream_text(r.body), "The tea is ready. " * 60000, "text")
    check(held < 8 << 20, "held bytes %d" % held)
    check(rss < 600 << 20, "resident memory %d" % rss)


@suite.test
def a_reader_that_stops_is_cut():
    mock.reply(content="The tea is ready. ", repeat=600000, stream={"delta_bytes": 1000})
    with site.connect(receive_buffer=4096) as c:
        c.send(REQUEST)
        wait_until(lambda: mock.received() and mock.received()[-1]["outcome"] == "gone", 12,
                   "the upstream to be released")


def _rss(pid):
    with open("/proc/%d/statm" % pid, encoding="ascii") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGESIZE")


# ---- many at once ----

@suite.test
def many_streams_at_once_stay_apart():
    mock.script({"reply": {"content": "{{prompt}} / " + EMAIL, "stream": {"delta_bytes": 6, "pace": "3ms"}}})
    problems = []

    def one(i):
        try:
            body = json.dumps(chat_body("number %d" % i, stream=True)).encode()
            with site.connect() as c:
                c.send(request("POST", "/v1/chat/completions", site.headers(), body))
                r = c.response(deadline=time.monotonic() + 20)
            want = "%s number %d / [EMAIL]" % (PROMPT_WORD, i)
            if not r.complete or stream_text(r.body) != want or sse_events(r.body)[-1] != "[DONE]":
                problems.append("stream %d: %r" % (i, stream_text(r.body)))
        except (OSError, Closed, ValueError) as e:
            problems.append("stream %d: %r" % (i, e))

    threads = [threading.Thread(target=one, args=(i,)) for i in range(60)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    equal(problems, [], "problems")
    wait_until(lambda: site.serve.metric("sallyport_streams") == 0, 3, "no stream left open")
    equal(site.serve.metric("sallyport_held_bytes"), 0, "held bytes afterwards")


suite.run()
