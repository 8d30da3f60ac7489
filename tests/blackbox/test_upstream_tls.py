"""An upstream whose certificate does not verify gets no prompt byte: 502."""
import hashlib
import subprocess

from harness import faults
from harness.site import Site
from harness.suite import Suite, check, equal, lacks

suite = Suite()
site = Site("upstream_tls", start=False)
certs = site.certs
other_ca = certs.other_authority()
BAD = {
    "expired": certs.leaf("expired", "DNS:localhost", expired=True),
    "selfsigned": certs.self_signed("selfsigned", "DNS:localhost"),
    "wrongname": certs.leaf("wrongname", "DNS:other.example"),
    "nameincn": certs.leaf("nameincn", "", common_name="localhost"),
    "otherca": certs.leaf("otherca", "DNS:localhost", ca=other_ca),
    "ipname": certs.leaf("ipname", "IP:127.0.0.1"),
    "wildcard": certs.leaf("wildcard", "DNS:*.example"),
    "suffix": certs.leaf("suffix", "DNS:localhost.example,DNS:xlocalhost"),
}
servers = {name: faults.tls_server(pair) for name, pair in BAD.items()}
servers["oldtls"] = faults.old_tls(certs.upstream)


def spki_pin(certificate):
    key = subprocess.run(["openssl", "x509", "-in", certificate, "-pubkey", "-noout"], check=True,
                         capture_output=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], check=True, capture_output=True,
                         input=key).stdout
    return hashlib.sha256(der).hexdigest()


def upstream(port, host="localhost", **tls):
    return {"url": "https://%s:%d" % (host, port), "provider": "openai", "tls": dict({"ca": certs.ca}, **tls),
            "connect_timeout": "3s"}


site.upstreams = {name: upstream(s.port) for name, s in servers.items()}
site.upstreams["good"] = upstream(site.mock.port)
site.upstreams["byip"] = upstream(site.mock.port, host="127.0.0.1")
site.upstreams["pinned"] = upstream(site.mock.port, pin_sha256=spki_pin(certs.upstream[0]))
site.upstreams["wrongpin"] = upstream(site.mock.port, pin_sha256="0" * 64)
site.upstreams["systemroots"] = {"url": site.mock.url(), "provider": "openai", "connect_timeout": "3s"}
site.tenants = {name: {"upstream": name} for name in site.upstreams}
site.write_tenants()
site.start()
suite.site(site)
mock = site.mock


@suite.each([(name, name) for name in servers])
def bad_certificate_gives_502_and_sees_nothing(name):
    for stream in (False, True):
        r = site.chat("hi", tenant=name, stream=stream)
        equal(r.status, 502, "status")
        check(r.error()["message"], "an error in the provider's shape")
    check(servers[name].accepted > 0, "the upstream was tried")
    equal(servers[name].seen if name != "oldtls" else b"", b"", "application bytes at the upstream")
    lacks(servers[name].seen, b"quokka", "bytes at the upstream")


@suite.each([("wrong pin", "wrongpin"), ("private authority not in the system roots", "systemroots")])
def unverified_mock_gives_502_and_sees_nothing(tenant):
    mock.script()
    equal(site.chat("hi", tenant=tenant).status, 502, "status")
    equal((mock.stats()["requests"], mock.stats()["bytes"]), (0, 0), "requests and bytes at the upstream")


@suite.each([("private authority", "good"), ("address in the certificate", "byip"), ("pinned", "pinned")])
def good_certificate_is_accepted(tenant):
    mock.script()
    equal(site.chat("hi", tenant=tenant).status, 200, "status")
    equal(mock.stats()["requests"], 1, "requests at the upstream")


@suite.test
def the_server_name_is_sent():
    mock.script()
    site.chat("hi", tenant="good")
    equal(mock.last()["sni"], "localhost", "SNI")


@suite.test
def the_reason_is_logged():
    log = site.serve.output()[1].decode()
    check("certificate" in log, "the log says why")


suite.run()
