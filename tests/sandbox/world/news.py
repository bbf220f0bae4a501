"""Articles, blogs and reports about what flies."""

import random
from collections.abc import Iterable
from datetime import datetime, timedelta

from . import Row, World, made, maybe, some

COUNTS = {"articles": 650, "blogs": 140, "reports": 60}

SITES = ["Example News", "Space Example", "Orbit Daily", "Вестник", "ESA Example", "Moon Post"]
SUBJECTS = ["Starship", "Falcon", "Crew", "Ariane", "Луна", "Rover", "Telescope", "Budget"]
VERBS = ["delayed", "launches", "returns to Earth", "explained", "“on track”"]


def _stamp(moment: datetime) -> str:
    """With microseconds, as this service has them where there are any."""
    return moment.isoformat().replace("+00:00", "Z")


def _entries(path: str, world: World, rng: random.Random) -> Iterable[Row]:
    launches = world.all("launches")[-180:]
    events = world.all("events")[:60]
    for id in range(1, COUNTS[path] + 1):
        title = f"{rng.choice(SUBJECTS)} {rng.choice(VERBS)}, part {id % 40}"
        age = timedelta(minutes=rng.choice([0, 0, 1, 7]) + 150 * (COUNTS[path] - id // 3))
        published = world.now - age - timedelta(days=1)
        row = {
            "id": id, "title": title, "authors": [{"name": f"Writer {id % 9}", "socials": None}],
            "url": f"https://example.org/{path}/{id}?utm=a&b=%C3%A9",
            "image_url": f"https://example.org/{path}/{id}.jpg",
            "news_site": rng.choice(SITES),
            "summary": rng.choice(["", f"What is known of {rng.choice(SUBJECTS)} — in short."]),
            "published_at": _stamp(published),
            "updated_at": _stamp(published + timedelta(microseconds=rng.randrange(10**10))),
        }
        if path != "reports":
            row["featured"] = rng.random() < 0.1
            row["launches"] = [
                {"launch_id": launch["id"], "provider": "Launch Library 2"}
                for launch in maybe(rng, 0.4, some(rng, launches, 2)) or []
            ]
            row["events"] = [
                {"event_id": event["id"], "provider": "Launch Library 2"}
                for event in maybe(rng, 0.3, some(rng, events, 2)) or []
            ]
        yield row


@made("articles")
def articles(world: World, rng: random.Random) -> Iterable[Row]:
    return _entries("articles", world, rng)


@made("blogs")
def blogs(world: World, rng: random.Random) -> Iterable[Row]:
    return _entries("blogs", world, rng)


@made("reports")
def reports(world: World, rng: random.Random) -> Iterable[Row]:
    return _entries("reports", world, rng)
