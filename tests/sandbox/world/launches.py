"""Launches, placed around the time of the start, and what happens because of them."""

import random
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from . import Row, World, a_moment, image, iso, made, maybe, some, video
from .config import SUBORBITAL

PAST, RECENT, COMING = 245, 6, 124  # launches; the recent ones are upcoming and previous at once
EVENTS_PAST, EVENTS_RECENT, EVENTS_COMING = 150, 4, 106
FIRST_STAGE = 10001  # ids of spacecraft flights; the lower ones are those of models.py

GO, TBD, SUCCESS, FAILURE, HOLD, PARTIAL, TBC = 1, 2, 3, 4, 5, 7, 8

WORDS = ["Starlink Group", "Transporter", "Crew", "Ünïted Sat", "Космос", "遥感", "O'Probe", "NROL"]


def moments(
    rng: random.Random, now: datetime, past: int, recent: int, coming: int
) -> list[datetime]:
    """Times before, within and after the last 24 hours, the oldest first.

    None is close to either border, so that a test that runs for minutes sees none cross it. Some
    tie: what is planned for a month says so by its last day.
    """
    hour = timedelta(hours=1)
    old = [now - timedelta(days=rng.randrange(2, 2500), seconds=rng.randrange(80000))
           for _ in range(past - 8)]
    old += [now - 25 * hour, *[now - 700 * hour] * 3, *[now - 9000 * hour] * 4]
    new = [now - (2 + 20 * n / recent) * hour for n in range(recent)]
    soon = [now + (1 + 5 * n * n) * hour for n in range(coming // 3)]
    late = [
        datetime(now.year + 1 + n % 3, 1 + n % 12, 28, tzinfo=now.tzinfo)
        for n in range(coming - len(soon))
    ]
    return sorted(moment.replace(microsecond=0) for moment in [*old, *new, *soon, *late])


@made("launches")
def launches(world: World, rng: random.Random) -> Iterable[Row]:
    statuses = world.rows("config/launch_statuses")
    precisions = world.rows("config/net_precisions")
    agencies = world.all("agencies")
    rockets = world.all("launcher_configurations")
    boosters = world.all("launchers")
    crafts = world.all("spacecraft")
    people = world.all("astronauts")
    roles = world.all("config/astronaut_roles")
    pads = world.all("pads")
    programs = world.all("programs")
    patches = world.all("mission_patches")
    missions = world.all("config/mission_types")
    orbits = world.all("config/orbits")
    times = moments(rng, world.now, PAST, RECENT, COMING)
    stage = FIRST_STAGE
    for number, net in enumerate(times, 1):
        id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        over = net < world.now
        mission = f"{rng.choice(WORDS)} {number % 60}"
        rocket = rng.choice(rockets[:60])
        provider = rng.choice(agencies[:70])
        exact = over or net < world.now + timedelta(days=30)
        pad = rng.choice(pads[:90])
        slug = f"sandbox-launch-{number}" if number % 9 else f"sandbox-launch-{number - 1}"
        orbit = rng.choice([*orbits[:6] * 3, *orbits])
        flights = []
        for _ in range(rng.choice([0, 0, 0, 1, 1, 2])):
            crew = [
                {"id": 10 * stage + seat, "role": roles[seat], "astronaut": person}
                for seat, person in enumerate(rng.sample(people, rng.choice([0, 0, 2, 4])))
            ]
            flights.append(
                {
                    "id": stage, "destination": rng.choice(["International Space Station", "Mir",
                                                            "Tiangong", "Low Earth Orbit"]),
                    "mission_end": iso(net + timedelta(days=rng.randrange(200))) if over else None,
                    "spacecraft": rng.choice(crafts), "launch_crew": crew, "onboard_crew": crew,
                    "landing_crew": crew if over else [], "duration": f"P{rng.randrange(200)}DT1H",
                    "turn_around_time": None,
                }
            )
            stage += 1
        stages = [
            {
                "id": 10 * number + n, "type": rng.choice(["Core", "Strap-On Booster"]),
                "reused": rng.random() < 0.5, "launcher_flight_number": rng.randrange(1, 30),
                "launcher": booster, "landing": None, "previous_flight_date": None,
                "turn_around_time": None, "previous_flight": None,
            }
            for n, booster in enumerate(some(rng, boosters, 2))
        ]
        row = {
            "id": id, "name": f"{rocket['full_name']} | {mission}",
            "launch_designator": maybe(rng, 0.6, f"{net.year}-{number % 200:03}"), "slug": slug,
            "status": statuses[
                rng.choice([SUCCESS] * 8 + [FAILURE, PARTIAL]) if over
                else rng.choice([GO, GO, TBC, HOLD]) if exact else TBD
            ],
            "last_updated": iso(a_moment(rng, world.now - timedelta(days=400), world.now)),
            "net": iso(net),
            "net_precision": precisions[rng.choice([1, 2, 3] if exact else [6, 8])],
            "window_end": iso(net + timedelta(minutes=rng.choice([0, 0, 30, 240]))),
            "window_start": iso(net - timedelta(minutes=rng.choice([0, 0, 0, 10]))),
            "image": maybe(rng, 0.8, image(rng, mission, 30000 + number)), "infographic": None,
            "probability": maybe(rng, 0.2, rng.randrange(101)), "weather_concerns": None,
            "failreason": "", "hashtag": None, "launch_service_provider": provider,
            "rocket": {
                "id": 7000 + number, "configuration": rocket, "launcher_stage": stages,
                "spacecraft_stage": flights,
            },
            "mission": None if rng.random() < 0.05 else {
                "id": 6000 + number, "name": mission, "type": rng.choice(missions)["name"],
                "description": f"“{mission}” — number {number} of the sandbox's missions.",
                "image": None, "orbit": maybe(rng, 0.95, orbit),
                "agencies": some(rng, agencies[:45], 2), "info_urls": [], "vid_urls": [],
            },
            "pad": pad, "webcast_live": False, "program": some(rng, programs[:30], 2),
            **counts(rng, number), "flightclub_url": None, "updates": updates_of(rng, number, net),
            "info_urls": [],
            "vid_urls": [video(f"{number}-{n}", False) for n in range(rng.randrange(3))],
            "timeline": [], "pad_turnaround": maybe(rng, 0.6, f"P{rng.randrange(1, 90)}DT2H"),
            "mission_patches": some(rng, patches, 1),
        }
        for flight in flights:
            flight["launch"] = row
        yield row


def counts(rng: random.Random, number: int) -> Row:
    """The launch's place among those of the world, of its site, pad and agency."""
    found = {}
    for whose in ("orbital", "location", "pad", "agency"):
        total = maybe(rng, 0.95, 1 + rng.randrange(number))
        found[f"{whose}_launch_attempt_count"] = total
        found[f"{whose}_launch_attempt_count_year"] = total and 1 + total % 60
    return found


def updates_of(rng: random.Random, number: int, net: datetime) -> list[Row]:
    return [
        {
            "id": 10 * number + n, "profile_image": None, "comment": f"Launch {number}, news {n}.",
            "info_url": maybe(rng, 0.5, f"https://example.org/news/{number}/{n}"),
            "created_by": "Sandbox",
            "created_on": iso(net - timedelta(hours=rng.randrange(1, 400))),
        }
        for n in range(rng.choice([0, 1, 2]))
    ]


@made("updates")
def updates(world: World, rng: random.Random) -> Iterable[Row]:
    events = world.all("events")
    programs = world.all("programs")
    for launch in world.all("launches"):
        for update in launch["updates"]:
            yield {
                **update, "launch": maybe(rng, 0.8, launch),
                "event": maybe(rng, 0.1, rng.choice(events)),
                "program": maybe(rng, 0.3, rng.choice(programs[:12])),
            }


@made("events")
def events(world: World, rng: random.Random) -> Iterable[Row]:
    types = world.all("config/event_types")
    precisions = world.rows("config/net_precisions")
    agencies = world.all("agencies")
    launches = world.all("launches")
    expeditions = world.all("expeditions")
    stations = world.all("space_stations")
    programs = world.all("programs")
    people = world.all("astronauts")
    times = moments(rng, world.now, EVENTS_PAST, EVENTS_RECENT, EVENTS_COMING)
    for id, date in enumerate(times, 1):
        type = rng.choice(types)
        name = f"{type['name']} of {rng.choice(WORDS)} {id % 50}"
        yield {
            "id": id, "name": name, "type": type,
            "slug": f"sandbox-event-{id if id % 7 else id - 1}", "date": iso(date),
            "date_precision": maybe(rng, 0.9, precisions[rng.choice([1, 2, 6])]),
            "image": maybe(rng, 0.8, image(rng, name, 40000 + id)),
            "last_updated": iso(a_moment(rng, world.now - timedelta(days=400), world.now)),
            "description": f"{name} — number {id} of the sandbox's events.",
            "location": rng.choice(["International Space Station", "The Moon", "Low Earth Orbit"]),
            "duration": maybe(rng, 0.3, f"PT{rng.randrange(1, 9)}H"), "webcast_live": False,
            "info_urls": [],
            "vid_urls": [video(f"event-{id}-{n}", False) for n in range(rng.randrange(2))],
            "agencies": some(rng, agencies[:30], 2), "launches": some(rng, launches[-200:], 2),
            "expeditions": some(rng, expeditions[:40], 1),
            "spacestations": some(rng, stations[:9], 1), "program": some(rng, programs[:20], 2),
            "updates": [], "astronauts": some(rng, people, 1),
        }


LANDING_COUNT = 230


@made("landings")
def landings(world: World, rng: random.Random) -> Iterable[Row]:
    """Of first stages and of spacecraft, by turns; some are of neither."""
    types = world.all("config/landing_types")
    places = world.all("config/landing_locations")
    launches = [row for row in world.all("launches") if row["rocket"]["launcher_stage"]]
    flights = world.all("spacecraft_flights")[-150:]
    for id in range(1, LANDING_COUNT + 1):
        attempt = rng.random() < 0.8
        launch = rng.choice(launches)
        stage = rng.choice(launch["rocket"]["launcher_stage"])
        yield {
            "id": id, "attempt": attempt, "success": maybe(rng, 0.8, rng.random() < 0.8),
            "description": f"Landing {id} of the sandbox.", "type": rng.choice(types),
            "downrange_distance": rng.choice([None, 0.0, 620.0, round(rng.uniform(1, 900), 1)]),
            "landing_location": maybe(rng, 0.9, rng.choice(places)),
            "firststage": {"id": stage["id"], "launcher": stage["launcher"], "launch": launch}
            if id % 3 else None,
            "spacecraftflight": None if id % 3 else maybe(rng, 0.9, rng.choice(flights)),
        }


PAYLOAD_COUNT = 220


@made("payloads")
def payloads(world: World, rng: random.Random) -> Iterable[Row]:
    types = world.all("config/payload_types")
    agencies = world.all("agencies")
    programs = world.all("programs")
    launches = world.all("launches")
    flight = 0
    for id in range(1, PAYLOAD_COUNT + 1):
        name = f"{rng.choice(WORDS)} payload {id % 150}"
        flights = []
        for launch in rng.sample(launches, rng.choice([0, 1, 1, 2])):
            flight += 1
            flights.append(
                {"id": flight, "destination": rng.choice(["LEO", "GEO", "Mars", "Луна"]),
                 "amount": rng.randrange(1, 60), "launch": launch}
            )
        yield {
            "id": id, "name": name, "type": rng.choice(types),
            "manufacturer": maybe(rng, 0.9, rng.choice(agencies[:40])),
            "operator": maybe(rng, 0.9, rng.choice(agencies[:40])),
            "description": maybe(rng, 0.5, f"{name} weighs something."),
            "mass": maybe(rng, 0.6, rng.randrange(1, 9000) * 1.0), "cost": None,
            "image": None, "wiki_link": None, "info_link": None,
            "program": some(rng, programs[:15], 1), "flights": flights,
        }


@made("payload_flights")
def payload_flights(world: World, rng: random.Random) -> Iterable[Row]:
    for payload in world.all("payloads"):
        for flight in payload["flights"]:
            yield {**flight, "payload": payload, "landing": None, "docking_events": []}


DOCKING_COUNT = 210


@made("docking_events")
def docking_events(world: World, rng: random.Random) -> Iterable[Row]:
    ports = world.all("config/docking_locations")
    flights = world.all("spacecraft_flights")
    payloads = world.all("payload_flights")
    stations = world.all("space_stations")
    for id in range(1, DOCKING_COUNT + 1):
        docking = a_moment(rng, world.now - timedelta(days=12000), world.now)
        departure = maybe(rng, 0.8, docking + timedelta(days=rng.randrange(1, 400)))
        by_payload, to_station = rng.random() < 0.2, rng.random() < 0.8
        yield {
            "id": id, "docking": iso(docking), "departure": departure and iso(departure),
            "docking_location": rng.choice(ports), "docked": departure is None,
            "flight_vehicle_chaser": None if by_payload else rng.choice(flights[-160:]),
            "flight_vehicle_target": None if to_station else rng.choice(flights[-160:]),
            "payload_flight_chaser": rng.choice(payloads) if by_payload else None,
            "payload_flight_target": maybe(rng, 0.05, rng.choice(payloads)),
            "space_station_chaser": maybe(rng, 0.05, rng.choice(stations)),
            "space_station_target": rng.choice(stations[:12]) if to_station else None,
        }
