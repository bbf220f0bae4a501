"""Several upstream identities: each key has a budget of its own, and none is told to anybody."""

import pytest
from harness import (SPACECRAFT, Chain, assert_nowhere, assert_problem, everything_seen,
                     eventually, run_perigee, together)

KEYS = {"main": "sandbox-key-one", "second": "sandbox-key-two"}


@pytest.fixture
def file(tmp_path):
    """One key in the line, one in a file of its own, and the address itself."""
    (tmp_path / "main.key").write_text(KEYS["main"] + "\n")
    path = tmp_path / "identities"
    path.write_text(f"# who we are\nmain - token_file={tmp_path / 'main.key'}\n"
                    f"second - token={KEYS['second']}\naddress - anonymous\n")
    return path


def keys_of(chain):
    """Which key went with each call that is counted."""
    return [e["headers"].get("authorization", "").removeprefix("Token ") for e in chain.origin.log
            if "api-throttle" not in e["target"]]


def throttle(chain):
    return chain.ask("/2.3.0/api-throttle/").json


def test_each_has_a_budget_of_its_own(file):
    """Three times four calls, spread over all, none refused upstream; then a Retry-After."""
    with Chain(workers=2, quota="4/3600", config={"upstream.identities": file}) as chain:
        assert throttle(chain)["your_request_limit"] == 12
        answers = [chain.ask(chain.cold()) for _ in range(12)]
        assert [a.status for a in answers] == [200] * 12
        used = keys_of(chain)
        assert {key: used.count(key) for key in set(used)} == {
            KEYS["main"]: 4, KEYS["second"]: 4, "": 4}
        told = throttle(chain)
        assert (told["your_request_limit"], told["current_use"]) == (12, 12)
        refused = chain.ask(chain.cold())
        assert_problem(refused, 429, "quota-exceeded")
        assert 3000 < int(refused.headers["Retry-After"]) <= 3601
        assert chain.origin.report["refused"] == 0
        budgets = {key for key in chain.cache.keys() if key.endswith(":calls")}
        assert {"perigee:{ll2}:main:calls", "perigee:{ll2}:second:calls",
                "perigee:{ll2}:address:calls"} <= budgets
        metrics = chain.ask("/metrics").body.decode()
        assert 'perigee_upstream_quota_limit{budget="ll2/main"} 4' in metrics


def test_no_key_is_anywhere_but_upstream(file):
    with Chain(quota="15/3600", config={"upstream.identities": file,
                                        "log.level": "debug"}) as chain:
        answers = [chain.ask(target) for target in
                   [SPACECRAFT, "/2.3.0/api-throttle/", "/metrics", "/status/", "/readyz"]]
        for kind, more in [("status", {"status": 500, "body": {"detail": f"bad {KEYS['main']}"}}),
                           ("garbage", {}), ("reset", {}),
                           ("status", {"status": 429, "headers": {"Retry-After": "1"}})]:
            chain.origin.fault(kind, times=1, **more)
            answers.append(chain.ask(chain.cold()))
        seen = everything_seen(chain, answers)
        for key in KEYS.values():
            assert_nowhere(key, seen)


def test_one_that_upstream_refuses_is_passed_over(file):
    """A 429 to one is not the client's: another one asks, and the first is left alone."""
    with Chain(quota="15/3600", config={"upstream.identities": file}) as chain:
        chain.origin.fault("status", status=429, headers={"Retry-After": "600"}, times=1)
        assert chain.ask(chain.cold()).status == 200
        first = keys_of(chain)[0]
        assert len(keys_of(chain)) == 2 and keys_of(chain)[1] != first
        for _ in range(5):
            assert chain.ask(chain.cold()).status == 200
        assert keys_of(chain).count(first) == 1


def test_a_key_that_upstream_does_not_know_is_said_and_passed_over(tmp_path):
    path = tmp_path / "identities"
    path.write_text(f"wrong - token=no-such-key\nmain - token={KEYS['main']}\n")
    with Chain(quota="15/3600", config={"upstream.identities": path}) as chain:
        assert [chain.ask(chain.cold()).status for _ in range(3)] == [200] * 3
        assert set(keys_of(chain)) <= {KEYS["main"], "no-such-key"}
        assert chain.origin.report["refused"] == 0
        assert "no-such-key" not in chain.everything_logged()


def test_a_target_is_fetched_once(file):
    """However many identities there are: 20 cold clients on two workers make one call."""
    with Chain(workers=2, quota="15/3600", config={"upstream.identities": file}) as chain:
        chain.origin.fault("latency", seconds=1, times=1)
        answers = together(20, lambda i: chain.ask(SPACECRAFT))
        assert [a.status for a in answers] == [200] * 20
        assert len(keys_of(chain)) == 1


def test_faults_of_the_file_are_said_without_the_key(tmp_path):
    path = tmp_path / "identities"
    path.write_text("main - token=hunter2 more\nmain 15 token=hunter2\nok - anonymous\n"
                    f"ok - anonymous\nfile - token_file={tmp_path / 'none'}\n")
    status, _, said = run_perigee("--check", PERIGEE_UPSTREAM_IDENTITIES=str(path))
    assert status != 0
    for line in (1, 2, 4, 5):
        assert f"{path}:{line}: " in said, said
    assert "hunter2" not in said
    path.write_text("# nobody\n")
    status, _, said = run_perigee("--check", PERIGEE_UPSTREAM_IDENTITIES=str(path))
    assert status != 0 and "it names none" in said
