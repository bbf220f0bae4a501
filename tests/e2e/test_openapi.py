"""The OpenAPI description: whole, right by a public validator, and a client that knows nothing else
can use the gateway by it."""

import copy
import gzip
import json
from urllib.parse import urlencode

import pytest
from harness import Chain, run_perigee
from stack.chain import REPO
from validator import faults_of
from wire import exchange

TABLES = {path.stem: json.loads(path.read_text()) for path in (REPO / "conf/apis").glob("*.json")}


@pytest.fixture(scope="module")
def document(chain):
    answer = chain.ask("/openapi.json")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    return answer.json


def operations(document):
    return [(path, item["get"]) for path, item in document["paths"].items()]


def answer_of(document, operation, status):
    """What the document says of an answer, found where it refers to."""
    place = document
    for step in operation["responses"][status]["$ref"].removeprefix("#/").split("/"):
        place = place[step]
    return place


def described(path, answer):
    """An answer in the validator's terms."""
    return {"path": path, "status": answer.status, "type": answer.headers["Content-Type"],
            "body": answer.json}


def references(value):
    if isinstance(value, dict):
        yield from [value["$ref"]] if "$ref" in value else []
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from references(one)


def test_the_document_is_whole(document, chain):
    """Every reference leads somewhere; names are told apart; paths and parameters fit."""
    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": chain.base}]
    found = set(references(document))
    assert len(found) >= 3
    for reference in found:
        place = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
    ids = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(ids)) == len(ids) > 150
    for path, operation in operations(document):
        names = [(p["in"], p["name"]) for p in operation["parameters"]]
        assert len(set(names)) == len(names)
        assert ("{id}" in path) == (("path", "id") in names)


def test_every_filter_is_described(document, chain):
    for path, about in chain.origin.order("GET", "surface").items():
        if about["count"] is None:
            continue
        described = {p["name"] for p in document["paths"][path]["get"]["parameters"]}
        assert described >= set(about["filters"]), path


def test_it_can_be_used(document, chain):
    """Each operation, objects by an id that the list has shown."""
    for path, operation in operations(document):
        # Of 2.2.0 the stand-in has the collections that clients still ask for, not all.
        if "{id}" in path or path.startswith("/2.2.0/"):
            continue
        answer = chain.ask(path)
        assert answer.status == 200, (path, answer)
        described_answer = answer_of(document, operation, "200")
        schema = described_answer["content"]["application/json"]["schema"]["$ref"]
        assert set(described_answer.get("headers", ())) <= {*answer.headers, "Link"}, path
        if not schema.endswith("/Page"):
            continue
        page = document["components"]["schemas"]["Page"]
        assert set(page["required"]) <= set(answer.json)
        if f"{path}{{id}}/" in document["paths"] and answer.json["results"]:
            one = chain.ask(f"{path}{answer.json['results'][0]['id']}/")
            assert one.status == 200, (path, one)


def test_enumerations_are_what_is_taken(document, chain):
    """Each word that the document offers is taken, and one that it does not offer is not."""
    tried = 0
    for path, operation in operations(document):
        if not path.startswith("/2.3.0/agencies/"):
            continue
        for parameter in operation["parameters"]:
            schema = parameter["schema"].get("items", parameter["schema"])
            for word in schema.get("enum", []):
                target = path.replace("{id}", "1") + "?" + urlencode({parameter["name"]: word})
                assert chain.ask(target).status == 200, target
                tried += 1
            if "enum" in schema and "{id}" not in path:
                target = path + "?" + urlencode({parameter["name"]: "none-of-these"})
                assert chain.ask(target).status == 400, target
    assert tried > 20


def test_a_validator_finds_nothing(document):
    """By the official schema of OpenAPI 3.1, every reference followed and every schema compiled;
    the served one and what the program writes."""
    status, out, err = run_perigee("--openapi")
    assert (status, err) == (0, "")
    assert faults_of(document) == []
    assert faults_of(json.loads(out)) == []


@pytest.mark.parametrize("spoil, word", [
    (lambda d: d.pop("info"), "info"),
    (lambda d: d["paths"].update({"no-slash/": {}}), "no-slash"),
    (lambda d: d["paths"]["/2.3.0/agencies/"]["get"]["parameters"][0].pop("in"), "in"),
    (lambda d: d["components"]["responses"].pop("Page"), "Page"),
    (lambda d: d["components"]["schemas"]["Page"].update(type="objekt"), "Page"),
    (lambda d: d["paths"]["/2.3.0/agencies/"]["get"]["parameters"][0]["schema"].update(
        format="of my own"), "of my own"),
])
def test_the_validator_finds_what_is_wrong(document, spoil, word):
    spoilt = copy.deepcopy(document)
    spoil(spoilt)
    assert word in str(faults_of(spoilt))


def test_answers_are_as_described(chain, document):
    """Of each kind: pages, objects, singletons, roots, the throttle, and problems."""
    answers = []
    for path in ("/2.3.0/", "/2.2.0/", "/v4/", "/2.3.0/api-throttle/", "/2.3.0/agencies/",
                 "/2.3.0/launches/upcoming/", "/2.3.0/dashboard/starship/", "/2.2.0/launch/",
                 "/v4/articles/", "/v4/info/"):
        answers.append(described(path, chain.ask(path)))
        answers.append(described(path, chain.ask(path + "?limit=1&offset=2")))
        answers.append(described(path, chain.ask(path + "?limit=x&ordering=%2B&isCrewed=1")))
    for path, id in (("/2.3.0/agencies/{id}/", 1), ("/2.3.0/agencies/{id}/", 31337),
                     ("/v4/articles/{id}/", 1), ("/2.3.0/launches/{id}/", "x")):
        answers.append(described(path, chain.ask(path.replace("{id}", str(id)))))
    answers.append(described("/2.3.0/pads/", chain.ask("/2.3.0/pads/?name=" + "a" * 7900)))
    answers.append(described("/2.3.0/pads/", chain.ask("/2.3.0/pads/?pad=1&location=3")))
    answers.append(described("/2.3.0/spacecraft/", chain.ask(
        chain.cold(), {"Cache-Control": "only-if-cached"})))
    chain.origin.fault("status", status=500, times=1)
    answers.append(described("/2.3.0/spacecraft/", chain.ask(chain.cold())))
    with Chain(quota="1/3600") as spent:
        spent.ask("/2.3.0/agencies/")
        answers.append(described("/2.3.0/pads/", spent.ask("/2.3.0/pads/")))
        spent.kill_redis()
        answers.append(described("/2.3.0/pads/", spent.ask("/2.3.0/pads/")))
    assert {answer["status"] for answer in answers} == {200, 400, 404, 414, 429, 502, 503, 504}
    assert faults_of(document, answers) == []
    for answer in answers:
        if answer["status"] >= 400:
            known = document["components"]["schemas"]["Problem"]["properties"]
            assert set(answer["body"]) <= set(known), answer


@pytest.mark.parametrize("table", TABLES)
def test_every_endpoint_of_every_table_is_described(document, table):
    """With its object, its parameters, each of some type, and how it can fail."""
    root, endpoints = TABLES[table]["root"], TABLES[table]["endpoints"]
    mine = {path: operation for path, operation in operations(document) if path.startswith(root)}
    bare = {path.removesuffix("{id}/") for path in mine}
    assert bare == {root} | {f"{root}{name}/" for name in endpoints}
    for path, operation in mine.items():
        responses = operation["responses"]
        assert set(responses) >= {"200", "304", "400", "404", "429", "502", "503", "504"}
        for status in responses:
            assert answer_of(document, operation, status)["description"], (path, status)
        assert "Retry-After" in answer_of(document, operation, "429")["headers"]
        names = {parameter["name"] for parameter in operation["parameters"]}
        for parameter in operation["parameters"]:
            assert parameter["schema"]["type"], (path, parameter)
            assert parameter["in"] == "path" or parameter["description"]
        is_list = operation["operationId"].startswith("list_")
        assert is_list == ("limit" in names and responses["200"]["$ref"].endswith("/Page"))
        if TABLES[table].get("unknown") == "pass" and "throttle" not in path and path != root:
            assert "beyond" in names, path
    lists = [path for path, operation in mine.items() if operation["operationId"][:5] == "list_"]
    assert len(lists) > {"ll2-2.3.0": 50, "ll2-2.2.0": 30, "snapi-4": 2}[table]


def test_defaults_are_what_is_done(chain, document):
    """A default that is written out changes nothing."""
    tried = 0
    for path in ("/2.3.0/agencies/", "/2.3.0/launches/upcoming/", "/v4/articles/",
                 "/2.3.0/agencies/{id}/", "/2.3.0/programs/{id}/"):
        asked = path.replace("{id}", "1")
        plain = chain.ask(asked)
        for parameter in document["paths"][path]["get"]["parameters"]:
            if "default" in parameter["schema"]:
                default = parameter["schema"]["default"]
                target = f"{asked}?{urlencode({parameter['name']: default})}"
                given, told = chain.ask(target).json, plain.json
                for body in given, told:
                    body.pop("next", None)  # it says what the client has said
                assert given == told, target
                tried += 1
    assert tried >= 7


# ---- as an answer -------------------------------------------------------------

def test_it_is_served_like_other_answers(chain):
    """A strong tag for each coding, 304, HEAD, a length; and each client is told to ask again."""
    whole = chain.ask("/openapi.json")
    pressed = chain.ask("/openapi.json", {"Accept-Encoding": "gzip"})
    assert gzip.decompress(pressed.body) == whole.body
    assert len(pressed.body) < len(whole.body) / 8
    tags = [answer.headers["ETag"] for answer in (whole, pressed)]
    assert len(set(tags)) == 2 and all(tag.startswith('"') for tag in tags)
    for answer, coding in ((whole, {}), (pressed, {"Accept-Encoding": "gzip"})):
        assert answer.headers["Cache-Control"] == "no-cache"
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        known = chain.ask("/openapi.json", {"If-None-Match": answer.headers["ETag"], **coding})
        assert (known.status, known.body) == (304, b"")
        assert known.headers["ETag"] == answer.headers["ETag"]
        assert known.headers["Cache-Control"] == "no-cache"
        head = chain.ask("/openapi.json", coding, "HEAD")
        assert (head.status, head.body) == (200, b"")
        assert head.headers["ETag"] == answer.headers["ETag"]
        assert int(head.headers["Content-Length"]) == len(answer.body)
    assert chain.ask("/openapi.json", {"If-Match": '"another"'}).status == 412
    assert chain.ask("/openapi.json", {"If-Match": tags[0]}).status == 200


def test_each_public_name_has_its_own(tmp_path):
    """`servers` is where the client has asked, of the names that are configured, and the tag is
    another then."""
    names = "https://a.example, https://b.example"
    with Chain(config={"public.base_urls": names}) as chain:
        served = {}
        for host in ("a.example", "b.example", "elsewhere"):
            answer = exchange(chain.port, b"GET /openapi.json HTTP/1.0\r\nHost: %s\r\n\r\n"
                              % host.encode())
            served[host] = answer.json["servers"][0]["url"], answer.headers["ETag"]
    assert [url for url, _ in served.values()] == [
        "https://a.example", "https://b.example", "https://a.example"]
    assert served["a.example"] == served["elsewhere"] != served["b.example"]


def test_the_program_writes_the_same(document):
    status, out, err = run_perigee("--openapi")
    assert (status, err) == (0, "")
    assert json.loads(out)["paths"] == document["paths"]
