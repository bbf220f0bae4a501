"""What a web app of another origin can do in a real browser: all that CORS is there for."""

import json

import pytest
from browser import Browser
from harness import SPACECRAFT, Chain, eventually

CHAIN = {"quota": "100/60"}
NAMES = ["Age", "Cache-Status", "ETag", "Link", "Retry-After", "Cache-Control", "Content-Type"]

# fetch(), and what a script gets to see of the answer.
LOOK = """
    async function look(url, options) {
        const answer = await fetch(url, options);
        const fields = {};
        for (const name of %s)
            fields[name] = answer.headers.get(name);
        return {status: answer.status, type: answer.type, fields: fields,
                text: await answer.text()};
    }
""" % json.dumps(NAMES)


@pytest.fixture(scope="module")
def browser():
    with Browser() as browser:
        yield browser


def look(browser, url, options=None):
    """One fetch() of the page's; readable, or it would have thrown."""
    seen = browser.run(LOOK + "return await look(arguments[0], arguments[1]);", url, options or {})
    assert seen["type"] == "cors"
    return seen


def asked(gate, method):
    """How often a method has come to the worker so far."""
    return gate.log("worker-0").count(f" method={method} ")


def test_a_page_reads_a_list_and_walks_on(gate, browser):
    """`next` is followed as it stands, to the end; the fields can be read."""
    gate.ask(SPACECRAFT)
    seen = browser.run(LOOK + """
        const pages = [];
        let url = arguments[0];
        while (url) {
            const page = await look(url);
            pages.push(page);
            url = JSON.parse(page.text).next;
        }
        return pages;
    """, f"{gate.base}{SPACECRAFT}?limit=100")
    assert [page["status"] for page in seen] == [200] * 6
    bodies = [json.loads(page["text"]) for page in seen]
    ids = [row["id"] for body in bodies for row in body["results"]]
    assert len(ids) == len(set(ids)) == bodies[0]["count"] == 596
    for page, body in zip(seen, bodies):
        fields = page["fields"]
        assert fields["ETag"].endswith('-gzip"')  # the browser asked for gzip, and read it
        assert fields["Cache-Status"].startswith("perigee; ")
        assert 0 <= int(fields["Age"]) < 60
        assert fields["Cache-Control"] == "public, max-age=21599"
        assert ('rel="next"' in fields["Link"]) == bool(body["next"])
    assert gate.calls == 6


def test_a_page_reads_a_429(browser):
    """The problem, and how long to wait: by field and by member."""
    with Chain(quota="1/60") as chain:
        chain.ask(SPACECRAFT)
        seen = look(browser, chain.base + chain.cold())
        assert seen["status"] == 429
        problem = json.loads(seen["text"])
        assert problem["type"] == "urn:perigee:problem:quota-exceeded"
        assert int(seen["fields"]["Retry-After"]) == problem["retry_after"] >= 1
        assert seen["fields"]["Content-Type"] == "application/problem+json"
        assert look(browser, chain.base + SPACECRAFT)["status"] == 200


@pytest.mark.parametrize("path, status, word", [
    (SPACECRAFT + "?orderng=id", 400, "invalid-parameters"), ("/nowhere", 404, "not-found"),
    (SPACECRAFT + "31337/", 404, "not-found"), ("/admin/", 403, "forbidden"),
])
def test_a_page_reads_every_problem(gate, browser, path, status, word):
    """The worker's, upstream's, and nginx' own."""
    seen = look(browser, gate.base + path)
    assert seen["status"] == status
    assert json.loads(seen["text"])["type"] == f"urn:perigee:problem:{word}"


def test_a_page_may_send_authorization_and_a_type(gate, browser):
    """Both need a preflight; it is answered at once, and what is sent goes no further."""
    options = {"headers": {"Authorization": "Token mine", "Content-Type": "application/json"}}
    seen = look(browser, f"{gate.base}{SPACECRAFT}430/", options)
    assert seen["status"] == 200 and json.loads(seen["text"])["id"] == 430
    assert gate.calls == 1
    assert "mine" not in str(gate.origin.log)


def test_a_preflight_is_kept(gate, browser):
    """Of two fetches of what is never stored, only the first has one."""
    options = {"headers": {"Authorization": "Token mine"}}
    before = asked(gate, "GET"), asked(gate, "OPTIONS")
    for _ in range(2):
        assert look(browser, f"{gate.base}/nowhere/near", options)["status"] == 404
    assert (asked(gate, "GET"), asked(gate, "OPTIONS")) == (before[0] + 2, before[1] + 1)


def test_a_page_may_be_conditional(gate, browser):
    """By itself, through the browser's cache: 304 to the browser, 200 to the script. And by hand."""
    url = f"{gate.base}{SPACECRAFT}?limit=7"
    first = look(browser, url, {"cache": "reload"})
    again = look(browser, url, {"cache": "no-cache"})
    assert (first["status"], again["status"]) == (200, 200)
    assert again["text"] == first["text"]
    eventually(lambda: "method=GET status=304" in gate.log("worker-0"), "a 304 in the log")
    by_hand = look(browser, url, {"cache": "no-store",
                                  "headers": {"If-None-Match": first["fields"]["ETag"]}})
    assert (by_hand["status"], by_hand["text"]) == (304, "")
    assert by_hand["fields"]["ETag"] == first["fields"]["ETag"]
    assert by_hand["fields"]["Cache-Status"].startswith("perigee; hit")


def test_what_is_fresh_a_browser_does_not_ask_for_again(gate, browser):
    """Cache-Control is for it, too."""
    url = f"{gate.base}{SPACECRAFT}?limit=8"
    look(browser, url)
    before = asked(gate, "GET")
    assert look(browser, url)["status"] == 200
    assert asked(gate, "GET") == before


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_what_may_not_be_done_is_not_tried(gate, browser, method):
    """DELETE is stopped by the preflight; a POST of a simple kind comes, and is told why not."""
    script = """
        try { return (await fetch(arguments[0], {method: arguments[1]})).status; }
        catch (error) { return error.name; }
    """
    expected = {"POST": 405, "DELETE": "TypeError"}[method]
    assert browser.run(script, gate.base + SPACECRAFT, method) == expected
    assert gate.calls == 0
