"""What each script does, case by case, by the stand-in's clock; and the same by a real Redis, which
shows that the stand-in answers as Redis does."""

import pytest
from budget import (ELSEWHERE, GRANTED, NO, PERHAPS, REFUSED, UNCALIBRATED, Budget, RealRedis,
                    ScriptError, StandIn)

HOUR = 3600_000
MINUTE = 60_000


@pytest.fixture(params=[StandIn, RealRedis], ids=["standin", "redis"])
def redis(request, tmp_path):
    redis = request.param(tmp_path)
    yield redis
    redis.stop()


@pytest.fixture
def budget(redis):
    return Budget(redis)


# ---- a sliding log -----------------------------------------------------------

def test_so_many_calls_in_any_window(redis):
    budget = Budget(redis, limit=3, share=100)
    for n in range(3):
        verdict = budget.reserve(f"a{n}")
        assert (verdict.word, verdict.left) == (GRANTED, 2 - n)
        budget.settle(f"a{n}")
        redis.move(10 * MINUTE)
    assert budget.refused() == 30 * MINUTE + budget.margin
    redis.move(30 * MINUTE + budget.margin - 1)
    assert budget.refused() == 1
    redis.move(1)
    budget.granted()
    assert budget.refused() == 10 * MINUTE


def test_a_call_in_flight_counts_from_its_latest_moment(redis):
    """Its worker dies: nobody ever says when it arrived."""
    budget = Budget(redis, limit=1, share=100)
    assert budget.reserve("a").word == GRANTED
    # What is told meanwhile is the better guess: that it will have been now.
    assert budget.refused() == HOUR + budget.margin
    redis.move(HOUR + budget.margin)
    assert 0 < budget.refused() <= budget.hold
    redis.move(budget.hold)
    budget.granted()


@pytest.mark.parametrize("counted, free_after", [("1", 5000 + HOUR), (NO, 5000), (PERHAPS, 20_000 + HOUR)])
def test_when_its_end_is_known(redis, counted, free_after):
    budget = Budget(redis, limit=1, share=100)
    budget.reserve("a")
    redis.move(5000)
    budget.settle("a", counted=counted)
    if counted != NO:
        redis.move(free_after - 5000 + budget.margin - 1)
        assert budget.refused() >= 1
        redis.move(1)
    budget.granted()


def test_a_call_that_redis_has_forgotten_is_known_again(redis):
    """When it is renewed, and at its end at the latest."""
    budget = Budget(redis, limit=1, share=100)
    for end in (lambda: budget.renew("a"), lambda: budget.settle("a"),
                lambda: budget.settle("a", counted=PERHAPS)):
        redis.call("FLUSHALL")
        assert budget.reserve("a").word == GRANTED
        redis.call("FLUSHALL")
        end()
        assert budget.refused() > HOUR - budget.hold
    # One that never got there is not.
    redis.call("FLUSHALL")
    budget.reserve("a")
    redis.call("FLUSHALL")
    budget.settle("a", counted=NO)
    budget.granted()


def test_renewing_moves_no_call(redis):
    budget = Budget(redis)
    budget.reserve("a")
    before = budget.calls()
    redis.move(3000)
    budget.renew("a")
    assert budget.calls() == before


def test_what_upstream_does_not_count_is_in_no_log(redis, budget):
    budget.claim("a")
    budget.renew("a", target="throttle", counted=False)
    budget.settle("a", "", PERHAPS, target="throttle", hold=0)
    assert budget.calls() == {}


def test_a_window_has_a_margin(redis):
    """One that upstream counted a moment after us leaves its log before ours."""
    for window, margin in ((1000, 60), (20_000, 250), (HOUR, 1000)):
        redis.call("FLUSHALL")
        budget = Budget(redis, limit=1, window=window, share=100)
        budget.granted()
        assert budget.refused() == window + margin


# ---- one fetches, the others wait --------------------------------------------

def test_a_target_is_fetched_by_one(redis, budget):
    assert budget.reserve("a", target="/t").word == GRANTED
    verdict = budget.reserve("b", target="/t")
    assert verdict.word == ELSEWHERE and 4000 < verdict.wait <= 5000
    assert budget.reserve("c", target="/u").word == GRANTED
    assert len(budget.calls()) == 2
    budget.settle("a", target="/t")
    assert budget.reserve("b", target="/t").word == GRANTED


def test_a_lease_ends_unless_it_is_renewed(redis, budget):
    budget.reserve("a", target="/t")
    for _ in range(10):
        redis.move(4000)
        budget.renew("a", target="/t")
        assert budget.reserve("b", target="/t").word == ELSEWHERE
    redis.move(5000)
    assert budget.reserve("b", target="/t").word == GRANTED
    # Who wakes up late neither takes it back nor frees it.
    budget.renew("a", target="/t")
    budget.settle("a", target="/t")
    assert budget.reserve("c", target="/t").word == ELSEWHERE
    budget.settle("b", target="/t")
    assert budget.reserve("c", target="/t").word == GRANTED


def test_a_lease_that_redis_has_forgotten_is_taken_again(redis, budget):
    budget.reserve("a", target="/t")
    redis.call("FLUSHALL")
    budget.renew("a", target="/t")
    assert budget.reserve("b", target="/t").word == ELSEWHERE


def test_upstreams_word_is_asked_for_by_one(redis, budget):
    first = budget.claim("a")
    assert first.word == GRANTED
    redis.move(2000)
    second = budget.claim("b")
    assert second.word == ELSEWHERE and 2000 < second.wait <= 3000
    assert second.now == first.now + 2000
    budget.settle("a", "", NO, target="throttle", hold=0)
    assert budget.claim("b").word == GRANTED


def test_the_end_of_a_call_is_told():
    redis = StandIn()
    budget = Budget(redis)
    budget.reserve("a", target="/t")
    budget.settle("a", target="/t", news="filled /t")
    assert redis._ask("news") == ["p:news filled /t"]
    redis.stop()


# ---- background --------------------------------------------------------------

def test_background_leaves_a_reserve(redis, budget):
    """Of 15 calls 3 are for demand alone, however long nobody demands anything."""
    made = 0
    for _ in range(60):
        if budget.reserve(f"a{made}", "").word == GRANTED:
            budget.settle(f"a{made}", "")
            made += 1
        redis.move(MINUTE)
    assert made == 12
    budget.granted(n=3)
    assert budget.refused() > 0


def test_without_anything_but_a_reserve_background_has_nothing(redis):
    budget = Budget(redis, limit=3, reserve=3)
    verdict = budget.reserve("a", "")
    assert verdict.word == REFUSED and verdict.wait >= HOUR
    budget.granted()


def test_background_is_paced(redis, budget):
    """A quarter of its share at once, the rest evenly over the window."""
    pace = (HOUR + budget.margin) / 12
    budget.granted("", 3)
    assert abs(budget.refused("") - pace) <= 1
    for _ in range(9):
        redis.move(round(pace) - 10)
        assert budget.refused("") <= 11
        redis.move(11)
        budget.granted("")
    # Whoever demands something does not wait for that.
    budget.granted("c1")


def test_what_was_not_used_comes_back_as_a_quarter_only(redis, budget):
    budget.granted("", 3)
    redis.move(30 * MINUTE)
    budget.granted("", 3)
    budget.refused("")


# ---- fairness ----------------------------------------------------------------

def test_alone_a_client_has_everything(redis, budget):
    budget.granted("c1", 15)
    assert budget.refused("c1") > 0


def test_while_others_ask_it_has_its_share(redis, budget):
    """Half of 15, rounded up."""
    budget.granted("c2")
    budget.granted("c1", 8)
    assert abs(budget.refused("c1") - HOUR) <= 2000
    budget.granted("c2", 6)
    assert len(budget.calls()) == 15
    budget.refused("c2")


def test_a_client_in_flight_has_used_its_share_too(redis, budget):
    budget.granted("c2")
    for n in range(8):
        assert budget.reserve(f"a{n}", "c1").word == GRANTED
    assert budget.refused("c1") > 0
    budget.granted("c2")


def test_who_has_not_asked_for_a_window_is_no_other(redis, budget):
    budget.granted("c2")
    redis.move(HOUR + budget.margin + 1)
    budget.granted("c1", 15)


def test_clients_of_similar_names_are_apart(redis, budget):
    budget.granted("c1", 8)
    budget.granted("c11")
    budget.refused("c1")
    budget.granted("c11", 6)


def test_many_clients_cost_bounded_memory(redis, budget):
    for n in range(1100):
        budget.reserve("a", f"c{n}")
        budget.settle("a", f"c{n}", NO)
    assert int(redis.call("ZCARD", budget.ASKERS)[0]) == 1000


# ---- calibration -------------------------------------------------------------

def counting(redis, **more):
    return Budget(redis, calibrated=True, **more)


def test_nothing_before_it_was_compared(redis):
    budget = counting(redis)
    assert budget.reserve("a").word == UNCALIBRATED
    budget.calibrate(0)
    assert budget.reserve("a").word == GRANTED
    assert budget.reserve("b", compared=0).word == UNCALIBRATED
    redis.call("FLUSHALL")
    assert budget.reserve("b").word == UNCALIBRATED


def test_others_calls_are_added_kept_and_removed(redis):
    budget = counting(redis)
    budget.calibrate(6)
    assert budget.others() == 6
    budget.granted(n=4)
    budget.calibrate(10)
    assert budget.others() == 6
    redis.move(MINUTE)
    budget.calibrate(12)
    assert budget.others() == 8
    budget.calibrate(5)
    assert budget.others() == 1
    budget.calibrate(4)
    assert budget.others() == 0
    assert len(budget.calls()) == 4


def test_others_calls_use_up_the_budget(redis):
    budget = counting(redis)
    budget.calibrate(13)
    budget.granted(n=2)
    assert 0 < budget.refused() <= HOUR + budget.margin


def test_upstreams_limit_and_window_are_the_ones(redis):
    budget = counting(redis, share=100)
    budget.calibrate(0, limit=2, window=10_000)
    budget.granted(n=2)
    assert budget.refused() == 10_000 + 150
    assert budget.usage().limit == 2
    budget.calibrate(0, limit=300)
    assert budget.reserve("a").left == 299 - 2


def test_what_ended_after_upstream_was_asked_may_not_be_counted(redis):
    """Upstream counts 5, all of others; meanwhile a call of ours is made."""
    budget = counting(redis)
    budget.calibrate(0)
    asked = budget.now()
    redis.move(10)
    budget.granted()
    redis.move(10)
    budget.calibrate(5, asked=asked)
    assert budget.others() == 5
    # Asked again, it says what is true, and the call is not counted twice.
    redis.move(10)
    budget.calibrate(6)
    assert budget.others() == 5


def test_what_upstream_has_forgotten_before_us_is_not_counted_for_others(redis):
    """A long call: upstream counts from its arrival, we from its end. Others made one each time."""
    budget = counting(redis)
    budget.calibrate(0)
    budget.reserve("long")
    redis.move(19_000)
    budget.settle("long")
    redis.move(HOUR - 18_000)
    # Upstream has just forgotten it; what it counts is somebody else's.
    assert "c1:long" in "".join(budget.calls())
    budget.calibrate(1)
    assert budget.others() == 1


def test_those_in_flight_are_counted_rather_twice_than_not(redis):
    budget = counting(redis)
    budget.calibrate(0)
    budget.reserve("a")
    budget.calibrate(1)
    assert len(budget.calls()) == 2
    budget.settle("a")
    redis.move(1)
    budget.calibrate(1)
    assert len(budget.calls()) == 1


def test_others_calls_are_not_older_than_they_may_be(redis):
    """One of others' has gone and another one come: the number is the same, the age is not."""
    budget = counting(redis, limit=1)
    budget.calibrate(1)
    redis.move(50 * MINUTE)
    budget.calibrate(1)
    redis.move(15 * MINUTE)
    assert budget.reserve("a").word != GRANTED
    assert budget.others() == 1


def test_an_answer_that_was_overtaken_changes_nothing(redis):
    budget = counting(redis)
    early = budget.now()
    redis.move(100)
    budget.calibrate(9)
    budget.calibrate(2, asked=early)
    assert budget.others() == 9


def test_an_answer_that_outlives_the_data_changes_nothing(redis):
    """Asked before Redis lost everything, it knows nothing of the calls that were made meanwhile."""
    budget = counting(redis, share=100)
    asked = budget.now()
    redis.move(100)
    budget.calibrate(0)
    budget.granted(n=10)
    redis.call("FLUSHALL")
    budget.calibrate(2, asked=asked)
    assert budget.reserve("a").word == UNCALIBRATED
    redis.move(100)
    budget.claim("a")
    budget.calibrate(2, asked=asked)
    assert budget.reserve("a").word == UNCALIBRATED
    budget.calibrate(12)
    budget.granted(n=3)
    budget.refused()


def test_when_others_have_used_it_up_upstream_is_asked_again_now_and_then(redis):
    budget = counting(redis)
    budget.calibrate(15, wait=10 * MINUTE)
    # Told is when upstream says that it will be free.
    assert abs(budget.refused() - 10 * MINUTE) <= 1
    redis.move(MINUTE // 2)
    assert abs(budget.refused() - 9.5 * MINUTE) <= 1
    redis.move(MINUTE)
    assert budget.reserve("a").word == UNCALIBRATED
    budget.calibrate(14)
    assert budget.reserve("a").word == GRANTED


def test_a_call_is_made_only_if_upstream_was_asked_lately(redis):
    """Others may have come meanwhile."""
    budget = counting(redis)
    budget.calibrate(0)
    assert budget.reserve("a", compared=MINUTE).word == GRANTED
    redis.move(MINUTE + 1)
    assert budget.reserve("b", compared=MINUTE).word == UNCALIBRATED
    assert budget.reserve("b", "", compared=MINUTE).word == UNCALIBRATED
    assert len(budget.calls()) == 1
    budget.calibrate(15)
    assert budget.reserve("b", compared=MINUTE).word == REFUSED
    # Where it cannot be asked, the last time has to do.
    budget.calibrate(3)
    redis.move(2 * MINUTE)
    assert budget.reserve("b", compared=-1).word == GRANTED


def test_what_is_refused_anyway_needs_no_asking(redis):
    budget = counting(redis)
    budget.calibrate(0)
    budget.granted(n=15)
    redis.move(10 * MINUTE)
    assert budget.reserve("a", compared=MINUTE).word == REFUSED


def test_who_is_told_to_ask_first_has_not_had_its_turn(redis):
    """Of 12 background calls 3 may come together, asked for twice each."""
    budget = counting(redis)
    for n in range(3):
        redis.move(2)
        assert budget.reserve(f"a{n}", "", compared=1).word == UNCALIBRATED
        budget.calibrate(n)
        assert budget.reserve(f"a{n}", "", compared=1).word == GRANTED
        budget.settle(f"a{n}", "")
    redis.move(2)
    assert budget.reserve("a3", "", compared=1).word == REFUSED


def test_when_nobody_else_calls_it_is_not_asked_again(redis):
    budget = counting(redis)
    budget.calibrate(0)
    budget.granted(n=15)
    for _ in range(50):
        redis.move(MINUTE)
        budget.refused()


# ---- cool-down ---------------------------------------------------------------

def test_after_a_refusal_nobody_calls(redis, budget):
    budget.cool(30_000)
    assert budget.refused() == 30_000
    assert budget.refused("") == 30_000
    budget.cool(10_000)
    assert budget.refused() == 30_000
    redis.move(30_000)
    budget.granted()


def test_what_was_believed_is_compared_anew(redis):
    budget = counting(redis)
    budget.calibrate(0)
    budget.cool(30_000)
    assert budget.reserve("a").word == UNCALIBRATED
    budget.calibrate(0, wait=0)
    assert budget.refused() == 30_000


def test_a_guess_is_replaced_by_what_upstream_tells(redis):
    budget = counting(redis)
    for told in (10_000, 500_000):
        redis.call("FLUSHALL")
        budget.cool(60_000, guessed=True)
        budget.calibrate(15, wait=told)
        redis.move(5000)
        assert budget.refused() >= told - 5000
        redis.move(told - 5000)
        budget.calibrate(14)
        budget.granted()


def test_what_upstream_said_is_not_replaced(redis):
    budget = counting(redis)
    budget.cool(60_000)
    budget.calibrate(14, wait=10_000)
    assert budget.refused() == 60_000
    # Neither is a guess, when upstream says that it is free: it has just refused.
    redis.call("FLUSHALL")
    budget.cool(60_000, guessed=True)
    budget.calibrate(0, wait=0)
    assert budget.refused() == 60_000


def test_what_is_spare_does_not_come_together(redis, budget):
    """12 of 15 calls are the background's; a refresh may come right after one that was spare."""
    pace = (HOUR + budget.margin) / 12
    assert budget.reserve("a", "", spare=True).word == GRANTED
    budget.settle("a", "")
    verdict = budget.reserve("b", "", spare=True)
    assert verdict.word == REFUSED and pace - 1000 < verdict.wait <= pace + 1
    budget.granted("", 2)  # refreshes may: three together
    assert budget.reserve("b", "", spare=True).wait > 2 * pace
    redis.move(int(3 * pace) + 1)
    assert budget.reserve("b", "", spare=True).word == GRANTED


# ---- offices -----------------------------------------------------------------

def test_an_office_is_held_by_one_until_its_time_is_over(redis, budget):
    assert budget.holds_office("a", 6000)
    assert not budget.holds_office("b", 6000)
    redis.move(5000)
    assert budget.holds_office("a", 6000)
    redis.move(5000)
    assert not budget.holds_office("b", 6000)
    redis.move(1001)
    assert budget.holds_office("b", 6000)
    assert not budget.holds_office("a", 6000)


# ---- usage -------------------------------------------------------------------

def test_usage_is_what_upstream_would_say(redis, budget):
    assert budget.usage() == (15, HOUR, 0, 0, 0, 0)
    budget.granted(n=2)
    budget.reserve("a")
    assert budget.usage() == (15, HOUR, 3, 0, HOUR, 0)
    redis.move(10 * MINUTE)
    budget.granted(n=12)
    assert budget.usage() == (15, HOUR, 15, 50 * MINUTE, 50 * MINUTE, 0)
    budget.cool(55 * MINUTE)
    assert budget.usage() == (15, HOUR, 15, 55 * MINUTE, 50 * MINUTE, 55 * MINUTE)
    redis.move(50 * MINUTE)
    assert budget.usage().used == 12 + 1  # the one in flight is not settled yet
    assert budget.usage().cool == 5 * MINUTE
    redis.move(2 * HOUR)
    assert budget.usage() == (15, HOUR, 0, 0, 0, 0)


# ---- the stand-in ------------------------------------------------------------

def test_commands_answer_alike(redis):
    """What the scripts do not come to, and might."""
    def gives(*words):
        try:
            return redis.call(*words)
        except ScriptError as error:
            return str(error).split()[0]

    assert gives("PTTL", "none") == ["-2"]
    assert gives("SET", "s", "v") == ["OK"]
    assert gives("PTTL", "s") == ["-1"]
    assert gives("SET", "s", "v", "PX", "0") == "ERR"
    assert gives("HGET", "s", "f") == "WRONGTYPE"
    assert gives("ZADD", "z", "1", "b", "1", "a", "0.5", "c") == ["3"]
    assert gives("ZADD", "z", "NX", "9", "b", "2", "d") == ["1"]
    assert gives("ZRANGE", "z", "0", "-1", "WITHSCORES") == ["c", "0.5", "a", "1", "b", "1", "d", "2"]
    assert gives("ZRANGE", "z", "-2", "5") == ["b", "d"]
    assert gives("ZRANGE", "z", "0", "1.5") == "ERR"
    assert gives("ZRANGEBYSCORE", "z", "(1", "+inf") == ["d"]
    assert gives("ZRANGEBYSCORE", "z", "-inf", "1", "WITHSCORES") == ["c", "0.5", "a", "1", "b", "1"]
    assert gives("ZSCORE", "z", "none") == []
    assert gives("ZREMRANGEBYSCORE", "z", "-inf", "(1") == ["1"]
    assert gives("ZREM", "z", "a", "none") == ["1"]
    assert gives("ZCARD", "z") == ["2"]
    assert gives("ZREM", "z", "b", "d") == ["2"]
    assert gives("PTTL", "z") == ["-2"]
    assert gives("HSET", "h", "a", "1", "b", "2") == ["2"]
    assert gives("HSET", "h", "a", "3") == ["0"]
    assert gives("HSETNX", "h", "a", "4") == ["0"]
    assert gives("HSETNX", "h", "c", "4") == ["1"]
    assert gives("HGET", "h", "a") == ["3"]
    assert gives("HDEL", "h", "a", "none") == ["1"]
    assert gives("DEL", "h", "s", "none") == ["2"]
    assert gives("PEXPIRE", "none", "1") == ["0"]


# ---- another process of Redis ------------------------------------------------

def test_another_redis_has_to_be_compared_anew(redis):
    """It was started again, or was a replica: the last calls may be missing, whoever asks."""
    budget = Budget(redis, limit=3, share=100, calibrated=True)
    assert budget.reserve("a").word == UNCALIBRATED
    budget.calibrate(used=0)
    budget.granted()
    redis.restart()
    redis.move(budget.lease)  # who asked for the count before does not matter any more
    assert budget.reserve("b").word == UNCALIBRATED
    # What it has lost is what upstream has counted beyond the log.
    budget.calibrate(used=2)
    budget.granted()
    budget.refused()
    assert (len(budget.calls()), budget.others()) == (3, 1)


def test_an_answer_that_was_asked_for_by_another_redis_is_none(redis):
    budget = Budget(redis, calibrated=True)
    asked = budget.now()
    redis.restart()
    budget.calibrate(used=0, asked=asked)
    assert budget.reserve("a").word == UNCALIBRATED
    # Nor if the new one has been asked since.
    redis.move(budget.lease)
    budget.now()
    budget.calibrate(used=0, asked=asked)
    assert budget.reserve("a").word == UNCALIBRATED
    budget.calibrate(used=0)
    assert budget.reserve("a").word == GRANTED


def test_where_upstream_does_not_tell_a_restart_changes_nothing(redis):
    budget = Budget(redis, limit=1, share=100)
    budget.granted()
    redis.restart()
    budget.refused()
