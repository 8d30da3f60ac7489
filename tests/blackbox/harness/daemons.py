"""Starts and stops the binary: `sallyport mock` and `sallyport serve`."""
import atexit
import copy
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import time

BINARY = os.environ.get("SALLYPORT_BIN", "")
if BINARY and os.path.isdir(BINARY):
    BINARY = os.path.join(BINARY, "sallyport")

# Sanitizers slow everything down: times that a test allows are multiplied by this.
SLOWER = float(os.environ.get("SALLYPORT_TEST_SLOWER", "1"))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(fn, seconds=5.0, what="condition"):
    """The first true value of fn."""
    deadline = time.monotonic() + seconds * SLOWER
    while True:
        value = fn()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError("%s did not come true in %.1f s" % (what, seconds * SLOWER))
        time.sleep(0.01)


def environment(**more):
    env = dict(os.environ)
    for name in list(env):
        if name.lower().endswith("_proxy"):
            del env[name]
    env.update(more)
    return env


class Process:
    """A child whose output goes to files, so that it can be searched."""

    def __init__(self, directory, name, args, env=None):
        if not BINARY:
            raise RuntimeError("SALLYPORT_BIN is not set")
        self.name = name
        self.stdout_file, self.stderr_file = (os.path.join(directory, name + ext) for ext in (".out", ".err"))
        with open(self.stdout_file, "ab") as out, open(self.stderr_file, "ab") as err:
            self.child = subprocess.Popen([BINARY] + args, stdout=out, stderr=err, stdin=subprocess.DEVNULL,
                                          env=env or environment(), cwd=directory)
        atexit.register(self._abandon, self.child)

    @staticmethod
    def _abandon(child):
        if child.poll() is None:
            child.kill()

    def output(self):
        return open(self.stdout_file, "rb").read(), open(self.stderr_file, "rb").read()

    def alive(self):
        return self.child.poll() is None

    def signal(self, number):
        self.child.send_signal(number)

    def wait(self, seconds=10.0):
        return self.child.wait(seconds * SLOWER)

    def stop(self, seconds=15.0):
        """SIGTERM; the exit status, or -9 when it had to be killed."""
        if self.alive():
            self.signal(signal.SIGTERM)
        try:
            return self.wait(seconds)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            return -signal.SIGKILL


class Mock(Process):
    """The fake upstream of the binary itself."""

    def __init__(self, directory, tls=None, name="mock"):
        args = ["mock", "--listen", "127.0.0.1:0", "--quiet"]
        if tls:
            args += ["--tls", "%s,%s" % tls]
        super().__init__(directory, name, args)
        self.tls = tls is not None
        line = wait_until(self._listening, 10, "the mock's first line")
        self.port = int(line.rsplit(":", 1)[1])

    def _listening(self):
        if not self.alive():
            raise RuntimeError("mock ended: " + self.output()[1].decode("utf-8", "replace"))
        for line in self.output()[0].decode("utf-8").splitlines():
            if "listening on" in line:
                return line.strip()
        return None

    def url(self, host="localhost"):
        return "%s://%s:%d" % ("https" if self.tls else "http", host, self.port)

    def call(self, method, path, body=None):
        if self.tls:
            ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            ctx.check_hostname, ctx.verify_mode = False, ssl.CERT_NONE
            c = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=ctx)
        else:
            c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            c.request(method, path, body=body)
            r = c.getresponse()
            data = r.read()
            if r.status != 200:
                raise RuntimeError("mock says %d: %s" % (r.status, data.decode("utf-8", "replace")))
            return data
        finally:
            c.close()

    def reset(self):
        self.call("POST", "/__reset", b"")

    def script(self, *rules):
        """Each rule is {"match": ..., "reply": ...}; none = echo again. Also forgets what was received."""
        self.call("POST", "/__script", json.dumps({"rules": rules}).encode() if rules else b"")
        self.reset()

    def reply(self, **reply):
        self.script({"reply": reply})

    def received(self):
        return json.loads(self.call("GET", "/__received"))

    def stats(self):
        return json.loads(self.call("GET", "/__stats"))

    def last(self):
        """The newest request, with its body parsed as .["json"]."""
        got = self.received()
        if not got:
            raise AssertionError("the upstream received nothing")
        r = got[-1]
        r["json"] = json.loads(r["body"]) if r.get("body") else None
        r["header"] = {n.lower(): v for n, v in r["headers"]}
        return r


class Serve(Process):
    """The proxy with one TLS listener, one plain loopback listener, and the admin port."""

    def __init__(self, directory, config, env=None, name="serve", ready=True):
        self.dir = directory
        self.config_file = os.path.join(directory, name + ".yaml")
        self.port, self.plain_port, self.admin_port = free_port(), free_port(), free_port()
        self.config = dict(config)
        self.config.setdefault("version", 1)
        self.config["listen"] = [dict(entry) for entry in config["listen"]]
        self.config["listen"][0]["address"] = "127.0.0.1:%d" % self.port
        self.config["listen"].append({"address": "127.0.0.1:%d" % self.plain_port, "tls": "off"})
        self.config["admin"] = {"address": "127.0.0.1:%d" % self.admin_port}
        self.write(self.config)
        super().__init__(directory, name, ["serve", "-c", self.config_file], env)
        if ready:
            self.wait_ready()

    def again(self, name, env):
        """A new process with the same configuration file and ports."""
        new = copy.copy(self)
        Process.__init__(new, self.dir, name, ["serve", "-c", self.config_file], env)
        new.wait_ready()
        return new

    def write(self, config):
        # JSON is YAML; the rename makes the change one step
        with open(self.config_file + ".new", "w", encoding="utf-8") as f:
            json.dump(config, f, indent=1)
        os.rename(self.config_file + ".new", self.config_file)

    def wait_ready(self, seconds=120.0):
        def probe():
            if not self.alive():
                raise RuntimeError("serve ended: " + self.output()[1].decode("utf-8", "replace"))
            return self.admin("/readyz")[0] == 200
        wait_until(probe, seconds, "readiness")

    def admin(self, path, method="GET"):
        """(status, body); (0, b"") when nobody listens."""
        c = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=20 * SLOWER)
        try:
            c.request(method, path)
            r = c.getresponse()
            return r.status, r.read()
        except (ConnectionError, http.client.HTTPException):
            return 0, b""
        finally:
            c.close()

    def metrics(self):
        status, body = self.admin("/metrics")
        if status != 200:
            raise AssertionError("/metrics answers %d" % status)
        return body.decode("utf-8")

    def metric(self, name, labels=None):
        """Sum of the samples of that name whose labels include these."""
        total = 0.0
        for line in self.metrics().splitlines():
            if line.startswith("#") or not line.startswith(name):
                continue
            head, _, value = line.rpartition(" ")
            if head.split("{")[0] == name and all('%s="%s"' % kv in head for kv in (labels or {}).items()):
                total += float(value)
        return total

    def reload(self):
        self.signal(signal.SIGHUP)
