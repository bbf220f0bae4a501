"""The status page in a real browser, shown states that tests/status makes up: what it says,
how it looks at any width and in both themes, and whether keyboard and screen reader get on."""

import json

import pytest
from browser import Browser
from harness import eventually
from status.site import Site
from status.states import RESULTS, STATES, state
from status_look import DRAWN, FOCUS, STRUCTURE, TEXTS, Look

PHONE, DESKTOP = 360, 1280


@pytest.fixture(scope="module")
def look():
    with Browser() as browser:
        yield Look(browser)


@pytest.fixture(scope="module")
def served():
    with Site() as site:
        yield site


@pytest.fixture
def site(served):
    served.state = state("healthy")
    served.asked.clear()
    return served


def show(look, site, name, **how):
    """The page with that state, once it is there."""
    site.state = state(name)
    look.open(f"{site.base}/status/", **how)
    eventually(lambda: look.text("pulse-text").startswith("live"), "the state to be shown")


def plain(text):
    return text.replace("\u00a0", " ")


def below(found):
    return [f"{one['text']}: {one['has']:.2f} of {one['needs']}" for one in found
            if one["has"] < one["needs"]]


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("scheme, width", [("light", DESKTOP), ("dark", PHONE)])
def test_every_state_reads_well(look, site, name, scheme, width):
    show(look, site, name, scheme=scheme, width=width)
    verdict = site.state["verdict"]
    assert plain(look.text("sentence")) == verdict["sentence"]
    assert plain(look.text("notes")) == "".join(verdict["notes"])
    assert look.run("return document.getElementById('verdict').dataset.level") == verdict["level"]
    assert look.too_wide == 0
    texts = look.run(TEXTS)
    assert len(texts) > 50
    assert below(texts) == []
    assert below(look.run(DRAWN)) == []
    assert look.violations == []
    assert {url.split("/status/")[0] for url in look.loaded} == {site.base}


def test_the_other_two_of_width_and_theme(look, site):
    for scheme, width in (("light", PHONE), ("dark", DESKTOP), ("light", 700)):
        show(look, site, "cooling", scheme=scheme, width=width)
        assert look.too_wide == 0
        assert below(look.run(TEXTS)) + below(look.run(DRAWN)) == []


def test_nothing_but_its_own_files_is_asked_for(look, site):
    show(look, site, "healthy")
    assert set(site.asked) == {f"/status/{name}" for name in
                               ("", "status.css", "status.js", "icon.svg", "state.json")}


def test_before_anything_is_known(look, site):
    site.answering.clear()
    look.open(f"{site.base}/status/")
    assert look.text("sentence") == "Asking the gateway how it is …"
    assert look.text("figure-hits") == "–"
    assert look.run("return document.getElementById('board').getAttribute('aria-busy')") == "true"
    assert below(look.run(TEXTS)) == []
    site.answering.set()
    eventually(lambda: look.text("figure-hits") == "99.2 %", "the state to be shown")
    assert look.run("return document.getElementById('board').getAttribute('aria-busy')") == "false"


def test_no_worker_from_the_beginning(look, site):
    site.state = None
    look.open(f"{site.base}/status/", scheme="dark")
    eventually(lambda: look.text("sentence").startswith("The gateway does not"), "the bad news")
    assert look.run("return document.getElementById('board').checkVisibility()") is False
    assert "no worker behind it answers (502)" in look.text("notes")
    assert below(look.run(TEXTS)) == []


def test_it_is_lost_and_comes_back(look, site):
    show(look, site, "healthy")
    site.state = None
    eventually(lambda: look.text("sentence").startswith("The gateway does not"), "the bad news")
    assert look.text("figure-hits") == "99.2 %"  # what was known stays
    assert "What stands below is from" in look.text("notes")
    assert look.text("announce") == "The gateway does not answer this page."
    assert look.run("return document.title").startswith("✗")
    site.state = state("healthy")
    eventually(lambda: plain(look.text("announce")) == site.state["verdict"]["sentence"], "the good news")


def test_it_is_live(look, site):
    """New numbers come by themselves, are read out when things change, and do not move the focus."""
    show(look, site, "healthy")
    look.run("document.querySelector('#chart-ratio svg').focus()")
    site.state = state("cooling")
    eventually(lambda: plain(look.text("sentence")).startswith("Upstream refuses calls"), "the change")
    assert plain(look.text("announce")) == site.state["verdict"]["sentence"]
    assert look.text("figure-upstream") == "refuses"
    assert look.run("return document.activeElement === document.querySelector('#chart-ratio svg')")
    site.state["verdict"]["sentence"] = "Upstream refuses calls for another 11 min."
    eventually(lambda: plain(look.text("sentence")).endswith("11 min."), "the next minute")
    assert "12 min" in plain(look.text("announce"))  # a number alone is not read out again


def test_numbers_stand_as_they_were_told(look, site):
    show(look, site, "cooling")
    told = site.state["requests"]
    for result in RESULTS:
        row = look.run("return [...document.querySelectorAll(`#result-${arguments[0]} td`)].map(e => e.textContent)", result)
        assert row[0] == f"{told['last_hour'][result]:,}"
        assert row[2] == f"{told['total'][result]:,}"
    assert look.run("return document.querySelector('.gauge').getAttribute('aria-valuetext')") == "0 of 15 calls left"
    lanes = look.run("""
        const found = {};
        for (const call of document.querySelectorAll(".line .call"))
            found[call.classList[1]] = (found[call.classList[1]] || 0) + 1;
        return found;""")
    assert lanes == {"demand": 5, "background": 5, "other": 5}


def test_tables_hold_what_is_drawn(look, site):
    show(look, site, "restarted")
    counts = site.state["requests"]["minutes"]["counts"]
    look.run("for (const e of document.querySelectorAll('details')) e.open = true")
    heads = look.run("return [...document.querySelectorAll('#minutes-head th')].map(e => e.textContent)")
    rows = look.run("return [...document.querySelectorAll('#minutes tr')].map(r => [...r.children].map(e => e.textContent))")
    assert heads[1:-1] == [r for r in RESULTS if any(counts[r])]
    assert len(rows) == 180
    for result in heads[1:-1]:
        column = [row[heads.index(result)] for row in reversed(rows)]
        assert column == ["–" if n is None else str(n) for n in counts[result]]
    calls = look.run("return [...document.querySelectorAll('.budget details tbody tr')].map(e => e.textContent)")
    assert len(calls) == len(site.state["budgets"][0]["calls"])
    assert calls[0].endswith("under way")


def test_nobody_was_there_for_a_while(look, site):
    """A gap is a gap, not a zero."""
    show(look, site, "restarted")
    assert look.run("return document.querySelectorAll('#chart-ratio polyline').length") == 2


def test_keyboard(look, site):
    """Everything that can be used has its turn, shows it, and lets go of it again."""
    show(look, site, "healthy")
    stops = []
    for _ in range(40):
        look.press("Tab")
        focus = look.run(FOCUS)
        if focus is None or stops and focus["what"] == stops[0]:
            break
        assert focus["outline"] >= 2, focus
        assert focus["what"] not in stops
        stops.append(focus["what"])
    else:
        pytest.fail(f"no way out: {stops}")
    kinds = [stop.split("|")[0] for stop in stops]
    assert kinds[0] == "a" and kinds.count("svg") == 2 and kinds.count("summary") == 2
    assert kinds[-3:] == ["a", "a", "a"]
    look.press("Tab", shift=True)
    assert look.run(FOCUS) is not None


def test_the_skip_link(look, site):
    show(look, site, "healthy")
    look.press("Tab")
    assert look.run("return document.activeElement.getBoundingClientRect().left") >= 0
    look.press("Enter")
    assert look.run("return document.activeElement.id") == "verdict"


def test_a_chart_by_arrow_keys(look, site):
    show(look, site, "healthy")
    words = "return document.querySelector('#chart-results output').textContent"
    look.run("document.querySelector('#chart-results svg').focus()")
    look.press("ArrowLeft")
    last = look.run(words)
    assert " hit" in last and " to " in last
    look.press("ArrowLeft")
    assert look.run(words) != last
    look.press("ArrowRight")
    assert look.run(words) == last
    look.press("Escape")
    assert look.run(words).startswith("Point at it")


def test_a_table_opens_by_enter(look, site):
    show(look, site, "healthy", width=PHONE)
    look.run("document.querySelector('#results-table').closest('section').querySelector('summary').focus()")
    look.press("Enter")
    assert look.run("return document.querySelector('#minutes').checkVisibility()")
    assert look.too_wide == 0
    # It scrolls in a box of its own, which can be reached.
    look.press("Tab")
    assert look.run(FOCUS)["what"] == "div|Requests by the minute"


@pytest.mark.parametrize("name", ["healthy", "redis_away", "empty"])
def test_it_is_well_made(look, site, name):
    show(look, site, name)
    assert look.run(STRUCTURE) == {
        "lang": "en", "h1": 1, "main": 1, "landmarks": True, "mute_sections": 0, "mute_drawings": 0,
        "headless_tables": 0, "doubled_ids": [], "live": "status"}


def test_nothing_moves_for_whom_that_is_too_much(look, site):
    moving = "return getComputedStyle(document.querySelector('.call.in-flight')).animationName"
    show(look, site, "healthy")
    assert look.run(moving) == "breathe"
    show(look, site, "healthy", motion="reduce")
    assert look.run(moving) == "none"


def test_words_of_clients_are_words(look, site):
    """Targets hold what clients have written; none of it becomes markup."""
    show(look, site, "healthy")
    nasty = "/2.3.0/launches/?search=<img src=x onerror=alert(1)>&\"'</code><script>alert(1)</script>"
    for part in ("wanted", "slowest", "fills"):
        site.state[part][0]["target"] = nasty
    eventually(lambda: look.run("return document.querySelector('#wanted code').textContent") == nasty, "the words")
    for id in ("wanted", "slowest", "fills"):
        assert look.run("return document.querySelector(`#${arguments[0]} code`).textContent", id) == nasty
    assert look.run("return document.querySelectorAll('main img, main script').length") == 0
    assert look.violations == []
    assert look.too_wide == 0


def test_a_page_that_nobody_sees_asks_for_nothing(look, site):
    show(look, site, "healthy")
    hide = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true})"
    look.run(hide % "true")
    # One more may be on its way.
    eventually(lambda: look.run("await new Promise(done => setTimeout(done, 2500)); return true"), "a while", 20)
    before = len(site.asked)
    look.run("await new Promise(done => setTimeout(done, 3000))")
    assert len(site.asked) == before
    look.run(hide % "false" + "; document.dispatchEvent(new Event('visibilitychange'))")
    eventually(lambda: len(site.asked) > before, "it to ask again")


def test_large_quotas_and_none(look, site):
    """Where slots cannot be told apart the gauge is one arc; a window of a second is a line of words."""
    show(look, site, "healthy")
    assert look.run("return document.querySelectorAll('.slot').length") == 15
    assert look.run("return document.querySelectorAll('[data-budget=snapi] svg').length") == 0
    site.state["budgets"][0].update(limit=10_000, used=2_500)
    eventually(lambda: look.run("return document.querySelectorAll('.slot').length") == 2, "two arcs")
    assert look.run("return document.querySelector('.gauge .big').textContent") == "7,500"


def test_the_states_are_whole():
    """Each has the members of the healthy one: what the page relies on is in all of them."""
    for name in STATES:
        assert set(state(name)) == set(state("healthy")), name
        json.dumps(state(name))
