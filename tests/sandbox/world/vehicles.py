"""Rockets, their stages, and the spacecraft of models.py as they show elsewhere."""

import random
from collections.abc import Iterable

from .. import models
from ..serializers import iso_duration
from . import Row, World, a_date, attempts, image, iso, made, maybe, some

FAMILY_COUNT = 105
CONFIGURATION_COUNT = 180
LAUNCHER_COUNT = 220

KNOWN = ["Falcon", "Long March", "Ariane", "Союз", "Electron", "Atlas", "H-II", "PSLV"]
VARIANTS = ["", "Block 5", "B", "2.1a", "64", "N22", "Heavy"]


@made("launcher_configuration_families")
def launcher_configuration_families(world: World, rng: random.Random) -> Iterable[Row]:
    makers = world.all("agencies")
    older: list[Row] = []
    for id in range(1, FAMILY_COUNT + 1):
        name = KNOWN[id - 1] if id <= len(KNOWN) else f"Rocket {id}"
        row = {
            "id": id, "name": name, "manufacturer": some(rng, makers[:60], 2),
            "parent": maybe(rng, 0.3, rng.choice(older)) if older else None,
            "description": f"{name}: number {id} of the families.", "active": rng.random() < 0.6,
            "maiden_flight": maybe(rng, 0.8, a_date(rng, 1957, 2026)), **attempts(rng),
        }
        older.append(row)
        yield row


@made("launcher_configurations")
def launcher_configurations(world: World, rng: random.Random) -> Iterable[Row]:
    families = world.all("launcher_configuration_families")
    programs = world.all("programs")
    for id in range(1, CONFIGURATION_COUNT + 1):
        first = families[id % len(KNOWN)] if rng.random() < 0.4 else rng.choice(families)
        name = f"{first['name']} {rng.randrange(1, 10)}"
        variant = rng.choice(VARIANTS)
        makers = first["manufacturer"]
        yield {
            "id": id, "name": name, "families": [first, *some(rng, families[:20], 1)],
            "full_name": f"{name} {variant}".strip(), "variant": variant,
            "active": rng.random() < 0.6, "is_placeholder": rng.random() < 0.1,
            "manufacturer": makers[0] if makers else None, "program": some(rng, programs[:25], 2),
            "reusable": rng.random() < 0.3, "image": image(rng, name, 27000 + id),
            "info_url": None, "wiki_url": f"https://example.org/wiki/rocket_{id}",
            "description": maybe(rng, 0.8, f"{name} carries things."), "alias": "",
            "min_stage": 1, "max_stage": rng.randrange(1, 5),
            "length": maybe(rng, 0.9, round(rng.uniform(10, 120), 1)), "diameter": 3.7,
            "maiden_flight": maybe(rng, 0.8, a_date(rng, 1957, 2026)),
            "launch_cost": maybe(rng, 0.4, rng.randrange(5, 400) * 1_000_000),
            "launch_mass": maybe(rng, 0.7, round(rng.uniform(10, 5000), 1)),
            "leo_capacity": maybe(rng, 0.7, rng.randrange(100, 150000) * 1.0),
            "gto_capacity": maybe(rng, 0.4, rng.randrange(100, 30000) * 1.0),
            "to_thrust": maybe(rng, 0.6, rng.randrange(100, 74000) * 1.0), "apogee": None,
            **attempts(rng), "fastest_turnaround": maybe(rng, 0.5, f"P{rng.randrange(1, 60)}D"),
        }


@made("launchers")
def launchers(world: World, rng: random.Random) -> Iterable[Row]:
    statuses = world.all("config/launcher_statuses")
    configurations = world.all("launcher_configurations")
    for id in range(1, LAUNCHER_COUNT + 1):
        flights = rng.choice([0, 0, 1, 1, 2, rng.randrange(30)])
        tried = rng.randrange(flights + 1)
        first, last = (a_date(rng, *years) for years in ((2010, 2020), (2020, 2026)))
        yield {
            "id": id, "serial_number": maybe(rng, 0.95, f"B{1000 + id}.{id % 4}"),
            "flight_proven": flights > 0, "is_placeholder": rng.random() < 0.1,
            "status": rng.choice(statuses), "details": f"Number {id} of the stages.",
            "image": image(rng, f"Stage {id}", 28000 + id),
            "successful_landings": rng.randrange(tried + 1), "attempted_landings": tried,
            "flights": flights,
            "last_launch_date": f"{last if flights > 1 else first}T10:30:00Z" if flights else None,
            "first_launch_date": f"{first}T10:30:00Z" if flights else None,
            "fastest_turnaround": f"P{rng.randrange(20, 400)}D" if flights > 1 else None,
            "configuration": rng.choice(configurations),
        }


# ---------------------------------------------------------------- what models.py holds


@made("spacecraft_configuration_families")
def spacecraft_configuration_families(world: World, rng: random.Random) -> Iterable[Row]:
    makers = world.rows("agencies")
    rows: dict[int, Row] = {}
    for family in models.SpacecraftFamily.objects.order_by("id"):
        rows[family.id] = {
            "id": family.id, "name": family.name, "description": family.description,
            "manufacturer": makers.get(family.manufacturer_id),
            "parent": rows.get(family.parent_id),
            "maiden_flight": family.maiden_flight and family.maiden_flight.isoformat(),
            "spacecraft_flown": rng.randrange(90), "total_launch_count": rng.randrange(200),
        }
    return rows.values()


@made("spacecraft_configurations")
def spacecraft_configurations(world: World, rng: random.Random) -> Iterable[Row]:
    types = world.rows("config/spacecraft_configuration_types")
    makers = world.rows("agencies")
    families = world.rows("spacecraft_configuration_families")
    kinds = models.SpacecraftConfiguration.objects.order_by("id").prefetch_related("family")
    plain = ["id", "name", "in_use", "history", "details", "height", "diameter", "human_rated",
             "crew_capacity", "payload_capacity", "flight_life", "wiki_link"]
    for kind in kinds:
        yield {
            **{key: getattr(kind, key) for key in plain},
            "type": types[kind.type_id], "agency": makers[kind.agency_id],
            "family": [families[family.id] for family in kind.family.all()],
            "image": image(rng, kind.name, 3000 + kind.id),
            "maiden_flight": kind.maiden_flight and kind.maiden_flight.isoformat(),
        }


@made("spacecraft")
def spacecraft(world: World, rng: random.Random) -> Iterable[Row]:
    statuses = world.rows("config/spacecraft_statuses")
    kinds = world.rows("spacecraft_configurations")
    for craft in models.Spacecraft.objects.order_by("id"):
        yield {
            "id": craft.id, "name": craft.name, "serial_number": craft.serial_number,
            "is_placeholder": craft.is_placeholder, "in_space": craft.in_space,
            "status": statuses[craft.status_id],
            "spacecraft_config": kinds[craft.spacecraft_config_id],
        }


@made("spacecraft_flights")
def spacecraft_flights(world: World, rng: random.Random) -> Iterable[Row]:
    """Those that the pages of spacecraft link to, then those of the generated launches."""
    crafts = world.rows("spacecraft")
    nobody = {"launch_crew": [], "onboard_crew": [], "landing_crew": []}
    unknown = {key: None for key in world.all("launches")[0]}
    flown = models.SpacecraftFlight.objects.filter(spacecraft_id__in=crafts).order_by("id")
    for flight in flown.select_related("launch"):
        launch = flight.launch
        yield {
            "id": flight.id, "destination": flight.destination,
            "mission_end": flight.mission_end and iso(flight.mission_end),
            "spacecraft": crafts[flight.spacecraft_id], **nobody,
            "launch": {**unknown, "id": str(launch.id), "name": launch.name, "slug": launch.slug,
                       "net": iso(launch.net)},
            "duration": flight.mission_end and iso_duration(flight.mission_end - launch.net),
            "turn_around_time": None,
        }
    for launch in world.all("launches"):
        yield from launch["rocket"]["spacecraft_stage"]
