"""Pages are cut from aligned windows of 100, and come out as upstream would have cut them."""

import pytest
from harness import SPACECRAFT, Chain, assert_like_upstream, eventually, tables

WINDOW = SPACECRAFT + "?limit=100"


def page(offset, limit=10, more=""):
    return f"{SPACECRAFT}?limit={limit}&offset={offset}{more}"


@pytest.mark.parametrize("offset, limit, calls", [
    (0, 100, 1), (90, 10, 1), (91, 10, 2), (99, 1, 1), (99, 2, 2), (100, 100, 1), (1, 100, 2),
    (199, 100, 2), (450, 100, 2), (501, 100, 1), (495, 100, 2),
    (586, 10, 1), (587, 10, 1), (595, 10, 1), (596, 10, 1), (597, 10, 1), (600, 10, 1),
    (700, 100, 1), (12345, 7, 1), (10**15, 10, 1),
])
def test_a_page_anywhere(gate, offset, limit, calls):
    """Inside a window, across a border, up to and past the end: one call per window it touches."""
    assert_like_upstream(gate, page(offset, limit))
    assert len(gate.origin.asked) == calls
    assert_like_upstream(gate, page(offset, limit))
    assert len(gate.origin.asked) == calls


def test_past_the_end_is_free_once_the_count_is_known(gate):
    """Whoever walks on behind the last page, or asks for nonsense, costs nothing."""
    gate.ask(page(590))
    for offset in (596, 599, 600, 601, 696):
        assert_like_upstream(gate, page(offset))
    assert len(gate.origin.asked) == 1
    gate.ask(page(0))
    for offset in (700, 5000, 10**15):
        assert_like_upstream(gate, page(offset))
    assert len(gate.origin.asked) == 2


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 200, 201])
def test_lists_as_long_as_windows(gate, count):
    """A list that ends where a window ends, just before or just behind."""
    ids = [row["id"] for start in range(0, 600, 100)
           for row in gate.origin.get(page(start, 100)).json["results"]]
    gate.origin.delete(*ids[count:])
    for offset in {0, 1, 95, 99, 100, 101, 195, 199, 200, 201, count, count + 1}:
        for limit in (1, 10, 100):
            answer = assert_like_upstream(gate, page(offset, limit))
            assert answer.json["count"] == count
    assert len(gate.origin.asked) <= 4


def test_the_count_changes_between_two_windows(gate):
    """What was deleted in the first window shifts the second: the older one is fetched again."""
    gate.ask(page(50))
    gate.origin.delete(gate.ask(page(0)).ids[0])
    assert_like_upstream(gate, page(95))
    assert gate.origin.asked == [WINDOW, WINDOW + "&offset=100", WINDOW]
    assert_like_upstream(gate, page(0, 100))
    assert_like_upstream(gate, page(95, 100))
    assert len(gate.origin.asked) == 3


def test_the_count_grows_between_two_windows(gate):
    """The other way round: the second window is the older one."""
    gate.ask(page(100))
    gate.origin.add(3)
    assert_like_upstream(gate, page(95, 10))
    assert gate.origin.asked == [WINDOW + "&offset=100", WINDOW, WINDOW + "&offset=100"]
    assert_like_upstream(gate, page(150))


def test_the_last_window_moves_into_the_next(gate):
    """A list that grew over a border, known by half."""
    gate.ask(page(500, 100))
    gate.origin.add(10)
    gate.ask(page(400))
    assert_like_upstream(gate, page(495, 100))
    assert_like_upstream(gate, page(595, 100))
    assert_like_upstream(gate, page(600, 100))


@pytest.mark.parametrize("known", [300, 400])
def test_an_object_moves_from_one_window_to_the_other(gate, known):
    """The same count, but somebody stands in both windows: they do not agree."""
    by = "&ordering=-time_docked"
    gate.ask(page(known, 10, by))
    moving = gate.origin.get(page(350, 1, by)).ids[0]
    gate.origin.update(moving, time_docked="P0DT1S")  # behind all that have docked for longer
    answer = assert_like_upstream(gate, page(395, 10, by))
    assert len(set(answer.ids)) == 10


@pytest.mark.parametrize("known", [0, 100])
def test_two_neighbours_of_a_border_change_places(gate, known):
    """One of the windows was known before: together they would show one of them twice."""
    by = "&ordering=-time_docked"
    before = gate.ask(page(known, 10, by))
    first, second = gate.origin.get(page(99, 2, by)).json["results"]
    assert before.status == 200 and first["time_docked"] != second["time_docked"]
    gate.origin.update(first["id"], time_docked=second["time_docked"])
    gate.origin.update(second["id"], time_docked=first["time_docked"])
    answer = assert_like_upstream(gate, page(95, 10, by))
    assert answer.ids[4:6] == [second["id"], first["id"]]


def test_windows_fetched_too_far_apart_do_not_make_one_page(tmp_path):
    """The table's skew: even if nothing else tells of a change, the older one is fetched again."""
    config = {"api.tables": tables(tmp_path, skew="300ms")}
    with Chain(config=config) as chain:
        chain.ask(page(0))
        old = chain.stored(WINDOW)["fetched_at"]
        chain.origin.fault("latency", seconds=0.5, times=1)
        assert_like_upstream(chain, page(95))
        assert chain.stored(WINDOW)["fetched_at"] > old
        assert chain.origin.asked[:3] == [WINDOW, WINDOW + "&offset=100", WINDOW]


def test_a_list_that_never_stands_still_is_answered_all_the_same(tmp_path):
    """When no two windows agree, a page is cut from what there is after a few attempts."""
    config = {"api.tables": tables(tmp_path, skew="1ms")}
    with Chain(config=config) as chain:
        chain.origin.fault("latency", seconds=0.05)
        answer = chain.ask(page(95))
        assert answer.status == 200 and len(set(answer.ids)) == 10
        assert 2 <= chain.calls <= 5


def test_one_window_is_missing_and_cannot_be_had(gate):
    """A page over a border needs both; what the first holds goes on being served."""
    gate.ask(page(0))
    gate.origin.fault("status", match="offset=100")
    assert gate.ask(page(95)).status == 502
    assert_like_upstream(gate, page(90))
    gate.origin.lift()
    eventually(lambda: gate.ask(page(95)).status == 200, "the second window")
    assert_like_upstream(gate, page(95))
