"""Many want the same at once: upstream is asked once, and the call belongs to nobody."""

import socket

from harness import SEED, SLOW, SPACECRAFT, Client, assert_like_upstream, eventually, together
from wire import begin_request, read_answer

CALL = f"{SPACECRAFT}?limit=100&offset=300&ordering=-time_docked"


def test_100_cold_clients_cost_one_call(gate):
    """All of them get the whole answer; one missed, the others joined it."""
    gate.origin.fault("latency", seconds=1, times=1)
    answers = together(100, lambda i: Client(gate.port).get(SEED))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert gate.origin.asked == [CALL]
    collapsed = [answer for answer in answers if "; collapsed" in answer.cache_status]
    assert len(collapsed) == 99
    assert all("fwd=miss" in answer.cache_status for answer in answers)


def test_different_pages_of_a_window_share_the_call(gate):
    """Ten pages, spelt in ten ways, come out of one window that is on its way."""
    gate.origin.fault("latency", seconds=1, times=1)
    targets = [f"{SPACECRAFT}?ordering=-time_docked&limit={1 + i}&offset={300 + 9 * i}&_={i}"
               for i in range(10)]
    answers = together(10, lambda i: Client(gate.port).get(targets[i]))
    assert gate.origin.asked == [CALL]
    for i, answer in enumerate(answers):
        assert (answer.status, len(answer.ids)) == (200, 1 + i)
    for target in targets:
        assert_like_upstream(gate, target.partition("&_=")[0])


def test_a_failure_is_shared_too(gate):
    """Nobody of those who waited asks again: one call for fifty problems."""
    gate.origin.fault("status", seconds=1)
    target = gate.cold("shared")
    answers = together(50, lambda i: Client(gate.port).get(target))
    assert {answer.status for answer in answers} == {502}
    assert gate.calls == 1


def test_a_fill_survives_the_client_that_caused_it(gate):
    """An aborted request harms nothing, and what it asked for is stored for the next."""
    gate.origin.fault("latency", seconds=1, times=1)
    client = begin_request(gate.port, SEED)
    eventually(lambda: gate.calls == 1, "the call")
    client.close()
    eventually(lambda: gate.cache.entries() == [CALL], "the answer to be stored")
    answer = gate.ask(SEED)
    assert answer.status == 200 and "; hit" in answer.cache_status
    assert gate.calls == 1


def test_many_aborts_harm_nothing(gate):
    """Clients that leave while they wait, some with a reset; those who stay are answered."""
    gate.origin.fault("latency", seconds=1, times=1)
    leaving = [begin_request(gate.port, SEED) for _ in range(60)]
    staying = [begin_request(gate.port, SEED) for _ in range(20)]
    eventually(lambda: gate.calls == 1, "the call")
    for i, client in enumerate(leaving):
        if i % 2:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
    for client in staying:
        answer = read_answer(client)
        assert (answer.status, len(answer.ids)) == (200, 10)
        client.close()
    assert gate.calls == 1
    assert gate.ask(SEED).took < 1 * SLOW


def test_aborts_in_the_middle_of_an_answer_harm_nothing(gate):
    """Clients that leave after the first bytes of a large answer."""
    target = f"{SPACECRAFT}?limit=100&mode=detailed"
    gate.ask(target)
    for _ in range(30):
        client = begin_request(gate.port, target)
        client.recv(1000)
        client.close()
    assert_like_upstream(gate, target)
