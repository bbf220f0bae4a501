"""Astronauts, the stations they live on, their expeditions and spacewalks."""

import random
from collections.abc import Iterable
from datetime import timedelta

from ..serializers import iso_duration
from . import Row, World, a_date, a_moment, image, iso, made, maybe, some

ASTRONAUT_COUNT = 320
STATION_COUNT = 104
EXPEDITION_COUNT = 110
SPACEWALK_COUNT = 200

GIVEN = ["Test", "Ada", "Борис", "Chloë", "太郎", "Jörg", "O'Neil", "Zoë-Ann"]


@made("astronauts")
def astronauts(world: World, rng: random.Random) -> Iterable[Row]:
    statuses = world.rows("config/astronaut_statuses")
    types = world.rows("config/astronaut_types")
    countries = world.rows("config/countries")
    employers = world.all("agencies")
    for id in range(1, ASTRONAUT_COUNT + 1):
        human = rng.random() < 0.95
        flights = rng.choice([0, 0, 1, 1, 2, 3, 7]) if human else rng.randrange(2)
        born = a_date(rng, 1920, 2000) if human or rng.random() < 0.5 else None
        died = a_date(rng, 2000, 2026) if rng.random() < 0.25 else None
        first = iso(a_moment(rng, world.now - timedelta(days=22000), world.now))
        last = iso(a_moment(rng, world.now - timedelta(days=3000), world.now))
        name = f"{rng.choice(GIVEN)} Person {id}"
        home = rng.randrange(1, 25)
        yield {
            "id": id, "name": name,
            "status": statuses[9 if died else rng.choice([1, 1, 2, 2, 3, 10])],
            "agency": maybe(rng, 0.9, rng.choice(employers[:45])),
            "image": maybe(rng, 0.8, image(rng, name, 25000 + id)),
            "age": int((died or iso(world.now))[:4]) - int(born[:4]) if born else None,
            "bio": f"{name} trained for years.",
            "type": types[rng.choice([1, 1, 2]) if human else 3],
            "in_space": bool(flights) and not died and rng.random() < 0.08,
            "time_in_space": iso_duration(timedelta(seconds=flights * rng.randrange(10**7))),
            "eva_time": iso_duration(timedelta(minutes=rng.choice([0, 0, rng.randrange(3000)]))),
            "date_of_birth": born, "date_of_death": died,
            "nationality": [countries[n] for n in {home, rng.choice([home, home, home, 15])}],
            "first_flight": first if flights else None,
            "last_flight": (last if flights > 1 else first) if flights else None,
            "flights_count": flights,
            "landings_count": max(0, flights - rng.randrange(2)),
            "spacewalks_count": rng.choice([0, 0, 1, 4]), "has_flown": flights > 0,
            "is_human": human, "wiki": maybe(rng, 0.5, f"https://example.org/wiki/person_{id}"),
            "social_media_links": [],
        }


@made("space_stations")
def space_stations(world: World, rng: random.Random) -> Iterable[Row]:
    statuses = world.all("config/space_station_statuses")
    types = world.all("config/space_station_types")
    orbits = world.rows("config/orbits")
    owners = world.all("agencies")
    ports = world.all("config/docking_locations")
    known = ["International Space Station", "Mir", "Tiangong", "Skylab", "Salyut 7"]
    for id in range(1, STATION_COUNT + 1):
        name = known[id - 1] if id <= len(known) else f"Station {id}"
        yield {
            "id": id, "name": name, "image": image(rng, name, 26000 + id),
            "status": rng.choice(statuses), "orbit": orbits[rng.choice([1, 1, 1, 6, 8, 11])],
            "type": rng.choice(types), "founded": maybe(rng, 0.9, a_date(rng, 1971, 2030)),
            "deorbited": maybe(rng, 0.4, a_date(rng, 1980, 2026)),
            "description": f"{name}: number {id} of the sandbox's stations.",
            "owners": some(rng, owners[:40], 3), "active_expeditions": [],
            "docked_vehicles": rng.choice([0, 0, 1, 3, 6]),
            "onboard_crew": rng.choice([0, 0, 3, 7]),
            "volume": maybe(rng, 0.7, rng.randrange(50, 1000)),
            "mass": maybe(rng, 0.7, rng.randrange(10, 450) * 1000.0),
            "height": None, "width": rng.randrange(5, 110) * 1.0,
            "docking_location": some(rng, ports, 2),
        }


@made("expeditions")
def expeditions(world: World, rng: random.Random) -> Iterable[Row]:
    stations = world.all("space_stations")
    crew = world.all("astronauts")
    roles = world.all("config/astronaut_roles")
    patches = world.all("mission_patches")
    for id in range(1, EXPEDITION_COUNT + 1):
        start = a_moment(rng, world.now - timedelta(days=9000), world.now + timedelta(days=300))
        end = start + timedelta(days=rng.randrange(30, 400))
        yield {
            "id": id, "name": f"{rng.choice(['Expedition', 'Экспедиция', 'ISS'])} {1 + id % 75}",
            "start": iso(start), "end": maybe(rng, 0.8, iso(end)),
            "is_active": start < world.now < end, "spacestation": rng.choice(stations[:30]),
            "spacewalks": [], "mission_patches": some(rng, patches, 1),
            "crew": [
                {"id": 10 * id + seat, "role": roles[seat], "astronaut": person}
                for seat, person in enumerate(rng.sample(crew, rng.randrange(1, 8)))
            ],
        }


@made("spacewalks")
def spacewalks(world: World, rng: random.Random) -> Iterable[Row]:
    trips = world.all("expeditions")
    events = world.all("events")
    launches = world.all("launches")
    programs = world.all("programs")
    for id in range(1, SPACEWALK_COUNT + 1):
        trip = rng.choice(trips)
        start = a_moment(rng, world.now - timedelta(days=15000), world.now + timedelta(days=30))
        length = timedelta(minutes=rng.choice([90, 360, 360, rng.randrange(20, 520)]))
        yield {
            "id": id, "name": f"{rng.choice(['US EVA', 'ВКД', 'Skylab EVA'])}-{1 + id % 90}",
            "start": iso(start), "end": maybe(rng, 0.9, iso(start + length)),
            "duration": maybe(rng, 0.9, iso_duration(length)),
            "location": rng.choice(["International Space Station", "Mir", "Lunar surface"]),
            "spacestation": maybe(rng, 0.8, trip["spacestation"]),
            "expedition": maybe(rng, 0.8, trip), "crew": rng.sample(trip["crew"], 1),
            "event": maybe(rng, 0.4, rng.choice(events)),
            "launch": maybe(rng, 0.3, rng.choice(launches)), "program": some(rng, programs[:20], 2),
            "owner": maybe(rng, 0.9, rng.choice(trip["crew"])["astronaut"]["agency"]),
        }
