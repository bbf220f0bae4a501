"""What is remembered of purges, by the stand-in's clock and by a real Redis."""

import pytest
from budget import GRANTED, Budget, RealRedis, StandIn

KEPT = 15 * 60_000


@pytest.fixture(params=[StandIn, RealRedis], ids=["standin", "redis"])
def redis(request, tmp_path):
    redis = request.param(tmp_path)
    yield redis
    redis.stop()


def purged(redis, key="p:purges"):
    """{line: how many ms ago}"""
    now, *purges = redis.run("purged", [key], [])
    return {line: int(now) - int(moment) for line, moment in zip(purges[::2], purges[1::2])}


def test_each_is_told_with_its_age(redis):
    assert purged(redis) == {}
    redis.run("purging", ["p:purges"], ["delete all", KEPT])
    redis.move(1500)
    redis.run("purging", ["p:purges"], ["invalidate target /x/", KEPT])
    assert purged(redis) == {"delete all": 1500, "invalidate target /x/": 0}
    redis.move(7)
    redis.run("purging", ["p:purges"], ["delete all", KEPT])
    assert purged(redis) == {"delete all": 0, "invalidate target /x/": 7}


def test_after_a_while_it_is_forgotten(redis):
    redis.run("purging", ["p:purges"], ["delete all", KEPT])
    redis.move(KEPT - 10_000)
    assert purged(redis) == {"delete all": KEPT - 10_000}
    redis.move(10_001)
    redis.run("purging", ["p:purges"], ["delete endpoint /x/", KEPT])
    assert purged(redis) == {"delete endpoint /x/": 0}
    redis.move(KEPT + 1)
    assert purged(redis) == {}


def test_what_workers_are_told_of_is_written_down(redis):
    """By when they were told last; and for who was not there to hear it."""
    for line in ("delete all", "invalidate target /x/", "delete all"):
        assert redis.run("told", ["p:told"], [line, KEPT, "p:news", f"purged {line}"]) == ["0"]
        redis.move(1000)
    assert purged(redis, "p:told") == {"delete all": 1000, "invalidate target /x/": 2000}


def test_calls_and_purges_are_told_by_one_clock(redis):
    """So that which came first does not depend on how long anybody takes to hear of it."""
    budget = Budget(redis, limit=9)
    moments = []
    for id in "abc":
        before = budget.reserve(id)
        assert before.word == GRANTED
        redis.move(2)
        redis.run("purging", ["p:purges"], ["delete all", KEPT])
        moments.append(int(redis.run("purged", ["p:purges"], [])[2]))
        assert moments[-1] == before.now + 2
        redis.move(700)
    assert moments == sorted(set(moments))
    assert budget.claim("d").now == moments[-1] + 700
