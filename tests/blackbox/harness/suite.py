"""Collects tests, runs them in order, prints what failed and one closing line."""
import os
import sys
import time
import traceback


class Failed(AssertionError):
    pass


def check(condition, what):
    if not condition:
        raise Failed(what)


def equal(got, want, what="value"):
    if got != want:
        raise Failed("%s: got %r, expected %r" % (what, shorten(got), shorten(want)))


def contains(haystack, needle, what="text"):
    if needle not in haystack:
        raise Failed("%s: %r not found in %r" % (what, needle, shorten(haystack)))


def lacks(haystack, needle, what="text"):
    if needle in haystack:
        raise Failed("%s: %r found in %r" % (what, needle, shorten(haystack)))


def shorten(value):
    text = value if isinstance(value, (str, bytes)) else repr(value)
    return text if len(text) <= 600 else text[:300] + (b" ... " if isinstance(text, bytes) else " ... ") + text[-200:]


class Suite:
    def __init__(self):
        self.tests = []
        self.sites = []

    def test(self, fn):
        self.tests.append((fn.__name__, fn))
        return fn

    def each(self, rows):
        """Decorator: one test for each row (name, *arguments)."""
        def add(fn):
            for row in rows:
                self.tests.append(("%s[%s]" % (fn.__name__, row[0]), lambda row=row: fn(*row[1:])))
            return fn
        return add

    def site(self, site):
        """Registers a site: it is stopped, and searched for planted values, at the end."""
        self.sites.append(site)
        return site

    def run(self):
        passed, failed = 0, 0
        only = sys.argv[1] if len(sys.argv) > 1 else ""
        tests = [t for t in self.tests if only in t[0]]
        for i, site in enumerate(self.sites):
            name = "nothing_planted_in_outputs_and_clean_end" + ("_%d" % (i + 1) if i else "")
            tests.append((name, lambda site=site: equal(site.close(), [], "problems")))
        for name, fn in tests:
            start = time.monotonic()
            try:
                fn()
                passed += 1
                if os.environ.get("SALLYPORT_TEST_VERBOSE"):
                    print("ok   %s (%.2f s)" % (name, time.monotonic() - start), flush=True)
            except Exception as e:  # a test may fail in any way
                failed += 1
                where = traceback.extract_tb(e.__traceback__)
                lines = [f.lineno for f in where if "harness" not in f.filename]
                print("FAIL %s (line %s): %s: %s" % (name, lines[-1] if lines else "?", type(e).__name__, e),
                      flush=True)
        print("%d passed, %d failed" % (passed, failed), flush=True)
        sys.exit(1 if failed else 0)
