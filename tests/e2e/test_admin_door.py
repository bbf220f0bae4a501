"""Who may enter by the operators' door, and that there is no other one."""

import contextlib
import json
import os
import re
import socket
import stat
import threading

import pytest
from admin import DONE, UNREACHABLE, assert_intact, command, done, door
from fronts import Front
from harness import (SEED, SPACECRAFT, Behind, Chain, Client, assert_nowhere, eventually,
                     everything_seen, run_perigee)
from stack.chain import REPO, nginx_program
from wire import fastcgi_request, read_fastcgi, worker_connection

TOKEN = "correct-horse-battery-staple"
METHODS = {"/admin/purge": "POST", "/admin/inspect": "GET", "/admin/quota": "GET",
           "/admin/top": "GET", "/admin/origin": "GET, POST", "/admin/warm": "GET, POST, DELETE"}
PATHS = list(METHODS)

WINDOW = f"{SPACECRAFT}?limit=100&offset=300&ordering=-time_docked"

CHAIN = {"workers": 2, "config": {"admin.token": TOKEN}}


def test_only_the_owner_may_open_the_socket(chain):
    assert stat.S_IMODE(os.stat(chain.admin_socket(0)).st_mode) == 0o600


def test_who_is_neither_local_nor_has_the_token_is_sent_away(gate):
    """Whatever is asked, existing or not, the answer is the same, and a purge has no effect."""
    assert gate.ask(SEED).status == 200
    bodies = set()
    for token in (None, "", TOKEN, f"Basic {TOKEN}", "Bearer", "Bearer ", f"Bearer {TOKEN}x",
                  f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN.upper()}", "Bearer x", f"Bearer{TOKEN}",
                  f"Bearer {TOKEN} {TOKEN}", "Bearer " + "x" * 5000):
        for path, method in (("/admin/purge?everything=yes", "POST"), ("/admin/quota", "GET"),
                             ("/nothing", "GET")):
            answer = door(gate.admin_socket(0), path, method, local=False, token=token)
            assert answer.status == 401, (token, answer)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            bodies.add(re.sub(rb'"instance":"[^"]*"', b"", answer.body))
    assert len(bodies) == 1
    assert b"unauthorized" in bodies.pop()
    assert_intact(gate, WINDOW)


def test_who_says_something_else_than_local_is_not(gate):
    for peer in ("", "Local", "local ", "yes", "1"):
        with worker_connection(gate.admin_socket(0)) as s:
            s.sendall(fastcgi_request("/admin/quota", PERIGEE_PEER=peer))
            assert read_fastcgi(s).status == 401, peer
        with worker_connection(gate.admin_socket(0)) as s:
            s.sendall(fastcgi_request("/admin/quota", HTTP_PERIGEE_PEER="local"))
            assert read_fastcgi(s).status == 401, peer


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer  "])
def test_the_token_opens(gate, scheme):
    answer = door(gate.admin_socket(0), "/admin/quota", local=False, token=f"{scheme} {TOKEN}")
    assert answer.status == 200 and answer.json["budgets"]


def test_without_a_token_no_token_opens():
    with Chain() as chain:
        for token in (None, "Bearer", "Bearer ", "Bearer x"):
            assert door(chain.admin_socket(0), "/admin/quota", local=False,
                        token=token).status == 401
        assert door(chain.admin_socket(0), "/admin/quota").status == 200


@pytest.mark.parametrize("value, words", [
    ("short", "16 characters at least"), ("with blanks, and quite long", "no header field"),
    ("ünicode-of-more-than-16-bytes", "no header field")])
def test_a_token_that_cannot_be_one_is_found_out(value, words, tmp_path):
    status, _, err = run_perigee("--check", PERIGEE_ADMIN_TOKEN=value)
    assert status != DONE and words in err and value not in err
    (tmp_path / "token").write_text(value)
    status, _, err = run_perigee("--check", PERIGEE_ADMIN_TOKEN_FILE=str(tmp_path / "token"))
    assert status != DONE and words in err and value not in err


def test_a_token_file_with_nothing_in_it_is_no_token(tmp_path):
    """And opens nothing: an operator has yet to fill it."""
    (tmp_path / "token").write_text("\n")
    with Chain(config={"admin.token_file": tmp_path / "token"}) as chain:
        for token in ("Bearer ", "Bearer \n", "Bearer"):
            answer = door(chain.admin_socket(0), "/admin/quota", local=False, token=token)
            assert answer.status == 401
    assert run_perigee("--check", PERIGEE_ADMIN_TOKEN_FILE=str(tmp_path / "none"))[0] != DONE


def test_the_token_is_told_to_nobody(gate):
    answers = [door(gate.admin_socket(0), path, local=False, token=f"Bearer {TOKEN}")
               for path in ("/admin/quota", "/admin/top", "/admin/nothing", "/admin/purge")]
    answers.append(door(gate.admin_socket(0), "/admin/quota", local=False,
                        token=f"Bearer {TOKEN}-wrong"))
    assert [a.status for a in answers] == [200, 200, 404, 405, 401]
    assert_nowhere(TOKEN, everything_seen(gate, answers))


# ---- through a web server ----------------------------------------------------

class AdminFront(Front):
    """nginx as nginx/admin.conf sets it up, running as the same user as the worker."""

    def command(self):
        user = "user root root;" if os.geteuid() == 0 else ""
        site = (REPO / "nginx/admin.conf").read_text()
        for i in range(2):
            site = site.replace(f"/run/perigee/admin-{i}", str(self.gateway.admin_socket(i)))
        site = site.replace("127.0.0.1:8089", f"127.0.0.1:{self.port}")
        site = site.replace("/var/log/nginx/perigee-admin.log", "access.log")
        temporary = "".join(f"{kind}_temp_path {kind};" for kind in (
            "client_body", "fastcgi", "proxy", "scgi", "uwsgi"))
        (self._dir / "nginx.conf").write_text(
            f"daemon off; {user} worker_processes 1; pid pid; error_log stderr notice;\n"
            f"events {{ }}\nhttp {{ {temporary}\n{site}\n}}\n")
        return [nginx_program(), "-p", f"{self._dir}/", "-c", "nginx.conf", "-e", "stderr"]


def test_a_web_server_opens_nothing_without_the_token(gate):
    """Though it can open the socket, and whatever its clients send."""
    gate.ask(SEED)
    with AdminFront(gate) as front:
        headers = {"Perigee-Peer": "local", "PERIGEE_PEER": "local", "Http-Perigee-Peer": "local"}
        for more in ({}, {"Authorization": "Bearer x"}, {"Authorization": f"Basic {TOKEN}"}):
            answer = front.client.get("/admin/purge?everything=yes", {**headers, **more}, "POST")
            assert answer.status == 401, answer
        assert_intact(gate, WINDOW)
        allowed = {"Authorization": f"Bearer {TOKEN}"}
        answer = front.client.get("/admin/quota", allowed)
        assert answer.status == 200 and answer.json["budgets"]
        assert answer.headers["Cache-Control"] == "no-store"
        answer = front.client.get(f"/admin/purge?url={SPACECRAFT}?offset=326%26ordering=-time_docked",
                                  allowed, "POST")
        assert answer.status == 200 and answer.json["targets"] == [WINDOW], answer
        lines = front.client.get("/admin/purge?everything=yes&progress=yes", allowed,
                                 "POST").body.splitlines()
        assert [sorted(json.loads(line)) for line in lines[:-1]] == [["entries", "scanned"]] * (
            len(lines) - 1) and len(lines) > 1
        assert json.loads(lines[-1])["scope"] == "all"
        assert front.client.get("/metrics", allowed).status == 404


# ---- no other door -----------------------------------------------------------

SPELLINGS = ["{}", "/{}", "{}/", "/./{}", "/x/..{}", "/2.3.0/..{}", "{}?", "{}?x=/healthz", "{};x",
             "{}%00", "{}%2f", "{}#", "http://127.0.0.1{}", "//admin{}", "{}/../{}"]


def spelled(path):
    yield from (spelling.format(path, path) for spelling in SPELLINGS)
    yield path.upper()
    yield path.replace("admin", "%61dmin")
    yield path.replace("admin", "%2561dmin")
    yield path.replace("admin/", "admin%2F")
    yield path.replace("admin/", "admin//")
    yield path.replace("admin/", "admin/./")
    yield path.replace("admin/", "admin\\")


@pytest.mark.parametrize("path", PATHS + ["/admin"])
def test_no_spelling_leads_there_from_the_public_site(gate, path):
    """With the token, with what makes a peer local as a header, and with every method."""
    client = Client(gate.port)
    assert gate.ask(SEED).status == 200
    headers = {"Authorization": f"Bearer {TOKEN}", "PERIGEE_PEER": "local", "Perigee-Peer": "local"}
    for target in spelled(path):
        for method in ("GET", "POST", "PURGE", "DELETE"):
            answer = client.get(target + ("&" if "?" in target else "?") + "everything=yes",
                                headers, method)
            assert answer.status in (400, 403, 404, 405), (target, method, answer)
            assert b"budgets" not in answer.body
    assert_intact(gate, WINDOW)


@pytest.mark.parametrize("path", PATHS)
def test_the_public_socket_knows_no_admin(gate, path):
    """Whoever gets a request through to a worker, whatever its parameters, gets no further."""
    assert gate.ask(SEED).status == 200
    for target in spelled(path):
        for method in ("GET", "POST"):
            answer = door(gate.worker_socket(0), target, method, token=f"Bearer {TOKEN}")
            assert answer.status in (400, 404, 405), (target, method, answer)
    assert_intact(gate, WINDOW)


def test_the_door_leads_nowhere_else(gate):
    """No answers of the public site, and no spelling: paths are compared as bytes."""
    for target in (SEED, "/healthz", "/metrics", "/", "", "*", "/admin", "/admin/", "/admin/x",
                   "/admin//quota", "//admin/quota", "/admin/quota/", "/ADMIN/quota",
                   "/%61dmin/quota", "/admin/./quota", "http://h/admin/quota"):
        answer = door(gate.admin_socket(0), target)
        assert answer.status == 404, (target, answer)
        assert answer.json["type"] == "urn:perigee:problem:not-found"
    assert gate.calls == 0


@pytest.mark.parametrize("path, methods", METHODS.items())
def test_methods(gate, path, methods):
    """What changes something is a POST; what does not is a GET, and nothing else is anything."""
    for other in ("GET", "POST", "HEAD", "PUT", "DELETE", "PURGE", "OPTIONS", "", "get", "G\0T"):
        answer = door(gate.admin_socket(0), path, other)
        taken = other in methods.split(", ")
        assert (answer.status == 405) == (not taken), (other, answer)
        if not taken:
            assert answer.headers["Allow"] == methods


@pytest.mark.parametrize("query, words", [
    ("", "One of url, endpoint, object and everything"),
    ("?url=", "One of url, endpoint, object and everything"),
    ("?url=/2.3.0/spacecraft/&everything=yes", "One of url"),
    ("?everything=no", "only yes"), ("?everything=1", "only yes"),
    ("?everthing=yes", "everthing: there is no such parameter"),
    ("?everything=yes&everything=yes", "everything: it is there twice"),
    ("?everything=yes&mode=Delete", "invalidate or delete"),
    ("?everything=yes&dry=1", "dry: there is no such parameter"),
    ("?everything=yes&=", "there is no such parameter"),
    ("?url=%zz", "%zz"), ("?url=%00", "url"), ("?url=%ff", "url"),
])
def test_a_slip_in_a_purge_purges_nothing(gate, query, words):
    assert gate.ask(SEED).status == 200
    answer = door(gate.admin_socket(0), f"/admin/purge{query}", "POST")
    assert answer.status == 400, answer
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert words in answer.json["detail"] or answer.json["type"].endswith("malformed-request")
    assert_intact(gate, WINDOW)


# ---- what it does to others --------------------------------------------------

def test_silent_and_broken_visitors_do_not_shut_it(gate):
    """Who connects and says nothing, half of something, or something else: the next one is heard."""
    silent = [worker_connection(gate.admin_socket(0)) for _ in range(3)]
    for said in (b"", b"\1", b"GET / HTTP/1.0\r\n\r\n", b"\0" * 64, os.urandom(4096),
                 fastcgi_request("/admin/quota")[:-20], b"\1\1\0\1\xff\xff\0\0"):
        with worker_connection(gate.admin_socket(0)) as s:
            s.sendall(said)
    with worker_connection(gate.admin_socket(0)) as s:
        s.sendall(fastcgi_request("/admin/top", PERIGEE_PEER="local"))
        s.shutdown(socket.SHUT_RD)
    for s in silent:
        s.close()
    assert done(gate, "quota")


def test_a_request_that_comes_byte_by_byte_holds_up_nobody():
    """Not the next visitor for longer than a request may take to come, and not the worker's end."""
    with Chain() as chain:
        over = threading.Event()

        def dribble(_):
            """One after the other; each says something all the time, and never all."""
            while not over.is_set():
                with worker_connection(chain.admin_socket(0)) as s:
                    try:
                        s.sendall(b"\1\4\0\1\xff\xff\0\0")
                        while not over.wait(0.05):
                            s.sendall(b"x")
                    except OSError:
                        pass  # it was shown the door

        dribbling = Behind(dribble, 0)
        try:
            eventually(lambda: command(chain, "quota")[0] == 0, "an answer", 8)
            with worker_connection(chain.admin_socket(0)) as s:
                s.sendall(b"\1")
                assert chain.stop_worker(0) == 0
        finally:
            over.set()
        with contextlib.suppress(OSError):
            dribbling.result()


def test_hits_go_on_whatever_the_door_does(gate):
    """A visitor who says nothing holds the door's thread, and nobody else."""
    assert gate.ask(SEED).status == 200
    with worker_connection(gate.admin_socket(0)):
        client = Client(gate.port)
        for _ in range(50):
            assert client.get(SEED).status == 200


def test_a_purge_ends_with_its_worker():
    """A worker that is told to stop does not look through the rest first, and leaves no socket."""
    with Chain() as chain:
        pairs = [word for i in range(20000)
                 for word in (f"perigee:/2.3.0/agencies/?limit=100&search=x{i}", "x")]
        for i in range(0, len(pairs), 2000):
            chain.cache("MSET", *pairs[i:i + 2000])
        purge = Behind(command, chain, "purge", "--everything", "--delete", "--yes")
        eventually(lambda: chain.cache("DBSIZE") < 19500, "the purge to be under way")
        assert chain.stop_worker(0) == 0
        status, out, err = purge.result()
        assert (status, out) == (1, "") and "shutting down" in err, (status, out, err)
        assert not chain.admin_socket(0).exists()
        assert chain.cache("DBSIZE") > 0
        chain.restart_worker(0)
        assert "deleted" in done(chain, "purge", "--everything", "--delete", "--yes")


def test_a_worker_that_is_gone_is_not_reachable(gate):
    """Status 3, with the reason of each socket; the first one that answers will do."""
    nowhere = gate.run_dir / "nowhere"
    status, out, err = run_perigee("--socket", nowhere, "quota")
    assert (status, out) == (UNREACHABLE, "")
    assert err == f"perigee: {nowhere}: No such file or directory\n"
    status, out, err = run_perigee("--socket", nowhere, "--socket", gate.admin_socket(1), "quota")
    assert status == DONE and err == ""


def test_what_is_no_worker_is_found_out(tmp_path):
    """A socket on which somebody else listens: nothing that he says is believed."""
    said = [b"", b"HTTP/1.1 200 OK\r\n\r\n{}", b"\0" * 100, os.urandom(1000),
            b"\1\6\0\1\0\2\0\0{}" + b"\1\3\0\1\0\x08\0\0" + b"\0" * 8]
    for i, words in enumerate(said):
        path = tmp_path / f"s{i}"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen(1)
            command_ = Behind(run_perigee, "--socket", path, "quota")
            peer, _ = listener.accept()
            with peer:
                peer.recv(65536)
                peer.sendall(words)
            status, out, err = command_.result()
        assert (status, out) == (UNREACHABLE, ""), words
        assert err.startswith(f"perigee: {path}: "), err


def test_a_socket_may_be_named_by_the_configuration(gate, tmp_path):
    conf = tmp_path / "perigee.conf"
    conf.write_text(f"[admin]\nsocket = {gate.admin_socket(0)}\n")
    assert run_perigee("quota", "--config", conf)[0] == DONE
    assert run_perigee("--config", conf, "quota")[0] == DONE
    assert run_perigee("quota", PERIGEE_ADMIN_SOCKET=str(gate.admin_socket(1)))[0] == DONE
    assert run_perigee("quota", "--config", tmp_path / "none")[0] == 2
    conf.write_text("[admin]\nsocket =\n")
    assert run_perigee("--config", conf, "quota")[0] == UNREACHABLE


def test_workers_do_not_take_each_others_door(gate):
    """A second worker with the same socket does not start."""
    status, _, err = run_perigee(PERIGEE_SERVER_SOCKET=str(gate.run_dir / "sock/other"),
                                 PERIGEE_ADMIN_SOCKET=str(gate.admin_socket(0)),
                                 PERIGEE_METRICS_FILE="")
    assert status == 1 and "[admin] socket" in err
    assert done(gate, "quota")
