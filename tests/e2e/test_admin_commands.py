"""The commands: what they show to people and to programs, their exit status, and that help, manual page
and completion know the same of them."""

import gzip
import json
import pty
import os
import re
import subprocess

import pytest
from admin import DONE, FAILED, UNREACHABLE, USAGE, command, done, told
from harness import (BINARY, SEED, SLOW, SPACECRAFT, Behind, Chain, eventually, run_perigee)
from stack.chain import REPO, clean_environment, sanitizer_options

CHAIN = {"workers": 2}

WINDOW = f"{SPACECRAFT}?limit=100&offset=300&ordering=-time_docked"


def words(command=""):
    status, out, _ = run_perigee("--words", command)
    assert status == DONE
    return out.split()


COMMANDS = words()


# ---- inspect -----------------------------------------------------------------

def test_inspect_says_why_it_would_be_a_miss(gate):
    answer = told(gate, "inspect", SEED)
    assert (answer["plan"], answer["state"]) == ("fetch", "absent")
    assert answer["wanted"] == WINDOW and "not stored" in answer["why"]
    place, = answer["places"]
    assert (place["target"], place["memory"], place["redis"]) == (WINDOW, None, None)
    assert gate.calls == 0


def test_inspect_shows_what_a_hit_is_made_of(gate):
    gate.ask(SEED)
    answers = [told(gate, "inspect", SEED, worker=i) for i in range(2)]
    for answer in answers:
        assert (answer["plan"], answer["state"]) == ("hit", "fresh")
        assert answer["target"] == f"{SPACECRAFT}?offset=326&ordering=-time_docked"
        assert (answer["endpoint"], answer["limit"], answer["offset"]) == (SPACECRAFT, 10, 326)
        place, = answer["places"]
        stored = gate.stored(WINDOW)
        assert place["fetched_at"] == stored["fetched_at"].decode()
        assert place["fresh_until"] == stored["fresh_until"].decode()
        assert place["bytes"] == len(gzip.decompress(stored["body"]))
        assert (place["count"], place["objects"]) == (int(stored["count"]), 100)
        assert place["redis"]["state"] == "fresh" and place["redis"]["kept_for_s"] > 0
    # to look is not to change: the second one was not asked by a client, but remembers it by now
    assert gate.calls == 1
    text = done(gate, "inspect", SEED)
    assert "answer     hit: All that the answer needs is there and fresh." in text
    assert re.search(r"memory +fresh\n", text) and re.search(r"Redis +fresh, kept for", text)


def test_inspect_shows_two_windows_and_a_purge(gate):
    page = f"{SPACECRAFT}?limit=20&offset=90"
    gate.ask(page)
    done(gate, "purge", page)
    answer = told(gate, "inspect", page)
    assert answer["plan"] == "stale"
    assert [p["target"] for p in answer["places"]] == [
        f"{SPACECRAFT}?limit=100", f"{SPACECRAFT}?limit=100&offset=100"]
    assert all(p["redis"]["purged_at"] for p in answer["places"])
    assert "purged at 20" in done(gate, "inspect", page)


def test_inspect_shows_a_failed_fill(gate):
    target = gate.cold()
    gate.origin.fault("status", status=500)
    for i in range(2):  # whichever worker is asked
        gate.ask(target + "&limit=1")
    gate.origin.lift()
    fills = [told(gate, "inspect", target, worker=i)["places"][0]["fill"] for i in range(2)]
    fill = next(f for f in fills if f)
    assert (fill["state"], fill["reason"]) == ("failed", "upstream-error")
    assert fill["retry_after_s"] >= 1
    worker = fills.index(fill)
    answer = told(gate, "inspect", target, worker=worker)
    if answer["places"][0]["fill"]:  # it has not been forgotten yet
        assert answer["plan"] == "refuse"


def test_inspect_shows_a_call_under_way(gate):
    target = gate.cold()
    gate.origin.fault("latency", seconds=1.5 * SLOW, times=1, match="cold")
    asked = Behind(gate.ask, target)
    window = target.replace("?", "?limit=100&")
    eventually(lambda: gate.cache("EXISTS", f"perigee:{{ll2}}:fill:{window}"),
               "the call to be under way")
    fills = [told(gate, "inspect", target, worker=i)["places"][0]["fill"] for i in range(2)]
    fill = next(f for f in fills if f)
    assert (fill["state"], fill["class"], fill["waiters"]) == ("calling upstream", "demand", 1)
    assert told(gate, "quota")["budgets"][0]["fetching"] == [window]
    assert asked.result().status == 200


def test_inspect_refuses_what_a_client_would_be_refused(gate):
    status, out, err = command(gate, "inspect", f"{SPACECRAFT}?orderng=id", "--json")
    assert status == FAILED
    assert json.loads(out)["faults"][0]["nearest"] == "ordering"
    assert "did you mean ordering?" in err
    assert command(gate, "inspect", "/2.3.0/nothing/")[0] == FAILED


# ---- quota -------------------------------------------------------------------

def test_quota_tells_the_calls_that_upstream_counts():
    """Each call with its class; what is left is what upstream says, too."""
    with Chain(quota="3/3600", micro_cache=False) as chain:
        budget = told(chain, "quota")["budgets"][0]
        assert (budget["budget"], budget["limit"], budget["window_s"]) == ("ll2", 3, 3600)
        assert (budget["used"], budget["remaining"], budget["wait_s"]) == (0, 3, 0)
        for n in range(3):
            assert chain.ask(f"{SPACECRAFT}?search=x{n}").status == 200
        budget = told(chain, "quota")["budgets"][0]
        assert (budget["used"], budget["remaining"]) == (3, 0)
        assert budget["by_class"] == {"demand": 3, "background": 0, "other": 0}
        assert [c["class"] for c in budget["calls"]] == ["demand"] * 3
        assert not any(c["open"] for c in budget["calls"])
        assert 3500 < budget["wait_s"] <= 3601
        assert budget["used"] == chain.origin.throttle["current_use"]
        text = done(chain, "quota")
        assert re.match(r"ll2: 0 of 3 calls left in 1 h; the next one is free in (59 min|1 h)", text)
        assert text.count("  demand\n") == 3


def test_quota_shows_refreshes_and_a_cool_down():
    with Chain(quota="100/3600", micro_cache=False) as chain:
        chain.ask(SEED)
        done(chain, "purge", SEED)

        def over():
            chain.ask(SEED)
            budget = told(chain, "quota")["budgets"][0]
            return (budget["by_class"]["background"] == 1 and not budget["fetching"]
                    and not any(call["open"] for call in budget["calls"]))

        eventually(over, "the refresh to be in the books, and over")
        chain.origin.fault("status", status=429, headers={"Retry-After": "100"},
                           times=1, match="spacecraft")
        assert chain.ask(SPACECRAFT).status == 429
        budget = told(chain, "quota")["budgets"][0]
        assert budget["cool_down_until"] and 90 < budget["wait_s"] <= 101
        assert "nobody asks before" in done(chain, "quota")


# ---- top ---------------------------------------------------------------------

def test_top_adds_up_what_workers_have_seen():
    with Chain(workers=2, micro_cache=False) as chain:
        for _ in range(20):
            chain.ask(SEED)
        for _ in range(6):
            chain.ask(SPACECRAFT)
        chain.ask(f"{SPACECRAFT}?limt=3")  # was not understood: it has no target
        chain.ask("/2.3.0/agencies/")
        sockets = [arg for i in range(2) for arg in ("--socket", chain.admin_socket(i))]
        status, out, _ = run_perigee(*sockets, "top", "--json")
        assert status == DONE
        top = json.loads(out)
        assert top["workers"] == 2
        page = f"{SPACECRAFT}?offset=326&ordering=-time_docked"
        assert [(row["name"], row["times"]) for row in top["wanted"]] == [
            (page, 20), (SPACECRAFT, 6), ("/2.3.0/agencies/", 1)]
        assert [(row["name"], row["times"]) for row in top["endpoints"]] == [
            (SPACECRAFT, 26), ("/2.3.0/agencies/", 1)]
        assert {row["name"] for row in top["slow"]} == {page, SPACECRAFT, "/2.3.0/agencies/"}
        assert top["slow"][0]["largest"] > 0
        one = json.loads(run_perigee(*sockets, "top", "--json", "--limit=1")[1])
        assert [len(one[part]) for part in ("wanted", "slow", "endpoints")] == [1, 1, 1]
        text = run_perigee(*sockets, "top")[1]
        assert re.search(rf"^Most wanted:\n  REQUESTS +SEEN +TARGET\n +20\.0 +20  {re.escape(page)}\n",
                         text)
        # one of two that is away is said, and does not hinder
        chain.stop_worker(1)
        status, out, err = run_perigee(*sockets, "top")
        assert status == DONE and out and "admin-1" in err


# ---- warm --------------------------------------------------------------------

def test_warm_walks_through_a_list():
    """To its end, window by window, and then all of it is there; --wait stays until then."""
    with Chain(workers=2, micro_cache=False) as chain:
        assert done(chain, "warm") == "there is no walk\n"
        answer = told(chain, "warm", f"http://any.example{SPACECRAFT}?limit=7&offset=30", "--wait")
        walk, = answer["walks"]
        assert (walk["target"], walk["state"]) == (SPACECRAFT, "done")
        assert (walk["count"], walk["next"]) == (596, 600)
        assert len(chain.cache.entries()) == 6
        text = done(chain, "warm", worker=1)
        assert re.search(r"^LIST +STATE +STORED +OF +MOVED", text)
        assert re.search(rf"^{SPACECRAFT} +done +596 +596 ", text, re.M)
        calls = chain.calls
        assert chain.ask(f"{SPACECRAFT}?limit=100&offset=500").ttl > 0
        assert chain.calls == calls
        assert done(chain, "warm", "--stop", SPACECRAFT) == "there is no walk\n"
        status, _, err = command(chain, "warm", "--stop", SPACECRAFT)
        assert status == FAILED and err


def test_warm_says_what_it_waits_for():
    with Chain(micro_cache=False) as chain:
        chain.origin.fault("status", status=500)
        done(chain, "warm", SPACECRAFT)
        eventually(lambda: told(chain, "warm")["walks"][0]["waits_for"],
                   "what upstream says to be in the way")
        walk, = told(chain, "warm")["walks"]
        assert walk["state"] == "running" and walk["count"] is None
        assert walk["waits_for"] == "Upstream answered with an error"
        assert re.search(rf"^{SPACECRAFT} +running +0 +\? .* Upstream answered", done(chain, "warm"),
                         re.M)
        for url in (f"{SPACECRAFT}430/", "/2.3.0/nothing/", f"{SPACECRAFT}?limt=3"):
            status, _, err = command(chain, "warm", url)
            assert status == FAILED and err, url
        assert len(told(chain, "warm")["walks"]) == 1


# ---- origin ------------------------------------------------------------------

def test_origin_is_set_for_all_hosts():
    with Chain(workers=2, micro_cache=False) as chain:
        assert done(chain, "origin") == "normal\n"
        assert done(chain, "origin", "never") == "never (the configuration says normal)\n"
        eventually(lambda: told(chain, "origin", worker=1)["mode"] == "never",
                   "the other worker to know", within=1)
        for i in range(2):
            answer = told(chain, "inspect", SEED, worker=i)
            assert (answer["plan"], answer["origin"]) == ("refuse", "never")
            assert "by the origin's mode" in answer["why"]
        assert chain.ask(SEED).status == 503
        assert chain.calls == 0 or "spacecraft" not in " ".join(chain.origin.asked)
        assert done(chain, "origin", "normal", worker=1) == "normal\n"
        eventually(lambda: told(chain, "origin")["mode"] == "normal", "the first to know", within=1)
        assert chain.ask(SEED).status == 200


# ---- the command line --------------------------------------------------------

@pytest.mark.parametrize("arguments", [
    ["purge"], ["purge", "/a", "--everything"], ["purge", "--object", "/a", "--endpoint", "/b"],
    ["purge", "--everything", "--delete"], ["purge", "--nothing"], ["purge", "--endpoint"],
    ["purge", "-x", "/a"], ["purge", "--everything=yes"], ["purge", "--delete", "--delete", "/a"],
    ["origin", "sometimes"], ["origin", "normal", "never"], ["warm", "--stop"],
    ["warm", "--stop", "--wait", "/a"],
    ["inspect"], ["inspect", "/a", "/b"], ["quota", "now"], ["top", "--limit", "0"],
    ["top", "--limit=257"], ["top", "--limit", "x"], ["nothing"], ["--nothing"],
    ["--socket"], ["purge", *["/a"] * 65]])
def test_usage(chain, arguments):
    """Status 2, a word on standard error, nothing on standard output."""
    status, out, err = command(chain, *arguments)
    assert (status, out) == (USAGE, ""), (status, out, err)
    assert err


def test_several_urls_go_one_by_one(gate):
    """A bad one does not hinder the others, and the status tells."""
    gate.ask(SEED)
    gate.ask(SPACECRAFT)
    status, out, err = command(gate, "purge", SEED, "/nothing/", SPACECRAFT)
    assert status == FAILED
    assert out.count("1 entry made stale") == 2 and err.startswith("perigee: ")
    answers = told(gate, "purge", SEED, SPACECRAFT)
    assert [a["entries"] for a in answers] == [1, 1]


def test_what_begins_with_a_dash_can_be_said(gate):
    status, _, err = command(gate, "purge", "--", "--everything")
    assert status == FAILED and "--help" not in err


def test_progress_is_for_terminals_only(gate):
    """Counted on a terminal, and gone at the end; in a pipe nothing but the result."""
    for i in range(3000):
        gate.cache("HSET", f"perigee:/2.3.0/agencies/?limit=100&search=x{i}", "ids", "1")
    master, slave = pty.openpty()
    with subprocess.Popen([BINARY, "--socket", str(gate.admin_socket(0)), "purge", "--everything"],
                          stdout=subprocess.PIPE, stderr=slave,
                          env={**clean_environment(), **sanitizer_options()}) as process:
        os.close(slave)
        shown = b""
        while True:
            try:
                more = os.read(master, 4096)
            except OSError:  # the other side is closed
                break
            if not more:
                break
            shown += more
        result = process.stdout.read()
        assert process.wait(30 * SLOW) == DONE
    os.close(master)
    assert re.search(rb"\rlooked at \d+ entries, purged \d+", shown), shown
    assert shown.endswith(b"\r\x1b[K") and b"\x1b" not in result
    assert b"everything: 3000 entries made stale" in result
    assert command(gate, "purge", "--everything")[2] == ""


def test_no_worker_at_all():
    status, out, err = run_perigee("quota", PERIGEE_ADMIN_SOCKET="/nowhere/at/all")
    assert (status, out) == (UNREACHABLE, "") and "/nowhere/at/all" in err


# ---- help, manual page and completion agree ----------------------------------

def test_help_lists_every_command():
    status, out, err = run_perigee("--help")
    assert (status, err) == (DONE, "")
    listed = re.findall(r"^  ([a-z]+)  +\S", out.partition("Commands")[2], re.M)
    assert listed == COMMANDS
    assert "purge" in COMMANDS and "quota" in COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_teaches(name):
    """Usage, every option, an example to copy, exit status; in lines that fit a terminal."""
    for arguments in ([name, "--help"], ["--socket", "/x", name, "--json", "--help"]):
        status, out, err = run_perigee(*arguments)
        assert (status, err) == (DONE, "")
    assert out.startswith(f"usage: perigee {name}")
    assert f"\n  perigee {name}" in out
    assert "Exit status: 0 done" in out
    shown = set(re.findall(r"^  (--[a-z-]+)", out, re.M))
    assert shown == {word for word in words(name) if word.startswith("-")}
    assert all(len(line) <= 100 for line in out.splitlines())


def page():
    return (REPO / "conf/man/perigee.1").read_text()


def test_the_manual_page_has_every_command_and_option():
    """And none that does not exist."""
    text = page()
    shown = set(re.findall(r"^\.It Cm ([a-z]+)", text, re.M))
    assert shown == set(COMMANDS)
    options = {word for name in COMMANDS for word in words(name) if word.startswith("-")}
    program = set(re.findall(r"--[a-z-]+", run_perigee("--help")[1].partition("Commands")[0]))
    listed = {f"-{o}" for line in text.splitlines() if line.startswith(".It Fl")
              for o in re.findall(r"Fl (-[a-z-]+)", line)}
    assert listed == options | program


def complete(line):
    """What bash offers behind the line."""
    script = """
        source conf/completion/perigee.bash
        read -ra COMP_WORDS <<<"$1"
        [[ $1 == *' ' ]] && COMP_WORDS+=('')
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _perigee "$2" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    out = subprocess.run(["bash", "-uc", script, "bash", line, BINARY], cwd=REPO, text=True,
                         capture_output=True, timeout=30 * SLOW, check=True,
                         env={**clean_environment(), **sanitizer_options()})
    assert out.stderr == ""
    return sorted(out.stdout.split())


def test_bash_completes_commands_and_options(tmp_path):
    offered = complete("perigee ")
    assert set(COMMANDS) <= set(offered) and "--print-config" in offered
    program = re.findall(r"--[a-z-]+", run_perigee("--help")[1].partition("Commands")[0])
    assert {word for word in offered if word.startswith("-")} == set(program)
    assert complete("perigee pu") == ["purge"]
    assert complete("perigee purge --e") == ["--endpoint", "--everything"]
    assert complete("perigee --socket x --config y top --l") == ["--limit"]
    assert complete("perigee top --limit ") == []
    assert complete("perigee nothing ") == []
    (tmp_path / "some-socket").touch()
    assert complete(f"perigee --socket {tmp_path}/some") == [f"{tmp_path}/some-socket"]
    for name in COMMANDS:
        assert complete(f"perigee {name} ") == sorted(words(name))
