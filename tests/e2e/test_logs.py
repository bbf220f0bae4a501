"""What workers and nginx log: lines that programs read, each with the ids of the request that
caused it, and nothing in them that is nobody's business."""

import json
import re

import pytest
from harness import SPACECRAFT, Chain, eventually, together
from stack.chain import REPO

OBJECT = SPACECRAFT + "430/"
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
HEX = re.compile("[0-9a-f]{32}")


@pytest.fixture(scope="module")
def chain():
    with Chain(micro_cache=False, workers=2, config={"log.format": "json"}) as chain:
        yield chain


@pytest.fixture
def gate(chain):
    chain.reset()
    return chain


def records(text):
    """Of the lines that are whole: the last one may just be written."""
    return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]


def lines(chain, **wanted):
    """Of all workers; those in JSON whose members are so."""
    every = [record for i in range(len(chain.workers)) for record in records(chain.log(f"worker-{i}"))]
    return [line for line in every if wanted.items() <= line.items()]


def the_line(chain, **wanted):
    found = eventually(lambda: lines(chain, **wanted), f"a line with {wanted}")
    assert len(found) == 1, found
    return found[0]


def nginx_line(chain, **wanted):
    def find():
        every = records(chain.log("access"))
        return [line for line in every if wanted.items() <= line.items()]
    found = eventually(find, f"a line of nginx with {wanted}")
    assert len(found) == 1, found
    return found[0]


def test_the_line_of_a_request(gate):
    target = gate.cold("line").replace("?", "?limit=3&")
    assert gate.ask(target, {"traceparent": PARENT}).status == 200
    answer = gate.ask(target)
    miss = the_line(gate, event="request", result="miss", trace=TRACE)
    assert miss["method"] == "GET" and miss["status"] == 200 and miss["level"] == "info"
    assert miss["endpoint"] == SPACECRAFT
    assert miss["target"] == target
    assert miss["age_s"] == 0
    assert 0 <= miss["upstream_ms"] <= miss["ms"]
    assert "client" not in miss
    hit = the_line(gate, event="request", result="hit", target=target)
    assert "upstream_ms" not in hit
    assert hit["bytes"] == len(answer.body)
    assert hit["trace"] != TRACE
    # What was refused has no key, but an endpoint if there is one.
    gate.ask(OBJECT + "?nonsense=1", {"traceparent": PARENT.replace("0af7", "0bf7")})
    refused = the_line(gate, trace=TRACE.replace("0af7", "0bf7"))
    assert refused["endpoint"] == SPACECRAFT + "{id}/" and refused["result"] == "invalid"
    assert "target" not in refused


def test_events_name_the_request_that_caused_them(gate):
    """The call of a miss, its failure, and what is wrong in Redis."""
    trace = "a" * 31 + "1"
    gate.origin.fault("status", status=500)
    answer = gate.ask(gate.cold("cause"), {"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    assert answer.status == 502
    gate.origin.lift()
    id = answer.json["instance"].rpartition(":")[2]
    assert HEX.fullmatch(id)
    def all_of_them():
        found = lines(gate, trace=trace)
        return {"upstream", "fill_failed", "request"} <= {line["event"] for line in found} and found

    caused = eventually(all_of_them, "its lines")
    assert {line["id"] for line in caused} == {id}
    # nginx says the same.
    assert nginx_line(gate, id=id)["trace"] == trace

    gate.ask(OBJECT)
    gate.cache("HSET", f"perigee:{OBJECT}", "body", "{}")
    gate.cache("PUBLISH", "perigee:news", "purged")
    trace = "a" * 31 + "2"

    def unreadable():
        gate.ask(OBJECT, {"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
        return lines(gate, event="entry_unreadable", trace=trace)

    assert eventually(unreadable, "the entry to be missed")[0]["id"]


def test_a_refresh_names_the_request_behind_which_it_is_made():
    with Chain(micro_cache=False, config={"cache.time_scale": "21600", "log.format": "json"}) as chain:
        chain.ask(OBJECT)
        trace = "a" * 31 + "3"

        def refreshed():
            chain.ask(OBJECT, {"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
            return lines(chain, event="upstream", trace=trace, target=OBJECT)

        assert eventually(refreshed, "a refresh")


def traceparents():
    table = (REPO / "tests/unit/trace.tsv").read_text()
    for line in table.splitlines():
        if line and not line.startswith("#"):
            what, field, trace = re.split(r"\t+", line)
            # Blanks around a field are no part of it, and the others cannot be sent in one.
            if "\\x" not in field:
                yield what, field.replace("<empty>", ""), trace.replace("<empty>", "")


def test_nginx_and_the_worker_read_the_same_trace(gate):
    """Of everything that may stand in traceparent; what is wrong begins a new one."""
    cases = list(traceparents())
    answers = [gate.ask(f"/nowhere/{i}", {"traceparent": field})
               for i, (_, field, _) in enumerate(cases)]
    for (what, _, trace), answer in zip(cases, answers):
        id = answer.json["instance"].rpartition(":")[2]
        wanted = trace or id
        assert the_line(gate, event="request", id=id)["trace"] == wanted, what
        assert nginx_line(gate, id=id)["trace"] == wanted, what


def test_upstream_learns_nothing_of_it(gate):
    gate.origin.forget_calls()
    gate.ask(gate.cold("secret"), {"traceparent": PARENT, "tracestate": "vendor=secret"})
    [call] = [c for c in gate.origin.log if "secret" in c["target"]]
    assert not {"traceparent", "tracestate"} & {name.lower() for name in call["headers"]}


def test_lines_of_any_request_are_lines(gate):
    """Blanks, quotes, control characters and what is no UTF-8, in all that a client chooses."""
    def odd(i):
        gate.get(SPACECRAFT + "?search=%20%22%5C=%F0%9F%9A%80", {"Host": 'x" y=z'})
        gate.get(f"/{i}%0Aevent=forged%1B%5B31m")
        gate.get(SPACECRAFT, method='G"E=T')
        gate.get(SPACECRAFT, {"traceparent": 'x" level="error'})
    together(4, odd)
    for i in range(2):
        text = gate.log(f"worker-{i}")
        for record in records(text):
            assert record["event"] != "forged"
        assert "\x1b" not in text


def test_the_same_in_logfmt():
    with Chain(micro_cache=False, config={"log.client": "address"}) as chain:
        chain.ask(SPACECRAFT + "?search=a%20%22b", {"traceparent": PARENT})
        line = eventually(lambda: re.search(r"^.* event=request .*result=miss.*$",
                                            chain.log("worker-0"), re.M), "its line")[0]
        assert re.fullmatch(
            r"ts=\S+Z level=info event=request id=[0-9a-f]{32} trace=" + TRACE +
            r" method=GET status=200 result=miss endpoint=/2\.3\.0/spacecraft/"
            r' target="/2\.3\.0/spacecraft/\?search=a\+%22b" age_s=0 upstream_ms=\d+'
            r" ms=\d+\.\d{3} bytes=\d+ client=127\.0\.0\.1", line), line


def test_who_asked_can_be_told_without_an_address():
    with Chain(micro_cache=False, workers=2, config={"log.client": "hash", "log.format": "json"}) as chain:
        together(4, lambda n: [chain.get(OBJECT).status for _ in range(5)])
        chain.restart_worker(0)
        chain.restart_worker(1)
        together(4, lambda n: [chain.get(OBJECT).status for _ in range(5)])
        said = eventually(lambda: len(found := lines(chain, event="request", status=200)) >= 40
                          and found, "all lines")
        # One client, the same for both workers and after a restart.
        [client] = {line["client"] for line in said}
        assert re.fullmatch("[0-9a-f]{16}", client)
        assert "127.0.0.1" not in chain.log("worker-0")
    with Chain(micro_cache=False, config={"log.client": "hash", "log.format": "json"}) as chain:
        chain.ask(OBJECT)
        # And another one elsewhere: nobody can look it up.
        assert the_line(chain, event="request", result="miss")["client"] != client


def test_trouble_that_goes_on_is_counted():
    """Redis away: a few lines, and then a number."""
    with Chain(micro_cache=False, config={"log.format": "json", "upstream.local_share": "0"}) as chain:
        chain.kill_redis()

        def ask_on():
            for _ in range(20):
                chain.ask(chain.cold())
            return lines(chain, event="repeated", of="redis_connect_failed")

        told = eventually(ask_on, "what was held back to be told", 40)[0]
        assert told["level"] == "warn" and told["times"] >= 1
        assert told["reason"]
        before = [line for line in lines(chain, event="redis_connect_failed")
                  if line["ts"] < told["ts"]]
        assert len(before) == 5
