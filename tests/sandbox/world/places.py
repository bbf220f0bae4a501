"""Celestial bodies, launch sites and their pads."""

import random
from collections.abc import Iterable

from . import Row, World, attempts, image, made, maybe, some

BODIES = [
    "Earth", "The Moon", "Mars", "The Sun", "Mercury", "Venus", "Jupiter", "Saturn", "Uranus",
    "Neptune", "Pluto", "Ceres", "Europa", "Ganymede", "Callisto", "Io", "Titan", "Enceladus",
    "Triton", "Phobos", "Deimos", "Vesta", "67P/Churyumov–Gerasimenko", "Bennu",
]
BODY_TYPES = {2: 2, 4: 3, 11: 6, 12: 6, 22: 4, 23: 5, 24: 4}  # planets but for these and moons
FIRST_MOON, LAST_MOON = 13, 21

# id, name, country (by its id), longitude, latitude
SITES = [
    (12, "Cape Canaveral SFS, FL, USA", 15, -80.577778, 28.488889),
    (27, "Kennedy Space Center, FL, USA", 15, -80.604333, 28.608389),
    (11, "Vandenberg SFB, CA, USA", 15, -120.610829, 34.632834),
    (15, "Baikonur Cosmodrome, Republic of Kazakhstan", 9, 63.305, 45.965),
    (13, "Guiana Space Centre, French Guiana", 2, -52.775, 5.232),
    (17, "Jiuquan Satellite Launch Center, People's Republic of China", 1, 100.3, 40.96),
    (10, "Rocket Lab Launch Complex 1, Mahia Peninsula, New Zealand", 10, 177.9, -39.26),
    (26, "Tanegashima Space Center, Japan", 8, 130.97, 30.4),
    (14, "Satish Dhawan Space Centre, India", 4, 80.23, 13.72),
    (143, "SpaceX Starbase, TX, USA", 15, -97.15, 25.99),
]
SITE_COUNT = 110
PAD_COUNT = 210


@made("celestial_bodies")
def celestial_bodies(world: World, rng: random.Random) -> Iterable[Row]:
    types = world.rows("config/celestial_body_types")
    for id, name in enumerate(BODIES, 1):
        moon = FIRST_MOON <= id <= LAST_MOON
        yield {
            "id": id, "name": name, "type": types[BODY_TYPES.get(id, 2 if moon else 1)],
            "diameter": rng.randrange(1, 140000) * 1000.0, "mass": rng.uniform(1e10, 1e27),
            "gravity": round(rng.uniform(0.01, 30), 2),
            "length_of_day": f"P{rng.randrange(1, 99)}D",
            "atmosphere": rng.random() < 0.5, "image": image(rng, name, 20000 + id),
            "description": f"{name}, where something went.", "wiki_url": None, **attempts(rng),
        }


@made("locations")
def locations(world: World, rng: random.Random) -> Iterable[Row]:
    countries = world.rows("config/countries")
    bodies = world.rows("celestial_bodies")
    known = {site[0]: site for site in SITES}
    for id in [*known, *(n for n in range(1, 1000) if n not in known)][:SITE_COUNT]:
        made_up = (id, f"Site {id}, {rng.choice(['plain', 'Île', 'космодром', 'coast'])}",
                   rng.randrange(1, 40), round(rng.uniform(-180, 180), 6),
                   round(rng.uniform(-60, 70), 6))
        _, name, country, longitude, latitude = known.get(id, made_up)
        elsewhere = id not in known and rng.random() < 0.1
        launches = rng.choice([0, 0, 3, 17, rng.randrange(1500)])
        yield {
            "id": id, "name": name, "celestial_body": bodies[2 if elsewhere else 1],
            "active": id in known or rng.random() < 0.6,
            "country": None if elsewhere else countries[country],
            "description": maybe(rng, 0.6, f"Rockets leave from {name}."),
            "image": image(rng, name, 21000 + id), "map_image": None,
            "longitude": longitude, "latitude": latitude,
            "timezone_name": rng.choice(["America/New_York", "Asia/Shanghai", "UTC"]),
            "total_launch_count": launches, "total_landing_count": rng.randrange(launches + 1) // 3,
            "pads_count": rng.randrange(1, 9),
        }


@made("pads")
def pads(world: World, rng: random.Random) -> Iterable[Row]:
    sites = world.all("locations")
    agencies = world.all("agencies")
    for id in range(1, PAD_COUNT + 1):
        site = sites[id % len(SITES)] if rng.random() < 0.5 else rng.choice(sites)
        kind = rng.choice(["Launch Complex {}", "SLC-{}", "Pad {}A", "Площадка {}"])
        launches = rng.choice([0, 1, 7, 7, rng.randrange(400)])
        yield {
            "id": id, "active": rng.random() < 0.7, "agencies": some(rng, agencies, 2),
            "name": kind.format(1 + id % 60), "image": image(rng, f"Pad {id}", 22000 + id),
            "description": maybe(rng, 0.3, f"Number {id} of the sandbox's pads."),
            "info_url": None, "wiki_url": f"https://example.org/wiki/pad_{id}",
            "map_url": f"https://example.org/maps?q={site['latitude']},{site['longitude']}",
            "latitude": round(site["latitude"] + rng.uniform(-0.1, 0.1), 6),
            "longitude": round(site["longitude"] + rng.uniform(-0.1, 0.1), 6),
            "country": site["country"], "map_image": None, "total_launch_count": launches,
            "orbital_launch_attempt_count": rng.randrange(launches + 1),
            "fastest_turnaround": maybe(rng, 0.5, f"P{rng.randrange(1, 90)}DT3H"),
            "location": site,
        }
