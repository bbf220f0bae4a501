"""The rows of all generated collections, as JSON-like objects that hold each other.

Each collection has one maker, which draws from a generator of its own; so what it makes depends on
the seed and the time of the start alone, not on the order in which collections are first used.
A row holds the rows it refers to themselves, not copies of them: a change shows wherever it is
nested. Where and how much of a nested row is shown is the business of `shapes.py`.
"""

import random
import threading
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any, Callable

from ..surface import COLLECTIONS

Row = dict[str, Any]
Maker = Callable[["World", random.Random], Iterable[Row]]

SEED = 230
MAKERS: dict[str, Maker] = {}


def made(path: str) -> Callable[[Maker], Maker]:
    """Declare a function to be the maker of a collection's rows."""

    def register(maker: Maker) -> Maker:
        MAKERS[path] = maker
        return maker

    return register


class World:
    """All rows by collection and id; a collection is made when it is first asked for."""

    def __init__(self, now: datetime) -> None:
        self.lock = threading.RLock()
        self.begin(now)

    def begin(self, now: datetime) -> None:
        self.now = now.replace(microsecond=0)
        self._rows: dict[str, dict[Any, Row]] = {}

    def rows(self, path: str) -> dict[Any, Row]:
        path = COLLECTIONS[path].source or path
        if path not in self._rows:
            with self.lock:
                if path not in self._rows:
                    rng = random.Random(f"{SEED} {path}")
                    made = {row["id"]: row for row in MAKERS[path](self, rng)}
                    self._rows[path] = made
        return self._rows[path]

    def all(self, path: str) -> list[Row]:
        return list(self.rows(path).values())

    def put(self, path: str, rows: list[Row]) -> None:
        """Add rows. Whoever looks at the old ones keeps seeing just those."""
        with self.lock:
            self._rows[path] = {**self.rows(path), **{row["id"]: row for row in rows}}

    def drop(self, path: str, ids: list[Any]) -> None:
        with self.lock:
            kept = {id: row for id, row in self.rows(path).items() if id not in ids}
            self._rows[path] = kept

    def forget(self) -> None:
        """Make everything anew when it is next asked for."""
        with self.lock:
            self._rows = {}


# ---------------------------------------------------------------- drawing values


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def a_moment(rng: random.Random, first: datetime, last: datetime) -> datetime:
    return first + timedelta(seconds=rng.randrange(int((last - first).total_seconds())))


def a_date(rng: random.Random, first: int, last: int) -> str:
    """Some day of these years."""
    return f"{rng.randrange(first, last)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"


def maybe(rng: random.Random, share: float, value: Any) -> Any:
    """The value in so large a share of cases, else None."""
    return value if rng.random() < share else None


def some(rng: random.Random, rows: list[Row], most: int) -> list[Row]:
    """None to `most` of the rows, without repetition, in the order of their ids."""
    drawn = rng.sample(rows, rng.randrange(min(most, len(rows)) + 1))
    return sorted(drawn, key=lambda row: row["id"])


def attempts(rng: random.Random) -> Row:
    """What is counted of launches and landings; many are all zero."""
    launches, landings = rng.choice([(0, 0), (1, 0), (5, 2), (40, 12), (rng.randrange(600), 90)])
    won, landed = rng.randrange(launches + 1), rng.randrange(landings + 1)
    return {
        "total_launch_count": launches,
        "consecutive_successful_launches": rng.randrange(won + 1),
        "successful_launches": won,
        "failed_launches": launches - won,
        "pending_launches": rng.randrange(12),
        "consecutive_successful_landings": rng.randrange(landed + 1),
        "successful_landings": landed,
        "failed_landings": landings - landed,
        "attempted_landings": landings,
    }


MEDIA = "https://thespacedevs-dev.nyc3.digitaloceanspaces.com/media/images/"


def image(rng: random.Random, name: str, id: int) -> Row:
    file = f"{MEDIA}sandbox_{id}_image"
    return {
        "id": id,
        "name": name,
        "image_url": f"{file}.jpeg",
        "thumbnail_url": f"{file}_thumbnail.jpeg",
        "credit": maybe(rng, 0.5, "NASA"),
        "license": {"id": 1, "name": "Unknown", "priority": 9, "link": None},
        "single_use": rng.random() < 0.5,
        "variants": [],
    }


def video(id: str, live: bool) -> Row:
    return {
        "priority": 10,
        "source": "example.org",
        "publisher": "The sandbox",
        "title": f"Broadcast {id}",
        "description": "Somebody speaks while something flies.",
        "feature_image": None,
        "url": f"https://example.org/watch?v={id}",
        "type": {"id": 1, "name": "Official Webcast"},
        "language": {"id": 1, "name": "English", "code": "en"},
        "start_time": None,
        "end_time": None,
        "live": live,
    }


CURRENT = World(datetime.now(timezone.utc))

from . import config, launches, news, organisations, people, places, vehicles  # noqa: E402, F401
