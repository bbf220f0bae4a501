"""SIGHUP: configuration and endpoint tables are read anew while requests go on."""

import json
import os
import signal
import threading
import time

from harness import (SPACECRAFT, Behind, Chain, Client, assert_problem, assert_same, configure,
                     eventually, reload, together)
from stack.chain import REPO


def edit(folder, change):
    """The shipped table of 2.3.0, as `change` leaves it."""
    table = json.loads((REPO / "conf/apis/ll2-2.3.0.json").read_text())
    change(table["endpoints"]["spacecraft"])
    (folder / "ll2-2.3.0.json").write_text(json.dumps(table))


def with_serial_number(spacecraft):
    spacecraft["filters"]["serial_number"] = "string"


def test_a_filter_is_added_while_it_runs(tmp_path):
    """What was refused is answered; what was stored is still there, at no call."""
    edit(tmp_path, lambda spacecraft: None)
    target = SPACECRAFT + "?serial_number=HTV-8&limit=3"
    with Chain(micro_cache=False, config={"api.tables": tmp_path}) as chain:
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
    with Chain(micro_cache=False, config={"api.tables": tmp_path}) as chain:
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
    with Chain(micro_cache=False, config={"api.tables": tmp_path}) as chain:
        chain.ask(SPACECRAFT)
        chain.origin.fault("latency", seconds=1, times=1)
        waiting = Behind(Client(chain.port).get, SPACECRAFT + "?search=waits")
        eventually(lambda: len(chain.origin.asked) == 2, "the call is made")
        for _ in range(5):
            reload(chain, "event=reloaded")
            assert [chain.ask(SPACECRAFT).status for _ in range(20)] == [200] * 20
        assert waiting.result().status == 200


def number(chain, name):
    for line in chain.get("/metrics").body.decode().splitlines():
        if line.startswith(name + " "):
            return float(line.rpartition(" ")[2])
    raise AssertionError(f"there is no {name}")


def test_settings_change_while_it_runs(tmp_path):
    """With the tables, at once; and the metrics say when."""
    edit(tmp_path, lambda spacecraft: None)
    target = SPACECRAFT + "?serial_number=HTV-8&limit=3"
    unknown = SPACECRAFT + "?unknown=1&limit=3"
    with Chain(micro_cache=False, config={"api.tables": tmp_path}) as chain:
        assert_problem(chain.ask(unknown), 400, "invalid-parameters")
        assert chain.base in chain.ask(SPACECRAFT).body.decode()
        first = number(chain, "perigee_config_last_reload_success_timestamp_seconds")
        time.sleep(max(0, first + 1 - time.time()))  # the metric has whole seconds
        edit(tmp_path, with_serial_number)
        configure(chain, public__base_urls="https://elsewhere.example",
                  api__unknown_parameters="pass", log__format="json", upstream__reserve="50")
        reload(chain, 'event":"reloaded')
        assert chain.ask(target).status == 200
        assert chain.ask(unknown).status == 200
        body = chain.ask(SPACECRAFT).body.decode()
        assert "https://elsewhere.example/2.3.0/" in body and chain.base not in body
        assert number(chain, "perigee_config_last_reload_success_timestamp_seconds") > first
        assert number(chain, "perigee_config_last_reload_successful") == 1
        configure(chain, log__level="error")
        chain.signal_worker(0, signal.SIGHUP)

        def is_quiet():
            before = chain.log("worker-0").count("request")
            chain.ask(SPACECRAFT)
            return chain.log("worker-0").count("request") == before

        eventually(is_quiet, "requests to be logged no more")


def test_one_fault_and_nothing_changes(tmp_path):
    """Not the good half of the configuration, and not the tables; every fault is told."""
    edit(tmp_path, lambda spacecraft: None)
    target = SPACECRAFT + "?serial_number=HTV-8&limit=3"
    with Chain(micro_cache=False, config={"api.tables": tmp_path}) as chain:
        first = number(chain, "perigee_config_last_reload_success_timestamp_seconds")
        edit(tmp_path, with_serial_number)
        configure(chain, public__base_urls="https://elsewhere.example", server__wait="soon",
                  api__time_step="7m", redis__address="nowhere")
        reload(chain, "event=reload_failed")
        log = chain.log("worker-0")
        for fault in ("[server] wait must be a duration", "[api] time_step must be"):
            assert fault in log
        assert "elsewhere" not in chain.ask(SPACECRAFT).body.decode()
        assert_problem(chain.ask(target), 400, "invalid-parameters")
        assert number(chain, "perigee_config_last_reload_successful") == 0
        assert number(chain, "perigee_config_last_reload_success_timestamp_seconds") == first
        # What each key says for itself is fine, and all together is not.
        configure(chain, public__base_urls="elsewhere", upstream__reserve="101",
                  redis__address="nowhere")
        reload(chain, "event=reload_failed")
        log = chain.log("worker-0")
        for fault in ("[public] base_urls", "[upstream] reserve: it is a percentage",
                      "[redis] address"):
            assert fault in log
        os.remove(chain.run_dir / "perigee.conf")
        reload(chain, "event=reload_failed")
        assert "No such file" in chain.log("worker-0")
        assert chain.ask(SPACECRAFT).status == 200
        configure(chain)
        reload(chain, "event=reloaded")
        assert chain.ask(target).status == 200
        assert number(chain, "perigee_config_last_reload_successful") == 1


def test_what_needs_a_restart_says_so(tmp_path):
    """It is kept as it is, with a word for each; all else changes."""
    with Chain(micro_cache=False) as chain:
        chain.ask(SPACECRAFT)
        configure(chain, redis__prefix="other", server__threads="5", api__unknown_parameters="pass")
        reload(chain, "event=reloaded")
        log = chain.log("worker-0")
        assert "[redis] prefix: it changes with a restart only" in log
        assert "[server] threads: it changes with a restart only" in log
        assert chain.ask(SPACECRAFT + "?unknown=1").status == 200
        assert all(key.startswith("perigee:") for key in chain.cache.keys())


def test_no_request_fails_under_load(tmp_path):
    """Two workers, clients that never stop, and a reload after the other, good and bad."""
    edit(tmp_path, lambda spacecraft: None)
    targets = [SPACECRAFT + f"?limit={n}" for n in range(1, 9)] + [SPACECRAFT + "430/"]
    over = threading.Event()
    with Chain(workers=2, micro_cache=False, config={"api.tables": tmp_path}) as chain:
        for target in targets:
            chain.ask(target)

        def ask_on(n):
            statuses = []
            client = Client(chain.port)
            while not over.is_set():
                statuses.append(client.get(targets[len(statuses) % len(targets)]).status)
            return statuses

        def change(_):
            try:
                for i in range(12):
                    good = i % 3 != 2
                    edit(tmp_path, with_serial_number if i % 2 else lambda spacecraft: None)
                    configure(chain, server__wait=f"{i + 1}s" if good else "soon",
                              public__base_urls=f"{chain.base}, http://host{i}.example")
                    words = ["event=reloaded" if good else "event=reload_failed"] * 2
                    before = [chain.log(f"worker-{w}").count(words[w]) for w in range(2)]
                    for w in range(2):
                        chain.signal_worker(w, signal.SIGHUP)
                    eventually(lambda: all(chain.log(f"worker-{w}").count(words[w]) > before[w]
                                           for w in range(2)), f"{words[0]} of both")
            finally:
                over.set()

        done = together(5, lambda n: change(n) if n == 0 else ask_on(n))
        statuses = [status for some in done[1:] for status in some]
        assert len(statuses) > 200
        assert set(statuses) == {200}
