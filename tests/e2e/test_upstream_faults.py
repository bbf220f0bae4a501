"""Whatever upstream does wrong: the last good answer stands, and nothing bad is ever stored."""

import socket

import pytest
from harness import SLOW, SPACECRAFT, Chain, assert_problem, eventually, tables

OBJECT = SPACECRAFT + "430/"
LIST = SPACECRAFT + "?ordering=-id"
CALLS = {OBJECT: OBJECT, LIST: SPACECRAFT + "?limit=100&ordering=-id"}

# name: order to the sandbox, the status of the problem for who has no data, its type
FAULTS = {
    "500": ({"kind": "status", "status": 500}, 502, "upstream-error"),
    "502": ({"kind": "status", "status": 502}, 502, "upstream-error"),
    "503 with Retry-After": (
        {"kind": "status", "headers": {"Retry-After": "100"}}, 502, "upstream-error"),
    "401": ({"kind": "status", "status": 401}, 502, "upstream-error"),
    "403 html": ({"kind": "html", "status": 403}, 502, "upstream-garbage"),
    "404 html": ({"kind": "html", "status": 404}, 502, "upstream-garbage"),
    "404 of no object": ({"kind": "status", "status": 404, "body": [1]}, 502, "upstream-garbage"),
    "204": ({"kind": "status", "status": 204, "body": ""}, 502, "upstream-error"),
    "garbage": ({"kind": "garbage"}, 502, "upstream-garbage"),
    "html": ({"kind": "html"}, 502, "upstream-garbage"),
    "cut_short": ({"kind": "cut_short"}, 502, "upstream-garbage"),
    "bad_length": ({"kind": "bad_length"}, 502, "upstream-garbage"),
    "reset": ({"kind": "reset"}, 502, "upstream-unreachable"),
    "hang": ({"kind": "hang"}, 504, "upstream-timeout"),
    "redirect": ({"kind": "redirect"}, 502, None),
    "301": ({"kind": "redirect", "status": 301}, 502, None),
    "huge": ({"kind": "huge"}, 502, "upstream-garbage"),
    "ill_shaped": ({"kind": "ill_shaped"}, 502, "upstream-garbage"),
    "empty": ({"kind": "status", "status": 200, "body": ""}, 502, "upstream-garbage"),
    "null": ({"kind": "status", "status": 200, "body": "null"}, 502, "upstream-garbage"),
    "an error as 200": ({"kind": "status", "status": 200, "body": {"detail": "Busy."}}, 502,
                        "upstream-garbage"),
    "two values": ({"kind": "status", "status": 200, "body": "{} {}"}, 502, "upstream-garbage"),
    "json said to be html": (
        {"kind": "latency", "seconds": 0.001, "headers": {"Content-Type": "text/html"}}, 502,
        "upstream-garbage"),
    "429": ({"kind": "status", "status": 429}, 429, "quota-exceeded"),
    "429 with Retry-After": (
        {"kind": "status", "status": 429, "headers": {"Retry-After": "7"}}, 429, "quota-exceeded"),
}
# What is wrong with a list only: an object has none of these members.
LIST_FAULTS = {
    "fewer results than count says": (
        {"count": 596, "next": None, "previous": None, "results": [{"id": 1}]}),
    "more results than count says": (
        {"count": 1, "next": None, "previous": None, "results": [{"id": 1}, {"id": 2}]}),
    "results of numbers": {"count": 1, "next": None, "previous": None, "results": [1]},
    "count as text": {"count": "0", "next": None, "previous": None, "results": []},
    "negative count": {"count": -1, "next": None, "previous": None, "results": []},
    "no results": {"count": 0, "next": None, "previous": None},
    "no count": {"next": None, "previous": None, "results": []},
    "results as object": {"count": 0, "next": None, "previous": None, "results": {}},
    "a bare array": [],
}


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    """Answers are stale after a moment; a failed call may be repeated after another."""
    folder = tables(tmp_path_factory.mktemp("tables"), fresh="150ms", stale="1h")
    # Long enough for what is huge to come, on a busy machine.
    config = {"api.tables": folder, "upstream.retry": "20ms", "upstream.timeout": f"{3 * SLOW}s",
              "server.wait": f"{5 * SLOW}s", "upstream.reserve": 0}
    with Chain(config=config) as chain:
        yield chain


def settled(gate, calls):
    """When so many calls have been made and the last one is over."""
    report = gate.origin.report
    return report["seen"] >= calls and report["in_flight"] == 0


@pytest.mark.parametrize("target", [OBJECT, LIST], ids=["object", "list"])
@pytest.mark.parametrize("name", FAULTS)
def test_the_last_good_answer_stands(gate, name, target):
    """While upstream fails: the same answer, its entry in Redis untouched; then a new one."""
    good = gate.ask(target)
    stored = gate.stored(CALLS[target])
    assert good.status == 200 and stored["body"]
    gate.origin.update(430, description="Changed.")
    gate.origin.fault(**FAULTS[name][0])

    def failed():
        answer = gate.ask(target)
        assert (answer.status, answer.body) == (200, good.body), answer
        assert answer.took < 1 * SLOW, answer
        return settled(gate, 2)

    eventually(failed, "a call that fails")
    for _ in range(3):
        answer = gate.ask(target)
        assert (answer.status, answer.body) == (200, good.body), answer
        assert answer.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert gate.stored(CALLS[target]) == stored
    assert gate.cache.entries() == [CALLS[target]]

    gate.origin.lift()
    eventually(lambda: recovered(gate, target) and gate.ask(target).ttl >= 0, "a fresh answer", 20)
    assert gate.stored(CALLS[target])["fetched_at"] > stored["fetched_at"]


@pytest.mark.parametrize("target", [SPACECRAFT + "374/", SPACECRAFT + "?ordering=time_docked"],
                         ids=["object", "list"])
@pytest.mark.parametrize("name", FAULTS)
def test_who_has_nothing_gets_a_problem_and_nothing_is_stored(gate, name, target):
    """502, 504 or 429 as a problem; no entry; and the true answer as soon as there is one."""
    order, status, word = FAULTS[name]
    eventually(lambda: recovered(gate, target), "the failure before to be forgotten", 20)
    gate.reset()
    gate.origin.fault(**order)
    answer = gate.ask(target)
    assert answer.status == status, answer
    problem = assert_problem(answer, status, word or answer.json["type"].rsplit(":", 1)[1])
    assert "elsewhere.invalid" not in answer.body.decode()
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Retry-After" in answer.headers and problem["retry_after"] >= 1
    assert gate.cache.entries() == []
    gate.origin.lift()
    eventually(lambda: recovered(gate, target), "an answer", 20)


def recovered(gate, target):
    gate.cache("DEL", "perigee:{ll2}:state")  # what a 429 says would hold for a minute
    return gate.ask(target).status == 200


@pytest.mark.parametrize("name", LIST_FAULTS)
def test_a_list_of_another_shape_is_not_taken(gate, name):
    """Every slice behind a gap would be wrong, so a page must be whole."""
    target = f"{SPACECRAFT}?search=shape{list(LIST_FAULTS).index(name)}"
    gate.origin.fault("status", status=200, body=LIST_FAULTS[name], times=1)
    assert_problem(gate.ask(target), 502, "upstream-garbage")
    assert gate.cache.entries() == []
    eventually(lambda: gate.ask(target).status == 200, "the true answer")


@pytest.mark.parametrize("body", [
    {"id": 999, "name": "Another"}, {"id": "430"}, {"name": "No id"}, {}, [], "[{}]", "7",
])
def test_another_object_is_not_taken(gate, body):
    """What is asked for by its id must be that object."""
    target = SPACECRAFT + "349/"
    eventually(lambda: recovered(gate, target), "the failure before to be forgotten", 20)
    gate.reset()
    gate.origin.fault("status", status=200, body=body)
    assert_problem(gate.ask(target), 502, "upstream-garbage")
    assert gate.cache.entries() == []


def test_a_target_that_fails_is_not_asked_again_at_once():
    """A target that cannot be had does not eat up the quota: the pause doubles."""
    with Chain(config={"upstream.retry": "1s"}) as chain:
        chain.origin.fault("status")
        target = chain.cold()
        answers = [chain.ask(target) for _ in range(30)]
        assert {answer.status for answer in answers} == {502}
        assert chain.calls == 1
        assert all(int(answer.headers["Retry-After"]) <= 1 for answer in answers)
        eventually(lambda: chain.ask(target) and chain.calls == 2, "the second attempt")
        assert int(chain.ask(target).headers["Retry-After"]) == 2
        chain.origin.lift()
        eventually(lambda: chain.ask(target).status == 200, "the third attempt")
        assert chain.calls == 3


def test_nobody_listens_upstream():
    """A connection that is refused: 502, a slot of the quota given back, recovery afterwards."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))  # taken, but not listened on
        config = {"upstream.base_url": f"http://127.0.0.1:{s.getsockname()[1]}",
                  "upstream.retry": "10ms"}
        with Chain(quota="2/3600", config=config) as chain:
            for _ in range(5):
                assert_problem(chain.ask(chain.cold()), 502, "upstream-unreachable")
            assert chain.cache("ZCARD", "perigee:{ll2}:calls") == 0


def test_a_name_that_is_not_known(tmp_path):
    """DNS knows the upstream no more: what is stored goes on being answered, stale as it is; the
    rest is a problem, and costs no quota."""
    folder = tables(tmp_path, fresh="150ms", stale="1h")
    with Chain(config={"api.tables": folder}) as before:
        good = before.ask(LIST)
        config = {"api.tables": folder, "upstream.retry": "10ms",
                  "upstream.base_url": "http://upstream.invalid:1"}
        # What was told of upstream's count needs no asking again for a minute.
        with Chain(config=config, redis=f"unix:{before.redis_socket}") as chain:
            stale = eventually(lambda: (a := chain.ask(LIST)).ttl < 0 and a, "it to be stale")
            body = stale.body.replace(chain.base.encode(), before.base.encode())
            assert (stale.status, body) == (200, good.body)
            answer = chain.ask(OBJECT)
            assert answer.status in (502, 504), answer
            assert_problem(answer, answer.status, answer.json["type"].rsplit(":", 1)[1])
            assert before.cache("ZCARD", "perigee:{ll2}:calls") == 1


def test_an_answer_over_the_cap_is_cut_off():
    """upstream.max_body_bytes: what is larger is not read to its end."""
    with Chain(config={"upstream.max_body_bytes": 100000, "upstream.retry": "10ms"}) as chain:
        assert_problem(chain.ask(SPACECRAFT), 502, "upstream-garbage")
        assert chain.ask(SPACECRAFT + "430/").status == 200
        assert chain.cache.entries() == [SPACECRAFT + "430/"]
