"""Runs the real binary with real sockets: certificates, fake upstreams, the daemon, a raw client, canary checks."""
