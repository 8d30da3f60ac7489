"""`sallyport check` for people: on a terminal it shows excerpts and advice; in pipes and files it never does."""
import base64
import fcntl
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import tempfile
import termios
import threading

from harness.daemons import BINARY, SLOWER, environment
from harness.site import ATTACK, EMAIL, SECRET
from harness.suite import Suite, check, contains, equal, lacks

suite = Suite()
work = tempfile.mkdtemp(prefix="sallyport-check-")
cache = os.environ.get("SALLYPORT_TEST_CACHE") or os.path.join(work, "cache")
os.makedirs(cache, exist_ok=True)
HOSTILE = "\x1b]0;owned\x07 \x1b[31m \x9b2J \x00 \x08 \u200b \u202e \U000e0041"


def child_env(**more):
    env = environment(**dict({"XDG_CACHE_HOME": cache, "HOME": work, "TERM": "xterm"}, **more))
    if "NO_COLOR" not in more:
        env.pop("NO_COLOR", None)
    return env


def on_terminal(text, *args, columns=100, **env):
    """Exit status, what a terminal got, standard error."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    child = subprocess.Popen([BINARY, "check", *args], stdin=subprocess.PIPE, stdout=theirs, stderr=subprocess.PIPE,
                             env=child_env(**env), cwd=work)
    os.close(theirs)
    data = text if isinstance(text, bytes) else text.encode()
    errors = []
    feed = threading.Thread(target=lambda: errors.append(child.communicate(data, timeout=60 * SLOWER)[1]))
    feed.start()
    out = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        out += piece
    feed.join()
    os.close(ours)
    return child.returncode, out.decode().replace("\r\n", "\n"), errors[0].decode()


def in_pipe(text, *args):
    p = subprocess.run([BINARY, "check", *args], input=text.encode(), capture_output=True, env=child_env(), cwd=work,
                       timeout=60 * SLOWER)
    return p.returncode, p.stdout.decode(), p.stderr.decode()


def plain(shown):
    return re.sub("\x1b\\[[0-9;]*m", "", shown)


def marked(shown):
    """Excerpts: (line as shown, what the marks below it stand under), of one-column text."""
    out, lines = [], plain(shown).splitlines()
    for above, below in zip(lines, lines[1:]):
        if re.fullmatch(r" +\| +\^+", below):
            out.append((above, above[below.index("^"):below.rindex("^") + 1]))
    return out


@suite.test
def a_terminal_gets_the_verdict_places_and_advice():
    status, shown, _ = on_terminal("Hello,\nwrite to %s today.\n\nThe key is %s.\n" % (EMAIL, SECRET))
    text = plain(shown)
    equal(status, 1, "exit status")
    check(text.startswith("REDACT"), "the verdict comes first")
    for words in ("pii.email", "secrets.aws_access_key_id", "line 2, column 10", "line 4, column 12", "severity",
                  "revoke", "placeholder", "What is sent on:", "write to [EMAIL] today.", "Exit status 1."):
        contains(text, words, "output")
    found = [under for _, under in marked(shown)]
    check(EMAIL in found and SECRET in found, "both values are marked, and nothing beside them: %r" % found)


@suite.test
def clean_text_is_said_to_be_clean():
    status, shown, _ = on_terminal("good morning\n")
    equal(status, 0, "exit status")
    contains(plain(shown), "ALLOW", "output")
    contains(plain(shown), "Nothing found. Exit status 0.", "output")


@suite.test
def columns_are_counted_in_characters():
    _, shown, _ = on_terminal("caf\u00e9 \u65e5\u672c %s\n" % EMAIL)
    contains(plain(shown), "line 1, column 9", "output")
    row, marks = next((a, b) for a, b in zip(plain(shown).splitlines(), plain(shown).splitlines()[1:]) if "^" in b)
    equal(marks.index("^"), row.index(EMAIL) + 2, "two wide characters stand in front, each two columns wide")


@suite.test
def disguises_are_named_in_words():
    _, shown, _ = on_terminal("see " + base64.b64encode(ATTACK.encode()).decode())
    contains(plain(shown), "disguised as: base64", "output")


@suite.each([("colour", {}, True), ("NO_COLOR", {"NO_COLOR": "1"}, False), ("dumb terminal", {"TERM": "dumb"}, False)])
def colour_is_used_where_it_is_wanted(env, colour):
    status, shown, _ = on_terminal(ATTACK, **env)
    equal((status, "\x1b[" in shown), (1, colour), "exit status and colour")
    check(marked(shown), "the excerpt is there")


@suite.test
def a_pipe_gets_no_excerpt():
    status, out, _ = in_pipe("mail %s now\n" % EMAIL)
    equal(status, 1, "exit status")
    lacks(out, EMAIL, "output")
    lacks(out, "\x1b", "output")
    check(re.match(r"action: redact\nscore:  \d\.\d{3}\n  pii\.email ", out), "the form that scripts read: " + out)
    check(out.endswith("---\nmail [EMAIL] now\n"), "the edited text comes last")


@suite.test
def json_has_no_excerpt_even_on_a_terminal():
    status, shown, _ = on_terminal("mail %s now" % EMAIL, "--format", "json")
    equal(status, 1, "exit status")
    lacks(shown, EMAIL, "output")
    equal(json.loads(shown)["text"], "mail [EMAIL] now", "text")


@suite.each([("before", HOSTILE + " %s"), ("behind", "%s " + HOSTILE), ("around", HOSTILE + "%s" + HOSTILE),
             ("other line", HOSTILE + "\n%s\n" + HOSTILE)])
def the_text_cannot_command_the_terminal(form):
    status, shown, _ = on_terminal(form % EMAIL, columns=200)
    equal(status, 1, "exit status")
    rest = plain(shown)
    bad = sorted({c for c in rest if (ord(c) < 32 and c != "\n") or 0x7f <= ord(c) < 0xa0 or ord(c) > 0xe0000 or
                  c in "\u200b\u202e"})
    equal(bad, [], "characters that the terminal would obey or hide")
    contains(rest, "<U+001B>", "output")
    contains(rest, EMAIL, "output")


@suite.test
def heaps_of_combining_marks_stay_on_their_line():
    _, shown, _ = on_terminal("z%s %s" % ("\u0301" * 3000, EMAIL), columns=80)
    check(max(map(len, plain(shown).splitlines())) < 200, "lines are of the terminal's width")
    lacks(plain(shown), "\u0301" * 4, "output")
    contains(plain(shown), EMAIL, "output")


@suite.test
def what_acts_is_shown_before_very_many_notes():
    _, shown, _ = on_terminal("\u202ea\u202c " * 60 + EMAIL, columns=80)
    contains(plain(shown), "pii.email", "output")
    lacks(plain(shown), "unicode.", "output")
    contains(plain(shown), "more; --format json lists them all", "output")


@suite.each([("in the middle", 100000, 100000), ("at the begin", 0, 200000), ("at the end", 200000, 0)])
def a_very_long_line_is_cut_around_what_was_found(before, behind):
    status, shown, _ = on_terminal("ab " * (before // 3) + EMAIL + " cd" * (behind // 3), columns=80, NO_COLOR="1")
    equal(status, 1, "exit status")
    rows = shown.splitlines()
    check(len(rows) < 40 and max(map(len, rows)) <= 110, "short lines: %d, %d" % (len(rows), max(map(len, rows))))
    row, under = marked(shown)[0]
    equal(under, EMAIL, "what is marked")
    check(len(row) <= 80, "the excerpt fits the terminal: %d" % len(row))
    equal(("| ..." in row, row.endswith("...")), (before > 0, behind > 0), "where it is cut")


@suite.test
def a_find_over_many_lines_is_shown_by_its_first():
    key = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEowIBAAKCAQEA\n" * 40 + "-----END RSA PRIVATE KEY-----"
    _, shown, _ = on_terminal("x\n" + key + "\nend\n")
    contains(plain(shown), "-----BEGIN RSA PRIVATE KEY-----", "output")
    lacks(plain(shown), "MIIEow", "output")
    contains(plain(shown), "it goes on below", "output")


@suite.test
def a_body_has_places_but_no_excerpt():
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "mail " + EMAIL}]})
    status, shown, _ = on_terminal(body, "--body", "openai_chat")
    equal(status, 1, "exit status")
    check(re.search(r"in text \d of the body \(user\), bytes 5 to %d" % (5 + len(EMAIL)), plain(shown)), "the place: " + shown)
    lacks(shown, EMAIL, "output")


@suite.test
def text_that_is_no_utf8_is_refused():
    status, shown, err = on_terminal(b"caf\xe9 \x1b[31m")
    equal((status, shown), (2, ""), "exit status and output")
    contains(err, "not UTF-8", "message")
    lacks(err, "\x1b", "message")


@suite.test
def nothing_is_left_behind():
    shutil.rmtree(work)
    check(not os.path.exists(work), "the folder is gone")


suite.run()
