"""Links lead back to the gateway, under a name it was given and no other; all else stays."""

import json

import pytest
from harness import (SEED, SPACECRAFT, Chain, assert_same, with_links_of, without_format)

DETAILED = SPACECRAFT + "?mode=detailed&limit=100&offset=200"
PUBLIC = "https://ll.thespacedevs.com"


def strings(value, name=""):
    """(member's name, text) of every string at any depth."""
    if isinstance(value, list):
        for element in value:
            yield from strings(element, name)
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from strings(member, key)
    elif isinstance(value, str):
        yield name, value


def all_bytes(answer):
    return str(answer.headers).encode() + answer.body


@pytest.mark.parametrize("target", [DETAILED, SPACECRAFT + "430/", SEED])
def test_only_links_into_the_api_are_rewritten(gate, target):
    """`next`, `previous` and `url` at any depth; images, licences, other sites and prose not."""
    answer = gate.ask(target)
    upstream = gate.origin.get(without_format(target))
    changed = 0
    for (name, ours), (_, theirs) in zip(strings(answer.json), strings(upstream.json)):
        if ours != theirs:
            assert name in ("url", "next", "previous"), (name, ours)
            assert ours == theirs.replace(gate.sandbox, gate.base)
            changed += 1
        elif name in ("image_url", "thumbnail_url", "link", "wiki_link"):
            assert not ours.startswith(gate.base)
    assert changed > 3
    assert gate.sandbox.encode() not in all_bytes(answer)


def test_addresses_in_prose_and_links_elsewhere_stay(gate):
    """A description that mentions Launch Library, an `url` to another site."""
    texts = list(strings(gate.ask(DETAILED).json))
    assert any("See https://ll.thespacedevs.com/2.3.0/spacecraft/" in text
               for name, text in texts if name == "description")
    assert any(text.startswith("https://example.org/") for name, text in texts if name == "url")
    assert any("digitaloceanspaces.com" in text for name, text in texts if name == "image_url")


@pytest.mark.parametrize("host", ["ll.thespacedevs.com", "lldev.thespacedevs.com"])
def test_the_public_hosts_of_upstream_are_rewritten_too(host):
    """Whatever upstream calls itself in its bodies, links lead to the gateway."""
    with Chain(sandbox_args=["--public-host", host]) as chain:
        for target in (DETAILED, SPACECRAFT + "430/", SPACECRAFT + "?offset=95"):
            answer = chain.ask(target)
            links = [text for name, text in strings(answer.json)
                     if name in ("url", "next", "previous") and "example.org" not in text]
            assert links and all(link.startswith(f"{chain.base}/2.3.0/") for link in links)
            upstream = chain.origin.get(target)
            prose = upstream.body.replace(f"See https://{host}/".encode(), b"See \0")
            expected = with_links_of(chain.base, f"https://{host}", prose)
            assert answer.body == expected.replace(b"See \0", f"See https://{host}/".encode())


FORGED = [
    {"Host": "evil.example"}, {"Host": "evil.example:80"}, {"Host": "127.0.0.1:1"},
    {"X-Forwarded-Host": "evil.example"}, {"X-Forwarded-Host": "evil.example, 127.0.0.1"},
    {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"},
    {"Forwarded": "host=evil.example;proto=https"}, {"X-Original-URL": "/evil.example"},
    {"Host": "evil.example\"'<"}, {"X-Forwarded-Host": "evil.example/\"><script>"},
    {"X-Forwarded-Host": ""}, {"X-Host": "evil.example"}, {"X-Forwarded-Prefix": "/evil.example"},
]


@pytest.mark.parametrize("headers", FORGED)
def test_a_forged_host_is_in_no_answer(gate, headers):
    """Neither in that one nor, out of the store, in the next; not in errors either."""
    for target in (SEED, SPACECRAFT + "430/", SPACECRAFT + "?orderng=1", "/nowhere"):
        answer = gate.ask(target, headers)
        assert b"evil" not in all_bytes(answer), answer
        if answer.status == 200 and b'"next"' in answer.body:
            assert answer.json["next"].startswith(f"{gate.base}/2.3.0/")
    assert b"evil" not in all_bytes(gate.ask(SEED))
    for key in gate.cache.keys():
        assert b"evil" not in gate.cache.value(key)
    assert all("evil" not in json.dumps(entry) for entry in gate.origin.log)


def test_an_absolute_target_changes_nothing(gate):
    """The request line's own host (RFC 9112) is no better than a Host header."""
    answer = gate.ask(f"http://evil.example{SEED}")
    assert answer.status in (200, 400)
    assert b"evil" not in all_bytes(answer)


def test_the_base_that_is_asked_by_its_name_is_used():
    """Of several configured bases the one whose host was named, else the first; one stored copy."""
    bases = "https://api.example.org/space, http://second.example:8080,http://third.example"
    with Chain(config={"public.base_urls": bases}) as chain:
        def base_for(**headers):
            headers = {name.replace("_", "-"): value for name, value in headers.items()}
            answer = chain.ask(SEED, headers)
            page = answer.json
            base = page["next"].partition("/2.3.0/")[0]
            links = [text for name, text in strings(page) if name in ("url", "next", "previous")]
            assert all(link.startswith(f"{base}/2.3.0/") for link in links)
            assert f"<{base}/2.3.0/" in answer.headers["Link"]
            return base

        first, second, third = (base.strip() for base in bases.split(","))
        assert base_for() == base_for(Host="other.example") == first
        assert base_for(Host="api.example.org") == first
        assert base_for(Host="second.example:8080") == second
        assert base_for(Host="SECOND.example:8080") == second
        assert base_for(Host="second.example") == first  # another port is another host
        assert base_for(Host="third.example") == third
        assert base_for(X_Forwarded_Host="third.example") == third
        assert base_for(Host="second.example:8080", X_Forwarded_Host="third.example") == third
        assert base_for(Host="second.example:8080", X_Forwarded_Host="evil.example") == second
        assert chain.calls == 1


def test_the_query_of_the_client_is_kept_in_links_as_drf_keeps_it(gate):
    """Sorted names, copies and empty values carried on, form encoding, no format, no buster."""
    target = (f"{SPACECRAFT}?status=&search=so%79uz,t&name=&limit=5&offset=5&format=api&_=9"
              "&search=soyuz+tma&in_space=unknown&ordering=-id%2Cflights_count&utm_x=1")
    page = gate.ask(target).json
    query = ("in_space=unknown&limit=5&name=&offset=10&ordering=-id%2Cflights_count"
             "&search=soyuz%2Ct&search=soyuz+tma&status=")
    assert page["next"] == f"{gate.base}{SPACECRAFT}?{query}"
    assert page["previous"] == f"{gate.base}{SPACECRAFT}?{query.replace('&offset=10', '')}"
    kept = target.replace("&_=9", "").replace("&utm_x=1", "")
    assert_same(gate.ask(target), gate.origin.get(without_format(kept)), gate)
