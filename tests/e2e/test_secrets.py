"""The API key goes to upstream and nowhere else; what clients send of theirs goes nowhere."""

import socket
import threading

import pytest
from harness import SEED, SPACECRAFT, Chain, assert_nowhere, everything_seen, run_perigee
from wire import get_bytes

KEY = "sandbox-key-two"
TARGETS = [SEED, SPACECRAFT + "430/", SPACECRAFT + "31337/", SPACECRAFT + "?status=77",
           SPACECRAFT + "?orderng=1", "/nowhere", "/metrics", "/status/", "/healthz", "/readyz",
           "/admin/"]


def with_faults(chain, answers):
    """Answers in all states of upstream, whatever its texts hold."""
    for kind, more in [("status", {"status": 500, "body": {"detail": f"bad key {KEY}"}}),
                       ("status", {"status": 401, "body": {"detail": f"no key {KEY}"}}),
                       ("garbage", {}), ("html", {}), ("reset", {}), ("redirect", {}),
                       ("status", {"status": 429, "headers": {"Retry-After": "1"}})]:
        chain.origin.fault(kind, times=1, **more)
        answers.append(chain.ask(chain.cold()))


@pytest.fixture(params=["environment", "file", "configuration"])
def keyed(request, tmp_path):
    """A chain that has a key, given in each way there is."""
    options = {"config": {"log.level": "debug"}}
    if request.param == "environment":
        options["env"] = {"PERIGEE_UPSTREAM_TOKEN": KEY}
    elif request.param == "file":
        (tmp_path / "token").write_text(f"  {KEY}\n")
        options["config"]["upstream.token_file"] = tmp_path / "token"
    else:
        options["config"]["upstream.token"] = KEY
    with Chain(workers=2, **options) as chain:
        yield chain


def test_the_key_is_sent_upstream_and_is_nowhere_else(keyed):
    """`Authorization: Token ...` on every call; not in logs, keys, values, answers, problems."""
    answers = [keyed.ask(target) for target in TARGETS]
    with_faults(keyed, answers)
    log = keyed.origin.log
    assert len(log) > 5
    assert {entry["headers"]["authorization"] for entry in log} == {f"Token {KEY}"}
    assert all(KEY not in entry["target"] for entry in log)
    assert_nowhere(KEY, everything_seen(keyed, answers))


def test_a_key_that_upstream_does_not_know(tmp_path):
    """Its 401 is an error of ours: a 502 that says nothing about the key."""
    secret = "unknown-key-1234567890"
    with Chain(env={"PERIGEE_UPSTREAM_TOKEN": secret}) as chain:
        answers = [chain.ask(SEED), chain.ask(SPACECRAFT + "430/")]
        assert [answer.status for answer in answers] == [502, 502]
        assert chain.cache.entries() == []
        assert_nowhere(secret, everything_seen(chain, answers))


def test_without_a_key_no_authorization_is_sent(tmp_path):
    """An empty file and an empty setting are no key."""
    (tmp_path / "token").write_text("\n")
    with Chain(config={"upstream.token_file": tmp_path / "token"}) as chain:
        assert chain.ask(SEED).status == 200
        assert "authorization" not in chain.origin.log[0]["headers"]


@pytest.mark.parametrize("token", ["two words", "tab\there", "é", "new\nline"])
def test_a_key_that_cannot_be_one_is_refused_without_being_shown(tmp_path, token):
    """What would break a header ends the start, and the message does not hold it."""
    (tmp_path / "token").write_text(token)
    for arguments, env in [((), {"PERIGEE_UPSTREAM_TOKEN": token}),
                           ((), {"PERIGEE_UPSTREAM_TOKEN_FILE": str(tmp_path / "token")})]:
        status, out, err = run_perigee("--check", *arguments, **env)
        assert status == 1 and "token" in err
        assert token not in out + err


def test_redirects_are_not_followed_with_the_key_or_without(tmp_path):
    """Wherever a redirect leads to, nobody is asked there."""
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        def listen():
            while True:
                try:
                    connection, _ = elsewhere.accept()
                except OSError:
                    return
                asked.append(connection.recv(10000))
                connection.close()

        threading.Thread(target=listen, daemon=True).start()
        place = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/2.3.0/spacecraft/"
        with Chain(env={"PERIGEE_UPSTREAM_TOKEN": KEY}) as chain:
            for status in (301, 302, 303, 307, 308):
                chain.origin.fault("redirect", status=status, times=1, headers={"Location": place})
                answer = chain.ask(chain.cold())
                assert answer.status == 502, answer
                assert place not in str(answer.headers) and place.encode() not in answer.body
            assert chain.calls == 5
            assert chain.cache.entries() == []
        elsewhere.shutdown(socket.SHUT_RDWR)
    assert asked == []


def test_what_upstream_is_told(gate):
    """A fixed Accept, a User-Agent that names the program, and nothing of the client."""
    gate.ask(SEED, {"Accept": "text/html", "User-Agent": "curious", "Cookie": "a=b",
                    "Accept-Language": "de", "Referer": "https://app.example/private",
                    "X-Forwarded-For": "203.0.113.9", "Origin": "https://app.example"})
    headers = gate.origin.log[0]["headers"]
    assert headers["accept"] == "application/json"
    assert headers["user-agent"].startswith("perigee/")
    assert set(headers) <= {"host", "accept", "user-agent", "accept-encoding"}


def test_the_contact_is_told_to_upstream():
    """As upstream's operators ask for: upstream.contact in the User-Agent."""
    contact = "https://example.org/about, ops@example.org"
    with Chain(config={"upstream.contact": contact}) as chain:
        chain.ask(SEED)
        assert contact in chain.origin.log[0]["headers"]["user-agent"]


SECRET = "clients-own-secret-abc"


@pytest.mark.parametrize("headers", [
    {"Authorization": f"Token {SECRET}"}, {"Authorization": f"Bearer {SECRET}"},
    {"Authorization": SECRET}, {"Cookie": f"sessionid={SECRET}"}, {"X-Api-Key": SECRET},
    {"Proxy-Authorization": f"Basic {SECRET}"}, {"X-Auth-Token": SECRET},
])
def test_a_clients_own_secrets_in_headers_go_nowhere(gate, headers):
    """They neither change an answer nor reach upstream, a log or a key."""
    answers = [gate.ask(target, headers) for target in TARGETS]
    assert [a.status for a in answers[:2]] == [200, 200]
    assert SECRET not in str(gate.origin.log)
    assert_nowhere(SECRET, everything_seen(gate, answers))


NAMES = ["api_key", "apikey", "key", "token", "access_token", "Authorization", "auth", "secret",
         "password", "API-KEY", "api%5Fkey"]


@pytest.mark.parametrize("mode", ["reject", "pass"])
def test_a_clients_own_secrets_in_the_query_go_nowhere(mode):
    """`?api_key=` is refused, or dropped where unknown parameters are passed on; its value is in
    no problem, log, key or call. nginx' log included."""
    with Chain(config={"api.unknown_parameters": mode}) as chain:
        answers = [chain.ask(f"{SPACECRAFT}?limit=3&{name}={SECRET}") for name in NAMES]
        answers.append(chain.ask(f"{SPACECRAFT}430/?api_key={SECRET}"))
        answers.append(chain.ask(f"/nowhere?api_key={SECRET}"))
        answers.append(get_bytes(chain.port, f"{SPACECRAFT}?api_key={SECRET}&x=%zz".encode()))
        expected = 400 if mode == "reject" else 200
        assert [a.status for a in answers[:-2]] == [expected] * (len(NAMES) + 1)
        assert SECRET not in str(chain.origin.log)
        assert_nowhere(SECRET, everything_seen(chain, answers))
