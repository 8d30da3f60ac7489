"""SIGTERM: new work is refused, what runs ends as it would have, exit status 0, and the port is free at once."""
import json
import signal
import threading
import time

from harness.daemons import SLOWER, wait_until
from harness.site import Site, chat_body
from harness.suite import Suite, check, equal
from harness.wire import Closed, request, stream_text

suite = Suite()
BODY = json.dumps(chat_body("hi", stream=True)).encode()
site = suite.site(Site("shutdown", tenants={"app": {"upstream": "openai"}},
                       config={"limits": {"drain_timeout": "20s"}}))
mock = site.mock


def restart():
    """Seconds until the same configuration serves again."""
    began = time.monotonic()
    site.restart()
    return time.monotonic() - began


@suite.test
def idle_server_ends_at_once_with_status_0():
    kept = site.connect()
    kept.send(request("POST", "/v1/chat/completions", site.headers(), BODY))
    equal(kept.response().status, 200, "a request")
    began = time.monotonic()
    site.serve.signal(signal.SIGTERM)
    equal(site.serve.wait(10), 0, "exit status")
    check(time.monotonic() - began < 3, "at once")
    equal(kept.ended(2), "eof", "end of the kept connection")


@suite.test
def the_port_can_be_bound_again_at_once():
    check(restart() < 5 * SLOWER, "ready again")
    equal(site.chat("hi").status, 200, "service")


@suite.test
def running_streams_end_properly():
    mock.reply(content="word " * 60, stream={"delta_bytes": 5, "pace": "25ms"})
    results, started = [], []

    def one():
        try:
            with site.connect(timeout=20) as c:
                c.send(request("POST", "/v1/chat/completions", site.headers(), BODY))
                r = c.head()
                started.append(1)
                r.body = b"".join(c.chunks(r, time.monotonic() + 20))
                results.append(r.complete and stream_text(r.body) == "word " * 60 and r.events()[-1] == "[DONE]")
        except (OSError, Closed, ValueError, TimeoutError) as e:
            results.append(repr(e))

    threads = [threading.Thread(target=one) for _ in range(20)]
    for t in threads:
        t.start()
    wait_until(lambda: len(started) == 20, 10, "all streams")
    site.serve.signal(signal.SIGTERM)
    time.sleep(0.3)
    status = site.serve.admin("/readyz")[0]
    check(status in (0, 503), "/readyz while draining: %d" % status)
    try:
        with site.connect(timeout=2) as late:
            late.send(request("POST", "/v1/chat/completions", site.headers(), BODY))
            r = late.response()
            check(r.status == 503, "new work is refused: %d" % r.status)
    except (OSError, Closed, TimeoutError):
        pass
    for t in threads:
        t.join()
    equal(results, [True] * 20, "streams")
    equal(site.serve.wait(10), 0, "exit status")
    restart()


@suite.test
def running_answers_end_and_say_close():
    mock.reply(content="ok", delay="500ms")
    with site.connect() as c:
        c.send(request("POST", "/v1/chat/completions", site.headers(), json.dumps(chat_body("hi")).encode()))
        wait_until(lambda: mock.stats()["requests"] == 1, 3, "the request")
        site.serve.signal(signal.SIGTERM)
        r = c.response()
        equal((r.status, r.complete), (200, True), "answer")
        equal(c.ended(3), "eof", "end of the connection")
    equal(site.serve.wait(10), 0, "exit status")
    finals = [a for a in site.audit() if a["record"] == "final"]
    intents = [a for a in site.audit() if a["record"] == "intent"]
    equal(len(intents), len([f for f in finals if f["outcome"] == "answered"]), "every intent has its end")
    restart()


@suite.test
def drain_deadline_ends_streams_with_an_error_event():
    config = json.load(open(site.serve.config_file, encoding="utf-8"))
    config["limits"]["drain_timeout"] = "1s"
    site.serve.write(config)
    site.serve.signal(signal.SIGTERM)
    equal(site.serve.wait(10), 0, "exit status")
    restart()
    mock.reply(content="word " * 4000, stream={"delta_bytes": 5, "pace": "10ms"})
    with site.connect(timeout=15) as c:
        c.send(request("POST", "/v1/chat/completions", site.headers(), BODY))
        r = c.head()
        began = time.monotonic()
        site.serve.signal(signal.SIGTERM)
        r.body = b"".join(c.chunks(r, time.monotonic() + 15))
    check(not r.complete and b"[DONE]" not in r.body, "no proper end")
    check(b'"error"' in r.body, "a terminal error event was sent")
    check(0.5 < time.monotonic() - began < 6, "at the deadline")
    site.serve.wait(10)
    restart()


@suite.test
def sigint_ends_it_too():
    site.serve.signal(signal.SIGINT)
    equal(site.serve.wait(10), 0, "exit status")
    restart()


suite.run()
