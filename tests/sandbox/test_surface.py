"""That every collection under /2.3.0/ does what its declaration says.

What a filter, a search or an ordering must answer is worked out here from the rows' own JSON; so
these tests also show that all of it can be seen there.
"""

import json
import math
import re
from datetime import date, datetime, timedelta, timezone
from typing import Any, Callable
from urllib.parse import quote
from uuid import UUID

import pytest

from .harness import THROTTLE, Sandbox, running
from .spec import Collection, Filter, Order, read
from .surface import SERVED

LAUNCHES = "/2.3.0/launches/"
NO_LAUNCH = "00000000-0000-4000-8000-000000000000"
UPCOMING, PREVIOUS = f"{LAUNCHES}upcoming/", f"{LAUNCHES}previous/"

# The collections whose rows can be told by their JSON; those of the spacecraft have other tests.
GENERATED = {f"/2.3.0/{path}/": served for path, served in SERVED.items() if path != "spacecraft"}

every_collection = pytest.mark.parametrize("path", GENERATED)


@pytest.fixture(scope="module")
def surface(process: Sandbox) -> dict[str, Any]:
    return process.order("GET", "surface")


@pytest.fixture(scope="module")
def rows(process: Sandbox) -> Callable[[str], list[dict[str, Any]]]:
    """All rows of a collection, in full."""
    known: dict[str, list[dict[str, Any]]] = {}

    def rows_of(path: str) -> list[dict[str, Any]]:
        if path not in known:
            process.order("POST", "throttle", {"calls": None})
            known[path] = process.every(path, "mode=detailed")
        return known[path]

    return rows_of


# ---------------------------------------------------------------- lists, details, modes


@every_collection
def test_all_rows_can_be_listed_and_told_apart(api, surface, rows, path):
    ids = [row["id"] for row in rows(path)]
    assert len(ids) == len(set(ids)) == surface[path]["count"] >= 5
    assert set(map(str, ids)) >= set(surface[path]["ids"])


@every_collection
def test_details_are_the_fullest_mode(api, surface, rows, path):
    listed = {str(row["id"]): row for row in rows(path)}
    for id in surface[path]["ids"]:
        single = api.get(f"{path}{id}/")
        assert (single.status, single.json) == (200, listed[id])
        if "url" in single.json:
            assert api.get(single.json["url"][len(api.base):]).json == single.json


@every_collection
def test_modes(api, path):
    shapes = GENERATED[path].modes
    fullest = 0
    for mode in shapes:
        row = api.page(path, f"limit=1&mode={mode}")["results"][0]
        assert row["response_mode"] == mode
        assert len(row) >= fullest
        fullest = len(row)
    plain = api.page(path, "limit=1")["results"][0]
    assert plain.get("response_mode") == ("normal" if shapes else None)
    assert api.page(path, "limit=1&mode=nonsense")["results"] == [plain]


@every_collection
def test_rows_that_are_not_there(api, path):
    model = GENERATED[path].model
    unknown = NO_LAUNCH if model == "Launch" else "99999999999999999999"
    missing = api.get(f"{path}{unknown}/")
    assert (missing.status, missing.json) == (
        404, {"detail": f"No {model} matches the given query."}
    )
    assert (api.get(f"{path}abc/").status, api.get(f"{path}abc/").json) == (
        404, {"detail": "Not found."}
    )


def test_the_two_modes_that_fail_upstream(api):
    assert api.get("/2.3.0/docking_events/?mode=list").status == 500
    assert api.get("/2.3.0/expeditions/?mode=list").status == 400


def test_addresses_keep_the_format_and_are_those_of_the_asking_host(api):
    launch = api.page(UPCOMING, "limit=1&format=json&search=a")["results"][0]
    assert launch["url"] == f"{api.base}{LAUNCHES}{launch['id']}/?format=json"
    pad = launch["pad"]
    assert pad["url"] == f"{api.base}/2.3.0/pads/{pad['id']}/?format=json"
    assert api.get(pad["url"][len(api.base):]).json["location"]["id"] == pad["location"]["id"]


def test_the_root_names_everything(api, surface):
    root = api.get("/2.3.0/").json
    assert {f"/2.3.0/{name}/" for name in root} == {p for p in surface if p.startswith("/2.3.0/")}
    assert len(root) == 59
    for address in root.values():
        assert api.get(f"{address[len(api.base):]}?limit=1").status == 200


def test_the_starship_dashboard(api):
    plain = api.get("/2.3.0/dashboard/starship/").json
    launches = plain["upcoming"]["launches"] + plain["previous"]["launches"]
    assert launches and {launch["pad"]["location"]["id"] for launch in launches} == {143}
    assert {launch["response_mode"] for launch in launches} == {"normal"}
    brief = api.get("/2.3.0/dashboard/starship/?mode=list").json
    assert brief["previous"]["events"][0]["response_mode"] == "list"


# ---------------------------------------------------------------- filters

PLAIN: dict[str, Callable[[str], Any]] = {
    "int": int,
    "number": float,
    "string": str,
    "bool": lambda text: text == "true",
    "nullbool": lambda text: text == "true",
    "date": date.fromisoformat,
    "datetime": lambda text: datetime.fromisoformat(text.replace("Z", "+00:00")),
    "uuid": UUID,
    "choices": int,
}

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "": lambda found, given: found == given,
    "gt": lambda found, given: found > given,
    "gte": lambda found, given: found >= given,
    "lt": lambda found, given: found < given,
    "lte": lambda found, given: found <= given,
    "contains": lambda found, given: str(given) in str(found),
    "icontains": lambda found, given: given.upper() in found.upper(),
}


def satisfies(row: dict[str, Any], declared: Filter, given: str) -> bool:
    """Tell by a row's JSON whether a filter lets it through."""
    found = read(row, declared.path)
    if declared.type == "suborbital":
        return given == "true" or found != [15]
    if declared.type == "recent":
        return given == "false" or found[0] >= datetime.now(timezone.utc).isoformat()
    type = declared.type.removeprefix("csv-")
    if declared.type == "choice":
        type = "string"  # ids, of whatever kind
        found = list(map(str, found))
    convert = PLAIN[type]
    if declared.type.startswith("csv"):
        wanted = [convert(one) for one in given.split(",")]
        if "__" in declared.lookup:  # a part of a date
            part = declared.lookup.partition("__")[0]
            return any(getattr(PLAIN["datetime"](value), part) in wanted for value in found)
        return any(convert(str(value)) in wanted for value in found)
    compare = COMPARISONS[declared.lookup]
    if type in ("date", "datetime", "uuid"):
        found = [convert(value) for value in found]
    return any(compare(value, convert(given)) for value in found)


@every_collection
def test_every_filter_selects_what_the_rows_say(api, surface, rows, path):
    all_rows = rows(path)
    briefly = "mode=list&" if "list" in GENERATED[path].modes else ""
    for declared in GENERATED[path].filters:
        selections = set()
        values = surface[path]["filters"][declared.name]["values"]
        for given in {values[(len(values) - 1) // 2], values[-1]}:
            page = api.page(path, f"{briefly}limit=100&{declared.name}={quote(given)}")
            expected = {row["id"] for row in all_rows if satisfies(row, declared, given)}
            selected = {row["id"] for row in page["results"]}
            assert page["count"] == len(expected), (declared, given)
            assert selected <= expected and len(selected) == min(100, len(expected))
            selections.add(len(expected))
        assert any(0 < size < len(all_rows) for size in selections), (declared, selections)


REFUSED = {
    "int": ("x", "Enter a number."),
    "number": ("1e", "Enter a number."),
    "date": ("2020-13-01", "Enter a valid date."),
    "datetime": ("soon", "Enter a valid date/time."),
    "csv-int": ("1,x", "Enter a number."),
    "csv-number": ("1,x", "Enter a number."),
    "csv-uuid": ("abc", "Enter a valid UUID."),
    "choice": (
        "999999", "Select a valid choice. That choice is not one of the available choices."
    ),
    "choices": (
        "999999", "Select a valid choice. 999999 is not one of the available choices."
    ),
}


@every_collection
def test_what_cannot_be_read_is_refused_or_passed_over(api, surface, path):
    for declared in GENERATED[path].filters:
        given, message = REFUSED.get(declared.type, ("what?", None))
        if declared.of == "launches":
            given, message = NO_LAUNCH, REFUSED["choice"][1]
        answer = api.get(f"{path}?limit=1&{declared.name}={given}")
        if message:
            assert (answer.status, answer.json) == (400, {declared.name: [message]})
        else:
            assert answer.status == 200, declared
            if surface[path]["filters"][declared.name]["type"] == "bool":
                assert answer.json["count"] == surface[path]["count"]


@pytest.mark.parametrize(
    "path, query, like",
    [
        (LAUNCHES, "program=1&program=2", "program=2&program=1"),
        (LAUNCHES, "status__ids=3,4", "status__ids=9&status__ids=4,3,3"),
        (LAUNCHES, "is_crewed=True", "is_crewed=2"),
        (LAUNCHES, "is_crewed=1", ""),
        (LAUNCHES, "is_crewed=unknown", "is_crewed="),
        (LAUNCHES, "net__gte=2026-01-01", "net__gte=2026-01-01T00:00:00Z"),
        (LAUNCHES, "net__gte=2026-01-01T01:00:00%2B01:00", "net__gte=2026-01-01T00:00:00.000"),
        (LAUNCHES, "nonsense=1", ""),
        ("/2.3.0/agencies/", "featured=1", "featured=TRUE"),
        ("/2.3.0/agencies/", "id=99999999999999999999", "id=-1"),
        ("/2.3.0/agencies/", "founding_year__lt=99999999999999999999", "founding_year__gt=0"),
        ("/2.3.0/agencies/", "search=%C3%9CN%C3%8FTED", "search=%C3%BCn%C3%AFted"),
    ],
)
def test_two_ways_to_say_the_same(api, path, query, like):
    pages = [api.page(path, f"limit=100&{said}") for said in (query, like)]
    assert pages[0]["count"] == pages[1]["count"]
    assert pages[0]["results"] == pages[1]["results"]


def test_filters_apply_to_details_too(api):
    launch = api.page(LAUNCHES, "limit=1")["results"][0]
    address = f"{LAUNCHES}{launch['id']}/"
    pad = launch["pad"]["id"]
    assert api.get(f"{address}?pad={pad}").status == 200
    assert api.get(f"{address}?pad={pad - 1 or 2}").status == 404
    assert api.get(f"{address}?pad=999999").status == 400


# ---------------------------------------------------------------- search and order


@every_collection
def test_search_finds_by_every_field(api, rows, path):
    declaration: Collection = GENERATED[path]
    for field in declaration.search.split():
        row, value = next((r, v) for r in rows(path) for v in read(r, field))
        word = max(re.findall(r"\w+", str(value)), key=len)
        found = api.every(path, f"search={quote(word)}")
        expected = {
            r["id"] for r in rows(path)
            if any(word.upper() in str(v).upper()
                   for other in declaration.search.split() for v in read(r, other))
        }
        assert row["id"] in expected
        assert {r["id"] for r in found} == expected
    if declaration.search:
        assert api.page(path, "search=q%20xyzzy")["count"] == 0


def seconds(duration: str) -> float:
    days, hours, minutes, rest = re.fullmatch(
        r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", duration
    ).groups(default=0)
    return timedelta(
        days=int(days), hours=int(hours), minutes=int(minutes), seconds=int(rest)
    ).total_seconds()


def place(row: dict[str, Any], order: Order) -> tuple:
    """Where a row belongs by a field: whether it has none, and what it has."""
    value: Any = next(iter(read(row, order.path)), None)
    if value is not None and order.type == "duration":
        value = seconds(value)
    return value is None, value


@every_collection
@pytest.mark.parametrize("sign", ["", "-"])
def test_every_ordering_field(api, rows, path, sign):
    for order in GENERATED[path].ordering:
        expected = sorted(rows(path), key=lambda row: row["id"])
        nulls = [row for row in expected if place(row, order)[0]]
        others = [row for row in expected if not place(row, order)[0]]
        others.sort(key=lambda row: place(row, order)[1], reverse=bool(sign))
        expected = nulls + others if sign else others + nulls
        got = api.every(path, f"ordering={sign}{order.name}")
        assert [row["id"] for row in got] == [row["id"] for row in expected], order


def test_an_unknown_ordering_is_passed_over(api):
    assert api.page(LAUNCHES, "ordering=nonsense")["results"] == api.page(LAUNCHES)["results"]
    two = api.every(LAUNCHES, "ordering=nonsense,%20name,-net")
    keys = [row["name"] for row in two]
    assert keys == sorted(keys)


# ---------------------------------------------------------------- upcoming and previous


@pytest.mark.parametrize("whole, moment", [(LAUNCHES, "net"), ("/2.3.0/events/", "date")])
def test_upcoming_and_previous_share_the_last_day(api, whole, moment):
    now = datetime.now(timezone.utc)
    stamp = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    day_ago = (now - timedelta(hours=24)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def listed(part: str = "", query: str = "") -> list[tuple[str, Any]]:
        return [(row[moment], row["id"]) for row in api.every(f"{whole}{part}", query)]

    everything = listed()
    assert everything == sorted(everything)
    upcoming, previous = listed("upcoming/"), listed("previous/")
    assert upcoming == [row for row in everything if row[0] >= day_ago]
    assert sorted(previous) == [row for row in everything if row[0] < stamp]
    assert [row[0] for row in previous] == sorted((row[0] for row in previous), reverse=True)
    hidden = listed("upcoming/", "hide_recent_previous=true")
    assert hidden == [row for row in everything if row[0] >= stamp]
    assert set(upcoming) & set(previous) == set(upcoming) - set(hidden) != set()
    assert listed("upcoming/", "hide_recent_previous=false") == upcoming
    edges = [abs((datetime.fromisoformat(when.replace("Z", "+00:00")) - border).total_seconds())
             for when, _ in everything for border in (now, now - timedelta(hours=24))]
    assert min(edges) > 600  # none will cross a border while tests run


def test_a_launch_is_found_in_the_part_it_belongs_to(api):
    coming = api.page(UPCOMING, "hide_recent_previous=true&limit=1")["results"][0]["id"]
    assert api.get(f"{UPCOMING}{coming}/").status == 200
    assert api.get(f"{PREVIOUS}{coming}/").status == 404


# ---------------------------------------------------------------- changing rows


def test_a_launch_comes_moves_and_goes(api):
    count = api.page(UPCOMING)["count"]
    soon = (datetime.now(timezone.utc) + timedelta(minutes=40)).strftime("%Y-%m-%dT%H:%M:%SZ")
    given = {"op": "add", "n": 1, "collection": "launches", "fields": {"net": soon}}
    added = api.order("POST", "mutate", given)["ids"]
    first = api.page(UPCOMING, "hide_recent_previous=true&limit=1")
    assert [row["id"] for row in first["results"]] == added
    assert api.page(UPCOMING)["count"] == count + 1

    fields = {"net": "2001-02-03T04:05:06Z", "status": 4, "mission.name": "Moved", "pad": 7}
    given = {"op": "update", "id": added[0], "collection": "launches", "fields": fields}
    api.order("POST", "mutate", given)
    assert api.page(UPCOMING)["count"] == count
    moved = api.page(PREVIOUS, "search=Moved&status=4&pad=7&year=2001")["results"]
    assert [row["id"] for row in moved] == added
    assert (moved[0]["net"], moved[0]["status"]["id"], moved[0]["pad"]["id"]) == (
        "2001-02-03T04:05:06Z", 4, 7
    )

    api.order("POST", "mutate", {"op": "delete", "ids": added, "collection": "launches"})
    assert api.get(f"{LAUNCHES}{added[0]}/").status == 404
    assert api.page(PREVIOUS, "search=Moved")["count"] == 0


def test_a_change_shows_wherever_the_row_does(api):
    launch = api.page(LAUNCHES, "limit=1")["results"][0]
    lsp = launch["launch_service_provider"]["id"]
    fields = {"name": "Rénamed"}
    api.order("POST", "mutate",
              {"op": "update", "id": lsp, "collection": "agencies", "fields": fields})
    again = api.get(f"{LAUNCHES}{launch['id']}/").json
    assert again["launch_service_provider"]["name"] == "Rénamed"
    assert api.page(LAUNCHES, "lsp__name=R%C3%A9named")["count"] > 0
    api.order("POST", "reset")
    api.order("POST", "throttle", {"calls": None})
    assert api.page(LAUNCHES, "lsp__name=R%C3%A9named")["count"] == 0


def test_reset_restores_rows(api):
    before = [api.get(f"{path}?limit=100&ordering=-name").body for path in (LAUNCHES, UPCOMING)]
    ids = [row["id"] for row in api.page(UPCOMING)["results"]]
    api.order("POST", "mutate", {"op": "delete", "ids": ids, "collection": "launches"})
    api.order("POST", "mutate", {"op": "add", "n": 3, "collection": "launches"})
    api.order("POST", "reset")
    api.order("POST", "throttle", {"calls": None})
    after = [api.get(f"{path}?limit=100&ordering=-name").body for path in (LAUNCHES, UPCOMING)]
    assert after == before


@pytest.mark.parametrize("path", [p for p, served in GENERATED.items() if not served.source])
def test_any_collection_can_be_changed(api, path):
    collection = path.removeprefix("/2.3.0/").rstrip("/")
    count = api.page(path)["count"]
    added = api.order("POST", "mutate", {"op": "add", "n": 2, "collection": collection})["ids"]
    assert api.page(path)["count"] == count + 2
    assert [api.get(f"{path}{id}/").status for id in added] == [200, 200]
    api.order("POST", "mutate", {"op": "delete", "ids": added, "collection": collection})
    assert api.page(path)["count"] == count


@pytest.mark.parametrize(
    "given",
    [
        {"op": "add", "n": 1, "collection": "nonsense"},
        {"op": "delete", "ids": ["x"], "collection": "launches"},
        {"op": "update", "id": 1, "collection": "pads", "fields": {"nonsense": 1}},
        {"op": "update", "id": 1, "collection": "pads", "fields": {"id": 2}},
        {"op": "update", "id": 1, "collection": "pads", "fields": {"location": 999999}},
        {"op": "update", "id": 1, "collection": "pads", "fields": {"location.name": "x"}},
        {"op": "update", "id": 1, "collection": "pads", "fields": {"latitude": "north"}},
    ],
)
def test_a_mistaken_change_is_told(api, given):
    before = api.get("/2.3.0/pads/1/").body
    assert api.attempt_order("POST", "mutate", given).status == 400
    assert api.get("/2.3.0/pads/1/").body == before


# ---------------------------------------------------------------- what all share


def test_all_share_one_quota_and_faults_fit_any_path(sandbox):
    sandbox.order("POST", "throttle", {"calls": 5, "seconds": 3600})
    sandbox.fault("status", status=502, match="pads", times=1)
    asked = [LAUNCHES, "/2.3.0/pads/", "/2.3.0/config/orbits/999/", "/2.2.0/launch/",
             f"{LAUNCHES}?pad=999999", "/2.3.0/"]
    assert [sandbox.get(path).status for path in asked] == [200, 502, 404, 200, 400, 429]
    assert sandbox.totals() == (5, 1, 6)
    assert sandbox.get(THROTTLE).json["current_use"] == 5


def test_nothing_but_get(api):
    for method in ("HEAD", "OPTIONS", "POST"):
        assert api.ask(method, LAUNCHES).status == 405


def test_another_stand_in_has_the_same_rows(rows):
    """Where the clock has no part in them."""
    with running("--quota", "none") as other:
        for path in ("/2.3.0/pads/", "/2.3.0/launcher_configurations/"):
            ours, theirs = (
                re.sub(r"127\.0\.0\.1:\d+", "host", json.dumps(those))
                for those in (rows(path), other.every(path, "mode=detailed"))
            )
            assert ours == theirs


def test_what_is_reported_can_be_found(api):
    """A text by a search for it; a value that has to exist, and no other."""
    for path, about in api.order("GET", "surface?older=1").items():
        texts = [text for text in about["texts"] if text.strip() and not set(text) & set("'\",\\")]
        if texts:
            assert api.page(path, f"limit=1&search={quote(texts[-1])}")["count"] > 0, path
        for name, filter in about["filters"].items():
            if filter["existing"]:
                for value in filter["values"][-1:]:
                    assert api.page(path, f"limit=1&{name}={value}")["count"] > 0, (path, name)
                assert api.get(f"{path}?{name}=2147483647").status == 400, (path, name)


# ---------------------------------------------------------------- 2.2.0

OLDER = {
    "launch": "launches", "launch/upcoming": "launches/upcoming",
    "launch/previous": "launches/previous", "event": "events", "agencies": "agencies",
    "astronaut": "astronauts", "config/launcher": "launcher_configurations",
    "config/spacecraft": "spacecraft_configurations", "expedition": "expeditions",
    "location": "locations", "pad": "pads", "spacestation": "space_stations",
    "spacecraft": "spacecraft", "program": "programs", "docking_event": "docking_events",
    "launcher": "launchers", "updates": "updates",
}


@pytest.mark.parametrize("then, today", OLDER.items())
def test_the_older_version_has_the_same_rows(api, then, today):
    old, new = api.page(f"/2.2.0/{then}/", "limit=5"), api.page(f"/2.3.0/{today}/", "limit=5")
    assert old["count"] == new["count"]
    assert [row["id"] for row in old["results"]] == [row["id"] for row in new["results"]]
    assert old["next"] == f"{api.base}/2.2.0/{then}/?limit=5&offset=5"
    text = json.dumps(old)
    assert f"{api.base}/2.3.0/" not in text and "response_mode" not in text
    row = old["results"][0]
    assert api.get(f"/2.2.0/{then}/{row['id']}/").json["id"] == row["id"]
    if "url" in row:
        assert api.get(row["url"][len(api.base):]).status == 200


def test_the_older_shape(api):
    launch = api.page("/2.2.0/launch/upcoming/", "limit=1&hide_recent_previous=True&mode=detailed")
    launch = launch["results"][0]
    assert "vidURLs" in launch and isinstance(launch["launch_service_provider"]["type"], str)
    assert api.get("/2.2.0/agencies/121/").json["country_code"] == "USA"
    assert api.get("/2.2.0/dashboard/starship/").json["upcoming"]["launches"]
