"""Reload, restart, failover, a worker that is killed: clients that never stop asking notice nothing.

`BENCH=rolling make bench` is the same with a thousand requests a second and more.
"""

import pytest
from harness import Sandbox
from stack.rolling import QUOTA, SCENARIOS, run

RATE = 300  # a second, on machines of any kind
STEPS = {"reload": 6, "restart": 4, "activated": 4, "alone": 3, "nginx": 3, "kill": 2, "module": 6, "failover": 1}

# All that the mix of requests asks for.
STATUSES = {200, 304, 400, 404, 405}


def disturbed(name, **options):
    """What became of the requests, and what upstream says of its calls."""
    scenario = SCENARIOS[name]
    with scenario.chain(**options) as stack:
        outcome = run(stack, scenario, RATE, lambda steps, _: steps >= STEPS[name])
        return outcome, Sandbox(stack.sandbox).report


def assert_unnoticed(name, outcome):
    load, scenario = outcome.load, SCENARIOS[name]
    print(name, load, outcome.steps)
    assert load.failed == 0, load
    assert set(load.statuses) == STATUSES, load
    assert len(outcome.steps) == STEPS[name]
    assert load.sent_again == 0 or not scenario.keeps, load
    if scenario.exact:
        assert outcome.counted == load.answered, load
    else:
        assert outcome.counted >= load.answered, load


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name != "failover"])
def test_no_request_fails(name):
    outcome, _ = disturbed(name)
    assert_unnoticed(name, outcome)


def test_no_request_fails_when_the_master_does():
    """And no call is made too many."""
    outcome, upstream = disturbed("failover")
    assert_unnoticed("failover", outcome)
    assert upstream["refused"] == 0
    assert upstream["calls"] <= int(QUOTA.partition("/")[0])
