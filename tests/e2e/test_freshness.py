"""How long an answer is fresh depends on what it says: what is about to happen, for a minute or two;
what is long over, for days. The rules are the tables' (conf/apis/), and are tried one by one in
tests/unit/freshness*.tsv; here is what clients see of them."""

import re
from datetime import datetime, timedelta, timezone

import pytest
from harness import SLOW, Chain, eventually

LAUNCHES = "/2.3.0/launches/"
UPCOMING = "/2.3.0/launches/upcoming/"
GO, TBD, SUCCESS, HOLD, IN_FLIGHT = 1, 2, 3, 5, 6

MINUTE, HOUR, DAY = 60, 3600, 86400


def max_age(answer):
    assert answer.status == 200, answer
    return int(re.search(r"max-age=(\d+)", answer.headers["Cache-Control"])[1])


def assert_fresh_for(answer, seconds):
    """To the second where that does not depend on when it is asked; else within some."""
    # Ages are rounded down, so the last second is not handed on.
    assert seconds - 1 - 10 * SLOW <= max_age(answer) <= seconds - 1, answer
    assert abs(answer.ttl - max_age(answer)) <= 2 * SLOW, answer


def place(chain, id, moment, **fields):
    """Moves a launch to so many seconds from now."""
    net = datetime.now(timezone.utc) + timedelta(seconds=moment)
    fields["net"] = net.strftime("%Y-%m-%dT%H:%M:%SZ")
    chain.origin.order("POST", "mutate", {"op": "update", "collection": "launches", "id": id,
                                          "fields": fields})


@pytest.fixture
def launch(gate):
    """The id of one that has yet to come."""
    return gate.origin.get(f"{UPCOMING}?limit=1&offset=30").json["results"][0]["id"]


@pytest.mark.parametrize("moment, status, detail, listed", [
    (+900 * DAY, TBD, 6 * HOUR, 6 * HOUR),
    (+10 * DAY, GO, HOUR, HOUR),
    (+20 * HOUR, GO, 15 * MINUTE, 15 * MINUTE),
    (+1 * HOUR, GO, 5 * MINUTE, 5 * MINUTE),
    (+17 * MINUTE, GO, 3 * MINUTE, 3 * MINUTE),  # in two minutes a minute begins to count
    (+5 * MINUTE, GO, MINUTE, MINUTE),
    (+1 * HOUR, HOLD, 2 * MINUTE, 2 * MINUTE),
    (-1 * HOUR, IN_FLIGHT, MINUTE, MINUTE),
    (-1 * HOUR, GO, 5 * MINUTE, 5 * MINUTE),
    (-1 * HOUR, SUCCESS, 15 * MINUTE, 15 * MINUTE),
    (-400 * DAY, SUCCESS, 7 * DAY, DAY),
])
def test_a_launch_is_fresh_by_its_net_and_status(gate, launch, moment, status, detail, listed):
    place(gate, launch, moment, status=status)
    assert_fresh_for(gate.ask(f"{LAUNCHES}{launch}/"), detail)
    assert_fresh_for(gate.ask(f"{LAUNCHES}?id={launch}"), listed)


def test_one_that_is_near_is_enough(gate, launch):
    """A list is as fresh as the liveliest launch in it; one in a year makes no difference."""
    usual = max_age(gate.ask(UPCOMING))
    assert usual > 2 * MINUTE
    gate.forget()
    place(gate, launch, 400 * DAY)
    assert abs(max_age(gate.ask(UPCOMING)) - usual) <= 10 * SLOW
    gate.forget()
    place(gate, launch, 5 * MINUTE, status=GO)
    assert_fresh_for(gate.ask(UPCOMING), MINUTE)


def test_times_are_stored_and_told_alike(gate, launch):
    """What is stored says until when it is fresh, and is kept for the stale time after that."""
    place(gate, launch, -400 * DAY, status=SUCCESS)
    answer = gate.ask(f"{LAUNCHES}{launch}/")
    assert_fresh_for(answer, 7 * DAY)
    left = gate.cache("PTTL", f"perigee:{LAUNCHES}{launch}/") / 1000
    assert 37 * DAY - 20 * SLOW < left <= 37 * DAY


def test_what_leaves_a_list_by_the_clock_is_not_kept_in_it():
    """24 hours after its net a launch is no upcoming one, though nobody has changed anything."""
    leaves = 3 + 3 * SLOW
    with Chain(config={"cache.time_scale": 45}) as chain:  # a quarter of an hour is 20 s
        launch = chain.origin.get(f"{UPCOMING}?limit=1&offset=30").json["results"][0]["id"]
        place(chain, launch, leaves - DAY, status=SUCCESS)
        answer = chain.ask(f"{UPCOMING}?id={launch}")
        assert answer.ids == [launch]
        assert answer.ttl <= leaves + 3
        eventually(lambda: chain.ask(f"{UPCOMING}?id={launch}").ids == [], "it to leave", 15)
