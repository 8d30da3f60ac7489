"""A raw HTTP/1.1 client over plain TCP or TLS: the test decides every byte, and how bytes are cut into writes."""
import json
import select
import socket
import ssl
import time


class Closed(Exception):
    """The connection ended; .how is 'eof' (proper end), 'truncated' (no close_notify), or 'reset'."""

    def __init__(self, how):
        super().__init__(how)
        self.how = how


class Conn:
    """One connection. ca None = plain. Each send() is one TLS record (up to 16 KiB) and one write."""

    def __init__(self, port, ca=None, name="localhost", timeout=10.0, verify=True, receive_buffer=None, cert=None):
        self.timeout = timeout
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(timeout)
        self.sock.connect(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buf = b""
        self.tls = None
        if ca is not None:
            self._handshake(ca, name, verify, cert)

    def _handshake(self, ca, name, verify, cert):
        ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        ctx.check_hostname = verify
        ctx.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
        if verify:
            ctx.load_verify_locations(ca)
        if cert:
            ctx.load_cert_chain(*cert)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = ctx.wrap_bio(self.incoming, self.outgoing, server_hostname=name)
        while True:
            try:
                self.tls.do_handshake()
                self._flush()
                return
            except ssl.SSLWantReadError:
                self._flush()
                self._fill(time.monotonic() + self.timeout)

    def _flush(self):
        data = self.outgoing.read()
        if data:
            self.sock.sendall(data)

    def _receive(self, deadline, size):
        """What the socket has, empty at its end."""
        self.sock.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            return self.sock.recv(size)
        except (ConnectionResetError, BrokenPipeError) as e:
            raise Closed("reset") from e
        except socket.timeout as e:
            raise TimeoutError("nothing received in time") from e

    def _fill(self, deadline):
        """Moves bytes from the socket to the TLS engine; Closed at its end."""
        data = self._receive(deadline, 65536)
        if not data:
            raise Closed("truncated")
        self.incoming.write(data)

    def send(self, data):
        try:
            if self.tls is None:
                self.sock.sendall(data)
                return
            self.tls.write(data)
            self._flush()
        except (ConnectionResetError, BrokenPipeError, ssl.SSLError) as e:
            raise Closed("reset") from e

    def dribble(self, data, size=1, pause=0.0):
        for i in range(0, len(data), size):
            self.send(data[i:i + size])
            if pause:
                time.sleep(pause)

    def recv(self, deadline=None, size=65536):
        """At least one byte; Closed at the end."""
        deadline = deadline or time.monotonic() + self.timeout
        if self.tls is None:
            data = self._receive(deadline, size)
            if not data:
                raise Closed("eof")
            return data
        while True:
            try:
                data = self.tls.read(size)
                if not data:
                    raise Closed("eof")
                return data
            except ssl.SSLWantReadError:
                self._flush()
                self._fill(deadline)
            except ssl.SSLZeroReturnError as e:
                raise Closed("eof") from e
            except ssl.SSLError as e:
                raise Closed("reset") from e

    def half_close(self):
        """Says that nothing more will be sent; reading goes on."""
        if self.tls is not None:
            try:
                self.tls.unwrap()
            except (ssl.SSLWantReadError, ssl.SSLError):
                pass
            self._flush()
            return
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self.sock.close()

    def close(self):
        try:
            if self.tls is not None:
                self.half_close()
        except OSError:
            pass
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    # ---- reading answers ----

    def need(self, n, deadline):
        while len(self.buf) < n:
            self.buf += self.recv(deadline)

    def line(self, deadline):
        while b"\r\n" not in self.buf:
            if len(self.buf) > 65536:
                raise ValueError("no line end in 64 KiB")
            self.buf += self.recv(deadline)
        line, self.buf = self.buf.split(b"\r\n", 1)
        if b"\n" in line or b"\r" in line:
            raise ValueError("bare CR or LF in an answer's line: %r" % line[:80])
        return line

    def head(self, deadline=None):
        deadline = deadline or time.monotonic() + self.timeout
        version, _, rest = self.line(deadline).partition(b" ")
        if version != b"HTTP/1.1":
            raise ValueError("not an HTTP/1.1 status line: %r" % version)
        status, _, reason = rest.partition(b" ")
        headers = []
        while True:
            line = self.line(deadline)
            if not line:
                break
            name, colon, value = line.partition(b":")
            if not colon or not name or name != name.strip():
                raise ValueError("malformed header line: %r" % line[:80])
            headers.append((name.decode("latin-1").lower(), value.strip().decode("latin-1")))
        return Response(int(status), reason.decode("latin-1"), headers)

    def chunks(self, r, deadline=None):
        """Yields body pieces as they arrive; sets r.complete and r.end."""
        deadline = deadline or time.monotonic() + self.timeout
        try:
            if r.get("transfer-encoding") == "chunked":
                yield from self._chunked(r, deadline)
            elif r.get("content-length") is not None:
                yield from self._counted(r, int(r.get("content-length")), deadline)
            elif r.status in (204, 304) or r.status < 200:
                r.complete = True
            else:
                while True:
                    piece, self.buf = self.buf, b""
                    if piece:
                        yield piece
                    self.buf = self.recv(deadline)
        except Closed as e:
            r.end = e.how
            if "transfer-encoding" not in r.names() and "content-length" not in r.names() and e.how == "eof":
                r.complete = True

    def _chunked(self, r, deadline):
        while True:
            size_line = self.line(deadline)
            if not size_line or any(c not in b"0123456789abcdefABCDEF" for c in size_line):
                raise ValueError("malformed chunk size: %r" % size_line[:40])
            size = int(size_line, 16)
            if size == 0:
                if self.line(deadline):
                    raise ValueError("a trailer was sent")
                r.complete = True
                return
            left = size
            while left:
                if not self.buf:
                    self.buf = self.recv(deadline)
                piece, self.buf = self.buf[:left], self.buf[left:]
                left -= len(piece)
                yield piece
            self.need(2, deadline)
            if self.buf[:2] != b"\r\n":
                raise ValueError("chunk not followed by CRLF")
            self.buf = self.buf[2:]

    def _counted(self, r, left, deadline):
        while left:
            if not self.buf:
                self.buf = self.recv(deadline)
            piece, self.buf = self.buf[:left], self.buf[left:]
            left -= len(piece)
            yield piece
        r.complete = True

    def response(self, deadline=None, keep_1xx=False):
        """The next answer with its whole body."""
        deadline = deadline or time.monotonic() + self.timeout
        r = self.head(deadline)
        while r.status < 200 and not keep_1xx:
            r = self.head(deadline)
        r.body = b"".join(self.chunks(r, deadline))
        return r

    def ended(self, seconds=5.0):
        """How the connection ends within the time; None when it stays open or sends more."""
        if self.buf:
            return None
        try:
            self.recv(time.monotonic() + seconds)
            return None
        except Closed as e:
            return e.how
        except TimeoutError:
            return None

    def readable(self, seconds):
        """Whether bytes wait. Of use on plain connections only: TLS sends tickets unasked."""
        return bool(self.buf) or bool(select.select([self.sock], [], [], seconds)[0])


class Response:
    def __init__(self, status, reason, headers):
        self.status, self.reason, self.headers = status, reason, headers
        self.body = b""
        self.complete = False  # the body ended as its framing says
        self.end = None        # how the connection ended, when it did

    def get(self, name):
        values = [v for n, v in self.headers if n == name]
        if len(values) > 1 and name in ("content-length", "transfer-encoding", "content-type"):
            raise ValueError("repeated header " + name)
        return values[0] if values else None

    def names(self):
        return [n for n, _ in self.headers]

    def json(self):
        return json.loads(self.body.decode("utf-8"))

    def error(self):
        """The OpenAI-shaped error object."""
        return self.json()["error"]

    def content(self, choice=0):
        return self.json()["choices"][choice]["message"]["content"]

    def events(self):
        return sse_events(self.body)


def sse_events(body):
    """data payloads of the events; only what a strict reader accepts."""
    text = body.decode("utf-8")
    out = []
    if text and not text.endswith("\n\n"):
        raise ValueError("the stream does not end with a blank line")
    for block in text.split("\n\n"):
        lines = [l for l in block.split("\n") if l and not l.startswith(":")]
        if not lines:
            continue
        for l in lines:
            if not l.startswith("data: "):
                raise ValueError("unexpected line in the stream: %r" % l[:60])
        out.append("\n".join(l[6:] for l in lines))
    return out


def stream_text(body, choice=0, member="content"):
    """Concatenated text of one channel of a chat stream."""
    text = ""
    for data in sse_events(body):
        if data == "[DONE]":
            continue
        for c in json.loads(data).get("choices", []):
            if c["index"] == choice:
                text += c.get("delta", {}).get(member) or ""
    return text


def finish_reasons(body):
    out = {}
    for data in sse_events(body):
        if data == "[DONE]":
            continue
        for c in json.loads(data).get("choices", []):
            if c.get("finish_reason"):
                out.setdefault(c["index"], []).append(c["finish_reason"])
    return out


def request(method, target, headers, body=b"", host="localhost"):
    """A whole request as bytes; Content-Length is added for a body, Host unless given as None."""
    lines = ["%s %s HTTP/1.1" % (method, target)]
    if host is not None:
        lines.append("Host: " + host)
    lines += ["%s: %s" % h for h in headers]
    if body or method == "POST":
        lines.append("Content-Length: %d" % len(body))
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
