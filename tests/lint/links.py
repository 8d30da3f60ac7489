"""The library's program runs, and neither it nor the archive names libevent, libssl, threads or sockets."""
import re
import subprocess
import sys

program, archive = sys.argv[1:]
failed = 0


def check(what, ok, detail=""):
    global failed
    if not ok:
        failed += 1
        print("FAIL %s %s" % (what, detail))


check("the program works", subprocess.run([program]).returncode == 0)
libs = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
check("neither libevent nor libssl is linked", not re.search(r"libevent|libssl", libs), libs)
symbols = subprocess.run(["nm", "-u", archive], capture_output=True, text=True, check=True).stdout
used = set(re.findall(r"U (\w+)", symbols))
banned = {"socket", "connect", "send", "recv", "accept", "bind", "pthread_create", "clock_gettime", "time", "gettimeofday", "syslog"}
check("no sockets, threads or clocks", not used & banned, str(used & banned))
check("no event or TLS symbols", not [s for s in used if re.match(r"(SSL_|event_|evbuffer_|bufferevent_|BIO_)", s)])
print("%d passed, %d failed" % (4 - failed, failed))
sys.exit(failed != 0)
