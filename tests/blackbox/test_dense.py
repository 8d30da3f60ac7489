"""Texts full of what rules look for: lists of addresses, numbers, hashes. Judged whole, in bounded time, without
holding up others."""
import json
import threading
import time

from harness.daemons import SLOWER
from harness.site import Site, chat_body
from harness.suite import Suite, check, equal
from harness.wire import request, stream_text

suite = Suite()
site = suite.site(Site("dense", tenants={"app": {"upstream": "openai"}, "other": {"upstream": "openai"}},
                       config={"workers": 1}))
mock = site.mock
SECONDS = 5.0 * SLOWER  # thousands of times what plain text of that size needs: no benchmark, a bound


def lists(n):
    return {
        "addresses": " ".join("user%d.kq7@northwind-mail.net" % i for i in range(n)),
        "phones": " ".join("+1 202-555-%04d" % (i % 10000) for i in range(n)),
        "cards": " ".join("4539578763621486" for _ in range(n)),
        "accounts": " ".join("DE89 3704 0044 0532 0130 00" for _ in range(n)),
        "social security": " ".join("219-09-%04d" % (i % 9000 + 1000) for i in range(n)),
        "hashes": "\n".join("%032x" % (i * 7919 + (1 << 124)) for i in range(n)),
        "cloud keys": " ".join("AKIA" + "Z7QH3MVT2XKRWB5N" for _ in range(n)),
        "hosts": " ".join("192.0.2.%d" % (i % 250) for i in range(n)),
        "key headers": "\n".join("-----BEGIN RSA PRIVATE KEY-----" for _ in range(n)),
        "at signs": "a@" * n,
        "openings": "eyJhbGciOi.eyJ " * n,
        "digits": "12345678 " * n,
        "passwords": "password= " * n,
        "orders": "ignore all " * n,
        "one long word": "a" * (30 * n),
        "one long number": "1" * (30 * n),
        "one long line of dots": "a." * (15 * n),
    }


def timed(text, **more):
    began = time.monotonic()
    r = site.post({"model": "m", "messages": [{"role": "user", "content": text}]}, timeout=60, **more)
    return r, time.monotonic() - began


@suite.each([(name, name) for name in lists(1)])
def a_long_list_is_judged_in_bounded_time(name):
    mock.script()
    r, seconds = timed(lists(4000)[name])
    check(seconds < SECONDS, "%.1f s for %d bytes" % (seconds, len(lists(4000)[name])))
    check(r.status in (200, 400), "status %d" % r.status)


@suite.each([("addresses", "addresses", "[EMAIL]"), ("cards", "cards", "[CARD]"),
             ("cloud keys", "cloud keys", "[AWS_KEY_ID]")])
def a_thousand_values_are_all_redacted(name, placeholder):
    mock.script()
    r, _ = timed(lists(1000)[name])
    equal(r.status, 200, "status")
    equal(mock.last()["json"]["messages"][0]["content"], " ".join([placeholder] * 1000), "forwarded text")


@suite.each([("addresses", "addresses", "[EMAIL]"), ("cards", "cards", "[CARD]")])
def a_thousand_values_are_redacted_in_answers(name, placeholder):
    want = " ".join([placeholder] * 1000)
    for stream in (False, True):
        mock.reply(content=lists(1000)[name], stream={"delta_bytes": 50})
        r = site.chat("hi", stream=stream)
        equal(r.status, 200, "status")
        if stream:
            equal(stream_text(r.body), want, "streamed text")
        else:
            equal(r.content(), want, "text")


@suite.test
def others_are_served_meanwhile():
    mock.script()
    worst = []

    def heavy():
        for name in ("phones", "hashes", "accounts"):
            timed(lists(4000)[name])
    t = threading.Thread(target=heavy)
    t.start()
    with site.connect(timeout=60) as c:
        while t.is_alive():
            began = time.monotonic()
            c.send(request("POST", "/v1/chat/completions", site.headers("other"), json.dumps(chat_body("hi")).encode()))
            equal(c.response(time.monotonic() + 60).status, 200, "status")
            worst.append(time.monotonic() - began)
            time.sleep(0.005)
    t.join()
    check(max(worst) < SECONDS, "the slowest of %d small requests took %.1f s" % (len(worst), max(worst)))


suite.run()
