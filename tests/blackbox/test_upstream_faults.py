"""Upstreams that break: before the answer 502 or 504, within it an unclean end; never a fabricated proper one."""
import json
import time

from harness import faults
from harness.daemons import wait_until
from harness.site import EMAIL, Site, chat_body
from harness.suite import Suite, check, equal, lacks
from harness.wire import request

suite = Suite()
silent, plaintext = faults.silent(), faults.plaintext_first()
refused = faults.refused_port()
site = Site("upstream_faults", start=False)
closing = faults.closes_after_handshake(site.certs.upstream)


def upstream(port, **more):
    return dict({"url": "https://localhost:%d" % port, "provider": "openai", "tls": {"ca": site.certs.ca}}, **more)


fast = {"connect_timeout": "700ms", "first_byte_timeout": "700ms", "idle_timeout": "700ms"}
site.upstreams = {
    "refused": upstream(refused), "silent": upstream(silent.port, **fast),
    "plaintext": upstream(plaintext.port, **fast),
    "closing": upstream(closing.port, **fast), "impatient": upstream(site.mock.port, **fast),
    "unresolved": {"url": "https://no-such-host.invalid", "provider": "openai", "connect_timeout": "2s"},
}
site.tenants = {"app": {"upstream": "openai"}}
site.tenants.update({name: {"upstream": name} for name in site.upstreams})
site.write_tenants()
site.start()
suite.site(site)
mock = site.mock
BODY = json.dumps(chat_body("hi", stream=True)).encode()
CONTENT = "The kettle is on the hob and the scones are in the oven; tea will be served at four o'clock in the garden."


# ---- before the request leaves ----

@suite.each([("refused", "refused", (502,)), ("handshake stalls", "silent", (502, 504)),
             ("plaintext before the handshake", "plaintext", (502,)), ("closes after the handshake", "closing", (502,)),
             ("name does not resolve", "unresolved", (502, 504))])
def unreachable_upstream(tenant, statuses):
    began = time.monotonic()
    r = site.chat("hi", tenant=tenant)
    check(r.status in statuses, "status %d is one of %r" % (r.status, statuses))
    check(r.error()["message"], "an error in the provider's shape")
    lacks(r.body.decode(), "forged", "answer")
    check(time.monotonic() - began < 8, "in time")


@suite.test
def nothing_of_the_prompt_left_without_a_handshake():
    for raw in (silent, plaintext):
        check(raw.accepted > 0, "the upstream was tried")
        lacks(raw.seen, b"quokka", "bytes sent")
        lacks(raw.seen, b"POST", "bytes sent")


# ---- before the head of the answer ----

BEFORE = ["reset_before_headers", "close_before_headers", "bad_status_line", "header_inject", "nul_header",
          "dup_length",
          "length_and_chunked", "huge_head", "unexpected_101", "flood_1xx", "gzip_header"]


@suite.each([(e + (" stream" if s else ""), e, s) for e in BEFORE for s in (False, True)])
def broken_head_is_502(error, stream):
    mock.reply(content=CONTENT, error=error)
    r = site.chat("hi", stream=stream)
    equal(r.status, 502, "status")
    check(r.complete, "the answer is whole")
    check(r.error()["message"], "an error in the provider's shape")
    lacks(r.body.decode() + repr(r.headers), "Injected", "answer")
    lacks(r.body.decode(), "kettle", "answer")
    equal(mock.stats()["requests"], 1, "the prompt was sent once")


@suite.test
def early_hints_are_swallowed():
    mock.reply(content=CONTENT, error="early_hints")
    with site.connect() as c:
        c.send(request("POST", "/v1/chat/completions", site.headers(), json.dumps(chat_body("hi")).encode()))
        r = c.response(keep_1xx=True)
    equal(r.status, 200, "status")
    equal(r.content(), CONTENT, "text")
    check("link" not in r.names(), "no link header")


@suite.each([("json", False), ("stream", True)])
def no_answer_in_time_is_504(stream):
    mock.reply(error="stall")
    r = site.chat("hi", tenant="impatient", stream=stream)
    equal(r.status, 504, "status")
    wait_until(lambda: mock.received()[-1]["outcome"] == "gone", 3, "the upstream's connection to be closed")


# ---- JSON answers cut short ----

@suite.each([(e, e) for e in ("reset_after_headers", "fin_mid_chunk", "reset_mid_chunk", "fin_before_last_chunk",
                              "short_length",
                              "truncated_tls", "bad_chunk")])
def cut_json_is_502(error):
    mock.reply(content=CONTENT, error=error)
    r = site.chat("hi")
    equal(r.status, 502, "status")
    check(r.complete, "the answer is whole")
    lacks(r.body.decode(), "kettle", "answer")
    equal(mock.stats()["requests"], 1, "the prompt was sent once")


@suite.test
def stalled_json_is_504():
    mock.reply(content=CONTENT, error="stall", stream={"cut_after_bytes": 100})
    equal(site.chat("hi", tenant="impatient").status, 504, "status")


@suite.test
def close_delimited_json_is_fine():
    mock.reply(content=CONTENT, close_delimited=True)
    r = site.chat("hi")
    equal((r.status, r.content()), (200, CONTENT), "answer")


@suite.test
def chunked_json_is_fine():
    mock.reply(content=CONTENT, no_length=True, stream={"chunk_bytes": 5})
    r = site.chat("hi")
    equal((r.status, r.content()), (200, CONTENT), "answer")


@suite.each([("not JSON", "<html>oops</html>", "application/json"), ("html", "<html>%s</html>" % EMAIL, "text/html"),
             ("cut", '{"choices":[', "application/json"),
             ("duplicate keys", '{"choices":[],"choices":[]}', "application/json")])
def answers_that_cannot_be_inspected_are_502(body, content_type):
    mock.reply(body=body, content_type=content_type)
    r = site.chat("hi")
    equal(r.status, 502, "status")
    lacks(r.body.decode(), "northwind", "answer")
    lacks(r.body.decode(), "html", "answer")


@suite.each([("array", '["%s"]' % EMAIL), ("string", '"%s"' % EMAIL), ("unknown members", '{"x":{"y":["%s"]}}' % EMAIL),
             ("member name", '{"%s":1}' % EMAIL)])
def unknown_json_is_inspected_or_refused(body):
    mock.reply(body=body)
    r = site.chat("hi")
    check(r.status in (200, 502), "status %d" % r.status)
    lacks(r.body.decode(), EMAIL, "answer")


@suite.test
def html_error_page_is_replaced():
    mock.reply(status=503, body="<html>%s</html>" % EMAIL, content_type="text/html")
    r = site.chat("hi")
    check(r.status in (502, 503), "status %d" % r.status)
    equal(r.get("content-type").split(";")[0], "application/json", "content type")
    check(r.error()["message"], "an error in the provider's shape")
    lacks(r.body.decode(), "html", "answer")


# ---- streams cut short ----

def read_stream(tenant="app"):
    """Status, body so far, and how the connection ended."""
    with site.connect() as c:
        c.send(request("POST", "/v1/chat/completions", site.headers(tenant), BODY))
        r = c.response(deadline=time.monotonic() + 8)
        if r.complete:
            return r, None
        return r, r.end


NO_END = {"done": False}  # the upstream's own [DONE] would end the answer: what follows it is of no interest


@suite.each([(e, {"error": e}) for e in ("fin_mid_chunk", "reset_mid_chunk", "truncated_tls")] +
            [("reset between events", {"stream": {"cut_after_bytes": 900}}),
             ("bad chunk", {"error": "bad_chunk", "finish_reason": "length", "stream": NO_END}),
             ("fin before the last chunk", {"error": "fin_before_last_chunk", "finish_reason": "length",
                                            "stream": NO_END})])
def cut_stream_ends_uncleanly(reply):
    mock.reply(content=CONTENT, **reply)
    before = site.serve.metric("sallyport_upstream_truncated_total")
    r, end = read_stream()
    if r.status == 502:  # the cut came before a byte had to be sent
        return
    equal(r.status, 200, "status")
    lacks(r.body, b"[DONE]", "stream")
    check(not r.complete and end is not None, "the body does not end properly")
    check(b'"error"' in r.body, "a terminal error event was sent")
    check(b'"finish_reason":"stop"' not in r.body, "no finish reason was made up")
    final = wait_until(lambda: _final(), 3, "the audit record")
    malformed = reply.get("error") == "bad_chunk"
    equal(final["outcome"], "upstream_error" if malformed else "upstream_truncated", "outcome in the audit file")
    if not malformed:
        equal(site.serve.metric("sallyport_upstream_truncated_total"), before + 1, "counter")


def _final():
    last = site.audit()[-1]
    return last if last["record"] == "final" else None


@suite.test
def stalled_stream_ends_uncleanly():
    mock.reply(content=CONTENT, error="stall", stream={"cut_after_bytes": 1500})
    began = time.monotonic()
    r, end = read_stream("impatient")
    equal(r.status, 200, "status")
    check(end is not None and b"[DONE]" not in r.body, "no proper end")
    check(b'"error"' in r.body, "a terminal error event was sent")
    check(time.monotonic() - began < 5, "at the idle deadline")
    wait_until(lambda: mock.received()[-1]["outcome"] == "gone", 3, "the upstream's connection to be closed")


@suite.test
def close_delimited_stream_is_fine():
    mock.reply(content=CONTENT, close_delimited=True)
    r, _ = read_stream()
    check(r.complete and r.events()[-1] == "[DONE]", "a proper end")


@suite.each([("not JSON", "data: oops\n\ndata: [DONE]\n\n"), ("BOM inside",
                                                              'data: {"choices":[]}\n\ndata: \ufeff{}\n\n'),
             ("duplicate keys", 'data: {"choices":[],"choices":[]}\n\ndata: [DONE]\n\n')])
def events_that_cannot_be_inspected_end_the_stream(raw):
    mock.reply(stream={"raw": raw})
    r, end = read_stream()
    if r.status == 200:
        check(end is not None and not r.complete, "no proper end")
        lacks(r.body, b"[DONE]", "stream")
        lacks(r.body, b"oops", "stream")
    else:
        equal(r.status, 502, "status")


@suite.test
def json_answer_to_a_stream_request_is_inspected_as_json():
    mock.reply(content="to %s" % EMAIL, stream={"when": "never"})
    r = site.chat("hi", stream=True)
    check(r.status in (200, 502), "status %d" % r.status)
    lacks(r.body.decode(), EMAIL, "answer")
    if r.status == 200:
        equal(r.content(), "to [EMAIL]", "answer")


@suite.test
def stream_answer_to_a_json_request_is_inspected_as_a_stream():
    mock.reply(content="to %s" % EMAIL, stream={"when": "always"})
    r = site.chat("hi")
    check(r.status in (200, 502), "status %d" % r.status)
    lacks(r.body.decode(), EMAIL, "answer")


# ---- pooled connections ----

@suite.test
def dead_pooled_connections_are_replaced_and_nothing_sent_twice():
    body = '{"choices":[{"index":0,"message":{"role":"assistant","content":"one"},"finish_reason":"stop"}]}'
    mock.reply(raw_http="HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" %
               (len(body), body))
    for i in range(6):
        equal(site.chat("hi").status, 200, "request %d" % i)
        time.sleep(0.03)  # the upstream closes after each answer, without having said so
    equal(mock.stats()["requests"], 6, "requests at the upstream")


@suite.test
def service_goes_on():
    mock.script()
    equal(site.chat("hi").status, 200, "status")


suite.run()
