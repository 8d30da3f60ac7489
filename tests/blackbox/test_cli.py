"""The command line: check, rules, serve without a file, mock; exit statuses and machine output."""
import json
import os
import re
import shutil
import subprocess
import tempfile

from harness.daemons import BINARY, SLOWER, Mock, Process, environment, wait_until
from harness.site import ATTACK, EMAIL, SECRET
from harness.suite import Suite, check, contains, equal, lacks
from harness.wire import Conn, request

suite = Suite()
work = tempfile.mkdtemp(prefix="sallyport-cli-")
cache = os.environ.get("SALLYPORT_TEST_CACHE") or os.path.join(work, "cache")
os.makedirs(cache, exist_ok=True)
ENV = environment(XDG_CACHE_HOME=cache, HOME=work)


def run(*args, stdin=b"", env=None):
    p = subprocess.run((BINARY,) + args, input=stdin, capture_output=True, env=env or ENV, cwd=work, timeout=120 * SLOWER)
    return p.returncode, p.stdout.decode("utf-8"), p.stderr.decode("utf-8")


def file(name, content):
    path = os.path.join(work, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(content.encode() if isinstance(content, str) else content)
    return path


def jsonl(rows, *args):
    """Output objects of check --jsonl, and the exit status."""
    data = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows).encode()
    status, out, err = run("check", "--jsonl", *args, stdin=data)
    return status, [json.loads(line) for line in out.splitlines()], err


# ---- usage ----

@suite.each([("no verb", []), ("unknown verb", ["frobnicate"]), ("unknown option", ["check", "--frobnicate"]),
             ("bad direction", ["check", "--direction", "sideways", "-"]),
             ("bad stream size", ["check", "--stream", "0", "-"]),
             ("missing file", ["check", "/nonexistent/prompt.txt"]),
             ("missing configuration", ["check", "-c", "/nonexistent", "-"]),
             ("serve with a missing file", ["serve", "-c", "/nonexistent"]),
             ("rules without a verb", ["rules"]), ("mock with a bad option", ["mock", "--frobnicate"]),
             ("mock with a bad certificate", ["mock", "--listen", "127.0.0.1:0", "--tls",
                                              "/nonexistent,/nonexistent"])])
def usage_errors_exit_with_2(args):
    status, _, err = run(*args)
    equal(status, 2, "exit status")
    check(err.strip(), "something is said on standard error")


@suite.each([("help", ["help"]), ("--help", ["--help"]), ("check --help", ["check", "--help"]),
             ("rules --help", ["rules", "--help"]),
             ("serve --help", ["serve", "--help"]), ("mock --help", ["mock", "--help"]), ("version", ["--version"])])
def help_exits_with_0(args):
    status, out, _ = run(*args)
    equal(status, 0, "exit status")
    check(out.strip(), "something is said on standard output")


# ---- check ----

@suite.test
def check_of_clean_text_exits_with_0():
    status, _, _ = run("check", file("clean.txt", "What is the best way to brew tea?\n"))
    equal(status, 0, "exit status")
    equal(run("check", "-", stdin=b"good morning")[0], 0, "exit status from standard input")


@suite.test
def check_of_an_attack_exits_with_1():
    status, out, _ = run("check", file("attack.txt", ATTACK))
    equal(status, 1, "exit status")
    contains(out, "injection.", "output")
    contains(out, "block", "output")


@suite.test
def check_json_has_the_record():
    status, out, _ = run("check", "--format", "json", "-", stdin=("mail %s now" % EMAIL).encode())
    equal(status, 1, "exit status")
    record = json.loads(out)
    equal(record["action"], "redact", "action")
    equal(record["text"], "mail [EMAIL] now", "text")
    f = record["findings"][0]
    equal((f["rule"], f["class"], f["start"], f["end"], f["action"]), ("pii.email", "pii", 5, 5 + len(EMAIL), "redact"),
          "finding")
    check(0 <= record["score"] <= 1, "score")
    check(f["severity"] and f["view"], "severity and view")


ROWS = [{"id": 1, "text": "good morning"}, {"id": "b", "text": ATTACK},
        {"id": 3, "text": "caf\u00e9 \U0001F600 %s!" % EMAIL},
        {"id": 4, "text": "key %s." % SECRET, "direction": "response"}, {"id": 5, "text": ATTACK, "role": "tool"},
        {"id": 6, "text": ""}, {"id": 7, "text": "line\nbreak %s\n" % EMAIL, "role": "user", "direction": "request"}]


@suite.test
def jsonl_answers_each_line_in_order():
    status, out, _ = jsonl(ROWS)
    equal(status, 1, "exit status")
    equal([o["id"] for o in out], [r["id"] for r in ROWS], "ids")
    equal([o["action"] for o in out[:4]], ["allow", "block", "redact", "redact"], "actions")
    equal(out[2]["text"], "caf\u00e9 \U0001F600 [EMAIL]!", "text")
    for row, o in zip(ROWS, out):
        raw = row["text"].encode()
        check(0.0 <= o["score"] <= 1.0, "score is there, for allowed texts too")
        for f in o["findings"]:
            check(0 <= f["start"] <= f["end"] <= len(raw), "byte offsets lie in the text")
            check(f["class"] == f["rule"].split(".")[0], "class")
            if f["rule"] == "pii.email":
                equal(raw[f["start"]:f["end"]].decode(), EMAIL, "the range in bytes")


@suite.test
def jsonl_of_clean_lines_exits_with_0():
    status, out, _ = jsonl([{"id": i, "text": "sentence number %d about tea" % i} for i in range(200)])
    equal((status, len(out)), (0, 200), "exit status and lines")


@suite.test
def jsonl_names_the_line_it_cannot_read():
    status, out, err = run("check", "--jsonl", stdin=b'{"id":1,"text":"a"}\nnot json\n')
    equal(status, 2, "exit status")
    contains(err, "2", "message")
    lacks(err, "not json", "message")


@suite.each([(str(n), n) for n in (1, 2, 3, 7, 16, 64, 100000)])
def stream_pieces_change_nothing(n):
    rows = [dict(r, direction="response") for r in ROWS] + [
        {"id": "pem", "text": "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEowIBAAKCAQEA\n" * 40 +
         "-----END RSA PRIVATE KEY----- ok",
         "direction": "response"}]
    _, whole, _ = jsonl(rows)
    _, cut, _ = jsonl(rows, "--stream", str(n))
    equal([(o["action"], o["text"]) for o in cut], [(o["action"], o["text"]) for o in whole], "actions and texts")


@suite.test
def check_uses_a_tenants_policy():
    config = """version: 1
listen: [{address: "127.0.0.1:1", tls: off}]
upstreams: {u: {url: "http://127.0.0.1:1", provider: openai}}
tenants: [t.yaml]
"""
    file("policy/s.yaml", config)
    tenant = 'tenant: t\nservice_model: paas\ncredentials: [{key_sha256: "%s"}]\nupstream: u\n' \
             'rules: {actions: {pii: block}}\n'
    file("policy/t.yaml", tenant % ("ab" * 32))
    status, out, err = jsonl([{"id": 1, "text": "mail " + EMAIL}], "-c", "policy/s.yaml", "--tenant", "t")
    equal((status, out[0]["action"] if out else err), (1, "block"), "exit status and action")
    equal(run("check", "-c", "policy/s.yaml", "--tenant", "nobody", "-")[0], 2, "unknown tenant")


@suite.test
def check_reads_request_bodies():
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "mail " + EMAIL}]})
    status, out, err = run("check", "--body", "openai_chat", "--format", "json", file("body.json", body))
    equal(status, 1, "exit status; " + err)
    contains(out, "[EMAIL]", "output")
    lacks(out, EMAIL, "output")


# ---- rules ----

@suite.test
def shipped_rules_pass_their_own_tests():
    status, out, err = run("rules", "test")
    equal(status, 0, "exit status; " + err)
    check(re.search(r"\d+ rules, \d+ patterns, \d+ examples: all pass", out), "examples are counted")
    check(re.search(r"carriers: \d+ of \d+ variants found", out), "carriers are counted")
    check(re.search(r"disguises: \d+ of \d+ variants found", out), "disguises are counted")
    check(re.search(r"worst case: \d+\.\d bytes", out), "the costliest rule is named")


@suite.test
def rules_list_names_every_rule():
    status, out, _ = run("rules", "list")
    equal(status, 0, "exit status")
    for rule in ("pii.email", "injection."):
        contains(out, rule, "list")


@suite.test
def rules_explain_says_what_a_rule_does():
    status, out, _ = run("rules", "explain", "pii.email")
    equal(status, 0, "exit status")
    for words in ("pii.email", "redact", "[EMAIL]", "CWE-359: Exposure of private personal information", "base64"):
        contains(out, words, "explanation")


@suite.test
def an_unknown_rule_is_a_failure():
    status, _, err = run("rules", "explain", "pii.nothing")
    equal(status, 1, "exit status")
    check(err.strip(), "something is said on standard error")


PACK = """pack: pii.test
version: 1
rules:
  - id: pii.badge
    title: Staff badge number
    severity: low
    confidence: 0.9
    sensitivity: 1
    patterns: ['BDG-\\d{6}']
    action: redact
    placeholder: "[BADGE]"
    examples:
      match: ["badge BDG-123456", "BDG-000001, BDG-7", "ask for (BDG-246810)"]
      no_match: ["badge BDG-12", "BDG 123456", "a badge"]
"""


def pack_dir(name, text):
    return os.path.dirname(os.path.dirname(file(name + "/pii/test.yaml", text)))


@suite.test
def own_packs_are_tested():
    status, out, err = run("rules", "test", "--rules", pack_dir("good", PACK))
    equal(status, 0, "exit status; " + out + err)


NO_QUOTES = PACK.replace("    action:", "    not: [{pattern: '[\"]', within: 1, left: none, right: none, drop: true}]\n    action:")


@suite.test
def a_value_that_is_lost_in_a_carrier_is_an_error():
    status, out, err = run("rules", "test", "--rules", pack_dir("lost", NO_QUOTES))
    equal(status, 2, "exit status; " + out)
    check(re.search(r"test\.yaml:1[34]:\d+: error: rule pii\.badge: not found in the carrier 'quotes'", err),
          "the example and the carrier are named: " + err)
    excused = NO_QUOTES.replace("    action:", "    variants: {carriers: false, reason: quotes mean a pattern here}\n    action:")
    status, out, err = run("rules", "test", "--rules", pack_dir("excused", excused))
    equal(status, 0, "exit status; " + err)
    contains(out, "excused by their rules", "output")


@suite.test
def what_the_format_recommends_is_told():
    few = PACK.replace(', "ask for (BDG-246810)"]', "]").replace("[BADGE]", "[REDACTED]")
    status, out, err = run("rules", "test", "--verbose", "--rules", pack_dir("few", few))
    equal(status, 2, "exit status; " + out)
    contains(err, "2 examples that match and 3 that do not", "errors")
    contains(err, "warning: rule pii.badge: its placeholder [REDACTED] does not say what stood there", "warnings")


@suite.test
def bench_tells_what_rules_cost():
    text = file("bench.txt", "badge BDG-123456 and BDG-12\n" * 50)
    status, out, err = run("rules", "bench", "--rules", pack_dir("good", PACK), text)
    equal(status, 0, "exit status; " + err)
    row = re.search(r"^pii\.badge +[\d.]+ +(\d+) +(\d+) +(\d+)$", out, re.M)
    check(row, "the rule has a row: " + out)
    equal(int(row.group(3)), 50, "findings")
    check(int(row.group(1)) >= 50 and int(row.group(2)) >= 50 * 10, "anchors and confirmed bytes: " + row.group(0))
    status, out, err = run("rules", "bench", "--rules", pack_dir("good", PACK))
    equal(status, 0, "exit status without a text; " + err)
    status, _, err = run("rules", "bench", "--rules", pack_dir("good", PACK), "/nonexistent/text")
    equal(status, 2, "exit status of a file that is not there")


@suite.test
def own_packs_are_listed():
    status, out, _ = run("rules", "list", "--rules", pack_dir("good", PACK))
    equal(status, 0, "exit status")
    contains(out, "pii.badge", "list")


BROKEN = [
    ("failing example", PACK.replace("badge BDG-123456", "badge BDX-123456"), 13, (1, 2)),
    ("example that must not match", PACK.replace("badge BDG-12\"", "badge BDG-654321\""), 14, (1, 2)),
    ("unknown key", PACK.replace("    severity: low", "    severity: low\n    colour: blue"), 7, (2,)),
    ("unknown severity", PACK.replace("severity: low", "severity: lowish"), 6, (2,)),
    ("bad pattern", PACK.replace("BDG-\\d{6}", "BDG-(\\d{6}"), 9, (2,)),
    ("unbounded redaction", PACK.replace("BDG-\\d{6}", "BDG.*x"), 9, (2,)),
    ("no placeholder", PACK.replace('    placeholder: "[BADGE]"\n', ""), 4, (2,)),
    ("wrong class", PACK.replace("id: pii.badge", "id: secrets.badge"), 4, (2,)),
    ("no YAML", "pack: [pii\n", None, (2,)),
    ("no rules", "pack: pii.test\nversion: 1\n", 1, (2,)),
]


@suite.each(BROKEN)
def broken_packs_are_refused_with_their_place(text, line, statuses):
    directory = pack_dir("broken", text)
    status, out, err = run("rules", "test", "--rules", directory)
    check(status in statuses, "exit status %d is one of %r: %s" % (status, statuses, out + err))
    contains(out + err, "test.yaml:%s" % (line if line is not None else ""), "messages")


@suite.test
def a_wrong_key_hides_no_other_mistake_of_its_rule():
    text = PACK.replace("    severity: low", "    severity: low\n    colour: blue").replace("BDG-\\d{6}", "BDG-(\\d{6}")
    status, out, err = run("rules", "test", "--rules", pack_dir("twice", text))
    equal(status, 2, "exit status")
    contains(out + err, "test.yaml:7:", "messages")
    contains(out + err, "test.yaml:10:", "messages")


@suite.test
def broken_packs_stop_serve():
    directory = pack_dir("broken", PACK.replace("BDG-\\d{6}", "BDG.*x"))
    config = 'version: 1\nlisten: [{address: "127.0.0.1:1", tls: off}]\nrulesets: [%s]\nupstreams: ' \
             '{u: {url: "http://127.0.0.1:1", ' \
             'provider: openai}}\ntenants: [policy/t.yaml]\n' % directory
    file("policy/t.yaml", 'tenant: t\nservice_model: paas\ncredentials: [{key_sha256: "%s"}]\nupstream: u\n' %
         ("ab" * 32))
    status, out, err = run("serve", "-t", "-c", file("broken.yaml", config))
    equal(status, 2, "exit status")
    contains(out + err, "test.yaml:9", "messages")


# ---- serve without a file ----

@suite.test
def serve_without_a_file_answers_at_once():
    home = os.path.join(work, "home")
    os.makedirs(home)
    env = environment(XDG_CACHE_HOME=cache, HOME=home)
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        env.pop(name, None)
    keys = []
    for turn in range(2):
        p = Process(work, "embedded%d" % turn, ["serve"], env=env)
        try:
            out = wait_until(lambda: _ready(p), 30, "the first lines")
            key = re.search(r"tenant key: (\S+)", out).group(1)
            certificate = re.search(r"--cacert '([^']+)'", out).group(1)
            keys.append(key)
            body = json.dumps({"model": "demo", "messages": [{"role": "user", "content": "I am " + EMAIL}]}).encode()
            with Conn(8443, ca=certificate) as c:
                c.send(request("POST", "/v1/chat/completions", [("Authorization", "Bearer " + key),
                                                                ("Content-Type", "application/json")], body))
                r = c.response()
            equal((r.status, r.content()), (200, "echo: I am [EMAIL]"), "answer")
        finally:
            status = p.stop()
        equal(status, 0, "exit status")
        lacks(p.output()[1].decode(), key, "log")
    equal(keys[0], keys[1], "the key of both starts")
    for root, _, names in os.walk(home):
        for n in names:
            if "key" in n:
                equal(os.stat(os.path.join(root, n)).st_mode & 0o077, 0, "others' rights on " + n)


def _ready(p):
    if not p.alive():
        raise RuntimeError("serve ended: " + p.output()[1].decode("utf-8", "replace"))
    out = p.output()[0].decode()
    return out if "tenant key:" in out and "--cacert" in out else None


# ---- mock ----

@suite.test
def the_example_script_works():
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "conf", "mock-script.yaml")
    record = os.path.join(work, "record.jsonl")
    p = Process(work, "scripted", ["mock", "--listen", "127.0.0.1:0", "--script", source, "--record", record])
    try:
        line = wait_until(lambda: p.output()[0].decode(), 5, "the first line")
        port = int(line.split(":")[-1])
        body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "weather?"}]}).encode()
        with Conn(port) as c:
            c.send(request("POST", "/v1/chat/completions", [("Content-Type", "application/json")], body))
            contains(c.response().content(), "raining in Lisbon", "answer")
            for want in (429, 200):
                c.send(request("POST", "/v1/chat/completions", [], b'{"model":"flaky","messages":[]}'))
                equal(c.response().status, want, "status")
    finally:
        equal(p.stop(), 0, "exit status")
    with open(record, encoding="utf-8") as f:
        equal([json.loads(line)["seq"] for line in f], [1, 2, 3], "record file")


@suite.test
def the_mock_is_deterministic():
    answers = []
    for turn in range(2):
        m = Mock(work, name="same%d" % turn)
        try:
            body = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}]}).encode()
            with Conn(m.port) as c:
                c.send(request("POST", "/v1/chat/completions", [], body))
                answers.append(c.response().body)
        finally:
            equal(m.stop(), 0, "exit status")
    equal(answers[0], answers[1], "answers of two runs")


@suite.test
def a_broken_script_is_refused_with_its_place():
    status, _, err = run("mock", "--script", file("script.yaml", "rules:\n- reply: {stauts: 200}\n"))
    equal(status, 2, "exit status")
    contains(err, "script.yaml:2:", "message")


@suite.test
def nothing_is_left_behind():
    shutil.rmtree(work)
    check(not os.path.exists(work), "the folder is gone")


suite.run()
