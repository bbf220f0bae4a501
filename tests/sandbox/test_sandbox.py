"""The stand-in's own tests: that it behaves as Launch Library does, and misbehaves as ordered."""

import http.client
import json
import re
import select
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from .harness import PATIENCE, SPACECRAFT, THROTTLE, running, wait_until

# ---------------------------------------------------------------- objects and pages

REAL = [
    (430, "Kounotori 8", "HTV-8", "P38DT1H15M55S", "P34DT6H9M", 4, 18, 1082),
    (374, "Progress 41", "Progress 41 (No.149)", "P39DT17H17M45S", "P33DT4H55M29S", 4, 8, 1920),
    (349, "Progress M-24", "Progress M-24 (No.224)", "P40DT8H17M48S", "P32DT5H25M24S", 4, 35, 1921),
    (357, "Progress M-16", "Progress M-16 (No.216)", "P33DT15H52M27S", "P31DT7H47M", 4, 35, 1921),
    (369, "Progress M-4", "Progress M-4 (No.204)", "P36DT7H42M8S", "P31DT7H16M30S", 4, 35, 1921),
    (390, "Progress 25", "Progress 25 (No.127)", "P32DT14H40M5S", "P30DT8H8M6S", 4, 8, 1920),
    (162, "Cygnus CRS Orb-2", None, "P34DT20H29M46S", "P30DT4M", 4, 5, 1911),
    (402, "Progress 14", "Progress 14 (No.117)", "P33DT15H31M16S", "P29DT10H30M", 4, 8, 1920),
    (216, "Dragon C107", "C107", "P31DT14H56M50S", "P29DT3H17M", 2, 3, 1245),
    (166, "Cygnus CRS OA-5", None, "P40DT23H50M24S", "P28DT23H57M", 4, 19, 1910),
]


def test_the_real_page_comes_out_at_its_place(api):
    page = api.list("format=json&offset=326&ordering=-time_docked")
    link = f"{api.base}{SPACECRAFT}?format=json&limit=10&offset={{}}&ordering=-time_docked"
    assert (page["count"], page["next"], page["previous"]) == (
        596, link.format(336), link.format(316)
    )
    assert [
        (r["id"], r["name"], r["serial_number"], r["time_in_space"], r["time_docked"],
         r["status"]["id"], r["spacecraft_config"]["id"], r["image"]["id"])
        for r in page["results"]
    ] == REAL


def test_an_object_has_upstreams_keys_in_upstreams_order(api):
    media = "https://thespacedevs-dev.nyc3.digitaloceanspaces.com/media/images/"
    image = {
        "id": 1920,
        "name": "[AUTO] Progress 7K-TG - image",
        "image_url": media + "progress_7k-tg_image_20231220085840.png",
        "thumbnail_url": media + "255bauto255d__image_thumbnail_20240305194135.png",
        "credit": None,
        "license": {"id": 1, "name": "Unknown", "priority": 9, "link": None},
        "single_use": True,
        "variants": [],
    }
    craft = api.list("name=Progress+41&format=json")["results"][0]
    family = craft["spacecraft_config"]["family"][0]
    expected = {
        "response_mode": "normal",
        "id": 374,
        "url": f"{api.base}/2.3.0/spacecraft/374/?format=json",
        "name": "Progress 41",
        "serial_number": "Progress 41 (No.149)",
        "is_placeholder": False,
        "image": image,
        "in_space": False,
        "time_in_space": "P39DT17H17M45S",
        "time_docked": "P33DT4H55M29S",
        "flights_count": 1,
        "mission_ends_count": 1,
        "status": {"id": 4, "name": "Single Use"},
        "description": craft["description"],
        "spacecraft_config": {
            "response_mode": "normal",
            "id": 8,
            "url": f"{api.base}/2.3.0/spacecraft_configurations/8/?format=json",
            "name": "Progress 7K-TG",
            "type": {"id": 4, "name": "Cargo Resupply"},
            "agency": {
                "response_mode": "list",
                "id": 63,
                "url": f"{api.base}/2.3.0/agencies/63/?format=json",
                "name": "Russian Federal Space Agency (ROSCOSMOS)",
                "abbrev": "RFSA",
                "type": {"id": 1, "name": "Government"},
            },
            "family": [
                {
                    "response_mode": "normal",
                    "id": 2,
                    "name": "Progress",
                    "description": family["description"],
                    "manufacturer": {
                        "response_mode": "list",
                        "id": 1000,
                        "url": f"{api.base}/2.3.0/agencies/1000/?format=json",
                        "name": "Energia",
                        "abbrev": "OKB-1",
                        "type": {"id": 1, "name": "Government"},
                    },
                    "parent": None,
                    "maiden_flight": "1978-01-20",
                }
            ],
            "in_use": False,
            "image": image,
        },
        "fastest_turnaround": None,
    }
    assert json.dumps(craft) == json.dumps(expected)


def test_every_object_has_the_same_keys(api):
    for mode in ("normal", "detailed"):
        crafts = [
            craft
            for offset in range(0, 600, 100)
            for craft in api.list(f"limit=100&offset={offset}&mode={mode}")["results"]
        ]
        assert len({craft["id"] for craft in crafts}) == 596
        assert len({tuple(craft) for craft in crafts}) == 1
        assert {craft["response_mode"] for craft in crafts} == {mode}


def test_modes(api):
    normal = api.list("limit=1")["results"][0]
    detailed = api.list("limit=1&mode=detailed")["results"][0]
    assert list(detailed)[: len(normal)] == list(normal)
    assert list(detailed)[len(normal):] == ["measurements", "flights"]
    assert api.list("limit=1&mode=nonsense")["results"] == [normal]
    single = api.get(f"{SPACECRAFT}{normal['id']}/?mode=normal").json
    assert single == detailed


@pytest.mark.parametrize("field", ["time_docked", "flights_count"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_pages_and_windows_agree_although_rows_tie(api, sign, field):
    def ids(limit: int, offset: int) -> list[int]:
        page = api.list(f"ordering={sign}{field}&limit={limit}&offset={offset}")
        return [craft["id"] for craft in page["results"]]

    wide = [id for offset in range(0, 600, 100) for id in ids(100, offset)]
    narrow = [id for offset in range(6, 596, 10) for id in ids(10, offset)]
    assert narrow == wide[6:]
    assert len(set(wide)) == 596


def test_nulls_are_largest(api):
    last = api.list("ordering=time_docked&limit=1&offset=595")["results"][0]
    first = api.list("ordering=-time_docked&limit=1")["results"][0]
    assert last["time_docked"] is None and first["time_docked"] is None


@pytest.mark.parametrize(
    "limit, effective",
    [("", 10), ("limit=", 10), ("limit=0", 10), ("limit=-3", 10), ("limit=abc", 10),
     ("limit=1e1", 10), ("limit=7.5", 10), ("limit=1", 1), ("limit=100", 100), ("limit=101", 100),
     ("limit=1000", 100), ("limit=99999999999999999999", 100), ("limit=5&limit=3", 3)],
)
def test_limit(api, limit, effective):
    page = api.list(limit)
    assert len(page["results"]) == effective
    assert page["next"] == f"{api.base}{SPACECRAFT}?limit={effective}&offset={effective}"
    assert page["previous"] is None


@pytest.mark.parametrize(
    "offset, results, following, preceding",
    [
        ("0", 10, 10, None),
        ("-4", 10, 10, None),
        ("abc", 10, 10, None),
        ("", 10, 10, None),
        ("5", 10, 15, ""),
        ("10", 10, 20, ""),
        ("11", 10, 21, "&offset=1"),
        ("586", 10, None, "&offset=576"),
        ("590", 6, None, "&offset=580"),
        ("596", 0, None, "&offset=586"),
        ("597", 0, None, "&offset=587"),
        ("99999999999999999999", 0, None, "&offset=99999999999999999989"),
    ],
)
def test_offset(api, offset, results, following, preceding):
    page = api.list(f"offset={offset}")
    start = f"{api.base}{SPACECRAFT}?limit=10"
    assert page["count"] == 596
    assert len(page["results"]) == results
    assert page["next"] == (following and f"{start}&offset={following}")
    assert page["previous"] == (None if preceding is None else start + preceding)


def test_links_sort_keys_and_keep_unknown_empty_and_repeated_ones(api):
    page = api.list("x=&search=Soyuz%20M&ordering=id,-flights_count&a=2&a=1&limit=4&b=%2B:%C3%A9")
    assert page["next"] == (
        f"{api.base}{SPACECRAFT}?a=2&a=1&b=%2B%3A%C3%A9&limit=4&offset=4"
        "&ordering=id%2C-flights_count&search=Soyuz+M&x="
    )


def test_only_format_is_carried_into_object_urls(api):
    plain = api.list("limit=1&ordering=id&search=a&mode=normal")["results"][0]
    assert plain["url"] == f"{api.base}{SPACECRAFT}{plain['id']}/"
    kept = api.list("limit=1&format=json")["results"][0]
    assert kept["url"].endswith("/?format=json")
    assert kept["spacecraft_config"]["agency"]["url"].endswith("/?format=json")


def test_urls_follow_the_host_that_was_asked(api):
    page = api.get(f"{SPACECRAFT}?limit=1", Host="other.example:81").json
    assert page["next"].startswith("http://other.example:81/2.3.0/")
    assert page["results"][0]["url"].startswith("http://other.example:81/2.3.0/")


def test_every_run_has_the_same_bytes_and_a_public_host_can_be_written(api):
    target = f"{SPACECRAFT}?limit=100&offset=300&mode=detailed"
    with running("--quota", "none", "--public-host", "ll.thespacedevs.com") as other:
        there = other.get(target)
    here = api.get(target)
    assert b'"next":"https://ll.thespacedevs.com/2.3.0/spacecraft/?limit=100' in there.body
    assert here.json["results"][0]["url"].startswith(api.base)
    prose = b"https://ll.thespacedevs.com/2.3.0/"  # descriptions mention it too
    assert there.body.replace(prose, b"") == here.body.replace(
        api.base.encode() + b"/2.3.0/", b""
    ).replace(prose, b"")


def test_json_is_compact_and_utf8_is_not_escaped(api):
    answer = api.get(f"{SPACECRAFT}?search={quote('Буран 1.02')}")
    assert answer.headers["content-type"] == "application/json"
    assert "Буран 1.02".encode() in answer.body
    assert b'{"count":1,"next":null,"previous":null,"results":[{"response_mode":' in answer.body


@pytest.mark.parametrize(
    "name, written",
    [
        ("C:\\orbit\\new\\table", r'"C:\\orbit\\new\\table"'),
        ('The "Quoted" One', r'"The \"Quoted\" One"'),
        ("Line\u2028Separator", r'"Line\u2028Separator"'),
        ("Control\u0001Bell\u0007Delete\u007f", '"Control\\u0001Bell\\u0007Delete\x7f"'),
        ("👩\u200d🚀 Family 👨\u200d👩\u200d👧", '"👩\u200d🚀 Family 👨\u200d👩\u200d👧"'),
        ("A+B Tug", '"A+B Tug"'),
        ("%41%zz", '"%41%zz"'),
        ("<b>Bold</b><script>", '"<b>Bold</b><script>"'),
    ],
)
def test_awkward_names_can_be_asked_for_and_are_written_as_drf_does(api, name, written):
    answer = api.get(f"{SPACECRAFT}?name={quote(name, safe='')}")
    assert answer.json["count"] == 1
    assert f'"name":{written},'.encode() in answer.body


def test_numbers_whose_digits_matter_are_there(api):
    text = b"".join(
        api.get(f"{SPACECRAFT}?mode=detailed&limit=100&offset={offset}").body
        for offset in range(0, 600, 100)
    )
    for number in ("9007199254740993", "10000000000000000000000007", "0.1", "1e-07", "-0.0", "1.0",
                   "12345678.12345679", "5e-324", "1.7976931348623157e+308", "1e+22"):
        assert re.search(rb'"(mass_kg|volume_m3|drift_m_s|telemetry_bytes)":%s[,}]'
                         % re.escape(number.encode()), text), number


# ---------------------------------------------------------------- filters, search, ordering


@pytest.mark.parametrize("field", ["in_space", "is_placeholder"])
def test_boolean_filters(api, field):
    yes = api.list(f"{field}=true&limit=100")
    assert 0 < yes["count"] < 596
    assert all(craft[field] is True for craft in yes["results"])
    assert [api.list(f"{field}={v}")["count"] for v in ("True", "1", "TRUE")] == [yes["count"]] * 3
    assert api.list(f"{field}=false")["count"] == 596 - yes["count"]
    assert [api.list(f"{field}={v}")["count"] for v in ("", "maybe", "2")] == [596] * 3


def test_name_is_exact_and_foreign_keys_are_ids(api):
    assert [r["id"] for r in api.list("name=Kounotori%208")["results"]] == [430]
    assert api.list("name=Kounotori")["count"] == 0
    for field, id in (("status", 4), ("spacecraft_config", 35)):
        page = api.list(f"{field}={id}&limit=100")
        assert 0 < page["count"] < 596
        assert {craft[field]["id"] for craft in page["results"]} == {id}
    assert api.list("status=4&status=1")["count"] == api.list("status=1")["count"]
    assert api.list("launcher=1&status=")["count"] == 596


@pytest.mark.parametrize("value", ["999999", "abc", "-1", "99999999999999999999", "1,2"])
def test_an_unknown_foreign_key_is_a_400(api, value):
    answer = api.get(f"{SPACECRAFT}?status={value}&spacecraft_config={value}")
    text = "Select a valid choice. That choice is not one of the available choices."
    assert answer.status == 400
    assert answer.json == {"spacecraft_config": [text], "status": [text]}


def test_search_splits_terms_and_keeps_phrases(api):
    def names(search: str) -> set[str]:
        return {r["name"] for r in api.list(f"limit=100&search={quote(search)}")["results"]}

    assert "Kounotori 8" in names("kounotori")
    assert "Kounotori 8" in names("TRANSFER H-II")  # the configuration's name
    assert names("8,kounotori") == names("kounotori 8") == {"Kounotori 8"}
    assert names('"ounotori 8"') == {"Kounotori 8"}
    assert names('"8 kounotori"') == set()
    assert api.get(f"{SPACECRAFT}?search=%00").json == ["Null characters are not allowed."]


def test_unknown_orderings_are_dropped(api):
    default = api.list()["results"]
    assert [r["id"] for r in default] == sorted(r["id"] for r in default)
    assert api.list("ordering=name,nonsense")["results"] == default
    assert api.list("ordering=name,-id")["results"][0]["id"] > 600
    most = api.list("ordering=-flights_count,%20-mission_ends_count")["results"]
    keys = [(-r["flights_count"], -r["mission_ends_count"], r["id"]) for r in most]
    assert keys == sorted(keys)


# ---------------------------------------------------------------- other answers


@pytest.mark.parametrize(
    "path, detail",
    [
        (f"{SPACECRAFT}999999/", "No Spacecraft matches the given query."),
        (f"{SPACECRAFT}99999999999999999999/", "No Spacecraft matches the given query."),
        (f"{SPACECRAFT}430/?name=other", "No Spacecraft matches the given query."),
        (f"{SPACECRAFT}abc/", "Not found."),
        (f"{SPACECRAFT}?format=xyz", "Not found."),
    ],
)
def test_404(api, path, detail):
    answer = api.get(path)
    assert (answer.status, answer.body) == (404, b'{"detail":"%s"}' % detail.encode())


def test_an_unknown_path_is_an_html_404(api):
    answer = api.get("/2.3.0/nothing/")
    assert answer.status == 404
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", [SPACECRAFT, f"{SPACECRAFT}430/"])
def test_only_get_is_allowed(api, method, path):
    answer = api.ask(method, path)
    assert answer.status == 405
    assert answer.headers["allow"] == "GET"
    if method != "HEAD":
        assert answer.json == {"detail": f'Method "{method}" not allowed.'}


def test_a_missing_slash_is_redirected(api):
    answer = api.get("/2.3.0/spacecraft?limit=2&search=a%20b")
    assert answer.status == 301
    assert answer.headers["location"] == "/2.3.0/spacecraft/?limit=2&search=a%20b"


def test_headers(api):
    headers = api.get(f"{SPACECRAFT}430/").headers
    assert set(headers) == {"date", "content-length", "content-type", "vary", "allow"}
    assert headers["vary"] == "Accept"


@pytest.mark.parametrize(
    "query, accept, status, content_type",
    [
        ("", None, 200, "application/json"),
        ("", "*/*", 200, "application/json"),
        ("", "application/json", 200, "application/json"),
        ("", "text/html,*/*;q=0.8", 200, "text/html; charset=utf-8"),
        ("?format=api", None, 200, "text/html; charset=utf-8"),
        ("?format=json", "text/html,*/*;q=0.8", 200, "application/json"),
        ("?format=api", "application/json", 406, "application/json"),
        ("?format=json", "text/html", 406, "application/json"),
        ("", "image/png", 406, "application/json"),
    ],
)
def test_negotiation(api, query, accept, status, content_type):
    answer = api.get(SPACECRAFT + query, **({"Accept": accept} if accept else {}))
    assert (answer.status, answer.headers["content-type"]) == (status, content_type)


def test_keep_alive(api):
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=PATIENCE)
    connection.connect()
    used = connection.sock
    for path in (SPACECRAFT, f"{SPACECRAFT}abc/", "/2.3.0/spacecraft", SPACECRAFT):
        connection.request("GET", path)
        connection.getresponse().read()
        assert connection.sock is used
    connection.request("POST", SPACECRAFT, b"x" * 1000)
    assert connection.getresponse().read() and connection.sock is used
    connection.close()


# ---------------------------------------------------------------- the throttle


def test_the_sixteenth_call_is_refused(sandbox):
    assert [sandbox.get(f"{SPACECRAFT}430/").status for _ in range(15)] == [200] * 15
    answer = sandbox.get(SPACECRAFT)
    assert answer.status == 429
    wait = int(answer.headers["retry-after"])
    assert 3500 < wait <= 3600
    assert answer.json == {
        "detail": f"Request was throttled. Expected available in {wait} seconds."
    }
    assert sandbox.totals() == (15, 1, 16)


def test_fifty_at_once_get_exactly_fifteen(sandbox):
    start = threading.Barrier(50)

    def call(number: int) -> int:
        start.wait()
        return sandbox.get(f"{SPACECRAFT}?limit=1&offset={number}").status

    with ThreadPoolExecutor(50) as pool:
        statuses = list(pool.map(call, range(50)))
    assert (statuses.count(200), statuses.count(429)) == (15, 35)
    assert sandbox.totals() == (15, 35, 50)


def test_refused_calls_do_not_lengthen_the_wait(sandbox):
    sandbox.order("POST", "throttle", {"calls": 2, "seconds": 1})
    started = time.monotonic()
    assert sandbox.get(SPACECRAFT).status == sandbox.get(SPACECRAFT).status == 200
    refused = sandbox.get(SPACECRAFT)
    assert refused.status == 429
    assert refused.json["detail"].endswith("Expected available in 1 second.")
    wait_until(lambda: sandbox.get(SPACECRAFT).status == 200)
    assert time.monotonic() - started < 3


def test_errors_of_the_view_cost_a_call(sandbox):
    costly = [f"{SPACECRAFT}?status=999999", f"{SPACECRAFT}999999/", f"{SPACECRAFT}abc/"]
    free = [f"{SPACECRAFT}?format=xyz", "/2.3.0/spacecraft", "/2.3.0/nothing/", THROTTLE]
    for path in costly + free:
        sandbox.get(path)
    sandbox.ask("POST", SPACECRAFT)
    sandbox.get(SPACECRAFT, Authorization="Token nonsense")
    sandbox.get(SPACECRAFT, Accept="image/png")
    assert sandbox.totals() == (4, 0, 9)
    assert sandbox.get(THROTTLE).json["current_use"] == 4


def test_api_throttle(sandbox):
    expected = {
        "your_request_limit": 15,
        "limit_frequency_secs": 3600,
        "current_use": 0,
        "next_use_secs": 0,
        "ident": "127.0.0.1",
    }
    assert json.dumps(sandbox.get(THROTTLE).json) == json.dumps(expected)
    for _ in range(16):
        sandbox.get(f"{SPACECRAFT}430/")
    usage = sandbox.get(THROTTLE)
    assert usage.status == 200
    assert 3500 < usage.json["next_use_secs"] <= 3600
    assert usage.json["current_use"] == 15
    assert sandbox.totals() == (15, 1, 16)
    assert sandbox.calls()["free"] == 2


def test_each_key_has_a_quota_of_its_own(sandbox):
    sandbox.order("POST", "throttle", {"calls": 1, "seconds": 3600})
    for headers in ({}, {"Authorization": "Token sandbox-key-one"},
                    {"Authorization": "Token sandbox-key-two"}):
        assert [sandbox.get(SPACECRAFT, **headers).status for _ in range(2)] == [200, 429]
    ident = sandbox.get(THROTTLE, Authorization="Token sandbox-key-one").json["ident"]
    assert ident == "sandbox-key-one"
    # A forwarded address is not believed.
    assert sandbox.get(SPACECRAFT, **{"X-Forwarded-For": "10.1.1.1"}).status == 429


def test_a_wrong_key_is_a_401(sandbox):
    answer = sandbox.get(SPACECRAFT, Authorization="Token nonsense")
    assert (answer.status, answer.json) == (401, {"detail": "Invalid token."})
    assert answer.headers["www-authenticate"] == "Token"


def test_the_rate_can_be_lowered_lifted_and_its_log_emptied(sandbox):
    for _ in range(3):
        sandbox.get(SPACECRAFT)
    sandbox.order("POST", "throttle", {"calls": 2, "seconds": 3600})
    answer = sandbox.get(SPACECRAFT)
    assert answer.json == {"detail": "Request was throttled."}  # DRF cannot tell how long
    assert "retry-after" not in answer.headers
    sandbox.order("POST", "throttle", {"calls": None})
    assert sandbox.get(SPACECRAFT).status == 200
    assert sandbox.get(THROTTLE).json["your_request_limit"] is None
    sandbox.order("POST", "throttle", {"calls": 2, "seconds": 3600})
    sandbox.order("DELETE", "throttle")
    assert [sandbox.get(SPACECRAFT).status for _ in range(3)] == [200, 200, 429]


# ---------------------------------------------------------------- the record of calls


def test_the_record_shows_what_came_off_the_wire(sandbox):
    before = time.time()
    sandbox.get(f"{SPACECRAFT}?b=%41&a=1", **{"X-Test": "Yes", "User-Agent": "probe"})
    sandbox.get(f"{SPACECRAFT}abc/")
    sandbox.get(THROTTLE)
    report = sandbox.calls()
    first, second = report["log"]
    assert before <= first["at"] <= second["at"] <= time.time()
    assert (first["method"], first["target"], first["status"]) == (
        "GET", f"{SPACECRAFT}?b=%41&a=1", 200
    )
    assert (first["headers"]["x-test"], first["headers"]["user-agent"]) == ("Yes", "probe")
    assert (second["target"], second["status"]) == (f"{SPACECRAFT}abc/", 404)
    assert report["in_flight"] == 0
    sandbox.order("DELETE", "calls")
    assert sandbox.totals() == (0, 0, 0)
    assert sandbox.get(THROTTLE).json["current_use"] == 2  # the throttle's log is another


# ---------------------------------------------------------------- faults


def test_latency(api):
    api.fault("latency", seconds=0.3, times=1)
    started = time.monotonic()
    assert api.get(SPACECRAFT).status == 200
    assert time.monotonic() - started >= 0.3
    assert api.calls()["log"][0]["fault"] == "latency"


def test_latency_ends_when_it_is_lifted(api):
    api.fault("latency", seconds=3600)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(api.get, SPACECRAFT)
        wait_until(lambda: api.calls()["in_flight"] == 1)
        api.order("DELETE", "faults")
        assert answer.result().status == 200


def test_status(api):
    api.fault("status", times=1)
    answer = api.get(SPACECRAFT)
    assert (answer.status, answer.json) == (503, {"detail": "Service Unavailable."})
    body = {"detail": "Request was throttled. Expected available in 7 seconds."}
    api.fault("status", status=429, body=body, headers={"Retry-After": "7"}, times=1)
    answer = api.get(SPACECRAFT)
    assert (answer.status, answer.headers["retry-after"], answer.json) == (429, "7", body)
    assert api.get(SPACECRAFT).status == 200
    assert api.totals() == (3, 0, 3)
    assert [call["status"] for call in api.calls()["log"]] == [503, 429, 200]


def test_garbage_html_ill_shaped_and_redirect(api):
    api.fault("garbage", times=1)
    garbage = api.get(SPACECRAFT)
    assert (garbage.status, garbage.headers["content-type"]) == (200, "application/json")
    with pytest.raises(ValueError):
        garbage.json
    api.fault("html", status=403, headers={"cf-mitigated": "challenge"}, times=1)
    html = api.get(SPACECRAFT)
    assert (html.status, html.headers["cf-mitigated"]) == (403, "challenge")
    assert html.body.startswith(b"<!DOCTYPE html>")
    api.fault("ill_shaped", times=1)
    assert not isinstance(api.get(SPACECRAFT).json["results"], list)
    api.fault("ill_shaped", body=[1, 2], times=1)
    assert api.get(SPACECRAFT).json == [1, 2]
    api.fault("redirect", times=1)
    redirect = api.get(SPACECRAFT)
    assert (redirect.status, redirect.headers["location"]) == (
        302, "http://elsewhere.invalid/2.3.0/"
    )


def test_huge(api):
    api.fault("huge", times=1)
    answer = api.get(SPACECRAFT)
    assert len(answer.body) == 32 * 1024 * 1024
    assert len(answer.json["results"]) == 1


def test_cut_short(api):
    whole = len(api.get(SPACECRAFT).body)
    api.fault("cut_short", times=1)
    with pytest.raises(http.client.IncompleteRead) as error:
        api.get(SPACECRAFT)
    assert len(error.value.partial) == whole // 2
    assert error.value.expected == whole - whole // 2


def test_bad_length(api):
    whole = api.get(SPACECRAFT).body
    api.fault("bad_length", times=1)
    with api.send_only(SPACECRAFT) as client, client.makefile("rb") as stream:
        raw = stream.read()
    head, _, body = raw.partition(b"\r\n\r\n")
    announced = int(re.search(rb"Content-Length: (\d+)", head)[1])
    assert announced == len(body) // 2
    assert json.loads(body)["count"] == json.loads(whole)["count"]
    api.fault("bad_length", headers={"Content-Length": "banana"}, times=1)
    with api.send_only(SPACECRAFT) as client, client.makefile("rb") as stream:
        assert b"Content-Length: banana" in stream.read()


def test_reset(api):
    api.fault("reset", times=1)
    with api.send_only(SPACECRAFT) as client:
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    call = api.calls()["log"][0]
    assert (call["status"], call["fault"]) == (None, "reset")
    assert api.totals() == (1, 0, 1)


def test_hang_until_lifted(api):
    api.fault("hang")
    with api.send_only(SPACECRAFT) as client:
        wait_until(lambda: api.calls()["in_flight"] == 1)
        assert api.calls()["log"][0]["status"] is None
        assert not select.select([client], [], [], 0)[0]
        api.order("DELETE", "faults")
        assert client.recv(12) == b"HTTP/1.1 200"
    assert api.calls()["in_flight"] == 0


def test_hang_until_the_client_leaves(api):
    api.fault("hang", times=1)
    client = api.send_only(SPACECRAFT)
    wait_until(lambda: api.calls()["in_flight"] == 1)
    client.close()
    wait_until(lambda: api.calls()["in_flight"] == 0)
    assert api.calls()["log"][0]["status"] is None
    assert api.get(SPACECRAFT).status == 200


def test_faults_apply_to_what_they_match_in_the_order_given(api):
    api.fault("status", status=500, match=r"limit=100\b", times=2)
    api.fault("status", status=502, times=1)
    assert [api.get(f"{SPACECRAFT}?limit=100").status for _ in range(4)] == [500, 500, 502, 200]
    api.fault("status", status=500)
    assert api.get(SPACECRAFT).status == 500
    assert api.get(THROTTLE).status == 200  # free of charge, so only a match reaches it
    api.order("DELETE", "faults")
    api.fault("status", status=500, match="api-throttle")
    assert (api.get(SPACECRAFT).status, api.get(THROTTLE).status) == (200, 500)


def test_the_throttle_comes_before_faults(sandbox):
    sandbox.order("POST", "throttle", {"calls": 1, "seconds": 3600})
    sandbox.fault("status", status=500, times=2)
    assert [sandbox.get(SPACECRAFT).status for _ in range(3)] == [500, 429, 429]
    assert sandbox.totals() == (1, 2, 3)
    sandbox.order("DELETE", "throttle")
    assert sandbox.get(SPACECRAFT).status == 500  # the refused ones used none up


# ---------------------------------------------------------------- changing the data


def test_add_delete_update(api):
    ids = api.order("POST", "mutate", {"op": "add", "n": 3})["ids"]
    last = api.list("ordering=-id&limit=3")
    assert last["count"] == 599
    assert [craft["id"] for craft in last["results"]] == ids[::-1]
    assert api.get(f"{SPACECRAFT}{ids[0]}/").json["flights"] == []

    api.order("POST", "mutate", {"op": "delete", "ids": [430, ids[0]]})
    assert api.list()["count"] == 597
    assert api.get(f"{SPACECRAFT}430/").status == 404

    fields = {"name": "Nöw", "status": 1, "time_docked": "P3DT4H", "image": None, "in_space": True}
    api.order("POST", "mutate", {"op": "update", "id": 374, "fields": fields})
    craft = api.get(f"{SPACECRAFT}374/").json
    assert (craft["name"], craft["status"]["id"], craft["time_docked"], craft["image"]) == (
        "Nöw", 1, "P3DT4H", None
    )
    assert craft["in_space"] is True


def test_reset_restores_everything(api):
    target = f"{SPACECRAFT}?limit=100&offset=300&mode=detailed"
    before = api.get(target).body
    api.order("POST", "mutate", {"op": "delete", "ids": [430]})
    api.order("POST", "mutate", {"op": "update", "id": 374, "fields": {"name": "x"}})
    api.fault("status")
    api.order("POST", "reset")
    assert api.totals() == (0, 0, 0)
    assert api.get(THROTTLE).json["your_request_limit"] == 15
    assert api.get(target).body == before


def test_reading_while_data_changes(api):
    done = threading.Event()

    def read() -> set[int]:
        statuses = set()
        while not done.is_set():
            statuses.add(api.get(f"{SPACECRAFT}?limit=20").status)
        return statuses

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read) for _ in range(4)]
        for number in range(10):
            added = api.order("POST", "mutate", {"op": "add", "n": 5})["ids"]
            api.order("POST", "mutate", {"op": "delete", "ids": added})
        done.set()
    assert [reader.result() for reader in readers] == [{200}] * 4


@pytest.mark.parametrize(
    "method, path, given, status",
    [
        ("POST", "faults", {"kind": "nonsense"}, 400),
        ("POST", "faults", {"kind": "hang", "surprise": 1}, 400),
        ("POST", "faults", {"kind": "hang", "match": "("}, 400),
        ("POST", "faults", {"kind": "latency"}, 400),
        ("POST", "throttle", {"calls": 0, "seconds": 1}, 400),
        ("POST", "throttle", {"calls": 5}, 400),
        ("POST", "mutate", {"op": "nonsense"}, 400),
        ("POST", "mutate", {"op": "delete", "ids": [999999]}, 400),
        ("POST", "mutate", {"op": "update", "id": 999999, "fields": {}}, 400),
        ("POST", "mutate", {"op": "update", "id": 430, "fields": {"nonsense": 1}}, 400),
        ("POST", "mutate", {"op": "update", "id": 430, "fields": {"id": 1}}, 400),
        ("POST", "mutate", {"op": "update", "id": 430, "fields": {"status": 999}}, 400),
        ("POST", "mutate", [1], 400),
        ("PUT", "calls", None, 404),
        ("GET", "nonsense", None, 404),
    ],
)
def test_a_mistaken_order_is_told(api, method, path, given, status):
    answer = api.attempt_order(method, path, given)
    assert answer.status == status
    assert answer.json["error"]
    assert api.get(f"{SPACECRAFT}430/").json["status"]["id"] == 4


# ---------------------------------------------------------------- the process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_and_nothing_is_left(tmp_path, number):
    with running("--quota", "none", TMPDIR=str(tmp_path)) as other:
        other.fault("hang")
        with other.send_only(SPACECRAFT):
            wait_until(lambda: other.calls()["in_flight"] == 1)
            started = time.monotonic()
            other.process.send_signal(number)
            assert other.process.wait(PATIENCE) == 0
            assert time.monotonic() - started < 2
    assert not list(tmp_path.iterdir())


def test_quota_of_the_command_line(sandbox):
    with running("--quota", "2/60") as other:
        assert [other.get(SPACECRAFT).status for _ in range(3)] == [200, 200, 429]
        other.order("POST", "throttle", {"calls": None})
        other.order("POST", "reset")
        usage = other.get(THROTTLE).json
        assert (usage["your_request_limit"], usage["limit_frequency_secs"]) == (2, 60)


def test_objects_are_stamped_with_the_moment_of_sending():
    with running("--quota", "none", "--stamp") as other:
        before = time.time()
        other.fault("latency", seconds=0.3)
        page = other.get(f"{SPACECRAFT}?limit=3")
        one = other.get(f"{SPACECRAFT}430/")
        moments = [row["stamped_at"] for row in page.json["results"]]
        assert len(moments) == 3 and len(set(moments)) == 1
        assert before + 0.25 < moments[0] < moments[0] + 0.25 < one.json["stamped_at"] < time.time()
        for answer in (page, one):
            assert int(answer.headers["content-length"]) == len(answer.body)
        assert b"stamped_at" not in other.get(f"{SPACECRAFT}?status=x").body
        assert other.list("search=nothing+like+this")["results"] == []
