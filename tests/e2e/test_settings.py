"""Settings and what the program says about them."""

import json

import pytest
from harness import SPACECRAFT, Chain, assert_problem, assert_same, run_perigee, tables
from stack.chain import REPO


def unknown(mode, **more):
    return Chain(config={"api.unknown_parameters": mode, **more})


def test_unknown_parameters_can_be_passed_on():
    """pass: sent to upstream, kept in the key and echoed in links as upstream does."""
    with unknown("pass") as chain:
        target = SPACECRAFT + "?limit=5&offset=5&new_filter=a%20b&agency__id=3&agency__id=4&Z"
        answer = chain.ask(target)
        assert_same(answer, chain.origin.get(target), chain)
        query = "Z=&agency__id=3&agency__id=4&limit=5&new_filter=a+b&offset=10"
        assert answer.json["next"] == f"{chain.base}{SPACECRAFT}?{query}"
        call, = chain.origin.asked
        assert call == f"{SPACECRAFT}?Z=&agency__id=3&agency__id=4&limit=100&new_filter=a+b"
        assert chain.cache.entries() == [call]
        # another value is another key; another order of the same is not, of copies it is
        chain.ask(target.replace("a%20b", "c"))
        chain.ask(SPACECRAFT + "?Z=&new_filter=a+b&agency__id=3&agency__id=4&offset=7")
        assert len(chain.origin.asked) == 2
        chain.ask(target.replace("agency__id=3&agency__id=4", "agency__id=4&agency__id=3"))
        assert len(chain.origin.asked) == 3


def test_known_parameters_are_checked_all_the_same():
    """pass is about names that are not known, not about values."""
    with unknown("pass") as chain:
        answer = chain.ask(SPACECRAFT + "?new=1&limit=abc&ordering=nothing")
        problem = assert_problem(answer, 400, "invalid-parameters")
        assert [f["parameter"] for f in problem["faults"]] == ["limit", "ordering"]
        assert chain.calls == 0


@pytest.mark.parametrize("mode", ["reject", "pass"])
def test_cache_busters_are_dropped(mode):
    """The configured names and globs, without a word: not in the key, the call or a link."""
    with unknown(mode) as chain:
        busters = ["_=1", "_t=2", "_ts=3", "cb=4", "cachebust=5", "nocache=", "utm_source=x",
                   "utm_=y", "fbclid=z", "gclid", "msclkid=%20", "cachebuster=6"]
        bodies = {chain.ask(f"{SPACECRAFT}?limit=5&{buster}").body for buster in busters}
        bodies.add(chain.ask(f"{SPACECRAFT}?{'&'.join(busters)}&limit=5").body)
        assert len(bodies) == 1
        assert chain.origin.asked == [SPACECRAFT + "?limit=100"]
        assert b"utm" not in bodies.pop()
        assert (chain.ask(f"{SPACECRAFT}?__=1").status == 200) == (mode == "pass")


def test_the_list_of_cache_busters_is_a_setting():
    """What is not on it is not dropped, and what is on it is."""
    with unknown("reject", **{"api.ignored_parameters": "mine, my_*,  rand "}) as chain:
        assert chain.ask(SPACECRAFT + "?mine=1&my_x=2&my_=3&rand=4").status == 200
        assert chain.ask(SPACECRAFT + "?_=1").status == 400
        assert chain.ask(SPACECRAFT + "?randx=1").status == 400


def test_an_operator_can_add_a_filter_to_the_table(tmp_path):
    """Upstream adds filters without a version bump: no rebuild is needed for them."""
    table = json.loads((REPO / "conf/apis/ll2-2.3.0.json").read_text())
    spacecraft = table["endpoints"]["spacecraft"]
    spacecraft["filters"]["serial_number"] = "string"
    spacecraft["filters"]["agency"] = "int"
    (tmp_path / "ll2-2.3.0.json").write_text(json.dumps(table))
    with Chain(config={"api.tables": tmp_path}) as chain:
        target = SPACECRAFT + "?serial_number=HTV-8&agency=007&limit=3"
        assert_same(chain.ask(target), chain.origin.get(target), chain)
        assert chain.origin.asked == [SPACECRAFT + "?agency=7&limit=100&serial_number=HTV-8"]


# ---- the program by itself -----------------------------------------------------

def test_the_default_configuration_is_the_one_in_the_repository():
    """--print-config writes conf/perigee.conf."""
    status, out, err = run_perigee("--print-config")
    assert (status, err) == (0, "")
    assert out == (REPO / "conf/perigee.conf").read_text()


def test_the_default_configuration_is_good():
    status, out, err = run_perigee("--config", REPO / "conf/perigee.conf", "--check")
    assert (status, err) == (0, "") and "good" in out


def check(tmp_path, text, **env):
    """What --check complains of, line by line."""
    conf = tmp_path / "perigee.conf"
    conf.write_text(text)
    status, out, err = run_perigee("--config", conf, "--check", **env)
    assert (status, out) == (1, "")
    return err.splitlines()


def assert_each_is_named(complaints, *expected):
    """Each of the expected words in a line of its own kind, and no line too many."""
    for words in expected:
        assert any(all(word in line for word in words) for line in complaints), (words, complaints)
    assert len(complaints) == len(expected), complaints


def test_every_fault_of_a_configuration_is_reported(tmp_path):
    """All at once, each with its line, the key and what would be right; exit status 1."""
    complaints = check(tmp_path, "\n".join([
        "[server]", "wait = soon", "threads = many", "socket_mode = 0999", "wiat = 2s",
        "[cache]", "time_scale = -1", "[nonsense]", "x = 1", "[log]", "level = loud",
        "requests = maybe", "no equals sign", "[api]", "unknown_parameters = ignore",
        "[upstream]", "timeout = 0s", "max_body_bytes = 99999999999"]))
    assert_each_is_named(
        complaints, [":2:", "wait", "duration"], [":3:", "threads", "number"],
        [":4:", "socket_mode"], [":5:", "wiat"], [":7:", "time_scale"], [":8:", "nonsense"],
        [":11:", "level", "debug"], [":12:", "requests", "yes"], [":13:"],
        [":15:", "unknown_parameters", "pass"], [":17:", "timeout"], [":18:", "max_body_bytes"])


def test_every_fault_of_meaning_is_reported(tmp_path):
    """What can be read but not used: every one of them, that of the tables too."""
    (tmp_path / "bad.json").write_text('{"title": ""}')
    complaints = check(tmp_path, "\n".join([
        "[public]", "base_urls = ftp://x", "[redis]", "address = localhost:6379", "[api]",
        f"tables = {tmp_path}", "[upstream]", "token_file = /nonexistent"]))
    for words in (["base_urls"], ["address"], ["token_file"], ["bad.json", "title"],
                  ["bad.json", "root"], ["bad.json", "endpoints"]):
        assert any(all(word in line for word in words) for line in complaints), (words, complaints)


def test_one_fault_of_meaning_does_not_hide_another(tmp_path):
    """time_scale, quota and tables are looked at one after the other, and all are reported."""
    (tmp_path / "bad.json").write_text('{"title": ""}')
    complaints = check(tmp_path, "\n".join([
        "[cache]", "time_scale = 0", "[api]", f"tables = {tmp_path}", "[upstream]",
        "quota = many"]))
    for word in ("time_scale", "quota", "bad.json"):
        assert any(word in line for line in complaints), (word, complaints)


def test_a_key_before_any_section_is_reported(tmp_path):
    """A silent slip would hurt."""
    complaints = check(tmp_path, "wait = 5s\n[log]\nlevel = info\n")
    assert len(complaints) == 1 and ":1:" in complaints[0]


def test_faults_in_the_environment_are_reported(tmp_path):
    """Overrides are checked as the file is, misspelt names too."""
    complaints = check(tmp_path, "", PERIGEE_SERVER_WAIT="soon", PERIGEE_SERVER_WIAT="2s",
                       PERIGEE_CACHE_TIME_SCALE="x")
    assert_each_is_named(complaints, ["PERIGEE_SERVER_WAIT", "duration"], ["PERIGEE_SERVER_WIAT"],
                         ["PERIGEE_CACHE_TIME_SCALE"])


def test_the_environment_wins_over_the_file(tmp_path):
    """PERIGEE_<SECTION>_<KEY>; a good value does not excuse a bad one in the file."""
    conf = tmp_path / "perigee.conf"
    conf.write_text("[api]\ntables = /nonexistent\n")
    assert run_perigee("--config", conf, "--check")[0] == 1
    assert run_perigee("--config", conf, "--check",
                       PERIGEE_API_TABLES=str(REPO / "conf/apis"))[0] == 0
    with Chain(config={"api.unknown_parameters": "reject"},
               env={"PERIGEE_API_UNKNOWN_PARAMETERS": "pass"}) as chain:
        assert chain.ask(SPACECRAFT + "?x=1").status == 200


def test_every_fault_of_a_table_is_reported(tmp_path):
    """File, key and what is wrong, for all faults of all tables; exit status 1."""
    good = json.loads((REPO / "conf/apis/ll2-2.3.0.json").read_text())
    bad = {**good, "root": "2.3.0", "quota": "many", "negative": "soon", "limit": 0, "extra": 1,
           "link_hosts": [7], "endpoints": {"spacecraft": {
               "objects": True, "fresh": "6 hours", "stale": 30, "window": 5, "modes": [7],
               "filters": {"name": "text", "limit": "int"}, "color": "red"}}}
    (tmp_path / "one.json").write_text(json.dumps(bad))
    (tmp_path / "two.json").write_text('{"title": "x",\n "title": "y"}')
    (tmp_path / "three.json").write_text("[]")
    complaints = check(tmp_path, f"[api]\ntables = {tmp_path}\n")
    where = "endpoints.spacecraft"
    assert_each_is_named(
        complaints, ["one.json", "root"], ["one.json", "quota"], ["one.json", "negative"],
        ["one.json", "limit:"], ["one.json", "extra"], ["one.json", "link_hosts"],
        ["one.json", f"{where}.fresh"], ["one.json", f"{where}.stale"],
        ["one.json", f"{where}.window"], ["one.json", f"{where}.objects"],
        ["one.json", f"{where}.modes"], ["one.json", f"{where}.filters", "name"],
        ["one.json", f"{where}.filters", "limit"], ["one.json", f"{where}.color"],
        ["two.json:2"], ["three.json"])


@pytest.mark.parametrize("text", [
    "", "{", "null", "[]", "{}", '{"endpoints": 3}', '{"endpoints": {"x": 3}}', "\0", "\xff",
    '{"endpoints": {"x": {"filters": [], "modes": {}, "ordering": 1, "search": [1],'
    ' "window": 1.5}}}',
    '{"limit_max": 1e400}', '{"root": null, "link_names": "url", "endpoints": {"": {}}}',
    "[" * 5000,
])
def test_no_table_is_too_odd_to_be_refused(tmp_path, text):
    """Anything that is not a table: a message and exit status 1, never a crash."""
    (tmp_path / "odd.json").write_text(text, encoding="latin-1")
    complaints = check(tmp_path, f"[api]\ntables = {tmp_path}\n")
    assert complaints and all("odd.json" in line for line in complaints)


def test_a_worker_with_a_bad_table_does_not_start(tmp_path):
    """Tables are checked whole before anything is served."""
    folder = tables(tmp_path, fresh="never")
    status, _, err = run_perigee(PERIGEE_API_TABLES=str(folder),
                                 PERIGEE_SERVER_SOCKET=str(tmp_path / "socket"))
    assert status == 1 and "fresh" in err
    assert not (tmp_path / "socket").exists()


@pytest.mark.parametrize("arguments, status", [
    (["--version"], 0), (["--help"], 0), (["--nonsense"], 2), (["--config"], 2),
    (["--config", "/nonexistent", "--check"], 1),
])
def test_the_command_line(arguments, status):
    """Asked for: on standard output, 0. A slip: on standard error, 2; what cannot be used, 1."""
    got, out, err = run_perigee(*arguments)
    assert got == status
    assert bool(out) == (status == 0) and bool(err) == (status != 0)
