"""Upstreams that misbehave below HTTP: what the binary's own mock cannot do."""
import socket
import ssl
import threading


class Raw:
    """Accepts on loopback; each connection runs handle(sock) on a thread. Everything received is kept in .seen."""

    def __init__(self, handle, backlog=16):
        self.handle = handle
        self.seen = b""
        self.accepted = 0
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(backlog)
        self.port = self.listener.getsockname()[1]
        self.open = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            self.open.append(sock)
            threading.Thread(target=self._run, args=(sock,), daemon=True).start()

    def _run(self, sock):
        try:
            self.handle(self, sock)
        except (OSError, ssl.SSLError):
            pass

    def drain(self, sock):
        """Reads until the peer ends."""
        while True:
            data = sock.recv(65536)
            if not data:
                return
            self.seen += data

    def close(self):
        self.listener.close()
        for s in self.open:
            s.close()


def silent():
    """Accepts the connection and never says a word: a TLS handshake that stalls."""
    return Raw(lambda self, sock: self.drain(sock))


def plaintext_first():
    """Answers in plain HTTP before any TLS handshake."""
    def handle(self, sock):
        body = b'{"choices":[{"index":0,"message":{"role":"assistant","content":"forged"},"finish_reason":"stop"}]}'
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" %
                     (len(body), body))
        self.drain(sock)
    return Raw(handle)


def closes_after_handshake(certificate):
    """Completes the TLS handshake and closes before the request."""
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ctx.load_cert_chain(*certificate)

    def handle(self, sock):
        ctx.wrap_socket(sock, server_side=True).close()
    return Raw(handle)


def old_tls(certificate):
    """Speaks at most TLS 1.1."""
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ctx.load_cert_chain(*certificate)
    ctx.set_ciphers("ALL:@SECLEVEL=0")
    ctx.minimum_version = ssl.TLSVersion.TLSv1
    ctx.maximum_version = ssl.TLSVersion.TLSv1_1

    def handle(self, sock):
        tls = ctx.wrap_socket(sock, server_side=True)
        self.drain(tls)
    return Raw(handle)


def tls_server(certificate):
    """A proper TLS server that keeps what it was sent, and answers nothing."""
    ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ctx.load_cert_chain(*certificate)

    def handle(self, sock):
        tls = ctx.wrap_socket(sock, server_side=True)
        self.open.append(tls)
        self.drain(tls)
    return Raw(handle)


def refused_port():
    """A port nobody listens on."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
