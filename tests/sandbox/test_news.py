"""The news service under /v4/."""

import time
from typing import Any
from urllib.parse import quote

import pytest

from .harness import SPACECRAFT, Sandbox

KINDS = {"articles": 650, "blogs": 140, "reports": 60}
ARTICLES = "/v4/articles/"


@pytest.fixture
def news(api: Sandbox) -> Sandbox:
    api.order("POST", "throttle", {"service": "news", "calls": None})
    return api


@pytest.fixture(scope="module")
def articles(process: Sandbox) -> list[dict[str, Any]]:
    process.order("POST", "throttle", {"service": "news", "calls": None})
    return process.page(ARTICLES, "limit=500")["results"] + process.page(
        ARTICLES, "limit=500&offset=500"
    )["results"]


@pytest.mark.parametrize("kind, count", KINDS.items())
def test_lists_and_details(news, kind, count):
    page = news.page(f"/v4/{kind}/")
    assert (page["count"], len(page["results"])) == (count, 10)
    assert page["next"] == f"{news.base}/v4/{kind}/?limit=10&offset=10"
    entry = page["results"][0]
    assert news.get(f"/v4/{kind}/{entry['id']}/").json == entry
    assert ("launches" in entry) == (kind != "reports")
    assert news.get(f"/v4/{kind}/999999/").status == 404


def test_five_hundred_are_the_most(news):
    page = news.page(ARTICLES, "limit=1000")
    assert len(page["results"]) == 500
    assert page["next"] == f"{news.base}{ARTICLES}?limit=500&offset=500"


def test_the_newest_come_first_unless_asked(news, articles):
    assert len({row["id"] for row in articles}) == 650
    stamps = [row["published_at"] for row in articles]
    assert stamps == sorted(stamps, reverse=True)
    oldest = news.page(ARTICLES, "ordering=published_at&limit=1")["results"][0]
    assert oldest["published_at"] == stamps[-1]
    updated = news.page(ARTICLES, "ordering=-updated_at,published_at&limit=500")["results"]
    assert updated[0]["updated_at"] == max(row["updated_at"] for row in articles)


def test_an_unknown_ordering_is_refused(news):
    answer = news.get(f"{ARTICLES}?ordering=title")
    assert (answer.status, answer.json) == (
        400, {"ordering": ["Select a valid choice. title is not one of the available choices."]}
    )


def words(key: str, together: Any) -> Any:
    return lambda row, given: together(
        word.strip().upper() in row[key].upper() for word in given.split(",")
    )


WANTED = {
    "title_contains": lambda row, given: given.upper() in row["title"].upper(),
    "title_contains_one": words("title", any),
    "title_contains_all": words("title", all),
    "summary_contains": lambda row, given: given.upper() in row["summary"].upper(),
    "summary_contains_one": words("summary", any),
    "summary_contains_all": words("summary", all),
    "news_site": lambda row, given: row["news_site"].upper() in given.upper().split(","),
    "news_site_exclude": lambda row, given: row["news_site"].upper() != given.upper(),
    "has_launch": lambda row, given: bool(row["launches"]) == (given == "true"),
    "has_event": lambda row, given: bool(row["events"]) == (given == "true"),
    "is_featured": lambda row, given: row["featured"] == (given == "true"),
    "launch": lambda row, given: any(
        launch["launch_id"] in given for launch in row["launches"]
    ),
    "event": lambda row, given: any(
        str(event["event_id"]) in given.split(",") for event in row["events"]
    ),
    "search": lambda row, given: given.upper() in (
        f"{row['title']} {row['summary']} {row['news_site']}".upper()
    ),
}


@pytest.mark.parametrize(
    "name, given",
    [
        ("title_contains", "луна"), ("title_contains_one", "falcon, rover"),
        ("title_contains_all", "falcon,delayed"), ("summary_contains", "crew"),
        ("summary_contains_one", "budget,crew"), ("summary_contains_all", "budget,known"),
        ("news_site", "orbit daily,Moon Post"), ("news_site_exclude", "вестник"),
        ("has_launch", "true"), ("has_launch", "false"), ("has_event", "true"),
        ("is_featured", "true"), ("search", "Starship"),
    ],
)
def test_filters(news, articles, name, given):
    expected = [row["id"] for row in articles if WANTED[name](row, given)]
    assert 0 < len(expected) < 650
    page = news.page(ARTICLES, f"limit=500&{name}={quote(given)}")
    assert page["count"] == len(expected)
    assert [row["id"] for row in page["results"]] == expected[:500]


@pytest.mark.parametrize("name, many, key", [("launch", "launches", "launch_id"),
                                             ("event", "events", "event_id")])
def test_entries_about_launches_and_events(news, articles, name, many, key):
    about = [row[many][0][key] for row in articles if row[many]][:2]
    given = ",".join(map(str, about))
    expected = [row["id"] for row in articles if WANTED[name](row, given)]
    page = news.page(ARTICLES, f"limit=500&{name}={given}")
    assert [row["id"] for row in page["results"]] == expected
    assert news.get(f"{ARTICLES}?{name}=x").status == 400


@pytest.mark.parametrize("field", ["published_at", "updated_at"])
def test_times(news, articles, field):
    middle = articles[300][field]
    counts = {
        part: news.page(ARTICLES, f"{field}_{part}={quote(middle)}")["count"]
        for part in ("gt", "gte", "lt", "lte")
    }
    assert counts["gt"] + counts["lte"] == counts["gte"] + counts["lt"] == 650
    assert counts["gte"] - counts["gt"] == sum(row[field] == middle for row in articles)
    assert news.get(f"{ARTICLES}?{field}_gt=x").status == 400


def test_reports_know_nothing_of_launches(news):
    assert news.page("/v4/reports/", "has_launch=true&launch=x")["count"] == KINDS["reports"]


def test_methods_and_headers(news):
    head = news.ask("HEAD", ARTICLES)
    assert (head.status, head.body, head.headers["cache-control"]) == (200, b"", "max-age=600")
    assert int(head.headers["content-length"]) == len(news.get(ARTICLES).body)
    options = news.ask("OPTIONS", ARTICLES)
    assert (options.status, options.headers["allow"]) == (200, "GET, HEAD, OPTIONS")
    assert "cache-control" not in options.headers
    assert news.ask("POST", ARTICLES).status == 405
    assert news.get("/v4/info/").json["news_sites"]
    assert news.get("/v4/").status == 302


def test_the_throttle_is_its_own(sandbox):
    end = time.monotonic() + 5
    while True:  # all within one second
        sandbox.order("DELETE", "throttle")
        began = time.monotonic()
        answers = [sandbox.get(f"{ARTICLES}?limit=1") for _ in range(6)]
        if time.monotonic() - began < 1 or time.monotonic() > end:
            break
    assert [answer.status for answer in answers] == [200] * 5 + [429]
    assert answers[-1].headers["retry-after"] == "1"
    assert sandbox.get("/2.3.0/api-throttle/").json["current_use"] == 0
    assert sandbox.get(SPACECRAFT).status == 200
    sandbox.order("POST", "throttle", {"service": "news", "calls": 1, "seconds": 3600})
    assert sandbox.get(ARTICLES).status == 429
    assert sandbox.attempt_order(
        "POST", "throttle", {"service": "nonsense", "calls": 1, "seconds": 1}
    ).status == 400
