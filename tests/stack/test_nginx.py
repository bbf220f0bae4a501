"""What nginx does by itself, before or instead of a worker."""

import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess

import pytest
from stack import Stack
from stack.chain import MODULE, REPO, free_port, nginx_program, port_is_free
from stack.child import wait_until


@pytest.fixture(scope="module")
def stack():
    with Stack(quota="none", workers=2) as stack:
        yield stack


def raw(stack, request):
    """(status, headers, body) of a request given byte by byte."""
    with socket.create_connection(("127.0.0.1", stack.port), timeout=10) as s:
        s.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += s.recv(65536)
        head, body = answer.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines[1:])}
        while len(body) < int(headers.get("content-length", 0)):
            body += s.recv(65536)
    return int(lines[0].split()[1]), headers, body


def assert_problem(answer, status, word):
    got, headers, body = answer
    assert got == status
    assert headers["content-type"] == "application/problem+json"
    assert headers["access-control-allow-origin"] == "*"
    assert headers["cache-control"] == "no-store"
    assert "Retry-After" in headers["access-control-expose-headers"]
    assert "content-encoding" not in headers and "etag" not in headers
    problem = json.loads(body)
    assert re.fullmatch("urn:perigee:request:[0-9a-f]{32}", problem["instance"])
    assert problem["type"] == f"urn:perigee:problem:{word}"
    assert problem["status"] == status
    assert problem["title"] and problem["detail"]


HOST = b"Host: x\r\nConnection: close\r\n"

# What might tempt nginx to compress, to cut, or to answer 304, 412 or 416 to a problem.
CONDITIONS = (b"Accept-Encoding: gzip\r\nRange: bytes=0-9\r\nIf-None-Match: *\r\n"
              b"If-Match: \"x\"\r\nIf-Modified-Since: Thu, 01 Jan 2037 00:00:00 GMT\r\n"
              b"If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT\r\n")


@pytest.mark.parametrize("request_bytes, status, word", [
    (b"GET /%zz HTTP/1.1\r\n" + HOST + b"\r\n", 400, "malformed-request"),
    (b"nonsense\r\n\r\n", 400, "malformed-request"),
    (b"GET / HTTP/1.1\r\n\r\n", 400, "malformed-request"),
    (b"TRACE / HTTP/1.1\r\n" + HOST + b"\r\n", 405, "method-not-allowed"),
    (b"POST / HTTP/1.1\r\nContent-Length: 5000\r\n" + HOST + b"\r\n", 413, "content-too-large"),
    (b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414, "target-too-long"),
    (b"GET / HTTP/1.1\r\nX: " + b"a" * 20000 + b"\r\n" + HOST + b"\r\n", 431, "headers-too-large"),
    (b"POST / HTTP/1.1\r\nTransfer-Encoding: x\r\n" + HOST + b"\r\n", 501, "not-implemented"),
    (b"GET / HTTP/3.0\r\n" + HOST + b"\r\n", 505, "http-version"),
], ids=lambda v: v if isinstance(v, (str, int)) else None)
def test_what_nginx_refuses_is_a_problem_document(stack, request_bytes, status, word):
    assert_problem(raw(stack, request_bytes), status, word)


@pytest.mark.parametrize("path, status, word", [
    ("/admin/", 403, "forbidden"), ("/_problem", 404, "not-found")])
def test_conditions_do_not_apply_to_problems(stack, path, status, word):
    """RFC 9110 13.2.1: they count only where the answer would be a 2xx."""
    assert_problem(raw(stack, b"GET " + path.encode() + b" HTTP/1.1\r\n" + HOST + CONDITIONS +
                       b"\r\n"), status, word)


def test_405_says_what_is_allowed(stack):
    assert raw(stack, b"TRACE / HTTP/1.1\r\n" + HOST + b"\r\n")[1]["allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("path", [
    "/admin", "/admin/", "/admin/purge?x=1", "//admin/purge", "/./admin/", "/x/../admin/",
    "/%61dmin/", "/admin%2fpurge", "http://elsewhere/admin/purge"])
def test_no_spelling_of_admin_gets_by(stack, path):
    assert_problem(raw(stack, b"GET " + path.encode() + b" HTTP/1.0\r\n\r\n"), 403, "forbidden")


def test_the_page_of_problems_is_not_one_of_ours(stack):
    assert_problem(raw(stack, b"GET /_problem HTTP/1.0\r\n\r\n"), 404, "not-found")


def test_http_1_0_is_served(stack):
    status, headers, _ = raw(stack, b"GET /healthz HTTP/1.0\r\n\r\n")
    assert status == 200
    assert "transfer-encoding" not in headers


def test_a_target_of_9000_bytes_reaches_the_worker(stack):
    stack.get("/" + "a" * 9000)
    assert '"status":414' in next_log_line(stack, "a" * 9000)
    assert '"worker":"unix:' in next_log_line(stack, "a" * 9000)


def next_log_line(stack, target):
    """The access log is written once a second."""
    def line():
        return next((t for t in stack.log("access").splitlines() if target in t), None)

    assert wait_until(line, 10)
    json.loads(line())
    return line()


def test_the_log_says_how_the_answer_came_about(stack):
    answer = stack.get("/2.3.0/spacecraft/log-me?api_key=hunter2")
    line = next_log_line(stack, "log-me")
    entry = json.loads(line)
    assert (entry["status"], entry["path"]) == (answer.status, "/2.3.0/spacecraft/log-me")
    assert "hunter2" not in line
    assert len(entry["id"]) == 32
    assert entry["cache_status"] == (answer.headers.get("Cache-Status") or "")


def test_without_a_worker_there_is_a_problem_and_then_service_again():
    with Stack(quota="none", workers=2) as stack:
        stack.stop_worker(0)
        assert {stack.get("/healthz").status for _ in range(4)} == {200}
        stack.stop_worker(1)
        answer = stack.get("/healthz")
        assert answer.headers["Retry-After"] == "2"
        assert_problem((answer.status, {k.lower(): v for k, v in answer.headers.items()},
                        answer.body), 502, "no-worker")
        stack.restart_worker(0)
        stack.restart_worker(1)
        assert {stack.get("/healthz").status for _ in range(4)} == {200}


def shipped(name):
    return (REPO / "nginx" / name).read_text()


def http_part(site):
    """What stands before the server."""
    return site[:site.index("\nserver {")]


def examples_of_the_readme():
    """The indented blocks of nginx/README.md that are nginx'."""
    blocks = re.findall(r"(?:^    .*\n|^\n(?=    ))+", shipped("README.md"), re.M)
    return [block for block in blocks if "{" in block]


def with_a_prefix():
    location, target = examples_of_the_readme()
    return (http_part(shipped("perigee.conf")) + target +
            "server { listen 80; " + location + " }")


SITES = {
    "perigee": lambda: shipped("perigee.conf"),
    "admin": lambda: shipped("perigee.conf") + shipped("admin.conf"),
    "tls": lambda: http_part(shipped("perigee.conf")) + shipped("perigee-tls.conf"),
    "behind-proxy": lambda: "include perigee/behind-proxy.conf;\n" + shipped("perigee.conf"),
    "prefix": with_a_prefix,
}


def install_site(folder, site):
    """As the head of perigee.conf says; with logs, sockets and a certificate of ours, as we may not be
    root, nor have IPv6. Returns the ports."""
    shutil.copytree(REPO / "nginx/perigee", folder / "perigee")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-subj", "/CN=launches.example.org", "-days", "2",
                    "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
                   check=True, capture_output=True)
    for ours, shipped_path in {
            "cert.pem": "/etc/ssl/certs/ssl-cert-snakeoil.pem",
            "key.pem": "/etc/ssl/private/ssl-cert-snakeoil.key",
            "": "/var/log/nginx/", "run-": "/run/perigee/", "cache": "/run/nginx-perigee",
            "module": "/usr/share/perigee/module"}.items():  # whatever is installed here
        site = site.replace(shipped_path, f"{folder}/{ours}")
    site = re.sub(r"listen (\[::\]:\d+|\[::1\]:\d+)[^;]*;", "", site)
    ports = []

    def free(match):
        ports.append(free_port())
        return f"listen 127.0.0.1:{ports[-1]}{match[1]};"

    site = re.sub(r"listen (?:127.0.0.1:)?\d+([^;]*);", free, site)
    (folder / "site.conf").write_text(site)
    user = "user root root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user}\npid {folder}/pid;\ndaemon off;\nevents {{ }}\nhttp {{ include site.conf; }}\n")
    return ports


def nginx(folder, *more):
    return [nginx_program(), *more, "-p", f"{folder}/", "-c", "nginx.conf", "-e", "stderr"]


@pytest.mark.parametrize("name", SITES)
def test_what_is_shipped_is_clean(name, tmp_path):
    """nginx -t has nothing to say."""
    assert install_site(tmp_path, SITES[name]())
    tested = subprocess.run(nginx(tmp_path, "-t", "-q"), capture_output=True, text=True)
    assert (tested.returncode, tested.stderr) == (0, "")


# ---- the module's directive ----------------------------------------------------

def tried(folder, http="", server="", location="", module=True):
    """What nginx -t says of a site with such lines: (exit status, standard error)."""
    assert MODULE.exists(), f"there is no {MODULE} (make module builds it)"
    load = f"load_module {MODULE};" if module else ""
    (folder / "nginx.conf").write_text(
        f"{load} pid {folder}/pid; events {{ }} http {{ {http} access_log off;\n"
        f"server {{ listen 127.0.0.1:{free_port()}; {server}\n"
        f"location /x/ {{ {location} }} }} }}\n")
    tested = subprocess.run(nginx(folder, "-t", "-q"), capture_output=True, text=True)
    return tested.returncode, tested.stderr


@pytest.mark.parametrize("line", [
    "perigee_shelf off;", "perigee_shelf {folder}/shelf-0;", "perigee_shelf shelf-0 shelf-1 shelf-2;",
    'perigee_shelf "/run/per igee/shelf-0";'])
@pytest.mark.parametrize("place", ["http", "server", "location"])
def test_a_shelf_may_be_named_wherever_it_is_for(tmp_path, line, place):
    """Whether there is such a file or not."""
    assert tried(tmp_path, **{place: line.format(folder=tmp_path)}) == (0, "")


def test_each_place_may_have_shelves_of_its_own(tmp_path):
    assert tried(tmp_path, "perigee_shelf a b;", "perigee_shelf off;", "perigee_shelf c;") == (0, "")


@pytest.mark.parametrize("line, why", [
    ("perigee_shelf;", 'invalid number of arguments in "perigee_shelf" directive'),
    ("perigee_shelf a; perigee_shelf b;", '"perigee_shelf" directive is duplicate'),
    ("perigee_shelf off; perigee_shelf off;", '"perigee_shelf" directive is duplicate'),
    ("perigee_shelf a; perigee_shelf off;", '"perigee_shelf" directive is duplicate'),
    ("perigee_shelf off a;", '"perigee_shelf" directive is off, or names files'),
    ("perigee_shelf a { }", 'directive "perigee_shelf" is not terminated by ";"'),
])
@pytest.mark.parametrize("place", ["http", "server", "location"])
def test_what_cannot_be_meant_by_a_shelf_is_refused(tmp_path, line, why, place):
    status, said = tried(tmp_path, **{place: line})
    assert status == 1 and why in said, said


def test_without_the_module_there_is_no_such_directive(tmp_path):
    status, said = tried(tmp_path, server="perigee_shelf off;", module=False)
    assert status == 1 and 'unknown directive "perigee_shelf"' in said, said


def test_the_site_with_tls_serves(stack, tmp_path):
    """By HTTPS as by HTTP, which only says where to go; the micro-cache included."""
    site = http_part(shipped("perigee.conf")) + shipped("perigee-tls.conf")
    for i in range(2):
        site = site.replace(f"/run/perigee/{i}.sock", str(stack.worker_socket(i)))
    plain, tls = install_site(tmp_path, site)
    server = subprocess.Popen(nginx(tmp_path), stderr=subprocess.DEVNULL)
    try:
        assert wait_until(lambda: (tmp_path / "pid").exists() and not port_is_free(tls), 20)
        context = ssl.create_default_context(cafile=tmp_path / "cert.pem")
        context.check_hostname = False
        secure = http.client.HTTPSConnection("127.0.0.1", tls, timeout=20, context=context)
        for _ in range(2):
            secure.request("GET", "/2.3.0/spacecraft/?limit=3")
            answer = secure.getresponse()
            assert answer.status == 200 and len(json.loads(answer.read())["results"]) == 3
            assert answer.headers["Strict-Transport-Security"]
        open_ = http.client.HTTPConnection("127.0.0.1", plain, timeout=20)
        open_.request("GET", "/2.3.0/spacecraft/?limit=3", headers={"Host": "launches.example.org"})
        answer = open_.getresponse()
        assert (answer.status, answer.headers["Location"]) == (
            301, "https://launches.example.org/2.3.0/spacecraft/?limit=3")
    finally:
        server.terminate()
        server.wait(20)


def test_a_prefix_in_another_server_serves(stack, tmp_path):
    site = with_a_prefix()
    for i in range(2):
        site = site.replace(f"/run/perigee/{i}.sock", str(stack.worker_socket(i)))
    port, = install_site(tmp_path, site)
    server = subprocess.Popen(nginx(tmp_path), stderr=subprocess.DEVNULL)
    try:
        assert wait_until(lambda: (tmp_path / "pid").exists() and not port_is_free(port), 20)
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        for target, status in {"/space/2.3.0/spacecraft/?limit=3": 200, "/space/healthz": 200,
                               "/space/2.3.0/nothing/": 404, "/healthz": 404}.items():
            client.request("GET", target)
            answer = client.getresponse()
            body = answer.read()
            assert answer.status == status, (target, body)
    finally:
        server.terminate()
        server.wait(20)


def test_behind_a_proxy_the_client_is_who_it_says(tmp_path):
    """And only there: an address that a client sends itself is not believed."""
    install_site(tmp_path, "")
    port = free_port()
    (tmp_path / "site.conf").write_text(
        "include perigee/behind-proxy.conf;\n"
        f"server {{ listen 127.0.0.1:{port}; location / {{ return 200 $remote_addr; }} }}")
    server = subprocess.Popen(nginx(tmp_path), stderr=subprocess.DEVNULL)
    try:
        assert wait_until(lambda: not port_is_free(port), 20)
        for forwarded, address in {"203.0.113.9": "203.0.113.9", "1.1.1.1, 203.0.113.9": "203.0.113.9",
                                   "203.0.113.9, 127.0.0.1": "203.0.113.9", "": "127.0.0.1"}.items():
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            client.request("GET", "/", headers={"X-Forwarded-For": forwarded})
            assert client.getresponse().read().decode() == address
    finally:
        server.terminate()
        server.wait(20)
