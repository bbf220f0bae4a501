"""Agencies, their programs and the patches of their missions."""

import random
from collections.abc import Iterable

from .. import data
from . import Row, World, a_date, attempts, image, made, maybe, some

AGENCY_COUNT = 240
PROGRAM_COUNT = 105
PATCH_COUNT = 150

HOMES = {17: 1, 37: 8, 63: 11, 1000: 11}  # of the agencies that data.py knows; else the USA


@made("agencies")
def agencies(world: World, rng: random.Random) -> Iterable[Row]:
    types = world.rows("config/agency_types")
    countries = world.rows("config/countries")
    known = {id: (name, abbrev, type) for id, name, abbrev, type in data.AGENCIES}
    others = [id for id in range(1, 1000) if id not in known][: AGENCY_COUNT - len(known)]
    older: list[Row] = []
    for id in sorted([*known, *others]):
        made_up = (f"{rng.choice(['Institute', 'Ünïted Rockets', 'Space & Co.'])} {id}",
                   f"AG{id % 90}", rng.randrange(1, 7))
        name, abbrev, type = known.get(id, made_up)
        home = HOMES.get(id, 15) if id in known else rng.randrange(1, 25)
        neighbours = [countries[home + 1]] if rng.random() < 0.2 else []
        row = {
            "id": id, "name": name, "abbrev": abbrev, "type": types[type],
            "featured": id in known or rng.random() < 0.1,
            "country": [countries[home], *some(rng, neighbours, 1)],
            "description": maybe(rng, 0.8, f"{name} works in country {home}."),
            "administrator": maybe(rng, 0.5, f"Director: Person {id}"),
            "founding_year": maybe(rng, 0.9, rng.randrange(1915, 2024)),
            "launchers": maybe(rng, 0.4, f"Rocket {id % 30}") or "",
            "spacecraft": maybe(rng, 0.3, "Dragon") or "",
            "parent": maybe(rng, 0.3, rng.choice(older)) if older else None,
            "image": maybe(rng, 0.7, image(rng, name, 23000 + id)), "logo": None,
            "social_logo": None, **attempts(rng),
            "info_url": f"https://example.org/agency/{id}", "wiki_url": None,
            "social_media_links": [],
        }
        older.append(row)
        yield row


@made("mission_patches")
def mission_patches(world: World, rng: random.Random) -> Iterable[Row]:
    makers = world.all("agencies")
    for id in range(1, PATCH_COUNT + 1):
        yield {
            "id": id, "name": f"{rng.choice(['Crew', 'Экипаж', 'CRS', 'Demo'])}-{id % 40} patch",
            "priority": rng.randrange(1, 11), "image_url": f"{data.MEDIA}patch_{id}.png",
            "agency": rng.choice(makers[:40]), "description": maybe(rng, 0.5, f"Patch {id}."),
        }


@made("programs")
def programs(world: World, rng: random.Random) -> Iterable[Row]:
    types = world.all("config/program_types")
    members = world.all("agencies")
    patches = world.all("mission_patches")
    known = ["Artemis", "International Space Station", "Starlink", "Commercial Crew", "Чанъэ"]
    for id in range(1, PROGRAM_COUNT + 1):
        name = known[id - 1] if id <= len(known) else f"Program {id}"
        yield {
            "id": id, "name": name, "image": image(rng, name, 24000 + id),
            "info_url": None, "wiki_url": f"https://example.org/wiki/program_{id}",
            "description": f"{name}: number {id} of the sandbox's programs.",
            "type": rng.choice(types), "agencies": some(rng, members[:50], 4),
            "start_date": f"{a_date(rng, 1960, 2024)}T00:00:00Z",
            "end_date": maybe(rng, 0.4, f"{a_date(rng, 2024, 2040)}T00:00:00Z"),
            "mission_patches": some(rng, patches, 1),
        }
