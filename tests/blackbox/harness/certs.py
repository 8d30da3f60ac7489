"""Certificates for a run, made by the openssl command: a private authority, good ones, and the bad ones to refuse."""
import os
import subprocess


def _openssl(*args):
    subprocess.run(("openssl",) + args, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Certs:
    """PEM files in a directory. Every leaf is a (certificate, key) pair of paths."""

    def __init__(self, directory):
        self.dir = directory
        os.makedirs(directory, exist_ok=True)
        self.ca, self.ca_key = self._authority("ca")
        self.server = self.leaf("server", "DNS:localhost,IP:127.0.0.1")
        self.upstream = self.leaf("upstream", "DNS:localhost,IP:127.0.0.1")

    def path(self, name):
        return os.path.join(self.dir, name)

    def _key(self, name):
        key = self.path(name + ".key")
        _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
        return key

    def _authority(self, name):
        key, cert = self._key(name), self.path(name + ".pem")
        _openssl("req", "-x509", "-new", "-key", key, "-out", cert, "-days", "30", "-subj",
                 "/CN=test authority " + name,
                 "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        return cert, key

    def leaf(self, name, san, ca=None, expired=False, common_name="test"):
        """A certificate with these subject alternative names ("" = none), signed by the authority."""
        ca_cert, ca_key = ca or (self.ca, self.ca_key)
        key, cert, request, ext = self._key(name), self.path(name + ".pem"), self.path(name + ".csr"), self.path(name +
                                                                                                                 ".ext")
        _openssl("req", "-new", "-key", key, "-out", request, "-subj", "/CN=" + common_name)
        with open(ext, "w", encoding="ascii") as f:
            f.write("basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth,clientAuth\n")
            if san:
                f.write("subjectAltName=%s\n" % san)
        if expired:
            self._sign_expired(request, cert, ext, ca_cert, ca_key)
        else:
            _openssl("x509", "-req", "-in", request, "-CA", ca_cert, "-CAkey", ca_key, "-CAcreateserial", "-days", "30",
                     "-extfile", ext, "-out", cert)
        return cert, key

    def _sign_expired(self, request, cert, ext, ca_cert, ca_key):
        # "x509 -req" cannot sign for the past; the "ca" command can
        work = self.path("expired-ca")
        os.makedirs(work, exist_ok=True)
        index, serial, conf = (os.path.join(work, n) for n in ("index", "serial", "conf"))
        open(index, "w", encoding="ascii").close()
        with open(serial, "w", encoding="ascii") as f:
            f.write("1000\n")
        with open(conf, "w", encoding="ascii") as f:
            f.write("[ca]\ndefault_ca=d\n[d]\ndatabase=%s\nserial=%s\nnew_certs_dir=%s\ndefault_md=sha256\n"
                    "policy=p\n[p]\ncommonName=supplied\n" % (index, serial, work))
        _openssl("ca", "-batch", "-config", conf, "-in", request, "-out", cert, "-cert", ca_cert, "-keyfile", ca_key,
                 "-startdate", "20200101000000Z", "-enddate", "20200201000000Z", "-extfile", ext, "-notext")

    def self_signed(self, name, san):
        key, cert = self._key(name), self.path(name + ".pem")
        _openssl("req", "-x509", "-new", "-key", key, "-out", cert, "-days", "30", "-subj", "/CN=localhost",
                 "-addext", "subjectAltName=" + san)
        return cert, key

    def other_authority(self):
        return self._authority("other-ca")
