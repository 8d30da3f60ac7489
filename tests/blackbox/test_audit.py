"""The audit file: one intent before the prompt leaves, one final record after, numbers that rise;
no answer without it."""
import json
import os

from harness.daemons import wait_until
from harness.site import ATTACK, EMAIL, PROMPT_WORD, Site, chat_body
from harness.suite import Suite, check, equal, lacks
from harness.wire import request

suite = Suite()
site = suite.site(Site("audit"))
full = suite.site(Site("audit_full", tenants={"app": {"upstream": "openai"}}, config={"audit": {"file": "/dev/full"}},
                       start=False))
full.start(ready=False)
wait_until(lambda: full.serve.admin("/healthz")[0] == 200, 30, "/healthz")
mock = site.mock


def new_records(fn, count):
    before = len(site.audit())
    r = fn()
    records = wait_until(lambda: len(site.audit()) >= before + count and site.audit()[before:], 3, "%d records" % count)
    equal(len(records), count, "records of one request")
    return r, records


@suite.test
def one_intent_and_one_final_record():
    mock.script()
    r, (intent, final) = new_records(lambda: site.chat("hi", model="gpt-audit"), 2)
    equal((intent["record"], final["record"]), ("intent", "final"), "records")
    equal(intent["request_id"], final["request_id"], "request id")
    equal(final["request_id"], r.get("x-sallyport-request-id"), "request id in the answer")
    equal((final["tenant"], final["mode"], final["service_model"], final["model"], final["upstream"]),
          ("app", "enforce", "paas", "gpt-audit", "openai"), "identity")
    equal((final["status"], final["outcome"], final["stream"]), (200, "answered", False), "outcome")
    equal(final["upstream_request_id"], "req_mock", "the provider's request id")
    equal((final["decision"]["request"]["action"], final["decision"]["answer"]["action"]), ("allow", "allow"),
          "decisions")
    size = len(json.dumps(chat_body("hi", model="gpt-audit")))
    equal((final["bytes"]["request"], final["bytes"]["forwarded"]), (size, size), "body sizes")
    check(final["bytes"]["answer"] == len(r.body), "size of the answer")
    check(final["bytes"]["scanned"] == final["bytes"]["text"] > 0, "everything was looked at")
    check(final["timings_us"]["total"] >= final["timings_us"]["inspect"] >= 0, "timings")
    check(len(final["generation"]) >= 16, "generation")
    check(final["time"].endswith("Z") and "T" in final["time"], "time")


@suite.test
def blocked_request_has_only_a_final_record():
    _, (final,) = new_records(lambda: site.chat(ATTACK), 1)
    equal((final["record"], final["status"], final["outcome"]), ("final", 400, "refused"), "record")
    decision = final["decision"]["request"]
    equal((decision["action"], decision["cause"]), ("block", "policy"), "decision")
    check(decision["rule"].split(".")[0] in ("injection", "jailbreak"), "rule %r" % decision["rule"])
    check(any(f["rule"] == decision["rule"] and f["action"] == "block" for f in final["findings"]),
          "the finding is listed")
    check(decision["score"] > 0, "score")


@suite.test
def redaction_is_recorded_by_rule_and_count():
    mock.reply(content="and " + EMAIL)
    _, (_, final) = new_records(lambda: site.chat("%s and %s" % (EMAIL, EMAIL)), 2)
    by = {(f["direction"], f["rule"]): f for f in final["findings"] if f["action"] == "redact"}
    equal(by[("request", "pii.email")]["count"], 2, "request findings")
    equal(by[("response", "pii.email")]["count"], 1, "answer findings")
    equal((final["edited_request"], final["edited_answer"]), (True, True), "edited")


@suite.test
def stream_record_comes_at_its_end():
    mock.reply(content="and " + EMAIL)
    r, (_, final) = new_records(lambda: site.chat("hi", stream=True), 2)
    equal((final["stream"], final["status"], final["outcome"]), (True, 200, "answered"), "record")
    equal(final["bytes"]["answer"], len(r.body), "size of the answer")
    check(final["edited_answer"], "edited")


@suite.test
def grounded_requests_say_so():
    mock.script()
    _, (intent, final) = new_records(lambda: site.chat("hi", tenant="grounded"), 2)
    check(intent["grounded"] and final["grounded"], "grounded")
    check(final["bytes"]["forwarded"] > final["bytes"]["request"], "sizes")


@suite.test
def malformed_requests_are_recorded():
    _, (final,) = new_records(lambda: site.send(b"POST /x HTTP/1.1\r\n\r\n"), 1)
    equal((final["status"], final["tenant"], final["outcome"]), (400, None, "refused"), "record")
    _, (final,) = new_records(lambda: site.post(b"{"), 1)
    equal((final["status"], final["tenant"]), (400, "app"), "record")


@suite.test
def numbers_rise_by_one():
    for _ in range(20):
        site.chat("hi")
    seq = wait_until(lambda: len(site.audit()) >= 40 and [r["seq"] for r in site.audit()], 3, "the records")
    equal(seq, list(range(seq[0], seq[0] + len(seq))), "numbers")


@suite.test
def hostile_text_stays_on_one_line():
    mock.script()
    model = 'm\n"}\x1b[31m\u2028{"record":"final"}\r' + "x" * 100
    _, (_, final) = new_records(lambda: site.chat('"}\n{"seq":1}\x00', model=model), 2)
    check(final["model"].startswith("m") and len(final["model"]) <= 64, "model in the record")
    with open(site.audit_file, "rb") as f:
        data = f.read()
    for line in data.splitlines():
        check(isinstance(json.loads(line), dict), "one object a line")
    for bad in (b"\x1b", b"\r", b"\x00"):
        lacks(data, bad, "audit file")


@suite.test
def texts_are_not_recorded():
    mock.reply(content="harmless answer words")
    site.chat("harmless prompt words")
    with open(site.audit_file, encoding="utf-8") as f:
        data = f.read()
    for words in ("harmless", PROMPT_WORD, EMAIL):
        lacks(data, words, "audit file")


@suite.test
def intent_is_on_disk_before_the_prompt_leaves():
    mock.reply(delay="400ms", content="ok")
    before = len(site.audit())
    with site.connect() as c:
        c.send(request("POST", "/v1/chat/completions", site.headers(), json.dumps(chat_body("hi")).encode()))
        wait_until(lambda: mock.stats()["requests"] == 1, 3, "the request at the upstream")
        records = site.audit()[before:]
        equal([r["record"] for r in records], ["intent"], "records while the upstream works")
        equal(c.response().status, 200, "status")


@suite.test
def numbering_goes_on_after_a_restart():
    last = site.audit()[-1]["seq"]
    equal(site.serve.stop(), 0, "exit status")
    site.start(name="serve2")
    site.chat("hi")
    records = wait_until(lambda: [r for r in site.audit() if r["seq"] > last and r["record"] == "final"], 3,
                         "new records")
    seq = [r["seq"] for r in site.audit()]
    equal(seq, list(range(seq[0], seq[0] + len(seq))), "numbers")
    equal(records[-1]["outcome"], "answered", "outcome")


@suite.test
def torn_last_line_is_closed_off():
    equal(site.serve.stop(), 0, "exit status")
    with open(site.audit_file, "ab") as f:
        f.write(b'{"seq":99999,"record":"fin')
    site.start(name="serve3")
    site.chat("hi")
    with open(site.audit_file, "rb") as f:
        lines = f.read().splitlines()
    torn = [i for i, line in enumerate(lines) if line == b'{"seq":99999,"record":"fin']
    equal(len(torn), 1, "the torn line stands alone")
    equal(json.loads(lines[torn[0] + 1])["record"], "gap", "a gap record follows")
    seq = [json.loads(line)["seq"] for i, line in enumerate(lines) if i != torn[0]]
    equal(seq, sorted(set(seq)), "numbers rise")
    site.extra_sinks.append(("audit", b"\n".join(lines)))
    os.unlink(site.audit_file)  # the torn line is no JSON for later readers


# ---- no audit, no answer ----

@suite.test
def full_disk_refuses_and_sends_nothing():
    for stream in (False, True):
        full.mock.script()
        r = full.chat("hi", stream=stream)
        equal(r.status, 503, "status")
        equal(r.error()["code"], "audit_unavailable", "code")
        check(r.get("retry-after"), "retry-after")
        equal((full.mock.stats()["requests"], full.mock.stats()["bytes"]), (0, 0), "requests and bytes at the upstream")
    check(full.serve.metric("sallyport_audit_failures_total") >= 2, "the failures are counted")
    check(full.serve.alive(), "the server lives")
    equal(full.serve.admin("/readyz")[0], 503, "/readyz")


suite.run()
