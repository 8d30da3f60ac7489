"""SIGHUP: a good configuration takes over without losing a request, a broken one changes nothing; -t tells what
is wrong."""
import json
import os
import subprocess
import threading
import time

from harness.daemons import BINARY, SLOWER, wait_until
from harness.site import ATTACK, Site, chat_body
from harness.suite import Suite, check, contains, equal
from harness.wire import Closed, request, stream_text

suite = Suite()
site = suite.site(Site("reload", tenants={"app": {"upstream": "openai"}}))
mock = site.mock
BODY = json.dumps(chat_body("hi")).encode()


def reloads():
    return tuple(site.serve.metric("sallyport_config_" + n) for n in ("reloads_total", "reload_failures_total"))


def reload_and_wait(good=True):
    ok, bad = reloads()
    began = time.monotonic()
    site.serve.reload()
    # A reload of an earlier test may still be under way on a slow build: only the counter in question is looked at.
    wait_until(lambda: reloads()[0] > ok if good else reloads()[1] > bad, 10, "the reload")
    return time.monotonic() - began


# ---- good files ----

@suite.test
def a_new_tenant_is_served_and_an_old_one_is_not():
    equal(site.chat("hi", tenant="late").status, 401, "before")
    site.write_tenant("late", {"upstream": "bare"})
    reload_and_wait()
    wait_until(lambda: site.chat("hi", tenant="late").status == 200, 2, "the new tenant")
    os.unlink(os.path.join(site.dir, "tenants", "late.yaml"))
    reload_and_wait()
    wait_until(lambda: site.chat("hi", tenant="late").status == 401, 2, "its end")
    site.tenants["late"] = {}  # its key must not be in any output either


@suite.test
def policy_changes_take_effect_within_a_second():
    equal(site.chat(ATTACK).status, 400, "enforcing")
    site.write_tenant("app", {"upstream": "openai", "mode": "monitor"})
    began = time.monotonic()
    site.serve.reload()
    wait_until(lambda: site.chat(ATTACK).status == 200, 3, "the new policy")
    check(time.monotonic() - began < 2.0 * SLOWER, "in time")
    site.write_tenant("app", {"upstream": "openai"})
    reload_and_wait()
    wait_until(lambda: site.chat(ATTACK).status == 400, 2, "the old policy again")


@suite.test
def kept_connections_and_running_streams_live_on():
    mock.reply(content="word " * 60, stream={"delta_bytes": 5, "pace": "20ms"})
    with site.connect() as kept, site.connect() as streaming:
        kept.send(request("POST", "/v1/chat/completions", site.headers(), BODY))
        equal(kept.response().status, 200, "before")
        streaming.send(request("POST", "/v1/chat/completions", site.headers(),
                               json.dumps(chat_body("hi", stream=True)).encode()))
        r = streaming.head()
        reload_and_wait()
        kept.send(request("POST", "/v1/chat/completions", site.headers(), BODY))
        equal(kept.response().status, 200, "after, on the same connection")
        r.body = b"".join(streaming.chunks(r, time.monotonic() + 10))
        check(r.complete and r.events()[-1] == "[DONE]", "the stream ended properly")
        equal(stream_text(r.body), "word " * 60, "text")


@suite.test
def certificates_are_reread():
    def serial():
        with site.connect() as c:
            return c.tls.getpeercert()["serialNumber"]
    before = serial()
    with site.connect() as kept:
        new = site.certs.leaf("server2", "DNS:localhost,IP:127.0.0.1")
        for old_file, new_file in zip(site.certs.server, new):
            os.rename(new_file, old_file)
        reload_and_wait()
        wait_until(lambda: serial() != before, 2, "the new certificate")
        kept.send(request("POST", "/v1/chat/completions", site.headers(), BODY))
        equal(kept.response().status, 200, "the old connection")


class Load(threading.Thread):
    """Requests without a pause until stopped; keeps what went wrong."""

    def __init__(self, keep):
        super().__init__()
        self.keep, self.stop, self.count, self.problems = keep, False, 0, []

    def run(self):
        conn = None
        while not self.stop:
            try:
                conn = conn or site.connect()
                conn.send(request("POST", "/v1/chat/completions", site.headers(), BODY))
                r = conn.response()
                if r.status != 200 or not r.complete:
                    self.problems.append("status %d" % r.status)
                self.count += 1
                time.sleep(0.002)
                if not self.keep:
                    conn.close()
                    conn = None
            except (OSError, Closed, ValueError, TimeoutError) as e:
                self.problems.append(repr(e))
                conn = None


@suite.test
def reloads_under_load_lose_no_request():
    mock.script()
    load = [Load(keep=i % 2 == 0) for i in range(4)]
    for t in load:
        t.start()
    try:
        for i in range(6):
            site.write_tenant("app", {"upstream": "openai", "mode": "monitor" if i % 2 else "enforce"})
            reload_and_wait()
            time.sleep(0.1)
    finally:
        for t in load:
            t.stop = True
        for t in load:
            t.join()
    equal([p for t in load for p in t.problems], [], "problems")
    check(min(t.count for t in load) > 10, "requests were made: %r" % [t.count for t in load])
    site.write_tenant("app", {"upstream": "openai"})
    reload_and_wait()


@suite.test
def each_decision_names_its_generation():
    site.chat("hi")
    first = site.audit()[-1]["generation"]
    site.write_tenant("app", {"upstream": "openai", "mode": "monitor"})
    reload_and_wait()
    time.sleep(0.2)
    site.chat("hi")
    second = site.audit()[-1]["generation"]
    check(first and second and first != second, "the generation changes with the policy")
    site.write_tenant("app", {"upstream": "openai"})
    reload_and_wait()


@suite.test
def a_reload_storm_settles():
    for _ in range(10):
        site.serve.reload()
        time.sleep(0.01)
    wait_until(lambda: site.serve.metric("sallyport_config_stale") == 0 and site.chat("hi").status == 200, 10,
               "service")
    seen = [None, reloads()]
    while seen[0] != seen[1]:  # building goes on beside the service: wait for the last one
        time.sleep(1.5)
        seen = [seen[1], reloads()]


# ---- broken files ----

FIVE = """version: 1
workers: many
listen:
  - address: 127.0.0.1:%(port)d
    tls: {certificate: %(cert)s, key: %(key)s}
  - address: "0.0.0.0:0x50"
    tls: {certificate: %(cert)s, key: %(key)s}
admin: {address: 127.0.0.1:%(admin)d}
audit: {file: audit.jsonl, colour: blue}
upstreams:
  openai:
    url: http://api.example.com
    provider: openai
  azure:
    url: https://localhost
    provider: azure_openay
tenants: [tenants/*.yaml]
"""
LINES = [2, 6, 9, 12, 16]


def five_mistakes():
    return FIVE % {"port": site.serve.port, "admin": site.serve.admin_port, "cert": site.certs.server[0],
                   "key": site.certs.server[1]}


def test_config(path):
    p = subprocess.run([BINARY, "serve", "-c", path, "-t"], capture_output=True, env=site.environment(), timeout=60)
    site.extra_sinks.append(("serve -t", p.stdout + p.stderr))
    return p.returncode, p.stdout.decode() + p.stderr.decode()


@suite.test
def t_accepts_a_good_file():
    status, out = test_config(site.serve.config_file)
    equal(status, 0, "exit status; it said " + out)


@suite.test
def t_reports_all_five_mistakes_with_their_places():
    path = os.path.join(site.dir, "five.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(five_mistakes())
    status, out = test_config(path)
    equal(status, 2, "exit status")
    for line in LINES:
        contains(out, "five.yaml:%d:" % line, "messages")
    errors = [l for l in out.splitlines() if ": error: " in l]
    equal(len(errors), 5, "number of messages in %r" % out)


def still_served_after(content):
    """Writes a broken file, reloads, and checks that nothing changed."""
    good = json.load(open(site.serve.config_file, encoding="utf-8"))
    mock.script()
    with site.connect() as kept:
        kept.send(request("POST", "/v1/chat/completions", site.headers(), BODY))
        equal(kept.response().status, 200, "before")
        log_before = len(site.serve.output()[1])
        with open(site.serve.config_file, "w", encoding="utf-8") as f:
            f.write(content)
        try:
            reload_and_wait(good=False)
        finally:
            site.serve.write(good)
        kept.send(request("POST", "/v1/chat/completions", site.headers(), BODY))
        equal(kept.response().status, 200, "a kept connection")
    equal(site.chat("hi").status, 200, "a new connection")
    equal(site.chat(ATTACK).status, 400, "the old policy")
    equal(site.serve.metric("sallyport_config_stale"), 1, "config_stale")
    check(site.serve.alive(), "the server lives")
    said = site.serve.output()[1][log_before:].decode()
    reload_and_wait()
    wait_until(lambda: site.serve.metric("sallyport_config_stale") == 0, 3, "config_stale to end")
    return said


@suite.test
def a_file_with_five_mistakes_keeps_the_old_one():
    said = still_served_after(five_mistakes())
    for line in LINES:
        contains(said, ".yaml:%d:" % line, "log")


@suite.each([("no YAML", "version: [1\n  - :"), ("empty", ""), ("missing", "version: 1\n"),
             ("not UTF-8", "version: 1\nx: \udcff\n")])
def an_unreadable_file_keeps_the_old_one(content):
    still_served_after(content.encode("utf-8", "surrogateescape").decode("latin-1") if "\udcff" in content else content)


@suite.test
def a_broken_tenant_keeps_the_old_ones():
    site.write_tenant("app", {"upstream": "nowhere", "mode": "sometimes"})
    ok, bad = reloads()
    site.serve.reload()
    wait_until(lambda: reloads() == (ok, bad + 1), 10, "the refusal")
    equal(site.chat("hi").status, 200, "service")
    contains(site.serve.output()[1].decode(), "app.yaml:", "log")
    site.write_tenant("app", {"upstream": "openai"})
    reload_and_wait()


@suite.test
def a_missing_certificate_keeps_the_old_one():
    os.rename(site.certs.server[0], site.certs.server[0] + ".away")
    ok, bad = reloads()
    site.serve.reload()
    wait_until(lambda: reloads() == (ok, bad + 1), 10, "the refusal")
    equal(site.chat("hi").status, 200, "service")
    os.rename(site.certs.server[0] + ".away", site.certs.server[0])
    reload_and_wait()


@suite.test
def a_client_that_was_sending_is_answered_by_the_configuration_it_began_with():
    mock.script()
    with site.connect() as c:
        data = request("POST", "/v1/chat/completions", site.headers(), BODY)
        c.send(data[:-5])
        reload_and_wait()
        c.send(data[-5:])
        equal(c.response().status, 200, "status")


suite.run()
