"""SIGHUP: the endpoint tables are read anew while requests go on."""

import json
import signal

from harness import SPACECRAFT, Behind, Chain, Client, assert_problem, assert_same, eventually
from stack.chain import REPO


def edit(folder, change):
    """The shipped table of 2.3.0, as `change` leaves it."""
    table = json.loads((REPO / "conf/apis/ll2-2.3.0.json").read_text())
    change(table["endpoints"]["spacecraft"])
    (folder / "ll2-2.3.0.json").write_text(json.dumps(table))


def with_serial_number(spacecraft):
    spacecraft["filters"]["serial_number"] = "string"


def reload(chain, word):
    """Has the tables read anew, until the log says how that went."""
    before = chain.log("worker-0").count(word)
    chain.signal_worker(0, signal.SIGHUP)
    eventually(lambda: chain.log("worker-0").count(word) > before, word)


def test_a_filter_is_added_while_it_runs(tmp_path):
    """What was refused is answered; what was stored is still there, at no call."""
    edit(tmp_path, lambda spacecraft: None)
    target = SPACECRAFT + "?serial_number=HTV-8&limit=3"
    with Chain(config={"api.tables": tmp_path}) as chain:
        assert_problem(chain.ask(target), 400, "invalid-parameters")
        chain.ask(SPACECRAFT)
        edit(tmp_path, with_serial_number)
        reload(chain, "event=reloaded")
        assert chain.ask(SPACECRAFT).cache_status.startswith("perigee; hit")
        assert chain.calls == 1
        assert_same(chain.ask(target), chain.origin.get(target), chain)


def test_faulty_tables_change_nothing(tmp_path):
    """Every fault is in the log, with its place; the old tables go on."""
    edit(tmp_path, with_serial_number)
    target = SPACECRAFT + "?serial_number=HTV-8&limit=3"
    with Chain(config={"api.tables": tmp_path}) as chain:
        assert chain.ask(target).status == 200
        edit(tmp_path, lambda spacecraft: spacecraft.update(fresh="soon"))
        reload(chain, "event=reload_failed")
        assert "endpoints.spacecraft.fresh" in chain.log("worker-0")
        assert chain.ask(target).status == 200
        edit(tmp_path, lambda spacecraft: None)
        reload(chain, "event=reloaded")
        assert_problem(chain.ask(target), 400, "invalid-parameters")


def test_no_request_is_lost(tmp_path):
    """Requests go on through many reloads; one that waits for upstream meanwhile is answered."""
    edit(tmp_path, lambda spacecraft: None)
    with Chain(config={"api.tables": tmp_path}) as chain:
        chain.ask(SPACECRAFT)
        chain.origin.fault("latency", seconds=1, times=1)
        waiting = Behind(Client(chain.port).get, SPACECRAFT + "?search=waits")
        eventually(lambda: len(chain.origin.asked) == 2, "the call is made")
        for _ in range(5):
            reload(chain, "event=reloaded")
            assert [chain.ask(SPACECRAFT).status for _ in range(20)] == [200] * 20
        assert waiting.result().status == 200
