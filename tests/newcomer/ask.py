#!/usr/bin/python3
"""ask.py BASE: the seed's request, twice: by a call to upstream, then out of the store.
ask.py BASE again: the second of these, some more times."""

import json
import sys
import urllib.request

TARGET = "/2.3.0/spacecraft/?format=api&offset=326&ordering=-time_docked"
OTHERWISE = "/2.3.0/spacecraft?ordering=%2Dtime_docked&offset=330&limit=5"


def ask(target):
    with urllib.request.urlopen(sys.argv[1] + target, timeout=30) as answer:
        return answer.headers["Cache-Status"], json.load(answer)


def again():
    for _ in range(20):
        status, _ = ask(OTHERWISE)
        assert "hit" in status, status


def once():
    status, page = ask(TARGET)
    assert "fwd=miss" in status and "stored" in status, status
    names = [craft["name"] for craft in page["results"]]
    assert len(names) == 10 and names[0] == "Kounotori 8", names
    assert page["next"].startswith(sys.argv[1]), page["next"]
    status, later = ask(OTHERWISE)
    assert "hit" in status, status
    assert [craft["name"] for craft in later["results"]] == names[4:9]
    print(f"{len(names)} of {page['count']} spacecraft, the first one is {names[0]}; then: {status}")


again() if sys.argv[2:] == ["again"] else once()
