"""What nginx does by itself, before or instead of a worker."""

import json
import re
import shutil
import socket
import subprocess

import pytest
from stack import Stack
from stack.chain import REPO, free_port, nginx_program
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


def test_the_site_for_production_is_clean(tmp_path):
    """nginx -t on nginx/perigee.conf, installed as its head says."""
    shutil.copytree(REPO / "nginx/perigee", tmp_path / "perigee")
    # nginx -t opens logs and sockets; ours, as we may not be root, nor have IPv6.
    site = (REPO / "nginx/perigee.conf").read_text()
    for folder in ("/var/log/nginx", "/run/perigee", "/run"):
        assert f" {folder}/" in site or f"unix:{folder}/" in site, folder
        site = re.sub(f" {folder}/", f" {tmp_path}/", site)
    site, n = re.subn(r"listen (\[::\]:)?80;", f"listen 127.0.0.1:{free_port()};", site, count=1)
    site, m = re.subn(r"listen (\[::\]:)?80;", "", site)
    assert (n, m) == (1, 1)
    (tmp_path / "site.conf").write_text(site)
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid;\nevents {{ }}\nhttp {{ include site.conf; }}\n")
    tested = subprocess.run(
        [nginx_program(), "-t", "-q", "-p", f"{tmp_path}/", "-c", "nginx.conf", "-e", "stderr"],
        capture_output=True, text=True)
    assert (tested.returncode, tested.stderr) == (0, "")
